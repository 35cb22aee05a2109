// Upstream, client and worker act in random order: whatever they do, a request ends with one record
// whose numbers agree, and nothing of it is left.
#include <random>

#include "tests/gateway/exchange/rig.h"

namespace oriel::gateway {
namespace {

class Play {
 public:
  explicit Play(unsigned seed)
      : random_(seed),
        rig_({.usage_patience = std::chrono::milliseconds(1),
              .transfer_patience = std::chrono::milliseconds(1),
              .max_reply = 4096}),
        client_(rig_.http, below(2) == 0 ? 4096 : 0) {}

  void run() {
    const Mode mode = below(4) == 0 ? Mode::whole : Mode::stream;
    client_.send(chat_request(mode, below(4) == 0 ? "local" : "gpt-4o-mini"));
    FakeCall& call = rig_.call();
    for (int steps = 3 + below(25); steps > 0 && !left_; --steps) {
      below(4) == 0 ? act_as_client() : act_as_upstream(call);
    }
    end(call);
    EXPECT_EQ(rig_.table.size(), 0U);
    EXPECT_EQ(rig_.chat.in_flight, 0U);
    EXPECT_TRUE(call.destroyed);
    ASSERT_EQ(rig_.lines.size(), 1U);
    const Line line(rig_.lines[0]);
    const Samples samples(rig_.registry);
    const Expected seen{.outcome = line.word("outcome"),
                        .status = static_cast<int>(line.number("status")),
                        .tokens = samples.sum("oriel_tokens_total")};
    check_line(line, samples, seen);
    EXPECT_NE(seen.outcome, "other");
    EXPECT_NE(seen.status, 0);
    EXPECT_EQ(seen.outcome == "ok", seen.status == 200);
    EXPECT_EQ(samples.sum("oriel_requests_total"), 1);
    EXPECT_EQ(samples.sum("oriel_requests_in_flight"), 0);
    EXPECT_EQ(samples.sum("oriel_upstream_attempts_total"), 1);
    EXPECT_LE(samples.sum("oriel_streams_ended_total"), 1);
    EXPECT_LE(samples.sum("oriel_usage_missing_total") + (seen.tokens > 0 ? 1 : 0), 1);
    if (seen.outcome == "ok" && mode == Mode::stream) {
      EXPECT_EQ(samples.sum("oriel_streams_ended_total", {label("reason", "complete")}), 1);
    }
  }

 private:
  int below(int limit) { return std::uniform_int_distribution<int>(0, limit - 1)(random_); }

  void act_as_client() {
    switch (below(8)) {
      case 0: left_ = true; return client_.close();
      case 1: left_ = true; return client_.reset();
      case 2: return client_.shutdown_write();
      case 3: rig_.clock.advance(std::chrono::milliseconds(below(3))); return;
      case 4:
      case 5: return client_.receive();
      default: return rig_.http.pump();
    }
  }

  void act_as_upstream(FakeCall& call) {
    if (call.destroyed || call.paused || ended_) return rig_.http.pump();
    if (!headed_) {
      headed_ = true;
      return call.head(below(8) == 0 ? 429 : 200, {{"x-amzn-requestid", "abc"}});
    }
    switch (below(12)) {
      case 0: ended_ = true; return call.end();
      case 1: ended_ = true; return call.end(TransferFault::reset);
      case 2: return call.send(stop_frame());
      case 3: return call.send(metadata_frame());
      case 4: return call.send(kConverseAnswer);
      case 5: return call.send(text_frame("cut").substr(0, 20));
      case 6: return call.send(test::exception_frame("throttlingException", "{}"));
      case 7: return call.send("data: {\"choices\":[]}\n\n");
      case 8: return call.send(text_frame(std::string(400'000, 'x')));
      default: return call.send(start_frame() + text_frame("a"));
    }
  }

  void end(FakeCall& call) {
    switch (below(3)) {
      case 0: rig_.table.clear(); return;
      case 1: client_.reset(); break;
      default:
        if (!call.destroyed && !call.paused && !ended_) {
          if (!headed_) call.head(200);
          call.end();
        }
        client_.shutdown_write();
        break;
    }
    EXPECT_TRUE(rig_.http.until(
        [&] {
          if (client_.fd() >= 0) client_.receive();
          return rig_.table.size() == 0;
        },
        std::chrono::seconds(10)));
  }

  std::mt19937 random_;
  ChatRig rig_;
  http::Client client_;
  bool headed_ = false;
  bool ended_ = false;
  bool left_ = false;
};

TEST(Interleaving, EveryOrderEndsInOneRecord) {
  for (unsigned seed = 1; seed <= 400; ++seed) {
    SCOPED_TRACE(seed);
    Play(seed).run();
    if (HasFailure()) return;
  }
}

}  // namespace
}  // namespace oriel::gateway
