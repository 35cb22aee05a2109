// How fast a stream came, as the metrics tell it: gaps, silences, and what is no pace of
// upstream's.
#include "tests/gateway/exchange/rig.h"

namespace oriel::gateway {
namespace {

using http::Client;
using std::chrono::seconds;

constexpr double kHour = 3600;
constexpr double kMoment = 0.5;  // seconds: the manual clock's own steps stay below

struct Paces {
  explicit Paces(ChatRig& rig) : samples(rig.registry) {}
  double count(const std::string& family) const { return samples.sum(family + "_count"); }
  double sum(const std::string& family) const { return samples.sum(family + "_sum"); }
  Samples samples;
};
const std::string kStall = "oriel_stream_max_stall_seconds";
const std::string kGap = "oriel_inter_token_seconds";
const std::string kPerToken = "oriel_time_per_output_token_seconds";
const std::string kFirst = "oriel_time_to_first_token_seconds";

void expect_stall(ChatRig& rig, double least) {
  const Paces paces(rig);
  EXPECT_EQ(paces.count(kStall), 1);
  EXPECT_GE(paces.sum(kStall), least);
  EXPECT_LT(paces.sum(kStall), least + kMoment);
  EXPECT_NEAR(Line(rig.lines.at(0)).number("max_stall_ms") / 1000, paces.sum(kStall), 1e-6);
}

// However much time passes, no client is cut for not reading.
RigOptions patient(RigOptions options) {
  options.change = [](http::ServerOptions& made) {
    made.limits.write_stall_timeout = std::chrono::hours(24);
  };
  return options;
}

// A stream has begun, and one token came.
class Pace : public testing::Test {
 public:
  explicit Pace(const RigOptions& options = {}) : rig(patient(options)), client(rig.http, 4096) {}
  void ask(const std::string& model = "gpt-4o-mini", const std::string& more = "") {
    client.send(chat_request(Mode::stream, model, more));
    rig.call().head(200);
  }
  void begin() {
    ask();
    rig.call().send(start_frame() + text_frame("a"));
    rig.http.pump();
  }
  ChatRig rig;
  Client client;
};

TEST_F(Pace, GapsAndTimePerToken) {
  begin();
  for (int i = 0; i < 3; ++i) {
    rig.clock.advance(seconds(2));
    rig.call().send(text_frame("b"));
  }
  rig.call().send(stop_frame() + metadata_frame());
  rig.call().end();
  check(rig, {.stream_end = "complete", .chunks = 6, .tokens = 18});
  const Paces paces(rig);
  EXPECT_EQ(paces.count(kGap), 3);
  EXPECT_NEAR(paces.sum(kGap), 6, kMoment);
  EXPECT_EQ(paces.count(kPerToken), 1);
  EXPECT_NEAR(paces.sum(kPerToken), 1, kMoment);  // seven tokens, six gaps
  expect_stall(rig, 2);
}

TEST_F(Pace, TheSilenceInWhichAStreamBreaksIsAStall) {
  begin();
  rig.clock.advance(seconds(60));
  rig.call().end(TransferFault::idle_timeout);
  check(rig, {.outcome = "provider_timeout",
              .status = 504,
              .stream_end = "idle_timeout",
              .chunks = 2,
              .usage_missing = "failed",
              .attempt = "provider_timeout"});
  expect_stall(rig, 60);
  EXPECT_EQ(Paces(rig).count(kGap), 0);
}

TEST_F(Pace, TheSilenceThatAClientLeavesIsAStall) {
  begin();
  rig.clock.advance(seconds(5));
  client.reset();
  check(rig, {.outcome = "caller_cancelled",
              .status = 499,
              .stream_end = "client_abort",
              .chunks = 2,
              .usage_missing = "cancelled",
              .attempt = "caller_cancelled"});
  expect_stall(rig, 5);
}

TEST_F(Pace, ASilenceBeforeTheFirstTokenOfABegunStreamIsAStall) {
  ask();
  rig.call().send(start_frame());
  rig.http.pump();
  rig.clock.advance(seconds(3));
  rig.call().send(text_frame("a") + stop_frame() + metadata_frame());
  rig.call().end();
  check(rig, {.stream_end = "complete", .chunks = 3, .tokens = 18});
  expect_stall(rig, 3);
}

TEST_F(Pace, WaitingForUsageIsNoStall) {
  begin();
  rig.call().send(stop_frame());
  rig.clock.advance(seconds(9));
  rig.call().send(metadata_frame());
  rig.call().end();
  check(rig, {.stream_end = "complete", .chunks = 3, .tokens = 18});
  expect_stall(rig, 0);
}

TEST_F(Pace, NorWhereUsageNeverComes) {
  begin();
  rig.call().send(stop_frame());
  rig.clock.advance(seconds(9));
  rig.call().end(TransferFault::reset);
  check(rig, {.outcome = "provider_unreachable",
              .status = 502,
              .stream_end = "truncated",
              .chunks = 2,
              .usage_missing = "failed",
              .attempt = "provider_unreachable"});
  expect_stall(rig, 0);
}

TEST_F(Pace, OneTokenHasNoPace) {
  begin();
  rig.call().send(stop_frame() + metadata_frame());
  rig.call().end();
  check(rig, {.stream_end = "complete", .chunks = 3, .tokens = 18});
  EXPECT_EQ(Paces(rig).count(kPerToken), 0);
  EXPECT_EQ(Paces(rig).count(kFirst), 1);
}

TEST_F(Pace, WhatTheClientHoldsUpIsNotUpstreamsPace) {
  ask();
  rig.call().send(start_frame());
  const double sent = 1 + fill(rig);
  rig.clock.advance(seconds(3600));
  ASSERT_TRUE(rig.http.until([&] {
    client.receive();
    return !rig.call().paused;
  }));
  rig.call().send(text_frame("late") + stop_frame() + metadata_frame());
  rig.call().end();
  (void)client.read("POST");
  check(rig, {.stream_end = "complete", .chunks = sent + 2, .tokens = 18});
  expect_stall(rig, 0);
  const Paces paces(rig);
  EXPECT_LT(paces.sum(kGap), kMoment);
  EXPECT_LT(paces.sum(kPerToken), kMoment);
  EXPECT_GE(paces.samples.sum("oriel_client_backpressure_seconds_total"), kHour);
}

TEST_F(Pace, AWholeAnswerHasNone) {
  ask("us.meta.llama3-3-70b-instruct-v1:0",
      R"(,"tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object"}}}])");
  rig.call().send(
      R"({"output":{"message":{"role":"assistant","content":[{"text":"Hello."},{"toolUse":)"
      R"({"toolUseId":"t1","name":"f","input":{"a":1}}}]}},"stopReason":"tool_use",)"
      R"("usage":{"inputTokens":11,"outputTokens":7,"totalTokens":18}})");
  rig.call().end();
  (void)client.read("POST");
  ASSERT_TRUE(rig.http.until([&] { return rig.table.size() == 0; }));
  const Paces paces(rig);
  EXPECT_EQ(paces.count(kFirst), 1);
  EXPECT_EQ(paces.count(kGap), 0);
  EXPECT_EQ(paces.count(kPerToken), 0);
}

class PaceOfSeveral : public Pace {
 public:
  PaceOfSeveral() : Pace({.max_choices = 2}) {}
};
TEST_F(PaceOfSeveral, ChoicesHaveNoTimePerTokenTogether) {
  client.send(chat_request(Mode::stream, "gpt-4o-mini", R"(,"n":2)"));
  for (const std::size_t i : {0U, 1U}) {
    rig.call(i).head(200);
    rig.call(i).send(start_frame() + text_frame("a") + text_frame("b") + stop_frame() +
                     metadata_frame());
    rig.call(i).end();
  }
  (void)client.read("POST");
  ASSERT_TRUE(rig.http.until([&] { return rig.table.size() == 0; }));
  EXPECT_EQ(Paces(rig).count(kPerToken), 0);
  EXPECT_GT(Paces(rig).count(kGap), 0);
}

class PaceOfDrained : public Pace {
 public:
  PaceOfDrained() : Pace({.chat = {.on_disconnect = OnDisconnect::drain}}) {}
};
TEST_F(PaceOfDrained, WhatComesForNobodyHasNoTime) {
  ask();
  rig.call().send(start_frame());
  rig.http.pump();
  client.reset();
  ASSERT_TRUE(rig.http.until([&] { return rig.chat.in_flight == 0; }));
  rig.clock.advance(seconds(30));
  rig.call().send(text_frame("a") + text_frame("b") + stop_frame() + metadata_frame());
  check(rig, {.outcome = "caller_cancelled",
              .status = 499,
              .stream_end = "client_abort",
              .chunks = 1,
              .tokens = 18});
  const Paces paces(rig);
  for (const std::string& family : {kFirst, kGap, kPerToken}) EXPECT_EQ(paces.count(family), 0);
  expect_stall(rig, 0);
}

}  // namespace
}  // namespace oriel::gateway
