// What the simulator has seen and sent, for tests to compare with what others counted. One for all
// workers; every member is safe from any thread.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "tests/bedrock_sim/answer.h"
#include "tests/bedrock_sim/http_request.h"

namespace oriel::sim {

class JsonOut;

enum class Operation {
  kConverse,
  kConverseStream,
  kListFoundationModels,
  kListInferenceProfiles,
  kGetInferenceProfile,
  kListProvisioned,
  kGetProvisioned,
  kUnknown,
  kSimulator  // /_sim/...: not counted.
};
inline constexpr std::size_t kOperations = 8;

// What became of a request.
struct Outcome {
  Operation operation;
  std::string_view id;  // Of the model or other thing in the path, decoded.
  int status;
};

// Milliseconds of CLOCK_MONOTONIC.
std::int64_t monotonic_ms();

class Stats {
 public:
  using Counter = std::atomic<std::int64_t>;

  void count_request(Operation operation, int status);
  void count_usage(const Usage& usage);
  void count_cancel(bool stream);
  void remember(HttpRequest& request, const Outcome& outcome);
  // How often these bytes were attempted, this time included.
  std::int64_t count_attempt(std::uint64_t body_hash);

  std::string json() const;
  std::string last_request_json() const;
  // The last kRemembered requests, oldest first; bodies above kKeptBody only of the very last.
  std::string requests_json() const;
  void reset();

  // `operation=NAME&status=N&times=M` of the control plane's operations: the next M fail so.
  bool fail(std::string_view query);
  // The status that this request of the operation must fail with; 0: none.
  int take_failure(Operation operation);

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

  static constexpr std::size_t kRemembered = 64;
  static constexpr std::size_t kKeptBody = 256 * 1024;
  struct Seen {
    Operation operation = Operation::kUnknown;
    std::string id;
    int status = 0;
    std::string head;
    std::string body;
    std::size_t body_size = 0;
  };
  struct Failure {
    int status = 0;
    std::int64_t times = 0;
  };

  static void append_seen(JsonOut& json, const Seen& seen);

  mutable std::mutex mutex_;
  std::array<Seen, kRemembered> seen_;  // A ring: the last one is at seen_count_ - 1.
  std::size_t seen_count_ = 0;
  std::map<std::string, std::map<int, std::int64_t>> models_;  // Requests by id and status.
  std::array<Failure, kOperations> failures_{};
  std::unordered_map<std::uint64_t, std::int64_t> attempts_;
};

}  // namespace oriel::sim
