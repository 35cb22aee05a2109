// Second attempts: a refusal that teaches something about the model, and output that was malformed.
#include "tests/gateway/exchange/rig.h"

namespace oriel::gateway {
namespace {

using http::Answer;
using http::Client;

const std::string kTemperature = R"(,"temperature":0.5)";
const std::string kNoTemperature = R"({"message":"`temperature` is deprecated for this model."})";

void refuse(const FakeCall& call, const std::string& body) {
  call.head(400, {{"x-amzn-ErrorType", "ValidationException"}});
  call.send(body);
  call.end();
}
void answer_stream(const FakeCall& call) {
  call.head(200);
  call.send(start_frame() + text_frame("a") + stop_frame() + metadata_frame());
  call.end();
}

// One more request over the same rig, after check().
Answer ask_again(ChatRig& rig, const std::string& request) {
  const std::size_t made = rig.upstream.calls.size();
  Client client(rig.http);
  client.send(request);
  answer(rig.call(made));
  return client.read("POST");
}

TEST(Lesson, IsAppliedAtOnceAndRemembered) {
  ChatRig rig;
  Client client(rig.http);
  client.send(chat_request(Mode::whole, "gpt-4o-mini", kTemperature));
  EXPECT_TRUE(holds(rig.call(0).body, "temperature"));
  refuse(rig.call(0), kNoTemperature);
  EXPECT_TRUE(rig.call(0).destroyed);
  EXPECT_FALSE(holds(rig.call(1).body, "temperature"));
  EXPECT_NE(rig.call(1).header("authorization"), rig.call(0).header("authorization"));
  rig.call(1).head(200, {{"x-amzn-requestid", "second"}});
  rig.call(1).send(kConverseAnswer);
  rig.call(1).end();
  const Answer answered = client.read("POST");
  EXPECT_EQ(answered.status, 200);
  EXPECT_EQ(answered.field("x-oriel-attempts"), "2");
  EXPECT_EQ(answered.field("x-oriel-adjusted"), "temperature=dropped");
  EXPECT_EQ(answered.field("x-amzn-requestid"), "second");
  EXPECT_TRUE(holds(answered.body, R"("id":"chatcmpl-second")"));
  check(rig, {.tokens = 18, .earlier = {"caller_invalid_request"}});
  EXPECT_TRUE(holds(rig.lines[0], R"("learned":["temperature"])"));
  const std::vector<std::string> labels = {label("model", "gpt-4o-mini"),
                                           label("feature", "temperature")};
  EXPECT_EQ(Samples(rig.registry).sum("oriel_learned_capabilities_total", labels), 1);

  EXPECT_EQ(ask_again(rig, chat_request(Mode::whole, "gpt-4o-mini", kTemperature)).status, 200);
  EXPECT_EQ(rig.upstream.calls.size(), 3U);
  EXPECT_FALSE(holds(rig.call(2).body, "temperature"));
  EXPECT_FALSE(holds(rig.lines.at(1), "learned"));
  EXPECT_EQ(Samples(rig.registry).sum("oriel_learned_capabilities_total"), 1);
}

TEST(Lesson, IsTaughtOnceInARequestAndNotBelievedUnlessItHelps) {
  ChatRig rig;
  Client client(rig.http);
  client.send(chat_request(Mode::whole, "gpt-4o-mini", kTemperature));
  refuse(rig.call(0), kNoTemperature);
  refuse(rig.call(1), kNoTemperature);
  const Answer answered = client.read("POST");
  EXPECT_EQ(answered.status, 400);
  EXPECT_EQ(answered.field("x-oriel-attempts"), "2");
  EXPECT_EQ(rig.upstream.calls.size(), 2U);
  ASSERT_TRUE(rig.http.until([&] { return rig.table.size() == 0; }));
  EXPECT_EQ(Samples(rig.registry).sum("oriel_learned_capabilities_total"), 0);
  ask_again(rig, chat_request(Mode::whole, "gpt-4o-mini", kTemperature));
  EXPECT_TRUE(holds(rig.call(2).body, "temperature"));
}

// Each lesson may cost an attempt, but there are three in all.
TEST(Lesson, SeveralFollowOneAnotherUpToThreeAttempts) {
  ChatRig rig;
  Client client(rig.http);
  client.send(chat_request(Mode::whole, "gpt-4o-mini",
                           kTemperature + R"(,"service_tier":"flex")"
                                          R"(,"top_p":0.5)"));
  refuse(rig.call(0), R"({"message":"temperature and top_p cannot both be specified"})");
  EXPECT_FALSE(holds(rig.call(1).body, "topP"));
  refuse(rig.call(1), kNoTemperature);
  EXPECT_FALSE(holds(rig.call(2).body, "temperature"));
  refuse(rig.call(2), R"({"message":"The service tier provided is invalid"})");
  EXPECT_EQ(client.read("POST").status, 400);
  EXPECT_EQ(rig.upstream.calls.size(), 3U);
}

TEST(Lesson, ThatChangesNothingIsNoReasonToAskAgain) {
  ChatRig rig;
  Client client(rig.http);
  client.send(chat_request(Mode::whole));  // without a temperature
  refuse(rig.call(0), kNoTemperature);
  EXPECT_EQ(client.read("POST").status, 400);
  EXPECT_EQ(rig.upstream.calls.size(), 1U);
}

TEST(Lesson, AModelThatWantsAProfileIsCalledThroughIt) {
  ChatRig rig;
  Client client(rig.http);
  client.send(chat_request(Mode::whole));
  refuse(rig.call(0),
         R"({"message":"Invocation of model ID amazon.nova-lite-v1:0 with on-demand throughput )"
         "isn\xE2\x80\x99t supported. Retry your request with the ID or ARN of an inference "
         R"(profile that contains this model."})");
  EXPECT_TRUE(holds(rig.call(1).request.url, "/model/us.amazon.nova-lite-v1%3A0/converse"));
  answer(rig.call(1));
  const Answer answered = client.read("POST");
  EXPECT_EQ(answered.status, 200);
  EXPECT_EQ(answered.field("x-oriel-model-id"), "us.amazon.nova-lite-v1:0");
  ASSERT_TRUE(rig.http.until([&] { return rig.table.size() == 0; }));
  EXPECT_EQ(Line(rig.lines.at(0)).word("upstream_model"), "us.amazon.nova-lite-v1:0");
  ask_again(rig, chat_request(Mode::whole));
  EXPECT_TRUE(holds(rig.call(2).request.url, "/model/us.amazon.nova-lite-v1%3A0/converse"));
  EXPECT_EQ(rig.upstream.calls.size(), 3U);
}

