// Model names to Bedrock models: spec/converse.md §2, §11; aws.md §3.4.
#include "convert/bedrock/resolve.h"

#include <gtest/gtest.h>

#include <set>

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
  EXPECT_FALSE(capabilities_of("anthropic.claude-opus-4-7").can(ModelFeature::sampling));
  EXPECT_TRUE(capabilities_of("anthropic.claude-opus-4-6-v1").can(ModelFeature::sampling));
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
          ModelFeature::system, ModelFeature::sampling, ModelFeature::prefill}) {
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
