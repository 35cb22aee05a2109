#include "convert/bedrock/extras.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

namespace oriel::convert::bedrock {
namespace {

using Action = Adjustment::Action;

constexpr std::size_t kMaxMetadataPairs = 16;
constexpr std::size_t kMaxMetadataText = 256;

struct Context {
  const ChatRequest& request;
  const ModelCapabilities& model;
  json::Reader& reader;
  Adjustments& adjusted;
  ExtraFields fields;
};

struct Rule;
using Handler = Result<void> (*)(const Rule&, const ExtraField&, Context&);

struct Rule {
  std::string_view name;
  Handler handle;
};

Result<void> drop(const Rule& rule, const ExtraField&, Context& context) {
  context.adjusted.add(rule.name, Action::dropped);
  return {};
}

Result<void> refuse(const Rule& rule, const ExtraField&, Context&) {
  Error error;
  error.kind = ErrorKind::unsupported_parameter;
  error.message =
      "Unsupported parameter: '" + std::string(rule.name) + "' is not supported with this model.";
  error.param = rule.name;
  return Unexpected{std::move(error)};
}

Result<void> refuse_value(const Rule& rule, const ExtraField& field, Context&) {
  Error error;
  error.kind = ErrorKind::unsupported_parameter;
  error.message = "Unsupported value: '" + std::string(rule.name) + "' does not support " +
                  std::string(field.value.text.substr(0, 32)) +
                  " with this model. Only the default (1) value is supported.";
  error.param = rule.name;
  error.code = "unsupported_value";
  return Unexpected{std::move(error)};
}

Result<void> take_top_k(const Rule& rule, const ExtraField& field, Context& context) {
  const std::string_view digits = field.value.text;
  const bool number =
      !digits.empty() && digits.size() <= 9 &&
      std::all_of(digits.begin(), digits.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (!number) {
    Error error;
    error.kind = ErrorKind::invalid_request;
    error.message = "Invalid type for 'top_k': expected a non-negative integer.";
    error.param = rule.name;
    error.code = "invalid_type";
    return Unexpected{std::move(error)};
  }
  const ModelFamily family = context.model.family;
  const bool taken = family == ModelFamily::claude || family == ModelFamily::cohere ||
                     family == ModelFamily::mistral || family == ModelFamily::llama ||
                     family == ModelFamily::nova;
  if (!taken || !context.model.can(ModelFeature::sampling)) return drop(rule, field, context);
  context.fields.top_k = field.value;
  return {};
}

Result<void> take_service_tier(const Rule& rule, const ExtraField& field, Context& context) {
  constexpr auto kTiers =
      std::to_array<std::string_view>({"\"default\"", "\"flex\"", "\"priority\"", "\"reserved\""});
  const auto tier = std::find(kTiers.begin(), kTiers.end(), field.value.text);
  if (field.value.text == "\"auto\"") return {};
  if (tier == kTiers.end()) return drop(rule, field, context);
  context.fields.service_tier = tier->substr(1, tier->size() - 2);
  return {};
}

bool is_metadata_text(std::string_view text) {
  return text.size() <= kMaxMetadataText && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  std::string_view(" \t\n\r\v\f:_@$#=/+,-.").find(c) != std::string_view::npos;
         });
}

Result<void> take_metadata(const Rule& rule, const ExtraField& field, Context& context) {
  const auto value = context.reader.read(field.value.text);
  if (!value || !value->is_object()) return drop(rule, field, context);
  for (const json::Member member : value->children()) {
    const std::string key = json::unescape(member.key);
    const auto text = member.value.as_text();
    const bool scalar =
        !member.value.is_object() && !member.value.is_array() && !member.value.is_null();
    const std::string plain = text ? json::unescape(*text) : std::string(member.value.raw().text);
    if (!scalar || key.empty() || !is_metadata_text(key) || !is_metadata_text(plain) ||
        context.fields.metadata.size() == kMaxMetadataPairs) {
      context.adjusted.add(rule.name, Action::dropped);
      continue;
    }
    context.fields.metadata.push_back({member.key, member.value.raw()});
  }
  return {};
}

constexpr auto kRules = std::to_array<Rule>({
    {"additionalModelRequestFields", drop},
    {"additionalModelResponseFieldPaths", drop},
    {"additional_model_request_fields", drop},
    {"additional_model_response_field_paths", drop},
    {"audio", drop},
    {"enable_thinking", drop},
    {"extra_body", drop},
    {"frequency_penalty", drop},
    {"guardrailConfig", refuse},  // a guard that is silently left out guards nothing
    {"guardrail_config", refuse},
    {"logit_bias", drop},
    {"logprobs", refuse},
    {"metadata", take_metadata},
    {"min_p", drop},
    {"modalities", refuse},  // only with audio do they get here
    {"moderation", drop},
    {"n", refuse_value},
    {"performanceConfig", drop},
    {"performance_config", drop},
    {"prediction", drop},
    {"presence_penalty", drop},
    {"promptVariables", drop},
    {"prompt_variables", drop},
    {"prompt_cache_key", drop},
    {"prompt_cache_options", drop},
    {"prompt_cache_retention", drop},
    {"reasoning", drop},
    {"reasoning_config", drop},
    {"reasoning_effort", drop},
    {"repetition_penalty", drop},
    {"requestMetadata", drop},
    {"request_metadata", drop},
    {"response_format", refuse},
    {"safety_identifier", drop},
    {"seed", drop},
    {"service_tier", take_service_tier},
    {"store", drop},
    {"thinking", drop},
    {"thinking_budget_tokens", drop},
    {"top_k", take_top_k},
    {"top_logprobs", refuse},
    {"typical_p", drop},
    {"user", drop},
    {"verbosity", drop},
    {"web_search_options", refuse},
});

// Names of the client's own never reach headers and metrics.
constexpr Rule kUnknown{"unknown", drop};

}  // namespace

Result<ExtraFields> sort_extras(const ChatRequest& request, const ModelCapabilities& model,
                                json::Reader& reader, Adjustments& adjusted) {
  Context context{request, model, reader, adjusted, {}};
  for (const ExtraField& field : request.extras) {
    const auto rule = std::find_if(kRules.begin(), kRules.end(),
                                   [&](const Rule& row) { return row.name == field.name; });
    const Rule& row = rule == kRules.end() ? kUnknown : *rule;
    auto handled = row.handle(row, field, context);
    if (!handled) return Unexpected{std::move(handled.error())};
  }
  return std::move(context.fields);
}

}  // namespace oriel::convert::bedrock
