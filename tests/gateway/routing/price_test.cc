// What a route's target costs: the configuration's prices, then the table's.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "convert/bedrock/models.h"
#include "convert/bedrock/resolve.h"
#include "gateway/routing/router.h"
#include "metrics/pricing.h"

namespace oriel::gateway {
namespace {

using metrics::Price;
using Type = ProviderConfig::Type;

constexpr std::string_view kLite = "amazon.nova-lite-v1:0";
const std::string kAccount = "arn:aws:bedrock:us-east-1:123456789012:";
const std::string kApp = kAccount + "application-inference-profile/abc";

struct Shop {
  Shop() {
    config.providers.push_back({.name = "bedrock", .type = Type::bedrock});
    config.providers.push_back(
        {.name = "vllm", .type = Type::openai, .base_url = "http://vllm.test/v1"});
  }
  void open(std::string_view region = "us-east-1") {
    const auto endpoint_of = [](std::string_view where) -> convert::Result<std::string> {
      return "https://" + std::string(where) + ".test";
    };
    auto made = Router::make(config, region, endpoint_of, registry);
    ASSERT_TRUE(made.has_value()) << made.error().message;
    router = std::move(*made);
  }
  Price price(std::string_view name) {
    if (router == nullptr) open();
    const auto route = router->find(name);
    EXPECT_TRUE(route.has_value()) << name;
    return route ? route->price : Price{};
  }