TEST(Lesson, ASchemaThatIsRefusedIsEmulated) {
  const std::string schema =
      R"(,"response_format":{"type":"json_schema","json_schema":{"name":"s","strict":true,)"
      R"("schema":{"type":"object","properties":{"a":{"type":"string"}},"required":["a"],)"
      R"("additionalProperties":false}}})";
  ChatRig rig;
  Client client(rig.http);
  const std::string model = "anthropic.claude-sonnet-4-5-20250929-v1:0";
  client.send(chat_request(Mode::whole, model, schema));
  EXPECT_TRUE(holds(rig.call(0).body, "outputConfig"));
  refuse(rig.call(0), R"({"message":"The compiled grammar is too large"})");
  EXPECT_FALSE(holds(rig.call(1).body, "outputConfig"));
  EXPECT_TRUE(holds(rig.call(1).body, "toolConfig"));
  answer(rig.call(1));
  EXPECT_EQ(client.read("POST").status, 200);
  ask_again(rig, chat_request(Mode::whole, model, schema));
  EXPECT_FALSE(holds(rig.call(2).body, "outputConfig"));
}

TEST(Lesson, AModelThatDoesNotStreamIsAskedForAllAtOnce) {
  ChatRig rig;
  Client client(rig.http);
  client.send(chat_request(Mode::stream));
  EXPECT_TRUE(holds(rig.call(0).request.url, "/converse-stream"));
  refuse(rig.call(0), R"({"message":"This model doesn't support streaming."})");
  EXPECT_FALSE(holds(rig.call(1).request.url, "/converse-stream"));
  answer(rig.call(1));
  const Answer answered = client.read("POST");
  EXPECT_EQ(answered.status, 200);
  EXPECT_EQ(answered.field("x-oriel-stream"), "synthetic");
  EXPECT_EQ(events_in(answered.body).back(), "[DONE]");
}

// The stream's own exceptions teach as well, as long as nothing was sent.
TEST(Lesson, InAStreamNothingIsTakenBack) {
  ChatRig rig;
  Client client(rig.http);
  client.send(chat_request(Mode::stream, "gpt-4o-mini", kTemperature));
  rig.call().head(200);
  rig.call().send(start_frame() + text_frame("a"));
  rig.http.pump();
  rig.call().send(test::exception_frame("validationException", kNoTemperature));
  EXPECT_FALSE(holds(client.read_to_end(), "[DONE]"));
  EXPECT_EQ(rig.upstream.calls.size(), 1U);
}

TEST(Lesson, StreamsAreAskedForAgain) {
  ChatRig rig;
  Client client(rig.http);
  client.send(chat_request(Mode::stream, "gpt-4o-mini", kTemperature));
  refuse(rig.call(0), kNoTemperature);
  answer_stream(rig.call(1));
  const auto events = events_in(client.read("POST").body);
  EXPECT_EQ(events.size(), 4U);
  check(
      rig,
      {.stream_end = "complete", .chunks = 3, .tokens = 18, .earlier = {"caller_invalid_request"}});
}

TEST(Lesson, ABodyThatIsTooLargeToKeepIsNotEncodedAgain) {
  ChatRig rig;
  Client client(rig.http);
  const std::string text(1024 * 1024, 'a');
  client.send(http::post("/v1/chat/completions",
                         R"({"model":"gpt-4o","temperature":0.5,"messages":[{"role":"user",)"
                         R"("content":")" +
                             text + R"("}]})",
                         "x-request-id: the-request\r\n"));
  refuse(rig.call(0), kNoTemperature);
  EXPECT_EQ(client.read("POST").status, 400);
  EXPECT_EQ(rig.upstream.calls.size(), 1U);
}

