// The field table of the configuration file: every key once, with its type, range and meaning.
// Unknown keys are an error that names the nearest known one. docs/configuration.md is printed from
// this table.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gateway/config.h"

namespace oriel::gateway {

// A scalar of the file, checked against its field's kind and range.
struct FieldValue {
  std::string text;               // text kinds
  std::vector<std::string> list;  // texts
  std::int64_t integer = 0;       // integer kinds; of decimals the millionths
  bool flag = false;
};

// One of a few words. Returns what is wrong with `text`, or nothing and sets `member`.
template <class Meaning, std::size_t N>
std::string set_word(const std::array<std::pair<std::string_view, Meaning>, N>& words,
                     std::string_view text, Meaning& member) {
  std::string expected;
  for (std::size_t i = 0; i < N; ++i) {
    if (words[i].first == text) {
      member = words[i].second;
      return {};
    }
    expected.append(i == 0 ? "'" : i + 1 < N ? ", '" : " or '").append(words[i].first).append("'");
  }
  return "is " + expected + ", not '" + std::string(text) + "'";
}

struct ConfigField {
  enum class Kind : std::uint8_t {
    text,
    secret,
    texts,
    integer,
    milliseconds,
    bytes,
    decimal,  // up to six digits behind the point, kept in millionths
    flag,
  };
  // "server.listen"; in "providers.*.type" the star is the entry's name.
  std::string path;
  Kind kind;
  std::int64_t min;
  std::int64_t max;
  std::string_view default_text;
  std::string doc;
  // `entry` is what stood for the star. Returns what is wrong with the value, or nothing.
  std::function<std::string(Config& config, const std::string& entry, FieldValue&& value)> set;
};

std::span<const ConfigField> config_fields();

// The reference page of the configuration file, in Markdown.
std::string config_reference();

}  // namespace oriel::gateway
