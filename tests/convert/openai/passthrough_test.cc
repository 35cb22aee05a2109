// The passthrough dialect: what is spliced, what is read, what is refused.
#include "convert/openai/passthrough.h"

#include <gtest/gtest.h>

#include "convert/openai/passthrough_facts.h"
#include "tests/convert/pieces.h"

namespace oriel::convert {
namespace {

using namespace std::chrono_literals;

// By kind: event, block, stop_reason, member.
using UnknownItems = decltype(UpstreamFacts::unknown_items);

// ------------------------------------------------------------------------------------ requests

// A request as the front end leaves it, with what the passthrough reads of it.
struct Sent {
  explicit Sent(std::string_view body) : buffer(body) {
    const auto root = reader.read(buffer);
    EXPECT_TRUE(root) << body;
    request.source = buffer.view();
    const auto span_of = [&](std::string_view name) {
      const auto value = root->find(name);
      return value ? openai::span_in(request.source, value->raw().text) : SourceSpan{};
    };
    request.model_span = span_of("model");
    request.stream_options_span = span_of("stream_options");
    const auto stream = root->find("stream");
    request.stream = stream && stream->as_boolean().value_or(false);
    if (const auto options = root->find("stream_options")) {
      const auto usage = options->find("include_usage");
      request.include_usage = usage && usage->as_boolean().value_or(false);
    }
  }
  json::PaddedBuffer buffer;
  json::Reader reader;
  ChatRequest request;
};

std::string spliced(std::string_view body) {
  const Sent sent(body);
  const auto encoded = openai_dialect().encode(sent.request, {"up/model", "", {}}, {});
  return encoded ? encoded->wire.body : "error: " + encoded.error().detail;
}

TEST(PassthroughEncode, ReplacesTheModelAndNothingElse) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {R"({"model":"gpt","messages":[]})", R"({"model":"up/model","messages":[]})"},
      {R"( { "messages" : [ {"content":"model"} ] , "model" : "gpt" } )",
       R"( { "messages" : [ {"content":"model"} ] , "model" : "up/model" } )"},
      {R"({"model":"g\u00e9","x":{"model":"y"},"n":1.50,"s":"\/"})",
       R"({"model":"up/model","x":{"model":"y"},"n":1.50,"s":"\/"})"},
      {R"({"model":"gpt","stream":false,"stream_options":null})",
       R"({"model":"up/model","stream":false,"stream_options":null})"},
  };
  for (const auto& [body, expected] : cases) EXPECT_EQ(spliced(body), expected);
}

TEST(PassthroughEncode, AsksAStreamForItsUsage) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {R"({"model":"g","stream":true})",
       R"({"model":"up/model","stream_options":{"include_usage":true},"stream":true})"},
      {R"({"stream":true,"model":"g"})",
       R"({"stream":true,"model":"up/model","stream_options":{"include_usage":true}})"},
      {R"({"model":"g","stream":true,"stream_options":{"include_usage":true,"x":1}})",
       R"({"model":"up/model","stream":true,"stream_options":{"include_usage":true,"x":1}})"},
      {R"({"model":"g","stream":true,"stream_options":{"include_usage":false}})",
       R"({"model":"up/model","stream":true,"stream_options":{"include_usage":true}})"},
      {R"({"stream_options": {"a":[1, 2], "include_usage":null, "b":"\""} ,"stream":true,"model":"g"})",
       R"({"stream_options": {"a":[1, 2],"b":"\"","include_usage":true} ,"stream":true,"model":"up/model"})"},
      {R"({"model":"g","stream":true,"stream_options":{}})",
       R"({"model":"up/model","stream":true,"stream_options":{"include_usage":true}})"},
      {R"({"model":"g","stream":true,"stream_options":null})",
       R"({"model":"up/model","stream":true,"stream_options":{"include_usage":true}})"},
  };
  for (const auto& [body, expected] : cases) EXPECT_EQ(spliced(body), expected);
}

TEST(PassthroughEncode, EscapesTheUpstreamsName) {
  const Sent sent(R"({"model":"g"})");
  const auto encoded = openai_dialect().encode(sent.request, {"a\"b", "", {}}, {});
  ASSERT_TRUE(encoded);
  EXPECT_EQ(encoded->wire.body, R"({"model":"a\"b"})");
}

