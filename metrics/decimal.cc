#include "metrics/decimal.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>

namespace oriel::metrics {
namespace {

// The longest number is as long as the most places and a zero before them.
constexpr std::size_t kZeros = 20;
// Zeros, where small numbers begin, the number's digits, and room for the point.
using Buffer = std::array<char, 2 * kZeros + 1>;

std::string_view format(std::uint64_t value, unsigned places, Buffer& buffer) {
  std::fill_n(buffer.data(), kZeros, '0');
  char* const digits = buffer.data() + kZeros;
  char* end = std::to_chars(digits, buffer.data() + buffer.size(), value).ptr;
  char* const point = end - places;
  char* const begin = std::min(digits, point - 1);
  while (end > point && end[-1] == '0') --end;
  if (end > point) {
    std::copy_backward(point, end, end + 1);
    *point = '.';
    ++end;
  }
  return {begin, static_cast<std::size_t>(end - begin)};
}

}  // namespace

void write_decimal(json::Writer& writer, std::uint64_t value, unsigned places) {
  Buffer buffer;
  writer.raw(json::Raw{format(value, places, buffer)});
}

void append_decimal(std::uint64_t value, unsigned places, std::string& out) {
  Buffer buffer;
  out.append(format(value, places, buffer));
}

}  // namespace oriel::metrics
