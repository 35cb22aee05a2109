// What a client hears while nothing comes: keep-alive comments, early streams; and streams made of
// whole answers.
#include "tests/gateway/exchange/rig.h"

namespace oriel::gateway {
namespace {

using http::Answer;
using http::Client;

constexpr std::chrono::milliseconds kSoon{2};

std::size_t pings_in(const std::string& bytes) {
  std::size_t count = 0;
  for (std::size_t at = bytes.find(": ping\n\n"); at != std::string::npos;
       at = bytes.find(": ping\n\n", at + 1)) {
    ++count;
  }
  return count;
}

// Reads while time passes.
bool heard(ChatRig& rig, Client& client, const std::string& part) {
  return rig.http.until([&] {
    rig.clock.advance(kSoon);
    client.receive();
    return holds(client.input(), part);
  });
}

TEST(KeepAlive, IsSentWhileAStreamIsSilent) {
  ChatRig rig({.chat = {.keep_alive = kSoon}});
  Client client(rig.http);
  client.send(chat_request(Mode::stream));
  rig.call().head(200);
  rig.call().send(start_frame() + text_frame("a"));
  ASSERT_TRUE(heard(rig, client, ": ping"));
  rig.call().send(text_frame("b"));
  ASSERT_TRUE(rig.http.until([&] {
    rig.clock.advance(kSoon);
    client.receive();
    return pings_in(client.input()) >= 4;
  }));
  rig.call().send(stop_frame() + metadata_frame());
  rig.call().end();
  const Answer answered = client.read("POST");
  EXPECT_EQ(events_in(answered.body).size(), 5U);
  check(rig, {.stream_end = "complete", .chunks = 4, .tokens = 18});
}

TEST(KeepAlive, IsNotSentBeforeTheStreamBeganNorWhereItIsOff) {
  for (const auto keep_alive : {kSoon, std::chrono::milliseconds(0)}) {
    ChatRig rig({.chat = {.keep_alive = keep_alive}});
    Client client(rig.http);
    client.send(chat_request(Mode::stream));
    rig.call().head(200);
    if (keep_alive.count() == 0) rig.call().send(start_frame());
    const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(20);
    rig.http.until([&] {
      rig.clock.advance(kSoon);
      client.receive();
      return std::chrono::steady_clock::now() > end;
    });
    EXPECT_EQ(pings_in(client.input()), 0U);
    rig.call().send(text_frame("a") + stop_frame() + metadata_frame());
    rig.call().end();
    EXPECT_EQ(events_in(client.read("POST").body).back(), "[DONE]");
  }
}

// Output that flows is proof of life enough.
TEST(KeepAlive, RestsWhileChunksCome) {
  ChatRig rig({.chat = {.keep_alive = std::chrono::milliseconds(5)}});
  Client client(rig.http);
  client.send(chat_request(Mode::stream));
  rig.call().head(200);
  rig.call().send(start_frame());
  const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(30);
  rig.http.until([&] {
    rig.clock.advance(std::chrono::milliseconds(4));
    rig.call().send(text_frame("a"));
    return std::chrono::steady_clock::now() > end;
  });
  rig.call().send(stop_frame() + metadata_frame());
  rig.call().end();
  EXPECT_EQ(pings_in(client.read("POST").body), 0U);
}

TEST(EarlyCommit, BeginsTheStreamBeforeUpstreamAnswers) {
  ChatRig rig({.chat = {.keep_alive = kSoon, .early_commit = kSoon}});
  Client client(rig.http);
  client.send(chat_request(Mode::stream));
  (void)rig.call();
  ASSERT_TRUE(heard(rig, client, ": ping"));
  EXPECT_EQ(client.input().compare(0, 12, "HTTP/1.1 200"), 0);
  rig.call().head(200);
  rig.call().send(start_frame() + text_frame("a") + stop_frame() + metadata_frame());
  rig.call().end();
  const Answer answered = client.read("POST");
  EXPECT_EQ(answered.field("content-type"), "text/event-stream; charset=utf-8");
  EXPECT_EQ(events_in(answered.body).size(), 4U);
  check(rig, {.stream_end = "complete", .chunks = 3, .tokens = 18});
}

TEST(EarlyCommit, ErrorsAreThenEvents) {
  ChatRig rig({.chat = {.early_commit = kSoon}});
  Client client(rig.http);
  client.send(chat_request(Mode::stream));
  (void)rig.call();
  ASSERT_TRUE(heard(rig, client, "HTTP/1.1 200"));
  rig.call().head(429, {{"x-amzn-ErrorType", "ThrottlingException"}});
  rig.call().end();
  const std::string bytes = client.read_to_end();
  EXPECT_TRUE(holds(bytes, R"("code":"rate_limit_exceeded")"));
  EXPECT_FALSE(holds(bytes, "[DONE]"));
  check(rig, {.outcome = "provider_throttled",
              .status = 429,
              .stream_end = "upstream_error",
              .usage_missing = "failed",
              .attempt = "provider_throttled"});
}

// A comment is no chunk: the request may still be asked again.
TEST(EarlyCommit, LessonsAreStillLearned) {
  ChatRig rig({.chat = {.early_commit = kSoon}});
  Client client(rig.http);
  client.send(chat_request(Mode::stream, "gpt-4o-mini", R"(,"temperature":0.5)"));
  (void)rig.call();
  ASSERT_TRUE(heard(rig, client, "HTTP/1.1 200"));
  rig.call().head(400, {{"x-amzn-ErrorType", "ValidationException"}});
  rig.call().send(R"({"message":"`temperature` is deprecated for this model."})");
  rig.call().end();
  rig.call(1).head(200);
  rig.call(1).send(start_frame() + text_frame("a") + stop_frame() + metadata_frame());
  rig.call(1).end();
  EXPECT_EQ(events_in(client.read("POST").body).back(), "[DONE]");
  check(
      rig,
      {.stream_end = "complete", .chunks = 3, .tokens = 18, .earlier = {"caller_invalid_request"}});
}

TEST(EarlyCommit, WholeAnswersAreWaitedFor) {
  ChatRig rig({.chat = {.early_commit = kSoon}});
  Client client(rig.http);
  client.send(chat_request(Mode::whole));
  rig.call().head(200);
  const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(20);
  rig.http.until([&] { return std::chrono::steady_clock::now() > end; });
  client.receive();
  EXPECT_EQ(client.input(), "");
  rig.call().send(kConverseAnswer);
  rig.call().end();
  EXPECT_EQ(client.read("POST").field("content-type"), "application/json");
}

// ------------------------------------------------------------------ streams made of whole answers

const std::string kLlama = "us.meta.llama3-3-70b-instruct-v1:0";
const std::string kTools =
    R"(,"tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object"}}}])";

TEST(SyntheticStream, IsMadeWhereToolsDoNotStream) {
  ChatRig rig;
  Client client(rig.http);
  client.send(
      chat_request(Mode::stream, kLlama, kTools + R"(,"stream_options":{"include_usage":true})"));
  EXPECT_FALSE(holds(rig.call().request.url, "converse-stream"));
  rig.call().head(200);
  rig.call().send(
      R"({"output":{"message":{"role":"assistant","content":[{"text":"Hello."},{"toolUse":)"
      R"({"toolUseId":"t1","name":"f","input":{"a":1}}}]}},"stopReason":"tool_use",)"
      R"("usage":{"inputTokens":11,"outputTokens":7,"totalTokens":18},"metrics":{"latencyMs":321}})");
  rig.call().end();
  const Answer answered = client.read("POST");
  EXPECT_EQ(answered.status, 200);
  EXPECT_EQ(answered.field("x-oriel-stream"), "synthetic");
  EXPECT_EQ(answered.field("x-oriel-upstream-latency-ms"), "321");
  const auto events = events_in(answered.body);
  ASSERT_GE(events.size(), 6U);
  EXPECT_TRUE(holds(events[0], R"("role":"assistant")"));
  EXPECT_TRUE(holds(events[1], R"("content":"Hello.")"));
  EXPECT_TRUE(holds(answered.body, R"("arguments":"{\"a\":1}")"));
  EXPECT_TRUE(holds(events[events.size() - 3], R"("finish_reason":"tool_calls")"));
  EXPECT_TRUE(holds(events[events.size() - 2], R"("prompt_tokens":11)"));
  EXPECT_EQ(events.back(), "[DONE]");
  check(rig,
        {.stream_end = "complete", .chunks = static_cast<double>(events.size()) - 1, .tokens = 18});
}

TEST(SyntheticStream, ErrorsAreHttpErrors) {
  ChatRig rig;
  Client client(rig.http);
  client.send(chat_request(Mode::stream, kLlama, kTools));
  rig.call().head(200);
  rig.call().send("{");
  rig.call().end();
  EXPECT_EQ(client.read("POST").status, 502);
  check(rig, {.outcome = "provider_malformed_output",
              .status = 502,
              .attempt = "provider_malformed_output"});
}

TEST(SyntheticStream, OfSeveralChoices) {
  ChatRig rig({.max_choices = 2});
  Client client(rig.http);
  client.send(chat_request(Mode::stream, kLlama, kTools + R"(,"n":2)"));
  (void)rig.call(1);
  for (const std::size_t i : {1U, 0U}) {
    rig.call(i).head(200);
    rig.call(i).send(kConverseAnswer);
    rig.call(i).end();
  }
  const auto events = events_in(client.read("POST").body);
  EXPECT_EQ(events.size(), 7U);
  EXPECT_TRUE(holds(events[0], R"("index":1)"));
  EXPECT_TRUE(holds(events[3], R"("index":0)"));
  EXPECT_EQ(events.back(), "[DONE]");
  check(rig, {.stream_end = "complete", .chunks = 6, .tokens = 36, .earlier = {"ok"}});
}

}  // namespace
}  // namespace oriel::gateway
