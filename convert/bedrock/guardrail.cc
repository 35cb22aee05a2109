#include "convert/bedrock/guardrail.h"

#include <algorithm>
#include <array>
#include <string>

#include "convert/bedrock/refusals.h"
#include "convert/wire/chars.h"

namespace oriel::convert::bedrock {
namespace {

constexpr std::size_t kMaxVersionDigits = 8;
constexpr auto kTraces = std::to_array<std::string_view>({"disabled", "enabled", "enabled_full"});
constexpr auto kStreamModes = std::to_array<std::string_view>({"sync", "async"});

bool is_lower_alphanumeric(char c) { return (c >= 'a' && c <= 'z') || wire::is_digit(c); }

bool is_name(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_lower_alphanumeric);
}

// arn:aws…:bedrock:REGION:ACCOUNT:guardrail/ID
bool is_guardrail_arn(std::string_view text) {
  if (!text.starts_with("arn:aws")) return false;
  const std::size_t type = text.find(":guardrail/");
  if (type == std::string_view::npos || !is_name(text.substr(type + 11))) return false;
  const std::string_view head = text.substr(0, type);
  return head.find(":bedrock:") != std::string_view::npos &&
         std::all_of(head.begin(), head.end(),
                     [](char c) { return is_lower_alphanumeric(c) || c == '-' || c == ':'; });
}

bool is_version(std::string_view text) {
  return text == "DRAFT" ||
         (!text.empty() && text.size() <= kMaxVersionDigits && text.front() != '0' &&
          std::all_of(text.begin(), text.end(), wire::is_digit));
}

template <std::size_t N>
bool is_one_of(const std::array<std::string_view, N>& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

bool is_valid(std::string_view member, std::string_view value) {
  if (member == "guardrailIdentifier") {
    return value.size() <= kMaxGuardrailId && (is_name(value) || is_guardrail_arn(value));
  }
  if (member == "guardrailVersion") return is_version(value);
  if (member == "trace") return is_one_of(kTraces, value);
  return is_one_of(kStreamModes, value);
}

Unexpected<Error> refuse_member(const std::string& path) {
  return refuse_value("Invalid value for '" + path + "'.", path);
}

}  // namespace

Guardrail guardrail_of(const EncodePolicy& policy) {
  return {policy.guardrail_id, policy.guardrail_version, policy.guardrail_trace, {}};
}

Result<Guardrail> read_guardrail(std::string_view name, json::Value config) {
  Guardrail guardrail;
  const std::string path = std::string(name) + ".";
  for (const json::Member member : config.children()) {
    const std::string_view key = member.key.escaped();
    std::string_view* field = key == "guardrailIdentifier"    ? &guardrail.id
                              : key == "guardrailVersion"     ? &guardrail.version
                              : key == "trace"                ? &guardrail.trace
                              : key == "streamProcessingMode" ? &guardrail.stream_mode
                                                              : nullptr;
    // A guard whose setting is not understood guards something else.
    if (field == nullptr) return refuse_unknown(path + std::string(key.substr(0, 64)));
    const auto text = member.value.as_text();
    if (!text || !is_valid(key, text->escaped())) return refuse_member(path + std::string(key));
    *field = text->escaped();
  }
  if (guardrail.id.empty()) return refuse_member(path + "guardrailIdentifier");
  if (guardrail.version.empty()) return refuse_member(path + "guardrailVersion");
  return guardrail;
}

}  // namespace oriel::convert::bedrock
