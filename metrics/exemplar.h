// Exemplars (OpenMetrics 1.0): a histogram's bucket remembers the last sampled trace that it
// counted. The shard's worker writes, any thread reads meanwhile, and nobody waits.
#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "metrics/trace_context.h"

namespace oriel::metrics {

// Which trace a sample belongs to, and when it was taken (wall clock).
struct TraceMark {
  TraceId trace_id{};
  SpanId span_id{};
  std::chrono::nanoseconds time{0};  // since the Unix epoch
};

struct Exemplar {
  TraceMark mark;
  std::uint64_t value = 0;  // in cells' units
};

// Of one series, per bucket, the one above all bounds included; empty: it has none.
using BucketExemplars = std::vector<std::optional<Exemplar>>;

// Takes over what is newer than what `kept` has.
inline void keep_newest(const BucketExemplars& found, BucketExemplars& kept) {
  if (kept.size() < found.size()) kept.resize(found.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    if (found[i] && (!kept[i] || kept[i]->mark.time < found[i]->mark.time)) kept[i] = found[i];
  }
}

// A sequence lock of atomic words. Each word is released and acquired instead of fenced, which
// costs the same and which ThreadSanitizer understands: a reader that sees a word of a newer write
// also sees that write's sequence number, and tries again.
class ExemplarSlot {
 public:
  // The writer's.
  void store(const Exemplar& exemplar) {
    const std::uint64_t sequence = sequence_.load(std::memory_order_relaxed);
    const Words words = to_words(exemplar);
    sequence_.store(sequence + 1, std::memory_order_relaxed);
    for (std::size_t i = 0; i < kWords; ++i) words_[i].store(words[i], std::memory_order_release);
    sequence_.store(sequence + 2, std::memory_order_release);
  }

  // Any thread's. nullopt: there is none, or the writer was at it each time.
  std::optional<Exemplar> load() const {
    for (int attempt = 0; attempt < kAttempts; ++attempt) {
      const std::uint64_t before = sequence_.load(std::memory_order_acquire);
      if (before == 0) return std::nullopt;
      if (before % 2 != 0) continue;
      Words words;
      for (std::size_t i = 0; i < kWords; ++i) words[i] = words_[i].load(std::memory_order_acquire);
      if (sequence_.load(std::memory_order_relaxed) == before) return to_exemplar(words);
    }
    return std::nullopt;
  }

 private:
  static constexpr int kAttempts = 100;
  static constexpr std::size_t kWords = 5;
  using Words = std::array<std::uint64_t, kWords>;
  using Packed = std::array<std::uint64_t, 2>;

  static Words to_words(const Exemplar& exemplar) {
    const auto trace = std::bit_cast<Packed>(exemplar.mark.trace_id);
    return {trace[0], trace[1], std::bit_cast<std::uint64_t>(exemplar.mark.span_id),
            static_cast<std::uint64_t>(exemplar.mark.time.count()), exemplar.value};
  }
  static Exemplar to_exemplar(const Words& words) {
    return {{std::bit_cast<TraceId>(Packed{words[0], words[1]}), std::bit_cast<SpanId>(words[2]),
             std::chrono::nanoseconds(static_cast<std::int64_t>(words[3]))},
            words[4]};
  }

  std::atomic<std::uint64_t> sequence_{0};
  std::array<std::atomic<std::uint64_t>, kWords> words_{};
};

}  // namespace oriel::metrics
