#include "convert/bedrock/tool_plan.h"

#include <algorithm>
#include <string>

namespace oriel::convert::bedrock {
namespace {

using Action = Adjustment::Action;
using Mode = ToolChoice::Mode;

Unexpected<Error> refuse(ErrorKind kind, std::string message, std::string param, std::string code) {
  Error error;
  error.kind = kind;
  error.message = std::move(message);
  error.param = std::move(param);
  error.code = std::move(code);
  return Unexpected{std::move(error)};
}

const Tool* find_tool(const ChatRequest& request, Text name) {
  const auto found = std::find_if(request.tools.begin(), request.tools.end(),
                                  [&](const Tool& tool) { return tool.name == name; });
  return found == request.tools.end() ? nullptr : &*found;
}

void degrade_to_auto(ToolPlan& plan, Adjustments& adjusted) {
  plan.choice = {};
  plan.ask_in_words = true;
  adjusted.add("tool_choice", Action::rewritten);
}

Result<void> plan_choice(const ChatRequest& request, const ModelCapabilities& model, ToolPlan& plan,
                         Adjustments& adjusted) {
  plan.choice = request.tool_choice;
  switch (request.tool_choice.mode) {
    case Mode::unset:
    case Mode::none: return {};
    case Mode::automatic:
      if (!model.can(ModelFeature::choice_auto)) plan.choice = {};
      return {};
    case Mode::required:
      if (!model.can(ModelFeature::choice_any)) degrade_to_auto(plan, adjusted);
      return {};
    case Mode::named: break;
  }
  const Tool* named = find_tool(request, request.tool_choice.name);
  if (named == nullptr) {
    return refuse(ErrorKind::invalid_request,
                  "Invalid value for 'tool_choice': the named function is not among 'tools'.",
                  "tool_choice", "invalid_value");
  }
  if (model.can(ModelFeature::choice_named)) return {};
  plan.tools = {named};
  if (model.can(ModelFeature::choice_any)) {
    plan.choice = {Mode::required, {}};
    adjusted.add("tool_choice", Action::rewritten);
  } else {
    degrade_to_auto(plan, adjusted);
  }
  return {};
}

}  // namespace

Result<ToolPlan> plan_tools(const ChatRequest& request, const ModelCapabilities& model,
                            Adjustments& adjusted) {
  ToolPlan plan;
  const Mode mode = request.tool_choice.mode;
  if (request.tools.empty() || mode == Mode::none) return plan;
  if (!model.can(ModelFeature::tools)) {
    return refuse(ErrorKind::unsupported_parameter,
                  "Unsupported parameter: 'tools' is not supported with this model.", "tools", {});
  }
  for (const Tool& tool : request.tools) {
    plan.tools.push_back(&tool);
    if (tool.strict) adjusted.add("strict", Action::dropped);
  }
  if (auto chosen = plan_choice(request, model, plan, adjusted); !chosen) {
    return Unexpected{chosen.error()};
  }
  if (request.parallel_tool_calls == false) {
    plan.one_call_at_a_time = model.family == ModelFamily::claude;
    if (!plan.one_call_at_a_time) adjusted.add("parallel_tool_calls", Action::dropped);
  }
  return plan;
}

}  // namespace oriel::convert::bedrock
