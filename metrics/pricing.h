// What tokens cost. Prices are exact integers: what a million tokens cost in micro-dollars is what
// one token costs in pico-dollars. Costs are integer nano-dollars, rounded once an attempt: a token
// of a small model costs less than a micro-dollar, so that whole micro-dollars would not be true.
// docs/pricing.md says how a request finds its price. Pure; static data, shared by all threads.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "metrics/tokens.h"

namespace oriel::metrics {

using NanoDollars = std::uint64_t;  // up to 18 billion dollars
using PicoDollars = std::uint64_t;  // per token
inline constexpr double kNanosPerDollar = 1e9;

// nullopt: this kind has no price. Zero is a price.
struct Price {
  std::optional<PicoDollars> input, output, cache_read, cache_write_5m, cache_write_1h;
  std::optional<NanoDollars> image;  // per image made

  // Takes the kinds that have no price here from `other`.
  void fill(const Price& other);

  friend bool operator==(const Price&, const Price&) = default;
};

// nullopt: something was used that has no price; never a part of the sum. Rounded half up; what
// does not fit is the largest number that does.
std::optional<NanoDollars> cost_of(const Price& price, const Tokens& tokens, std::uint32_t images);

// The table that comes with this version (price_table.cc): Bedrock's on-demand prices.
struct PriceRow {
  std::string_view model;  // a foundation model's id, or a prefix of it that ends in '*'
  // The inference profiles that it is for, "us eu"; empty: the bare id, and every profile without a
  // row of its own.
  std::string_view geos;
  Price price;
};
// Sorted by model, without its '*'; of one model the row without geos stands first.
std::span<const PriceRow> price_table();
// By a bare id or an inference profile's ("eu.amazon.nova-lite-v1:0"), not by ARN. The whole id
// before prefixes, longer prefixes before shorter ones, then the profile's own row before the
// other. Null: none.
const Price* find_price(std::string_view model_id);
extern const std::string_view kPriceTableDate;    // "2026-11-21"
extern const std::int64_t kPriceTableTimestamp;   // the same day, seconds since the Unix epoch
extern const std::string_view kPriceTableSource;  // where the figures are from

}  // namespace oriel::metrics
