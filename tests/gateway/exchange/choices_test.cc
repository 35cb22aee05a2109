// Answers with several choices (`n`): one upstream call each, printed as one answer.
#include "tests/gateway/exchange/rig.h"

namespace oriel::gateway {
namespace {

using http::Answer;
using http::Client;

const std::string kTwo = R"(,"n":2)";
const std::string kTwoWithUsage = R"(,"n":2,"stream_options":{"include_usage":true})";

std::string converse_answer(const std::string& text, int output) {
  return R"({"output":{"message":{"role":"assistant","content":[{"text":")" + text +
         R"("}]}},"stopReason":"end_turn","usage":{"inputTokens":10,"outputTokens":)" +
         std::to_string(output) + R"(,"totalTokens":)" + std::to_string(10 + output) + "}}";
}
std::string stream_of(const std::string& text) {
  return start_frame() + text_frame(text) + stop_frame() + metadata_frame();
}

TEST(Choices, AreAskedForInParallelAndAnsweredTogether) {
  ChatRig rig({.max_choices = 2});
  Client client(rig.http);
  client.send(chat_request(Mode::whole, "gpt-4o-mini", kTwo));
  (void)rig.call(1);
  EXPECT_EQ(rig.call(0).body, rig.call(1).body);
  EXPECT_FALSE(holds(rig.call(0).body, "\"n\""));
  answer(rig.call(1), converse_answer("second", 5));
  rig.http.pump();
  client.receive();
  EXPECT_EQ(client.input(), "");
  answer(rig.call(0), converse_answer("first", 7));
  const Answer answered = client.read("POST");
  EXPECT_EQ(answered.status, 200);
  EXPECT_EQ(answered.field("x-oriel-attempts"), "2");
  const std::size_t first = answered.body.find("\"first\"");
  const std::size_t second = answered.body.find("\"second\"");
  EXPECT_LT(first, second);
  EXPECT_LT(second, answered.body.size());
  EXPECT_LT(answered.body.find(R"("index":1)"), second);
  EXPECT_TRUE(holds(answered.body, R"("prompt_tokens":20)")) << answered.body;
  EXPECT_TRUE(holds(answered.body, R"("completion_tokens":12)"));
  check(rig, {.tokens = 32, .earlier = {"ok"}});
}

