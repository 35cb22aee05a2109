// Model names to Bedrock models: spec/converse.md §2, §11; aws.md §3.4.
#include "convert/bedrock/resolve.h"

#include <gtest/gtest.h>

#include <set>

#include "convert/bedrock/feature_names.h"
#include "convert/bedrock/models.h"

namespace oriel::convert {
namespace {

constexpr std::string_view kProfileArn =
    "arn:aws:bedrock:eu-west-1:123456789012:inference-profile/eu.amazon.nova-lite-v1:0";
constexpr std::string_view kAppArn =
    "arn:aws-us-gov:bedrock:us-gov-west-1:123456789012:application-inference-profile/abc";

struct Row {
  std::string_view name;
  std::string_view region;
  std::string_view upstream;  // empty: no such model
  std::string_view foundation;
  std::string_view arn_region;
};

TEST(Resolve, Names) {
  const Alias configured[] = {{"fast", "gpt-4o-mini", ""},
                              {"team-*", "anthropic.claude-sonnet-4-5-20250929-v1:0", ""},
                              {"gpt-4o", "meta.llama3-3-70b-instruct-v1:0", ""},
                              {"hidden", std::string(kAppArn), "us.anthropic.claude-opus-4-7"}};
  const Row rows[] = {
      {"gpt-4o-mini", "us-east-1", "amazon.nova-lite-v1:0", "amazon.nova-lite-v1:0", ""},
      {"gpt-3.5-turbo-0125", "us-east-1", "amazon.nova-lite-v1:0", "amazon.nova-lite-v1:0", ""},
      {"gpt-4o-mini", "eu-central-1", "eu.amazon.nova-lite-v1:0", "amazon.nova-lite-v1:0", ""},
      {"gpt-4o-mini", "ap-south-1", "apac.amazon.nova-lite-v1:0", "amazon.nova-lite-v1:0", ""},
      {"gpt-4o-mini", "", "amazon.nova-lite-v1:0", "amazon.nova-lite-v1:0", ""},
      {"fast", "us-east-1", "amazon.nova-lite-v1:0", "amazon.nova-lite-v1:0", ""},
      {"gpt-4o", "us-east-1", "us.meta.llama3-3-70b-instruct-v1:0",
       "meta.llama3-3-70b-instruct-v1:0", ""},
      {"team-blue", "eu-west-1", "eu.anthropic.claude-sonnet-4-5-20250929-v1:0",
       "anthropic.claude-sonnet-4-5-20250929-v1:0", ""},
      {"claude-sonnet-5", "ap-northeast-1", "jp.anthropic.claude-sonnet-5",
       "anthropic.claude-sonnet-5", ""},
      {"claude-sonnet-5", "ap-southeast-2", "au.anthropic.claude-sonnet-5",
       "anthropic.claude-sonnet-5", ""},
      {"claude-sonnet-5", "ap-south-1", "global.anthropic.claude-sonnet-5",
       "anthropic.claude-sonnet-5", ""},
      {"claude-sonnet-5", "us-gov-west-1", "us-gov.anthropic.claude-sonnet-5",
       "anthropic.claude-sonnet-5", ""},
      {"claude-sonnet-5", "sa-east-1", "global.anthropic.claude-sonnet-5",
       "anthropic.claude-sonnet-5", ""},
      {"us.amazon.nova-lite-v1:0", "eu-west-1", "us.amazon.nova-lite-v1:0", "amazon.nova-lite-v1:0",
       ""},
      {"us-gov.amazon.nova-lite-v1:0", "us-east-1", "us-gov.amazon.nova-lite-v1:0",
       "amazon.nova-lite-v1:0", ""},
      {"global.anthropic.claude-opus-5", "us-east-1", "global.anthropic.claude-opus-5",
       "anthropic.claude-opus-5", ""},
      {"newvendor.model-1:0", "eu-west-1", "newvendor.model-1:0", "newvendor.model-1:0", ""},
      {"bedrock/amazon.nova-pro-v1:0", "us-east-1", "amazon.nova-pro-v1:0", "amazon.nova-pro-v1:0",
       ""},
      {"bedrock/converse/gpt-4o-mini", "us-east-1", "amazon.nova-lite-v1:0",
       "amazon.nova-lite-v1:0", ""},
      {"amazon-bedrock/us.amazon.nova-pro-v1:0", "us-east-1", "us.amazon.nova-pro-v1:0",
       "amazon.nova-pro-v1:0", ""},
      {kProfileArn, "us-east-1", kProfileArn, "amazon.nova-lite-v1:0", "eu-west-1"},
      {"arn:aws:bedrock:us-east-1::foundation-model/meta.llama3-8b-instruct-v1:0", "us-west-2",
       "arn:aws:bedrock:us-east-1::foundation-model/meta.llama3-8b-instruct-v1:0",
       "meta.llama3-8b-instruct-v1:0", "us-east-1"},
      {kAppArn, "us-east-1", kAppArn, "", "us-gov-west-1"},
      {"hidden", "us-east-1", kAppArn, "anthropic.claude-opus-4-7", "us-gov-west-1"},
      // No such model.
      {"", "us-east-1", "", "", ""},
      {"gpt-9", "us-east-1", "", "", ""},
      {"gpt-4.5-preview", "us-east-1", "", "", ""},
      {"amazon.", "us-east-1", "", "", ""},
      {".nova", "us-east-1", "", "", ""},
      {"amazon.nova lite", "us-east-1", "", "", ""},
      {"amazon.nova/../x", "us-east-1", "", "", ""},
      {"bedrock/bedrock/amazon.nova-pro-v1:0", "us-east-1", "", "", ""},
      {"arn:aws:bedrock:evil.example/:123456789012:inference-profile/x", "us-east-1", "", "", ""},
      {"arn:aws:s3:us-east-1:123456789012:bucket/x", "us-east-1", "", "", ""},
      {"arn:aws:bedrock:us-east-1:123456789012:inference-profile/", "us-east-1", "", "", ""},
      {"arn:aws:bedrock:us-east-1", "us-east-1", "", "", ""},
  };
  for (const Row& row : rows) {
    const auto resolved = resolve_bedrock_model(row.name, configured, row.region);
    ASSERT_EQ(resolved.has_value(), !row.upstream.empty()) << row.name;
    if (!resolved) continue;
    EXPECT_EQ(resolved->target.upstream_model, row.upstream) << row.name << " in " << row.region;
    EXPECT_EQ(resolved->target.foundation_model, row.foundation) << row.name;
    EXPECT_EQ(resolved->region, row.arn_region) << row.name;
  }
}

// An ARN, or an id that has a geo, goes out as it came in, wherever we are.
TEST(Resolve, Trap50NeverPrefixedTwice) {
  for (const std::string_view region : {"us-east-1", "eu-west-1", "ap-northeast-1", "sa-east-1"}) {
    for (const std::string_view name :
         {kProfileArn, kAppArn, std::string_view("eu.anthropic.claude-opus-4-6-v1"),
          std::string_view("jp.anthropic.claude-sonnet-4-5-20250929-v1:0")}) {
      EXPECT_EQ(resolve_bedrock_model(name, {}, region)->target.upstream_model, name);
    }
  }
}

using Listed = RegionList::Listed;

// A region whose lists are known as far as the test says.
class FakeList final : public RegionList {
 public:
  Listed on_demand(std::string_view id) const override {
    return models.empty() ? Listed::unknown : models.count(id) != 0 ? Listed::yes : Listed::no;
  }
  Listed has_profile(std::string_view id) const override {
    return profiles.empty() ? Listed::unknown : profiles.count(id) != 0 ? Listed::yes : Listed::no;
  }
  std::set<std::string_view> models;
  std::set<std::string_view> profiles;
};

struct ListRow {
  std::string_view name, region;
  std::set<std::string_view> models, profiles;
  std::string_view upstream;
};

TEST(Resolve, WhatAwsListsIsStrongerThanTheCatalogue) {
  constexpr std::string_view kPro = "amazon.nova-pro-v1:0";
  constexpr std::string_view kSonnet = "anthropic.claude-sonnet-5";
  const ListRow rows[] = {
      // The catalogue alone.
      {kPro, "us-east-1", {}, {}, kPro},
      {kPro, "us-west-2", {}, {}, "us.amazon.nova-pro-v1:0"},
      // On demand after all, whatever profiles there are.
      {kPro, "us-west-2", {kPro}, {"us.amazon.nova-pro-v1:0"}, kPro},
      {kSonnet, "us-east-1", {kSonnet}, {}, kSonnet},
      // No longer on demand.
      {kPro, "us-east-1", {"a.b"}, {"us.amazon.nova-pro-v1:0"}, "us.amazon.nova-pro-v1:0"},
      {kPro, "us-east-1", {"a.b"}, {}, "us.amazon.nova-pro-v1:0"},
      // Only to a profile that is there, the nearest first.
      {kPro, "us-west-2", {"a.b"}, {"eu.amazon.nova-pro-v1:0"}, kPro},
      {kPro, "us-west-2", {}, {"eu.amazon.nova-pro-v1:0"}, kPro},
      {kSonnet,
       "us-east-1",
       {},
       {"global.anthropic.claude-sonnet-5"},
       "global.anthropic.claude-sonnet-5"},
      {kSonnet,
       "ap-northeast-1",
       {},
       {"apac.anthropic.claude-sonnet-5", "global.anthropic.claude-sonnet-5"},
       "apac.anthropic.claude-sonnet-5"},
      {kSonnet,
       "ap-northeast-1",
       {},
       {"apac.anthropic.claude-sonnet-5", "jp.anthropic.claude-sonnet-5"},
       "jp.anthropic.claude-sonnet-5"},
      {"claude-sonnet-5",
       "eu-west-3",
       {"a.b"},
       {"eu.anthropic.claude-sonnet-5"},
       "eu.anthropic.claude-sonnet-5"},
      // Models that the catalogue does not know.
      {"newvendor.model-1:0",
       "eu-west-1",
       {"a.b"},
       {"eu.newvendor.model-1:0"},
       "eu.newvendor.model-1:0"},
      {"newvendor.model-1:0",
       "eu-west-1",
       {"a.b"},
       {"us.newvendor.model-1:0"},
       "newvendor.model-1:0"},
      // What has a geo, and ARNs, stay as they are.
      {"us.amazon.nova-pro-v1:0",
       "eu-west-1",
       {"a.b"},
       {"eu.amazon.nova-pro-v1:0"},
       "us.amazon.nova-pro-v1:0"},
      {kAppArn, "us-east-1", {"a.b"}, {"us.a.b"}, kAppArn},
  };
  for (const ListRow& row : rows) {
    FakeList list;
    list.models = row.models;
    list.profiles = row.profiles;
    const auto resolved = resolve_bedrock_model(row.name, {}, row.region, &list);
    ASSERT_TRUE(resolved);
    EXPECT_EQ(resolved->target.upstream_model, row.upstream) << row.name << " in " << row.region;
  }
}

TEST(Resolve, TheProfileOfABareId) {
  EXPECT_EQ(profile_of("anthropic.claude-sonnet-5", "us-east-1", nullptr),
            "us.anthropic.claude-sonnet-5");
  EXPECT_EQ(profile_of("newvendor.model-1:0", "eu-west-1", nullptr), "eu.newvendor.model-1:0");
  for (const std::string_view id : {std::string_view("us.amazon.nova-pro-v1:0"),
                                    std::string_view("gpt-4o"), kAppArn, kProfileArn}) {
    EXPECT_FALSE(profile_of(id, "us-east-1", nullptr)) << id;
  }
  FakeList list;
  list.profiles = {"eu.anthropic.claude-sonnet-5"};
  EXPECT_FALSE(profile_of("anthropic.claude-sonnet-5", "us-east-1", &list));
}

TEST(Resolve, SaysWhichArnsHideTheirModel) {
  const std::string account = "arn:aws:bedrock:eu-west-1:123456789012:";
  for (const auto& [name, hidden] : std::initializer_list<std::pair<std::string, bool>>{
           {account + "application-inference-profile/abc", true},
           {account + "provisioned-model/abc", true},
           {account + "imported-model/abc", false},
           {account + "custom-model-deployment/abc", false},
           {account + "inference-profile/eu.amazon.nova-lite-v1:0", false},
           {"amazon.nova-lite-v1:0", false}}) {
    EXPECT_EQ(resolve_bedrock_model(name, {}, "us-east-1")->hidden, hidden) << name;
  }
  const Alias configured[] = {{"app", account + "application-inference-profile/abc", "a.b"}};
  EXPECT_FALSE(resolve_bedrock_model("app", configured, "us-east-1")->hidden);
}

TEST(Features, EachHasOneName) {
  std::set<std::string_view> names;
  std::uint64_t named = 0;
  for (const FeatureName& row : feature_names()) {
    EXPECT_TRUE(names.insert(row.name).second) << row.name;
    const auto bit = static_cast<std::uint64_t>(row.feature);
    EXPECT_EQ(named & bit, 0U) << row.name;
    named |= bit;
    EXPECT_EQ(find_feature(row.name), row.feature);
  }
  for (const ModelCapabilities& row : model_catalogue()) {
    EXPECT_EQ(row.features.bits() & ~named, 0U) << row.prefix;
  }
  EXPECT_FALSE(find_feature("teleport"));
  EXPECT_FALSE(find_feature(""));
}

TEST(Resolve, TooLongIsNoModel) {
  EXPECT_TRUE(resolve_bedrock_model("amazon." + std::string(2041, 'a'), {}, "us-east-1"));
  EXPECT_FALSE(resolve_bedrock_model("amazon." + std::string(2042, 'a'), {}, "us-east-1"));
}

TEST(Resolve, EveryShippedAliasIsAModelInTheCatalogue) {
  std::set<std::string_view> patterns;
  for (const ShippedAlias& alias : shipped_aliases()) {
    EXPECT_TRUE(patterns.insert(alias.pattern).second) << alias.pattern;
    const auto resolved = resolve_bedrock_model(alias.model, {}, "us-east-1");
    ASSERT_TRUE(resolved) << alias.model;
    if (!alias.model.starts_with("amazon.titan-embed")) {
      EXPECT_NE(capabilities_of(resolved->target.foundation_model).family, ModelFamily::other);
    }
  }
}

TEST(Resolve, Globs) {
  EXPECT_TRUE(matches_glob("*", ""));
  EXPECT_TRUE(matches_glob("a*c", "abbc"));
  EXPECT_TRUE(matches_glob("a*b*c", "aXbYbZc"));
  EXPECT_TRUE(matches_glob("*-mini", "gpt-mini-mini"));
  EXPECT_FALSE(matches_glob("a*c", "abcd"));
  EXPECT_FALSE(matches_glob("a", "ab"));
  EXPECT_FALSE(matches_glob("", "a"));
}

TEST(Models, LongestPrefixWins) {
  EXPECT_EQ(capabilities_of("amazon.nova-lite-v1:0").max_output_tokens, 8192U);
  EXPECT_TRUE(capabilities_of("amazon.nova-lite-v1:0").can(ModelFeature::image));
  EXPECT_FALSE(capabilities_of("amazon.nova-micro-v1:0").can(ModelFeature::image));
  EXPECT_FALSE(capabilities_of("anthropic.claude-opus-4-7").can(ModelFeature::temperature));
  EXPECT_TRUE(capabilities_of("anthropic.claude-opus-4-6-v1").can(ModelFeature::temperature));
  EXPECT_FALSE(capabilities_of("anthropic.claude-opus-4-6-v1").can(ModelFeature::prefill));
  EXPECT_EQ(capabilities_of("mistral.mistral-large-2407-v1:0").tool_id_rule, ToolIdRule::nine);
  EXPECT_EQ(capabilities_of("mistral.mistral-large-3-675b-instruct").tool_id_rule,
            ToolIdRule::converse);
}

TEST(Models, UnknownModelsAreForbiddenNothing) {
  for (const std::string_view id : {"", "newvendor.model-1:0"}) {
    const ModelCapabilities& model = capabilities_of(id);
    EXPECT_EQ(model.max_output_tokens, 0U);
    for (const ModelFeature feature :
         {ModelFeature::tools, ModelFeature::choice_named, ModelFeature::image,
          ModelFeature::system, ModelFeature::temperature, ModelFeature::prefill}) {
      EXPECT_TRUE(model.can(feature));
    }
  }
}

TEST(Models, PrefixesAreUnique) {
  std::set<std::string_view> prefixes;
  for (const ModelCapabilities& row : model_catalogue()) {
    EXPECT_TRUE(prefixes.insert(row.prefix).second) << row.prefix;
  }
}

}  // namespace
}  // namespace oriel::convert
