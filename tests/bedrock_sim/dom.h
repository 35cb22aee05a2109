// Small lookups in a parsed body that has passed check_shape. Included by .cc files only: it pulls
// in simdjson.
#pragma once

#include <simdjson.h>

#include <optional>
#include <string_view>

namespace oriel::sim {

using simdjson::dom::element;

// The member of that name, unless absent or null.
inline std::optional<element> member(const element& object, std::string_view name) {
  element out;
  if (object[name].get(out) != simdjson::SUCCESS || out.is_null()) return std::nullopt;
  return out;
}

inline std::string_view text_of(const element& value) {
  std::string_view out;
  return value.get(out) == simdjson::SUCCESS ? out : std::string_view();
}

inline std::string_view text_member(const element& object, std::string_view name) {
  const auto found = member(object, name);
  return found ? text_of(*found) : std::string_view();
}

inline std::optional<double> number_member(const element& object, std::string_view name) {
  const auto found = member(object, name);
  double out = 0;
  if (!found || found->get(out) != simdjson::SUCCESS) return std::nullopt;
  return out;
}

// The items of the list member of that name; none when absent.
inline simdjson::dom::array list_member(const element& object, std::string_view name) {
  static const element kEmpty = [] {
    static simdjson::dom::parser parser;
    return parser.parse(std::string("[]")).value();
  }();
  simdjson::dom::array out;
  const auto found = member(object, name);
  if (!found || found->get(out) != simdjson::SUCCESS) return kEmpty.get_array().value();
  return out;
}

// A member deep inside: path{"thinking", "type"}.
inline std::optional<element> deep(const element& object,
                                   std::initializer_list<std::string_view> path) {
  std::optional<element> at = object;
  for (const std::string_view name : path) {
    at = member(*at, name);
    if (!at) return at;
  }
  return at;
}

}  // namespace oriel::sim
