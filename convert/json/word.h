// Eight bytes of text in one machine word, for loops that look for a few characters. Pure.
#pragma once

#include <cstdint>
#include <cstring>

namespace oriel::json {

inline constexpr std::uint64_t kOnes = 0x0101010101010101;  // 1 in each byte
inline constexpr std::uint64_t kTops = 0x8080808080808080;  // the highest bit of each byte

// The eight bytes from `bytes` on.
inline std::uint64_t load_word(const char* bytes) {
  std::uint64_t word = 0;
  std::memcpy(&word, bytes, sizeof word);
  return word;
}

inline bool has_zero_byte(std::uint64_t word) { return ((word - kOnes) & ~word & kTops) != 0; }

inline bool has_byte(std::uint64_t word, char wanted) {
  return has_zero_byte(word ^ (kOnes * static_cast<unsigned char>(wanted)));
}

}  // namespace oriel::json
