#include "metrics/span.h"

#include <gtest/gtest.h>

#include <string>

#include "convert/json/reader.h"
#include "metrics/log_line.h"
#include "tests/metrics/samples.h"

namespace oriel::metrics {
namespace {

using std::chrono::milliseconds;

constexpr SpanId kServerSpan = {1, 2, 3, 4, 5, 6, 7, 8};

void give_trace(Record& record) {
  record.trace.trace_id = {0x4B, 0xF9, 0x2F, 0x35, 0x77, 0xB3, 0x4D, 0xA6,
                           0xA3, 0xCE, 0x92, 0x9D, 0x0E, 0x0E, 0x47, 0x36};
  record.trace.span_id = kServerSpan;
  record.trace.sampled = true;
  record.start = std::chrono::system_clock::time_point(milliseconds(1'714'564'798'623));
  std::uint8_t number = 0xA0;
  for (Attempt& attempt : record.attempts) attempt.span_id.back() = number++;
}

Record traced_stream(LabelTable& labels) {
  Record record = good_stream(labels);
  give_trace(record);
  record.trace.parent_id = {0, 0xF0, 0x67, 0xAA, 0x0B, 0xA9, 0x02, 0xB7};
  record.trace.state = "rojo=00f067aa0ba902b7";
  record.response_model = "claude-9-20260101";
  record.response_id = "chatcmpl-7";
  record.cost = 1'234'500;
  record.attempts[0].start = milliseconds(5);
  record.attempts[0].wasted = WasteReason::retry;
  record.attempts[0].tokens = Tokens{.input = 9};
  record.attempts[1].start = milliseconds(45);
  record.attempts[1].retry = RetryReason::lesson;
  record.attempts[1].tokens = record.tokens;
  record.attempts[1].cost = 1'234'500;
  return record;
}

std::string spans_of(const Record& record, const LabelTable& labels,
                     const ProviderNames& providers = {}) {
  std::string out;
  append_spans(record, labels, providers, out);
  return out;
}

std::string text(const std::string& name, const std::string& value) {
  return R"({"key":")" + name + R"(","value":{"stringValue":")" + value + R"("}})";
}
std::string integer(const std::string& name, const std::string& value) {
  return R"({"key":")" + name + R"(","value":{"intValue":")" + value + R"("}})";
}
std::string decimal(const std::string& name, const std::string& value) {
  return R"({"key":")" + name + R"(","value":{"doubleValue":)" + value + "}}";
}

TEST(Spans, OfAStreamThatWasTriedTwice) {
  LabelTable labels;
  const Record record = traced_stream(labels);
  const std::string trace = R"({"traceId":"4bf92f3577b34da6a3ce929d0e0e4736","spanId":)";
  const std::string state = R"("traceState":"rojo=00f067aa0ba902b7",)";
  const std::string server =
      trace + R"("0102030405060708",)" + state +
      R"("parentSpanId":"00f067aa0ba902b7","flags":769,"name":"chat claude","kind":2,)"
      R"("startTimeUnixNano":"1714564798623000000","endTimeUnixNano":"1714564800123000000",)"
      R"("attributes":[)" +
      text("gen_ai.operation.name", "chat") + "," + text("gen_ai.provider.name", "aws.bedrock") +
      "," + text("gen_ai.request.model", "claude") +
      R"(,{"key":"gen_ai.request.stream","value":{"boolValue":true}},)" +
      text("gen_ai.response.model", "claude-9-20260101") + "," +
      text("gen_ai.response.id", "chatcmpl-7") +
      R"(,{"key":"gen_ai.response.finish_reasons","value":{"arrayValue":{"values":)"
      R"([{"stringValue":"stop"}]}}},)" +
      decimal("gen_ai.response.time_to_first_chunk", "0.09") + "," +
      integer("gen_ai.usage.input_tokens", "115") + "," +
      integer("gen_ai.usage.output_tokens", "51") + "," +
      integer("gen_ai.usage.cache_read.input_tokens", "7") + "," +
      integer("gen_ai.usage.cache_write.input_tokens", "8") + "," +
      integer("gen_ai.usage.reasoning.output_tokens", "11") + "," +
      text("http.request.method", "POST") + "," + text("http.route", "/v1/chat/completions") + "," +
      integer("http.response.status_code", "200") + "," + text("oriel.request_id", "req-1") + "," +
      text("oriel.outcome", "ok") + "," + integer("oriel.attempts", "2") + "," +
      decimal("oriel.overhead_us", "120") + "," + decimal("oriel.time_to_first_token_ms", "200") +
      "," + decimal("oriel.cost_usd", "0.0012345") + "," +
      integer("oriel.cost_nano_usd", "1234500") +
      R"(],"events":[{"timeUnixNano":"1714564798823000000","name":"first token"}]})";
  const std::string client = R"(,)" + state +
                             R"("parentSpanId":"0102030405060708","flags":257,)"
                             R"("name":"chat anthropic.claude-v9","kind":3,)";
  const std::string call = text("gen_ai.operation.name", "chat") + "," +
                           text("gen_ai.provider.name", "aws.bedrock") + "," +
                           text("gen_ai.request.model", "anthropic.claude-v9") + "," +
                           text("http.request.method", "POST") + ",";
  const std::string failed =
      trace + R"("00000000000000a0")" + client +
      R"("startTimeUnixNano":"1714564798628000000","endTimeUnixNano":"1714564798648000000",)"
      R"("attributes":[)" +
      call + integer("http.response.status_code", "429") + "," +
      text("error.type", "provider_throttled") + "," + text("cloud.region", "eu-west-1") + "," +
      text("aws.request_id", "aws-1") + "," + text("oriel.attempt.wasted", "retry") + "," +
      integer("oriel.attempt.input_tokens", "9") + "," +
      integer("oriel.attempt.output_tokens", "0") + R"(],"status":{"code":2}})";
  const std::string good =
      trace + R"("00000000000000a1")" + client +
      R"("startTimeUnixNano":"1714564798668000000","endTimeUnixNano":"1714564800068000000",)"
      R"("attributes":[)" +
      call + integer("http.response.status_code", "200") + "," +
      integer("http.request.resend_count", "1") + "," + text("oriel.attempt.retry", "lesson") +
      "," + text("cloud.region", "eu-west-1") + "," + text("aws.request_id", "aws-2") + "," +
      integer("oriel.attempt.input_tokens", "115") + "," +
      integer("oriel.attempt.output_tokens", "51") + "," +
      integer("oriel.attempt.cost_nano_usd", "1234500") + "]}";
  EXPECT_EQ(spans_of(record, labels, {{record.provider, "aws.bedrock"}}),
            server + "," + failed + "," + good);
}

TEST(Spans, OfARequestThatWasRefusedAtOnce) {
  LabelTable labels;
  Record record;
  give_trace(record);
  record.trace.sampled = false;
  record.endpoint = Endpoint::chat_completions;
  record.method = Method::put;
  record.status = record.sent_status = 405;
  record.outcome = Outcome::caller_not_found;
  record.error = "not for spans";
  EXPECT_EQ(
      spans_of(record, labels),
      R"({"traceId":"4bf92f3577b34da6a3ce929d0e0e4736","spanId":"0102030405060708","flags":256,)"
      R"("name":"chat","kind":2,"startTimeUnixNano":"1714564798623000000",)"
      R"("endTimeUnixNano":"1714564798623000000","attributes":[)" +
          text("gen_ai.operation.name", "chat") +
          R"(,{"key":"gen_ai.request.stream","value":{"boolValue":false}},)" +
          text("http.request.method", "PUT") + "," + text("http.route", "/v1/chat/completions") +
          "," + integer("http.response.status_code", "405") + "," +
          text("error.type", "caller_not_found") + "," + text("oriel.outcome", "caller_not_found") +
          "," + integer("oriel.attempts", "0") + "," + decimal("oriel.overhead_us", "0") + "]}");
}

TEST(Spans, AreNamedByTheRoute) {
  const struct {
    Endpoint endpoint;
    Method method;
    std::string name;
  } cases[] = {
      {Endpoint::models, Method::get, "GET /v1/models"},
      {Endpoint::models, Method::head, "HEAD /v1/models"},
      {Endpoint::model, Method::get, "GET /v1/models/{model}"},
      {Endpoint::model, Method::other, "HTTP /v1/models/{model}"},
      {Endpoint::other, Method::delete_, "DELETE"},
      {Endpoint::other, Method::other, "HTTP"},
  };
  for (const auto& c : cases) {
    LabelTable labels;
    Record record;
    give_trace(record);
    record.endpoint = c.endpoint;
    record.method = c.method;
    record.model = labels.intern("a-model");
    const std::string span = spans_of(record, labels);
    EXPECT_NE(span.find(R"("name":")" + c.name + R"(",)"), std::string::npos) << span;
    EXPECT_EQ(span.find("gen_ai"), std::string::npos) << span;
  }
}

TEST(Spans, FailByTheFaultsOfProvidersAndOurOwn) {
  LabelTable labels;
  for (std::size_t i = 0; i < kOutcomes; ++i) {
    Record record;
    give_trace(record);
    record.outcome = static_cast<Outcome>(i);
    const std::string_view fault = class_of(record.outcome);
    const bool failed = fault == "provider" || fault == "gateway";
    const std::string span = spans_of(record, labels);
    EXPECT_EQ(span.find(R"("status":{"code":2})") != std::string::npos, failed)
        << to_string(record.outcome);
    EXPECT_EQ(span.find("error.type") == std::string::npos, record.outcome == Outcome::ok);
  }
}

// The status on the wire, not what the end amounts to: error.type says that.
TEST(Spans, SayTheStatusThatWasSent) {
  const std::string name = "http.response.status_code";
  LabelTable labels;
  Record record;
  give_trace(record);
  record.endpoint = Endpoint::chat_completions;
  record.outcome = Outcome::provider_timeout;
  record.status = 504;
  record.sent_status = 200;  // the stream had begun
  EXPECT_NE(spans_of(record, labels).find(integer(name, "200")), std::string::npos);
  record.outcome = Outcome::caller_cancelled;
  record.status = 499;
  record.sent_status = 0;
  EXPECT_EQ(spans_of(record, labels).find(name), std::string::npos);
}

TEST(Spans, FailWithTheirServersErrors) {
  LabelTable labels;
  Record record;
  give_trace(record);
  record.outcome = Outcome::policy_shed;
  record.status = record.sent_status = 503;
  EXPECT_NE(spans_of(record, labels).find(R"("status":{"code":2})"), std::string::npos);
}

TEST(Methods, AreNamedAsHttpNamesThem) {
  for (std::size_t i = 0; i < kMethods; ++i) {
    const auto method = static_cast<Method>(i);
    EXPECT_EQ(method_of(to_string(method)), method);
  }
  for (const char* unknown : {"", "get", "BREW", "GETS", "_OTHER"}) {
    EXPECT_EQ(method_of(unknown), Method::other) << unknown;
  }
}

// Whatever labels and headers hold, it stays JSON, and bounded.
TEST(Spans, AreJsonWhateverTheyAreMadeOf) {
  const std::string kHostile[] = {
      "\"},{\"",      "\\",        "\n\r\t\x01\x7F",         std::string("\0x", 2),
      "\xFF\xFE\xC3", "</script>", std::string(100'000, 'x')};
  for (const std::string& hostile : kHostile) {
    LabelTable labels;
    Record record = traced_stream(labels);
    record.model = record.provider = labels.intern(hostile);
    record.request_id = record.response_model = record.response_id = hostile;
    record.finish_reason = hostile;
    for (Attempt& attempt : record.attempts) {
      attempt.provider = attempt.upstream_model = attempt.region = record.model;
      attempt.request_id = hostile;
    }
    const std::string spans = spans_of(record, labels);
    const json::PaddedBuffer buffer("[" + spans + "]");
    json::Reader reader;
    const auto read = reader.read(buffer);
    ASSERT_TRUE(read.has_value()) << spans.substr(0, 2'000);
    EXPECT_EQ(read->children().count(), 3U);
    EXPECT_LT(spans.size(), 16'000U);
  }
}

TEST(Spans, AreBounded) {
  LabelTable labels;
  Record record = traced_stream(labels);
  record.attempts.resize(100, record.attempts[1]);
  std::string out;
  EXPECT_EQ(append_spans(record, labels, {}, out), 1 + kMaxLogItems);
  for (Attempt& attempt : record.attempts) attempt.span_id = {};
  EXPECT_EQ(append_spans(record, labels, {}, out), 1U);
}

TEST(Spans, SayNothingOfUsageThatIsUnknown) {
  LabelTable labels;
  Record record = traced_stream(labels);
  record.usage_source = UsageSource::none;
  record.cost.reset();
  record.attempts.clear();
  const std::string span = spans_of(record, labels);
  EXPECT_EQ(span.find("usage"), std::string::npos) << span;
  EXPECT_EQ(span.find("cost"), std::string::npos) << span;
}

TEST(TailRule, KeepsWhatFailedOrWasSlow) {
  const TailRule rule{.slow = milliseconds(100)};
  const struct {
    std::string what;
    bool traced;
    bool sampled;
    Outcome outcome;
    milliseconds total;
    bool kept;
  } cases[] = {
      {"sampled", true, true, Outcome::ok, milliseconds(1), true},
      {"not sampled", true, false, Outcome::ok, milliseconds(1), false},
      {"just not slow", true, false, Outcome::ok, milliseconds(100), false},
      {"slow", true, false, Outcome::ok, milliseconds(101), true},
      {"a caller's fault", true, false, Outcome::caller_invalid_request, milliseconds(1), false},
      {"a policy's", true, false, Outcome::policy_shed, milliseconds(1), false},
      {"a provider's", true, false, Outcome::provider_throttled, milliseconds(1), true},
      {"ours", true, false, Outcome::gateway_internal, milliseconds(1), true},
      {"unknown", true, false, Outcome::other, milliseconds(1), true},
      {"without a trace", false, true, Outcome::gateway_internal, milliseconds(999), false},
  };
  for (const auto& c : cases) {
    Record record;
    if (c.traced) give_trace(record);
    record.trace.sampled = c.sampled;
    record.outcome = c.outcome;
    record.total = c.total;
    EXPECT_EQ(keeps_trace(record, rule), c.kept) << c.what;
  }
  Record slow;
  give_trace(slow);
  slow.trace.sampled = false;
  slow.outcome = Outcome::ok;
  slow.total = std::chrono::hours(1);
  EXPECT_FALSE(keeps_trace(slow, {})) << "no time counts as slow";
}

}  // namespace
}  // namespace oriel::metrics
