#include "metrics/log_line.h"

#include <gtest/gtest.h>

#include "convert/json/reader.h"
#include "tests/metrics/samples.h"

namespace oriel::metrics {
namespace {

std::string line_of(const Record& record, const LabelTable& labels,
                    ClientAddress address = ClientAddress::hide) {
  std::string line;
  append_log_line(record, labels, address, line);
  return line;
}

// As good_stream(), with what only some requests have.
Record rich_stream(LabelTable& labels) {
  using std::chrono::milliseconds;
  Record record = good_stream(labels);
  record.response_model = "claude-v9-20260101";
  record.response_id = "chatcmpl-7";
  record.user_hash = "5f2b";
  record.trace.trace_id.fill(0x4b);
  record.trace.span_id.fill(0x0f);
  record.images = 2;
  record.cost = 35;
  record.unpriced = true;
  record.usage_missing = UsageMissing::absent;
  Attempt& failed = record.attempts[0];
  failed.span_id.fill(0xa1);
  failed.wasted = WasteReason::retry;
  failed.tokens = Tokens{30, 4, 0, 0, 0, 0};
  failed.cost = 1'200'000'000;
  Attempt& good = record.attempts[1];
  good.span_id.fill(0xa2);
  good.retry = RetryReason::lesson;
  good.start = milliseconds(80);
  good.tokens = Tokens{100, 51, 7, 5, 3, 11};
  return record;
}

TEST(LogLine, HoldsEveryFieldOfTheRecord) {
  LabelTable labels;
  const Record record = rich_stream(labels);
  EXPECT_EQ(
      line_of(record, labels, ClientAddress::show),
      R"({"time":"2024-05-01T12:00:00.123Z","level":"info","event":"request","request_id":"req-1",)"
      R"("trace_id":"4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b","span_id":"0f0f0f0f0f0f0f0f",)"
      R"("endpoint":"chat_completions","model":"claude","provider":"bedrock",)"
      R"("upstream_model":"anthropic.claude-v9","response_model":"claude-v9-20260101",)"
      R"("response_id":"chatcmpl-7","region":"eu-west-1","aws_request_id":"aws-2",)"
      R"("status":200,"outcome":"ok","duration_ms":1500,"overhead_us":120,)"
      R"("provider_latency_ms":1350,"backpressure_ms":250,)"
      R"("stages_us":{"parse":12,"upstream":1400000},)"
      R"("stream":true,"ttft_ms":200,"first_reasoning_ms":90,"stream_end":"complete",)"
      R"("max_stall_ms":30,"chunks":64,)"
      R"("tokens":{"input":100,"output":51,"cache_read":7,"cache_write":8,"reasoning":11},)"
      R"("usage_source":"provider","usage_missing":"absent","images":2,"cost_usd":0.000000035,)"
      R"("unpriced":true,"finish_reason":"stop","stop_reason":"end_turn","retries":1,)"
      R"("attempts":[{"target":"bedrock/anthropic.claude-v9","region":"eu-west-1",)"
      R"("outcome":"provider_throttled","status":429,"start_ms":0,"duration_ms":20,)"
      R"("aws_request_id":"aws-1","span_id":"a1a1a1a1a1a1a1a1",)"
      R"("wasted":"retry","tokens":34,"cost_usd":1.2},)"
      R"({"target":"bedrock/anthropic.claude-v9","region":"eu-west-1","outcome":"ok","status":200,)"
      R"("retry":"lesson","start_ms":80,"duration_ms":1400,"aws_request_id":"aws-2",)"
      R"("span_id":"a2a2a2a2a2a2a2a2"}],)"
      R"("adjusted":[{"parameter":"temperature","action":"clamped"}],"learned":["top_p"],)"
      R"("unknown_items":{"member":2},)"
      R"("bytes_in":665,"bytes_out":4096,"client_addr":"192.0.2.7","user_hash":"5f2b"})");
}

TEST(LogLine, LeavesOutWhatTheRecordDoesNotHave) {
  const LabelTable labels;
  Record record;
  record.endpoint = Endpoint::health;
  record.status = 200;
  record.outcome = Outcome::ok;
  record.client_addr = "192.0.2.7";
  EXPECT_EQ(line_of(record, labels),
            R"({"time":"1970-01-01T00:00:00.000Z","level":"info","event":"request",)"
            R"("endpoint":"health","status":200,"outcome":"ok","duration_ms":0,"overhead_us":0,)"
            R"("stages_us":{},"stream":false,"bytes_in":0,"bytes_out":0})");
}

TEST(LogLine, LevelFollowsTheFault) {
  const struct {
    Outcome outcome;
    const char* level;
  } kCases[] = {{Outcome::ok, "info"},
                {Outcome::caller_cancelled, "info"},
                {Outcome::policy_shed, "info"},
                {Outcome::provider_timeout, "warn"},
                {Outcome::gateway_internal, "error"},
                {Outcome::other, "error"}};
  const LabelTable labels;
  for (const auto& c : kCases) {
    Record record;
    record.outcome = c.outcome;
    EXPECT_NE(line_of(record, labels).find(std::string(R"("level":")") + c.level + '"'),
              std::string::npos);
  }
}

TEST(LogLine, SaysWhatWasWastedEvenWithoutPriceOrUsage) {
  LabelTable labels;
  Record record;
  record.attempts.resize(3);
  record.attempts[0].wasted = WasteReason::retry;
  record.attempts[0].tokens = Tokens{7, 1, 0, 0, 0, 0};
  record.attempts[1].wasted = WasteReason::client_abort;
  record.attempts[2].tokens = Tokens{7, 1, 0, 0, 0, 0};  // used: it stands in the request's sum
  const std::string line = line_of(record, labels);
  EXPECT_NE(line.find(R"("wasted":"retry","tokens":8})"), std::string::npos) << line;
  EXPECT_NE(line.find(R"("wasted":"client_abort"})"), std::string::npos) << line;
  EXPECT_EQ(line.find(R"("tokens":8)"), line.rfind(R"("tokens":8)")) << line;
}

TEST(LogLine, HasIdsOfATraceOnlyWithATrace) {
  LabelTable labels;
  Record record = rich_stream(labels);
  record.trace.trace_id = {};
  record.attempts[0].span_id = record.attempts[1].span_id = {};
  const std::string line = line_of(record, labels);
  EXPECT_EQ(line.find("trace_id"), std::string::npos) << line;
  EXPECT_EQ(line.find("span_id"), std::string::npos) << line;
}

TEST(LogLine, CostOfNothingIsZeroAndUnknownCostIsAbsent) {
  const LabelTable labels;
  Record record;
  EXPECT_EQ(line_of(record, labels).find("cost_usd"), std::string::npos);
  record.cost = 0;
  EXPECT_NE(line_of(record, labels).find(R"("cost_usd":0,)"), std::string::npos);
}

TEST(LogLine, TextFromOutsideIsEscapedAndCut) {
  const LabelTable labels;
  Record record;
  record.request_id = "a\"}\n{\"level\":\"x\xFF";
  record.error = std::string(100'000, '"');
  record.attempts.resize(1'000);
  record.attempts[0].request_id = "\x01\\";
  record.adjusted.resize(1'000);
  const std::string line = line_of(record, labels);
  EXPECT_EQ(line.find('\n'), std::string::npos);
  EXPECT_LT(line.size(), 16'384U);
  json::Reader reader;
  const json::PaddedBuffer buffer(line);
  const auto value = reader.read(buffer);
  ASSERT_TRUE(value.has_value());
  EXPECT_EQ(json::unescape(*value->find("request_id")->as_text()),
            "a\"}\n{\"level\":\"x\xEF\xBF\xBD");
  EXPECT_EQ(json::unescape(*value->find("error")->as_text()), std::string(kMaxLogText, '"'));
  EXPECT_EQ(value->find("attempts")->children().count(), kMaxLogItems);
}

TEST(LogLine, DurationsAreExact) {
  const struct {
    std::int64_t nanos;
    const char* ms;
    const char* us;
  } kCases[] = {{0, "0", "0"},
                {1, "0.000001", "0.001"},
                {999'999, "0.999999", "999.999"},
                {1'000'000, "1", "1000"},
                {1'500'000'020, "1500.00002", "1500000.02"},
                {86'400'000'000'001, "86400000.000001", "86400000000.001"},
                {-7, "0", "0"}};
  const LabelTable labels;
  for (const auto& c : kCases) {
    Record record;
    record.total = record.overhead = std::chrono::nanoseconds(c.nanos);
    EXPECT_NE(
        line_of(record, labels)
            .find(std::string(R"("duration_ms":)") + c.ms + R"(,"overhead_us":)" + c.us + ','),
        std::string::npos)
        << line_of(record, labels);
  }
}

TEST(LogLine, WritesTimes) {
  using std::chrono::milliseconds;
  const struct {
    std::int64_t ms;
    const char* text;
  } kCases[] = {{0, "1970-01-01T00:00:00.000Z"},
                {-1, "1969-12-31T23:59:59.999Z"},
                {951'782'400'000, "2000-02-29T00:00:00.000Z"},
                {4'102'444'799'999, "2099-12-31T23:59:59.999Z"}};
  for (const auto& c : kCases) {
    std::string out;
    append_time(std::chrono::system_clock::time_point(milliseconds(c.ms)), out);
    EXPECT_EQ(out, c.text);
  }
}

TEST(LogLine, TellsContentOnlyWhereItIsWanted) {
  LabelTable labels;
  Record record = good_stream(labels);
  EXPECT_EQ(line_of(record, labels).find("content\":"), std::string::npos);
  record.content = Content{3, 2, 100, 2'000, {}, {}};
  const std::string counts =
      R"("content":{"messages":3,"tools":2,"request_bytes":100,"answer_bytes":2000)";
  EXPECT_NE(line_of(record, labels).find(counts + "}"), std::string::npos);
  record.content->request = "{\"a\": \xE2\x98\x83";  // it may be cut anywhere
  record.content->answer = "data: x\n\n";
  const std::string texts =
      ",\"request\":\"{\\\"a\\\": \xE2\x98\x83\",\"answer\":\"data: x\\n\\n\"}";
  EXPECT_NE(line_of(record, labels).find(counts + texts), std::string::npos)
      << line_of(record, labels);
}

}  // namespace
}  // namespace oriel::metrics
