// What an exchange tells its record of what was paid for: tokens, costs and waste of each attempt.
#include <cmath>

#include "tests/gateway/exchange/rig.h"

namespace oriel::gateway {
namespace {

using http::Answer;
using http::Client;

// A dollar a million tokens is 1,000,000 pico-dollars a token.
metrics::Price test_price() {
  metrics::Price price;
  price.input = 1'000'000;
  price.output = 3'000'500;
  price.cache_read = 100'000;
  price.cache_write_5m = 1'250'000;
  price.cache_write_1h = 2'000'000;
  price.image = 40'000'000;
  return price;
}
constexpr std::uint64_t kAnswerCost = 11 * 1'000 + 21'004;  // 7 * 3,000.5 is 21,003.5

RigOptions priced(RigOptions options = {}) {
  options.models.push_back({.name = "priced",
                            .provider = "bedrock",
                            .model = "amazon.nova-lite-v1:0",
                            .policy = {.max_choices = 2},
                            .price = test_price()});
  options.models.push_back({.name = "free", .provider = "other", .model = "x", .price = {}});
  return options;
}

void refuse(const FakeCall& call) {
  call.head(400, {{"x-amzn-ErrorType", "ValidationException"}});
  call.send(R"({"message":"`temperature` is deprecated for this model."})");
  call.end();
}

struct Waste {
  std::string reason;
  double tokens;
};
void check_waste(ChatRig& rig, const std::vector<Waste>& expected) {
  const Samples samples(rig.registry);
  double sum = 0;
  for (const Waste& waste : expected) {
    sum += waste.tokens;
    EXPECT_EQ(samples.sum("oriel_wasted_tokens_total", {label("reason", waste.reason)}),
              waste.tokens)
        << waste.reason;
  }
  EXPECT_EQ(samples.sum("oriel_wasted_tokens_total"), sum);
}
double nanos_of(ChatRig& rig, const std::string& family) {
  return std::round(Samples(rig.registry).sum(family) * 1e9);
}

TEST(Accounting, AnAnswerSaysWhatItCostToTheNanoDollar) {
  ChatRig rig(priced());
  Client client(rig.http);
  client.send(chat_request(Mode::whole, "priced"));
  answer(rig.call());
  EXPECT_EQ(client.read("POST").field("x-oriel-cost-usd"), "0.000032004");
  check(rig, {.tokens = 18});
  EXPECT_EQ(nanos_of(rig, "oriel_cost_usd_total"), kAnswerCost);
  check_waste(rig, {});
}

TEST(Accounting, WhatHasNoPriceIsNotFree) {
  ChatRig rig(priced());
  Client client(rig.http);
  client.send(chat_request(Mode::whole, "free"));
  answer(rig.call(), R"({"choices":[{"message":{"content":"Hi"},"finish_reason":"stop"}],)"
                     R"("usage":{"prompt_tokens":11,"completion_tokens":7}})");
  EXPECT_EQ(client.read("POST").field("x-oriel-cost-usd"), "");
  check(rig, {.tokens = 18});
  EXPECT_EQ(Samples(rig.registry).sum("oriel_unpriced_requests_total"), 1);
  EXPECT_EQ(nanos_of(rig, "oriel_cost_usd_total"), 0);
}

TEST(Accounting, AStreamTellsNoCostInItsHead) {
  ChatRig rig(priced());
  Client client(rig.http);
  client.send(chat_request(Mode::stream, "priced"));
  rig.call().head(200);
  rig.call().send(start_frame() + text_frame("a") + stop_frame() + metadata_frame());
  rig.call().end();
  const Answer answered = client.read("POST");
  EXPECT_EQ(answered.field("x-oriel-cost-usd"), "");
  EXPECT_GT(std::stoi(answered.field("x-oriel-overhead-us")), 0);
  check(rig, {.stream_end = "complete", .chunks = 3, .tokens = 18});
  EXPECT_EQ(nanos_of(rig, "oriel_cost_usd_total"), kAnswerCost);
}

// Usage that is missing leaves the sum open.
TEST(Accounting, ACostWithAPartMissingIsNotTold) {
  ChatRig rig(priced());
  Client client(rig.http);
  client.send(chat_request(Mode::whole, "priced", R"(,"n":2)"));
  answer(rig.call(0));
  answer(rig.call(1), R"({"output":{"message":{"content":[]}},"stopReason":"end_turn"})");
  EXPECT_EQ(client.read("POST").field("x-oriel-cost-usd"), "");
  check(rig, {.tokens = 18, .usage_missing = "absent", .earlier = {"ok"}});
  EXPECT_EQ(nanos_of(rig, "oriel_cost_usd_total"), kAnswerCost);
}

TEST(Accounting, PicturesAreCountedAndPaidOnce) {
  const std::string picture = R"({"image":{"format":"png","source":{"bytes":"AAAA"}}})";
  std::string body = kConverseAnswer;
  body.replace(body.find(R"({"text":"Hello."})"), 17, picture + "," + picture);
  for (const Mode mode : {Mode::whole, Mode::stream}) {
    ChatRig rig(priced());
    Client client(rig.http);
    client.send(chat_request(mode, "priced"));
    if (mode == Mode::whole) {
      answer(rig.call(), body);
    } else {
      rig.call().head(200);
      for (const char* block : {"0", "1"}) {
        const std::string index = std::string(R"("contentBlockIndex":)") + block;
        rig.call().send(
            test::event_frame("contentBlockStart",
                              "{" + index + R"(,"start":{"image":{"format":"png"}}})") +
            test::event_frame("contentBlockDelta",
                              "{" + index + R"(,"delta":{"image":{"source":{"bytes":"AAAA"}}}})") +
            test::event_frame("contentBlockStop", "{" + index + "}"));
      }
      rig.call().send(stop_frame() + metadata_frame());
      rig.call().end();
    }
    (void)client.read("POST");
    ASSERT_TRUE(rig.http.until([&] { return rig.lines.size() == 1; }));
    EXPECT_EQ(Line(rig.lines[0]).number("images"), 2);
    EXPECT_EQ(nanos_of(rig, "oriel_cost_usd_total"), kAnswerCost + 2 * 40'000'000);
  }
}

TEST(Waste, OutputThatWasMalformedIsPaidForTwice) {
  ChatRig rig(priced());
  Client client(rig.http);
  client.send(chat_request(Mode::whole, "priced"));
  answer(rig.call(0), malformed());
  answer(rig.call(1));
  EXPECT_EQ(client.read("POST").field("x-oriel-cost-usd"), "0.000064008");
  check(rig, {.tokens = 36, .earlier = {"provider_malformed_output"}});
  check_waste(rig, {{"retry", 18}});
  EXPECT_EQ(nanos_of(rig, "oriel_wasted_cost_usd_total"), kAnswerCost);
  EXPECT_EQ(Samples(rig.registry).sum("oriel_retries_total", {label("reason", "malformed_output")}),
            1);
}

TEST(Waste, OutputThatStaysMalformedIsAllWaste) {
  ChatRig rig(priced());
  Client client(rig.http);
  client.send(chat_request(Mode::whole, "priced"));
  answer(rig.call(0), malformed());
  answer(rig.call(1), malformed());
  const Answer answered = client.read("POST");
  EXPECT_EQ(answered.status, 502);
  EXPECT_EQ(answered.field("x-oriel-cost-usd"), "0.000064008");
  ASSERT_TRUE(rig.http.until([&] { return rig.table.size() == 0; }));
  check_waste(rig, {{"retry", 18}, {"failed", 18}});
}

TEST(Waste, AMalformedStreamTellsItsUsageBeforeItFails) {
  ChatRig rig(priced());
  Client client(rig.http);
  client.send(chat_request(Mode::stream, "priced"));
  rig.call().head(200);
  rig.call().send(start_frame() + text_frame("a") +
                  test::event_frame("messageStop", R"({"stopReason":"malformed_tool_use"})"));
  rig.http.pump();
  EXPECT_FALSE(rig.call().destroyed);
  rig.call().send(metadata_frame());
  EXPECT_TRUE(holds(client.read_to_end(), "malformed_tool_use"));
  check(rig, {.outcome = "provider_malformed_output",
              .status = 502,
              .stream_end = "upstream_error",
              .chunks = 2,
              .tokens = 18,
              .attempt = "provider_malformed_output"});
  check_waste(rig, {{"failed", 18}});
}

TEST(Waste, MalformedOutputWithoutUsageIsMissingUsage) {
  ChatRig rig(priced());
  Client client(rig.http);
  client.send(chat_request(Mode::whole, "priced"));
  answer(rig.call(0), R"({"output":{"message":{}},"stopReason":"malformed_model_output"})");
  answer(rig.call(1));
  EXPECT_EQ(client.read("POST").field("x-oriel-cost-usd"), "");
  check(rig, {.tokens = 18, .usage_missing = "failed", .earlier = {"provider_malformed_output"}});
}

TEST(Waste, ARefusalCostsNothing) {
  ChatRig rig(priced());
  Client client(rig.http);
  client.send(chat_request(Mode::whole, "priced", R"(,"temperature":0.5)"));
  refuse(rig.call(0));
  answer(rig.call(1));
  EXPECT_EQ(client.read("POST").field("x-oriel-cost-usd"), "0.000032004");
  check(rig, {.tokens = 18, .earlier = {"caller_invalid_request"}});
  check_waste(rig, {});
  EXPECT_EQ(Samples(rig.registry).sum("oriel_retries_total", {label("reason", "lesson")}), 1);
}

TEST(Waste, AChoiceThatWasReadyGoesWithTheOneThatWasRefused) {
  ChatRig rig(priced());
  Client client(rig.http);
  client.send(chat_request(Mode::whole, "priced", R"(,"n":2,"temperature":0.5)"));
  answer(rig.call(0));
  refuse(rig.call(1));
  answer(rig.call(2));
  answer(rig.call(3));
  EXPECT_EQ(client.read("POST").field("x-oriel-cost-usd"), "0.000096012");
  check(rig, {.tokens = 54, .earlier = {"ok", "caller_invalid_request", "ok"}});
  check_waste(rig, {{"retry", 18}});
  EXPECT_EQ(Samples(rig.registry).sum("oriel_retries_total", {label("reason", "lesson")}), 2);
}

TEST(Waste, AChoiceThatWasReadyGoesWithTheOneThatFailed) {
  ChatRig rig(priced());
  Client client(rig.http);
  client.send(chat_request(Mode::whole, "priced", R"(,"n":2)"));
  answer(rig.call(0));
  rig.call(1).head(429, {{"x-amzn-ErrorType", "ThrottlingException"}});
  rig.call(1).end();
  EXPECT_EQ(client.read("POST").status, 429);
  check(rig, {.outcome = "provider_throttled",
              .status = 429,
              .tokens = 18,
              .attempt = "provider_throttled",
              .earlier = {"ok"}});
  check_waste(rig, {{"failed", 18}});
}

TEST(Waste, AClientThatHasLeftLetsItBePaidForNothing) {
  ChatRig rig(priced({.chat = {.on_disconnect = OnDisconnect::drain}}));
  Client client(rig.http);
  client.send(chat_request(Mode::stream, "priced"));
  rig.call().head(200);
  rig.call().send(start_frame() + text_frame("a"));
  rig.http.pump();
  client.reset();
  ASSERT_TRUE(rig.http.until([&] { return rig.chat.draining == 1; }));
  rig.call().send(stop_frame() + metadata_frame());
  check(rig, {.outcome = "caller_cancelled",
              .status = 499,
              .stream_end = "client_abort",
              .chunks = 2,
              .tokens = 18});
  check_waste(rig, {{"client_abort", 18}});
  EXPECT_EQ(nanos_of(rig, "oriel_cost_usd_total"), kAnswerCost);
}

// It leaves when all is paid for and only its socket is waited for.
TEST(Waste, AClientThatLeavesWithoutItsAnswerIsTheSame) {
  ChatRig rig(priced());
  Client client(rig.http, 4096);
  client.send(chat_request(Mode::whole, "priced"));
  std::string body = kConverseAnswer;
  body.replace(body.find("Hello."), 6, std::string(900'000, 'x'));
  answer(rig.call(), body);
  client.reset();
  check(rig, {.outcome = "caller_cancelled", .status = 499, .tokens = 18});
  check_waste(rig, {{"client_abort", 18}});
}

}  // namespace
}  // namespace oriel::gateway
