// Upstream, client and worker act in random order: whatever they do, a request ends with one record
// whose numbers agree, and nothing of it is left.
#include <random>

#include "tests/gateway/exchange/rig.h"

namespace oriel::gateway {
namespace {

// What a request may run into: one call after the other's rules, or several, again and read on.
enum class Kind { simple, rich };

RigOptions options_of(Kind kind, unsigned seed) {
  RigOptions options{.usage_patience = std::chrono::milliseconds(1),
                     .transfer_patience = std::chrono::milliseconds(1),
                     .max_reply = 4096};
  if (kind == Kind::simple) return options;
  options.max_choices = 3;
  options.chat.keep_alive = std::chrono::milliseconds(1);
  if (seed % 2 == 0) options.chat.on_disconnect = OnDisconnect::drain;
  if (seed % 3 == 0) options.chat.early_commit = std::chrono::milliseconds(1);
  if (seed % 5 == 0) options.chat.drain_timeout = std::chrono::milliseconds(1);
  if (seed % 7 == 0) options.chat.drain_bytes = 100;
  return options;
}

class Play {
 public:
  Play(Kind kind, unsigned seed)
      : kind_(kind),
        random_(seed),
        rig_(options_of(kind, seed)),
        client_(rig_.http, below(2) == 0 ? 4096 : 0) {}

  void run() {
    const Mode mode = below(4) == 0 ? Mode::whole : Mode::stream;
    std::string more;
    if (kind_ == Kind::rich) {
      more = R"(,"temperature":0.5,"n":)" + std::to_string(1 + below(3));
    }
    client_.send(chat_request(mode, below(4) == 0 ? "local" : "gpt-4o-mini", more));
    (void)rig_.call();
    for (int steps = 3 + below(kind_ == Kind::rich ? 50 : 25); steps > 0 && !left_; --steps) {
      below(4) == 0 ? act_as_client() : act_as_upstream();
    }
    // Those whose client has left may be read on.
    if (kind_ == Kind::rich) {
      for (int steps = below(10); steps > 0; --steps) act_as_upstream();
    }
    end();
    check(mode);
  }

 private:
  int below(int limit) { return std::uniform_int_distribution<int>(0, limit - 1)(random_); }

  void check(Mode mode) {
    EXPECT_EQ(rig_.table.size(), 0U);
    EXPECT_EQ(rig_.chat.in_flight, 0U);
    EXPECT_EQ(rig_.chat.draining, 0U);
    for (const auto& call : rig_.upstream.calls) EXPECT_TRUE(call->destroyed);
    ASSERT_EQ(rig_.lines.size(), 1U);
    const Line line(rig_.lines[0]);
    const Samples samples(rig_.registry);
    const Expected seen{.outcome = line.word("outcome"),
                        .status = static_cast<int>(line.number("status")),
                        .tokens = samples.sum("oriel_tokens_total")};
    check_line(line, samples, seen);
    check_accounts(rig_, samples);
    EXPECT_NE(seen.outcome, "other");
    EXPECT_NE(seen.status, 0);
    EXPECT_EQ(seen.outcome == "ok", seen.status == 200);
    EXPECT_EQ(samples.sum("oriel_requests_total"), 1);
    EXPECT_EQ(samples.sum("oriel_requests_in_flight"), 0);
    EXPECT_EQ(samples.sum("oriel_upstream_attempts_total"),
              static_cast<double>(rig_.upstream.calls.size()));
    EXPECT_LE(samples.sum("oriel_streams_ended_total"), 1);
    EXPECT_LE(samples.sum("oriel_usage_missing_total"), 1);
    if (kind_ == Kind::simple) {
      EXPECT_EQ(rig_.upstream.calls.size(), 1U);
      EXPECT_LE(samples.sum("oriel_usage_missing_total") + (seen.tokens > 0 ? 1 : 0), 1);
    } else {
      EXPECT_LE(rig_.upstream.calls.size(), 9U);  // three choices, three times
    }
    if (seen.outcome == "ok" && mode == Mode::stream) {
      EXPECT_EQ(samples.sum("oriel_streams_ended_total", {label("reason", "complete")}), 1);
    }
  }

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

