// Sums over what a rendering of records says, for comparing renderings with each other.
#pragma once

#include <cmath>
#include <map>
#include <sstream>
#include <string>
#include <string_view>

#include "convert/json/reader.h"
#include "metrics/registry.h"
#include "tests/metrics/samples.h"

namespace oriel::metrics {

// In the smallest units: tokens, nanoseconds, nano-dollars.
using Sums = std::map<std::string, std::int64_t>;
using Labels = std::map<std::string, std::string>;

inline std::string text_of(const json::Value& object, std::string_view name,
                           const std::string& missing = "unknown") {
  const auto value = object.find(name);
  return value ? json::unescape(*value->as_text()) : missing;
}

// The number in units of 10^-places, exactly.
inline std::int64_t units_of(const json::Value& number, unsigned places) {
  std::string digits(number.raw().text);
  const std::size_t point = std::min(digits.find('.'), digits.size());
  std::string fraction = point < digits.size() ? digits.substr(point + 1) : "";
  RC_ASSERT(fraction.size() <= places);
  fraction.resize(places, '0');
  return std::stoll(digits.substr(0, point) + fraction);
}
inline std::int64_t integer_of(const json::Value& object, std::string_view name) {
  const auto value = object.find(name);
  return value ? units_of(*value, 0) : 0;
}

// One sample's labels, unescaped.
inline Labels labels_of(const std::string& sample) {
  Labels labels;
  std::size_t at = sample.find('{');
  while (at != std::string::npos && sample[at] != '}') {
    const std::size_t equals = sample.find('=', ++at);
    const std::string name = sample.substr(at, equals - at);
    std::string value;
    for (at = equals + 2; sample[at] != '"'; ++at) {
      if (sample[at] == '\\') ++at;
      value.push_back(sample[at]);
    }
    labels[name] = value;
    ++at;
  }
  return labels;
}

// What differs, a line each.
inline std::string difference(Sums told, Sums exposed) {
  for (const auto& [key, sum] : told) exposed.try_emplace(key, 0);
  std::ostringstream out;
  for (const auto& [key, sum] : exposed) {
    if (told[key] != sum) out << key << ": told " << told[key] << ", exposed " << sum << '\n';
  }
  return out.str();
}

// The exposition's sums, under the keys that `add_sample` gives them.
inline Sums exposed(Registry& registry, void (*add_sample)(const std::string& name, Labels labels,
                                                           double value, Sums& sums)) {
  static const std::string kPrefix = "oriel_";
  Sums sums;
  for (const auto& [sample, value] : scrape(registry)) {
    if (!sample.starts_with(kPrefix)) continue;
    const std::string name = sample.substr(0, sample.find('{'));
    add_sample(name.substr(kPrefix.size()), labels_of(sample), value, sums);
  }
  return sums;
}

}  // namespace oriel::metrics
