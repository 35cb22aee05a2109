#include "gateway/config_policy.h"

#include <algorithm>
#include <array>
#include <utility>

namespace oriel::gateway {
namespace {

using convert::EncodePolicy;
using Kind = ConfigField::Kind;

constexpr std::int64_t kMaxTokens = 10'000'000;
constexpr std::int64_t kMaxChoices = 128;  // of OpenAI's n
constexpr std::int64_t kMaxGuardrailId = 2048;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_id_char(char c) { return (c >= 'a' && c <= 'z') || is_digit(c); }

std::string set_unknown_params(EncodePolicy& policy, FieldValue&& value) {
  using Unknown = EncodePolicy::UnknownParams;
  constexpr std::array<std::pair<std::string_view, Unknown>, 3> kWords{
      {{"drop", Unknown::drop}, {"pass", Unknown::pass}, {"reject", Unknown::reject}}};
  return set_word(kWords, value.text, policy.unknown_params);
}

std::string set_guardrail_id(EncodePolicy& policy, FieldValue&& value) {
  const bool id = std::all_of(value.text.begin(), value.text.end(), is_id_char);
  if (!id && !value.text.starts_with("arn:")) return "is a guardrail's id or ARN";
  policy.guardrail_id = std::move(value.text);
  return {};
}

std::string set_guardrail_version(EncodePolicy& policy, FieldValue&& value) {
  const std::string& text = value.text;
  const bool number = text.front() != '0' && std::all_of(text.begin(), text.end(), is_digit);
  if (!number && text != "DRAFT") return "is a number or DRAFT";
  policy.guardrail_version = std::move(value.text);
  return {};
}

std::string set_guardrail_trace(EncodePolicy& policy, FieldValue&& value) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 3> kWords{
      {{"disabled", "disabled"}, {"enabled", "enabled"}, {"enabled_full", "enabled_full"}}};
  std::string_view word;
  std::string wrong = set_word(kWords, value.text, word);
  policy.guardrail_trace = word;
  return wrong;
}

#define ORIEL_POLICY(member, source)                      \
  [](EncodePolicy& p, FieldValue&& v) {                   \
    p.member = static_cast<decltype(p.member)>(v.source); \
    return std::string();                                 \
  }

constexpr auto kFields = std::to_array<PolicyField>({
    {"strict_params", Kind::flag, 0, 0, "false",
     "What would be dropped, clamped or degraded is refused instead.",
     ORIEL_POLICY(strict_params, flag)},
    {"unknown_params", Kind::text, 1, 16, "drop",
     "Parameters that OpenAI does not know: 'drop', 'pass' (into additionalModelRequestFields) or "
     "'reject'.",
     set_unknown_params},
    {"strict_history", Kind::flag, 0, 0, "false",
     "Tool calls without their answers are refused, not repaired.",
     ORIEL_POLICY(strict_history, flag)},
    {"auto_cache", Kind::flag, 0, 0, "false",
     "Sets cache points where the client set none and the model caches.",
     ORIEL_POLICY(auto_cache, flag)},
    {"inline_system", Kind::flag, 0, 0, "false",
     "System messages between turns stay where they are.", ORIEL_POLICY(inline_system, flag)},
    {"prefix_user_names", Kind::flag, 0, 0, "false",
     "Puts 'name: ' before users' texts when a conversation has several authors.",
     ORIEL_POLICY(prefix_user_names, flag)},
    {"placeholder_tool", Kind::flag, 0, 0, "false",
     "A history with tool calls but no tools gets a tool that does nothing, in place of plain "
     "text.",
     ORIEL_POLICY(placeholder_tool, flag)},
    {"user_id_to_model", Kind::flag, 0, 0, "false",
     "Sends `user` to Claude models, as metadata.user_id.", ORIEL_POLICY(user_id_to_model, flag)},
    {"nova_grounding", Kind::flag, 0, 0, "false",
     "web_search_options become Nova's own web grounding.", ORIEL_POLICY(nova_grounding, flag)},
    {"default_max_tokens", Kind::integer, 0, kMaxTokens, "0",
     "Output tokens where the client says nothing; 0 is the model's own limit.",
     ORIEL_POLICY(default_max_tokens, integer)},
    {"max_choices", Kind::integer, 1, kMaxChoices, "1",
     "Largest `n`: each choice is an upstream call.", ORIEL_POLICY(max_choices, integer)},
    {"guardrail.id", Kind::text, 0, kMaxGuardrailId, "",
     "The guardrail that every request gets: its id or ARN; empty is none.", set_guardrail_id},
    {"guardrail.version", Kind::text, 1, 8, "", "The guardrail's version: a number or DRAFT.",
     set_guardrail_version},
    {"guardrail.trace", Kind::text, 1, 16, "",
     "'disabled', 'enabled' or 'enabled_full'; empty is AWS's default.", set_guardrail_trace},
    {"client_guardrail", Kind::flag, 0, 0, "false",
     "Clients may choose a guardrail where the configuration sets none.",
     ORIEL_POLICY(client_guardrail, flag)},
});

#undef ORIEL_POLICY

}  // namespace

std::span<const PolicyField> policy_fields() { return kFields; }

std::string check_policy(const EncodePolicy& policy) {
  if (!policy.guardrail_id.empty() && policy.guardrail_version.empty()) {
    return "guardrail.id needs guardrail.version";
  }
  return {};
}

}  // namespace oriel::gateway
