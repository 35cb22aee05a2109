// The field table of the configuration file: every key once, with its type, range and meaning.
// Unknown keys are an error that names the nearest known one. docs/configuration.md is printed from
// this table.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "gateway/config.h"

namespace oriel::gateway {

// A scalar of the file, checked against its field's kind and range.
struct FieldValue {
  std::string text;               // text kinds
  std::vector<std::string> list;  // texts
  std::int64_t integer = 0;       // integer kinds
  bool flag = false;
};

struct ConfigField {
  enum class Kind : std::uint8_t { text, secret, texts, integer, milliseconds, bytes, flag };
  // "server.listen"; in "providers.*.type" the star is the entry's name.
  std::string_view path;
  Kind kind;
  std::int64_t min;
  std::int64_t max;
  std::string_view default_text;
  std::string_view doc;
  // `entry` is what stood for the star. Returns what is wrong with the value, or nothing.
  std::string (*set)(Config& config, const std::string& entry, FieldValue&& value);
};

std::span<const ConfigField> config_fields();

// The reference page of the configuration file, in Markdown.
std::string config_reference();

}  // namespace oriel::gateway
