// Requests and answers over real sockets, plain and over TLS.
#include <gtest/gtest.h>

#include "tests/gateway/http/rig.h"

namespace oriel::gateway::http {
namespace {

class Exchange : public testing::TestWithParam<Scheme> {};
INSTANTIATE_TEST_SUITE_P(Over, Exchange, testing::Values(Scheme::http, Scheme::https),
                         [](const auto& scheme) { return name_of(scheme.param); });

TEST_P(Exchange, AnswersAndKeepsTheConnection) {
  Rig rig(GetParam());
  Client client(rig);
  for (int i = 0; i < 3; ++i) {
    client.send(get("/?" + std::to_string(i)));
    const Answer answer = client.read();
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body, "hello " + std::to_string(i));
    EXPECT_EQ(answer.field("Content-Type"), "text/plain");
    EXPECT_EQ(answer.field("x-request-id"), "req-" + std::to_string(i + 1));
    EXPECT_EQ(answer.field("openai-version"), "2020-10-01");
    EXPECT_FALSE(answer.field("openai-processing-ms").empty());
    EXPECT_EQ(answer.field("Date").size(), 29U);
    EXPECT_EQ(answer.field("Connection"), "");
  }
  EXPECT_EQ(rig.server->counters().connections_accepted, 1U);
  EXPECT_EQ(rig.server->counters().buffered_bytes, 0U);
}

TEST_P(Exchange, AnswersAHundredPipelinedRequestsInOrder) {
  Rig rig(GetParam());
  Client client(rig);
  std::string all;
  for (int i = 0; i < 100; ++i) {
    all += i % 2 == 0 ? get("/?" + std::to_string(i)) : post("/echo", "body " + std::to_string(i));
  }
  client.send(all);
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(client.read().body, (i % 2 == 0 ? "hello " : "body ") + std::to_string(i));
  }
}

TEST_P(Exchange, WaitsForOneAnswerBeforeTheNextRequest) {
  Rig rig(GetParam());
  Client client(rig);
  client.send(get("/hold") + get("/?second"));
  ASSERT_TRUE(rig.until([&] { return rig.held_count() == 1; }));
  rig.pump();
  EXPECT_EQ(rig.served.size(), 1U);
  rig.held(0).reply->send(200, {}, "first");
  EXPECT_TRUE(rig.held(0).ends.empty());  // never from inside the call
  EXPECT_EQ(client.read().body, "first");
  EXPECT_EQ(client.read().body, "hello second");
  EXPECT_EQ(rig.held(0).ends, std::vector<ReplyEnd>{ReplyEnd::flushed});
}

TEST_P(Exchange, TakesARequestByteByByte) {
  Rig rig(GetParam());
  Client client(rig);
  const std::string requests =
      post("/echo", "0123456789") +
      "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
      "3\r\nabc\r\nA;ext=1\r\ndefghijklm\r\n0\r\nTrailer: x\r\n\r\n";
  for (const char c : requests) {
    ASSERT_TRUE(client.send(std::string_view(&c, 1)));
    rig.pump();
  }
  EXPECT_EQ(client.read().body, "0123456789");
  EXPECT_EQ(client.read().body, "abcdefghijklm");
}

TEST_P(Exchange, TakesARequestCutInTwoAnywhere) {
  Rig rig(GetParam());
  const std::string request = post("/echo", "0123456789", "X-Some: thing\r\n");
  Client client(rig);
  for (std::size_t cut = 1; cut < request.size(); ++cut) {
    client.send(std::string_view(request).substr(0, cut));
    rig.pump();
    client.send(std::string_view(request).substr(cut));
    ASSERT_EQ(client.read().body, "0123456789") << cut;
  }
}

TEST_P(Exchange, TakesALargeBody) {
  Rig rig(GetParam());
  std::string body(5'000'000, 'x');
  for (std::size_t i = 0; i < body.size(); i += 997) body[i] = static_cast<char>('a' + i % 26);
  Client client(rig);
  client.send(post("/echo", body));
  const Answer answer = client.read();
  EXPECT_EQ(answer.body.size(), body.size());
  EXPECT_TRUE(answer.body == body);
}

