// Answers in one piece, and every error that is an ordinary HTTP answer.
#include <sys/eventfd.h>

#include "tests/gateway/exchange/rig.h"

namespace oriel::gateway {
namespace {

using http::Answer;
using http::Client;

const std::string kPassthroughAnswer =
    R"({"id":"chatcmpl-1","object":"chat.completion","created":1,"model":"local-7b","choices":)"
    R"([{"index":0,"message":{"role":"assistant","content":"Hello."},"finish_reason":"stop"}],)"
    R"("usage":{"prompt_tokens":11,"completion_tokens":7,"total_tokens":18}})";

Expected failed(const std::string& outcome, int status) {
  return {.outcome = outcome, .status = status, .attempt = outcome};
}
Expected never_called(const std::string& outcome, int status) {
  return {.outcome = outcome, .status = status, .attempt = ""};
}

TEST(WholeAnswer, IsConvertedCountedAndLogged) {
  ChatRig rig;
  Client client(rig.http);
  client.send(chat_request(Mode::whole, "gpt-4o-mini", R"(,"seed":7)"));
  FakeCall& call = rig.call();
  EXPECT_EQ(
      call.request.url,
      "https://bedrock-runtime.us-east-1.amazonaws.com/model/amazon.nova-lite-v1%3A0/converse");
  EXPECT_TRUE(holds(call.header("authorization"), "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/"));
  call.head(200, {{"x-amzn-RequestId", "0a1b2c3d-0000-4000-8000-001122334455"}});
  call.send(kConverseAnswer.substr(0, 20));
  call.send(kConverseAnswer.substr(20));
  call.end();
  const Answer answer = client.read("POST");
  EXPECT_EQ(answer.status, 200);
  EXPECT_TRUE(holds(answer.body, R"("id":"chatcmpl-0a1b2c3d000040008000001122334455")"));
  EXPECT_TRUE(holds(answer.body, R"("model":"gpt-4o-mini")"));
  EXPECT_TRUE(holds(answer.body, R"("content":"Hello.")"));
  EXPECT_EQ(answer.field("content-type"), "application/json");
  EXPECT_EQ(answer.field("x-request-id"), "the-request");
  EXPECT_EQ(answer.field("x-oriel-model"), "gpt-4o-mini");
  EXPECT_EQ(answer.field("x-oriel-provider"), "bedrock");
  EXPECT_EQ(answer.field("x-oriel-attempts"), "1");
  EXPECT_EQ(answer.field("x-oriel-adjusted"), "seed=dropped");
  EXPECT_EQ(answer.field("x-amzn-requestid"), "0a1b2c3d-0000-4000-8000-001122334455");
  EXPECT_GT(std::stoi(answer.field("x-oriel-overhead-us")), 0);
  check(rig, {.tokens = 18});
  EXPECT_EQ(Line(rig.lines[0]).word("finish_reason"), "stop");
  EXPECT_EQ(Line(rig.lines[0]).word("stop_reason"), "end_turn");
}

TEST(WholeAnswer, WithoutUsageIsCountedAsThat) {
  ChatRig rig;
  Client client(rig.http);
  client.send(chat_request(Mode::whole));
  rig.call().head(200);
  rig.call().send(R"({"output":{"message":{"role":"assistant","content":[{"text":"x"}]}},)"
                  R"("stopReason":"end_turn"})");
  rig.call().end();
  EXPECT_EQ(client.read("POST").status, 200);
  check(rig, {.usage_missing = "absent"});
}

// What upstream calls a request must not become part of our answer's JSON, head or log unchecked.
TEST(WholeAnswer, AnOddUpstreamRequestIdIsNotUsed) {
  for (const std::string& id : {std::string(5000, 'a'), std::string("a\"b"), std::string("a b")}) {
    ChatRig rig;
    Client client(rig.http);
    client.send(chat_request(Mode::whole));
    rig.call().head(200, {{"x-amzn-requestid", id}});
    rig.call().send(kConverseAnswer);
    rig.call().end();
    const Answer answer = client.read("POST");
    EXPECT_FALSE(holds(answer.body, id));
    EXPECT_EQ(answer.field("x-amzn-requestid"), "");
    EXPECT_TRUE(holds(answer.body, R"("id":"chatcmpl-000102)"));
    check(rig, {.tokens = 18});
    EXPECT_EQ(Line(rig.lines[0]).word("aws_request_id"), "");
  }
}

TEST(WholeAnswer, TransferFaultsAreTypedInEachPhase) {
  struct Case {
    TransferFault fault;
    int status;
    std::string outcome, code;
  };
  const Case cases[] = {
      {TransferFault::resolve, 502, "provider_unreachable", "upstream_unreachable"},
      {TransferFault::connect, 502, "provider_unreachable", "upstream_unreachable"},
      {TransferFault::tls, 502, "provider_unreachable", "upstream_unreachable"},
      {TransferFault::reset, 502, "provider_unreachable", "upstream_unreachable"},
      {TransferFault::connect_timeout, 504, "provider_timeout", "gateway_timeout"},
      {TransferFault::first_byte_timeout, 504, "provider_timeout", "gateway_timeout"},
      {TransferFault::idle_timeout, 504, "provider_timeout", "gateway_timeout"},
      {TransferFault::protocol, 502, "provider_malformed_output", "upstream_bad_response"},
      {TransferFault::local, 500, "gateway_internal", ""},
      {TransferFault::none, 502, "provider_malformed_output", "upstream_bad_response"},
  };
  enum class Phase { before_head, in_body };
  for (const Case& row : cases) {
    for (const Phase phase : {Phase::before_head, Phase::in_body}) {
      if (phase == Phase::in_body && row.fault == TransferFault::none) continue;
      for (const Mode mode : {Mode::whole, Mode::stream}) {
        SCOPED_TRACE(row.code + (phase == Phase::in_body ? " in body" : " before head"));
        ChatRig rig;
        Client client(rig.http);
        client.send(chat_request(mode));
        if (phase == Phase::in_body) {
          rig.call().head(200);
          if (mode == Mode::whole) rig.call().send("{");
        }
        rig.call().end(row.fault);
        const Answer answer = client.read("POST");
        EXPECT_EQ(answer.status, row.status);
        const std::string code = row.code.empty() ? "null" : '"' + row.code + '"';
        EXPECT_TRUE(holds(answer.body, R"("code":)" + code)) << answer.body;
        EXPECT_FALSE(holds(answer.body, "as the test wants"));
        check(rig, failed(row.outcome, row.status));
        if (row.fault != TransferFault::none) {
          EXPECT_EQ(Line(rig.lines[0]).word("error"), "as the test wants");
        }
      }
    }
  }
}

TEST(WholeAnswer, UpstreamsErrorsKeepTheirMeaningAndSayWhenToComeBack) {
  struct Case {
    int upstream;
    std::string type, message;
    int status;
    std::string outcome, code, should_retry;
    bool retry_after;
  };
  const Case cases[] = {
      {429, "ThrottlingException", "Too many requests", 429, "provider_throttled",
       "rate_limit_exceeded", "", true},
      {429, "ThrottlingException", "Too many tokens per day", 429, "provider_quota",
       "insufficient_quota", "false", false},
      {503, "ServiceUnavailableException", "x", 503, "provider_unavailable", "upstream_unavailable",
       "", true},
      {500, "InternalServerException", "x", 500, "provider_server_error", "upstream_internal_error",
       "", false},
      {403, "UnrecognizedClientException", "x", 502, "provider_auth_failed", "upstream_auth_error",
       "false", false},
      {403, "AccessDeniedException", "x", 403, "provider_access_denied", "model_access_denied", "",
       false},
      {400, "ValidationException", "Input is too long for requested model.", 400,
       "caller_context_length", "context_length_exceeded", "", false},
  };
  for (const Case& row : cases) {
    for (const Mode mode : {Mode::whole, Mode::stream}) {
      SCOPED_TRACE(row.type + " " + row.message);
      ChatRig rig;
      Client client(rig.http);
      client.send(chat_request(mode));
      rig.call().head(row.upstream, {{"x-amzn-ErrorType", row.type + ":http://internal/"}});
      rig.call().send(R"({"message":")" + row.message + R"("})");
      rig.call().end();
      const Answer answer = client.read("POST");
      EXPECT_EQ(answer.status, row.status);
      EXPECT_TRUE(holds(answer.body, R"("code":")" + row.code + '"')) << answer.body;
      EXPECT_EQ(answer.field("x-should-retry"), row.should_retry);
      EXPECT_EQ(!answer.field("retry-after").empty(), row.retry_after);
      EXPECT_EQ(!answer.field("retry-after-ms").empty(), row.retry_after);
      EXPECT_EQ(answer.field("x-oriel-attempts"), "1");
      check(rig, failed(row.outcome, row.status));
    }
  }
}

TEST(WholeAnswer, AnAnswerThatIsNoneIs502) {
  for (const std::string& body : {std::string("<html>Hello</html>"), std::string("{"),
                                  std::string(), std::string(R"({"output":3})")}) {
    ChatRig rig;
    Client client(rig.http);
    client.send(chat_request(Mode::whole));
    rig.call().head(200, {{"content-type", "text/html"}});
    rig.call().send(body);
    rig.call().end();
    EXPECT_EQ(client.read("POST").status, 502) << body;
    check(rig, failed("provider_malformed_output", 502));
    EXPECT_FALSE(holds(rig.lines[0], "html"));
  }
}

TEST(WholeAnswer, AnswersAboveTheCapAreCutOff) {
  ChatRig rig({.max_reply = 1000});
  Client client(rig.http);
  client.send(chat_request(Mode::whole));
  rig.call().head(200);
  rig.call().send(std::string(1000, ' '));
  EXPECT_FALSE(rig.call().destroyed);
  rig.call().send("x");
  EXPECT_TRUE(rig.call().destroyed);
  EXPECT_EQ(client.read("POST").status, 502);
  check(rig, failed("provider_malformed_output", 502));
}

// An error's body may go on for ever; what came of it is enough.
TEST(WholeAnswer, AnEndlessErrorBodyIsNotWaitedFor) {
  ChatRig rig;
  Client client(rig.http);
  client.send(chat_request(Mode::whole));
  rig.call().head(429, {{"x-amzn-ErrorType", "ThrottlingException"}});
  for (int i = 0; i < 300 && !rig.call().destroyed; ++i) rig.call().send(std::string(1024, 'x'));
  EXPECT_TRUE(rig.call().destroyed);
  EXPECT_EQ(client.read("POST").status, 429);
  check(rig, failed("provider_throttled", 429));
}

TEST(Refusal, ComesBeforeUpstreamIsCalled) {
  struct Case {
    std::string request;
    Expected expected;
    std::string said;
  };
  const Case cases[] = {
      {chat_request(Mode::whole, "no-such-model"), never_called("caller_unknown_model", 404),
       "The model `no-such-model` does not exist"},
      {http::post("/v1/chat/completions", "{", "x-request-id: the-request\r\n"),
       never_called("caller_invalid_request", 400), "could not parse the JSON"},
      {http::post("/v1/chat/completions", R"({"model":"gpt-4o"})", "x-request-id: the-request\r\n"),
       never_called("caller_invalid_request", 400), "messages"},
      {chat_request(Mode::whole, "gpt-4o", R"(,"n":3)"),
       never_called("caller_invalid_request", 400), "'n'"},
  };
  for (const Case& row : cases) {
    SCOPED_TRACE(row.said);
    ChatRig rig;
    Client client(rig.http);
    client.send(row.request);
    const Answer answer = client.read("POST");
    EXPECT_EQ(answer.status, row.expected.status);
    EXPECT_TRUE(holds(answer.body, row.said)) << answer.body;
    EXPECT_EQ(answer.field("x-should-retry"), "");
    EXPECT_TRUE(rig.upstream.calls.empty());
    check(rig, row.expected);
  }
}

TEST(Credentials, WithoutAnyItIsTheGatewaysFault) {
  ChatRig rig({.credentials = false});
  Client client(rig.http);
  client.send(chat_request(Mode::whole));
  const Answer answer = client.read("POST");
  EXPECT_EQ(answer.status, 502);
  EXPECT_TRUE(holds(answer.body, R"("code":"upstream_auth_error")"));
  EXPECT_EQ(answer.field("x-should-retry"), "false");
  EXPECT_EQ(answer.field("x-oriel-attempts"), "0");
  check(rig, never_called("provider_auth_failed", 502));
}

TEST(Credentials, ABearerTokenIsSentAsItIs) {
  ChatRig rig({.bearer_token = "bedrock-api-key"});
  Client client(rig.http);
  client.send(chat_request(Mode::whole));
  EXPECT_EQ(rig.call().header("authorization"), "Bearer bedrock-api-key");
  EXPECT_EQ(rig.call().header("x-amz-content-sha256"), "");
  rig.call().head(200);
  rig.call().send(kConverseAnswer);
  rig.call().end();
  EXPECT_EQ(client.read("POST").status, 200);
  check(rig, {.tokens = 18});
  EXPECT_FALSE(holds(rig.lines[0], "bedrock-api-key"));
}

TEST(Credentials, APassthroughProviderGetsItsOwnKeyOrNone) {
  for (const std::string& key : {std::string("sk-upstream-key"), std::string()}) {
    ChatRig rig({.api_key = key});
    Client client(rig.http);
    client.send(chat_request(Mode::whole, "local"));
    EXPECT_EQ(rig.call().request.url, "http://other.test/v1/chat/completions");
    EXPECT_EQ(rig.call().header("authorization"), key.empty() ? "" : "Bearer " + key);
    EXPECT_TRUE(holds(rig.call().body, R"("model":"local-7b")"));
    rig.call().head(200, {{"x-request-id", "up-1"}});
    rig.call().send(kPassthroughAnswer);
    rig.call().end();
    const Answer answer = client.read("POST");
    EXPECT_EQ(answer.status, 200);
    EXPECT_TRUE(holds(answer.body, R"("model":"local")"));
    EXPECT_EQ(answer.field("x-oriel-provider"), "other");
    EXPECT_EQ(answer.field("x-amzn-requestid"), "");
    check(rig, {.tokens = 18});
  }
}

// A large body is hashed in slices, one a turn of the loop, so that other requests get their turns.
TEST(Signing, LargeBodiesLeaveTheLoopItsTurns) {
  ChatRig rig;
  Client client(rig.http);
  const std::string text(5 * 1024 * 1024, 'a');
  const std::string body =
      R"({"model":"gpt-4o","messages":[{"role":"user","content":")" + text + R"("}]})";
  ASSERT_TRUE(
      client.send(http::post("/v1/chat/completions", body, "x-request-id: the-request\r\n")));
  ASSERT_TRUE(rig.http.until([&] { return rig.table.size() == 1; }));
  // Always readable, so it is told once a turn.
  int turns = 0;
  const int ready = ::eventfd(1, EFD_NONBLOCK | EFD_CLOEXEC);
  const EventPtr probe(event_new(
      rig.context.base, ready, EV_READ | EV_PERSIST,
      [](int, short, void* count) { ++*static_cast<int*>(count); }, &turns));
  event_add(probe.get(), nullptr);
  ASSERT_TRUE(rig.http.until([&] { return !rig.upstream.calls.empty(); }));
  event_del(probe.get());
  ::close(ready);
  EXPECT_GE(turns, 4);
  EXPECT_TRUE(holds(rig.call().header("authorization"), "Signature="));
  EXPECT_TRUE(holds(rig.call().body, text));
  rig.call().head(200);
  rig.call().send(kConverseAnswer);
  rig.call().end();
  EXPECT_EQ(client.read("POST").status, 200);
  check(rig, {.tokens = 18});
}

}  // namespace
}  // namespace oriel::gateway
