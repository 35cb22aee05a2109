// The traps of settings: structured output, tool choice, sampling, reasoning, metadata, tiers, and
// the path. spec/converse.md §21, §21.1.
#include "tests/convert/traps/support.h"

namespace oriel::test {
namespace {

const std::string kExtraFields = "additionalModelRequestFields.";

std::string json_schema(std::string_view schema) {
  return R"(,"response_format":{"type":"json_schema","json_schema":{"name":"person","strict":true,)"
         R"("schema":)" +
         std::string(schema) + "}}";
}

TEST(Traps, trap_30_structured_output_schema) {
  const std::string schema =
      R"({"type":"object","properties":{"name":{"type":"string","minLength":1,"maxLength":9},)"
      R"("tags":{"type":"array","items":{"type":"object","properties":{"t":{"type":"string"}}},)"
      R"("maxItems":3}},"required":["name","tags"]})";
  const Sent native =
      send(chat("us.anthropic.claude-haiku-4-5-20251001-v1:0", kHi, json_schema(schema)));
  ASSERT_FALSE(native.refused) << native.error.message;
  const std::string format = native.at("outputConfig.textFormat");
  EXPECT_EQ(text_at(format, "type"), "json_schema");
  EXPECT_EQ(text_at(format, "structure.jsonSchema.name"), "person");
  const std::string sent = text_at(format, "structure.jsonSchema.schema");
  ASSERT_FALSE(sent.empty()) << "the schema is a string that holds JSON";
  EXPECT_EQ(at(sent, "additionalProperties"), "false");
  EXPECT_EQ(at(sent, "properties.tags.items.additionalProperties"), "false");
  for (const std::string_view word : {"\"minLength\"", "\"maxLength\"", "\"maxItems\""}) {
    EXPECT_EQ(count_of(sent, word), 0U) << sent;
  }
  EXPECT_TRUE(native.at("toolConfig").empty());

  // Too many optional fields for the grammar: a tool instead, and the client sees no difference.
  std::string many;
  for (int i = 0; i < 30; ++i) {
    many += (i == 0 ? "" : ",") + std::string("\"p") + std::to_string(i) +
            R"(":{"anyOf":[{"type":"string"},{"type":"null"}]})";
  }
  const Sent fallback = send(chat("us.anthropic.claude-haiku-4-5-20251001-v1:0", kHi,
                                  json_schema(R"({"type":"object","properties":{)" + many + "}}")));
  ASSERT_FALSE(fallback.refused) << fallback.error.message;
  EXPECT_TRUE(fallback.at("outputConfig").empty());
  ASSERT_FALSE(fallback.context.format_tool.empty());
  const std::string body =
      answer(converse(R"({"toolUse":{"toolUseId":"t","name":")" + fallback.context.format_tool +
                          R"(","input":{"p1":"x"}}})",
                      "tool_use"),
             fallback.context);
  EXPECT_EQ(text_at(body, "choices.0.message.content"), R"({"p1":"x"})");
  EXPECT_EQ(text_at(body, "choices.0.finish_reason"), "stop");
  EXPECT_TRUE(at(body, "choices.0.message.tool_calls").empty());

  // The same after the model has refused the schema.
  Route route;
  route.emulate_format = true;
  const Sent learned =
      send(chat("us.anthropic.claude-haiku-4-5-20251001-v1:0", kHi, json_schema(schema)), route);
  ASSERT_FALSE(learned.refused) << learned.error.message;
  EXPECT_TRUE(learned.at("outputConfig").empty());
  EXPECT_EQ(learned.text("toolConfig.toolChoice.tool.name"), learned.context.format_tool);
}