TEST(PassthroughEncode, SaysWhereToAndWhatFor) {
  for (const bool stream : {false, true}) {
    const Sent sent(stream ? R"({"model":"g","stream":true})" : R"({"model":"g"})");
    const auto encoded = openai_dialect().encode(sent.request, {"m", "", {}}, {});
    ASSERT_TRUE(encoded);
    EXPECT_EQ(encoded->wire.method, "POST");
    EXPECT_EQ(encoded->wire.path, "/chat/completions");
    EXPECT_EQ(find_header(encoded->wire.headers, "content-type"), "application/json");
    EXPECT_EQ(find_header(encoded->wire.headers, "accept"),
              stream ? "text/event-stream" : "application/json");
    EXPECT_TRUE(encoded->adjusted.empty());
  }
  EXPECT_FALSE(openai_dialect().encode(ChatRequest{}, {"m", "", {}}, {}));
}

// ------------------------------------------------------------------------------------- answers

struct Answer {
  explicit Answer(std::string_view body) : buffer(body) {}
  Result<ChatReply> decode() { return openai_dialect().decode({}, buffer, reader); }
  Error error(int status, std::vector<Header> headers = {}) {
    return openai_dialect().decode_error(status, headers, buffer, reader);
  }
  json::PaddedBuffer buffer;
  json::Reader reader;
};

TEST(PassthroughDecode, KeepsTheSourceAndReadsTheFacts) {
  Answer answer(
      R"( {"id":"x","model": "up/model","choices":[{"index":0,"message":{"role":"assistant","content":"hi"},"finish_reason":"length"}],)"
      R"("usage":{"prompt_tokens":100,"completion_tokens":20,"total_tokens":120,"prompt_tokens_details":{"cached_tokens":60,"cache_write_tokens":10},)"
      R"("completion_tokens_details":{"reasoning_tokens":7}},"service_tier":"flex"} )");
  const auto reply = answer.decode();
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->finish, FinishReason::length);
  EXPECT_EQ(reply->facts.stop_reason, "length");
  EXPECT_EQ(reply->service_tier.escaped(), "flex");
  ASSERT_TRUE(reply->usage);
  EXPECT_EQ(reply->usage->input, 30U);
  EXPECT_EQ(reply->usage->cache_read, 60U);
  EXPECT_EQ(reply->usage->cache_write(), 10U);
  EXPECT_EQ(reply->usage->output, 20U);
  EXPECT_EQ(reply->usage->reasoning, 7U);
  EXPECT_EQ(reply->usage->total(), 120U);
  EXPECT_EQ(reply->source.text.front(), '{');
  EXPECT_EQ(reply->source.text.back(), '}');
  const SourceSpan span = reply->source_model_span;
  EXPECT_EQ(reply->source.text.substr(span.begin, span.end - span.begin), "\"up/model\"");
}

TEST(PassthroughDecode, NeverInventsUsage) {
  struct Row {
    const char* usage;
    bool known;
    std::uint64_t input;
    std::uint64_t cached;
    std::uint64_t output;
  };
  for (
      const Row& row : std::initializer_list<Row>{
          {R"({"prompt_tokens":5,"completion_tokens":2})", true, 5, 0, 2},
          {R"({"prompt_tokens":0,"completion_tokens":0})", true, 0, 0, 0},
          {R"({"prompt_tokens":5,"completion_tokens":2,"prompt_tokens_details":null})", true, 5, 0,
           2},
          {R"({"prompt_tokens":5,"completion_tokens":2,"prompt_tokens_details":{"cached_tokens":9}})",
           true, 0, 5, 2},
          {R"({"prompt_tokens":5,"completion_tokens":2,"prompt_tokens_details":{"cached_tokens":-1}})",
           true, 5, 0, 2},
          {R"({"prompt_tokens":5})", false, 0, 0, 0},
          {R"({"completion_tokens":5})", false, 0, 0, 0},
          {R"({"prompt_tokens":-5,"completion_tokens":2})", false, 0, 0, 0},
          {R"({"prompt_tokens":5.0,"completion_tokens":2})", false, 0, 0, 0},
          {R"({"prompt_tokens":"5","completion_tokens":2})", false, 0, 0, 0},
          {"{}", false, 0, 0, 0},
          {"null", false, 0, 0, 0},
          {"[]", false, 0, 0, 0},
      }) {
    Answer answer(std::string(R"({"choices":[{"message":{}}],"usage":)") + row.usage + "}");
    const auto reply = answer.decode();
    ASSERT_TRUE(reply);
    ASSERT_EQ(reply->usage.has_value(), row.known) << row.usage;
    if (!row.known) continue;
    EXPECT_EQ(reply->usage->input, row.input) << row.usage;
    EXPECT_EQ(reply->usage->cache_read, row.cached) << row.usage;
    EXPECT_EQ(reply->usage->output, row.output) << row.usage;
    EXPECT_FALSE(reply->usage->reasoning);
  }
}