  // One of the calls says something.
  void act_as_upstream() {
    const std::size_t index =
        static_cast<std::size_t>(below(static_cast<int>(rig_.upstream.calls.size())));
    headed_.resize(rig_.upstream.calls.size());
    ended_.resize(rig_.upstream.calls.size());
    const std::shared_ptr<FakeCall> call = rig_.upstream.calls[index];
    if (call->destroyed || call->paused || ended_[index]) return rig_.http.pump();
    if (!headed_[index]) {
      headed_[index] = true;
      return begin(*call, index);
    }
    switch (below(12)) {
      case 0: ended_[index] = true; return call->end();
      case 1: ended_[index] = true; return call->end(TransferFault::reset);
      case 2: return call->send(stop_frame());
      case 3: return call->send(metadata_frame());
      case 4: return call->send(whole_answer());
      case 5: return call->send(text_frame("cut").substr(0, 20));
      case 6: return call->send(test::exception_frame("throttlingException", "{}"));
      case 7: return call->send("data: {\"choices\":[]}\n\n");
      case 8: return call->send(text_frame(std::string(400'000, 'x')));
      default: return call->send(start_frame() + text_frame("a"));
    }
  }

  std::string whole_answer() {
    std::string answer = kConverseAnswer;
    if (kind_ == Kind::rich && below(3) == 0) {
      answer.replace(answer.find("end_turn"), 8, "malformed_model_output");
    }
    return answer;
  }

  void begin(const FakeCall& call, std::size_t index) {
    if (kind_ == Kind::rich && below(4) == 0) {
      ended_[index] = true;
      call.head(400, {{"x-amzn-ErrorType", "ValidationException"}});
      call.send(below(2) == 0 ? R"({"message":"`temperature` is deprecated for this model."})"
                              : R"({"message":"This model doesn't support streaming."})");
      return call.end();
    }
    call.head(below(8) == 0 ? 429 : 200, {{"x-amzn-requestid", "abc"}});
  }

  void end_calls() {
    headed_.resize(rig_.upstream.calls.size());
    ended_.resize(rig_.upstream.calls.size());
    const std::size_t known = rig_.upstream.calls.size();
    for (std::size_t i = 0; i < known; ++i) {
      const std::shared_ptr<FakeCall> call = rig_.upstream.calls[i];
      if (call->destroyed || call->paused || ended_[i]) continue;
      if (!std::exchange(headed_[i], true)) call->head(200);
      ended_[i] = true;
      call->end();
    }
  }

  void end() {
    switch (below(3)) {
      case 0: rig_.table.clear(); return;
      case 1: client_.reset(); break;
      default:
        end_calls();
        client_.shutdown_write();
        break;
    }
    EXPECT_TRUE(rig_.http.until([&] {
      if (client_.fd() >= 0) client_.receive();
      if (kind_ == Kind::rich) end_calls();
      return rig_.table.size() == 0;
    }));
  }

  Kind kind_;
  std::mt19937 random_;
  ChatRig rig_;
  http::Client client_;
  std::vector<char> headed_;  // by call
  std::vector<char> ended_;
  bool left_ = false;
};

TEST(Interleaving, EveryOrderEndsInOneRecord) {
  for (unsigned seed = 1; seed <= 400; ++seed) {
    SCOPED_TRACE(seed);
    Play(Kind::simple, seed).run();
    if (HasFailure()) return;
  }
}

TEST(Interleaving, SoDoSeveralCallsAndAttempts) {
  for (unsigned seed = 1; seed <= 600; ++seed) {
    SCOPED_TRACE(seed);
    Play(Kind::rich, seed).run();
    if (HasFailure()) return;
  }
}

}  // namespace
}  // namespace oriel::gateway