TEST(Traps, trap_31_json_object) {
  const Sent sent = send(chat("gpt-4o-mini", kHi, R"(,"response_format":{"type":"json_object"})"));
  ASSERT_FALSE(sent.refused) << sent.error.message;
  EXPECT_EQ(
      count_of(sent.at("system"), "Respond with a single valid JSON object and nothing else."), 1U);
  EXPECT_TRUE(sent.at("additionalModelRequestFields").empty());
  EXPECT_TRUE(sent.context.json_object);
  const std::string fenced =
      answer(converse(R"({"text":"```json\n{\"a\":1}\n```"})"), sent.context);
  EXPECT_EQ(text_at(fenced, "choices.0.message.content"), R"({"a":1})");
  const std::string plain = answer(converse(R"({"text":"{\"a\":1}"})"), sent.context);
  EXPECT_EQ(text_at(plain, "choices.0.message.content"), R"({"a":1})");

  const Sent text = send(chat("gpt-4o-mini", kHi, R"(,"response_format":{"type":"text"})"));
  EXPECT_EQ(text.body, send(chat("gpt-4o-mini", kHi)).body);
  EXPECT_TRUE(text.adjusted.empty());
}

TEST(Traps, trap_32_parallel_tool_calls) {
  const std::string claude = "us.anthropic.claude-sonnet-4-5-20250929-v1:0";
  const std::string off = R"(,"parallel_tool_calls":false)";
  const Sent alone = send(chat(claude, kHi, std::string(kTools) + off));
  ASSERT_FALSE(alone.refused) << alone.error.message;
  EXPECT_EQ(alone.at(kExtraFields + "tool_choice"),
            R"({"type":"auto","disable_parallel_tool_use":true})");
  const Sent required =
      send(chat(claude, kHi, std::string(kTools) + off + R"(,"tool_choice":"required")"));
  EXPECT_EQ(required.at("toolConfig.toolChoice"), R"({"any":{}})");
  const std::string choice = required.at(kExtraFields + "tool_choice");
  EXPECT_TRUE(choice.empty() || at(choice, "type") == "\"any\"") << choice;
  const Sent none = send(chat(claude, kHi, off));
  EXPECT_EQ(none.body, send(chat(claude, kHi)).body);
  const Sent nova = send(chat("gpt-4o-mini", kHi, std::string(kTools) + off));
  EXPECT_TRUE(nova.at("additionalModelRequestFields").empty());
  EXPECT_EQ(nova.adjusted, "parallel_tool_calls=dropped");
}

TEST(Traps, trap_33_tool_choice_unsupported) {
  const std::string llama = "us.meta.llama3-3-70b-instruct-v1:0";
  const Sent required =
      send(chat(llama, kHi, std::string(kTools) + R"(,"tool_choice":"required")"));
  ASSERT_FALSE(required.refused) << required.error.message;
  for (const std::string_view member : {"any", "tool"}) {
    EXPECT_TRUE(required.at("toolConfig.toolChoice." + std::string(member)).empty());
  }
  EXPECT_EQ(count_of(required.adjusted, "tool_choice="), 1U) << required.adjusted;
  EXPECT_EQ(count_of(required.at("system"), "You must call one of the tools."), 1U);

  const Sent named = send(
      chat("mistral.mistral-large-2407-v1:0", kHi,
           std::string(kTools) + R"(,"tool_choice":{"type":"function","function":{"name":"g"}})"));
  ASSERT_FALSE(named.refused) << named.error.message;
  EXPECT_EQ(named.at("toolConfig.toolChoice"), R"({"any":{}})");
  EXPECT_EQ(named.text("toolConfig.tools.0.toolSpec.name"), "g");
  EXPECT_TRUE(named.at("toolConfig.tools.1").empty());

  // A forced choice and manual thinking exclude each other.
  const Sent thinking =
      send(chat("us.anthropic.claude-sonnet-4-20250514-v1:0", kHi,
                std::string(kTools) + R"(,"tool_choice":"required","reasoning_effort":"low",)"
                                      R"("max_tokens":8000)"));
  ASSERT_FALSE(thinking.refused) << thinking.error.message;
  EXPECT_EQ(thinking.text(kExtraFields + "thinking.type"), "enabled");
  EXPECT_TRUE(thinking.at("toolConfig.toolChoice.any").empty());
  EXPECT_EQ(count_of(thinking.adjusted, "tool_choice="), 1U) << thinking.adjusted;

  Route strict;
  strict.policy.strict_params = true;
  EXPECT_TRUE(
      send(chat(llama, kHi, std::string(kTools) + R"(,"tool_choice":"required")"), strict).refused);
}

Route behind_arn(const std::string& arn, std::string_view base) {
  Route route;
  route.aliases.push_back({arn, arn, std::string(base)});
  return route;
}
const std::string kArn =
    "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/a1b2c3d4e5f6";

TEST(Traps, trap_34_temperature_and_top_p) {
  const std::string both = R"(,"temperature":0.5,"top_p":0.9)";
  for (const Sent& sent : {send(chat("us.anthropic.claude-haiku-4-5-20251001-v1:0", kHi, both)),
                           send(chat(kArn, kHi, both),
                                behind_arn(kArn, "anthropic.claude-haiku-4-5-20251001-v1:0"))}) {
    ASSERT_FALSE(sent.refused) << sent.error.message;
    EXPECT_EQ(sent.at("inferenceConfig.temperature"), "0.5");
    EXPECT_TRUE(sent.at("inferenceConfig.topP").empty());
    EXPECT_EQ(sent.adjusted, "top_p=dropped");
  }
}

TEST(Traps, trap_35_sampling_removed_behind_an_arn) {
  const Sent sent = send(chat(kArn, kHi, R"(,"temperature":0,"top_p":0.5,"top_k":3)"),
                         behind_arn(kArn, "anthropic.claude-opus-4-7"));
  ASSERT_FALSE(sent.refused) << sent.error.message;
  EXPECT_TRUE(sent.at("inferenceConfig").empty());
  EXPECT_TRUE(sent.at("additionalModelRequestFields").empty());
  EXPECT_EQ(sent.adjusted, "temperature=dropped top_k=dropped top_p=dropped");
  // Where nobody knows the model, the refusal itself says what to leave out.
  json::Reader reader;
  const convert::Error error = convert::converse_dialect().decode_error(
      400, std::vector<convert::Header>{{"x-amzn-ErrorType", "ValidationException"}},
      json::PaddedBuffer(
          std::string_view(R"({"message":"`temperature` is deprecated for this model."})")),
      reader);
  EXPECT_EQ(error.lesson.kind, convert::Lesson::Kind::capability);
  EXPECT_EQ(error.lesson.name, "temperature");
}

struct ReasoningRow {
  std::string_view model;
  std::string_view settings;
  std::string_view path;  // of the body
  std::string_view value;
};

TEST(Traps, trap_36_reasoning_dialects) {
  const std::string_view high = R"(,"reasoning_effort":"high")";
  const std::string_view bounded = R"(,"reasoning_effort":"high","max_tokens":10000)";
  const ReasoningRow rows[] = {
      {"openai.gpt-oss-120b-1:0", high, "additionalModelRequestFields",
       R"({"reasoning_effort":"high"})"},
      {"openai.gpt-5.6", high, "additionalModelRequestFields",
       R"({"reasoning":{"effort":"high"}})"},
      {"us.anthropic.claude-opus-4-7", high, "additionalModelRequestFields",
       R"({"thinking":{"type":"adaptive"},"output_config":{"effort":"high"}})"},
      {"us.anthropic.claude-haiku-4-5-20251001-v1:0", bounded, "additionalModelRequestFields",
       R"({"thinking":{"type":"enabled","budget_tokens":8000}})"},
      {"us.anthropic.claude-haiku-4-5-20251001-v1:0", bounded, "inferenceConfig.maxTokens",
       "10000"},
      {"us.anthropic.claude-haiku-4-5-20251001-v1:0", high, "additionalModelRequestFields",
       R"({"thinking":{"type":"enabled","budget_tokens":16384}})"},
      {"us.anthropic.claude-haiku-4-5-20251001-v1:0", high, "inferenceConfig.maxTokens", "24576"},
      {"us.amazon.nova-2-lite-v1:0", bounded, "additionalModelRequestFields",
       R"({"reasoningConfig":{"type":"enabled","maxReasoningEffort":"high"}})"},
      {"us.amazon.nova-2-lite-v1:0", bounded, "inferenceConfig", ""},
      {"us.amazon.nova-2-lite-v1:0", R"(,"reasoning_effort":"low","max_tokens":10000)",
       "inferenceConfig.maxTokens", "10000"},
      {"amazon.nova-pro-v1:0", high, "additionalModelRequestFields", ""},
      {"deepseek.v3-v1:0", high, "additionalModelRequestFields", R"({"reasoning_config":"high"})"},
      {"us.deepseek.r1-v1:0", high, "additionalModelRequestFields", ""},
      {"us.anthropic.claude-opus-4-6-v1", R"(,"reasoning_effort":"xhigh")",
       "additionalModelRequestFields.output_config.effort", "\"high\""},
      {"us.anthropic.claude-opus-4-7", R"(,"reasoning_effort":"none")",
       "additionalModelRequestFields.thinking", R"({"type":"disabled"})"},
      {"openai.gpt-oss-120b-1:0", R"(,"reasoning_effort":"minimal")",
       "additionalModelRequestFields.reasoning_effort", "\"low\""},
  };
  for (const ReasoningRow& row : rows) {
    const Sent sent = send(chat(row.model, kHi, row.settings));
    ASSERT_FALSE(sent.refused) << row.model << sent.error.message;
    EXPECT_EQ(sent.at(row.path), row.value) << row.model << row.settings << "\n" << sent.body;
  }
  EXPECT_EQ(send(chat("amazon.nova-pro-v1:0", kHi, high)).adjusted, "reasoning_effort=dropped");
}

TEST(Traps, trap_38_arn_in_path) {
  const Sent arn = send(chat(kArn, kHi), behind_arn(kArn, "amazon.nova-lite-v1:0"));
  EXPECT_EQ(arn.path,
            "/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A123456789012%3Aapplication-inference-profile"
            "%2Fa1b2c3d4e5f6/converse");
  const Sent id = send(chat("amazon.nova-lite-v1:0", kHi, R"(,"stream":true)"));
  EXPECT_EQ(id.path, "/model/amazon.nova-lite-v1%3A0/converse-stream");
  // A 200 that holds no output is an error.
  for (
      const std::string_view body :
      {R"({"Output":{"__type":"com.amazon.coral.service#UnknownOperationException"},"Version":"1.0"})",
       R"({"output":null})", "{}"}) {
    EXPECT_EQ(answer(body), "502 server_error upstream_bad_response");
  }
}

TEST(Traps, trap_46_request_metadata) {
  const Sent text = send(
      chat("gpt-4o-mini", kHi, R"(,"metadata":{"user_id":"{\"device\":\"x\"}","team":"a b"})"));
  ASSERT_FALSE(text.refused) << text.error.message;
  EXPECT_EQ(text.at("requestMetadata"), R"({"team":"a b"})");
  EXPECT_EQ(text.adjusted, "metadata=dropped");
  std::string many;
  for (int i = 0; i < 20; ++i) {
    many += (i == 0 ? "\"k" : ",\"k") + std::to_string(i) + "\":\"v\"";
  }
  const Sent twenty = send(chat("gpt-4o-mini", kHi, R"(,"metadata":{)" + many + "}"));
  ASSERT_FALSE(twenty.refused) << twenty.error.message;
  EXPECT_EQ(count_of(twenty.at("requestMetadata"), ":\"v\""), 16U);
  for (const std::string_view empty : {"{}", R"({"k":"{}"})", "null"}) {
    const Sent sent = send(chat("gpt-4o-mini", kHi, R"(,"metadata":)" + std::string(empty)));
    ASSERT_FALSE(sent.refused) << sent.error.message;
    EXPECT_EQ(count_of(sent.body, "requestMetadata"), 0U) << sent.body;
  }
}

TEST(Traps, trap_47_service_tier) {
  struct Row {
    std::string_view tier;
    std::string_view sent;  // empty: left out
    std::string_view adjusted;
  };
  const Row rows[] = {
      {"auto", "", ""},     {"scale", "", "service_tier=dropped"}, {"default", "default", ""},
      {"flex", "flex", ""}, {"priority", "priority", ""},
  };
  for (const Row& row : rows) {
    const Sent sent =
        send(chat("gpt-4o-mini", kHi, R"(,"service_tier":")" + std::string(row.tier) + "\""));
    ASSERT_FALSE(sent.refused) << row.tier << sent.error.message;
    EXPECT_EQ(sent.text("serviceTier.type"), row.sent) << row.tier;
    EXPECT_EQ(sent.adjusted, row.adjusted) << row.tier;
    EXPECT_TRUE(sent.at("additionalModelRequestFields").empty()) << row.tier;
  }
}

TEST(Traps, trap_48_stop_sequences) {
  const std::string claude = "us.anthropic.claude-sonnet-4-5-20250929-v1:0";
  struct Row {
    std::string model;
    std::string_view stop;
    std::string_view sent;
  };
  const Row rows[] = {
      {claude, R"("")", ""},
      {claude, R"("\n")", ""},
      {claude, R"(["","\n","END"])", R"(["END"])"},
      {"gpt-4o-mini", R"("END")", R"(["END"])"},
      {"gpt-4o-mini", R"(["","\n"])", R"(["\n"])"},
      {"gpt-4o-mini", R"([""])", ""},
      {"gpt-4o-mini", "[]", ""},
  };
  for (const Row& row : rows) {
    const Sent sent = send(chat(row.model, kHi, R"(,"stop":)" + std::string(row.stop)));
    ASSERT_FALSE(sent.refused) << row.stop << sent.error.message;
    EXPECT_EQ(sent.at("inferenceConfig.stopSequences"), row.sent) << row.stop;
    EXPECT_EQ(count_of(sent.body, "inferenceConfig"), row.sent.empty() ? 0U : 1U);
  }
}

}  // namespace
}  // namespace oriel::test
