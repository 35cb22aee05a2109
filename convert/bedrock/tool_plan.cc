#include "convert/bedrock/tool_plan.h"

#include <algorithm>
#include <string>

#include "convert/bedrock/refusals.h"

namespace oriel::convert::bedrock {
namespace {

using Action = Adjustment::Action;
using Mode = ToolChoice::Mode;

constexpr std::string_view kChoice = "tool_choice";

bool demands(ToolChoice::Mode mode) { return mode == Mode::required || mode == Mode::named; }

bool is_allowed(const ToolChoice& choice, const Tool& tool) {
  return choice.allowed.empty() ||
         std::find(choice.allowed.begin(), choice.allowed.end(), tool.name) != choice.allowed.end();
}

// The only tool of a model's own side that is known.
bool is_served(const Tool& tool, const ModelCapabilities& model, const EncodePolicy& policy) {
  return tool.kind != Tool::Kind::system ||
         (model.family == ModelFamily::nova && policy.nova_grounding &&
          tool.name.escaped() == kGroundingTool);
}

Unexpected<Error> refuse_tool_type(std::size_t index) {
  const std::string param = "tools[" + std::to_string(index) + "].type";
  return refuse(ErrorKind::unsupported_parameter,
                "Unsupported value: '" + param + "' is not supported with this model.", param,
                "unsupported_value");
}

Result<void> choose_tools(const ChatRequest& request, const ModelCapabilities& model,
                          const EncodePolicy& policy, ToolPlan& plan) {
  if (request.tools.empty() || request.tool_choice.mode == Mode::none) return {};
  if (!model.can(ModelFeature::tools)) return refuse_parameter("tools");
  plan.tools.reserve(request.tools.size());
  for (const Tool& tool : request.tools) {
    if (!is_served(tool, model, policy)) {
      return refuse_tool_type(static_cast<std::size_t>(&tool - request.tools.data()));
    }
    if (is_allowed(request.tool_choice, tool)) plan.tools.push_back(&tool);
  }
  if (!plan.tools.empty()) return {};
  return refuse_value("Invalid value for 'tool_choice': no allowed tool is among 'tools'.",
                      kChoice);
}

void degrade_to_auto(ToolPlan& plan, Adjustments& adjusted) {
  plan.choice = {};
  plan.ask_in_words = true;
  adjusted.add(kChoice, Action::rewritten);
}

Result<void> plan_named(const ChatRequest& request, const ModelCapabilities& model, ToolPlan& plan,
                        Adjustments& adjusted) {
  const auto named = std::find_if(plan.tools.begin(), plan.tools.end(), [&](const Tool* tool) {
    return tool->name == request.tool_choice.name && tool->kind != Tool::Kind::system;
  });
  if (named == plan.tools.end()) {
    return refuse_value("Invalid value for 'tool_choice': the named function is not among 'tools'.",
                        kChoice);
  }
  plan.choice = {Mode::named, request.tool_choice.name, {}};
  if (model.can(ModelFeature::choice_named)) return {};
  plan.tools = {*named};
  if (model.can(ModelFeature::choice_any)) {
    plan.choice = {Mode::required, {}, {}};
    adjusted.add(kChoice, Action::rewritten);
  } else {
    degrade_to_auto(plan, adjusted);
  }
  return {};
}

// The answer comes by a call, as far as the model can be made to.
void plan_format_choice(const FormatPlan& format, const ModelCapabilities& model, ToolPlan& plan,
                        Adjustments& adjusted) {
  const bool alone = plan.tools.empty() && !plan.grounding;
  plan.format_forced = true;
  if (alone && model.can(ModelFeature::choice_named)) {
    plan.choice = {Mode::named, format.tool_name, {}};
  } else if (model.can(ModelFeature::choice_any)) {
    plan.choice = {Mode::required, {}, {}};
  } else {
    plan.format_forced = false;
    adjusted.add("response_format", Action::rewritten);
  }
}

}  // namespace

Result<ToolPlan> plan_tools(const ChatRequest& request, const ExtraFields& extras,
                            const FormatPlan& format, const ModelCapabilities& model,
                            const EncodePolicy& policy) {
  ToolPlan plan;
  if (auto chosen = choose_tools(request, model, policy, plan); !chosen) {
    return Unexpected{std::move(chosen.error())};
  }
  plan.grounding = extras.web_search &&
                   std::none_of(plan.tools.begin(), plan.tools.end(),
                                [](const Tool* tool) { return tool->kind == Tool::Kind::system; });
  // Where a call is demanded, the answer is that call.
  plan.format = format.way == FormatPlan::Way::tool &&
                (plan.tools.empty() || !demands(request.tool_choice.mode));
  plan.placeholder = policy.placeholder_tool && !plan.declared() &&
                     model.can(ModelFeature::tools) && !model.can(ModelFeature::must_choose) &&
                     mentions_tools(request);
  return plan;
}

Result<void> plan_choice(const ChatRequest& request, const FormatPlan& format,
                         const ModelCapabilities& model, ToolPlan& plan, Adjustments& adjusted) {
  if (!plan.tools.empty()) {
    switch (request.tool_choice.mode) {
      case Mode::unset:
      case Mode::none: break;
      case Mode::automatic:
        if (model.can(ModelFeature::choice_auto)) plan.choice.mode = Mode::automatic;
        break;
      case Mode::required:
        plan.choice.mode = Mode::required;
        if (!model.can(ModelFeature::choice_any)) degrade_to_auto(plan, adjusted);
        break;
      case Mode::named:
        if (auto named = plan_named(request, model, plan, adjusted); !named) return named;
        break;
    }
    if (request.parallel_tool_calls == false) {
      plan.one_call_at_a_time = model.family == ModelFamily::claude;
      if (!plan.one_call_at_a_time) adjusted.add("parallel_tool_calls", Action::dropped);
    }
  }
  if (plan.format) {
    plan_format_choice(format, model, plan, adjusted);
  } else if (!plan.tools.empty() && !demands(plan.choice.mode) &&
             model.can(ModelFeature::must_choose)) {
    plan.choice = {Mode::required, {}, {}};
    adjusted.add(kChoice, Action::rewritten);
  }
  return {};
}

}  // namespace oriel::convert::bedrock
