#include "metrics/labels.h"

#include <array>
#include <atomic>
#include <mutex>
#include <string>
#include <unordered_map>

#include "convert/json/text.h"

namespace oriel::metrics {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD
constexpr std::size_t kChunk = 1'024;

std::string make_safe(std::string_view value) {
  std::string visible;
  for (const char c : value.substr(0, LabelTable::kMaxBytes + 4)) {  // one character may straddle
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7F) {
      visible.append(kReplacement);
    } else {
      visible.push_back(c);
    }
  }
  std::string escaped;
  json::append_escaped(visible, escaped);  // mends UTF-8
  std::string safe = json::unescape(json::Text::from_escaped(escaped));
  safe.resize(json::clip_utf8(safe, LabelTable::kMaxBytes).size());
  return safe;
}

}  // namespace

// Names live in chunks that never move; `size` publishes them.
struct LabelTable::Impl {
  using Chunk = std::array<std::string, kChunk>;
  std::array<std::unique_ptr<Chunk>, kMaxLabels / kChunk> chunks;
  std::atomic<std::size_t> size{0};
  std::mutex mutex;
  std::unordered_map<std::string_view, LabelId> ids;  // keys borrow from the chunks

  LabelId add(std::string value) {
    const std::size_t id = size.load(std::memory_order_relaxed);
    auto& chunk = chunks[id / kChunk];
    if (chunk == nullptr) chunk = std::make_unique<Chunk>();
    std::string& name = (*chunk)[id % kChunk];
    name = std::move(value);
    ids.emplace(name, static_cast<LabelId>(id));
    size.store(id + 1, std::memory_order_release);
    return static_cast<LabelId>(id);
  }
};

LabelTable::LabelTable() : impl_(std::make_unique<Impl>()) {
  impl_->add("unknown");
  impl_->add("other");
}

LabelTable::~LabelTable() = default;

LabelId LabelTable::intern(std::string_view value) {
  if (value.empty()) return kUnknownLabel;
  std::string safe = make_safe(value);
  const std::lock_guard lock(impl_->mutex);
  const auto known = impl_->ids.find(safe);
  if (known != impl_->ids.end()) return known->second;
  if (size() == kMaxLabels) return kOverflowLabel;
  return impl_->add(std::move(safe));
}

std::string_view LabelTable::name(LabelId id) const {
  if (id >= size()) return "unknown";
  return (*impl_->chunks[id / kChunk])[id % kChunk];
}

std::size_t LabelTable::size() const { return impl_->size.load(std::memory_order_acquire); }

}  // namespace oriel::metrics
