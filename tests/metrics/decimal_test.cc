#include "metrics/decimal.h"

#include <gtest/gtest.h>

#include <limits>

namespace oriel::metrics {
namespace {

TEST(Decimal, IsExactAndWithoutZerosAtTheEnd) {
  constexpr std::uint64_t kMost = std::numeric_limits<std::uint64_t>::max();
  const struct {
    std::uint64_t value;
    unsigned places;
    const char* text;
  } kCases[] = {{0, 0, "0"},
                {0, 9, "0"},
                {42, 0, "42"},
                {420, 0, "420"},
                {35, 9, "0.000000035"},
                {1'000'000'000, 9, "1"},
                {1'500'000'000, 9, "1.5"},
                {100'000'001, 9, "0.100000001"},
                {kMost, 0, "18446744073709551615"},
                {kMost, 9, "18446744073.709551615"},
                {kMost, 19, "1.8446744073709551615"},
                {1, 19, "0.0000000000000000001"}};
  for (const auto& c : kCases) {
    std::string out = "=";
    append_decimal(c.value, c.places, out);
    EXPECT_EQ(out, std::string("=") + c.text);
  }
}

TEST(Decimal, DollarsAreNanoDollars) {
  std::string out;
  append_dollars(12'345'678'901, out);
  EXPECT_EQ(out, "12.345678901");
}

TEST(Decimal, WritesNumbersAmongOthers) {
  std::string out;
  json::Writer writer(out);
  writer.begin_array().integer(1);
  write_decimal(writer, 25, 1);
  write_decimal(writer, 30, 1);
  writer.boolean(true).end_array();
  EXPECT_EQ(out, "[1,2.5,3,true]");
}

}  // namespace
}  // namespace oriel::metrics
