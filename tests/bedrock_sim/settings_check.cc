#include <algorithm>
#include <initializer_list>
#include <set>
#include <string>

#include "tests/bedrock_sim/constraints.h"
#include "tests/bedrock_sim/dom.h"

namespace oriel::sim {
namespace {

constexpr int kMaxCachePoints = 4;
constexpr int kMaxUnions = 16;
constexpr int kMinThinkingBudget = 1024;

Fault unsupported(const std::string& field) {
  return invalid("This model doesn't support the " + field + " field. Remove " + field +
                 " and try again.");
}

bool blank(std::string_view text) {
  return text.find_first_not_of(" \t\r\n\v\f") == std::string_view::npos;
}

Fault check_sampling(const element& body, const Model& model) {
  const auto config = member(body, "inferenceConfig");
  if (!config) return {};
  const auto max_tokens = number_member(*config, "maxTokens");
  if (max_tokens && *max_tokens > model.max_output) {
    const std::string limit = std::to_string(model.max_output);
    return invalid("The maximum tokens you requested exceeds the model limit of " + limit +
                   ". Try again with a maximum tokens value that is lower than " + limit + ".");
  }
  const auto temperature = number_member(*config, "temperature");
  const auto top_p = number_member(*config, "topP");
  if (!model.can(kSampling) && (temperature || top_p)) {
    return model_says(std::string(temperature ? "`temperature`" : "`top_p`") +
                      " is deprecated for this model.");
  }
  if (model.can(kOneSampler) && temperature && top_p) {
    return model_says(
        "`temperature` and `top_p` cannot both be specified for this model. Please "
        "use only one.");
  }
  for (const element stop : list_member(*config, "stopSequences")) {
    if (model.family == Family::kClaude && blank(text_of(stop))) {
      return model_says("stop_sequences: each stop sequence must contain non-whitespace");
    }
  }
  return {};
}

// Counts union-typed parameters and finds objects that are open, anywhere in a schema.
struct SchemaFacts {
  int unions = 0;
  bool open_object = false;

  void read(const element& schema, int depth = 0) {
    if (depth > 32) return;
    simdjson::dom::array items;
    if (schema.get(items) == simdjson::SUCCESS) {
      for (const element item : items) read(item, depth + 1);
      return;
    }
    simdjson::dom::object object;
    if (schema.get(object) != simdjson::SUCCESS) return;
    const auto type = member(schema, "type");
    if (member(schema, "anyOf") || (type && type->is_array())) ++unions;
    if (type && text_of(*type) == "object") {
      const auto additional = member(schema, "additionalProperties");
      bool open = true;
      if (!additional || additional->get(open) != simdjson::SUCCESS || open) open_object = true;
    }
    for (const auto& [name, value] : object) {
      if (name != "enum" && name != "const" && name != "default") read(value, depth + 1);
    }
  }
};

Fault check_strict_schema(const SchemaFacts& facts, const std::string& place) {
  if (facts.open_object) {
    return model_says(place +
                      ": For 'object' type, 'additionalProperties' must be explicitly set "
                      "to false");
  }
  if (facts.unions > kMaxUnions) {
    return model_says("Schemas contains too many parameters with union types (" +
                      std::to_string(facts.unions) +
                      " parameters with type arrays or anyOf, "
                      "limit: 16). Reduce the number of union-typed parameters.");
  }
  return {};
}

Fault check_tool(const element& spec, const Model& model, std::size_t index, SchemaFacts& facts) {
  const std::string place = "toolConfig.tools." + std::to_string(index) + ".toolSpec";
  const auto schema = deep(spec, {"inputSchema", "json"});
  const auto type = schema ? member(*schema, "type") : std::nullopt;
  if (!type || text_of(*type) != "object") {
    return invalid("The value at " + place +
                   ".inputSchema.json.type must be one of the following: "
                   "object.");
  }
  bool strict = false;
  const auto strict_member = member(spec, "strict");
  if (!strict_member || strict_member->get(strict) != simdjson::SUCCESS) return {};
  if (!model.can(kStrictTools)) return unsupported("toolSpec.strict");
  if (!strict) return {};
  facts.read(*schema);
  return check_strict_schema(facts, "tools." + std::to_string(index) + ".custom");
}

Fault check_tool_choice(const element& config, const std::set<std::string_view>& names,
                        const Model& model) {
  const auto choice = member(config, "toolChoice");
  if (!choice) return {};
  if (member(*choice, "any") && !model.can(kChoiceAny)) {
    return unsupported("toolConfig.toolChoice.any");
  }
  const auto tool = member(*choice, "tool");
  if (!tool) return {};
  if (!model.can(kChoiceTool)) return unsupported("toolConfig.toolChoice.tool");
  const std::string_view name = text_member(*tool, "name");
  if (names.count(name) == 0) {
    return model_says("tool_choice: Tool '" + std::string(name) + "' not found in provided tools");
  }
  return {};
}

Fault check_tools(const element& body, const Model& model, Delivery delivery) {
  const auto config = member(body, "toolConfig");
  if (!config) return {};
  if (!model.can(kTools)) {
    return invalid("This model doesn't support tool use.");
  }
  if (delivery == Delivery::kStream && !model.can(kStreamTools)) {
    return invalid("This model doesn't support tool use in streaming mode.");
  }
  std::set<std::string_view> names;
  std::size_t index = 0;
  SchemaFacts facts;
  for (const element tool : list_member(*config, "tools")) {
    if (const auto spec = member(tool, "toolSpec")) {
      if (Fault fault = check_tool(*spec, model, index, facts); fault.found()) return fault;
      if (!names.insert(text_member(*spec, "name")).second) {
        return model_says("tools: Tool names must be unique.");
      }
    } else if (member(tool, "systemTool")) {
      return unsupported("toolConfig.tools.systemTool");
    }
    ++index;
  }
  return check_tool_choice(*config, names, model);
}

Fault check_output(const element& body, const Model& model) {
  const auto schema =
      deep(body, {"outputConfig", "textFormat", "structure", "jsonSchema", "schema"});
  if (!schema) return {};
  if (!model.can(kStructured)) return unsupported("outputConfig.textFormat");
  thread_local simdjson::dom::parser parser;
  element parsed;
  const simdjson::padded_string text(text_of(*schema));
  if (parser.parse(text).get(parsed) != simdjson::SUCCESS || !parsed.is_object()) {
    return invalid(
        "The value at outputConfig.textFormat.structure.jsonSchema.schema is not a "
        "valid JSON schema.");
  }
  SchemaFacts facts;
  facts.read(parsed);
  return check_strict_schema(facts, "output_config.format.schema");
}

// Cache points in the order Bedrock reads them.
struct CachePoints {
  int count = 0;
  bool five_minutes_seen = false;
  bool rising = false;