TEST(PassthroughDecode, KnowsEveryFinishReason) {
  const std::vector<std::tuple<const char*, FinishReason, unsigned>> cases = {
      {"\"stop\"", FinishReason::stop, 0},
      {"\"length\"", FinishReason::length, 0},
      {"\"tool_calls\"", FinishReason::tool_calls, 0},
      {"\"content_filter\"", FinishReason::content_filter, 0},
      {"\"function_call\"", FinishReason::function_call, 0},
      {"\"eos\"", FinishReason::stop, 1},
      {"null", FinishReason::stop, 0},
  };
  for (const auto& [word, finish, unknown] : cases) {
    Answer answer(std::string(R"({"choices":[{"message":{},"finish_reason":)") + word + "}]}");
    const auto reply = answer.decode();
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->finish, finish) << word;
    EXPECT_EQ(reply->facts.unknown_items, (UnknownItems{0, 0, unknown, 0})) << word;
    EXPECT_FALSE(reply->source_model_span.present());
  }
}

TEST(PassthroughDecode, KnowsWhatUpstreamCallsItsModelAndItsAnswer) {
  const std::string long_name(257, 'm');
  const std::vector<std::pair<std::string, std::string>> cases = {
      {R"("model":"org\/big-7b",)", "org/big-7b"},
      {R"("model":null,)", ""},
      {"\"model\":\"" + long_name + "\",", ""},
      {"", ""},
  };
  for (const auto& [member, name] : cases) {
    Answer answer("{" + member + R"("id":"chatcmpl-9","choices":[{"message":{}}]})");
    const auto reply = answer.decode();
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->facts.model, name);
    EXPECT_EQ(reply->facts.id, "chatcmpl-9");
  }
}

TEST(PassthroughDecode, AnAnswerWithoutUseTellsWhatItCost) {
  Answer answer(R"({"choices":[],"usage":{"prompt_tokens":5,"completion_tokens":2}})");
  const auto reply = answer.decode();
  ASSERT_FALSE(reply);
  ASSERT_TRUE(reply.error().usage);
  EXPECT_EQ(reply.error().usage->input, 5U);
  EXPECT_EQ(reply.error().usage->output, 2U);
}

TEST(PassthroughDecode, RefusesWhatIsNoCompletion) {
  for (const char* bad :
       {"", "<html>", "{", "[]", "1", "null", "{}", R"({"choices":null})", R"({"choices":[]})",
        R"({"choices":{}})", R"({"choices":[1]})", R"({"choices":[{}]})",
        R"({"choices":[{"message":null}]})", R"({"choices":[{"message":{}}])"}) {
    Answer answer(bad);
    const auto reply = answer.decode();
    ASSERT_FALSE(reply) << bad;
    EXPECT_EQ(reply.error().kind, ErrorKind::upstream_bad_response) << bad;
    EXPECT_TRUE(reply.error().message.empty());
  }
  Answer error(R"({"error":{"message":"slow down","code":429}})");
  EXPECT_EQ(error.decode().error().kind, ErrorKind::upstream_throttled);
}

// -------------------------------------------------------------------------------------- errors

