#include "convert/openai/field_table.h"

#include <algorithm>
#include <string>

namespace oriel::convert::openai {
namespace {

using json::Type;
using json::Value;

// Indexed by Shape; completes "expected …".
constexpr std::string_view kExpected[] = {
    "a string",
    "an integer",
    "a decimal",
    "a boolean",
    "an object",
    "an array",
    "an array of objects",
    "one of a string or object",
    "one of a string or array of strings",
};

// Whether a number's text is that of an integer, be it ever so long.
bool spells_integer(const Value& value) {
  return value.type() == Type::integer ||
         (value.type() == Type::number &&
          value.raw().text.find_first_of(".eE") == std::string_view::npos);
}

bool fits(Shape shape, const Value& value) {
  const Type type = value.type();
  switch (shape) {
    case Shape::string: return type == Type::string;
    case Shape::integer: return spells_integer(value);
    case Shape::decimal: return type == Type::integer || type == Type::number;
    case Shape::boolean: return type == Type::boolean;
    case Shape::object: return type == Type::object;
    case Shape::array:
    case Shape::array_of_objects: return type == Type::array;
    case Shape::string_or_object: return type == Type::string || type == Type::object;
    case Shape::string_or_array: return type == Type::string || type == Type::array;
  }
  return false;
}

Result<void> check_integer(const Bounds& bounds, const Value& value, const Path& path) {
  const json::Raw got = value.raw();
  const auto number = value.as_integer();
  const bool wide = !number.has_value();  // beyond 64 bits: its sign says on which side
  const bool negative = got.text.front() == '-';
  if (wide ? negative : *number < bounds.minimum) {
    return Unexpected{below_minimum(path, NumberKind::integer, bounds.minimum, got)};
  }
  if (wide ? !negative : *number > bounds.maximum) {
    return Unexpected{above_maximum(path, NumberKind::integer, bounds.maximum, got)};
  }
  return {};
}

Result<void> check_decimal(const Bounds& bounds, const Value& value, const Path& path) {
  const auto number = value.as_number();
  if (!number) return Unexpected{wrong_type(path, "a finite decimal", value.type())};
  if (*number < static_cast<double>(bounds.minimum)) {
    return Unexpected{below_minimum(path, NumberKind::decimal, bounds.minimum, value.raw())};
  }
  if (*number > static_cast<double>(bounds.maximum)) {
    return Unexpected{above_maximum(path, NumberKind::decimal, bounds.maximum, value.raw())};
  }
  return {};
}

}  // namespace

std::optional<std::size_t> find_choice(json::Text text, Choices choices) {
  std::string scratch;
  const std::string_view plain = json::unescape(text, scratch);
  const auto found = std::find(choices.begin(), choices.end(), plain);
  if (found == choices.end()) return std::nullopt;
  return static_cast<std::size_t>(found - choices.begin());
}

Result<std::size_t> require_choice(const Value& object, const Path& path, std::string_view name,
                                   Choices choices) {
  auto text = require_text(object, path, name);
  if (!text) return Unexpected{std::move(text).error()};
  const auto found = find_choice(*text, choices);
  if (!found) return Unexpected{unknown_value(path.member(name), *text, choices)};
  return *found;
}

Result<void> allow_choice(const Value& object, const Path& path, std::string_view name,
                          Choices choices) {
  if (!object.find_present(name)) return {};
  auto choice = require_choice(object, path, name, choices);
  if (!choice) return Unexpected{std::move(choice).error()};
  return {};
}

Result<void> check_field(const Field& field, const Value& value, const Path& path) {
  if (!fits(field.shape, value)) {
    const auto expected = kExpected[static_cast<std::size_t>(field.shape)];
    return Unexpected{wrong_type(path, expected, value.type())};
  }
  if (field.shape == Shape::integer) return check_integer(field.bounds, value, path);
  if (field.shape == Shape::decimal) return check_decimal(field.bounds, value, path);
  if (field.choices.empty() || !value.is_string()) return {};
  const json::Text text = *value.as_text();
  if (find_choice(text, field.choices)) return {};
  return Unexpected{unknown_value(path, text, field.choices)};
}

}  // namespace oriel::convert::openai
