// What the simulator has seen and sent, for tests to compare with what others counted. One for all
// workers; every member is safe from any thread.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "tests/bedrock_sim/answer.h"
#include "tests/bedrock_sim/http_request.h"

namespace oriel::sim {

enum class Operation {
  kConverse,
  kConverseStream,
  kListFoundationModels,
  kListInferenceProfiles,
  kGetInferenceProfile,
  kUnknown,
  kSimulator  // /_sim/...: not counted.
};
inline constexpr std::size_t kOperations = 6;

// Milliseconds of CLOCK_MONOTONIC.
std::int64_t monotonic_ms();

class Stats {
 public:
  using Counter = std::atomic<std::int64_t>;

  void count_request(Operation operation, int status);
  void count_usage(const Usage& usage);
  void count_cancel(bool stream);
  void remember(HttpRequest& request);
  // How often these bytes were attempted, this time included.
  std::int64_t count_attempt(std::uint64_t body_hash);

  std::string json() const;
  std::string last_request_json() const;
  void reset();

  Counter connections_accepted{0};
  Counter connections_open{0};  // A gauge: reset leaves it alone.
  Counter streams_started{0};
  Counter streams_completed{0};
  Counter streams_broken{0};  // Ended by a fault that the prompt asked for.
  Counter streams_live{0};    // A gauge.
  Counter bytes_read{0};
  Counter bytes_written{0};

 private:
  static constexpr std::size_t kStatuses = 600;
  std::array<std::array<Counter, kStatuses>, kOperations> requests_{};
  Counter input_{0}, output_{0}, cache_read_{0}, cache_write_{0};
  Counter streams_cancelled_{0}, calls_cancelled_{0}, last_cancel_ms_{-1};
  const std::int64_t started_ms_ = monotonic_ms();

  mutable std::mutex mutex_;
  std::string last_head_;
  std::string last_body_;
  std::size_t last_body_size_ = 0;
  std::unordered_map<std::uint64_t, std::int64_t> attempts_;
};

}  // namespace oriel::sim
