// Signed reasoning that a client forgets: kept, found again, and put back into its next request.
#include "gateway/exchange/reasoning_cache.h"
#include "gateway/exchange/reasoning_collector.h"
#include "tests/gateway/exchange/rig.h"

namespace oriel::gateway {
namespace {

using convert::ModelFamily;
using convert::ReasoningBlock;
using http::Client;
using json::Text;

std::shared_ptr<const KeptReasoning> kept(const std::string& text,
                                          ModelFamily family = ModelFamily::claude) {
  const ReasoningBlock block{.text = Text::from_escaped(text), .signature = Text::literal("SIG==")};
  return std::make_shared<const KeptReasoning>(std::span(&block, 1), family, "the-model");
}

class CacheTest : public ::testing::Test {
 protected:
  std::string find(const std::string& tenant, const std::string& id) {
    const auto found = cache.find(tenant, id);
    return found ? std::string(found->blocks().at(0).text.escaped()) : "";
  }
  void store(const std::string& tenant, const std::string& id, const std::string& text) {
    cache.store(tenant, std::span(&id, 1), kept(text));
  }
  ManualClock clock;
  CountingRandom random;
  ReasoningCache cache{16 * 64 * 1024, clock, random};
};

TEST_F(CacheTest, IsFoundByTenantAndToolCallAlone) {
  const std::string ids[] = {"t1", "t2"};
  cache.store("Bearer a", ids, kept("thought"));
  EXPECT_EQ(find("Bearer a", "t1"), "thought");
  EXPECT_EQ(find("Bearer a", "t2"), "thought");
  EXPECT_EQ(find("Bearer a", "t3"), "");
  EXPECT_EQ(find("Bearer b", "t1"), "");
  EXPECT_EQ(find("", "t1"), "");
  EXPECT_EQ(find("Bearer at", "1"), "");
}

TEST_F(CacheTest, ForgetsAfterAnHour) {
  store("a", "t1", "thought");
  clock.advance(std::chrono::minutes(59));
  EXPECT_EQ(find("a", "t1"), "thought");
  clock.advance(std::chrono::minutes(2));
  EXPECT_EQ(find("a", "t1"), "");
  EXPECT_EQ(cache.bytes(), 0U);
}

TEST_F(CacheTest, StaysWithinItsBytesAndKeepsWhatIsUsed) {
  store("a", "used", "used");
  for (int i = 0; i < 5'000; ++i) {
    store("a", "t" + std::to_string(i), std::string(4'000, 'x'));
    EXPECT_EQ(find("a", "used"), "used");
    ASSERT_LE(cache.bytes(), 16U * 64 * 1024);
  }
  EXPECT_EQ(find("a", "t0"), "");
  EXPECT_NE(find("a", "t4999"), "");
}

TEST_F(CacheTest, WhatIsTooLargeIsNotKeptAndAnIdKeepsItsLast) {
  store("a", "t1", std::string(70 * 1024, 'x'));
  EXPECT_EQ(cache.bytes(), 0U);
  store("a", "t1", "one");
  const std::size_t bytes = cache.bytes();
  store("a", "t1", "two");
  EXPECT_EQ(find("a", "t1"), "two");
  EXPECT_EQ(cache.bytes(), bytes);
}

TEST(KeptReasoningTest, IsShownToItsOwnFamilyOnly) {
  EXPECT_TRUE(kept("x")->fits(ModelFamily::claude, "another-model"));
  EXPECT_FALSE(kept("x")->fits(ModelFamily::nova, "the-model"));
  EXPECT_TRUE(kept("x", ModelFamily::other)->fits(ModelFamily::other, "the-model"));
  EXPECT_FALSE(kept("x", ModelFamily::other)->fits(ModelFamily::other, "another-model"));
}

// ---------------------------------------------------------------------------- through an exchange

constexpr const char* kModel = "anthropic.claude-sonnet-4-20250514-v1:0";
const std::string kTools =
    R"("tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object"}}}])";

std::string first_request(Mode mode) {
  return chat_request(mode, kModel, R"(,"reasoning_effort":"low","max_tokens":4000,)" + kTools);
}

// What a client that keeps only standard fields says next.
std::string next_request(const std::string& model, const std::string& authorization,
                         const std::string& id = "t1") {
  return http::post(
      "/v1/chat/completions",
      R"({"model":")" + model +
          R"(","reasoning_effort":"low","max_tokens":4000,"messages":[)"
          R"({"role":"user","content":"Hi"},{"role":"assistant","content":null,"tool_calls":)"
          R"([{"id":")" +
          id +
          R"(","type":"function","function":{"name":"f","arguments":"{}"}}]},)"
          R"({"role":"tool","tool_call_id":")" +
          id + R"(","content":"42"}],)" + kTools + "}",
      "x-request-id: the-request\r\n" + authorization);
}

std::string reasoning_answer(const std::string& text) {
  return R"({"output":{"message":{"role":"assistant","content":[{"reasoningContent":)"
         R"({"reasoningText":{"text":")" +
         text +
         R"(","signature":"SIG=="}}},)"
         R"({"toolUse":{"toolUseId":"t1","name":"f","input":{}}}]}},"stopReason":"tool_use",)"
         R"("usage":{"inputTokens":11,"outputTokens":7,"totalTokens":18}})";
}

