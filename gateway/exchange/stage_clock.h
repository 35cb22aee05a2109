// Splits a request's time into stages: every instant belongs to exactly one, so that they add up to
// the total. Time spent waiting on upstream or on the client's socket is summed besides; what is
// left of the total is the gateway's own overhead.
#pragma once

#include <array>
#include <chrono>

#include "gateway/clock.h"
#include "metrics/record.h"

namespace oriel::gateway {

enum class Waiting : bool { no, yes };

class StageClock {
 public:
  StageClock(const Clock& clock, SteadyTime start) : clock_(&clock), start_(start), mark_(start) {}

  // What follows `at` is spent in `stage`.
  void enter(metrics::Stage stage, Waiting waiting, SteadyTime at) {
    const auto elapsed = at - mark_;
    stages_[static_cast<std::size_t>(stage_)] += elapsed;
    if (waiting_ == Waiting::yes) waited_ += elapsed;
    mark_ = at;
    stage_ = stage;
    waiting_ = waiting;
  }
  SteadyTime enter(metrics::Stage stage, Waiting waiting = Waiting::no) {
    const SteadyTime now = clock_->now();
    enter(stage, waiting, now);
    return now;
  }
  // Books the time so far; the clock may go on.
  void settle(SteadyTime at) { enter(stage_, waiting_, at); }

  SteadyTime start() const { return start_; }
  std::chrono::nanoseconds total() const { return mark_ - start_; }
  std::chrono::nanoseconds overhead() const { return total() - waited_; }
  const std::array<std::chrono::nanoseconds, metrics::kStages>& stages() const { return stages_; }

 private:
  const Clock* clock_;
  SteadyTime start_;
  SteadyTime mark_;
  metrics::Stage stage_ = metrics::Stage::read;
  Waiting waiting_ = Waiting::yes;
  std::chrono::nanoseconds waited_{0};
  std::array<std::chrono::nanoseconds, metrics::kStages> stages_{};
};

}  // namespace oriel::gateway
