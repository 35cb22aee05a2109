#include "convert/bedrock/extras.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>

#include "convert/bedrock/guardrail.h"
#include "convert/bedrock/refusals.h"

namespace oriel::convert::bedrock {
namespace {

using Action = Adjustment::Action;

constexpr std::size_t kMaxIntegerDigits = 18;

struct Context {
  const ModelCapabilities& model;
  const EncodePolicy& policy;
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

// ------------------------------------------------------------------------------- whole answers

Result<void> drop(const Rule& rule, const ExtraField&, Context& context) {
  context.adjusted.add(rule.name, Action::dropped);
  return {};
}

Result<void> reject(const Rule& rule, const ExtraField&, Context&) {
  return refuse_parameter(rule.name);
}

Result<void> take_unknown(const Rule& rule, const ExtraField& field, Context& context) {
  using Wish = EncodePolicy::UnknownParams;
  const Wish wanted = context.policy.unknown_params;
  if (wanted == Wish::pass) {
    context.fields.passed.push_back(field);
    return {};
  }
  if (wanted == Wish::reject || context.policy.strict_params) {
    return refuse_unknown(field.name.substr(0, 64));
  }
  return drop(rule, field, context);
}

// ------------------------------------------------------------------------------------- numbers

bool is_integer(std::string_view text) {
  if (text.starts_with('-')) text.remove_prefix(1);
  return !text.empty() && text.size() <= kMaxIntegerDigits &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

Unexpected<Error> refuse_type(std::string_view name, std::string_view expected) {
  return refuse(
      ErrorKind::invalid_request,
      "Invalid type for '" + std::string(name) + "': expected " + std::string(expected) + ".", name,
      "invalid_type");
}

Result<void> take_top_k(const Rule& rule, const ExtraField& field, Context& context) {
  if (!is_integer(field.value.text) || field.value.text.starts_with('-')) {
    return refuse_type(rule.name, "a non-negative integer");
  }
  if (!context.model.can(ModelFeature::top_k)) return drop(rule, field, context);
  context.fields.top_k = field.value;
  return {};
}

Result<void> take_seed(const Rule& rule, const ExtraField& field, Context& context) {
  if (!is_integer(field.value.text)) return refuse_type(rule.name, "an integer");
  if (!context.model.can(ModelFeature::seed)) return drop(rule, field, context);
  context.fields.seed = field.value;
  return {};
}

Result<void> take_penalty(const Rule& rule, const ExtraField& field, Context& context) {
  const auto value = context.reader.read(field.value.text);
  if (!value || !value->as_number()) return refuse_type(rule.name, "a number");
  if (!context.model.can(ModelFeature::penalties)) return drop(rule, field, context);
  (rule.name == "presence_penalty" ? context.fields.presence_penalty
                                   : context.fields.frequency_penalty) = field.value;
  return {};
}

// --------------------------------------------------------------------------------- words, texts

template <std::size_t N>
std::string_view find_word(const std::array<std::string_view, N>& words, std::string_view word) {
  const auto found = std::find(words.begin(), words.end(), word);
  return found == words.end() ? std::string_view() : *found;
}

std::string_view unquoted(Raw value) {
  const std::string_view text = value.text;
  return text.size() >= 2 && text.front() == '"' ? text.substr(1, text.size() - 2)
                                                 : std::string_view();
}

Result<void> take_service_tier(const Rule& rule, const ExtraField& field, Context& context) {
  static constexpr auto kTiers =
      std::to_array<std::string_view>({"default", "flex", "priority", "reserved"});
  const std::string_view asked = unquoted(field.value);
  if (asked == "auto") return {};
  const std::string_view tier = find_word(kTiers, asked);
  if (tier.empty() || !context.model.can(ModelFeature::service_tier)) {
    return drop(rule, field, context);
  }
  context.fields.service_tier = tier;
  return {};
}

Result<void> take_user(const Rule& rule, const ExtraField& field, Context& context) {
  const bool wanted =
      context.policy.user_id_to_model && context.model.family == ModelFamily::claude;
  if (!wanted) return drop(rule, field, context);
  context.fields.user_id = Text::from_escaped(unquoted(field.value));
  return {};
}

Result<void> take_performance(const Rule& rule, const ExtraField& field, Context& context) {
  static constexpr auto kLatencies = std::to_array<std::string_view>({"standard", "optimized"});
  const std::string path = std::string(rule.name) + ".latency";
  const auto value = context.reader.read(field.value.text);
  const auto latency = value ? value->find("latency") : std::nullopt;
  const auto text = latency ? latency->as_text() : std::nullopt;
  context.fields.latency = text ? find_word(kLatencies, text->escaped()) : std::string_view();
  if (!context.fields.latency.empty()) return {};
  return refuse_value(
      "Invalid value for '" + path + "'. Supported values are: 'standard' and 'optimized'.", path);
}

// ------------------------------------------------------------------------------------ metadata

bool is_metadata_text(std::string_view text) {
  return text.size() <= kMaxMetadataText && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  std::string_view(" \t\n\r\v\f:_@$#=/+,-.").find(c) != std::string_view::npos;
         });
}

// Of two values for one key the first one stays.
Result<void> take_metadata(const Rule& rule, const ExtraField& field, Context& context) {
  const auto value = context.reader.read(field.value.text);
  if (!value || !value->is_object()) return drop(rule, field, context);
  auto& pairs = context.fields.metadata;
  for (const json::Member member : value->children()) {
    const std::string key = json::unescape(member.key);
    const auto text = member.value.as_text();
    const bool scalar =
        !member.value.is_object() && !member.value.is_array() && !member.value.is_null();
    const std::string plain = text ? json::unescape(*text) : std::string(member.value.raw().text);
    const bool repeated = std::any_of(pairs.begin(), pairs.end(), [&](const auto& pair) {
      return json::unescape(pair.key) == key;
    });
    if (!scalar || key.empty() || repeated || !is_metadata_text(key) || !is_metadata_text(plain) ||
        pairs.size() == kMaxMetadataPairs) {
      context.adjusted.add(rule.name, Action::dropped);
      continue;
    }
    pairs.push_back({member.key, member.value.raw()});
  }
  return {};
}

// ----------------------------------------------------------------------------- Converse's own

Result<void> take_guardrail(const Rule& rule, const ExtraField& field, Context& context) {
  // A guard that is silently left out guards nothing.
  if (!context.policy.client_guardrail) return refuse_parameter(rule.name);
  if (!context.policy.guardrail_id.empty()) return drop(rule, field, context);
  const auto value = context.reader.read(field.value.text);
  if (!value || !value->is_object()) return refuse_type(rule.name, "an object");
  auto guardrail = read_guardrail(rule.name, *value);
  if (!guardrail) return Unexpected{std::move(guardrail.error())};
  context.fields.guardrail = *guardrail;
  return {};
}

Result<void> take_prompt_variables(const Rule& rule, const ExtraField& field, Context& context) {
  const auto value = context.reader.read(field.value.text);
  if (!value || !value->is_object()) return refuse_type(rule.name, "an object");
  for (const json::Member member : value->children()) {
    const auto text = member.value.find("text");
    if (!text || !text->is_string() || member.value.children().count() != 1) {
      return refuse_type(rule.name, "objects with nothing but a string 'text' as its values");
    }
  }
  context.fields.prompt_variables = field.value;
  return {};
}

Result<void> take_response_paths(const Rule& rule, const ExtraField& field, Context& context) {
  const auto value = context.reader.read(field.value.text);
  if (!value || !value->is_array()) return refuse_type(rule.name, "an array of strings");
  bool valid = value->children().count() <= kMaxResponsePaths;
  for (const json::Member item : value->children()) {
    const auto text = item.value.as_text();
    valid = valid && text && text->escaped().starts_with('/') &&
            json::unescape(*text).size() <= kMaxResponsePath;
  }
  if (!valid) {
    return refuse_value("Invalid '" + std::string(rule.name) +
                            "': expected at most 10 JSON pointers of at most 256 characters.",
                        rule.name);
  }
  if (!value->children().empty()) context.fields.response_paths = field.value;
  return {};
}

Result<void> take_request_fields(const Rule& rule, const ExtraField& field, Context& context) {
  if (!field.value.text.starts_with('{')) return refuse_type(rule.name, "an object");
  context.fields.request_fields = field.value;
  return {};
}

Result<void> take_web_search(const Rule& rule, const ExtraField&, Context& context) {
  const bool served = context.policy.nova_grounding && context.model.family == ModelFamily::nova;
  if (!served) return refuse_parameter(rule.name);
  context.fields.web_search = true;
  return {};
}

// -------------------------------------------------------------------------------- prompt cache

// How long points live that say nothing of it: OpenAI's words for it, in Bedrock's two lengths.
Result<void> take_ttl(const Rule& rule, const ExtraField& field, std::string_view ttl,
                      Context& context) {
  const bool long_lived = ttl == "30m" || ttl == "1h" || ttl == "12h" || ttl == "24h";
  if (!long_lived) return {};
  if (!context.model.can(ModelFeature::cache_1h)) return drop(rule, field, context);
  context.fields.cache.ttl = CacheMark::one_hour;
  return {};
}

Result<void> take_cache_retention(const Rule& rule, const ExtraField& field, Context& context) {
  return take_ttl(rule, field, unquoted(field.value), context);
}

// Implicit points are the route's to allow; explicit ones are the client's alone.
Result<void> take_cache_options(const Rule& rule, const ExtraField& field, Context& context) {
  const auto value = context.reader.read(field.value.text);
  const auto word = [&](std::string_view name) {
    const auto member = value ? value->find(name) : std::nullopt;
    const auto text = member ? member->as_text() : std::nullopt;
    return text ? text->escaped() : std::string_view();
  };
  if (word("mode") == "explicit") context.fields.cache.automatic = false;
  const bool idle = !context.policy.auto_cache || !context.model.can(ModelFeature::cache);
  if (word("mode") == "implicit" && idle) return drop(rule, field, context);
  return take_ttl(rule, field, word("ttl"), context);
}

// ----------------------------------------------------------------------- vendors' reasoning

// Upstream's name for what a client calls `name`, where the model takes such a thing.
std::string_view reasoning_key(std::string_view name, Raw value, const ModelCapabilities& model) {
  const bool object = value.text.starts_with('{');
  const bool thinks =
      model.family == ModelFamily::claude &&
      (model.reasoning == ReasoningMode::adaptive || model.reasoning == ReasoningMode::manual);
  if (name == "thinking") return thinks && object ? "thinking" : "";
  if (name == "thinking_budget_tokens") {
    return thinks && is_integer(value.text) ? "thinking_budget_tokens" : "";
  }
  if (name == "reasoning") {
    return model.reasoning == ReasoningMode::nested && object ? "reasoning" : "";
  }
  if (thinks && object) return "thinking";  // reasoning_config is another name of it
  if (model.reasoning == ReasoningMode::nova && object) return "reasoningConfig";
  if (model.reasoning == ReasoningMode::word && !object) return "reasoning_config";
  return "";
}

// The first one in the body counts.
Result<void> take_reasoning(const Rule& rule, const ExtraField& field, Context& context) {
  const std::string_view key = reasoning_key(rule.name, field.value, context.model);
  if (key.empty() || !context.fields.reasoning.value.empty()) return drop(rule, field, context);
  context.fields.reasoning = {key, field.value};
  return {};
}

// ------------------------------------------------------------------------------------ the table

constexpr auto kRules = std::to_array<Rule>({
    {"additionalModelRequestFields", take_request_fields},
    {"additionalModelResponseFieldPaths", take_response_paths},
    {"additional_model_request_fields", take_request_fields},
    {"additional_model_response_field_paths", take_response_paths},
    {"audio", drop},
    {"enable_thinking", drop},  // Qwen's own switch, which Converse does not know
    {"frequency_penalty", take_penalty},
    {"guardrailConfig", take_guardrail},
    {"guardrail_config", take_guardrail},
    {"logit_bias", drop},
    {"logprobs", reject},
    {"metadata", take_metadata},
    {"min_p", drop},
    {"modalities", reject},  // only with audio do they get here
    {"moderation", drop},
    {"performanceConfig", take_performance},
    {"performance_config", take_performance},
    {"prediction", drop},
    {"presence_penalty", take_penalty},
    {"promptVariables", take_prompt_variables},
    {"prompt_cache_key", drop},
    {"prompt_cache_options", take_cache_options},
    {"prompt_cache_retention", take_cache_retention},
    {"prompt_variables", take_prompt_variables},
    {"reasoning", take_reasoning},
    {"reasoning_config", take_reasoning},
    {"repetition_penalty", drop},
    {"requestMetadata", take_metadata},
    {"request_metadata", take_metadata},
    {"safety_identifier", drop},
    {"seed", take_seed},
    {"service_tier", take_service_tier},
    {"store", drop},
    {"thinking", take_reasoning},
    {"thinking_budget_tokens", take_reasoning},
    {"tools.format", drop},  // what a custom tool's text must look like
    {"top_k", take_top_k},
    {"top_logprobs", reject},
    {"typical_p", drop},
    {"user", take_user},
    {"verbosity", drop},
    {"web_search_options", take_web_search},
});

// Names of the client's own never reach headers and metrics.
constexpr Rule kUnknown{"unknown", take_unknown};

const Rule& rule_of(std::string_view name) {
  const auto rule =
      std::find_if(kRules.begin(), kRules.end(), [&](const Rule& row) { return row.name == name; });
  return rule == kRules.end() ? kUnknown : *rule;
}

}  // namespace

Result<ExtraFields> sort_extras(const ChatRequest& request, const ModelCapabilities& model,
                                const EncodePolicy& policy, json::Reader& reader,
                                Adjustments& adjusted) {
  Context context{model, policy, reader, adjusted, {}};
  context.fields.guardrail = guardrail_of(policy);
  context.fields.cache.automatic = policy.auto_cache;
  for (const ExtraField& field : request.extras) {
    const Rule& rule = rule_of(field.name);
    if (auto handled = rule.handle(rule, field, context); !handled) {
      return Unexpected{std::move(handled.error())};
    }
  }
  return std::move(context.fields);
}

}  // namespace oriel::convert::bedrock
