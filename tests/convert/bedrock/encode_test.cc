// What an encoded request leaves for its answer, whether it streams, and what is known of a target
// besides the catalogue. spec/converse.md §3, §6, §7, §8, §11.
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <string_view>

#include "convert/bedrock/converse_dialect.h"
#include "convert/bedrock/models.h"
#include "convert/openai/chat_request.h"
#include "tests/convert/bedrock/support.h"

namespace oriel::convert {
namespace {

constexpr std::string_view kNova = "amazon.nova-lite-v1:0";
constexpr std::string_view kHaiku = "anthropic.claude-haiku-4-5-20251001-v1:0";
constexpr std::string_view kLlama = "meta.llama3-1-70b-instruct-v1:0";
constexpr std::string_view kTool = R"("tools":[{"type":"function","function":{"name":"f"}}])";
constexpr std::string_view kFormat =
    R"("response_format":{"type":"json_schema","json_schema":{"name":"n","schema":{"type":"object","properties":{"a":{}}}}})";
constexpr std::string_view kListFormat =
    R"("response_format":{"type":"json_schema","json_schema":{"name":"n","schema":{"type":"array"}}})";

Target target_of(std::string_view model) { return {std::string(model), std::string(model), {}}; }

Encoded encode(const Target& target, std::string_view fields, const EncodePolicy& policy = {}) {
  const json::PaddedBuffer client{R"({"model":"m","messages":[{"role":"user","content":"Hi"}],)" +
                                  std::string(fields) + "}"};
  json::Reader reader;
  const auto request = parse_chat_request(client.view(), reader);
  EXPECT_TRUE(request) << request.error().message;
  auto encoded = converse_dialect().encode(*request, target, policy);
  EXPECT_TRUE(encoded) << encoded.error().message;
  return encoded ? *std::move(encoded) : Encoded{};
}

Encoded encode(std::string_view model, std::string_view fields) {
  return encode(target_of(model), fields);
}

bool has(const Encoded& encoded, std::string_view text) {
  return encoded.wire.body.find(text) != std::string::npos;
}

bool reports(const Encoded& encoded, std::string_view parameter, Adjustment::Action action) {
  for (const Adjustment& item : encoded.adjusted) {
    if (item.parameter == parameter && item.action == action) return true;
  }
  return false;
}

TEST(Encode, StreamsWhereTheModelDoes) {
  struct Row {
    std::string_view model;
    std::string fields;
    bool streams;
  };
  const std::string stream = R"("stream":true)";
  const Row rows[] = {
      {kNova, R"("stream":false)", false},
      {kNova, stream, true},
      {kNova, stream + "," + std::string(kTool), true},
      {kNova, stream + "," + std::string(kFormat), true},
      {kLlama, stream, true},
      {kLlama, stream + "," + std::string(kTool), false},
      {kLlama, stream + "," + std::string(kTool) + R"(,"tool_choice":"none")", true},
      {kLlama, stream + "," + std::string(kFormat), false},  // emulated by a tool
      {"ai21.j2-ultra-v1", stream, false},
  };
  for (const Row& row : rows) {
    const Encoded encoded = encode(row.model, row.fields);
    EXPECT_EQ(encoded.streams, row.streams) << row.model << row.fields;
    EXPECT_EQ(encoded.wire.path.ends_with("/converse-stream"), row.streams);
    EXPECT_EQ(encoded.wire.path.ends_with("/converse"), !row.streams);
    EXPECT_EQ(find_header(encoded.wire.headers, "accept"),
              row.streams ? "application/vnd.amazon.eventstream" : "application/json");
  }
}

TEST(Encode, ToolsThatAnswersMustUnwrap) {
  const Encoded encoded = encode(
      kNova,
      R"("tools":[{"type":"custom","custom":{"name":"a.b"}},{"type":"custom","custom":{"name":"c"}},)"
      R"({"type":"function","function":{"name":"list","parameters":{"type":"array"}}},)"
      R"({"type":"function","function":{"name":"f"}}])");
  ASSERT_EQ(encoded.context.tool_names.size(), 1U);
  const std::string alias = encoded.context.tool_names.front().first;
  EXPECT_EQ(encoded.context.custom_tools, (std::vector<std::string>{alias, "c"}));
  EXPECT_EQ(encoded.context.wrapped_tools, std::vector<std::string>{"list"});
  EXPECT_EQ(encoded.context.format_tool, "");
  EXPECT_FALSE(encoded.context.legacy_functions);
}

TEST(Encode, LegacyFunctions) {
  EXPECT_TRUE(encode(kNova, R"("functions":[{"name":"f"}])").context.legacy_functions);
}

TEST(Encode, FormatsThatAnswersMustUndo) {
  const Encoded emulated = encode(kNova, kFormat);
  EXPECT_EQ(emulated.context.format_tool, "json_response");
  EXPECT_FALSE(emulated.context.wrapped_format);
  EXPECT_FALSE(emulated.context.json_object);
  const Encoded list = encode(kNova, kListFormat);
  EXPECT_EQ(list.context.format_tool, "json_response");
  EXPECT_TRUE(list.context.wrapped_format);
  const Encoded native = encode(kHaiku, kFormat);
  EXPECT_EQ(native.context.format_tool, "");
  EXPECT_TRUE(has(native, "outputConfig"));
  const Encoded native_list = encode(kHaiku, kListFormat);  // only objects are native
  EXPECT_EQ(native_list.context.format_tool, "json_response");
  EXPECT_TRUE(native_list.context.wrapped_format);
  const Encoded words = encode("deepseek.r1-v1:0", kFormat);
  EXPECT_EQ(words.context.format_tool, "");
  EXPECT_TRUE(words.context.json_object);
  EXPECT_TRUE(encode(kNova, R"("response_format":{"type":"json_object"})").context.json_object);
  EXPECT_FALSE(encode(kNova, R"("response_format":{"type":"text"})").context.json_object);
}

TEST(Encode, AFormatThatWasRefusedIsEmulated) {
  Target target = target_of(kHaiku);
  target.emulate_format = true;
  const Encoded encoded = encode(target, kFormat);
  EXPECT_EQ(encoded.context.format_tool, "json_response");
  EXPECT_FALSE(has(encoded, "outputConfig"));
}

TEST(Encode, NoPlaceholderWithoutHistory) {
  EncodePolicy policy;
  policy.placeholder_tool = true;
  EXPECT_EQ(encode(target_of(kNova), R"("stream":false)", policy).context.placeholder_tool, "");
}

TEST(Encode, MayReason) {
  EXPECT_FALSE(encode(kNova, R"("n":1)").context.may_reason);
  EXPECT_FALSE(encode(kLlama, R"("n":1)").context.may_reason);
  for (const std::string_view id : {"deepseek.r1-v1:0", "openai.gpt-oss-20b-1:0", "unheard.of"}) {
    EXPECT_TRUE(encode(id, R"("n":1)").context.may_reason) << id;
  }
}

TEST(Encode, SeedOnlyByConfiguration) {
  Target target = target_of("openai.gpt-oss-20b-1:0");
  EXPECT_TRUE(reports(encode(target, R"("seed":7)"), "seed", Adjustment::Action::dropped));
  target.patch.add = static_cast<std::uint64_t>(ModelFeature::seed);
  const Encoded encoded = encode(target, R"("seed":7)");
  EXPECT_TRUE(has(encoded, R"("additionalModelRequestFields":{"seed":7})"));
  EXPECT_TRUE(encoded.adjusted.empty());
}

// §15.3: what refusals teach is heeded.
TEST(Encode, APatchedTargetIsHeeded) {
  struct Row {
    ModelFeature gone;
    std::string fields;
    std::string_view absent;
  };
  const Row rows[] = {
      {ModelFeature::temperature, R"("temperature":0.5)", "temperature"},
      {ModelFeature::top_p, R"("top_p":0.5)", "topP"},
      {ModelFeature::top_k, R"("top_k":5)", "top_k"},
      {ModelFeature::service_tier, R"("service_tier":"flex")", "serviceTier"},
      {ModelFeature::choice_named,
       std::string(kTool) + R"(,"tool_choice":{"type":"function","function":{"name":"f"}})",
       R"("tool":{)"},
      {ModelFeature::structured_output, std::string(kFormat), "outputConfig"},
      {ModelFeature::streaming, R"("stream":true)", "converse-stream"},
  };
  for (const Row& row : rows) {
    Target target = target_of(kHaiku);
    const Encoded before = encode(target, row.fields);
    EXPECT_TRUE(has(before, row.absent) || before.wire.path.ends_with(row.absent)) << row.absent;
    target.patch.remove = static_cast<std::uint64_t>(row.gone);
    const Encoded after = encode(target, row.fields);
    EXPECT_FALSE(has(after, row.absent) || after.wire.path.ends_with(row.absent)) << row.absent;
  }
}

TEST(Encode, WithoutBudgetsThinkingIsAdaptive) {
  Target target = target_of(kHaiku);
  target.patch.remove = static_cast<std::uint64_t>(ModelFeature::thinking_budget);
  constexpr std::string_view kAdaptive =
      R"({"thinking":{"type":"adaptive"},"output_config":{"effort":"low"}})";
  EXPECT_TRUE(has(encode(target, R"("reasoning_effort":"low")"), kAdaptive));
  EXPECT_FALSE(has(encode(target, R"("reasoning_effort":"none")"), "thinking"));
  const Encoded own = encode(target, R"("thinking":{"type":"enabled","budget_tokens":2000})");
  EXPECT_TRUE(has(own, R"("type":"adaptive")"));
  EXPECT_TRUE(reports(own, "thinking", Adjustment::Action::rewritten));
}

TEST(Encode, TooManyFieldsToMerge) {
  std::string fields = R"("additionalModelRequestFields":{)";
  for (int i = 0; i < 300; ++i) fields += (i ? ",\"k" : "\"k") + std::to_string(i) + "\":1";
  const json::PaddedBuffer client{R"({"model":"m","messages":[{"role":"user","content":"Hi"}],)" +
                                  fields + "}}"};
  json::Reader reader;
  const auto request = parse_chat_request(client.view(), reader);
  ASSERT_TRUE(request);
  const auto encoded = converse_dialect().encode(*request, target_of(kNova), {});
  ASSERT_FALSE(encoded);
  EXPECT_EQ(encoded.error().param, "additionalModelRequestFields");
}

}  // namespace
}  // namespace oriel::convert
