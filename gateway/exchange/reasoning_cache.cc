#include "gateway/exchange/reasoning_cache.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>

#include <cstring>
#include <iterator>
#include <utility>

namespace oriel::gateway {
namespace {

using convert::ModelFamily;
using convert::ReasoningBlock;
using json::Text;

// What an entry costs beside its texts.
constexpr std::size_t kEntryBytes = 256;
constexpr std::size_t kBlockBytes = sizeof(ReasoningBlock);

std::size_t size_of(const ReasoningBlock& block) {
  return block.text.escaped().size() + block.signature.escaped().size() +
         block.redacted.escaped().size();
}

}  // namespace

KeptReasoning::KeptReasoning(std::span<const ReasoningBlock> blocks, ModelFamily family,
                             std::string_view upstream_model)
    : family_(family), upstream_model_(upstream_model) {
  std::size_t size = 0;
  for (const ReasoningBlock& block : blocks) size += size_of(block);
  text_.reserve(size);  // so that the views below stay good
  blocks_.reserve(blocks.size());
  const auto keep = [this](Text text) {
    const std::size_t begin = text_.size();
    text_.append(text.escaped());
    return Text::from_escaped(std::string_view(text_).substr(begin));
  };
  for (const ReasoningBlock& block : blocks) {
    ReasoningBlock kept;
    kept.text = keep(block.text);
    kept.signature = keep(block.signature);
    kept.redacted = keep(block.redacted);
    blocks_.push_back(kept);
  }
}

bool KeptReasoning::fits(ModelFamily family, std::string_view upstream_model) const {
  if (family != family_) return false;
  return family != ModelFamily::other || upstream_model == upstream_model_;
}

std::size_t KeptReasoning::bytes() const {
  return kEntryBytes + text_.capacity() + blocks_.capacity() * kBlockBytes +
         upstream_model_.capacity();
}

ReasoningCache::ReasoningCache(std::size_t max_bytes, const Clock& clock, Random& random,
                               std::chrono::seconds max_age)
    : clock_(clock), max_age_(max_age), max_shard_bytes_(max_bytes / kShards) {
  random.fill(secret_);
}

std::size_t ReasoningCache::KeyHash::operator()(const Key& key) const {
  std::size_t hash = 0;
  std::memcpy(&hash, key.data() + 1, sizeof hash);  // the first byte chose the shard
  return hash;
}

ReasoningCache::Key ReasoningCache::key_of(std::string_view tenant,
                                           std::string_view tool_call_id) const {
  std::string message(SHA256_DIGEST_LENGTH, '\0');
  SHA256(reinterpret_cast<const unsigned char*>(tenant.data()), tenant.size(),
         reinterpret_cast<unsigned char*>(message.data()));
  message.append(tool_call_id);
  Key key{};
  unsigned size = key.size();
  HMAC(EVP_sha256(), secret_.data(), static_cast<int>(secret_.size()),
       reinterpret_cast<const unsigned char*>(message.data()), message.size(), key.data(), &size);
  return key;
}

void ReasoningCache::Shard::drop(std::list<Entry>::iterator entry) {
  bytes -= entry->reasoning->bytes();
  index.erase(entry->key);
  entries.erase(entry);
}

void ReasoningCache::store(std::string_view tenant, std::span<const std::string> tool_call_ids,
                           const std::shared_ptr<const KeptReasoning>& reasoning) {
  const std::size_t size = reasoning->bytes();
  if (size > max_shard_bytes_) return;
  const SteadyTime now = clock_.now();
  for (const std::string& id : tool_call_ids) {
    const Key key = key_of(tenant, id);
    Shard& shard = shard_of(key);
    const std::lock_guard lock(shard.mutex);
    if (const auto old = shard.index.find(key); old != shard.index.end()) shard.drop(old->second);
    shard.entries.push_front({key, reasoning, now});
    shard.index.emplace(key, shard.entries.begin());
    shard.bytes += size;
    while (shard.bytes > max_shard_bytes_) shard.drop(std::prev(shard.entries.end()));
  }
}

std::shared_ptr<const KeptReasoning> ReasoningCache::find(std::string_view tenant,
                                                          std::string_view tool_call_id) {
  const Key key = key_of(tenant, tool_call_id);
  Shard& shard = shard_of(key);
  const std::lock_guard lock(shard.mutex);
  const auto found = shard.index.find(key);
  if (found == shard.index.end()) return nullptr;
  if (clock_.now() - found->second->stored > max_age_) {
    shard.drop(found->second);
    return nullptr;
  }
  shard.entries.splice(shard.entries.begin(), shard.entries, found->second);
  return found->second->reasoning;
}

std::size_t ReasoningCache::bytes() const {
  std::size_t sum = 0;
  for (const Shard& shard : shards_) {
    const std::lock_guard lock(shard.mutex);
    sum += shard.bytes;
  }
  return sum;
}

}  // namespace oriel::gateway
