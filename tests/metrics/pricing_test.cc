// What tokens cost, and the table of prices.
#include "metrics/pricing.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <limits>
#include <set>
#include <sstream>
#include <string>

namespace oriel::metrics {
namespace {

constexpr std::uint64_t kMost = std::numeric_limits<std::uint64_t>::max();

// Three dollars a million in, fifteen out, and so on.
Price sonnet() {
  return {.input = 3'000'000,
          .output = 15'000'000,
          .cache_read = 300'000,
          .cache_write_5m = 3'750'000,
          .cache_write_1h = 6'000'000,
          .image = 40'000'000};
}

// ---------------------------------------------------------------------------------------- cost_of

TEST(Cost, EveryKindHasItsPrice) {
  struct Case {
    Tokens tokens;
    std::uint32_t images;
    NanoDollars cost;
  };
  const Case cases[] = {
      {{}, 0, 0},
      {{.input = 1'000'000}, 0, 3'000'000'000},
      {{.output = 1'000'000}, 0, 15'000'000'000},
      {{.cache_read = 1'000'000}, 0, 300'000'000},
      {{.cache_write_5m = 1'000'000}, 0, 3'750'000'000},
      {{.cache_write_1h = 1'000'000}, 0, 6'000'000'000},
      {{}, 2, 80'000'000},
      // Reasoning is a part of output.
      {{.output = 10, .reasoning = 10}, 0, 150'000},
      {{.input = 12, .output = 7, .cache_read = 5, .cache_write_5m = 3, .cache_write_1h = 2},
       1,
       36'000 + 105'000 + 1'500 + 11'250 + 12'000 + 40'000'000},
  };
  for (const Case& one : cases) EXPECT_EQ(cost_of(sonnet(), one.tokens, one.images), one.cost);
}

TEST(Cost, WhatHasNoPriceMakesTheWholeUnpriced) {
  const Price text{.input = 1, .output = 1};
  EXPECT_EQ(cost_of(text, {.input = 5'000, .output = 5'000}, 0), 10U);
  EXPECT_EQ(cost_of(text, {.input = 5'000, .cache_read = 1}, 0), std::nullopt);
  EXPECT_EQ(cost_of(text, {.cache_write_5m = 1}, 0), std::nullopt);
  EXPECT_EQ(cost_of(text, {.cache_write_1h = 1}, 0), std::nullopt);
  EXPECT_EQ(cost_of(text, {}, 1), std::nullopt);
  EXPECT_EQ(cost_of({.output = 1}, {.input = 1}, 0), std::nullopt);
  EXPECT_EQ(cost_of({.input = 1}, {.output = 1}, 0), std::nullopt);
  EXPECT_EQ(cost_of({}, {.input = 1}, 0), std::nullopt);
  // Nothing used, nothing missing.
  EXPECT_EQ(cost_of({}, {}, 0), 0U);
}

TEST(Cost, ZeroIsAPrice) {
  EXPECT_EQ(cost_of({.input = 0, .output = 0}, {.input = 100, .output = 100}, 0), 0U);
}

TEST(Cost, IsRoundedOnceAndHalfUp) {
  const Price price{.input = 1, .output = 1};
  EXPECT_EQ(cost_of(price, {.input = 499}, 0), 0U);
  EXPECT_EQ(cost_of(price, {.input = 500}, 0), 1U);
  EXPECT_EQ(cost_of(price, {.input = 1'499}, 0), 1U);
  // Each kind for itself would be nothing.
  EXPECT_EQ(cost_of(price, {.input = 250, .output = 250}, 0), 1U);
  // Nova Micro: one token in and one out.
  EXPECT_EQ(cost_of({.input = 35'000, .output = 140'000}, {.input = 1, .output = 1}, 0), 175U);
}

TEST(Cost, NeverWrapsAround) {
  // A trillion tokens at a thousand dollars a million.
  EXPECT_EQ(cost_of({.input = 1'000'000'000}, {.input = 1'000'000'000'000}, 0),
            1'000'000'000'000'000'000U);
  const Price dear{kMost, kMost, kMost, kMost, kMost, kMost};
  EXPECT_EQ(cost_of(dear, {.input = 1'000'000}, 0), kMost);
  EXPECT_EQ(cost_of(dear, {.input = 1}, 0), kMost / 1'000 + 1);
  EXPECT_EQ(cost_of(dear, {}, std::numeric_limits<std::uint32_t>::max()), kMost);
}

// Of whole nano-dollars, where nothing is rounded, costs add up as tokens do.
TEST(Cost, OfASumIsTheSumOfCosts) {
  rc::check([] {
    const auto amount = [] { return *rc::gen::inRange<std::uint64_t>(0, 1'000'000'000); };
    const auto tokens = [&] { return Tokens{amount(), amount(), amount(), amount(), amount(), 0}; };
    const auto each = [] { return *rc::gen::inRange<std::uint64_t>(0, 100'000) * 1'000; };
    const Price price{each(), each(), each(), each(), each(), each()};
    const Tokens a = tokens();
    const Tokens b = tokens();
    const Tokens both{a.input + b.input,
                      a.output + b.output,
                      a.cache_read + b.cache_read,
                      a.cache_write_5m + b.cache_write_5m,
                      a.cache_write_1h + b.cache_write_1h,
                      0};
    const auto images = *rc::gen::inRange<std::uint32_t>(0, 100);
    RC_ASSERT(*cost_of(price, both, images) == *cost_of(price, a, images) + *cost_of(price, b, 0));
    RC_ASSERT(*cost_of(price, a, 0) ==
              (a.input * *price.input + a.output * *price.output +
               a.cache_read * *price.cache_read + a.cache_write_5m * *price.cache_write_5m +
               a.cache_write_1h * *price.cache_write_1h) /
                  1'000);
  });
}

TEST(Price, IsFilledKindByKind) {
  Price price{.input = 0, .image = 7};
  price.fill({.input = 1, .output = 2, .image = 8});
  price.fill(sonnet());
  Price expected = sonnet();
  expected.input = 0;
  expected.output = 2;
  expected.image = 7;
  EXPECT_EQ(price, expected);
}

// -------------------------------------------------------------------------------------- the table

// A model that a row stands for.
std::string sample_of(const PriceRow& row) {
  std::string model(row.model);
  if (model.ends_with('*')) model.back() = '0';
  return model;
}

std::string told(const PriceRow& row) {
  return std::string(row.model) + " " + std::string(row.geos);
}

TEST(PriceTable, EveryRowHasInputAndOutputOrImages) {
  EXPECT_GT(price_table().size(), 100U);
  for (const PriceRow& row : price_table()) {
    SCOPED_TRACE(told(row));
    EXPECT_EQ(row.price.input.has_value(), row.price.output.has_value());
    EXPECT_NE(row.price.input.has_value(), row.price.image.has_value());
    EXPECT_GT(row.price.input.value_or(1), 0U);
    EXPECT_GE(row.price.output.value_or(1), row.price.input.value_or(1));
    EXPECT_GT(row.price.image.value_or(1), 0U);
  }
}

TEST(PriceTable, CachesAreSane) {
  for (const PriceRow& row : price_table()) {
    SCOPED_TRACE(told(row));
    const Price& price = row.price;
    EXPECT_EQ(price.cache_read.has_value(), price.cache_write_5m.has_value());
    if (!price.cache_read) continue;
    EXPECT_GT(*price.cache_read, 0U);
    EXPECT_LT(*price.cache_read, *price.input);
    EXPECT_GE(*price.cache_write_5m, *price.input);
    EXPECT_GT(price.cache_write_1h.value_or(kMost), *price.cache_write_5m);
  }
}

TEST(PriceTable, EveryRowIsFoundAndStandsOnce) {
  std::set<std::string> seen;
  std::set<std::string_view> with_bare;
  for (const PriceRow& row : price_table()) {
    SCOPED_TRACE(told(row));
    EXPECT_EQ(std::count(row.model.begin(), row.model.end(), '*'),
              row.model.ends_with('*') ? 1 : 0);
    if (row.geos.empty()) with_bare.insert(row.model);
    EXPECT_EQ(with_bare.count(row.model), 1U) << "a profile's row stands behind the model's";
    std::string_view geos = row.geos;
    do {
      const std::size_t end = std::min(geos.find(' '), geos.size());
      const std::string geo(geos.substr(0, end));
      geos.remove_prefix(std::min(end + 1, geos.size()));
      EXPECT_TRUE(seen.insert(geo + "." + std::string(row.model)).second);
      EXPECT_EQ(find_price(geo.empty() ? sample_of(row) : geo + "." + sample_of(row)), &row.price);
    } while (!geos.empty());
  }
}

TEST(PriceTable, ItsDateIsItsTimestamp) {
  int year = 0;
  unsigned month = 0;
  unsigned day = 0;
  ASSERT_EQ(std::sscanf(std::string(kPriceTableDate).c_str(), "%4d-%2u-%2u", &year, &month, &day),
            3);
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(month),
                                         std::chrono::day(day)};
  ASSERT_TRUE(date.ok());
  const auto since_epoch = std::chrono::sys_days(date).time_since_epoch();
  EXPECT_EQ(std::chrono::seconds(since_epoch).count(), kPriceTableTimestamp);
  // And users are told.
  std::ifstream file(ORIEL_TEST_DATA "/../../docs/pricing.md");
  std::ostringstream page;
  page << file.rdbuf();
  EXPECT_NE(page.str().find(kPriceTableDate), std::string::npos);
  EXPECT_NE(kPriceTableSource.find("litellm 1.109.1"), std::string::npos);
  EXPECT_NE(page.str().find("litellm 1.109.1"), std::string::npos);
}

// A few figures that anybody can look up, and who finds what.
TEST(PriceTable, TheMostSpecificRowIsFound) {
  struct Case {
    std::string_view model;
    PicoDollars input, output;
  };
  const Case cases[] = {
      {"amazon.nova-micro-v1:0", 35'000, 140'000},
      {"amazon.nova-lite-v1:0", 60'000, 240'000},
      {"amazon.nova-lite-v1:0:300k", 60'000, 240'000},
      {"us.amazon.nova-lite-v1:0", 60'000, 240'000},
      {"eu.amazon.nova-lite-v1:0", 78'000, 312'000},
      {"anthropic.claude-sonnet-4-5-20250929-v1:0", 3'000'000, 15'000'000},
      {"global.anthropic.claude-sonnet-4-5-20250929-v1:0", 3'000'000, 15'000'000},
      {"us.anthropic.claude-sonnet-4-5-20250929-v1:0", 3'300'000, 16'500'000},
      {"jp.anthropic.claude-sonnet-4-5-20250929-v1:0", 3'300'000, 16'500'000},
      {"us-gov.anthropic.claude-sonnet-4-5-20250929-v1:0", 3'600'000, 18'000'000},
      // Before 4.5 all profiles cost the same.
      {"us.anthropic.claude-sonnet-4-20250514-v1:0", 3'000'000, 15'000'000},
      // Names that begin with another's.
      {"anthropic.claude-opus-4-20250514-v1:0", 15'000'000, 75'000'000},
      {"anthropic.claude-opus-4-1-20250805-v1:0", 15'000'000, 75'000'000},
      {"anthropic.claude-opus-4-5-20251101-v1:0", 5'000'000, 25'000'000},
      {"anthropic.claude-opus-5", 5'000'000, 25'000'000},
      {"anthropic.claude-opus-5-5", 4'000'000, 20'000'000},
      {"zai.glm-4.7", 600'000, 2'200'000},
      {"zai.glm-4.7-flash", 70'000, 400'000},
      {"deepseek.v3.2", 620'000, 1'850'000},
      {"us.meta.llama3-3-70b-instruct-v1:0", 720'000, 720'000},
      {"openai.gpt-oss-120b-1:0", 150'000, 600'000},
  };
  for (const Case& one : cases) {
    SCOPED_TRACE(one.model);
    const Price* price = find_price(one.model);
    ASSERT_NE(price, nullptr);
    EXPECT_EQ(price->input, one.input);
    EXPECT_EQ(price->output, one.output);
  }
  const Price* canvas = find_price("amazon.nova-canvas-v1:0");
  ASSERT_NE(canvas, nullptr);
  EXPECT_EQ(canvas->image, 60'000'000U);
}

// A guess would be worse than none.
TEST(PriceTable, UnknownModelsHaveNoPrice) {
  for (const std::string_view model :
       {"",
        ".",
        "us",
        "us.",
        "us..",
        "amazon",
        "amazon.",
        "amazon.nova",
        "amazon.nova-",
        "us.amazon.nova-lite",
        "anthropic.claude-opus-5-9",
        "anthropic.claude-opus-6",
        "anthropic.claude-sonnet-5-v1",
        "us.us.amazon.nova-lite-v1:0",
        "AMAZON.nova-lite-v1:0",
        "gpt-4o",
        "zai.glm-4.70",
        "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-lite-v1:0",
        "somebody.model-1",
        "zzz.zzz"}) {
    EXPECT_EQ(find_price(model), nullptr) << model;
  }
}

}  // namespace
}  // namespace oriel::metrics
