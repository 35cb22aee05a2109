#include "metrics/decimal.h"

#include <array>

namespace oriel::metrics {

void write_decimal(json::Writer& writer, std::uint64_t value, unsigned places) {
  std::uint64_t unit = 1;
  for (unsigned i = 0; i < places; ++i) unit *= 10;
  writer.unsigned_integer(value / unit);
  std::uint64_t rest = value % unit;
  if (rest == 0) return;
  for (; rest % 10 == 0; rest /= 10) --places;
  std::array<char, 19> digits;
  for (unsigned i = places; i > 0; --i, rest /= 10) {
    digits[i - 1] = static_cast<char>('0' + rest % 10);
  }
  writer.out().append(".").append(digits.data(), places);
}

void append_decimal(std::uint64_t value, unsigned places, std::string& out) {
  json::Writer writer(out);
  write_decimal(writer, value, places);
}

}  // namespace oriel::metrics
