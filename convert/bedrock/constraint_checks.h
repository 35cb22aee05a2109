// The parts of find_violation(), by subject. Each looks at a whole body and answers the first
// violation. Source: spec/converse.md §5.2. Pure.
#pragma once

#include <algorithm>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "convert/bedrock/models.h"
#include "convert/json/reader.h"

namespace oriel::convert::bedrock {

using Violation = std::optional<std::string>;

Violation check_messages(json::Value body, const ModelCapabilities& model);      // C1 to C8, …
Violation check_cache_points(json::Value body, const ModelCapabilities& model);  // C24
Violation check_tool_config(json::Value body, const ModelCapabilities& model);   // C9, C11 to C13
Violation check_settings(json::Value body, const ModelCapabilities& model);      // C21 to C23, C27
Violation check_reasoning(json::Value body, const ModelCapabilities& model);     // §8

// --- what they share

inline std::optional<json::Text> text_of(json::Value object, std::string_view name) {
  const auto value = object.find(name);
  return value ? value->as_text() : std::nullopt;
}
// A member's text, unescaped; empty when there is none.
inline std::string word_of(json::Value object, std::string_view name) {
  const auto text = text_of(object, name);
  return text ? json::unescape(*text) : std::string();
}
// The value under a chain of names.
inline std::optional<json::Value> find_under(json::Value value,
                                             std::initializer_list<std::string_view> names) {
  for (const std::string_view name : names) {
    const auto member = value.find(name);
    if (!member) return std::nullopt;
    value = *member;
  }
  return value;
}
inline bool is_one_of(std::string_view word, std::span<const std::string_view> words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}
// The only member's name, of a union; empty when there is not exactly one.
inline std::string_view union_member(json::Value object) {
  const json::Children children = object.children();
  if (!object.is_object() || children.count() != 1) return {};
  return (*children.begin()).key.escaped();
}
// "C3 blank text at messages.2"
inline Violation violation_at(std::string_view what, std::string_view list, std::size_t index) {
  return std::string(what) + " at " + std::string(list) + "." + std::to_string(index);
}

}  // namespace oriel::convert::bedrock
