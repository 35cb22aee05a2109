// What answers look like: ids, errors, CORS, header safety, and requests that could be read in two
// ways.
#include <gtest/gtest.h>

#include "gateway/http/cors.h"
#include "tests/gateway/http/rig.h"

namespace oriel::gateway::http {
namespace {

Answer answer_to(Rig& rig, const std::string& request, std::string_view method = "GET") {
  Client client(rig);
  client.send(request);
  return client.read(method);
}

TEST(Answers, EchoTheCallersIdWhenItIsSane) {
  Rig rig;
  EXPECT_EQ(answer_to(rig, get("/", "X-Request-ID: abc-1._Z\r\n")).field("x-request-id"),
            "abc-1._Z");
  const std::string longest(128, 'i');
  EXPECT_EQ(answer_to(rig, get("/", "x-request-id: " + longest + "\r\n")).field("x-request-id"),
            longest);
  for (const std::string& id : {std::string(129, 'i'), std::string("a b"), std::string("a~b"),
                                std::string("\"}"), std::string("\xC3\xA4"), std::string()}) {
    EXPECT_TRUE(answer_to(rig, get("/", "x-request-id: " + id + "\r\n"))
                    .field("x-request-id")
                    .starts_with("req-"))
        << id;
  }
}

TEST(Answers, NeverCarryWhatWouldBreakTheirHead) {
  Rig rig;
  Client client(rig);
  client.send(get("/hold"));
  ASSERT_TRUE(rig.until([&] { return rig.held_count() == 1; }));
  rig.held(0).reply->send(200,
                          {{"X-Good", "tab\tand \xC3\xA4"},
                           {"X-Lf", "a\nX-Evil: 1"},
                           {"X-Cr", "a\r"},
                           {"X-Nul", std::string("a\0b", 3)},
                           {"X-Evil: 1\r\nX", "a"},
                           {"", "a"},
                           {"Content-Length", "99"},
                           {"Transfer-Encoding", "chunked"},
                           {"Connection", "upgrade"},
                           {"X-Request-Id", "other"}},
                          "body");
  const Answer answer = client.read();
  EXPECT_EQ(answer.field("X-Good"), "tab\tand \xC3\xA4");
  EXPECT_EQ(answer.head.find("Evil"), std::string::npos);
  EXPECT_EQ(answer.head.find("X-Cr"), std::string::npos);
  EXPECT_EQ(answer.head.find("X-Nul"), std::string::npos);
  EXPECT_EQ(answer.head.find("upgrade"), std::string::npos);
  EXPECT_EQ(answer.head.find("other"), std::string::npos);
  EXPECT_EQ(answer.field("Content-Length"), "4");
  EXPECT_EQ(rig.server->counters().headers_dropped, 5U);
}

TEST(Answers, ErrorsSayWhenToRetry) {
  Rig rig;
  Client client(rig);
  client.send(get("/hold"));
  ASSERT_TRUE(rig.until([&] { return rig.held_count() == 1; }));
  convert::Error error;
  error.kind = convert::ErrorKind::rate_limited;
  error.detail = "account 123456789012";
  error.retry_after = std::chrono::milliseconds(1200);
  rig.held(0).reply->send_error(error, {});
  const Answer answer = client.read();
  EXPECT_EQ(answer.status, 429);
  EXPECT_EQ(answer.field("Content-Type"), "application/json");
  EXPECT_EQ(answer.field("retry-after"), "2");
  EXPECT_EQ(answer.field("retry-after-ms"), "1200");
  EXPECT_EQ(answer.body,
            R"({"error":{"message":"Rate limit reached.","type":"requests","param":null,)"
            R"("code":"rate_limit_exceeded"}})");
}

TEST(Answers, AnAbortedCloseDelimitedAnswerIsReset) {
  Rig rig;
  Client client(rig);
  client.send("GET /hold HTTP/1.0\r\n\r\n");
  ASSERT_TRUE(rig.until([&] { return rig.held_count() == 1; }));
  rig.held(0).reply->begin(200, {});
  rig.held(0).reply->write("half");
  ASSERT_TRUE(rig.until([&] {
    client.receive();
    return client.input().ends_with("half");
  }));
  rig.held(0).reply->abort();
  client.read_to_end();
  EXPECT_TRUE(client.was_reset());
}

TEST(Answers, IgnoreWhatComesTooLate) {
  Rig rig;
  Client client(rig);
  client.send(get("/hold"));
  ASSERT_TRUE(rig.until([&] { return rig.held_count() == 1; }));
  Reply& reply = *rig.held(0).reply;
  reply.write("before begin");
  reply.send(200, {}, "once");
  reply.send(200, {}, "twice");
  reply.begin(200, {});
  reply.write("more");
  reply.finish();
  reply.abort();
  EXPECT_EQ(client.read().body, "once");
  client.send(get("/?next"));
  EXPECT_EQ(client.read().body, "hello next");
}

// Neither heads nor chunks' framing.
TEST(Answers, CountTheirBodies) {
  Rig rig;
  Client client(rig);
  const auto count = [&](const std::string& target, const std::function<void(Reply&)>& answer) {
    client.send(get(target));
    const std::size_t i = rig.held_count();
    EXPECT_TRUE(rig.until([&] { return rig.held_count() == i + 1; }));
    Reply* reply = rig.held(i).reply;
    std::optional<std::uint64_t> sent;
    reply->watch({[&, reply](ReplyEnd) { sent = reply->body_sent(); }, {}});
    answer(*reply);
    EXPECT_EQ(reply->body_sent(), 0U);
    EXPECT_TRUE(rig.until([&] { return sent.has_value(); }));
    EXPECT_EQ(client.read().body.size(), sent);
    return sent.value_or(0);
  };
  EXPECT_EQ(count("/hold",
                  [](Reply& reply) {
                    reply.begin(200, {});
                    reply.write("0123456789");
                    reply.write("abc");
                    reply.finish();
                  }),
            13U);
  EXPECT_EQ(count("/hold", [](Reply& reply) { reply.send(200, {}, "hello"); }), 5U);
  EXPECT_EQ(count("/hold", [](Reply& reply) { reply.send(204, {}, "never sent"); }), 0U);
}

TEST(Answers, OfRejectedRequestsCountTheirBodiesToo) {
  Rig rig;
  struct Case {
    std::string request;
    std::uint64_t body_in;
  };
  const Case cases[] = {
      {"GET / HTTP/9.9\r\n\r\n", 0},
      {get("/denied"), 0},
      {post("/small", "more than ten bytes"), 0},
      {"POST /small HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
       "8\r\n12345678\r\n8\r\n12345678\r\n0\r\n\r\n",
       8},
  };
  for (const Case& row : cases) {
    SCOPED_TRACE(row.request);
    rig.rejected_bodies.clear();
    Client client(rig);
    client.send(row.request);
    const Answer answer = client.read();
    EXPECT_GE(answer.status, 400);
    ASSERT_EQ(rig.rejected_bodies.size(), 1U);
    EXPECT_EQ(rig.rejected_bodies[0].first, row.body_in);
    EXPECT_EQ(rig.rejected_bodies[0].second, answer.body.size());
  }
}

TEST(Options, AreAnsweredWithoutAHandler) {
  Rig rig;
  const Answer answer =
      answer_to(rig, "OPTIONS /denied HTTP/1.1\r\nHost: x\r\nOrigin: http://a\r\n\r\n");
  EXPECT_EQ(answer.status, 204);
  EXPECT_EQ(answer.field("Allow"), "GET, HEAD, POST, OPTIONS");
  EXPECT_EQ(answer.field("Content-Length"), "");
  EXPECT_EQ(answer.head.find("Access-Control"), std::string::npos);
  EXPECT_FALSE(answer.field("x-request-id").empty());
  EXPECT_EQ(rig.options_answered, 1);
  EXPECT_TRUE(rig.served.empty());
}

TEST(Options, PreflightsAreAllowedToConfiguredOrigins) {
  Rig rig(Scheme::http,
          [](ServerOptions& options) { options.cors.origins = {"https://app.test"}; });
  const std::string preflight =
      "Access-Control-Request-Method: POST\r\n"
      "Access-Control-Request-Headers: authorization, content-type, x-stainless-os\r\n\r\n";
  const std::string start = "OPTIONS /v1/chat/completions HTTP/1.1\r\nHost: x\r\nOrigin: ";
  const Answer yes = answer_to(rig, start + "https://app.test\r\n" + preflight);
  EXPECT_EQ(yes.status, 204);
  EXPECT_EQ(yes.field("Access-Control-Allow-Origin"), "https://app.test");
  EXPECT_EQ(yes.field("Access-Control-Allow-Methods"), "GET, HEAD, POST, OPTIONS");
  EXPECT_EQ(yes.field("Access-Control-Allow-Headers"),
            "authorization, content-type, x-stainless-os");
  EXPECT_EQ(yes.field("Vary"), "Origin");
  const Answer no = answer_to(rig, start + "https://evil.test\r\n" + preflight);
  EXPECT_EQ(no.status, 204);
  EXPECT_EQ(no.head.find("Access-Control"), std::string::npos);

  const Answer plain = answer_to(rig, get("/denied", "Origin: https://app.test\r\n"));
  EXPECT_EQ(plain.field("Access-Control-Allow-Origin"), "https://app.test");
  EXPECT_NE(plain.field("Access-Control-Expose-Headers").find("x-request-id"), std::string::npos);
}

TEST(Options, AnyOriginIsAStar) {
  const CorsPolicy policy{{"*"}};
  EXPECT_EQ(allowed_origin(policy, "https://any.test"), "*");
  EXPECT_EQ(allowed_origin(policy, ""), "");
  EXPECT_EQ(allowed_origin({}, "https://any.test"), "");
}

// Requests whose length or start could be read in two ways, each followed by one that must never be
// taken for a request of its own.
TEST(Smuggling, IsAnsweredAtMostOnceAndClosed) {
  const std::string evil = get("/?smuggled");
  const std::string post_line = "POST /echo HTTP/1.1\r\nHost: x\r\n";
  const std::string samples[] = {
      post_line + "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello" + evil,
      post_line + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + evil,
      post_line + "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n" + evil,
      post_line + "Content-Length: 5, 5\r\n\r\nhello" + evil,
      post_line + "Content-Length: +5\r\n\r\nhello" + evil,
      post_line + "Content-Length: 0x5\r\n\r\nhello" + evil,
      post_line + "Content-Length : 5\r\n\r\nhello" + evil,
      post_line + "Content-Length: 5 5\r\n\r\nhello" + evil,
      post_line + "Content-Length: -1\r\n\r\nhello" + evil,
      post_line + "Content-Length:\r\n\r\nhello" + evil,
      post_line + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" + evil,
      post_line + "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n" + evil,
      post_line + "Transfer-Encoding: identity\r\n\r\n" + evil,
      post_line +
          "Transfer-Encoding:\x0B"
          "chunked\r\n\r\n0\r\n\r\n" +
          evil,
      post_line + "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n" + evil,
      post_line + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" +
          evil,
      post_line + "X: y\r\n Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + evil,
      post_line + "Transfer-Encoding: chunked\r\n\r\n+3\r\nabc\r\n0\r\n\r\n" + evil,
      post_line + "Transfer-Encoding: chunked\r\n\r\n0x3\r\nabc\r\n0\r\n\r\n" + evil,
      post_line + "Transfer-Encoding: chunked\r\n\r\n3\nabc\r\n0\r\n\r\n" + evil,
      post_line + "Transfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n0\r\n\r\n" + evil,
      post_line + "Transfer-Encoding: chunked\r\n\r\n10000000000000003\r\nabc\r\n0\r\n\r\n" + evil,
      "POST /echo HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + evil,
      "POST /echo HTTP/1.1\nHost: x\nContent-Length: 5\n\nhello" + evil,
      "POST /echo HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n" + evil,
      "POST /echo HTTP/1.1\r\n\r\n" + evil,
      "GET  /echo HTTP/1.1\r\nHost: x\r\n\r\n" + evil,
      "GET /echo HTTP/1.1 \r\nHost: x\r\n\r\n" + evil,
      "GET /ec\rho HTTP/1.1\r\nHost: x\r\n\r\n" + evil,
      "GET /echo HTTP/2.0\r\nHost: x\r\n\r\n" + evil,
      "CONNECT x:443 HTTP/1.1\r\nHost: x\r\n\r\n" + evil,
      "GET /echo HTTP/1.1\r\nHost: x\r\nX: a" + std::string(1, 0) + "b\r\n\r\n" + evil,
  };
  Rig rig;
  for (const std::string& sample : samples) {
    rig.rejected.clear();
    Client client(rig);
    client.send(sample);
    const std::string all = client.read_to_end();
    EXPECT_FALSE(client.was_reset()) << sample;
    EXPECT_EQ(all.find("HTTP/1.1 "), 0U) << sample;
    EXPECT_EQ(all.rfind("HTTP/1.1 "), 0U) << "two answers to " << sample;
    EXPECT_TRUE(all[9] == '4' || all[9] == '5') << sample;
    EXPECT_NE(all.find("{\"error\":{\"message\":"), std::string::npos) << sample;
    EXPECT_EQ(rig.rejected.size(), 1U) << sample;
  }
  EXPECT_TRUE(rig.served.empty());
}

TEST(Smuggling, HeadsOverTheirLimitsAreRefused) {
  Rig rig;
  EXPECT_EQ(answer_to(rig, get("/" + std::string(20'000, 'a'))).status, 414);
  EXPECT_EQ(answer_to(rig, get("/", "X: " + std::string(70'000, 'a') + "\r\n")).status, 431);
  std::string many;
  for (int i = 0; i < 200; ++i) many += "X" + std::to_string(i) + ": y\r\n";
  EXPECT_EQ(answer_to(rig, get("/", many)).status, 431);
  EXPECT_EQ(answer_to(rig, get("/", "X: " + std::string(60'000, 'a') + "\r\n")).status, 200);
}

}  // namespace
}  // namespace oriel::gateway::http