TEST(PassthroughError, MapsStatusAndCode) {
  using enum ErrorKind;
  struct Row {
    int status;
    const char* body;
    ErrorKind kind;
  };
  const char* const plain = R"({"error":{"message":"m","type":null,"param":null,"code":null}})";
  for (const Row& row : std::initializer_list<Row>{
           {400, plain, upstream_rejected},
           {401, plain, upstream_auth},
           {402, plain, upstream_quota},
           {403, plain, upstream_auth},
           {404, plain, upstream_model_not_found},
           {405, plain, upstream_bad_response},
           {408, plain, upstream_timeout},
           {409, plain, conflict},
           {413, plain, too_large},
           {418, plain, upstream_bad_response},
           {422, plain, upstream_rejected},
           {429, plain, upstream_throttled},
           {500, plain, upstream_server_error},
           {501, plain, upstream_server_error},
           {502, plain, upstream_unavailable},
           {503, plain, upstream_unavailable},
           {504, plain, upstream_timeout},
           {529, plain, upstream_unavailable},
           {302, plain, upstream_bad_response},
           {400, "<html>", upstream_rejected},
           {500, "", upstream_server_error},
           {503, "[1]", upstream_unavailable},
           {429, R"({"error":{"code":"insufficient_quota"}})", upstream_quota},
           {429, R"({"error":{"type":"insufficient_quota"}})", upstream_quota},
           {429, R"({"error":{"code":"rate_limit_exceeded"}})", upstream_throttled},
           {400, R"({"error":{"code":"context_length_exceeded"}})", context_length_exceeded},
           {400, R"({"error":{"code":"content_filter"}})", content_filtered},
           {400, R"({"error":{"code":"model_not_found"}})", upstream_model_not_found},
           {400, R"({"error":{"type":"rate_limit_error"}})", upstream_rejected},
           {500, R"({"error":{"code":"context_length_exceeded"}})", upstream_server_error},
           {401, R"({"error":{"code":"invalid_api_key"}})", upstream_auth},
       }) {
    Answer answer(row.body);
    const Error error = answer.error(row.status);
    EXPECT_EQ(error.kind, row.kind) << row.status << row.body;
    EXPECT_EQ(error.upstream_status, row.status);
    EXPECT_NE(status_of(error), 401);
  }
}

TEST(PassthroughError, PassesOnWhatConcernsTheRequest) {
  Answer answer(
      R"({"error":{"message":"Invalid \u0027temperature\u0027: too high","type":"invalid_request_error","param":"temperature","code":"decimal_above_max_value"}})");
  const Error error = answer.error(400);
  EXPECT_EQ(error.message, "Invalid 'temperature': too high");
  EXPECT_EQ(error.param, "temperature");
  EXPECT_EQ(error.code, "decimal_above_max_value");
  EXPECT_EQ(error.type, "invalid_request_error");
  EXPECT_EQ(error.detail, "status 400, code decimal_above_max_value, type invalid_request_error");
  EXPECT_EQ(Answer(R"({"message":"flat"})").error(400).message, "flat");
  EXPECT_EQ(Answer(R"({"error":"text"})").error(400).message, "text");
  EXPECT_EQ(Answer("<h1>nginx/1.2</h1>").error(400).message, "");
  EXPECT_EQ(status_of(Answer(R"({"error":{"message":"m"}})").error(422)), 422);
}

