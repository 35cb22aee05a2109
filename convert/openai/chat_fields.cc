// The rows of the table of top-level fields, and what takes each: spec/converse.md §3.
#include <algorithm>
#include <iterator>

#include "convert/openai/chat_messages.h"
#include "convert/openai/chat_tools.h"
#include "convert/openai/extra_fields.h"
#include "convert/openai/field_table.h"
#include "convert/openai/response_format.h"
#include "convert/openai/tool_choice.h"

namespace oriel::convert::openai {
namespace {

using json::Type;
using json::Value;

constexpr std::size_t kMaxStops = 2500;             // of all models; the dialect knows each one's
constexpr std::int64_t kMaxTokens = 2'147'483'647;  // what a 32-bit upstream can hold
constexpr Bounds kTokens{1, kMaxTokens};
constexpr Bounds kTopK{-1, kMaxTokens};  // -1 is "all" where the field comes from

// ------------------------------------------------------------------- values that say nothing

bool is_false(const Value& value) { return value.as_boolean() == false; }
bool is_zero(const Value& value) { return value.as_number() == 0.0; }
bool is_minus_one(const Value& value) { return value.as_integer() == -1; }
bool is_empty(const Value& value) {
  return value.is_string() ? value.as_text()->empty() : value.children().empty();
}
bool is_auto(const Value& value) { return value.as_text()->escaped() == "auto"; }

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
  auto choice = parse_tool_choice(value, path, draft.request.arena);
  if (!choice) return Unexpected{std::move(choice).error()};
  draft.request.tool_choice = *std::move(choice);
  return {};
}

Result<void> take_functions(const Value& value, const Path& path, RequestDraft& draft) {
  auto functions = parse_functions(value, path, draft.request.arena);
  if (!functions) return Unexpected{std::move(functions).error()};
  draft.functions = *std::move(functions);
  return {};
}

Result<void> take_function_call(const Value& value, const Path& path, RequestDraft& draft) {
  auto choice = parse_function_choice(value, path, draft.request.arena);
  if (!choice) return Unexpected{std::move(choice).error()};
  draft.function_choice = *std::move(choice);
  return {};
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

constexpr Effort kEffortValues[] = {Effort::none, Effort::minimal, Effort::low, Effort::medium,
                                    Effort::high, Effort::xhigh,   Effort::max};
constexpr std::string_view kEfforts[] = {"none", "minimal", "low", "medium",
                                         "high", "xhigh",   "max"};

Result<void> take_response_format(const Value& value, const Path& path, RequestDraft& draft) {
  auto format = parse_response_format(value, path, draft.request.arena);
  if (!format) return Unexpected{std::move(format).error()};
  draft.request.format = *format;
  return {};
}

Result<void> take_effort(const Value& value, const Path&, RequestDraft& draft) {
  draft.request.effort = kEffortValues[*find_choice(*value.as_text(), kEfforts)];
  return {};
}

Result<void> take_choices(const Value& value, const Path&, RequestDraft& draft) {
  draft.request.choices = static_cast<std::uint32_t>(*value.as_integer());
  return {};
}

Result<void> take_extra_body(const Value& value, const Path&, RequestDraft& draft) {
  draft.extra_body = value;
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

// ----------------------------------------------------------------------------------- the table

constexpr std::string_view kVerbosities[] = {"low", "medium", "high"};
constexpr std::string_view kTiers[] = {"auto",     "default", "flex",    "scale",
                                       "priority", "fast",    "reserved"};
constexpr std::string_view kRetentions[] = {"in_memory", "in-memory", "24h"};

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
    {.name = "n", .shape = Shape::integer, .take = take_choices, .bounds = {1, 128}},
    {.name = "response_format", .shape = Shape::object, .take = take_response_format},
    {.name = "reasoning_effort", .shape = Shape::string, .take = take_effort, .choices = kEfforts},
    {.name = "functions", .shape = Shape::array_of_objects, .take = take_functions},
    {.name = "function_call", .shape = Shape::string_or_object, .take = take_function_call},
    {.name = "extra_body", .shape = Shape::object, .take = take_extra_body},
    // OpenAI's, without a place in the model.
    {.name = "seed", .shape = Shape::integer},
    {.name = "logprobs", .shape = Shape::boolean, .neutral = is_false},
    {.name = "top_logprobs", .shape = Shape::integer, .neutral = is_zero, .bounds = {0, 20}},
    {.name = "logit_bias", .shape = Shape::object, .take = take_logit_bias},
    {.name = "presence_penalty", .shape = Shape::decimal, .neutral = is_zero, .bounds = {-2, 2}},
    {.name = "frequency_penalty", .shape = Shape::decimal, .neutral = is_zero, .bounds = {-2, 2}},
    {.name = "user", .shape = Shape::string, .neutral = is_empty},
    {.name = "safety_identifier", .shape = Shape::string, .neutral = is_empty},
    {.name = "prompt_cache_key", .shape = Shape::string, .neutral = is_empty},
    {.name = "prompt_cache_retention", .shape = Shape::string, .choices = kRetentions},
    {.name = "prompt_cache_options", .shape = Shape::object, .take = take_prompt_cache_options},
    {.name = "metadata", .shape = Shape::object, .neutral = is_empty},
    {.name = "verbosity", .shape = Shape::string, .choices = kVerbosities},
    {.name = "service_tier", .shape = Shape::string, .neutral = is_auto, .choices = kTiers},
    {.name = "store", .shape = Shape::boolean, .neutral = is_false},
    {.name = "prediction", .shape = Shape::object, .take = take_prediction},
    {.name = "modalities", .shape = Shape::array, .take = take_modalities},
    {.name = "audio", .shape = Shape::object},
    {.name = "moderation", .shape = Shape::object, .take = take_moderation},
    {.name = "web_search_options", .shape = Shape::object, .take = take_web_search_options},
    // Extensions that other servers know.
    {.name = "top_k", .shape = Shape::integer, .neutral = is_minus_one, .bounds = kTopK},
    {.name = "min_p", .shape = Shape::decimal},
    {.name = "typical_p", .shape = Shape::decimal},
    {.name = "repetition_penalty", .shape = Shape::decimal},
    {.name = "thinking", .shape = Shape::object},
    {.name = "reasoning", .shape = Shape::object},
    {.name = "reasoning_config", .shape = Shape::string_or_object},
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
};

}  // namespace

std::span<const Field> field_table() { return kFields; }

const Field* find_field(std::string_view name) {
  const auto found = std::ranges::find(kFields, name, &Field::name);
  return found == std::end(kFields) ? nullptr : found;
}

}  // namespace oriel::convert::openai
