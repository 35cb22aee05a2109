// Clients that are slow, that leave, and a worker that stops: whoever ends an exchange, its
// upstream call is gone in the same turn and it is recorded once.
#include "tests/gateway/exchange/rig.h"

namespace oriel::gateway {
namespace {

using http::Client;

const Expected kCancelled{
    .outcome = "caller_cancelled", .status = 499, .attempt = "caller_cancelled"};

std::size_t buffered(const ChatRig& rig) { return rig.http.server->counters().buffered_bytes; }

TEST(SlowClient, PausesUpstreamUntilHalfIsTaken) {
  ChatRig rig;
  Client client(rig.http, 4096);
  client.send(chat_request(Mode::stream));
  rig.call().head(200);
  rig.call().send(start_frame());
  const std::string text(16 * 1024, 'x');
  const int sent = fill(rig, text_frame(text));
  EXPECT_GT(buffered(rig), rig.http.limits.write_high_watermark);
  EXPECT_LT(buffered(rig), rig.http.limits.write_high_watermark + 64 * 1024);
  rig.clock.advance(std::chrono::milliseconds(7));
  ASSERT_TRUE(rig.http.until([&] {
    client.receive();
    if (rig.call().paused) return false;
    EXPECT_LE(buffered(rig), rig.http.limits.write_high_watermark / 2);
    return true;
  }));
  EXPECT_EQ(rig.call().pauses, 1);
  rig.call().send(stop_frame() + metadata_frame());
  rig.call().end();
  const auto events = events_in(client.read("POST").body);
  EXPECT_EQ(events.size(), static_cast<std::size_t>(sent) + 3);
  EXPECT_EQ(events.back(), "[DONE]");
  check(rig, {.stream_end = "complete", .chunks = sent + 2.0, .tokens = 18});
  EXPECT_GE(Samples(rig.registry).sum("oriel_client_backpressure_seconds_total"), 0.007);
}

// What waits for the client is no overhead of ours.
TEST(SlowClient, StalledIsClosedAndItsUpstreamCancelled) {
  ChatRig rig;
  Client client(rig.http, 4096);
  client.send(chat_request(Mode::stream));
  rig.call().head(200);
  rig.call().send(start_frame());
  const int sent = fill(rig, text_frame(std::string(16 * 1024, 'x')));
  rig.clock.advance(std::chrono::seconds(3));
  check(rig, {.outcome = "caller_too_slow",
              .status = 408,
              .stream_end = "slow_client",
              .chunks = sent + 1.0,
              .usage_missing = "cancelled",
              .attempt = "caller_too_slow"});
  EXPECT_LT(Line(rig.lines[0]).number("overhead_us"), 1e6);
  EXPECT_GE(Samples(rig.registry).sum("oriel_client_backpressure_seconds_total"), 3);
}

// An answer that was made but never taken was not served.
TEST(SlowClient, StalledOnAWholeAnswerIsNotOk) {
  ChatRig rig({.max_reply = 64 * 1024 * 1024});
  Client client(rig.http, 4096);
  client.send(chat_request(Mode::whole));
  std::string answer = kConverseAnswer;
  answer.replace(answer.find("Hello."), 6, std::string(16 * 1024 * 1024, 'x'));
  rig.call().head(200);
  rig.call().send(answer);
  rig.call().end();
  rig.http.pump();
  rig.clock.advance(std::chrono::seconds(3));
  check(rig, {.outcome = "caller_too_slow", .status = 408, .tokens = 18});
}

// While the client keeps upstream paused, its usage cannot come: no reason to give it up.
TEST(SlowClient, PatienceForUsageRestsWhileUpstreamIsPaused) {
  ChatRig rig({.usage_patience = std::chrono::milliseconds(10)});
  Client client(rig.http, 4096);
  client.send(chat_request(Mode::stream));
  rig.call().head(200);
  rig.call().send(start_frame());
  const std::string text = text_frame(std::string(16 * 1024, 'x'));
  int sent = 0;
  // The frame that fills the buffer comes with the end of the content.
  for (; buffered(rig) < rig.http.limits.write_high_watermark - 32 * 1024; ++sent) {
    rig.call().send(text);
    rig.http.pump();
  }
  std::string last = text + text + text;
  rig.call().send(last + stop_frame());
  ASSERT_TRUE(rig.call().paused);
  const auto waited = std::chrono::steady_clock::now() + std::chrono::milliseconds(50);
  rig.http.until([&] { return std::chrono::steady_clock::now() > waited; });
  ASSERT_TRUE(rig.http.until([&] {
    client.receive();
    return !rig.call().paused;
  }));
  rig.call().send(metadata_frame());
  rig.call().end();
  EXPECT_EQ(events_in(client.read("POST").body).back(), "[DONE]");
  check(rig, {.stream_end = "complete", .chunks = sent + 5.0, .tokens = 18});
}

struct Leaving {
  std::string name;
  Mode mode;
  std::function<void(FakeCall&)> until;  // what upstream has done by then
  Expected expected;
};

std::vector<Leaving> leavings() {
  Expected asked = kCancelled;
  asked.usage_missing = "cancelled";
  Expected begun = asked;
  begun.stream_end = "client_abort";
  begun.chunks = 2;
  const auto nothing = [](FakeCall&) {};
  const auto head = [](FakeCall& call) { call.head(200); };
  return {
      {"before the head", Mode::whole, nothing, asked},
      {"stream: before the head", Mode::stream, nothing, asked},
      {"in the answer", Mode::whole,
       [](FakeCall& call) {
         call.head(200);
         call.send("{");
       },
       asked},
      {"in an error", Mode::whole, [](FakeCall& call) { call.head(429); }, kCancelled},
      {"stream: before the first frame", Mode::stream, head, asked},
      {"stream: in the middle", Mode::stream,
       [](FakeCall& call) {
         call.head(200);
         call.send(start_frame() + text_frame("a"));
       },
       begun},
      {"stream: before its usage", Mode::stream,
       [](FakeCall& call) {
         call.head(200);
         call.send(start_frame() + text_frame("a") + stop_frame());
       },
       begun},
  };
}

TEST(ClientLeaves, InEveryState) {
  enum class How { close, reset };
  for (const Leaving& row : leavings()) {
    for (const How how : {How::close, How::reset}) {
      SCOPED_TRACE(row.name);
      ChatRig rig;
      Client client(rig.http);
      client.send(chat_request(row.mode));
      row.until(rig.call());
      rig.http.pump();
      how == How::close ? client.close() : client.reset();
      ASSERT_TRUE(rig.http.until([&] { return !rig.lines.empty(); }));
      EXPECT_TRUE(rig.call().destroyed);  // by the turn that noticed it
      check(rig, row.expected);
    }
  }
}

TEST(ClientLeaves, WhilePaused) {
  ChatRig rig;
  Client client(rig.http, 4096);
  client.send(chat_request(Mode::stream));
  rig.call().head(200);
  rig.call().send(start_frame());
  const int sent = fill(rig, text_frame(std::string(16 * 1024, 'x')));
  client.reset();
  Expected expected = kCancelled;
  expected.stream_end = "client_abort";
  expected.chunks = sent + 1.0;
  expected.usage_missing = "cancelled";
  check(rig, expected);
}

TEST(ClientLeaves, WhileTheBodyIsHashed) {
  ChatRig rig;
  Client client(rig.http);
  const std::string text(8 * 1024 * 1024, 'a');
  const std::string body =
      R"({"model":"gpt-4o","messages":[{"role":"user","content":")" + text + R"("}]})";
  ASSERT_TRUE(
      client.send(http::post("/v1/chat/completions", body, "x-request-id: the-request\r\n")));
  ASSERT_TRUE(rig.http.until([&] { return rig.table.size() == 1; }));
  client.reset();
  check(rig, {.outcome = "caller_cancelled", .status = 499, .attempt = ""});
  EXPECT_TRUE(rig.upstream.calls.empty());
}

// The answer is complete, but the client did not get it.
TEST(ClientLeaves, BeforeACompleteAnswerHasLeft) {
  ChatRig rig;
  Client client(rig.http, 4096);
  client.send(chat_request(Mode::stream));
  rig.call().head(200);
  rig.call().send(start_frame());
  const int sent = fill(rig, text_frame(std::string(16 * 1024, 'x')));
  rig.call().send(stop_frame() + metadata_frame());
  client.reset();
  check(rig, {.outcome = "caller_cancelled",
              .status = 499,
              .stream_end = "client_abort",
              .chunks = sent + 2.0,
              .tokens = 18});
}

TEST(ClientLeaves, AfterDoneItIsComplete) {
  ChatRig rig;
  Client client(rig.http);
  client.send(chat_request(Mode::stream));
  rig.call().head(200);
  rig.call().send(start_frame() + text_frame("a") + stop_frame() + metadata_frame());
  ASSERT_TRUE(rig.http.until([&] {
    client.receive();
    return holds(client.input(), "[DONE]");
  }));
  client.close();
  rig.call().end();
  check(rig, {.stream_end = "complete", .chunks = 3, .tokens = 18});
}

// The worker stops at the drain's deadline or at a second signal.
TEST(WorkerStops, WhatIsInFlightIsRecordedAsDrained) {
  struct Case {
    std::string name;
    std::function<void(FakeCall&)> until;
    Expected expected;
  };
  Expected cut{.outcome = "gateway_draining", .status = 503, .attempt = "gateway_draining"};
  cut.usage_missing = "failed";
  Expected begun = cut;
  begun.stream_end = "drain";
  begun.chunks = 2;
  const Case cases[] = {
      {"before the head", [](FakeCall&) {}, cut},
      {"in the middle",
       [](FakeCall& call) {
         call.head(200);
         call.send(start_frame() + text_frame("a"));
       },
       begun},
  };
  for (const Case& row : cases) {
    SCOPED_TRACE(row.name);
    ChatRig rig;
    Client client(rig.http);
    client.send(chat_request(Mode::stream));
    row.until(rig.call());
    rig.http.pump();
    rig.table.clear();
    check(rig, row.expected);
    EXPECT_EQ(Line(rig.lines[0]).number("bytes_out") > 0, row.expected.chunks > 0);
    rig.http.server.reset();  // as the worker does next; nobody is told
    EXPECT_EQ(rig.lines.size(), 1U);
    // The client hears why: in the stream where that has begun, else as an answer.
    const std::string bytes = client.read_to_end();
    const bool streamed = row.expected.chunks > 0;
    EXPECT_EQ(bytes.compare(0, 12, streamed ? "HTTP/1.1 200" : "HTTP/1.1 503"), 0) << bytes;
    EXPECT_TRUE(holds(bytes, R"("code":"overloaded")")) << bytes;
    EXPECT_FALSE(holds(bytes, "[DONE]"));
    EXPECT_FALSE(holds(bytes, "\r\n0\r\n\r\n"));
  }
}

TEST(WorkerStops, AServedExchangeIsNotRecordedAgain) {
  ChatRig rig;
  Client client(rig.http);
  client.send(chat_request(Mode::stream));
  rig.call().head(200);
  rig.call().send(start_frame() + text_frame("a") + stop_frame() + metadata_frame());
  EXPECT_TRUE(client.read("POST").complete);
  EXPECT_EQ(rig.lines.size(), 1U);
  EXPECT_FALSE(rig.call().destroyed);
  rig.table.clear();
  check(rig, {.stream_end = "complete", .chunks = 3, .tokens = 18});
}

}  // namespace
}  // namespace oriel::gateway
