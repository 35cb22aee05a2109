// C21 to C23, C27, §1, §8 and §10: what stands beside the messages.
#include "convert/bedrock/constraint_checks.h"

namespace oriel::convert::bedrock {
namespace {

using json::Member;
using json::Text;
using json::Value;

constexpr std::size_t kMaxStops = 2'500;
constexpr std::int64_t kMinBudget = 1'024;
constexpr double kThinkingTopP = 0.95;

bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool in_range(Value value, double least, double most) {
  const auto number = value.as_number();
  return number && *number >= least && *number <= most;
}

Violation check_stops(Value stops, const ModelCapabilities& model) {
  const std::size_t count = stops.children().count();
  if (!stops.is_array() || count == 0 || count > kMaxStops) return "number of stopSequences";
  for (const Member stop : stops.children()) {
    const Text text = stop.value.as_text().value_or(Text());
    if (text.empty() || (json::is_blank(text) && !model.can(ModelFeature::blank_stop))) {
      return "C21 blank stop sequence";
    }
  }
  return std::nullopt;
}

Violation check_inference(Value config, const ModelCapabilities& model) {
  if (config.children().empty()) return "empty inferenceConfig";
  const auto temperature = config.find("temperature");
  const auto top_p = config.find("topP");
  if (temperature && !model.can(ModelFeature::temperature)) return "C23 temperature";
  if (top_p && !model.can(ModelFeature::top_p)) return "C23 topP";
  if (temperature && top_p && model.can(ModelFeature::temp_top_p_exclusive)) {
    return "C22 temperature and topP";
  }
  if (temperature && !in_range(*temperature, 0, 1)) return "temperature range";
  if (top_p && !in_range(*top_p, 0, 1)) return "topP range";
  if (const auto most = config.find("maxTokens")) {
    const std::int64_t tokens = most->as_integer().value_or(0);
    const auto limit = static_cast<std::int64_t>(model.max_output_tokens);
    if (tokens < 1 || (limit > 0 && tokens > limit)) return "maxTokens range";
  }
  const auto stops = config.find("stopSequences");
  return stops ? check_stops(*stops, model) : std::nullopt;
}

// C27
Violation check_metadata(Value metadata) {
  const auto allowed = [](std::string_view plain) {
    static constexpr std::string_view kOthers = " \t\n\v\f\r:_@$#=/+,-.";
    return std::all_of(plain.begin(), plain.end(), [](char c) {
      return is_letter_or_digit(c) || kOthers.find(c) != std::string_view::npos;
    });
  };
  const std::size_t pairs = metadata.children().count();
  if (pairs == 0 || pairs > 16) return "C27 requestMetadata size";
  for (const Member pair : metadata.children()) {
    const std::string key = json::unescape(pair.key);
    if (key.empty() || key.size() > 256 || !allowed(key)) return "C27 requestMetadata key";
    const auto text = pair.value.as_text();
    if (!text) return "C27 requestMetadata value";
    const std::string value = json::unescape(*text);
    if (value.size() > 256 || !allowed(value)) return "C27 requestMetadata value";
  }
  return std::nullopt;
}

Violation check_guardrail(Value config) {
  constexpr std::string_view kTraces[] = {"disabled", "enabled", "enabled_full"};
  const std::string id = word_of(config, "guardrailIdentifier");
  const bool plain = std::all_of(id.begin(), id.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
  });
  if (id.empty() || !(plain || id.starts_with("arn:"))) return "guardrailIdentifier";
  const std::string version = word_of(config, "guardrailVersion");
  const bool number =
      !version.empty() && version.size() <= 8 && version.front() != '0' &&
      std::all_of(version.begin(), version.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (!number && version != "DRAFT") return "guardrailVersion";
  if (config.find("trace") && !is_one_of(word_of(config, "trace"), kTraces)) return "trace";
  const std::string mode = word_of(config, "streamProcessingMode");
  if (config.find("streamProcessingMode") && mode != "sync" && mode != "async") {
    return "streamProcessingMode";
  }
  return std::nullopt;
}

Violation check_response_paths(Value paths) {
  const std::size_t count = paths.children().count();
  if (count == 0 || count > 10) return "number of additionalModelResponseFieldPaths";
  for (const Member path : paths.children()) {
    const std::string plain = json::unescape(path.value.as_text().value_or(Text()));
    if (!plain.starts_with('/') || plain.size() > 256) return "additionalModelResponseFieldPaths";
  }
  return std::nullopt;
}

bool ends_with_user(Value body) {
  std::string role;
  if (const auto messages = body.find("messages")) {
    for (const Member turn : messages->children()) role = word_of(turn.value, "role");
  }
  return role == "user";
}

// Whether the last turn that calls tools has reasoning, if there is such a turn.
bool last_call_is_reasoned(Value body) {
  bool reasoned = true;
  const auto messages = body.find("messages");
  if (!messages) return reasoned;
  for (const Member turn : messages->children()) {
    bool calls = false;
    bool reasons = false;
    const auto content = turn.value.find("content");
    if (!content) continue;
    for (const Member block : content->children()) {
      calls = calls || block.value.find("toolUse");
      reasons = reasons || block.value.find("reasoningContent");
    }
    if (calls) reasoned = reasons;
  }
  return reasoned;
}

// Claude with a thinking budget.
Violation check_budget(Value body, Value thinking) {
  const std::int64_t budget = [&] {
    const auto value = thinking.find("budget_tokens");
    return value ? value->as_integer().value_or(0) : 0;
  }();
  const auto most = find_under(body, {"inferenceConfig", "maxTokens"});
  if (budget < kMinBudget) return "thinking budget too small";
  if (!most || most->as_integer().value_or(0) <= budget) return "thinking budget over maxTokens";
  const auto temperature = find_under(body, {"inferenceConfig", "temperature"});
  if (temperature && temperature->as_number() != 1.0) return "temperature while thinking";
  const auto top_p = find_under(body, {"inferenceConfig", "topP"});
  if (top_p && !in_range(*top_p, kThinkingTopP, 1)) return "topP while thinking";
  if (find_under(body, {"additionalModelRequestFields", "top_k"})) return "top_k while thinking";
  if (find_under(body, {"toolConfig", "toolChoice", "any"}) ||
      find_under(body, {"toolConfig", "toolChoice", "tool"})) {
    return "a forced tool while thinking";
  }
  if (!ends_with_user(body)) return "C6 prefill while thinking";
  return last_call_is_reasoned(body) ? std::nullopt
                                     : Violation("a call without reasoning while thinking");
}

Violation check_thinking(Value body, Value thinking, const ModelCapabilities& model) {
  const bool adaptive = model.reasoning == ReasoningMode::adaptive;
  const bool manual =
      model.reasoning == ReasoningMode::manual || model.can(ModelFeature::thinking_budget);
  if (!adaptive && !manual) return "thinking on a model without";
  const std::string type = word_of(thinking, "type");
  if (type == "enabled") {
    return manual ? check_budget(body, thinking) : Violation("thinking.type.enabled");
  }
  if (type == "adaptive") return adaptive ? std::nullopt : Violation("thinking.type.adaptive");
  return type == "disabled" ? std::nullopt : Violation("unknown thinking.type");
}

struct ReasoningMember {
  std::string_view name;  // in additionalModelRequestFields
  ReasoningMode mode;
};
constexpr ReasoningMember kReasoningMembers[] = {
    {"output_config", ReasoningMode::adaptive}, {"reasoningConfig", ReasoningMode::nova},
    {"reasoning_effort", ReasoningMode::flat},  {"reasoning", ReasoningMode::nested},
    {"reasoning_config", ReasoningMode::word},
};

}  // namespace

Violation check_settings(Value body, const ModelCapabilities& model) {
  constexpr std::string_view kTiers[] = {"priority", "default", "flex", "reserved"};
  constexpr std::string_view kLatencies[] = {"standard", "optimized"};
  if (const auto config = body.find("inferenceConfig")) {
    if (auto found = check_inference(*config, model)) return found;
  }
  if (const auto metadata = body.find("requestMetadata")) {
    if (auto found = check_metadata(*metadata)) return found;
  }
  if (const auto guardrail = body.find("guardrailConfig")) {
    if (auto found = check_guardrail(*guardrail)) return found;
  }
  if (const auto paths = body.find("additionalModelResponseFieldPaths")) {
    if (auto found = check_response_paths(*paths)) return found;
  }
  if (const auto tier = body.find("serviceTier")) {
    if (!is_one_of(word_of(*tier, "type"), kTiers)) return "unknown serviceTier";
  }
  if (const auto performance = body.find("performanceConfig")) {
    if (!is_one_of(word_of(*performance, "latency"), kLatencies)) return "unknown latency";
  }
  for (const std::string_view name :
       {"additionalModelRequestFields", "promptVariables", "outputConfig"}) {
    const auto value = body.find(name);
    if (value && (!value->is_object() || value->children().empty())) return "an empty object";
  }
  return std::nullopt;
}

Violation check_reasoning(Value body, const ModelCapabilities& model) {
  const auto fields = body.find("additionalModelRequestFields");
  if (!fields) return std::nullopt;
  if (const auto thinking = fields->find("thinking")) {
    if (auto found = check_thinking(body, *thinking, model)) return found;
  }
  for (const ReasoningMember& member : kReasoningMembers) {
    if (fields->find(member.name) && model.reasoning != member.mode) {
      return std::string(member.name) + " on a model without";
    }
  }
  const auto nova = fields->find("reasoningConfig");
  if (nova && word_of(*nova, "maxReasoningEffort") == "high") {
    for (const std::string_view name : {"maxTokens", "temperature", "topP"}) {
      if (find_under(body, {"inferenceConfig", name})) return "a limit at Nova's highest effort";
    }
  }
  return std::nullopt;
}

}  // namespace oriel::convert::bedrock
