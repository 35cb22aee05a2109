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

void SeriesTable::observe(const SeriesKey& key, std::uint64_t value) {
  Cell* const cells = this->cells(key);
  const auto bound = std::lower_bound(row_.buckets.begin(), row_.buckets.end(), value);
  add(cells[bound - row_.buckets.begin()], 1);
  add(cells[width_ - 1], value);
}

SeriesTable::Cell* SeriesTable::find_or_add(const SeriesKey& key) {
  Cell* cells = find(key);
  if (cells == nullptr) {
    if (!directory_.admit(row_.family, key, SeriesDirectory::Room::own)) return overflow(key);
    cells = add_series(key);
  }
  last_key_ = key;
  last_cells_ = cells;
  return cells;
}

SeriesTable::Cell* SeriesTable::overflow(const SeriesKey& key) {
  add(overflowed_, 1);
  SeriesKey other = key;
  SeriesKey all_other;
  for (std::size_t i = 0; i < row_.labels.size(); ++i) {
    if (is_variable(row_.labels[i])) other.set(i, LabelTable::kOverflowLabel);
    all_other.set(i, LabelTable::kOverflowLabel);
  }
  if (Cell* cells = find(other)) return cells;
  if (directory_.admit(row_.family, other, SeriesDirectory::Room::overflow))
    return add_series(other);
  if (Cell* cells = find(all_other)) return cells;
  return add_series(all_other);
}

SeriesTable::Cell* SeriesTable::find(const SeriesKey& key) const {
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t i = SeriesKeyHash{}(key)&mask;; i = (i + 1) & mask) {
    const Slot& slot = slots_[i];
    if (slot.cells == nullptr || slot.key == key) return slot.cells;
  }
}

void SeriesTable::put(std::vector<Slot>& slots, const SeriesKey& key, Cell* cells) const {
  const std::size_t mask = slots.size() - 1;
  std::size_t i = SeriesKeyHash{}(key)&mask;
  while (slots[i].cells != nullptr) i = (i + 1) & mask;
  slots[i] = {key, cells};
}

SeriesTable::Cell* SeriesTable::add_series(const SeriesKey& key) {
  const std::size_t at = size_.load(std::memory_order_relaxed);
  auto& place = chunks_[at / kChunk];
  Chunk* chunk = place.load(std::memory_order_relaxed);
  if (chunk == nullptr) {
    chunk = new Chunk(width_);
    place.store(chunk, std::memory_order_release);
  }
  chunk->keys[at % kChunk] = key;
  Cell* const cells = &chunk->cells[(at % kChunk) * width_];
  if ((at + 1) * 2 > slots_.size()) {
    std::vector<Slot> larger(slots_.size() * 2);
    for (const Slot& slot : slots_) {
      if (slot.cells != nullptr) put(larger, slot.key, slot.cells);
    }
    slots_ = std::move(larger);
  }
  put(slots_, key, cells);
  size_.store(at + 1, std::memory_order_release);
  return cells;
}

}  // namespace oriel::metrics