TEST_P(Exchange, StreamsInChunks) {
  Rig rig(GetParam());
  Client client(rig);
  client.send(get("/hold"));
  ASSERT_TRUE(rig.until([&] { return rig.held_count() == 1; }));
  Reply& reply = *rig.held(0).reply;
  reply.begin(200, {{"Content-Type", "text/event-stream; charset=utf-8"}});
  reply.write("data: 1\n\n");
  reply.write("");
  ASSERT_TRUE(rig.until([&] {
    client.receive();
    return client.input().ends_with("9\r\ndata: 1\n\n\r\n");
  }));
  EXPECT_TRUE(rig.held(0).ends.empty());
  EXPECT_EQ(reply.buffered(), 0U);
  reply.write(std::string(1000, 'y'));
  reply.finish();
  const Answer answer = client.read();
  EXPECT_EQ(answer.field("Transfer-Encoding"), "chunked");
  EXPECT_EQ(answer.field("Content-Length"), "");
  EXPECT_EQ(answer.body, "data: 1\n\n" + std::string(1000, 'y'));
  EXPECT_EQ(rig.held(0).ends, std::vector<ReplyEnd>{ReplyEnd::flushed});
  client.send(get("/?next"));
  EXPECT_EQ(client.read().body, "hello next");
}

TEST_P(Exchange, AbortsBehindWhatWasWritten) {
  Rig rig(GetParam());
  Client client(rig);
  client.send(get("/hold"));
  ASSERT_TRUE(rig.until([&] { return rig.held_count() == 1; }));
  rig.held(0).reply->begin(200, {});
  rig.held(0).reply->write("half");
  rig.held(0).reply->abort();
  const std::string all = client.read_to_end();
  EXPECT_TRUE(all.ends_with("4\r\nhalf\r\n")) << all;
  EXPECT_EQ(rig.held(0).ends, std::vector<ReplyEnd>{ReplyEnd::flushed});
}

