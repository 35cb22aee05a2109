// What clients write as a model's name never becomes a label: a million names through routing and
// the metrics leave the label table and the series as they were.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <string>

#include "convert/json/text.h"
#include "gateway/routing/router.h"

namespace oriel::gateway {
namespace {

class ModelNames : public testing::Test {
 protected:
  ModelNames() {
    config_.providers.push_back({.name = "bedrock", .type = ProviderConfig::Type::bedrock});
    config_.models.push_back(
        {.name = "fast", .provider = "bedrock", .model = "amazon.nova-micro-v1:0"});
    config_.models.push_back(
        {.name = "team-*", .provider = "bedrock", .model = "amazon.nova-lite-v1:0"});
    const auto endpoint_of = [](std::string_view region) -> convert::Result<std::string> {
      return "https://" + std::string(region) + ".test";
    };
    auto made = Router::make(config_, "us-east-1", endpoint_of, registry_);
    EXPECT_TRUE(made.has_value());
    router_ = std::move(*made);
    shard_ = &registry_.add_shard();
  }

  // As an exchange does: a route's labels, or none.
  void ask(std::string_view name) {
    metrics::Record record;
    record.endpoint = metrics::Endpoint::chat_completions;
    if (const auto route = router_->find(name)) {
      record.model = route->model;
      record.provider = route->provider->label;
      metrics::Attempt& attempt = record.attempts.emplace_back();
      attempt.provider = record.provider;
      attempt.upstream_model = route->upstream_model;
      attempt.region = route->region_label;
      record.status = 200;
      record.outcome = metrics::Outcome::ok;
      ++found_;
    } else {
      record.status = 404;
      record.outcome = metrics::Outcome::caller_unknown_model;
    }
    shard_->record(record);
    ++asked_;
  }

  // A name of each kind that clients may think of, numbered.
  void ask_all_kinds(int number) {
    const std::string digits = std::to_string(number);
    ask("claude-" + digits);
    ask("team-" + digits);
    ask("anthropic.claude-sonnet-4-" + digits + "-v1:0");
    ask("eu.amazon.nova-pro-v" + digits + ":0");
    ask("bedrock/amazon.nova-" + digits);
    ask("arn:aws:bedrock:us-east-1:123456789012:inference-profile/p" + digits);
    ask("arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/a" + digits);
    ask("\xFF\xC3(" + digits + "\xE2\x82");
    ask(std::string("nul\0in", 6) + digits + "\n\x1B[31m\x7F\"}\\");
    ask(std::string(5'000, 'x') + digits);
    ask("team-" + std::string(5'000, '*') + digits);
  }

  std::size_t lines() {
    const std::string page = registry_.render("").body;
    return static_cast<std::size_t>(std::count(page.begin(), page.end(), '\n'));
  }

  Config config_;
  metrics::Registry registry_{{"1", "commit", "compiler"}};
  std::unique_ptr<Router> router_;
  metrics::Shard* shard_ = nullptr;
  std::size_t asked_ = 0;
  std::size_t found_ = 0;
};

TEST_F(ModelNames, AMillionOfThemLeaveLabelsAndSeriesAsTheyWere) {
  for (int i = 0; i < 100; ++i) ask_all_kinds(i);  // until every row of the catalogue was met
  const std::size_t labels = registry_.labels().size();
  const std::size_t series = lines();
  for (int i = 100; i < 2'000; ++i) ask_all_kinds(i);
  EXPECT_GT(found_, 2'000U);
  std::array<char, 16> served{"team-"};
  std::array<char, 16> stranger{"gpt_"};
  const auto numbered = [](std::array<char, 16>& name, std::size_t prefix, int number) {
    const auto end = std::to_chars(name.data() + prefix, name.data() + name.size(), number).ptr;
    return std::string_view(name.data(), end);
  };
  for (int i = 0; i < 200'000; ++i) ask(numbered(served, 5, i));
  for (int i = 0; i < 800'000; ++i) ask(numbered(stranger, 4, i));
  EXPECT_GE(asked_, 1'000'000U);
  EXPECT_EQ(registry_.labels().size(), labels);
  EXPECT_EQ(lines(), series);
}

TEST_F(ModelNames, TheExpositionStaysValidUtf8) {
  for (int i = 0; i < 100; ++i) ask_all_kinds(i);
  const std::string page = registry_.render("").body;
  for (const char c : page) {
    EXPECT_TRUE(static_cast<unsigned char>(c) >= 0x20 || c == '\n');
  }
  std::string escaped;
  json::append_escaped(page, escaped);  // mends what is not UTF-8
  EXPECT_EQ(json::unescape(json::Text::from_escaped(escaped)), page);
  EXPECT_EQ(page.find("xxxx"), std::string::npos);
}

}  // namespace
}  // namespace oriel::gateway
