// Fixed-point numbers as exact decimal text: what is counted in integers is told without rounding.
#pragma once

#include <cstdint>
#include <string>

#include "convert/json/writer.h"
#include "metrics/pricing.h"

namespace oriel::metrics {

inline constexpr unsigned kDollarPlaces = 9;  // of nano-dollars

// The value / 10^places, without zeros at the end: 35 with 9 places is 0.000000035. At most 19
// places.
void write_decimal(json::Writer& writer, std::uint64_t value, unsigned places);
void append_decimal(std::uint64_t value, unsigned places, std::string& out);

inline void append_dollars(NanoDollars nanos, std::string& out) {
  append_decimal(nanos, kDollarPlaces, out);
}

}  // namespace oriel::metrics
