#include "convert/bedrock/inference.h"

#include <algorithm>

namespace oriel::convert::bedrock {
namespace {

using Action = Adjustment::Action;

constexpr double kLowestThinkingTopP = 0.95;

template <class T>
void drop(std::optional<T>& value, std::string_view name, Adjustments& adjusted) {
  if (value) adjusted.add(name, Action::dropped);
  value.reset();
}

std::vector<Text> plan_stop(const std::vector<Text>& asked, const ModelCapabilities& model,
                            Adjustments& adjusted) {
  std::vector<Text> stop;
  for (const Text text : asked) {
    if (text.empty() || (json::is_blank(text) && !model.can(ModelFeature::blank_stop))) {
      adjusted.add("stop", Action::dropped);
    } else {
      stop.push_back(text);
    }
  }
  return stop;
}

}  // namespace

std::optional<std::int64_t> plan_max_tokens(const Sampling& sampling, const EncodePolicy& policy,
                                            const ModelCapabilities& model, Adjustments& adjusted) {
  const auto most = static_cast<std::int64_t>(model.max_output_tokens);
  if (sampling.max_tokens) {
    if (most == 0 || *sampling.max_tokens <= most) return sampling.max_tokens;
    adjusted.add("max_tokens", Action::clamped);
    return most;
  }
  if (policy.default_max_tokens == 0) return std::nullopt;
  const auto usual = static_cast<std::int64_t>(policy.default_max_tokens);
  return most == 0 ? usual : std::min(usual, most);
}

Inference plan_inference(const Sampling& sampling, std::optional<std::int64_t> max_tokens,
                         const ReasoningPlan& reasoning, const ModelCapabilities& model,
                         Adjustments& adjusted) {
  Inference plan{max_tokens ? max_tokens : reasoning.max_tokens, sampling.temperature,
                 sampling.top_p, plan_stop(sampling.stop, model, adjusted)};
  if (reasoning.unlimited) {
    if (sampling.max_tokens) adjusted.add("max_tokens", Action::dropped);
    plan.max_tokens.reset();
  }
  const bool unsampled = reasoning.budgeted || reasoning.unlimited;
  if (unsampled || !model.can(ModelFeature::temperature)) {
    drop(plan.temperature, "temperature", adjusted);
  }
  if (reasoning.budgeted && plan.top_p && *plan.top_p < kLowestThinkingTopP) {
    drop(plan.top_p, "top_p", adjusted);
  }
  const bool exclusive = plan.temperature && model.can(ModelFeature::temp_top_p_exclusive);
  if (exclusive || reasoning.unlimited || !model.can(ModelFeature::top_p)) {
    drop(plan.top_p, "top_p", adjusted);
  }
  if (plan.temperature && *plan.temperature > 1.0) {
    plan.temperature = 1.0;
    adjusted.add("temperature", Action::clamped);
  }
  return plan;
}

void write_inference(const Inference& inference, json::Writer& writer) {
  if (inference.empty()) return;
  writer.key("inferenceConfig").begin_object();
  if (inference.max_tokens) writer.key("maxTokens").integer(*inference.max_tokens);
  if (inference.temperature) writer.key("temperature").number(*inference.temperature);
  if (inference.top_p) writer.key("topP").number(*inference.top_p);
  if (!inference.stop.empty()) {
    writer.key("stopSequences").begin_array();
    for (const Text stop : inference.stop) writer.text(stop);
    writer.end_array();
  }
  writer.end_object();
}

}  // namespace oriel::convert::bedrock
