// Durations of one kind, and their quantiles.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <vector>

namespace oriel::bench {

class Samples {
 public:
  void add(std::chrono::steady_clock::duration time) {
    us_.push_back(std::chrono::duration<float, std::micro>(time).count());
  }
  // Prints `, "NAME_us": {…}`.
  void print(const char* name) {
    std::sort(us_.begin(), us_.end());
    std::printf(
        ", \"%s_us\": {\"count\": %zu, \"p50\": %.1f, \"p90\": %.1f, \"p99\": %.1f, "
        "\"max\": %.1f}",
        name, us_.size(), at(0.5), at(0.9), at(0.99), at(1));
  }

 private:
  double at(double quantile) const {
    if (us_.empty()) return 0;
    return static_cast<double>(
        us_[static_cast<std::size_t>(quantile * static_cast<double>(us_.size() - 1))]);
  }
  std::vector<float> us_;
};

}  // namespace oriel::bench
