// The catalogue says what the specification says, and no row contradicts itself.
// spec/converse.md §6.2, §7.1, §8.1, §9, §11.
#include "convert/bedrock/models.h"

#include <gtest/gtest.h>

#include <string_view>
#include <vector>

namespace oriel::convert {
namespace {

using enum ModelFeature;

TEST(Catalogue, EveryRowIsConsistent) {
  for (const ModelCapabilities& row : model_catalogue()) {
    SCOPED_TRACE(row.prefix);
    const auto implies = [&](ModelFeature one, ModelFeature other) {
      return !row.can(one) || row.can(other);
    };
    EXPECT_TRUE(implies(cache_1h, cache));
    EXPECT_TRUE(implies(cache_tools, cache));
    EXPECT_TRUE(implies(cache_tools, tools));
    EXPECT_TRUE(implies(streaming_tools, tools));
    EXPECT_TRUE(implies(streaming_tools, streaming));
    EXPECT_TRUE(implies(strict_tools, tools));
    EXPECT_TRUE(implies(choice_auto, tools));
    EXPECT_TRUE(implies(choice_any, tools));
    EXPECT_TRUE(implies(choice_named, tools));
    EXPECT_TRUE(implies(must_choose, choice_any));
    EXPECT_EQ(row.can(temperature), row.can(top_p));
    EXPECT_TRUE(implies(tool_result_media, image));
    EXPECT_FALSE(row.can(seed));
    if (row.family == ModelFamily::nova) {
      EXPECT_FALSE(row.can(cache_tools));
      EXPECT_FALSE(row.can(cache_1h));
    }
    const bool speaks =
        row.reasoning != ReasoningMode::none && row.reasoning != ReasoningMode::always;
    EXPECT_EQ(row.efforts.empty(), !speaks);
    if (row.reasoning == ReasoningMode::manual) {
      EXPECT_TRUE(row.can(thinking_budget));
      EXPECT_GT(row.max_output_tokens, 8192U);
    }
    EXPECT_TRUE(!row.can(thinking_budget) || row.family == ModelFamily::claude);
    EXPECT_TRUE(row.max_output_tokens == 0 || row.max_output_tokens <= row.context_tokens);
  }
}

// A row of §11: what it says in its own columns.
struct Seed {
  std::string_view id;
  std::uint32_t context;
  std::uint32_t output;
  bool image;
  bool tools;
  bool structured;
  ReasoningMode reasoning;
  bool temperature;
};
using R = ReasoningMode;
constexpr Seed kSeeds[] = {
    {"amazon.nova-micro-v1:0", 128'000, 8'192, false, true, false, R::none, true},
    {"amazon.nova-lite-v1:0", 300'000, 8'192, true, true, false, R::none, true},
    {"amazon.nova-pro-v1:0", 300'000, 8'192, true, true, false, R::none, true},
    {"amazon.nova-2-lite-v1:0", 1'000'000, 65'536, true, true, false, R::nova, true},
    {"anthropic.claude-haiku-4-5-20251001-v1:0", 200'000, 64'000, true, true, true, R::manual,
     true},
    {"anthropic.claude-sonnet-4-5-20250929-v1:0", 200'000, 64'000, true, true, true, R::manual,
     true},
    {"anthropic.claude-opus-4-5-20251101-v1:0", 200'000, 64'000, true, true, true, R::manual, true},
    {"anthropic.claude-opus-4-6-v1", 1'000'000, 128'000, true, true, true, R::adaptive, true},
    {"anthropic.claude-sonnet-4-6", 1'000'000, 64'000, true, true, true, R::adaptive, true},
    {"anthropic.claude-opus-4-7", 1'000'000, 128'000, true, true, false, R::adaptive, false},
    {"anthropic.claude-opus-4-8", 1'000'000, 128'000, true, true, false, R::adaptive, false},
    {"anthropic.claude-opus-5", 1'000'000, 128'000, true, true, false, R::adaptive, false},
    {"anthropic.claude-fable-5", 1'000'000, 128'000, true, true, false, R::adaptive, false},
    {"anthropic.claude-sonnet-5", 1'000'000, 128'000, true, true, true, R::adaptive, false},
    {"meta.llama3-1-70b-instruct-v1:0", 128'000, 4'096, false, true, false, R::none, true},
    {"meta.llama4-maverick-17b-instruct-v1:0", 1'000'000, 16'384, true, true, false, R::none, true},
    {"meta.llama4-scout-17b-instruct-v1:0", 3'500'000, 16'384, true, true, false, R::none, true},
    {"mistral.pixtral-large-2502-v1:0", 128'000, 8'192, true, true, false, R::none, true},
    {"mistral.mistral-large-3-675b-instruct", 256'000, 8'192, true, true, true, R::none, true},
    {"mistral.ministral-3-8b-instruct", 256'000, 8'192, true, true, true, R::none, true},
    {"deepseek.v3-v1:0", 163'840, 81'920, false, true, true, R::word, true},
    {"deepseek.v3.2", 163'840, 81'920, false, true, true, R::word, true},
    {"deepseek.r1-v1:0", 128'000, 32'768, false, false, false, R::always, true},
    {"openai.gpt-oss-120b-1:0", 128'000, 16'384, false, true, true, R::flat, true},
    {"openai.gpt-5.4", 272'000, 128'000, true, true, true, R::nested, false},
    {"openai.gpt-5.6", 272'000, 128'000, true, true, true, R::nested, false},
    {"qwen.qwen3-235b-a22b-2507-v1:0", 0, 0, false, true, true, R::always, true},
    {"moonshot.kimi-k2-thinking", 0, 0, false, true, true, R::flat, true},
    {"moonshotai.kimi-k2.5", 0, 0, false, true, true, R::flat, true},
    {"minimax.minimax-m2", 0, 0, false, true, false, R::always, true},
    {"nvidia.nemotron-nano-9b-v2", 0, 0, false, true, true, R::always, true},
    {"xai.grok-4", 0, 0, true, true, true, R::always, true},
    {"zai.glm-4.7", 0, 0, false, true, true, R::always, true},
    {"zai.glm-5", 0, 0, false, true, true, R::always, true},
    {"google.gemma-3-27b-it", 128'000, 8'192, true, true, true, R::none, true},
    {"google.gemma-3-4b-it", 128'000, 8'192, true, true, false, R::none, true},
};

TEST(Catalogue, SaysWhatTheTableSays) {
  for (const Seed& seed : kSeeds) {
    SCOPED_TRACE(seed.id);
    const ModelCapabilities& row = capabilities_of(seed.id);
    EXPECT_EQ(row.context_tokens, seed.context);
    EXPECT_EQ(row.max_output_tokens, seed.output);
    EXPECT_EQ(row.can(image), seed.image);
    EXPECT_EQ(row.can(tools), seed.tools);
    EXPECT_EQ(row.can(structured_output), seed.structured);
    EXPECT_EQ(row.reasoning, seed.reasoning);
    EXPECT_EQ(row.can(temperature), seed.temperature);
  }
}

TEST(Catalogue, StreamingOfTools) {
  for (const std::string_view id :
       {"meta.llama3-3-70b-instruct-v1:0", "mistral.mistral-large-2407-v1:0",
        "amazon.titan-text-express-v1", "ai21.jamba-1-5-large-v1:0", "deepseek.r1-v1:0",
        "writer.palmyra-x5-v1:0"}) {
    EXPECT_FALSE(capabilities_of(id).can(streaming_tools)) << id;
    EXPECT_TRUE(capabilities_of(id).can(streaming)) << id;
  }
  for (const std::string_view id :
       {"amazon.nova-pro-v1:0", "anthropic.claude-3-haiku-20240307-v1:0", "openai.gpt-oss-20b-1:0",
        "unheard.of"}) {
    EXPECT_TRUE(capabilities_of(id).can(streaming_tools)) << id;
  }
}

TEST(Catalogue, PromptCache) {
  struct Row {
    std::string_view id;
    bool cached, hour, in_tools;
  };
  constexpr Row kRows[] = {
      {"anthropic.claude-v2:1", false, false, false},
      {"anthropic.claude-3-haiku-20240307-v1:0", false, false, false},
      {"anthropic.claude-3-5-sonnet-20240620-v1:0", false, false, false},
      {"anthropic.claude-3-5-sonnet-20241022-v2:0", true, false, true},
      {"anthropic.claude-3-7-sonnet-20250219-v1:0", true, false, true},
      {"anthropic.claude-haiku-4-5-20251001-v1:0", true, true, true},
      {"anthropic.claude-sonnet-5", true, true, true},
      {"amazon.nova-micro-v1:0", true, false, false},
      {"meta.llama3-3-70b-instruct-v1:0", false, false, false},
      {"unheard.of", false, false, false},
  };
  for (const Row& row : kRows) {
    const ModelCapabilities& model = capabilities_of(row.id);
    EXPECT_EQ(model.can(cache), row.cached) << row.id;
    EXPECT_EQ(model.can(cache_1h), row.hour) << row.id;
    EXPECT_EQ(model.can(cache_tools), row.in_tools) << row.id;
  }
}

TEST(Catalogue, OfTheUnknownNothingSpecialIsAsked) {
  const ModelCapabilities& model = capabilities_of("unheard.of");
  for (const ModelFeature feature : {structured_output, cache, strict_tools, must_choose, seed,
                                     penalties, thinking_budget, temp_top_p_exclusive}) {
    EXPECT_FALSE(model.can(feature));
  }
  EXPECT_EQ(model.reasoning, ReasoningMode::none);
}

TEST(Catalogue, APatchIsStronger) {
  Target target{"x", "anthropic.claude-opus-4-6-v1", {}};
  target.patch.remove = static_cast<std::uint64_t>(temperature);
  target.patch.add = static_cast<std::uint64_t>(seed);
  target.patch.max_output_tokens = 5;
  const ModelCapabilities model = capabilities_of(target);
  EXPECT_FALSE(model.can(temperature));
  EXPECT_TRUE(model.can(seed));
  EXPECT_EQ(model.max_output_tokens, 5U);
  EXPECT_EQ(model.context_tokens, 1'000'000U);
}

}  // namespace
}  // namespace oriel::convert