TEST(PassthroughError, KeepsTheServersInsides) {
  for (const int status : {401, 403, 404, 429, 500, 502, 503, 418}) {
    Answer answer(
        R"({"error":{"message":"key sk-abc at http://10.0.0.1 of org-1","type":"t","code":"c"}})");
    const Error error = answer.error(status);
    EXPECT_EQ(error.message, "") << status;
    EXPECT_EQ(error.param, "");
    EXPECT_EQ(error.detail.find("sk-"), std::string::npos);
  }
  const Error error =
      Answer(
          R"({"error":{"message":"see (https://host/x) with 'sk-abc' by org-1, 10.0.0.1:80 said v1.2.3","code":"a b c","type":"x/y"}})")
          .error(400);
  EXPECT_EQ(error.message, "see [url] with [redacted] by [redacted] [address] said v1.2.3");
  EXPECT_EQ(error.code, "");
  EXPECT_EQ(error.type, "");
  EXPECT_EQ(error.detail, "status 400");
}

TEST(PassthroughError, MessagesAreBounded) {
  std::string text;
  for (int i = 0; i < 2000; ++i) text += "\xC3\xA9";
  const Error error = Answer(R"({"error":{"message":")" + text + "\"}}").error(400);
  EXPECT_LE(error.message.size(), 1000U);
  EXPECT_EQ(error.message.size() % 2, 0U);
  EXPECT_GT(error.message.size(), 900U);
}

TEST(PassthroughError, SaysWhichLimitWasReached) {
  EXPECT_EQ(Answer(R"({"error":{"type":"tokens"}})").error(429).type, "tokens");
  EXPECT_EQ(Answer(R"({"error":{"type":"requests"}})").error(429).type, "requests");
  EXPECT_EQ(Answer(R"({"error":{"type":"other"}})").error(429).type, "");
}

TEST(PassthroughError, RetryAfter) {
  using Headers = std::vector<Header>;
  const std::vector<std::pair<Headers, std::optional<std::chrono::milliseconds>>> cases = {
      {{}, std::nullopt},
      {{{"Retry-After", "3"}}, 3000ms},
      {{{"retry-after", "0"}}, 0ms},
      {{{"retry-after", "0.25"}}, 250ms},
      {{{"retry-after", "61"}}, 60'000ms},
      {{{"retry-after", "99999999999999999999"}}, 60'000ms},
      {{{"retry-after", "3"}, {"retry-after-ms", "70"}}, 70ms},
      {{{"retry-after", "3"}, {"retry-after-ms", "x"}}, 3000ms},
      {{{"retry-after", "-1"}}, std::nullopt},
      {{{"retry-after", ""}}, std::nullopt},
      {{{"retry-after", "nan"}}, std::nullopt},
      {{{"retry-after", "inf"}}, std::nullopt},
      {{{"retry-after", "3s"}}, std::nullopt},
      {{{"retry-after", "Wed, 21 Oct 2026 07:28:00 GMT"}}, std::nullopt},
  };
  for (const auto& [headers, expected] : cases) {
    EXPECT_EQ(Answer("").error(429, headers).retry_after, expected);
  }
}

// ------------------------------------------------------------------------------------- streams

class Recorder final : public DeltaSink {
 public:
  void on_delta(const ChatDelta& delta) override {
    EXPECT_EQ(delta.kind, ChatDelta::Kind::source);
    const std::string_view text = delta.source.text;
    out += text;
    const auto part = [&](const char* name, SourceSpan span) {
      if (!span.present()) return;
      out += std::string("|") + name + "=";
      out += text.substr(span.begin, span.end - span.begin);
    };
    part("model", delta.source_model_span);
    part("cut", delta.source_usage_span);
    if (delta.carries_content) out += "|content";
    if (delta.only_usage) out += "|only_usage";
    if (delta.usage) out += "|tokens=" + std::to_string(delta.usage->total());
    if (delta.source_finish) out += "|" + std::string(to_string(*delta.source_finish));
    out += "\n";
  }
  std::string out;
};

std::string run(const test::Pieces& pieces) {
  const auto decoder = openai_dialect().stream({});
  Recorder sink;
  for (const auto& piece : pieces) {
    const auto fed = decoder->feed(test::view(piece), sink);
    if (!fed) {
      return sink.out + "error " + std::to_string(static_cast<int>(fed.error().kind)) + " " +
             fed.error().detail;
    }
  }
  const auto finished = decoder->finish(sink);
  if (!finished) {
    return sink.out + "error " + std::to_string(static_cast<int>(finished.error().kind)) + " " +
           finished.error().detail;
  }
  EXPECT_TRUE(decoder->complete());
  return sink.out + "complete";
}

std::string event(std::string_view data) { return "data: " + std::string(data) + "\n\n"; }

std::string error(ErrorKind kind, std::string_view detail) {
  return "error " + std::to_string(static_cast<int>(kind)) + " " + std::string(detail);
}

const char* const kRole =
    R"({"model":"m","choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}],"usage":null})";
const char* const kText =
    R"({"model":"m","choices":[{"index":0,"delta":{"content":"hi"},"finish_reason":null}]})";
const char* const kEnd =
    R"({"model":"m","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]})";
const char* const kUsage =
    R"({"model":"m","choices":[],"usage":{"prompt_tokens":3,"completion_tokens":4}})";