  Config config;
  metrics::Registry registry{{"1", "commit", "compiler"}};
  std::unique_ptr<Router> router;
};

Price shipped(std::string_view model) {
  const Price* price = metrics::find_price(model);
  EXPECT_NE(price, nullptr) << model;
  return price == nullptr ? Price{} : *price;
}

TEST(RoutePrice, IsTheTablesForIdsAliasesProfilesAndArns) {
  const std::pair<std::string, std::string_view> rows[] = {
      {"amazon.nova-lite-v1:0", kLite},
      {"bedrock/amazon.nova-lite-v1:0", kLite},
      {"gpt-4o-mini", kLite},
      {"gpt-3.5-turbo-0125", kLite},
      {"eu.amazon.nova-lite-v1:0", "eu.amazon.nova-lite-v1:0"},
      {"claude-sonnet-5", "us.anthropic.claude-sonnet-5"},
      {"global.anthropic.claude-sonnet-5", "global.anthropic.claude-sonnet-5"},
      {"arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-lite-v1:0", kLite},
      {kAccount + "inference-profile/eu.amazon.nova-lite-v1:0", "eu.amazon.nova-lite-v1:0"},
  };
  Shop shop;
  for (const auto& [name, model] : rows) {
    EXPECT_EQ(shop.price(name), shipped(model)) << name;
  }
  EXPECT_NE(shipped("eu.amazon.nova-lite-v1:0"), shipped(kLite));
  EXPECT_NE(shipped("us.anthropic.claude-sonnet-5"), shipped("anthropic.claude-sonnet-5"));
  EXPECT_EQ(shop.price("somebody.model-1"), Price{});
}

TEST(RoutePrice, OfAHiddenArnIsItsModelsOnceThatIsKnown) {
  Shop shop;
  shop.config.models = {
      {.name = "app", .provider = "bedrock", .model = kApp, .base_model = std::string(kLite)},
      {.name = "eu-app",
       .provider = "bedrock",
       .model = kApp,
       .base_model = "eu.amazon.nova-lite-v1:0"},
  };
  EXPECT_EQ(shop.price("app"), shipped(kLite));
  EXPECT_EQ(shop.price("eu-app"), shipped("eu.amazon.nova-lite-v1:0"));
  EXPECT_EQ(shop.price(kApp), Price{});
  shop.router->learn(kApp, {std::string(kLite), {}});
  EXPECT_EQ(shop.price(kApp), shipped(kLite));
}

// Provisioned throughput is paid by the hour, imported models by the minute.
TEST(RoutePrice, WhatIsNotPaidByTheTokenHasOnlyConfiguredPrices) {
  for (const std::string type :
       {"provisioned-model", "imported-model", "custom-model-deployment"}) {
    SCOPED_TRACE(type);
    const std::string arn = kAccount + type + "/abc";
    Shop shop;
    shop.config.models = {
        {.name = "own", .provider = "bedrock", .model = arn, .base_model = std::string(kLite)}};
    EXPECT_EQ(shop.price("own"), Price{});
    shop.router->learn(arn, {std::string(kLite), {}});
    EXPECT_EQ(shop.price(arn), Price{});
    shop.config.models[0].price = {.input = 0, .output = 0};
    shop.open();
    EXPECT_EQ(shop.price("own"), (Price{.input = 0, .output = 0}));
  }
}

TEST(RoutePrice, ConfiguredBeatsPatternBeatsTableKindByKind) {
  Shop shop;
  shop.config.models = {{.name = "fast",
                         .provider = "bedrock",
                         .model = std::string(kLite),
                         .price = {.input = 1, .image = 0}}};
  shop.config.prices = {
      {.name = "*", .price = {.input = 2, .output = 2, .cache_write_1h = 2}},
      {.name = "amazon.nova-*", .price = {.input = 3, .output = 3, .cache_write_5m = 3}},
      {.name = std::string(kLite), .price = {.input = 4, .output = 4}},
      {.name = "eu.amazon.nova-lite-v1:0", .price = {.input = 5}},
  };
  Price expected = shipped(kLite);
  expected.input = 1;
  expected.output = 4;
  expected.cache_write_5m = 3;
  expected.cache_write_1h = 2;
  expected.image = 0;
  EXPECT_EQ(shop.price("fast"), expected);
  EXPECT_EQ(expected.cache_read, shipped(kLite).cache_read);
  // Without the configured name, and by an alias.
  EXPECT_EQ(shop.price(kLite).input, 4U);
  EXPECT_EQ(shop.price("gpt-4o-mini").input, 4U);
  // A profile has the prices of its own name before its model's.
  EXPECT_EQ(shop.price("eu.amazon.nova-lite-v1:0").input, 5U);
  EXPECT_EQ(shop.price("eu.amazon.nova-lite-v1:0").output, 4U);
  EXPECT_EQ(shop.price("apac.amazon.nova-lite-v1:0").input, 4U);
  // Longer patterns before shorter ones.
  EXPECT_EQ(shop.price("amazon.nova-pro-v1:0").input, 3U);
  EXPECT_EQ(shop.price("somebody.model-1"), (Price{.input = 2, .output = 2, .cache_write_1h = 2}));
}

TEST(RoutePrice, OfWildcardsAndTheDefaultModel) {
  Shop shop;
  shop.config.models = {{.name = "team-*",
                         .provider = "bedrock",
                         .model = std::string(kLite),
                         .price = {.input = 7}}};
  shop.config.default_model = "team-x";
  EXPECT_EQ(shop.price("team-red").input, 7U);
  EXPECT_EQ(shop.price("team-red").output, shipped(kLite).output);
  EXPECT_EQ(shop.price("no-such").input, 7U);
}

TEST(RoutePrice, OpenAiServersHaveOnlyConfiguredPrices) {
  Shop shop;
  shop.config.models = {
      {.name = "llama", .provider = "vllm", .model = "llama-70b"},
      // Called like Bedrock's, and free all the same.
      {.name = "lookalike", .provider = "vllm", .model = std::string(kLite)},
      {.name = "own", .provider = "vllm", .model = "own", .price = {.input = 0, .output = 0}},
  };
  EXPECT_EQ(shop.price("llama"), Price{});
  EXPECT_EQ(shop.price("lookalike"), Price{});
  EXPECT_EQ(shop.price("own"), (Price{.input = 0, .output = 0}));
  shop.config.prices = {{.name = "llama-*", .price = {.input = 1, .output = 2}}};
  shop.open();
  EXPECT_EQ(shop.price("llama"), (Price{.input = 1, .output = 2}));
  EXPECT_EQ(shop.price("lookalike"), Price{});
}

TEST(RoutePrice, ChangesWithTheProfileOfASecondTry) {
  Shop shop;
  shop.open("eu-west-2");
  const auto bare = shop.router->find(kLite);
  ASSERT_TRUE(bare.has_value());
  EXPECT_EQ(bare->price, shipped(kLite));
  const auto profile = shop.router->profile_route(*bare);
  ASSERT_TRUE(profile.has_value());
  EXPECT_EQ(profile->target.upstream_model, "eu.amazon.nova-lite-v1:0");
  EXPECT_EQ(profile->price, shipped("eu.amazon.nova-lite-v1:0"));
}

// ------------------------------------------------------------------- the table and the catalogue

bool has_price(std::string_view prefix) {
  const auto table = metrics::price_table();
  return std::any_of(table.begin(), table.end(), [&](const metrics::PriceRow& row) {
    return row.model.starts_with(prefix) ||
           (row.model.ends_with('*') &&
            prefix.starts_with(row.model.substr(0, row.model.size() - 1)));
  });
}

TEST(RoutePrice, EveryFamilyOfTheCatalogueWithPublishedPricesHasThem) {
  // Rows of the catalogue whose models have no published price.
  const std::set<std::string_view> unpublished = {
      "amazon.nova-2-omni",
      "amazon.nova-2-sonic",  // speech, not by Converse
      "cohere.command-r",
  };
  for (const convert::ModelCapabilities& row : convert::model_catalogue()) {
    if (row.prefix.empty()) continue;
    EXPECT_EQ(has_price(row.prefix), unpublished.count(row.prefix) == 0) << row.prefix;
  }
}

TEST(RoutePrice, EveryShippedAliasHasAPrice) {
  for (const std::string_view region : {"us-east-1", "eu-west-1", "ap-northeast-1", "sa-east-1"}) {
    Shop shop;
    shop.open(region);
    for (const convert::ShippedAlias& alias : convert::shipped_aliases()) {
      if (alias.model.find("embed") != std::string_view::npos) continue;
      const Price price = shop.price(alias.pattern);
      EXPECT_TRUE(price.image || (price.input && price.output)) << region << " " << alias.pattern;
    }
  }
}

}  // namespace
}  // namespace oriel::gateway
