// Clients that leave, stall or do not read: noticed in every phase, and what they cost stays
// bounded.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/gateway/http/rig.h"

namespace oriel::gateway::http {
namespace {

using std::chrono::milliseconds;

class Leaving : public testing::TestWithParam<Scheme> {};
INSTANTIATE_TEST_SUITE_P(Over, Leaving, testing::Values(Scheme::http, Scheme::https),
                         [](const auto& scheme) { return name_of(scheme.param); });

const std::vector<ReplyEnd> kGone{ReplyEnd::client_gone};

// Hands over what fits while the server is busy with something else.
void push(Rig& rig, Client& client, std::string_view bytes) {
  for (int still = 0; still < 100 && !bytes.empty(); ++still) {
    const ssize_t n = client.send_some(bytes);
    if (n > 0) bytes.remove_prefix(static_cast<std::size_t>(n));
    rig.pump();
  }
}

TEST_P(Leaving, AtEveryByteOfARequest) {
  Rig rig(GetParam());
  const std::string requests[] = {
      post("/echo", "0123456789"),
      "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nabcd\r\n0\r\n\r\n"};
  for (const std::string& request : requests) {
    for (std::size_t cut = 0; cut < request.size(); ++cut) {
      Client client(rig);
      client.send(std::string_view(request).substr(0, cut));
      if (cut % 2 == 0) rig.pump();
      if (cut % 3 == 0) client.reset();
      client.close();
      ASSERT_TRUE(rig.until([&] { return rig.open() == 0; })) << cut;
    }
  }
  EXPECT_TRUE(rig.served.empty());
  EXPECT_FALSE(rig.rejected.empty());
  for (const convert::Error& error : rig.rejected) {
    EXPECT_EQ(error.kind, convert::ErrorKind::cancelled);
  }
}

TEST_P(Leaving, WhileServedIsToldAtOnce) {
  Rig rig(GetParam());
  enum class How { close, half, reset };
  for (const How how : {How::close, How::half, How::reset}) {
    Client client(rig);
    client.send(get("/hold"));
    const std::size_t i = rig.held_count();
    ASSERT_TRUE(rig.until([&] { return rig.held_count() == i + 1; }));
    if (how == How::close) client.close();
    if (how == How::half) client.shutdown_write();
    if (how == How::reset) client.reset();
    ASSERT_TRUE(rig.soon([&] { return !rig.held(i).ends.empty(); }));
    EXPECT_EQ(rig.held(i).ends, kGone);
    EXPECT_TRUE(rig.until([&] { return rig.open() == 0; }));
  }
}

TEST_P(Leaving, BehindFullInputIsToldToo) {
  Rig rig(GetParam());
  for (const bool reset : {false, true}) {
    Client client(rig);
    const std::size_t i = rig.held_count();
    client.send(get("/hold"));
    ASSERT_TRUE(rig.until([&] { return rig.held_count() == i + 1; }));
    // More than is held; the kernel's buffer takes the rest, so that the end is not stuck behind
    // it.
    push(rig, client, std::string(90'000, 'x'));
    reset ? client.reset() : client.close();
    ASSERT_TRUE(rig.soon([&] { return !rig.held(i).ends.empty(); }));
    EXPECT_EQ(rig.held(i).ends, kGone);
  }
  EXPECT_EQ(rig.served.size(), 2U);
}

TEST_P(Leaving, AtEveryStepOfAStream) {
  Rig rig(GetParam());
  constexpr int kSteps = 8;
  for (int step = 0; step <= kSteps; ++step) {
    for (const bool reset : {false, true}) {
      Client client(rig);
      const std::size_t i = rig.held_count();
      client.send(get("/hold"));
      ASSERT_TRUE(rig.until([&] { return rig.held_count() == i + 1; }));
      Held& held = rig.held(i);
      for (int done = 0; done < kSteps && held.ends.empty(); ++done) {
        if (done == step) reset ? client.reset() : client.close();
        if (done == 0) held.reply->begin(200, {});
        held.reply->write("data: token\n\n");
        if (done % 2 == 1) rig.pump();
      }
      if (step == kSteps) client.close();
      // Still writing when it is told, at the latest with the next piece.
      ASSERT_TRUE(rig.until([&] {
        if (held.ends.empty()) held.reply->write("more");
        return !held.ends.empty();
      }));
      EXPECT_EQ(held.ends, kGone) << step;
    }
  }
  EXPECT_TRUE(rig.until([&] { return rig.open() == 0; }));
  EXPECT_EQ(rig.server->counters().buffered_bytes, 0U);
}

TEST_P(Leaving, ByHalfAfterAWholeRequestStillGetsAnImmediateAnswer) {
  Rig rig(GetParam());
  Client client(rig);
  client.send_some(get("/?x"));
  if (GetParam() == Scheme::http) client.shutdown_write();
  EXPECT_EQ(client.read().body, "hello x");
}

TEST_P(Leaving, AnUnwatchedHandlerKeepsAUsableReply) {
  Reply* kept = nullptr;
  Rig rig(GetParam(), [&](ServerOptions& options) {
    options.serve = [&](Request&&, Reply& reply) { kept = &reply; };
  });
  {
    Client client(rig);
    client.send(get("/"));
    ASSERT_TRUE(rig.until([&] { return kept != nullptr; }));
  }
  for (int i = 0; i < 20; ++i) rig.pump();
  EXPECT_EQ(rig.open(), 1U);
  kept->begin(200, {});
  kept->write("nobody reads this");
  kept->finish();
  EXPECT_TRUE(rig.until([&] { return rig.open() == 0; }));
}

TEST_P(Leaving, WatchedLateIsTold) {
  Reply* kept = nullptr;
  Rig rig(GetParam(), [&](ServerOptions& options) {
    options.serve = [&](Request&&, Reply& reply) { kept = &reply; };
  });
  {
    Client client(rig);
    client.send(get("/"));
    ASSERT_TRUE(rig.until([&] { return kept != nullptr; }));
  }
  for (int i = 0; i < 20; ++i) rig.pump();
  std::vector<ReplyEnd> ends;
  kept->watch({[&](ReplyEnd end) { ends.push_back(end); }, {}});
  EXPECT_TRUE(ends.empty());
  EXPECT_TRUE(rig.until([&] { return rig.open() == 0; }));
  EXPECT_EQ(ends, kGone);
}

TEST_P(Leaving, AServerThatEndsTellsItsWatchers) {
  Rig rig(GetParam());
  Client client(rig);
  client.send(get("/hold"));
  ASSERT_TRUE(rig.until([&] { return rig.held_count() == 1; }));
  rig.held(0).reply->begin(200, {});
  rig.server.reset();
  EXPECT_EQ(rig.held(0).ends, kGone);
}

// Whatever was being read when the server ended was a request.
TEST_P(Leaving, AServerThatEndsTellsOfUnreadRequests) {
  const std::string request = post("/echo", "0123456789");
  const std::string head = request.substr(0, request.size() - 10);
  struct Case {
    std::string sent;
    std::size_t rejected;
    std::uint64_t body_in;
  };
  const Case cases[] = {
      {"", 0, 0}, {request.substr(0, 20), 1, 0}, {head, 1, 0}, {head + "0123", 1, 4}};
  for (const Case& row : cases) {
    SCOPED_TRACE(row.sent);
    Rig rig(GetParam());
    Client client(rig);
    client.send(get("/?first"));  // the connection is there, and its handshake done
    ASSERT_EQ(client.read().body, "hello first");
    client.send_through(row.sent);
    rig.server.reset();
    ASSERT_EQ(rig.rejected.size(), row.rejected);
    if (row.rejected == 0) continue;
    EXPECT_EQ(rig.rejected[0].kind, convert::ErrorKind::draining);
    EXPECT_FALSE(rig.rejected_ids[0].empty());
    EXPECT_EQ(rig.rejected_bodies[0].first, row.body_in);
    EXPECT_EQ(rig.rejected_bodies[0].second, 0U);
  }
}

TEST_P(Leaving, ASlowReaderPausesAndResumesTheWriter) {
  Rig rig(GetParam());
  Client client(rig, 4096);
  client.send(get("/hold"));
  ASSERT_TRUE(rig.until([&] { return rig.held_count() == 1; }));
  Held& held = rig.held(0);
  constexpr std::size_t kTotal = 12'000'000;
  constexpr std::size_t kPiece = 10'000;
  std::size_t written = 0;
  std::size_t most = 0;
  bool finished = false;
  const auto write_on = [&] {
    while (!held.reply->congested() && written < kTotal) {
      held.reply->write(std::string(kPiece, 'w'));
      written += kPiece;
      most = std::max(most, held.reply->buffered());
    }
    if (written == kTotal && !std::exchange(finished, true)) held.reply->finish();
  };
  held.on_drained = write_on;
  held.reply->begin(200, {});
  write_on();
  EXPECT_TRUE(held.reply->congested());
  EXPECT_EQ(held.drained, 0);
  // `write_on` runs again only when the reader has taken half.
  std::size_t got = 0;
  ASSERT_TRUE(rig.until([&] {
    client.receive();
    got += client.input().size();
    const bool last = client.input().ends_with("\r\n0\r\n\r\n");
    client.input().clear();
    return last;
  }));
  EXPECT_GT(got, kTotal);
  EXPECT_GT(held.drained, 2);
  EXPECT_LE(most, rig.limits.write_high_watermark + kPiece + 100);
  EXPECT_EQ(held.ends, std::vector<ReplyEnd>{ReplyEnd::flushed});
}

TEST_P(Leaving, AHundredClientsThatNeverReadStayBounded) {
  Rig rig(GetParam());
  Client reader(rig);  // before the others, who make the loop's first turns long
  reader.send(get("/?r"));
  ASSERT_EQ(reader.read().body, "hello r");
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < 100; ++i) {
    clients.push_back(std::make_unique<Client>(rig, 4096));
    clients.back()->send(get("/hold"));
  }
  ASSERT_TRUE(rig.until([&] { return rig.held_count() == 100; }));
  for (std::size_t i = 0; i < 100; ++i) {
    Held& held = rig.held(i);
    held.on_drained = [&held] {
      while (!held.reply->congested()) held.reply->write(std::string(16'000, 'w'));
    };
    held.reply->begin(200, {});
    held.on_drained();
  }
  // Whoever reads is served meanwhile.
  for (int i = 0; i < 50; ++i) {
    reader.send(get("/?r"));
    ASSERT_EQ(reader.read().body, "hello r");
  }
  const std::uint64_t each = rig.limits.write_high_watermark + 17'000;
  EXPECT_LE(rig.server->counters().buffered_bytes, 100 * each);
  for (std::size_t i = 0; i < 100; ++i) EXPECT_TRUE(rig.held(i).reply->congested());
  clients.clear();
  EXPECT_TRUE(rig.until([&] { return rig.open() == 1; }));
  EXPECT_EQ(rig.server->counters().buffered_bytes, 0U);
}

TEST_P(Leaving, ClientsThatTakeNothingAreCutAtTheirDeadline) {
  Rig rig(GetParam(),
          [](ServerOptions& options) { options.limits.write_stall_timeout = milliseconds(60); });
  Client client(rig, 4096);
  client.send(get("/hold"));
  ASSERT_TRUE(rig.until([&] { return rig.held_count() == 1; }));
  Held& held = rig.held(0);
  held.reply->begin(200, {});
  held.reply->write(std::string(8'000'000, 'w'));
  ASSERT_TRUE(rig.until([&] { return !held.ends.empty(); }));
  EXPECT_EQ(held.ends, std::vector<ReplyEnd>{ReplyEnd::stalled});
  EXPECT_TRUE(rig.until([&] { return rig.open() == 0; }));
}

// The kernel's own deadline would make one that left of it.
TEST_P(Leaving, AServerThatWasHeldUpStillKnowsWhoTookNothing) {
  Rig rig(GetParam(),
          [](ServerOptions& options) { options.limits.write_stall_timeout = milliseconds(20); });
  Client client(rig, 4096);
  client.send(get("/hold"));
  ASSERT_TRUE(rig.until([&] { return rig.held_count() == 1; }));
  Held& held = rig.held(0);
  held.reply->begin(200, {});
  held.reply->write(std::string(8'000'000, 'w'));
  rig.pump();
  ::poll(nullptr, 0, 500);
  ASSERT_TRUE(rig.until([&] { return !held.ends.empty(); }));
  EXPECT_EQ(held.ends, std::vector<ReplyEnd>{ReplyEnd::stalled});
}

}  // namespace
}  // namespace oriel::gateway::http
