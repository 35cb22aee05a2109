// What an answer cost, as upstream counts it. Plain value.
#pragma once

#include <cstdint>
#include <optional>

namespace oriel::convert {

// Tokens: the kinds are disjoint, their sum is what was processed.
struct Usage {
  std::uint64_t input = 0;  // without cached
  std::uint64_t output = 0;
  std::uint64_t cache_read = 0;
  std::uint64_t cache_write_5m = 0;
  std::uint64_t cache_write_1h = 0;
  std::optional<std::uint64_t> reasoning;  // part of output; nullopt: upstream does not say
  std::uint64_t cache_write() const { return cache_write_5m + cache_write_1h; }
  // OpenAI's prompt_tokens: cached tokens included.
  std::uint64_t prompt() const { return input + cache_read + cache_write(); }
  std::uint64_t total() const { return prompt() + output; }
  // Reasoning tokens stay known only where both say them.
  Usage& operator+=(const Usage& other);
};

}  // namespace oriel::convert
