#include "convert/bedrock/reasoning.h"

#include <algorithm>
#include <array>

#include "convert/bedrock/normalise.h"

namespace oriel::convert::bedrock {
namespace {

using Action = Adjustment::Action;
using Form = ReasoningPlan::Form;
using json::Value;

constexpr std::string_view kEffort = "reasoning_effort";
constexpr std::string_view kThinking = "thinking";
constexpr std::string_view kBudgetTokens = "thinking_budget_tokens";
constexpr std::int64_t kMaxBudget = 1'000'000;
constexpr std::int64_t kAnswerRoom = 8192;  // tokens beside the budget where nobody has said

// What a level means to a model that thinks by a budget.
struct Budget {
  Effort effort;
  int percent;         // of max_tokens
  std::int64_t alone;  // without max_tokens
};
constexpr auto kBudgets = std::to_array<Budget>({
    {Effort::low, 20, 2048},
    {Effort::medium, 50, 8192},
    {Effort::high, 80, 16384},
    {Effort::xhigh, 95, 32000},
    {Effort::max, 95, 32000},
});

// The level that is sent for `asked`: the nearest one below that the model takes, else its lowest.
// Nothing but `none` becomes `none`.
Effort clamp_effort(Effort asked, const EffortLevels& levels) {
  for (int level = static_cast<int>(asked); level > static_cast<int>(Effort::none); --level) {
    if (levels.has(static_cast<Effort>(level))) return static_cast<Effort>(level);
  }
  if (asked == Effort::none && levels.has(Effort::none)) return Effort::none;
  int level = static_cast<int>(Effort::minimal);
  while (!levels.has(static_cast<Effort>(level)) && level < static_cast<int>(Effort::max)) ++level;
  return static_cast<Effort>(level);
}

std::optional<Value> member_of(Raw object, std::string_view name, json::Reader& reader) {
  const auto value = reader.read(object.text);
  return value ? value->find(name) : std::nullopt;
}

bool has_word(Raw object, std::string_view name, std::string_view word, json::Reader& reader) {
  const auto member = member_of(object, name, reader);
  const auto text = member ? member->as_text() : std::nullopt;
  return text && text->escaped() == word;
}

std::int64_t budget_of(const ExtraField& own, json::Reader& reader) {
  std::optional<Value> tokens;
  if (own.name != kBudgetTokens) {
    tokens = member_of(own.value, "budget_tokens", reader);
  } else if (const auto value = reader.read(own.value.text)) {
    tokens = *value;
  }
  return tokens ? tokens->as_integer().value_or(0) : 0;
}

// What the answer is limited to where nobody has said: room for it beside the thinking.
std::int64_t room_beside(std::int64_t budget, const ModelCapabilities& model) {
  const auto most = static_cast<std::int64_t>(model.max_output_tokens);
  const std::int64_t room = std::clamp(budget, std::int64_t{0}, kMaxBudget) + kAnswerRoom;
  return most > 0 ? std::min(room, most) : room;
}

// The client's own object. One with a budget becomes adaptive where the model takes no budgets.
ReasoningPlan plan_verbatim(const ExtraField& own, const ModelCapabilities& model,
                            std::optional<std::int64_t> max_tokens, json::Reader& reader,
                            Adjustments& adjusted) {
  ReasoningPlan plan{.form = Form::verbatim, .own = own};
  plan.budgeted = own.name == kBudgetTokens ||
                  (own.name == kThinking && has_word(own.value, "type", "enabled", reader));
  if (plan.budgeted && !model.can(ModelFeature::thinking_budget)) {
    adjusted.add(kThinking, Action::rewritten);
    return {.form = Form::adaptive, .effort = Effort::high};
  }
  if (plan.budgeted && !max_tokens) plan.max_tokens = room_beside(budget_of(own, reader), model);
  plan.unlimited =
      own.name == "reasoningConfig" && has_word(own.value, "maxReasoningEffort", "high", reader);
  return plan;
}

// Claude thinks by a budget, which must leave room for an answer.
ReasoningPlan plan_budget(Effort effort, const ModelCapabilities& model,
                          std::optional<std::int64_t> max_tokens, Adjustments& adjusted) {
  const auto row = std::find_if(kBudgets.begin(), kBudgets.end(),
                                [&](const Budget& budget) { return budget.effort == effort; });
  if (row == kBudgets.end()) return {};  // none: it thinks only when told to
  ReasoningPlan plan{.form = Form::manual, .effort = effort, .budgeted = true};
  if (!max_tokens) {
    plan.max_tokens = room_beside(row->alone, model);
    plan.budget = std::min(row->alone, *plan.max_tokens - 1);
    return plan;
  }
  if (*max_tokens <= kMinThinkingBudget) {
    adjusted.add(kEffort, Action::dropped);
    return {};
  }
  plan.budget = std::clamp(*max_tokens * row->percent / 100, kMinThinkingBudget, *max_tokens - 1);
  return plan;
}

ReasoningPlan plan_effort(Effort asked, const ModelCapabilities& model,
                          std::optional<std::int64_t> max_tokens, Adjustments& adjusted) {
  if (model.efforts.empty()) {
    const bool idle = asked == Effort::none && model.reasoning == ReasoningMode::none;
    if (!idle) adjusted.add(kEffort, Action::dropped);
    return {};
  }
  const bool nova_off = model.reasoning == ReasoningMode::nova && asked == Effort::minimal;
  const Effort effort = nova_off ? Effort::none : clamp_effort(asked, model.efforts);
  if (effort != asked) adjusted.add(kEffort, Action::clamped);
  const bool off = effort == Effort::none;
  switch (model.reasoning) {
    case ReasoningMode::none:
    case ReasoningMode::always: return {};
    case ReasoningMode::adaptive:
      return {.form = off ? Form::disabled : Form::adaptive, .effort = effort};
    case ReasoningMode::manual:
      if (!model.can(ModelFeature::thinking_budget)) {
        return off ? ReasoningPlan{} : ReasoningPlan{.form = Form::adaptive, .effort = effort};
      }
      return plan_budget(effort, model, max_tokens, adjusted);
    case ReasoningMode::nova:
      return {.form = off ? Form::nova_disabled : Form::nova,
              .effort = effort,
              .unlimited = effort == Effort::high};
    case ReasoningMode::flat: return {.form = Form::flat, .effort = effort};
    case ReasoningMode::nested: return {.form = Form::nested, .effort = effort};
    case ReasoningMode::word: return {.form = off ? Form::none : Form::word, .effort = effort};
  }
  return {};
}

}  // namespace

ReasoningPlan plan_reasoning(const ChatRequest& request, const ExtraFields& extras,
                             const Conversation& conversation, const ModelCapabilities& model,
                             std::optional<std::int64_t> max_tokens, json::Reader& reader,
                             Adjustments& adjusted) {
  ReasoningPlan plan;
  if (!extras.reasoning.value.empty()) {
    plan = plan_verbatim(extras.reasoning, model, max_tokens, reader, adjusted);
    if (request.effort) adjusted.add(kEffort, Action::dropped);
  } else if (request.effort) {
    plan = plan_effort(*request.effort, model, max_tokens, adjusted);
  }
  // Such a turn would have to begin with the model's own signed thinking.
  if (plan.budgeted && last_tool_turn_lacks_reasoning(conversation)) {
    adjusted.add(kThinking, Action::dropped);
    plan = {};
  }
  return plan;
}

void write_reasoning(const ReasoningPlan& plan, json::Writer& writer) {
  const std::string_view effort = to_string(plan.effort);
  const auto thinking = [&](std::string_view type) -> json::Writer& {
    return writer.key("thinking").begin_object().key("type").string(type);
  };
  switch (plan.form) {
    case Form::none: break;
    case Form::adaptive:
      thinking("adaptive").end_object();
      writer.key("output_config").begin_object().key("effort").string(effort).end_object();
      break;
    case Form::manual:
      thinking("enabled").key("budget_tokens").integer(plan.budget).end_object();
      break;
    case Form::disabled: thinking("disabled").end_object(); break;
    case Form::nova:
      writer.key("reasoningConfig").begin_object().key("type").string("enabled");
      writer.key("maxReasoningEffort").string(effort).end_object();
      break;
    case Form::nova_disabled:
      writer.key("reasoningConfig").begin_object().key("type").string("disabled").end_object();
      break;
    case Form::flat: writer.key("reasoning_effort").string(effort); break;
    case Form::nested:
      writer.key("reasoning").begin_object().key("effort").string(effort).end_object();
      break;
    case Form::word: writer.key("reasoning_config").string(effort); break;
    case Form::verbatim:
      if (plan.own.name == kBudgetTokens) {
        thinking("enabled").key("budget_tokens").raw(plan.own.value).end_object();
      } else {
        writer.key(plan.own.name).raw(plan.own.value);
      }
      break;
  }
}

}  // namespace oriel::convert::bedrock
