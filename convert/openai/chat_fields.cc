// The rows of the table of top-level fields, and what takes each: spec/converse.md §3.
#include <algorithm>
#include <iterator>

#include "convert/openai/chat_messages.h"
#include "convert/openai/chat_tools.h"
#include "convert/openai/field_table.h"

namespace oriel::convert::openai {
namespace {

using json::Type;
using json::Value;

constexpr std::size_t kMaxStops = 4;
constexpr std::int64_t kMaxTokens = 2'147'483'647;  // what a 32-bit upstream can hold
constexpr Bounds kTokens{1, kMaxTokens};
constexpr Bounds kTopK{-1, kMaxTokens};  // -1 is "all" where the field comes from

// ------------------------------------------------------------------- values that say nothing

bool is_false(const Value& value) { return value.as_boolean() == false; }
bool is_zero(const Value& value) { return value.as_number() == 0.0; }
bool is_minus_one(const Value& value) { return value.as_integer() == -1; }
bool is_one(const Value& value) { return value.as_integer() == 1; }
bool is_empty(const Value& value) {
  return value.is_string() ? value.as_text()->empty() : value.children().empty();
}
bool is_auto(const Value& value) { return value.as_text()->escaped() == "auto"; }
bool is_text_only(const Value& value) {
  return std::ranges::all_of(value.children(), [](const json::Member& element) {
    return element.value.as_text()->escaped() == "text";
  });
}
bool is_text_format(const Value& value) {
  return value.find("type")->as_text()->escaped() == "text";
}

// ------------------------------------------------------------------------ fields of the model

Result<void> take_model(const Value& value, const Path&, RequestDraft& draft) {
  draft.request.model = *value.as_text();  // an empty one counts as missing
  return {};
}

Result<void> take_messages(const Value& value, const Path& path, RequestDraft& draft) {
  return parse_messages(value, path, draft.request);
}

Result<void> take_tools(const Value& value, const Path& path, RequestDraft& draft) {
  return parse_tools(value, path, draft.request);
}

Result<void> take_tool_choice(const Value& value, const Path& path, RequestDraft& draft) {
  return parse_tool_choice(value, path, draft.request);
}

Result<void> take_parallel_tool_calls(const Value& value, const Path&, RequestDraft& draft) {
  draft.request.parallel_tool_calls = value.as_boolean();
  return {};
}

Result<void> take_max_completion_tokens(const Value& value, const Path&, RequestDraft& draft) {
  draft.request.sampling.max_tokens = value.as_integer();
  return {};
}

Result<void> take_max_tokens(const Value& value, const Path&, RequestDraft& draft) {
  draft.max_tokens = value.as_integer();
  return {};
}

Result<void> take_temperature(const Value& value, const Path&, RequestDraft& draft) {
  draft.request.sampling.temperature = value.as_number();
  return {};
}

Result<void> take_top_p(const Value& value, const Path&, RequestDraft& draft) {
  draft.request.sampling.top_p = value.as_number();
  return {};
}

Result<void> take_stop(const Value& value, const Path& path, RequestDraft& draft) {
  auto& stop = draft.request.sampling.stop;
  if (value.is_string()) {
    stop.push_back(*value.as_text());
    return {};
  }
  const std::size_t count = value.children().count();
  if (count > kMaxStops) return Unexpected{array_too_long(path, kMaxStops, count)};
  stop.reserve(count);
  for (const json::Member element : value.children()) {
    auto text = expect_text(element.value, path.element(stop.size()));
    if (!text) return Unexpected{std::move(text).error()};
    stop.push_back(*text);
  }
  return {};
}

Result<void> take_stream(const Value& value, const Path&, RequestDraft& draft) {
  draft.request.stream = *value.as_boolean();
  return {};
}

Result<void> take_stream_options(const Value& value, const Path& path, RequestDraft& draft) {
  for (const std::string_view flag : {"include_usage", "include_obfuscation"}) {
    auto allowed = allow(value, path, flag, Type::boolean);
    if (!allowed) return allowed;
  }
  const auto include_usage = value.find_present("include_usage");
  draft.request.include_usage = include_usage && *include_usage->as_boolean();
  draft.has_stream_options = true;
  return {};
}

// ----------------------------------------- fields the model has no place for, with more to check

void keep_extra(std::string_view name, const Value& value, RequestDraft& draft) {
  draft.request.extras.push_back({name, value.raw()});
}

Result<void> take_response_format(const Value& value, const Path& path, RequestDraft& draft) {
  static constexpr std::string_view kFormats[] = {"json_object", "json_schema", "text"};
  auto type = require_text(value, path, "type");
  if (!type) return Unexpected{std::move(type).error()};
  const auto format = find_choice(*type, kFormats);
  if (!format) return Unexpected{unknown_value(path.member("type"), *type, kFormats)};
  if (kFormats[*format] == "json_schema") {
    const Path schema_path = path.member("json_schema");
    auto schema = require(value, path, "json_schema");
    if (!schema) return Unexpected{std::move(schema).error()};
    if (!schema->is_object()) {
      return Unexpected{wrong_type(schema_path, "an object", schema->type())};
    }
    auto name = require_name(*schema, schema_path, "name");
    if (!name) return Unexpected{std::move(name).error()};
    auto allowed = allow(*schema, schema_path, "schema", Type::object);
    if (allowed) allowed = allow(*schema, schema_path, "strict", Type::boolean);
    if (!allowed) return allowed;
  }
  if (!is_text_format(value)) keep_extra("response_format", value, draft);
  return {};
}

Result<void> take_modalities(const Value& value, const Path& path, RequestDraft& draft) {
  static constexpr std::string_view kModalities[] = {"text", "audio"};
  std::size_t index = 0;
  for (const json::Member element : value.children()) {
    const Path at = path.element(index++);
    auto text = expect_text(element.value, at);
    if (!text) return Unexpected{std::move(text).error()};
    if (!find_choice(*text, kModalities)) return Unexpected{unknown_value(at, *text, kModalities)};
  }
  if (!is_text_only(value)) keep_extra("modalities", value, draft);
  return {};
}

Result<void> take_logit_bias(const Value& value, const Path& path, RequestDraft& draft) {
  static constexpr Field kBias{.name = {}, .shape = Shape::decimal, .bounds = {-100, 100}};
  for (const json::Member bias : value.children()) {
    auto checked = check_field(kBias, bias.value, path);
    if (!checked) return checked;
  }
  if (!is_empty(value)) keep_extra("logit_bias", value, draft);
  return {};
}

// ----------------------------------------------------------------------------------- the table

constexpr std::string_view kEfforts[] = {"none", "minimal", "low", "medium",
                                         "high", "xhigh",   "max"};
constexpr std::string_view kVerbosities[] = {"low", "medium", "high"};
constexpr std::string_view kTiers[] = {"auto", "default", "flex", "scale", "priority", "reserved"};

constexpr Field kFields[] = {
    {.name = "model", .shape = Shape::string, .take = take_model},
    {.name = "messages", .shape = Shape::array_of_objects, .take = take_messages},
    {.name = "stream", .shape = Shape::boolean, .take = take_stream},
    {.name = "stream_options", .shape = Shape::object, .take = take_stream_options},
    {.name = "tools", .shape = Shape::array_of_objects, .take = take_tools},
    {.name = "tool_choice", .shape = Shape::string_or_object, .take = take_tool_choice},
    {.name = "parallel_tool_calls", .shape = Shape::boolean, .take = take_parallel_tool_calls},
    {.name = "max_completion_tokens",
     .shape = Shape::integer,
     .take = take_max_completion_tokens,
     .bounds = kTokens},
    {.name = "max_tokens", .shape = Shape::integer, .take = take_max_tokens, .bounds = kTokens},
    {.name = "temperature", .shape = Shape::decimal, .take = take_temperature, .bounds = {0, 2}},
    {.name = "top_p", .shape = Shape::decimal, .take = take_top_p, .bounds = {0, 1}},
    {.name = "stop", .shape = Shape::string_or_array, .take = take_stop},
    // OpenAI's, without a place in the model.
    {.name = "n", .shape = Shape::integer, .neutral = is_one, .bounds = {1, 128}},
    {.name = "seed", .shape = Shape::integer},
    {.name = "logprobs", .shape = Shape::boolean, .neutral = is_false},
    {.name = "top_logprobs", .shape = Shape::integer, .neutral = is_zero, .bounds = {0, 20}},
    {.name = "logit_bias", .shape = Shape::object, .take = take_logit_bias},
    {.name = "presence_penalty", .shape = Shape::decimal, .neutral = is_zero, .bounds = {-2, 2}},
    {.name = "frequency_penalty", .shape = Shape::decimal, .neutral = is_zero, .bounds = {-2, 2}},
    {.name = "user", .shape = Shape::string, .neutral = is_empty},
    {.name = "safety_identifier", .shape = Shape::string, .neutral = is_empty},
    {.name = "prompt_cache_key", .shape = Shape::string, .neutral = is_empty},
    {.name = "prompt_cache_retention", .shape = Shape::string},
    {.name = "prompt_cache_options", .shape = Shape::object, .neutral = is_empty},
    {.name = "metadata", .shape = Shape::object, .neutral = is_empty},
    {.name = "response_format", .shape = Shape::object, .take = take_response_format},
    {.name = "reasoning_effort", .shape = Shape::string, .choices = kEfforts},
    {.name = "verbosity", .shape = Shape::string, .choices = kVerbosities},
    {.name = "service_tier", .shape = Shape::string, .neutral = is_auto, .choices = kTiers},
    {.name = "store", .shape = Shape::boolean, .neutral = is_false},
    {.name = "prediction", .shape = Shape::object},
    {.name = "modalities", .shape = Shape::array, .take = take_modalities},
    {.name = "audio", .shape = Shape::object},
    {.name = "moderation", .shape = Shape::object},
    {.name = "web_search_options", .shape = Shape::object},
    {.name = "functions", .shape = Shape::refused},
    {.name = "function_call", .shape = Shape::refused},
    // Extensions that other servers know.
    {.name = "top_k", .shape = Shape::integer, .neutral = is_minus_one, .bounds = kTopK},
    {.name = "min_p", .shape = Shape::decimal},
    {.name = "typical_p", .shape = Shape::decimal},
    {.name = "repetition_penalty", .shape = Shape::decimal},
    {.name = "thinking", .shape = Shape::object},
    {.name = "reasoning", .shape = Shape::object},
    {.name = "reasoning_config", .shape = Shape::object},
    {.name = "thinking_budget_tokens", .shape = Shape::integer},
    {.name = "enable_thinking", .shape = Shape::boolean},
    {.name = "guardrailConfig", .shape = Shape::object},
    {.name = "guardrail_config", .shape = Shape::object},
    {.name = "performanceConfig", .shape = Shape::object},
    {.name = "performance_config", .shape = Shape::object},
    {.name = "requestMetadata", .shape = Shape::object},
    {.name = "request_metadata", .shape = Shape::object},
    {.name = "promptVariables", .shape = Shape::object},
    {.name = "prompt_variables", .shape = Shape::object},
    {.name = "additionalModelRequestFields", .shape = Shape::object},
    {.name = "additional_model_request_fields", .shape = Shape::object},
    {.name = "additionalModelResponseFieldPaths", .shape = Shape::array},
    {.name = "additional_model_response_field_paths", .shape = Shape::array},
    {.name = "extra_body", .shape = Shape::object, .neutral = is_empty},
};

}  // namespace

const Field* find_field(std::string_view name) {
  const auto found = std::ranges::find(kFields, name, &Field::name);
  return found == std::end(kFields) ? nullptr : found;
}

}  // namespace oriel::convert::openai
