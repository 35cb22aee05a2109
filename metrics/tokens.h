// What a model was paid for. Plain values.
#pragma once

#include <cstdint>

namespace oriel::metrics {

// Disjoint token kinds, as upstream counted them.
struct Tokens {
  std::uint64_t input = 0;
  std::uint64_t output = 0;
  std::uint64_t cache_read = 0;
  std::uint64_t cache_write_5m = 0;
  std::uint64_t cache_write_1h = 0;
  std::uint64_t reasoning = 0;  // part of output
};

inline std::uint64_t sum_of(const Tokens& tokens) {
  return tokens.input + tokens.output + tokens.cache_read + tokens.cache_write_5m +
         tokens.cache_write_1h;
}

}  // namespace oriel::metrics