std::string reasoning_stream(const std::string& text) {
  std::string frames = start_frame();
  if (!text.empty()) {
    frames += test::event_frame(
        "contentBlockDelta",
        R"({"contentBlockIndex":0,"delta":{"reasoningContent":{"text":")" + text + R"("}}})");
  }
  return frames +
         test::event_frame("contentBlockDelta",
                           R"({"contentBlockIndex":0,"delta":{"reasoningContent":)"
                           R"({"signature":"SIG=="}}})") +
         test::event_frame("contentBlockStart",
                           R"({"contentBlockIndex":1,"start":{"toolUse":{"toolUseId":"t1",)"
                           R"("name":"f"}}})") +
         test::event_frame("contentBlockStop", R"({"contentBlockIndex":1})") +
         test::event_frame("messageStop", R"({"stopReason":"tool_use"})") + metadata_frame();
}

class ForgetfulClient : public ::testing::Test {
 protected:
  void turn(const std::string& request, const std::string& answer) {
    const std::size_t made = rig.upstream.calls.size();
    Client client(rig.http);
    client.send(request);
    rig.call(made).head(200);
    rig.call(made).send(answer);
    rig.call(made).end();
    EXPECT_EQ(client.read("POST").status, 200);
    ASSERT_TRUE(rig.http.until([&] { return rig.table.size() == 0; }));
  }
  // What upstream is sent next.
  std::string asked(const std::string& request) {
    turn(request, kConverseAnswer);
    return rig.upstream.calls.back()->body;
  }
  CountingRandom random;
  ManualClock clock;
  ReasoningCache cache{1024 * 1024, clock, random};
  ChatRig rig{{.reasoning_cache = &cache}};
};

// Trap 37: the block stands in front of the call again, also one whose text was not shown.
TEST_F(ForgetfulClient, GetsItsReasoningBack) {
  for (const Mode mode : {Mode::whole, Mode::stream}) {
    for (const std::string& text : {std::string("Need \\\"f\\\"."), std::string()}) {
      SCOPED_TRACE(text + (mode == Mode::stream ? " streamed" : " whole"));
      turn(first_request(mode),
           mode == Mode::stream ? reasoning_stream(text) : reasoning_answer(text));
      const std::string body = asked(next_request(kModel, ""));
      const std::size_t signature = body.find(R"("signature":"SIG==")");
      EXPECT_LT(signature, body.find("\"toolUse\"")) << body;
      EXPECT_TRUE(text.empty() || holds(body, text)) << body;
    }
  }
}

TEST_F(ForgetfulClient, OfAnotherKeyOrCallGetsNothing) {
  turn(first_request(Mode::whole), reasoning_answer("thought"));
  EXPECT_FALSE(holds(asked(next_request(kModel, "Authorization: Bearer other\r\n")), "SIG=="));
  EXPECT_FALSE(holds(asked(next_request(kModel, "", "t2")), "SIG=="));
}

TEST_F(ForgetfulClient, WhoChangesTheModelsFamilyGetsNothing) {
  turn(first_request(Mode::whole), reasoning_answer("thought"));
  EXPECT_FALSE(holds(asked(next_request("amazon.nova-2-lite-v1:0", "")), "SIG=="));
  EXPECT_FALSE(holds(asked(next_request("anthropic.claude-3-haiku-20240307-v1:0", "")), "SIG=="));
}

TEST_F(ForgetfulClient, UnsignedReasoningOrReasoningWithoutCallsIsNotKept) {
  std::string unsigned_answer = reasoning_answer("thought");
  unsigned_answer.erase(unsigned_answer.find(R"(,"signature":"SIG==")"), 20);
  turn(first_request(Mode::whole), unsigned_answer);
  turn(first_request(Mode::whole),
       R"({"output":{"message":{"role":"assistant","content":[{"reasoningContent":)"
       R"({"reasoningText":{"text":"x","signature":"SIG=="}}},{"text":"y"}]}},)"
       R"("stopReason":"end_turn"})");
  EXPECT_EQ(cache.bytes(), 0U);
}

TEST(ReasoningCollectorTest, GivesUpOnTooMuch) {
  ManualClock clock;
  CountingRandom random;
  ReasoningCache cache(1024 * 1024 * 1024, clock, random);
  Provider provider;
  Route route;
  route.provider = &provider;
  for (const std::size_t pieces : {10U, 2000U}) {
    ReasoningCollector collector;
    const std::string piece(1024, 'x');
    convert::ChatDelta delta;
    for (std::size_t i = 0; i < pieces; ++i) {
      delta.kind = convert::ChatDelta::Kind::reasoning;
      delta.text = Text::from_escaped(piece);
      collector.on_delta(delta);
    }
    delta.kind = convert::ChatDelta::Kind::redacted;
    collector.on_delta(delta);
    delta.kind = convert::ChatDelta::Kind::tool_call_start;
    delta.text = {};
    delta.id = Text::from_escaped(pieces == 10 ? "few" : "many");
    collector.on_delta(delta);
    collector.store(cache, "tenant", route);
  }
  const auto few = cache.find("tenant", "few");
  ASSERT_NE(few, nullptr);
  EXPECT_EQ(few->blocks().size(), 2U);
  EXPECT_EQ(cache.find("tenant", "many"), nullptr);
}

}  // namespace
}  // namespace oriel::gateway
