// How the fuzz targets cut their input: the first byte seeds piece sizes, the rest is fed. A broken
// property ends the process, which libFuzzer reports with the input.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <vector>

namespace oriel::fuzz {

inline void require(bool holds, const char* property) {
  if (holds) return;
  std::fprintf(stderr, "property broken: %s\n", property);
  std::abort();
}

struct Input {
  Input(const std::uint8_t* data, std::size_t size)
      : seed(size == 0 ? 0U : data[0]),
        bytes(reinterpret_cast<const char*>(data) + (size == 0 ? 0 : 1), size == 0 ? 0 : size - 1) {
  }
  std::uint32_t seed;
  std::string_view bytes;
};

// Pieces of 1 to 16 bytes, or of one byte each when the seed is 0; each a copy of its own, so that
// AddressSanitizer sees reads beyond it.
inline std::vector<std::vector<char>> cut(const Input& input) {
  std::vector<std::vector<char>> pieces;
  std::uint32_t state = input.seed;
  for (std::size_t at = 0; at < input.bytes.size();) {
    state = state * 1664525U + (state == 0 ? 0U : 1013904223U);
    const std::string_view piece = input.bytes.substr(at, 1 + (state >> 28));
    pieces.emplace_back(piece.begin(), piece.end());
    at += piece.size();
  }
  return pieces;
}

inline std::vector<std::vector<char>> uncut(const Input& input) {
  return {{input.bytes.begin(), input.bytes.end()}};
}

inline std::string_view view(const std::vector<char>& piece) {
  return {piece.data(), piece.size()};
}

}  // namespace oriel::fuzz