const std::string kRoleOut = std::string(kRole) + "|model=\"m\"|cut=,\"usage\":null\n";
const std::string kTextOut = std::string(kText) + "|model=\"m\"|content\n";
const std::string kEndOut = std::string(kEnd) + "|model=\"m\"|stop\n";
const std::string kUsageOut = std::string(kUsage) +
                              "|model=\"m\"|cut=,\"usage\":{\"prompt_tokens\":3,\"completion_"
                              "tokens\":4}|only_usage|tokens=7\n";

TEST(PassthroughStream, PassesChunksOn) {
  const std::string bytes = ": ping\n\n" + event(kRole) + event(kText) + event(kEnd) +
                            event(kUsage) + event("[DONE]") + "data: junk behind the end\n\n";
  const std::string expected = kRoleOut + kTextOut + kEndOut + kUsageOut + "complete";
  test::for_each_way(bytes, [&](const test::Pieces& pieces) { ASSERT_EQ(run(pieces), expected); });
}

TEST(PassthroughStream, WhatIsBrokenBehindTheEndDoesNotMatter) {
  const std::string bytes =
      event(kEnd) + event("[DONE]") + "event: " + std::string(300, 'x') + "\n";
  test::for_each_way(
      bytes, [&](const test::Pieces& pieces) { ASSERT_EQ(run(pieces), kEndOut + "complete"); });
}

TEST(PassthroughStream, IsCompleteAtDone) {
  const auto decoder = openai_dialect().stream({});
  Recorder sink;
  ASSERT_TRUE(decoder->feed(event(kEnd), sink));
  EXPECT_FALSE(decoder->complete());
  ASSERT_TRUE(decoder->feed(event("[DONE]"), sink));
  EXPECT_TRUE(decoder->complete());
  EXPECT_EQ(decoder->facts().stop_reason, "stop");
}

TEST(PassthroughStream, EndsAsItShould) {
  using enum ErrorKind;
  const std::string two =
      R"({"choices":[{"index":0,"delta":{},"finish_reason":"stop"},{"index":1,"delta":{"content":"x"}}]})";
  const std::string second = R"({"choices":[{"index":1,"delta":{},"finish_reason":"length"}]})";
  const std::vector<std::pair<std::string, std::string>> cases = {
      {event("[DONE]"), "complete"},
      {event(kEnd), kEndOut + "complete"},
      {event(kEnd) + "data: [DO", kEndOut + "complete"},
      {event(kText), kTextOut + error(upstream_stream_truncated, "no finish reason")},
      {"", error(upstream_stream_truncated, "no chunk")},
      {event(kUsage), kUsageOut + error(upstream_stream_truncated, "no chunk")},
      {event(two), two + "|content|stop\n" + error(upstream_stream_truncated, "no finish reason")},
      {event(two) + event(second), two + "|content|stop\n" + second + "\ncomplete"},
      {event("{"), error(upstream_stream_corrupt, "json")},
      {event("not json"), error(upstream_stream_corrupt, "json")},
      {event("[]"), error(upstream_stream_corrupt, "not an object")},
      {event("1"), error(upstream_stream_corrupt, "not an object")},
      {event(R"({"choices":{}})"), error(upstream_stream_corrupt, "choices")},
      {event(R"({"choices":[1]})"), error(upstream_stream_corrupt, "choice")},
      {event(R"({"choices":[{"index":128}]})"), error(upstream_stream_corrupt, "choice index")},
      {event(R"({"choices":[{"index":-1}]})"), error(upstream_stream_corrupt, "choice index")},
      {event(R"({"choices":[{"index":"0"}]})"), error(upstream_stream_corrupt, "choice index")},
      {event(R"({"ping":1})") + event("[DONE]"), "complete"},
      {event("") + event(kEnd), kEndOut + "complete"},
  };
  for (const auto& [bytes, expected] : cases) {
    test::for_each_way(bytes,
                       [&](const test::Pieces& pieces) { ASSERT_EQ(run(pieces), expected); });
  }
}