  void read(const element& holder) {
    const auto point = member(holder, "cachePoint");
    if (!point) return;
    ++count;
    const bool hour = text_member(*point, "ttl") == "1h";
    if (hour && five_minutes_seen) rising = true;
    if (!hour) five_minutes_seen = true;
  }
};

Fault check_cache_points(const element& body, const Model& model) {
  CachePoints points;
  if (const auto tools = member(body, "toolConfig")) {
    for (const element tool : list_member(*tools, "tools")) points.read(tool);
  }
  for (const element block : list_member(body, "system")) points.read(block);
  for (const element message : list_member(body, "messages")) {
    for (const element block : list_member(message, "content")) points.read(block);
  }
  if (points.count == 0) return {};
  if (!model.can(kCache)) {
    return {"AccessDeniedException",
            "You invoked an unsupported model or your request did not allow prompt caching. See "
            "the documentation for more information."};
  }
  if (points.count > kMaxCachePoints) {
    return model_says("A maximum of 4 blocks with cache_control may be provided. Found " +
                      std::to_string(points.count) + ".");
  }
  if (points.rising) {
    return model_says(
        "a ttl='1h' cache_control block must not come after a ttl='5m' "
        "cache_control block");
  }
  return {};
}

Fault check_manual_thinking(const element& body, const element& thinking) {
  const auto config = member(body, "inferenceConfig");
  const double budget = number_member(thinking, "budget_tokens").value_or(0);
  if (budget < kMinThinkingBudget) {
    return model_says(
        "thinking.enabled.budget_tokens: Input should be greater than or equal to "
        "1024");
  }
  if (config) {
    const auto max_tokens = number_member(*config, "maxTokens");
    if (max_tokens && *max_tokens <= budget) {
      return model_says("`max_tokens` must be greater than `thinking.budget_tokens`.");
    }
    const auto temperature = number_member(*config, "temperature");
    if (temperature && *temperature < 1) {
      return model_says("`temperature` may only be set to 1 when thinking is enabled.");
    }
    const auto top_p = number_member(*config, "topP");
    if (top_p && *top_p < 0.95) {
      return model_says(
          "`top_p` must be greater than or equal to 0.95 or unset when thinking is "
          "enabled.");
    }
  }
  const auto choice = deep(body, {"toolConfig", "toolChoice"});
  if (choice && !member(*choice, "auto")) {
    return model_says("Thinking may not be enabled when tool_choice forces tool use.");
  }
  return {};
}

Fault check_claude_fields(const element& body, const element& fields, const Model& model) {
  static const std::set<std::string_view> kKnown = {
      "thinking",         "output_config",     "top_k", "anthropic_beta", "metadata", "tool_choice",
      "reasoning_config", "context_management"};
  const simdjson::dom::object members = fields.get_object().value();
  for (const auto& [name, value] : members) {
    if (kKnown.count(name) == 0) {
      return model_says(std::string(name) + ": Extra inputs are not permitted");
    }
  }
  if (!model.can(kSampling) && member(fields, "top_k")) {
    return model_says("`top_k` is deprecated for this model.");
  }
  const auto thinking = member(fields, "thinking");
  if (!thinking) return {};
  const std::string_view type = text_member(*thinking, "type");
  if (type == "disabled") return {};
  if (type != "enabled" && type != "adaptive") {
    return model_says("thinking.type: Input should be 'adaptive', 'disabled' or 'enabled'");
  }
  if (model.thinking == Thinking::kNone) {
    return model_says("thinking: Extra inputs are not permitted");
  }
  if (type == "adaptive") {
    if (model.thinking != Thinking::kManual) return {};
    return model_says("adaptive thinking is not supported on this model");
  }
  if (model.thinking == Thinking::kAdaptiveOnly) {
    return model_says(
        "\"thinking.type.enabled\" is not supported for this model. Use "
        "\"thinking.type.adaptive\" and \"output_config.effort\" to control "
        "thinking behavior.");
  }
  return check_manual_thinking(body, *thinking);
}

Fault check_nova2_reasoning(const element& body, const element& reasoning) {
  const std::string_view type = text_member(reasoning, "type");
  const std::string_view effort = text_member(reasoning, "maxReasoningEffort");
  const bool known =
      type == "disabled" || effort == "low" || effort == "medium" || effort == "high";
  if ((type != "enabled" && type != "disabled") || !known) {
    return invalid("the provided reasoning config value is invalid");
  }
  const auto config = member(body, "inferenceConfig");
  if (type == "enabled" && effort == "high" && config &&
      (member(*config, "maxTokens") || member(*config, "temperature") || member(*config, "topP"))) {
    return invalid(
        "maxTokens, temperature and topP must not be set when maxReasoningEffort is "
        "high.");
  }
  return {};
}

Fault check_model_fields(const element& body, const Model& model) {
  const auto fields = member(body, "additionalModelRequestFields");
  if (!fields) return {};
  if (!fields->is_object()) {
    return invalid(
        "The format of the additionalModelRequestFields field is invalid. Provide a "
        "json object for the field and try again.");
  }
  if (model.family == Family::kClaude) return check_claude_fields(body, *fields, model);
  if (const auto reasoning = member(*fields, "reasoningConfig")) {
    if (model.family == Family::kNova2) return check_nova2_reasoning(body, *reasoning);
    if (model.family == Family::kNova) {
      return invalid("the provided reasoning config value is invalid");
    }
  }
  if (model.family == Family::kGptOss) {
    for (const std::string_view name : {"thinking", "reasoning", "reasoning_config", "top_k"}) {
      if (member(*fields, name)) {
        return model_says(
            "{\"error\":{\"code\":\"validation_error\",\"message\":\"Unknown "
            "parameter: '" +
            std::string(name) + "'\",\"param\":\"" + std::string(name) +
            "\",\"type\":\"invalid_request_error\"}}");
      }
    }
    const std::string_view effort = text_member(*fields, "reasoning_effort");
    if (!effort.empty() && effort != "low" && effort != "medium" && effort != "high") {
      return model_says("reasoning_effort: must be one of low, medium, high");
    }
  }
  return {};
}

}  // namespace

Fault check_settings(const element& body, const Model& model, Delivery delivery) {
  if (!model.can(kChat)) {
    return invalid("The provided model doesn't support the Converse operation.");
  }
  for (const element block : list_member(body, "system")) {
    if (!model.can(kSystem)) {
      return invalid(
          "This model doesn't support system messages. Try again without a system "
          "message or use a model that supports system messages.");
    }
    const auto text = member(block, "text");
    if (text && blank(text_of(*text))) {
      return model_says("system: text content blocks must contain non-whitespace text");
    }
  }
  Fault fault = check_sampling(body, model);
  if (!fault.found()) fault = check_tools(body, model, delivery);
  if (!fault.found()) fault = check_output(body, model);
  if (!fault.found()) fault = check_cache_points(body, model);
  if (!fault.found()) fault = check_model_fields(body, model);
  return fault;
}

}  // namespace oriel::sim