TEST(Lesson, AClientThatLeavesBetweenTheAttemptsEndsThemAll) {
  for (const OnDisconnect policy : {OnDisconnect::cancel, OnDisconnect::drain}) {
    ChatRig rig({.chat = {.on_disconnect = policy}});
    Client client(rig.http);
    client.send(chat_request(Mode::whole, "gpt-4o-mini", kTemperature));
    refuse(rig.call(0), kNoTemperature);
    ASSERT_FALSE(rig.call(1).destroyed);
    client.reset();
    if (policy == OnDisconnect::drain) {
      ASSERT_TRUE(rig.http.until([&] { return rig.chat.draining == 1; }));
      answer(rig.call(1));
    }
    const bool drained = policy == OnDisconnect::drain;
    check(rig, {.outcome = "caller_cancelled",
                .status = 499,
                .tokens = drained ? 18.0 : 0.0,
                .usage_missing = drained ? "" : "cancelled",
                .attempt = drained ? "ok" : "caller_cancelled",
                .earlier = {"caller_invalid_request"}});
  }
}

TEST(Malformed, OutputIsAskedForOnceMore) {
  ChatRig rig;
  Client client(rig.http);
  client.send(chat_request(Mode::whole));
  answer(rig.call(0), malformed());
  EXPECT_EQ(rig.call(1).body, rig.call(0).body);
  answer(rig.call(1));
  const Answer answered = client.read("POST");
  EXPECT_EQ(answered.status, 200);
  EXPECT_EQ(answered.field("x-oriel-attempts"), "2");
  check(rig, {.tokens = 36, .earlier = {"provider_malformed_output"}});
}

TEST(Malformed, TwiceItIsAnErrorThatWasPaidFor) {
  ChatRig rig;
  Client client(rig.http);
  client.send(chat_request(Mode::whole));
  answer(rig.call(0), malformed());
  answer(rig.call(1), malformed());
  const Answer answered = client.read("POST");
  EXPECT_EQ(answered.status, 502);
  EXPECT_TRUE(holds(answered.body, R"("code":"malformed_model_output")"));
  EXPECT_EQ(answered.field("x-should-retry"), "false");
  EXPECT_EQ(rig.upstream.calls.size(), 2U);
  check(rig, {.outcome = "provider_malformed_output",
              .status = 502,
              .tokens = 36,
              .attempt = "provider_malformed_output",
              .earlier = {"provider_malformed_output"}});
}

TEST(Throttled, ClientsAreAskedToStayAwayLongerEachTime) {
  ChatRig rig;
  std::vector<int> delays;
  for (std::size_t i = 0; i < 3; ++i) {
    Client client(rig.http);
    client.send(chat_request(Mode::whole));
    rig.call(i).head(429, {{"x-amzn-ErrorType", "ThrottlingException"}});
    rig.call(i).send(R"({"message":"Too many requests"})");
    rig.call(i).end();
    delays.push_back(std::stoi(client.read("POST").field("retry-after-ms")));
  }
  EXPECT_LT(delays[0], 1'500);
  EXPECT_GE(delays[1], 1'000);
  EXPECT_GE(delays[2], 2'000);
  EXPECT_EQ(ask_again(rig, chat_request(Mode::whole)).status, 200);
  Client client(rig.http);
  client.send(chat_request(Mode::whole));
  rig.call(4).head(429, {{"x-amzn-ErrorType", "ThrottlingException"}, {"Retry-After", "17"}});
  rig.call(4).end();
  EXPECT_EQ(client.read("POST").field("retry-after"), "17");  // upstream's own word counts
}

}  // namespace
}  // namespace oriel::gateway