TEST(PassthroughStream, MapsErrorEvents) {
  using enum ErrorKind;
  const std::vector<std::tuple<std::string, ErrorKind>> cases = {
      {event(R"({"error":{"message":"m","code":429}})"), upstream_throttled},
      {event(R"({"error":{"message":"m","code":"429"}})"), upstream_throttled},
      {event(R"({"error":{"message":"m","code":"rate_limit_exceeded"}})"), upstream_throttled},
      {event(R"({"error":{"message":"m","type":"insufficient_quota"}})"), upstream_quota},
      {event(R"({"error":{"message":"m","status":503}})"), upstream_unavailable},
      {event(R"({"error":{"message":"m","type":"server_error"}})"), upstream_server_error},
      {event(R"({"error":{"message":"m","type":"overloaded_error"}})"), upstream_unavailable},
      {event(R"({"error":{"code":"context_length_exceeded"}})"), context_length_exceeded},
      {event(R"({"error":{"message":"m","code":99999999999999}})"), upstream_server_error},
      {event(R"({"error":"boom"})"), upstream_server_error},
      {event(R"({"error":null,"choices":[]})") + event("[DONE]"), internal},
      {"event: error\n" + event(R"({"message":"m","code":401})"), upstream_auth},
      {"event: error\n" + event(R"({"error":{"code":401}})"), upstream_auth},
      {"event: error\n" + event(R"("boom")"), upstream_server_error},
  };
  for (const auto& [bytes, kind] : cases) {
    const auto decoder = openai_dialect().stream({});
    Recorder sink;
    const auto fed = decoder->feed(bytes, sink);
    EXPECT_EQ(fed ? internal : fed.error().kind, kind) << bytes;
    EXPECT_EQ(decoder->complete(), kind == internal);
  }
}

TEST(PassthroughStream, TellsContentFromFraming) {
  const std::vector<std::pair<const char*, bool>> cases = {
      {R"({"role":"assistant"})", false},
      {R"({"role":"assistant","content":"","refusal":null,"tool_calls":[]})", false},
      {"{}", false},
      {"null", false},
      {R"({"content":null})", false},
      {R"({"content":"a"})", true},
      {R"({"reasoning_content":"a"})", true},
      {R"({"refusal":"a"})", true},
      {R"({"tool_calls":[{"index":0}]})", true},
      {R"({"function_call":{"name":"f"}})", true},
      {R"({"audio":{"id":"a"}})", true},
  };
  for (const auto& [delta, content] : cases) {
    Recorder sink;
    const auto decoder = openai_dialect().stream({});
    ASSERT_TRUE(
        decoder->feed(event(std::string(R"({"choices":[{"delta":)") + delta + "}]}"), sink));
    EXPECT_EQ(sink.out.find("|content") != std::string::npos, content) << delta;
  }
}

TEST(PassthroughStream, EventsAreBounded) {
  const auto decoder = openai_dialect().stream({});
  Recorder sink;
  const std::string piece(1 << 20, ' ');
  Result<void> fed = decoder->feed("data: ", sink);
  for (int i = 0; i < 8 && fed; ++i) fed = decoder->feed(piece, sink);
  ASSERT_FALSE(fed);
  EXPECT_EQ(fed.error().kind, ErrorKind::upstream_stream_corrupt);
}

TEST(PassthroughFacts, CutsLeaveJson) {
  const std::vector<std::pair<const char*, const char*>> cases = {
      {R"({"usage":1})", "{}"},
      {R"({ "usage" : 1 })", "{  }"},
      {R"({"usage":1,"a":2})", R"({"a":2})"},
      {R"({"usage" : {"x":[1]} , "a":2})", R"({"a":2})"},
      {R"({"a":2,"usage":1})", R"({"a":2})"},
      {R"({"a":2 , "usage":null })", R"({"a":2 })"},
      {R"({"a":2,"usage":1,"b":3})", R"({"a":2,"b":3})"},
      {R"({"a":2})", R"({"a":2})"},
      {R"({})", R"({})"},
  };
  json::Reader reader;
  for (const auto& [text, expected] : cases) {
    const json::PaddedBuffer buffer{std::string_view(text)};
    const auto root = reader.read(buffer);
    ASSERT_TRUE(root);
    const SourceSpan span = openai::find_removable_span(*root, "usage");
    std::string cut = text;
    if (span.present()) cut.erase(span.begin, span.end - span.begin);
    EXPECT_EQ(cut, expected);
  }
}

}  // namespace
}  // namespace oriel::convert
