// Clients that leave while `chat.on_disconnect` is drain: upstream is read on, within bounds, so
// that what was paid for is counted.
#include "tests/gateway/exchange/rig.h"

namespace oriel::gateway {
namespace {

using http::Client;

constexpr ChatConfig kDrain{.on_disconnect = OnDisconnect::drain};

Expected drained(double chunks) {
  return {.outcome = "caller_cancelled",
          .status = 499,
          .stream_end = chunks > 0 ? "client_abort" : "",
          .chunks = chunks,
          .tokens = 18};
}
Expected lost(Expected expected) {
  expected.tokens = 0;
  expected.usage_missing = "cancelled";
  expected.attempt = "caller_cancelled";
  return expected;
}

// Lets the client leave, and waits until the exchange knows.
void leave(ChatRig& rig, Client& client) {
  client.reset();
  ASSERT_TRUE(rig.http.until([&] { return rig.chat.in_flight == 0; }));
}

struct Phase {
  std::string name;
  Mode mode;
  std::function<void(FakeCall&)> before;  // its client leaves
  std::function<void(FakeCall&)> after;
  double chunks;
};

std::vector<Phase> phases() {
  const auto whole = [](FakeCall& call) {
    call.send(kConverseAnswer);
    call.end();
  };
  const auto rest = [](FakeCall& call) {
    call.send(text_frame("b") + stop_frame() + metadata_frame());
  };
  return {
      {"before the head", Mode::whole, [](FakeCall&) {},
       [whole](FakeCall& call) {
         call.head(200);
         whole(call);
       },
       0},
      {"in the answer", Mode::whole, [](FakeCall& call) { call.head(200); }, whole, 0},
      {"stream: before the head", Mode::stream, [](FakeCall&) {},
       [rest](FakeCall& call) {
         call.head(200);
         call.send(start_frame());
         rest(call);
       },
       0},
      {"stream: in the middle", Mode::stream,
       [](FakeCall& call) {
         call.head(200);
         call.send(start_frame() + text_frame("a"));
       },
       rest, 2},
      {"stream: before its usage", Mode::stream,
       [](FakeCall& call) {
         call.head(200);
         call.send(start_frame() + text_frame("a") + stop_frame());
       },
       [](FakeCall& call) { call.send(metadata_frame()); }, 2},
  };
}

TEST(Drain, CountsWhatWasPaidForInEveryState) {
  for (const Phase& row : phases()) {
    SCOPED_TRACE(row.name);
    ChatRig rig({.chat = kDrain});
    Client client(rig.http);
    client.send(chat_request(row.mode));
    row.before(rig.call());
    rig.http.pump();
    leave(rig, client);
    EXPECT_FALSE(rig.call().destroyed);
    EXPECT_EQ(rig.chat.draining, 1U);
    EXPECT_TRUE(rig.lines.empty());
    rig.clock.advance(std::chrono::seconds(30));  // no time of the client's
    row.after(rig.call());
    EXPECT_EQ(rig.chat.draining, 0U);
    check(rig, drained(row.chunks));
    EXPECT_LT(Line(rig.lines[0]).number("duration_ms"), 10'000);
  }
}

TEST(Drain, APausedStreamGoesOn) {
  ChatRig rig({.chat = kDrain});
  Client client(rig.http, 4096);
  client.send(chat_request(Mode::stream));
  rig.call().head(200);
  rig.call().send(start_frame());
  const double sent = 1 + fill(rig);
  leave(rig, client);
  EXPECT_FALSE(rig.call().paused);
  rig.call().send(stop_frame() + metadata_frame());
  check(rig, drained(sent));
}

TEST(Drain, EndsAtItsBounds) {
  enum class Bound { bytes, time, count };
  for (const Bound bound : {Bound::bytes, Bound::time, Bound::count}) {
    ChatConfig config = kDrain;
    if (bound == Bound::bytes) config.drain_bytes = 1000;
    if (bound == Bound::time) config.drain_timeout = std::chrono::milliseconds(2);
    if (bound == Bound::count) config.max_draining = 0;
    ChatRig rig({.chat = config});
    Client client(rig.http);
    client.send(chat_request(Mode::stream));
    rig.call().head(200);
    rig.call().send(start_frame() + text_frame("a"));
    rig.http.pump();
    client.reset();
    ASSERT_TRUE(rig.http.until([&] { return rig.chat.in_flight == 0; }));
    EXPECT_EQ(rig.call().destroyed, bound == Bound::count);
    if (bound == Bound::bytes) {
      rig.call().send(text_frame("b"));
      EXPECT_FALSE(rig.call().destroyed);
      rig.call().send(text_frame(std::string(1000, 'b')));
      EXPECT_TRUE(rig.call().destroyed);
    }
    check(rig, lost(drained(2)));
    EXPECT_EQ(rig.chat.draining, 0U);
  }
}

TEST(Drain, WhatBreaksMeanwhileIsUpstreamsFaultButTheClientsEnd) {
  for (const bool refused : {true, false}) {
    ChatRig rig({.chat = kDrain});
    Client client(rig.http);
    client.send(chat_request(Mode::whole));
    (void)rig.call();
    leave(rig, client);
    if (refused) {
      rig.call().head(429, {{"x-amzn-ErrorType", "ThrottlingException"}});
      rig.call().end();
    } else {
      rig.call().end(TransferFault::reset);
    }
    check(rig, {.outcome = "caller_cancelled",
                .status = 499,
                .usage_missing = "cancelled",
                .attempt = refused ? "provider_throttled" : "provider_unreachable"});
  }
}

TEST(Drain, AWorkerThatStopsDoesNotWait) {
  ChatRig rig({.chat = kDrain});
  Client client(rig.http);
  client.send(chat_request(Mode::stream));
  rig.call().head(200);
  rig.call().send(start_frame() + text_frame("a"));
  rig.http.pump();
  leave(rig, client);
  rig.table.clear();
  check(rig, lost(drained(2)));
  EXPECT_EQ(rig.chat.draining, 0U);
}

TEST(Drain, AnAnswerThatIsCompleteNeedsNone) {
  ChatRig rig({.chat = kDrain});
  Client client(rig.http, 4096);
  client.send(chat_request(Mode::stream));
  rig.call().head(200);
  rig.call().send(start_frame());
  const double sent = 1 + fill(rig);
  rig.call().send(stop_frame() + metadata_frame());
  client.reset();
  check(rig, drained(sent + 1));
  EXPECT_EQ(rig.chat.draining, 0U);
}

TEST(Drain, AllChoicesAreCounted) {
  ChatRig rig({.chat = kDrain, .max_choices = 2});
  Client client(rig.http);
  client.send(chat_request(Mode::whole, "gpt-4o-mini", R"(,"n":2)"));
  (void)rig.call(1);
  leave(rig, client);
  for (const std::size_t i : {0U, 1U}) {
    EXPECT_EQ(rig.chat.draining, 1U);
    rig.call(i).head(200);
    rig.call(i).send(kConverseAnswer);
    rig.call(i).end();
  }
  Expected expected = drained(0);
  expected.tokens = 36;
  expected.earlier = {"ok"};
  check(rig, expected);
}

}  // namespace
}  // namespace oriel::gateway