TEST(Choices, OfAStreamAreInterleaved) {
  ChatRig rig({.max_choices = 2});
  Client client(rig.http);
  client.send(chat_request(Mode::stream, "gpt-4o-mini", kTwoWithUsage));
  (void)rig.call(1);
  rig.call(0).head(200);
  rig.call(1).head(200);
  rig.call(1).send(start_frame() + text_frame("b"));
  rig.call(0).send(stream_of("a"));
  rig.call(0).end();
  ASSERT_TRUE(rig.http.until([&] {
    client.receive();
    return holds(client.input(), R"("finish_reason":"stop")");
  }));
  EXPECT_FALSE(holds(client.input(), "[DONE]"));
  rig.call(1).send(stop_frame() + metadata_frame());
  rig.call(1).end();
  const Answer answered = client.read("POST");
  EXPECT_TRUE(answered.complete);
  const auto events = events_in(answered.body);
  ASSERT_EQ(events.size(), 8U);  // role, text and finish of each; usage; [DONE]
  const auto about = [&](const std::string& part) {
    for (const std::string& event : events) {
      if (holds(event, part)) return event;
    }
    return std::string();
  };
  EXPECT_TRUE(holds(about(R"("content":"a")"), R"("index":0)"));
  EXPECT_TRUE(holds(about(R"("content":"b")"), R"("index":1)"));
  EXPECT_EQ(
      std::count_if(events.begin(), events.end(),
                    [](const auto& event) { return holds(event, R"("finish_reason":"stop")"); }),
      2);
  EXPECT_TRUE(holds(events[6], R"("prompt_tokens":22)")) << events[6];
  EXPECT_TRUE(holds(events[6], R"("completion_tokens":14)"));
  EXPECT_EQ(events[7], "[DONE]");
  const std::string id = events[0].substr(0, events[0].find(','));
  EXPECT_TRUE(holds(id, R"("id":"chatcmpl-)"));
  EXPECT_EQ(std::count_if(events.begin(), events.end(),
                          [&](const auto& event) { return holds(event, id); }),
            7);  // one for all
  check(rig, {.stream_end = "complete", .chunks = 7, .tokens = 36, .earlier = {"ok"}});
}

// A sum with a part missing would be a lie.
TEST(Choices, WithoutAllUsageThereIsNoneInTheStream) {
  ChatRig rig({.max_choices = 2});
  Client client(rig.http);
  client.send(chat_request(Mode::stream, "gpt-4o-mini", kTwoWithUsage));
  (void)rig.call(1);
  rig.call(0).head(200);
  rig.call(0).send(stream_of("a"));
  rig.call(0).end();
  rig.call(1).head(200);
  rig.call(1).send(start_frame() + text_frame("b") + stop_frame());
  rig.call(1).end();
  const Answer answered = client.read("POST");
  EXPECT_FALSE(holds(answered.body, "prompt_tokens"));
  check(rig, {.stream_end = "complete",
              .chunks = 6,
              .tokens = 18,
              .usage_missing = "absent",
              .earlier = {"ok"}});
}

TEST(Choices, OneErrorBeforeTheFirstByteFailsAll) {
  for (const Mode mode : {Mode::whole, Mode::stream}) {
    ChatRig rig({.max_choices = 3});
    Client client(rig.http);
    client.send(chat_request(mode, "gpt-4o-mini", R"(,"n":3)"));
    (void)rig.call(2);
    rig.call(0).head(200);
    rig.call(1).head(
        429, {{"x-amzn-ErrorType", "ThrottlingException"}, {"x-amzn-requestid", "the-throttled"}});
    rig.call(1).send(R"({"message":"Too many requests"})");
    rig.call(1).end();
    EXPECT_TRUE(rig.call(0).destroyed);
    EXPECT_TRUE(rig.call(2).destroyed);
    const Answer answered = client.read("POST");
    EXPECT_EQ(answered.status, 429);
    EXPECT_EQ(answered.field("x-amzn-requestid"), "the-throttled");
    check(rig, {.outcome = "provider_throttled",
                .status = 429,
                .usage_missing = "failed",
                .attempt = "provider_throttled",
                .earlier = {"provider_throttled", "provider_throttled"}});
  }
}

TEST(Choices, OneErrorInTheMiddleEndsTheStream) {
  ChatRig rig({.max_choices = 2});
  Client client(rig.http);
  client.send(chat_request(Mode::stream, "gpt-4o-mini", kTwo));
  (void)rig.call(1);
  rig.call(0).head(200);
  rig.call(0).send(start_frame() + text_frame("a"));
  rig.http.pump();
  rig.call(1).head(503, {{"x-amzn-ErrorType", "ServiceUnavailableException"}});
  rig.call(1).end();
  const std::string bytes = client.read_to_end();
  EXPECT_FALSE(holds(bytes, "[DONE]"));
  EXPECT_TRUE(holds(events_in(bytes).back(), R"("code":"upstream_unavailable")"));
  EXPECT_TRUE(rig.call(0).destroyed);
  check(rig, {.outcome = "provider_unavailable",
              .status = 503,
              .stream_end = "upstream_error",
              .chunks = 2,
              .usage_missing = "failed",
              .attempt = "provider_unavailable",
              .earlier = {"provider_unavailable"}});
}

TEST(Choices, ALessonIsAppliedToAllOfThem) {
  ChatRig rig({.max_choices = 2});
  Client client(rig.http);
  client.send(chat_request(Mode::whole, "gpt-4o-mini", R"(,"n":2,"temperature":0.5)"));
  (void)rig.call(1);
  rig.call(1).head(400, {{"x-amzn-ErrorType", "ValidationException"}});
  rig.call(1).send(R"({"message":"`temperature` is deprecated for this model."})");
  rig.call(1).end();
  EXPECT_TRUE(rig.call(0).destroyed);
  answer(rig.call(2), converse_answer("first", 7));
  answer(rig.call(3), converse_answer("second", 5));
  const Answer answered = client.read("POST");
  EXPECT_EQ(answered.status, 200);
  EXPECT_TRUE(holds(answered.body, "\"second\""));
  EXPECT_EQ(rig.upstream.calls.size(), 4U);
  check(rig, {.tokens = 32, .earlier = {"caller_invalid_request", "caller_invalid_request", "ok"}});
}

TEST(Choices, MalformedOutputOfOneIsAskedForAgainAlone) {
  ChatRig rig({.max_choices = 2});
  Client client(rig.http);
  client.send(chat_request(Mode::whole, "gpt-4o-mini", kTwo));
  (void)rig.call(1);
  answer(rig.call(0), converse_answer("first", 7));
  std::string malformed = converse_answer("x", 1);
  malformed.replace(malformed.find("end_turn"), 8, "malformed_model_output");
  answer(rig.call(1), malformed);
  answer(rig.call(2), converse_answer("second", 5));
  const Answer answered = client.read("POST");
  EXPECT_EQ(answered.status, 200);
  EXPECT_TRUE(holds(answered.body, "\"first\"") && holds(answered.body, "\"second\""));
  EXPECT_EQ(rig.upstream.calls.size(), 3U);
  check(rig, {.tokens = 30 + 7 + 1 + 5, .earlier = {"ok", "provider_malformed_output"}});
}

TEST(Choices, AClientThatLeavesCancelsAllOfThem) {
  for (const Mode mode : {Mode::whole, Mode::stream}) {
    ChatRig rig({.max_choices = 2});
    Client client(rig.http);
    client.send(chat_request(mode, "gpt-4o-mini", kTwo));
    (void)rig.call(1);
    rig.call(0).head(200);
    client.reset();
    check(rig, {.outcome = "caller_cancelled",
                .status = 499,
                .usage_missing = "cancelled",
                .attempt = "caller_cancelled",
                .earlier = {"caller_cancelled"}});
  }
}

TEST(Choices, ASlowClientPausesAllOfThem) {
  ChatRig rig({.max_choices = 2});
  Client client(rig.http, 4096);
  client.send(chat_request(Mode::stream, "gpt-4o-mini", kTwo));
  (void)rig.call(1);
  rig.call(0).head(200);
  rig.call(0).send(start_frame());
  fill(rig);
  EXPECT_TRUE(rig.call(1).paused);
  ASSERT_TRUE(rig.http.until([&] {
    client.receive();
    return !rig.call(0).paused && !rig.call(1).paused;
  }));
  rig.call(1).head(200);
  rig.call(1).send(stream_of("b"));
  rig.call(0).send(stop_frame() + metadata_frame());
  rig.call(0).end();
  rig.call(1).end();
  EXPECT_EQ(events_in(client.read("POST").body).back(), "[DONE]");
}

TEST(Choices, MoreThanAllowedAreRefused) {
  ChatRig rig({.max_choices = 2});
  Client client(rig.http);
  client.send(chat_request(Mode::whole, "gpt-4o-mini", R"(,"n":3)"));
  const Answer answered = client.read("POST");
  EXPECT_EQ(answered.status, 400);
  EXPECT_TRUE(holds(answered.body, R"("param":"n")")) << answered.body;
  EXPECT_TRUE(rig.upstream.calls.empty());
}

// Servers that speak OpenAI's own language make the choices themselves.
TEST(Choices, OfAPassthroughProviderTakeOneCall) {
  ChatRig rig;
  Client client(rig.http);
  client.send(chat_request(Mode::whole, "local", kTwo));
  EXPECT_TRUE(holds(rig.call().body, R"("n":2)"));
  rig.call().head(200);
  rig.call().send(
      R"({"id":"c","object":"chat.completion","created":1,"model":"local-7b","choices":)"
      R"([{"index":0,"message":{"role":"assistant","content":"a"},"finish_reason":"stop"},)"
      R"({"index":1,"message":{"role":"assistant","content":"b"},"finish_reason":"stop"}],)"
      R"("usage":{"prompt_tokens":11,"completion_tokens":7,"total_tokens":18}})");
  rig.call().end();
  const Answer answered = client.read("POST");
  EXPECT_TRUE(holds(answered.body, R"("index":1)"));
  EXPECT_EQ(rig.upstream.calls.size(), 1U);
  check(rig, {.tokens = 18});
}

}  // namespace
}  // namespace oriel::gateway
