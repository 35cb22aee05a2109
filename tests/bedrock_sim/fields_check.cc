// additionalModelRequestFields and effort: what each family takes, and in whose words it refuses.
#include <array>
#include <string>

#include "tests/bedrock_sim/constraints.h"
#include "tests/bedrock_sim/dom.h"

namespace oriel::sim {
namespace {

constexpr int kMinThinkingBudget = 1024;

// How a family says that it does not know a field.
enum class Voice { kAnthropic, kOpenAi, kSchema };

struct FieldsRow {
  Family family;
  Voice voice;
  std::string_view names;  // Known fields, separated by spaces.
};

constexpr std::array kFields = {
    FieldsRow{Family::kClaude, Voice::kAnthropic,
              "thinking output_config top_k anthropic_beta metadata tool_choice reasoning_config "
              "context_management"},
    FieldsRow{Family::kNova, Voice::kSchema, "inferenceConfig reasoningConfig"},
    FieldsRow{Family::kNova2, Voice::kSchema, "inferenceConfig reasoningConfig"},
    FieldsRow{Family::kLlama, Voice::kSchema, "top_k"},
    FieldsRow{Family::kMistral, Voice::kSchema, "top_k seed random_seed safe_prompt"},
    FieldsRow{Family::kCohere, Voice::kSchema,
              "top_k k p seed presence_penalty frequency_penalty logit_bias"},
    FieldsRow{Family::kAi21, Voice::kSchema, "presencePenalty frequencyPenalty countPenalty"},
    FieldsRow{Family::kDeepSeek, Voice::kSchema, "reasoning_config"},
    FieldsRow{Family::kGptOss, Voice::kOpenAi,
              "reasoning_effort presence_penalty frequency_penalty seed"},
    FieldsRow{Family::kOpenAi, Voice::kOpenAi, "reasoning text"},
    FieldsRow{Family::kKimi, Voice::kOpenAi, "reasoning_effort"},
    FieldsRow{Family::kOther, Voice::kSchema, ""},
};

const FieldsRow& fields_of(Family family) {
  for (const FieldsRow& row : kFields) {
    if (row.family == family) return row;
  }
  return kFields.back();
}

bool has_word(std::string_view words, std::string_view word) {
  const std::size_t at = words.find(word);
  if (word.empty() || at == std::string_view::npos) return false;
  const std::size_t end = at + word.size();
  const bool whole =
      (at == 0 || words[at - 1] == ' ') && (end == words.size() || words[end] == ' ');
  return whole || has_word(words.substr(end), word);
}

// The OpenAI models answer with OpenAI's error object inside the message.
Fault openai_says(const std::string& message, const std::string& param, const std::string& code) {
  return model_says("{\"error\":{\"code\":\"" + code + "\",\"message\":\"" + message +
                    "\",\"param\":\"" + param + "\",\"type\":\"invalid_request_error\"}}");
}

Fault unknown_field(Voice voice, const std::string& name) {
  switch (voice) {
    case Voice::kAnthropic: return model_says(name + ": Extra inputs are not permitted");
    case Voice::kOpenAi:
      return openai_says("Unknown parameter: '" + name + "'.", name, "unknown_parameter");
    case Voice::kSchema: break;
  }
  return invalid("Malformed input request: #: extraneous key [" + name +
                 "] is not permitted, please reformat your input and try again.");
}

std::string quoted_levels(const Model& model) {
  std::string out;
  std::string_view rest = model.levels;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find(' '), rest.size());
    out += (out.empty() ? "'" : ", '") + std::string(rest.substr(0, end)) + "'";
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return out;
}

bool adaptive(const Model& model) {
  return model.reasoning == Reasoning::kAdaptive || model.reasoning == Reasoning::kAdaptiveOnly;
}

std::optional<element> thinking_of(const element& fields) {
  const auto thinking = member(fields, "thinking");
  return thinking ? thinking : member(fields, "reasoning_config");
}

Fault check_manual_thinking(const element& body, const element& fields, const element& thinking) {
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
  if (member(fields, "top_k")) {
    return model_says("`top_k` must be unset when thinking is enabled.");
  }
  const auto choice = deep(body, {"toolConfig", "toolChoice"});
  const auto other = member(fields, "tool_choice");
  const std::string_view forced = other ? text_member(*other, "type") : std::string_view();
  if ((choice && !member(*choice, "auto")) || forced == "any" || forced == "tool") {
    return model_says("Thinking may not be enabled when tool_choice forces tool use.");
  }
  return {};
}

Fault check_thinking(const element& body, const element& fields, const Model& model) {
  const auto thinking = thinking_of(fields);
  if (!thinking) return {};
  const std::string_view type = text_member(*thinking, "type");
  if (type == "disabled") return {};
  if (type != "enabled" && type != "adaptive") {
    return model_says("thinking.type: Input should be 'adaptive', 'disabled' or 'enabled'");
  }
  if (model.reasoning == Reasoning::kNone) {
    return model_says("thinking: Extra inputs are not permitted");
  }
  if (type == "adaptive") {
    if (adaptive(model)) return {};
    return model_says("adaptive thinking is not supported on this model");
  }
  if (model.reasoning == Reasoning::kAdaptiveOnly) {
    return model_says(
        "\"thinking.type.enabled\" is not supported for this model. Use "
        "\"thinking.type.adaptive\" and \"output_config.effort\" to control "
        "thinking behavior.");
  }
  return check_manual_thinking(body, fields, *thinking);
}

// The Anthropic form of toolChoice, which carries disable_parallel_tool_use.
Fault check_claude_choice(const element& body, const element& fields) {
  const auto choice = member(fields, "tool_choice");
  if (!choice) return {};
  const std::string_view type = text_member(*choice, "type");
  if (type.empty()) return model_says("tool_choice.type: Field required");
  if (type != "auto" && type != "any" && type != "tool" && type != "none") {
    return model_says("tool_choice: Input tag '" + std::string(type) +
                      "' found using 'type' does not match any of the expected tags: 'auto', "
                      "'any', 'tool', 'none'");
  }
  if (!member(body, "toolConfig")) {
    return model_says("tool_choice may only be specified while providing tools.");
  }
  const auto other = deep(body, {"toolConfig", "toolChoice"});
  if (other && !member(*other, type)) {
    return invalid(
        "The additional field tool_choice conflicts with the toolConfig.toolChoice field. Remove "
        "one of them and try again.");
  }
  return {};
}

Fault check_level(std::string_view level, const Model& model, const std::string& place) {
  if (!adaptive(model)) return model_says("This model does not support the effort parameter.");
  if (model.has_level(level)) return {};
  return model_says(place + ": Input should be " + quoted_levels(model));
}

Fault check_claude_fields(const element& body, const element& fields, const Model& model) {
  if (!model.can(kSampling) && member(fields, "top_k")) {
    return model_says("`top_k` is deprecated for this model.");
  }
  if (const auto effort = deep(fields, {"output_config", "effort"})) {
    if (deep(body, {"outputConfig", "effort"})) {
      return invalid(
          "The additional field output_config conflicts with the outputConfig.effort field. Remove "
          "one of them and try again.");
    }
    Fault fault = check_level(text_of(*effort), model, "output_config.effort");
    if (fault.found()) return fault;
  }
  Fault fault = check_claude_choice(body, fields);
  if (!fault.found()) fault = check_thinking(body, fields, model);
  return fault;
}

Fault check_nova_fields(const element& body, const element& fields, const Model& model) {
  const auto reasoning = member(fields, "reasoningConfig");
  if (!reasoning) return {};
  const std::string_view type = text_member(*reasoning, "type");
  const std::string_view effort = text_member(*reasoning, "maxReasoningEffort");
  const bool known = type == "disabled" || (type == "enabled" && model.has_level(effort));
  if (model.reasoning != Reasoning::kNova2 || !known) {
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

// Effort as one word: at the root, or inside `reasoning`.
Fault check_flat_effort(const element& fields, const Model& model) {
  const bool nested = model.reasoning == Reasoning::kNested;
  const auto effort =
      nested ? deep(fields, {"reasoning", "effort"}) : member(fields, "reasoning_effort");
  if (!effort || model.has_level(text_of(*effort))) return {};
  const std::string name = nested ? "reasoning.effort" : "reasoning_effort";
  return openai_says("Unsupported value: '" + name + "' does not support '" +
                         std::string(text_of(*effort)) +
                         "' with this model. Supported values are: " + quoted_levels(model) + ".",
                     name, "unsupported_value");
}

Fault check_effort(const element& body, const Model& model) {
  const auto effort = deep(body, {"outputConfig", "effort"});
  if (!effort) return {};
  if (!model.claude()) return unsupported("outputConfig.effort");
  return check_level(text_of(*effort), model, "output_config.effort");
}

// A dialect that the family knows, but this model of it does not.
bool wrong_dialect(std::string_view name, const Model& model) {
  if (name == "reasoning_effort") return model.reasoning != Reasoning::kFlat;
  if (name == "reasoning") return model.reasoning != Reasoning::kNested;
  return name == "reasoning_config" && !model.claude() && model.reasoning != Reasoning::kWord;
}

}  // namespace

Thought thought_of(const element& body, const Model& model) {
  Thought out;
  const auto fields = member(body, "additionalModelRequestFields");
  if (fields && fields->is_object()) {
    if (const auto thinking = thinking_of(*fields)) {
      const std::string_view type = text_member(*thinking, "type");
      out.manual = type == "enabled";
      out.asked = out.manual || type == "adaptive" || thinking->is_string();
    } else if (const auto nova = member(*fields, "reasoningConfig")) {
      out.asked = text_member(*nova, "type") == "enabled";
    } else if (const auto nested = deep(*fields, {"reasoning", "effort"})) {
      out.asked = text_of(*nested) != "none";
    } else {
      out.asked = member(*fields, "reasoning_effort").has_value();
    }
  }
  out.wanted = out.asked || model.reasoning == Reasoning::kAlways;
  return out;
}

Fault check_model_fields(const element& body, const Model& model) {
  if (Fault fault = check_effort(body, model); fault.found()) return fault;
  const auto fields = member(body, "additionalModelRequestFields");
  if (!fields) return {};
  simdjson::dom::object members;
  if (fields->get(members) != simdjson::SUCCESS) {
    return invalid(
        "The format of the additionalModelRequestFields field is invalid. Provide a "
        "json object for the field and try again.");
  }
  const FieldsRow& row = fields_of(model.family);
  for (const auto& [name, value] : members) {
    if (!has_word(row.names, name) || wrong_dialect(name, model)) {
      return unknown_field(row.voice, std::string(name));
    }
  }
  if (model.claude()) return check_claude_fields(body, *fields, model);
  if (model.family == Family::kNova || model.family == Family::kNova2) {
    return check_nova_fields(body, *fields, model);
  }
  if (model.reasoning == Reasoning::kWord) {
    const auto word = member(*fields, "reasoning_config");
    if (word && !model.has_level(text_of(*word))) {
      return model_says("reasoning_config: Input should be " + quoted_levels(model));
    }
    return {};
  }
  return check_flat_effort(*fields, model);
}

}  // namespace oriel::sim
