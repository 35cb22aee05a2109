// ReasoningCache: the signed reasoning of answers that called tools, for clients that forget it: an
// assistant's turn that comes back with its calls alone gets it again. Source: spec/converse.md
// §8.4. One per process, any thread: shards with a lock each, taken only where there is reasoning
// to keep or to look for. Bounded by bytes and by age; the oldest go first.
//
// It holds parts of conversations: in memory only, never shown, and found only by who presents both
// the same credentials and the id of a tool call.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "convert/bedrock/models.h"
#include "convert/chat.h"
#include "gateway/clock.h"
#include "gateway/random.h"

namespace oriel::gateway {

// The reasoning of one answer, in its order. Immutable; owns its texts.
class KeptReasoning {
 public:
  KeptReasoning(std::span<const convert::ReasoningBlock> blocks, convert::ModelFamily family,
                std::string_view upstream_model);
  KeptReasoning(const KeptReasoning&) = delete;
  KeptReasoning& operator=(const KeptReasoning&) = delete;

  const std::vector<convert::ReasoningBlock>& blocks() const { return blocks_; }
  // Signatures are never shown to a model of another family.
  bool fits(convert::ModelFamily family, std::string_view upstream_model) const;
  std::size_t bytes() const;

 private:
  std::string text_;  // all texts, one behind the other
  std::vector<convert::ReasoningBlock> blocks_;
  convert::ModelFamily family_;
  std::string upstream_model_;
};

class ReasoningCache {
 public:
  ReasoningCache(std::size_t max_bytes, const Clock& clock, Random& random,
                 std::chrono::seconds max_age = std::chrono::hours(1));
  ReasoningCache(const ReasoningCache&) = delete;
  ReasoningCache& operator=(const ReasoningCache&) = delete;

  // `tenant` is who asked: the request's Authorization. The ids are those of the answer's calls.
  void store(std::string_view tenant, std::span<const std::string> tool_call_ids,
             const std::shared_ptr<const KeptReasoning>& reasoning);
  // nullptr: nothing is kept, or no more.
  std::shared_ptr<const KeptReasoning> find(std::string_view tenant, std::string_view tool_call_id);

  std::size_t bytes() const;

 private:
  using Key = std::array<std::uint8_t, 32>;
  struct KeyHash {
    std::size_t operator()(const Key& key) const;
  };
  struct Entry {
    Key key;
    std::shared_ptr<const KeptReasoning> reasoning;
    SteadyTime stored;
  };
  struct Shard {
    mutable std::mutex mutex;
    std::list<Entry> entries;  // the most recently used first
    std::unordered_map<Key, std::list<Entry>::iterator, KeyHash> index;
    std::size_t bytes = 0;
    void drop(std::list<Entry>::iterator entry);
  };
  static constexpr std::size_t kShards = 16;

  Key key_of(std::string_view tenant, std::string_view tool_call_id) const;
  Shard& shard_of(const Key& key) { return shards_[key[0] % kShards]; }

  const Clock& clock_;
  std::chrono::seconds max_age_;
  std::size_t max_shard_bytes_;
  Key secret_{};
  std::array<Shard, kShards> shards_;
};

}  // namespace oriel::gateway
