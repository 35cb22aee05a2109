// ReasoningCollector: what of one answer's stream the ReasoningCache is to keep, gathered from its
// deltas. It owns nothing until there is reasoning, and gives up on too much of it. One per
// streamed answer; the worker's thread.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "convert/chat.h"
#include "gateway/exchange/reasoning_cache.h"
#include "gateway/routing/router.h"

namespace oriel::gateway {

class ReasoningCollector {
 public:
  void on_delta(const convert::ChatDelta& delta);
  // The answer is complete: keeps its reasoning if it is signed and there are calls to find it by.
  void store(ReasoningCache& cache, std::string_view tenant, const Route& route);

  static constexpr std::size_t kMaxBytes = 1024 * 1024;
  static constexpr std::size_t kMaxToolCalls = 64;

 private:
  struct Block {
    std::string text, signature, redacted;
  };
  struct Gathered {
    std::vector<Block> blocks;
    std::vector<std::string> tool_call_ids;
    std::size_t bytes = 0;
    bool open = false;    // the last block takes more text
    bool proven = false;  // there is a signature or redacted data
  };
  std::unique_ptr<Gathered> gathered_;
  bool given_up_ = false;
};

// The same of an answer that came whole.
void keep_reasoning(ReasoningCache& cache, std::string_view tenant, const Route& route,
                    const convert::ChatReply& reply);

}  // namespace oriel::gateway
