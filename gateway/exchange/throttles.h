// How often each model was throttled of late: how long its clients are asked to stay away, which
// Bedrock does not say itself. Source: spec/converse.md §15.2. One per worker, used on its thread.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <unordered_map>

#include "gateway/clock.h"
#include "metrics/record.h"

namespace oriel::gateway {

// Bounded by the labels of upstream models, which are.
class Throttles {
 public:
  // A model throttled; answers how often it has before, in a row without as much as a quiet minute.
  std::uint32_t note(metrics::LabelId upstream_model, SteadyTime now) {
    const auto [at, first] = runs_.try_emplace(upstream_model);
    Run& run = at->second;
    run.count = first || now - run.last > kQuiet ? 0 : std::min(run.count + 1, kMost);
    run.last = now;
    return run.count;
  }
  // It answered.
  void clear(metrics::LabelId upstream_model) {
    if (!runs_.empty()) runs_.erase(upstream_model);
  }

 private:
  static constexpr std::chrono::seconds kQuiet{60};
  static constexpr std::uint32_t kMost = 16;
  struct Run {
    std::uint32_t count = 0;
    SteadyTime last;
  };
  std::unordered_map<metrics::LabelId, Run> runs_;
};

}  // namespace oriel::gateway
