// Deadlines, caps and the end of a server: offenders go at their time, everybody else is served.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include "tests/gateway/http/rig.h"

namespace oriel::gateway::http {
namespace {

using std::chrono::milliseconds;

class Limits : public testing::TestWithParam<Scheme> {};
INSTANTIATE_TEST_SUITE_P(Over, Limits, testing::Values(Scheme::http, Scheme::https),
                         [](const auto& scheme) { return name_of(scheme.param); });

TEST_P(Limits, SlowHeadsEndIn408) {
  Rig rig(GetParam(),
          [](ServerOptions& options) { options.limits.head_timeout = milliseconds(50); });
  Client slow(rig);
  slow.send("GET / HT");
  // Bytes that keep coming do not move the deadline.
  ASSERT_TRUE(rig.until([&] {
    if (rig.rejected.empty()) slow.send_some("T");
    return !rig.rejected.empty();
  }));
  const Answer answer = slow.read();
  EXPECT_EQ(answer.status, 408);
  EXPECT_NE(answer.body.find("\"code\":\"request_timeout\""), std::string::npos);
  EXPECT_EQ(answer.field("Connection"), "close");
  slow.read_to_end();
  EXPECT_TRUE(rig.served.empty());
}

TEST_P(Limits, SlowBodiesEndIn408) {
  Rig rig(GetParam(), [](ServerOptions& options) {
    options.limits.body_grace = milliseconds(40);
    options.limits.body_min_rate = 100'000;
  });
  Client slow(rig);
  slow.send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\nsome");
  EXPECT_EQ(slow.read().status, 408);
  slow.read_to_end();
  ASSERT_EQ(rig.rejected.size(), 1U);
  EXPECT_EQ(rig.rejected[0].kind, convert::ErrorKind::request_timeout);
}

TEST_P(Limits, IdleConnectionsAreClosedQuietly) {
  Rig rig(GetParam(),
          [](ServerOptions& options) { options.limits.keep_alive_timeout = milliseconds(40); });
  Client never(rig);
  Client once(rig);
  once.send(get("/?x"));
  EXPECT_EQ(once.read().status, 200);
  EXPECT_EQ(never.read_to_end(), "");
  EXPECT_EQ(once.read_to_end(), "");
  EXPECT_TRUE(rig.rejected.empty());
  EXPECT_TRUE(rig.until([&] { return rig.open() == 0; }));
}

TEST_P(Limits, LingeringEnds) {
  Rig rig(GetParam(),
          [](ServerOptions& options) { options.limits.linger_timeout = milliseconds(40); });
  Client client(rig);
  client.send(get("/?x", "Connection: close\r\n"));
  EXPECT_EQ(client.read().field("Connection"), "close");
  // The client stays; the server does not wait for it for ever.
  EXPECT_TRUE(rig.until([&] { return rig.open() == 0; }));
}

TEST(LimitsOfTls, HandshakesEnd) {
  Rig rig(Scheme::https,
          [](ServerOptions& options) { options.limits.tls_handshake_timeout = milliseconds(40); });
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(static_cast<std::uint16_t>(rig.port()));
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  (void)::connect(fd, reinterpret_cast<sockaddr*>(&to), sizeof to);
  ASSERT_TRUE(rig.until([&] { return rig.open() == 1; }));
  EXPECT_TRUE(rig.until([&] { return rig.open() == 0; }));
  ::close(fd);
}

TEST(LimitsOfTls, PlainTextIsClosed) {
  Rig rig(Scheme::https);
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(static_cast<std::uint16_t>(rig.port()));
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ASSERT_EQ(::connect(fd, reinterpret_cast<sockaddr*>(&to), sizeof to), 0);
  ASSERT_GT(::send(fd, "GET / HTTP/1.1\r\n\r\n", 18, 0), 0);
  ASSERT_TRUE(rig.until([&] { return rig.server->counters().connections_accepted == 1; }));
  EXPECT_TRUE(rig.until([&] { return rig.open() == 0; }));
  ::close(fd);
}

TEST(LimitsOfTls, BadFilesAreNamed) {
  const TestCertificate good;
  const auto missing = load_tls("/nowhere/certificate.pem", good.key_file());
  ASSERT_FALSE(missing.has_value());
  EXPECT_NE(missing.error().detail.find("/nowhere/certificate.pem"), std::string::npos);
  const TestCertificate other;
  EXPECT_FALSE(load_tls(good.certificate_file(), other.key_file()).has_value());
  EXPECT_TRUE(load_tls(good.certificate_file(), good.key_file()).has_value());
}

TEST_P(Limits, ConnectionsOverTheCapHear503) {
  Rig rig(GetParam(), [](ServerOptions& options) {
    options.limits.max_connections = 2;
    options.limits.shed_reserve = 1;
  });
  Client first(rig);
  Client second(rig);
  ASSERT_TRUE(rig.until([&] { return rig.open() == 2; }));
  {
    Client third(rig);
    third.send(get("/"));
    const Answer answer = third.read();
    EXPECT_EQ(answer.status, 503);
    EXPECT_EQ(answer.field("retry-after"), "1");
    EXPECT_EQ(answer.field("retry-after-ms"), "1000");
    EXPECT_FALSE(answer.field("x-request-id").empty());
    third.read_to_end();
  }
  ASSERT_TRUE(rig.until([&] { return rig.open() == 2; }));
  EXPECT_EQ(rig.server->counters().connections_shed, 1U);
  first.close();
  ASSERT_TRUE(rig.until([&] { return rig.open() == 1; }));
  Client fourth(rig);
  fourth.send(get("/?4"));
  EXPECT_EQ(fourth.read().body, "hello 4");
}

TEST(LimitsOfConnections, OverTheReserveTheyAreClosed) {
  Rig rig(Scheme::http, [](ServerOptions& options) {
    options.limits.max_connections_per_address = 1;
    options.limits.shed_reserve = 1;
  });
  Client kept(rig);
  Client shed(rig);
  Client closed(rig);
  ASSERT_TRUE(rig.until([&] { return rig.server->counters().connections_accepted == 3; }));
  EXPECT_EQ(closed.read_to_end(), "");
  EXPECT_EQ(rig.open(), 2U);
  EXPECT_EQ(rig.server->counters().connections_shed, 2U);
  kept.send(get("/?k"));
  EXPECT_EQ(kept.read().body, "hello k");
}

TEST(LimitsOfConnections, AThousandIdleOnesDisturbNobody) {
  rlimit files{};
  ::getrlimit(RLIMIT_NOFILE, &files);
  if (files.rlim_cur < 2200) {
    files.rlim_cur = std::min<rlim_t>(files.rlim_max, 2200);
    ::setrlimit(RLIMIT_NOFILE, &files);
  }
  if (files.rlim_cur < 2200) GTEST_SKIP() << "needs 2200 descriptors";
  Rig rig;
  std::vector<std::unique_ptr<Client>> idle;
  for (int i = 0; i < 1000; ++i) idle.push_back(std::make_unique<Client>(rig));
  ASSERT_TRUE(rig.until([&] { return rig.open() == 1000; }));
  Client busy(rig);
  for (int i = 0; i < 20; ++i) {
    busy.send(get("/?b"));
    ASSERT_EQ(busy.read().body, "hello b");
  }
  for (std::size_t i = 0; i < idle.size(); i += 2) idle[i].reset();
  ASSERT_TRUE(rig.until([&] { return rig.open() == 501; }));
  idle[1]->send(get("/?i"));
  EXPECT_EQ(idle[1]->read().body, "hello i");
}

TEST(LimitsOfConnections, AcceptingRestsWithoutDescriptors) {
  Rig rig;
  const int spare = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  ASSERT_GE(spare, 0);
  const int client_fd = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  rlimit files{};
  ::getrlimit(RLIMIT_NOFILE, &files);
  const rlim_t before = files.rlim_cur;
  files.rlim_cur = static_cast<rlim_t>(client_fd) + 1;  // every lower descriptor is in use
  ::setrlimit(RLIMIT_NOFILE, &files);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(static_cast<std::uint16_t>(rig.port()));
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  (void)::connect(client_fd, reinterpret_cast<sockaddr*>(&to), sizeof to);
  const bool paused = rig.until([&] { return rig.server->counters().accept_pauses >= 1; });
  for (int i = 0; i < 50; ++i) rig.pump();
  const std::uint64_t pauses = rig.server->counters().accept_pauses;
  files.rlim_cur = before;
  ::setrlimit(RLIMIT_NOFILE, &files);
  EXPECT_TRUE(paused);
  EXPECT_LE(pauses, 3U);  // it rests, it does not spin
  EXPECT_TRUE(rig.until([&] { return rig.open() == 1; }));
  ::close(client_fd);
  ::close(spare);
}

TEST_P(Limits, DrainingClosesIdleAndFinishesBusyConnections) {
  Rig rig(GetParam());
  Client idle(rig);
  Client streaming(rig);
  Client waiting(rig);
  streaming.send(get("/hold"));
  waiting.send(get("/hold") + get("/?never"));
  ASSERT_TRUE(rig.until([&] { return rig.held_count() == 2; }));
  rig.held(0).reply->begin(200, {});
  rig.held(0).reply->write("a");
  rig.pump();
  rig.server->drain();
  EXPECT_EQ(idle.read_to_end(), "");
  rig.held(0).reply->write("b");
  rig.held(0).reply->finish();
  rig.held(1).reply->send(200, {}, "done");
  EXPECT_EQ(streaming.read().body, "ab");
  const Answer last = waiting.read();
  EXPECT_EQ(last.body, "done");
  EXPECT_EQ(last.field("Connection"), "close");
  EXPECT_EQ(waiting.read_to_end(), "");
  streaming.read_to_end();
  streaming.close();
  waiting.close();
  EXPECT_TRUE(rig.until([&] { return rig.open() == 0; }));
  EXPECT_EQ(rig.served.size(), 2U);
  const int late = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(static_cast<std::uint16_t>(rig.port()));
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_NE(::connect(late, reinterpret_cast<sockaddr*>(&to), sizeof to), 0);
  ::close(late);
}

TEST(Draining, ServesWhoHasAlreadyAsked) {
  Rig rig;
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(static_cast<std::uint16_t>(rig.port()));
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ASSERT_EQ(::connect(fd, reinterpret_cast<sockaddr*>(&to), sizeof to), 0);
  const std::string request = get("/?queued");
  ASSERT_GT(::send(fd, request.data(), request.size(), 0), 0);
  rig.server->drain();  // not even accepted yet
  std::string all(4096, '\0');
  ssize_t n = 0;
  ASSERT_TRUE(
      rig.until([&] { return (n = ::recv(fd, all.data(), all.size(), MSG_DONTWAIT)) > 0; }));
  EXPECT_TRUE(all.substr(0, static_cast<std::size_t>(n)).ends_with("hello queued"));
  ::close(fd);
}

TEST(Binding, NamesWhatIsWrong) {
  for (const char* address : {"", "8080", "127.0.0.1", "::1:80", "127.0.0.1:http", "256.1.1.1:1x",
                              "127.0.0.1:99999", "127.0.0.1:-1"}) {
    const auto bound = bind_listener(address);
    ASSERT_FALSE(bound.has_value()) << address;
    EXPECT_NE(bound.error().detail.find("cannot listen on " + std::string(address)),
              std::string::npos);
  }
  const auto v6 = bind_listener("[::1]:0");
  if (v6) {
    EXPECT_TRUE(v6->address.starts_with("[::1]:")) << v6->address;
    ::close(v6->socket);
  }
}

TEST(Binding, WorkersShareAPortAndAStrangerDoesNot) {
  const auto first = bind_listener("127.0.0.1:0");
  ASSERT_TRUE(first.has_value());
  const auto second = bind_listener(first->address);
  ASSERT_TRUE(second.has_value());
  EXPECT_EQ(first->address, second->address);
  const auto stranger = bind_listener(first->address, PortSharing::none);
  ASSERT_FALSE(stranger.has_value());
  EXPECT_NE(stranger.error().message.find("in use"), std::string::npos);
  ::close(first->socket);
  ::close(second->socket);
  const auto after = bind_listener(first->address, PortSharing::none);
  ASSERT_TRUE(after.has_value());
  ::close(after->socket);
}

}  // namespace
}  // namespace oriel::gateway::http