TEST_P(Exchange, SpeaksHttp10) {
  Rig rig(GetParam());
  {
    Client client(rig);
    client.send("GET /?old HTTP/1.0\r\n\r\n");
    const Answer answer = client.read();
    EXPECT_EQ(answer.body, "hello old");
    EXPECT_EQ(answer.field("Connection"), "close");
    client.read_to_end();
    EXPECT_TRUE(client.ended());
  }
  {
    Client client(rig);
    client.send("GET /?kept HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    EXPECT_EQ(client.read().field("Connection"), "keep-alive");
    client.send("GET /hold HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    ASSERT_TRUE(rig.until([&] { return rig.held_count() == 1; }));
    rig.held(0).reply->begin(200, {});
    rig.held(0).reply->write("to the end");
    rig.held(0).reply->finish();
    const std::string all = client.read_to_end();
    EXPECT_TRUE(all.ends_with("Connection: close\r\n\r\nto the end")) << all;
    EXPECT_EQ(all.find("chunked"), std::string::npos);
  }
}

TEST_P(Exchange, SendsNoBodyToHead) {
  Rig rig(GetParam());
  Client client(rig);
  client.send("HEAD /?x HTTP/1.1\r\nHost: x\r\n\r\n" + get("/hold"));
  const Answer head = client.read("HEAD");
  EXPECT_EQ(head.field("Content-Length"), "7");
  ASSERT_TRUE(rig.until([&] { return rig.held_count() == 1; }));
  rig.held(0).reply->send(200, {}, "second");
  EXPECT_EQ(client.read().body, "second");  // nothing of the first one's body is in between
  client.send("HEAD /hold HTTP/1.1\r\nHost: x\r\n\r\n" + get("/?after"));
  ASSERT_TRUE(rig.until([&] { return rig.held_count() == 2; }));
  rig.held(1).reply->begin(200, {});
  rig.held(1).reply->write("never seen");
  rig.held(1).reply->finish();
  EXPECT_EQ(client.read("HEAD").status, 200);
  EXPECT_EQ(client.read().body, "hello after");
}

TEST_P(Exchange, ContinuesOnlyWhatIsAdmitted) {
  Rig rig(GetParam());
  const std::string expect = "Expect: 100-continue\r\nContent-Length: 20\r\n\r\n";
  {
    Client client(rig);
    client.send("POST /echo HTTP/1.1\r\nHost: x\r\n" + expect);
    EXPECT_EQ(client.read().status, 100);
    EXPECT_TRUE(rig.served.empty());
    client.send("01234567890123456789");
    EXPECT_EQ(client.read().body, "01234567890123456789");
  }
  for (const auto& [path, status] : {std::pair("/denied", 401), std::pair("/small", 413)}) {
    Client client(rig);
    client.send("POST " + std::string(path) + " HTTP/1.1\r\nHost: x\r\n" + expect);
    const Answer answer = client.read();
    EXPECT_EQ(answer.status, status);
    EXPECT_EQ(answer.field("Connection"), "close");
    client.read_to_end();
    EXPECT_TRUE(client.ended());
  }
  EXPECT_EQ(rig.served.size(), 1U);
}

TEST_P(Exchange, RefusesBeforeTheBodyAndStaysReadable) {
  Rig rig(GetParam());
  Client client(rig);
  // The client keeps pushing what nobody wants, and reads only then.
  const std::string request = "POST /denied HTTP/1.1\r\nHost: x\r\nContent-Length: 3000000\r\n\r\n";
  client.send(request + std::string(2'000'000, 'z'));
  const Answer answer = client.read();
  EXPECT_EQ(answer.status, 401);
  EXPECT_EQ(answer.field("WWW-Authenticate"), "Bearer");
  EXPECT_EQ(answer.field("Connection"), "close");
  EXPECT_NE(answer.body.find("\"code\":\"invalid_api_key\""), std::string::npos);
  client.read_to_end();
  EXPECT_FALSE(client.was_reset());
  EXPECT_TRUE(rig.served.empty());
  ASSERT_EQ(rig.rejected.size(), 1U);
  EXPECT_EQ(rig.rejected_ids[0], answer.field("x-request-id"));
  client.close();
  EXPECT_TRUE(rig.until([&] { return rig.open() == 0; }));
}

TEST_P(Exchange, KeepsTheConnectionAfterARefusalWithoutABody) {
  Rig rig(GetParam());
  Client client(rig);
  client.send(get("/denied") + get("/?next"));
  EXPECT_EQ(client.read().status, 401);
  EXPECT_EQ(client.read().body, "hello next");
}

TEST_P(Exchange, RefusesBodiesOverTheCap) {
  Rig rig(GetParam());
  const std::string chunked =
      "POST /small HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n12345\r\n6\r\n";
  for (const std::string& request : {post("/small", "12345678901"), chunked,
                                     std::string("POST / HTTP/1.1\r\nHost: x\r\n"
                                                 "Content-Length: 10737418240\r\n\r\n")}) {
    Client client(rig);
    client.send(request);
    const Answer answer = client.read();
    EXPECT_EQ(answer.status, 413) << request;
    EXPECT_NE(answer.body.find("Request body exceeds the maximum size of "), std::string::npos);
    EXPECT_NE(answer.body.find("\"code\":\"request_too_large\""), std::string::npos);
  }
  Client client(rig);
  client.send(post("/small", "1234567890"));
  EXPECT_EQ(client.read().status, 200);
}

TEST_P(Exchange, GoesOnWithInputThatFilledUpWhileServing) {
  Rig rig(GetParam());
  Client client(rig);
  client.send(get("/hold"));
  ASSERT_TRUE(rig.until([&] { return rig.held_count() == 1; }));
  // More than is held; nobody takes the rest before the answer.
  std::string more;
  int count = 0;
  for (; more.size() < 300'000; ++count) more += get("/?" + std::string(300, 'q'));
  std::string_view left = more;
  for (int still = 0; still < 50 && !left.empty(); ++still) {
    const ssize_t n = client.send_some(left);
    if (n > 0) left.remove_prefix(static_cast<std::size_t>(n));
    rig.pump();
  }
  rig.held(0).reply->send(200, {}, "first");
  EXPECT_EQ(client.read().body, "first");
  client.send(left);
  for (int i = 0; i < count; ++i) ASSERT_EQ(client.read().body.size(), 306U) << i;
}

}  // namespace
}  // namespace oriel::gateway::http
