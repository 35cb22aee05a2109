// The cells of one family in one shard. A SeriesTable has one writer, which finds cells by packed
// label ids without locks; any thread may read while it writes. A SeriesDirectory, shared by all
// shards, decides once per label set whether it gets a series of its own: that is the cardinality
// guard.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "metrics/catalogue.h"
#include "metrics/exemplar.h"
#include "metrics/labels.h"

namespace oriel::metrics {

// The label values of one series, 16 bits each, in the order of the family's labels.
struct SeriesKey {
  std::uint64_t low = 0;   // labels 0 to 3
  std::uint64_t high = 0;  // label 4

  static SeriesKey of(const LabelId* ids, std::size_t count) {
    SeriesKey key;
    for (std::size_t i = 0; i < count; ++i) key.set(i, ids[i]);
    return key;
  }
  void set(std::size_t i, LabelId id) {
    std::uint64_t& word = i < 4 ? low : high;
    const std::size_t shift = 16 * (i % 4);
    word = (word & ~(std::uint64_t{0xFFFF} << shift)) | ((std::uint64_t{id} & 0xFFFF) << shift);
  }
  LabelId at(std::size_t i) const {
    return static_cast<LabelId>(((i < 4 ? low : high) >> (16 * (i % 4))) & 0xFFFF);
  }
  friend bool operator==(const SeriesKey&, const SeriesKey&) = default;
};
static_assert(LabelTable::kMaxLabels <= 65'536 && kMaxSeriesLabels <= 8);

struct SeriesKeyHash {
  std::size_t operator()(const SeriesKey& key) const {
    std::uint64_t mixed = (key.low ^ (key.high * 0x9E3779B97F4A7C15U)) * 0xD6E8FEB86659FD93U;
    mixed ^= mixed >> 32;
    mixed *= 0xD6E8FEB86659FD93U;
    return static_cast<std::size_t>(mixed ^ (mixed >> 32));
  }
};

inline constexpr std::size_t kSeriesCap = 2'000;   // label sets per family
inline constexpr std::size_t kOverflowRoom = 500;  // sets whose variable labels are all "other"
inline constexpr std::size_t kMaxSeries =
    kSeriesCap + kOverflowRoom + 1;  // and one that is "other" throughout

// Any thread. Asked only when a shard meets a label set for the first time, or past the cap.
class SeriesDirectory {
 public:
  enum class Room { own, overflow };

  SeriesDirectory();
  ~SeriesDirectory();
  // Whether the label set may have a series. Once given, an answer stays.
  bool admit(Family family, const SeriesKey& key, Room room);

 private:
  struct Entry;
  std::unique_ptr<Entry[]> entries_;
};

class SeriesTable {
 public:
  using Cell = std::atomic<std::uint64_t>;

  SeriesTable(Family family, SeriesDirectory& directory);
  ~SeriesTable();

  // The writer's. Cells per series: a histogram's buckets, the one above them, and the sum; else
  // one.
  Cell* cells(const SeriesKey& key) { return series(key).cells; }
  static void add(Cell& cell, std::uint64_t amount) {
    cell.store(cell.load(std::memory_order_relaxed) + amount, std::memory_order_relaxed);
  }
  // `mark`: the sampled trace that the value belongs to; null: none. Its bucket remembers it, where
  // the family has exemplars.
  void observe(const SeriesKey& key, std::uint64_t value, const TraceMark* mark = nullptr);

  // Any thread's: visit(key, cells, exemplars) for every series published so far. `exemplars` has a
  // slot per bucket, the one above them included; null: the series has seen no sampled trace. Read
  // before the cells, they name nothing that the cells have not counted.
  template <class Visitor>
  void for_each(Visitor&& visit) const {
    const std::size_t size = size_.load(std::memory_order_acquire);
    for (std::size_t i = 0; i < size; ++i) {
      const Chunk& chunk = *chunks_[i / kChunk].load(std::memory_order_acquire);
      const ExemplarSlot* exemplars = chunk.exemplars[i % kChunk].load(std::memory_order_acquire);
      visit(chunk.keys[i % kChunk], &chunk.cells[(i % kChunk) * width_], exemplars);
    }
  }
  std::size_t width() const { return width_; }
  // Samples that went to "other".
  std::uint64_t overflowed() const { return overflowed_.load(std::memory_order_relaxed); }

 private:
  static constexpr std::size_t kChunk = 32;
  static constexpr std::size_t kChunks = (kMaxSeries + kChunk - 1) / kChunk;
  struct Chunk {
    explicit Chunk(std::size_t width) : cells(new Cell[kChunk * width]()) {}
    ~Chunk() {
      for (auto& slots : exemplars) delete[] slots.load(std::memory_order_relaxed);
    }
    Chunk(const Chunk&) = delete;
    Chunk& operator=(const Chunk&) = delete;

    std::array<SeriesKey, kChunk> keys;
    std::unique_ptr<Cell[]> cells;
    std::array<std::atomic<ExemplarSlot*>, kChunk> exemplars{};  // owned
  };
  struct Series {
    Cell* cells = nullptr;  // null: none
    std::size_t at = 0;     // its number in this table
  };
  struct Slot {
    SeriesKey key;
    Series series;  // without cells: free
  };

  Series series(const SeriesKey& key) {
    if (key == last_.key && last_.series.cells != nullptr) return last_.series;
    return find_or_add(key);
  }
  Series find_or_add(const SeriesKey& key);
  Series overflow(const SeriesKey& key);
  Series find(const SeriesKey& key) const;
  Series add_series(const SeriesKey& key);
  void put(std::vector<Slot>& slots, const Slot& slot) const;
  [[gnu::noinline]] void remember(Series series, std::size_t bucket, const TraceMark& mark,
                                  std::uint64_t value);

  const FamilyRow& row_;
  const std::size_t width_;
  SeriesDirectory& directory_;
  Slot last_;                // what was asked for last, unless it overflowed
  std::vector<Slot> slots_;  // open addressing, a power of two, at most half full; the writer's
  std::atomic<std::uint64_t> overflowed_{0};
  std::atomic<std::size_t> size_{0};
  std::array<std::atomic<Chunk*>, kChunks> chunks_{};  // append-only, owned
};

// The sums of all shards for one label set: cells as in SeriesTable.
struct MergedSeries {
  SeriesKey key;
  std::vector<std::uint64_t> cells;
  BucketExemplars exemplars = {};  // the newest ones
};

}  // namespace oriel::metrics
