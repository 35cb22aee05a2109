// The ways in which tests feed a decoder: whole, byte by byte, and cut in two at every place.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace oriel::test {

// Copies, each exactly as long as its piece, so that AddressSanitizer sees every read beyond one.
using Pieces = std::vector<std::vector<char>>;

inline std::string_view view(const std::vector<char>& piece) {
  return {piece.data(), piece.size()};
}

inline Pieces whole(std::string_view bytes) { return {{bytes.begin(), bytes.end()}}; }

inline Pieces byte_by_byte(std::string_view bytes) {
  Pieces pieces;
  for (const char c : bytes) pieces.push_back({c});
  return pieces;
}

inline Pieces cut_at(std::string_view bytes, std::size_t at) {
  return {{bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(at)},
          {bytes.begin() + static_cast<std::ptrdiff_t>(at), bytes.end()}};
}

// Calls `check(pieces)` for each way.
template <class Check>
void for_each_way(std::string_view bytes, Check&& check) {
  check(whole(bytes));
  check(byte_by_byte(bytes));
  for (std::size_t at = 1; at < bytes.size(); ++at) check(cut_at(bytes, at));
}

}  // namespace oriel::test
