#include "metrics/series.h"

#include <algorithm>
#include <mutex>
#include <unordered_set>

namespace oriel::metrics {

// `own` never changes again once `full` is set, so that it is read without the lock from then on.
struct SeriesDirectory::Entry {
  using Keys = std::unordered_set<SeriesKey, SeriesKeyHash>;
  std::mutex mutex;
  std::atomic<bool> full{false};
  Keys own;
  Keys overflow;
};

SeriesDirectory::SeriesDirectory() : entries_(new Entry[kShardFamilies]) {}
SeriesDirectory::~SeriesDirectory() = default;

bool SeriesDirectory::admit(Family family, const SeriesKey& key, Room room) {
  Entry& entry = entries_[static_cast<std::size_t>(family)];
  if (room == Room::own && entry.full.load(std::memory_order_acquire)) {
    return entry.own.count(key) != 0;
  }
  const std::lock_guard lock(entry.mutex);
  Entry::Keys& keys = room == Room::own ? entry.own : entry.overflow;
  if (keys.count(key) != 0) return true;
  const std::size_t limit = room == Room::own ? kSeriesCap : kOverflowRoom;
  if (keys.size() >= limit) return false;
  keys.insert(key);
  if (room == Room::own && keys.size() == limit) entry.full.store(true, std::memory_order_release);
  return true;
}

SeriesTable::SeriesTable(Family family, SeriesDirectory& directory)
    : row_(row_of(family)),
      width_(row_.type == Type::histogram ? row_.buckets.size() + 2 : 1),
      directory_(directory),
      slots_(16) {}

SeriesTable::~SeriesTable() {
  for (auto& chunk : chunks_) delete chunk.load(std::memory_order_relaxed);
}

void SeriesTable::observe(const SeriesKey& key, std::uint64_t value, const TraceMark* mark) {
  const Series series = this->series(key);
  const auto bound = std::lower_bound(row_.buckets.begin(), row_.buckets.end(), value);
  const auto bucket = static_cast<std::size_t>(bound - row_.buckets.begin());
  add(series.cells[bucket], 1);
  add(series.cells[width_ - 1], value);
  if (mark != nullptr && row_.exemplars) remember(series, bucket, *mark, value);
}

// Out of observe()'s way: most requests are not sampled.
void SeriesTable::remember(Series series, std::size_t bucket, const TraceMark& mark,
                           std::uint64_t value) {
  auto& chunk = *chunks_[series.at / kChunk].load(std::memory_order_relaxed);
  auto& place = chunk.exemplars[series.at % kChunk];
  ExemplarSlot* slots = place.load(std::memory_order_relaxed);
  if (slots == nullptr) {
    slots = new ExemplarSlot[width_ - 1];
    place.store(slots, std::memory_order_release);
  }
  slots[bucket].store({mark, value});
}

SeriesTable::Series SeriesTable::find_or_add(const SeriesKey& key) {
  Series series = find(key);
  if (series.cells == nullptr) {
    if (!directory_.admit(row_.family, key, SeriesDirectory::Room::own)) return overflow(key);
    series = add_series(key);
  }
  last_ = {key, series};
  return series;
}

SeriesTable::Series SeriesTable::overflow(const SeriesKey& key) {
  add(overflowed_, 1);
  SeriesKey other = key;
  SeriesKey all_other;
  for (std::size_t i = 0; i < row_.labels.size(); ++i) {
    if (is_variable(row_.labels[i])) other.set(i, LabelTable::kOverflowLabel);
    all_other.set(i, LabelTable::kOverflowLabel);
  }
  if (const Series series = find(other); series.cells != nullptr) return series;
  if (directory_.admit(row_.family, other, SeriesDirectory::Room::overflow))
    return add_series(other);
  if (const Series series = find(all_other); series.cells != nullptr) return series;
  return add_series(all_other);
}

SeriesTable::Series SeriesTable::find(const SeriesKey& key) const {
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t i = SeriesKeyHash{}(key)&mask;; i = (i + 1) & mask) {
    const Slot& slot = slots_[i];
    if (slot.series.cells == nullptr || slot.key == key) return slot.series;
  }
}

void SeriesTable::put(std::vector<Slot>& slots, const Slot& slot) const {
  const std::size_t mask = slots.size() - 1;
  std::size_t i = SeriesKeyHash{}(slot.key) & mask;
  while (slots[i].series.cells != nullptr) i = (i + 1) & mask;
  slots[i] = slot;
}

SeriesTable::Series SeriesTable::add_series(const SeriesKey& key) {
  const std::size_t at = size_.load(std::memory_order_relaxed);
  auto& place = chunks_[at / kChunk];
  Chunk* chunk = place.load(std::memory_order_relaxed);
  if (chunk == nullptr) {
    chunk = new Chunk(width_);
    place.store(chunk, std::memory_order_release);
  }
  chunk->keys[at % kChunk] = key;
  if ((at + 1) * 2 > slots_.size()) {
    std::vector<Slot> larger(slots_.size() * 2);
    for (const Slot& slot : slots_) {
      if (slot.series.cells != nullptr) put(larger, slot);
    }
    slots_ = std::move(larger);
  }
  const Series series{&chunk->cells[(at % kChunk) * width_], at};
  put(slots_, {key, series});
  size_.store(at + 1, std::memory_order_release);
  return series;
}

}  // namespace oriel::metrics
