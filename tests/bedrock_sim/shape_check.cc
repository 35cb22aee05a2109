#include <simdjson.h>

#include <algorithm>
#include <array>
#include <regex>
#include <unordered_map>
#include <vector>

#include "tests/bedrock_sim/shapes.h"

namespace oriel::sim {
namespace {

#include "tests/bedrock_sim/shapes_table.inc"

using simdjson::dom::element;
using simdjson::dom::element_type;

constexpr std::size_t kMaxErrors = 10;
constexpr std::size_t kMaxEchoedValue = 64;

std::size_t code_points(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}

bool is_base64(std::string_view text) {
  static const auto kDigits = [] {
    std::array<bool, 256> table{};
    for (const char* c = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"; *c;
         ++c) {
      table[static_cast<unsigned char>(*c)] = true;
    }
    return table;
  }();
  if (text.size() % 4 != 0) return false;
  for (int pad = 0; pad < 2 && !text.empty() && text.back() == '='; ++pad) text.remove_suffix(1);
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return kDigits[static_cast<unsigned char>(c)]; });
}

bool all_in(std::string_view text, std::string_view extra) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [extra](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           extra.find(c) != std::string_view::npos;
  });
}

bool matches(std::string_view text, std::string_view pattern) {
  // The two patterns of every tool conversation, without the price of std::regex.
  if (pattern == "[a-zA-Z0-9_.:-]+") return all_in(text, "_.:-");
  if (pattern == "[a-zA-Z0-9_-]+") return all_in(text, "_-");
  thread_local std::unordered_map<std::string_view, std::regex> compiled;
  auto found = compiled.find(pattern);
  if (found == compiled.end()) {
    found = compiled.emplace(pattern, std::regex(std::string(pattern))).first;
  }
  return std::regex_match(text.begin(), text.end(), found->second);
}

class Checker {
 public:
  Fault run(const element& body, int root) {
    check(body, kShapes[root]);
    if (!fault_.found() && !errors_.empty()) {
      fault_.type = "ValidationException";
      fault_.message = std::to_string(errors_.size()) +
                       (errors_.size() == 1 ? " validation error" : " validation errors") +
                       " detected: ";
      for (std::size_t i = 0; i < errors_.size(); ++i) {
        fault_.message += (i ? "; " : "") + errors_[i];
      }
    }
    return std::move(fault_);
  }

 private:
  struct Step {
    std::string_view name;  // Empty: a list index.
    std::size_t index;
  };

  void check(const element& value, const Shape& shape) {
    if (fault_.found() || errors_.size() >= kMaxErrors) return;
    switch (shape.kind) {
      case Kind::kDocument: return;
      case Kind::kStructure:
      case Kind::kUnion: return check_structure(value, shape);
      case Kind::kList: return check_list(value, shape);
      case Kind::kMap: return check_map(value, shape);
      case Kind::kString:
      case Kind::kBlob: return check_text(value, shape);
      case Kind::kInteger:
      case Kind::kFloat: return check_number(value, shape);
      case Kind::kBoolean:
        if (value.type() != element_type::BOOL) wrong_type(value, "a Boolean");
        return;
    }
  }

  void check_structure(const element& value, const Shape& shape) {
    simdjson::dom::object object;
    if (value.get(object) != simdjson::SUCCESS) return wrong_type(value, "a structure");
    std::uint64_t present = 0;
    for (const auto& [name, member_value] : object) {
      int slot = 0;
      while (slot < shape.member_count && kMembers[shape.first_member + slot].name != name) ++slot;
      if (slot == shape.member_count) return unknown_member(name, shape);
      if (member_value.is_null()) continue;
      if (present >> slot & 1) return serialization("Duplicate member: " + std::string(name));
      present |= std::uint64_t{1} << slot;
      steps_.push_back({name, 0});
      check(member_value, kShapes[kMembers[shape.first_member + slot].shape]);
      steps_.pop_back();
    }
    for (int slot = 0; slot < shape.member_count; ++slot) {
      const Member& member = kMembers[shape.first_member + slot];
      if (member.need != Need::kRequired || present >> slot & 1) continue;
      steps_.push_back({member.name, 0});
      fail("Value null", "Member must not be null");
      steps_.pop_back();
    }
    if (shape.kind == Kind::kUnion && (present == 0 || (present & (present - 1)) != 0)) {
      bad_union(shape);
    }
  }

  void check_list(const element& value, const Shape& shape) {
    simdjson::dom::array array;
    if (value.get(array) != simdjson::SUCCESS) return wrong_type(value, "a list");
    std::size_t index = 0;
    for (const element item : array) {
      steps_.push_back({{}, index++});
      if (item.is_null()) {
        fail("Value null", "Member must not be null");
      } else {
        check(item, kShapes[shape.element]);
      }
      steps_.pop_back();
    }
    check_length(index, "Value", shape);
  }

  void check_map(const element& value, const Shape& shape) {
    simdjson::dom::object object;
    if (value.get(object) != simdjson::SUCCESS) return wrong_type(value, "a map");
    const Shape& key_shape = kShapes[shape.key];
    std::size_t count = 0;
    for (const auto& [name, item] : object) {
      ++count;
      if (code_points(name) < 1 || code_points(name) > 256 ||
          (!key_shape.pattern.empty() && !matches(name, key_shape.pattern))) {
        fail("Value",
             "Map keys must satisfy constraint: [Member must have length less than or "
             "equal to 256, Member must have length greater than or equal to 1, Member "
             "must satisfy regular expression pattern: " +
                 std::string(key_shape.pattern) + "]");
      }
      check_map_value(name, item, kShapes[shape.element]);
    }
    check_length(count, "Value", shape);
  }

  // What a value of a map of strings violates is told of the map, and of all values at once.
  void check_map_value(std::string_view name, const element& value, const Shape& shape) {
    std::string_view text;
    if (shape.kind != Kind::kString || value.get(text) != simdjson::SUCCESS) {
      steps_.push_back({name, 0});
      check(value, shape);
      steps_.pop_back();
      return;
    }
    const auto size = static_cast<std::int64_t>(code_points(text));
    const bool short_enough = shape.max == kUnbounded || size <= shape.max;
    if (short_enough && (shape.pattern.empty() || matches(text, shape.pattern))) return;
    fail("Value",
         "Map value must satisfy constraint: [Member must have length less than or equal to " +
             std::to_string(shape.max) + ", Member must have length greater than or equal to " +
             std::to_string(shape.min) + ", Member must satisfy regular expression pattern: " +
             std::string(shape.pattern) + "]");
  }

  void check_text(const element& value, const Shape& shape) {
    std::string_view text;
    if (value.get(text) != simdjson::SUCCESS) return wrong_type(value, "a String");
    if (shape.kind == Kind::kBlob) {
      if (!is_base64(text)) return serialization("Invalid base64 encoding of a blob");
      return check_length(text.size(), "Value", shape);
    }
    const std::string shown = "Value '" + std::string(text.substr(0, kMaxEchoedValue)) + "'";
    if (shape.word_count > 0) return check_enum(text, shown, shape);
    if (shape.min != kUnbounded || shape.max != kUnbounded) {
      check_length(code_points(text), shown, shape);
    }
    if (!shape.pattern.empty() && !matches(text, shape.pattern)) {
      fail(shown, "Member must satisfy regular expression pattern: " + std::string(shape.pattern));
    }
  }

  void check_enum(std::string_view text, const std::string& shown, const Shape& shape) {
    const auto* first = kWords + shape.first_word;
    const auto* last = first + shape.word_count;
    if (std::find(first, last, text) != last) return;
    // This one Bedrock checks by itself.
    if (shape.name == "ServiceTierType") {
      fault_ = {"ValidationException", "The service tier provided is invalid."};
      return;
    }
    std::string words;
    for (const auto* word = first; word != last; ++word) {
      words += (word == first ? "" : ", ") + std::string(*word);
    }
    fail(shown, "Member must satisfy enum value set: [" + words + "]");
  }

  void check_number(const element& value, const Shape& shape) {
    double number = 0;
    std::int64_t integer = 0;
    if (shape.kind == Kind::kInteger) {
      if (value.get(integer) != simdjson::SUCCESS) return wrong_type(value, "an Integer");
      if (integer > INT32_MAX || integer < INT32_MIN) {
        return serialization("Number out of range of an Integer");
      }
      number = static_cast<double>(integer);
    } else if (value.get(number) != simdjson::SUCCESS) {
      return wrong_type(value, "a Float");
    }
    const std::string shown =
        "Value '" +
        (shape.kind == Kind::kInteger ? std::to_string(integer) : std::to_string(number)) + "'";
    if (shape.min != kUnbounded && number < static_cast<double>(shape.min)) {
      fail(shown, "Member must have value greater than or equal to " + std::to_string(shape.min));
    }
    if (shape.max != kUnbounded && number > static_cast<double>(shape.max)) {
      fail(shown, "Member must have value less than or equal to " + std::to_string(shape.max));
    }
  }

  void check_length(std::size_t length, const std::string& shown, const Shape& shape) {
    const auto size = static_cast<std::int64_t>(length);
    if (shape.min != kUnbounded && size < shape.min) {
      fail(shown, "Member must have length greater than or equal to " + std::to_string(shape.min));
    }
    if (shape.max != kUnbounded && size > shape.max) {
      fail(shown, "Member must have length less than or equal to " + std::to_string(shape.max));
    }
  }

  void bad_union(const Shape& shape) {
    std::string keys;
    for (int slot = 0; slot < shape.member_count; ++slot) {
      keys += (slot ? ", " : "") + std::string(kMembers[shape.first_member + slot].name);
    }
    fault_ = {"ValidationException", "The " + std::string(shape.name) + " object at " +
                                         path(Style::kBedrock) +
                                         " must set one of the following keys: " + keys + "."};
  }

  void wrong_type(const element& value, std::string_view wanted) {
    switch (value.type()) {
      case element_type::OBJECT:
        return serialization("Start of structure or map found where not expected.");
      case element_type::ARRAY: return serialization("Start of list found where not expected.");
      case element_type::STRING:
        return serialization("STRING_VALUE can not be converted to " + std::string(wanted));
      case element_type::BOOL:
        return serialization("BOOLEAN_VALUE can not be converted to " + std::string(wanted));
      case element_type::NULL_VALUE:
        return serialization("NULL_VALUE can not be converted to " + std::string(wanted));
      default: return serialization("NUMBER_VALUE can not be converted to " + std::string(wanted));
    }
  }

  // Stricter than the service, which ignores what it does not know.
  void unknown_member(std::string_view name, const Shape& shape) {
    serialization("Unknown member '" + std::string(name) + "' of " + std::string(shape.name));
  }

  void serialization(const std::string& message) {
    fault_ = {"SerializationException",
              steps_.empty() ? message : message + " (at " + path(Style::kBedrock) + ")"};
  }

  void fail(const std::string& value, const std::string& constraint) {
    if (errors_.size() >= kMaxErrors) return;
    errors_.push_back(value + " at '" + path(Style::kCoral) +
                      "' failed to satisfy constraint: " + constraint);
  }

  // Bedrock's own checks count from 0 (messages.0.content.1), the framework's from 1
  // (messages.1.member.content.2.member).
  enum class Style { kBedrock, kCoral };
  std::string path(Style style) const {
    std::string out;
    for (const Step& step : steps_) {
      if (!out.empty()) out += '.';
      if (!step.name.empty()) {
        out += step.name;
      } else if (style == Style::kBedrock) {
        out += std::to_string(step.index);
      } else {
        out += std::to_string(step.index + 1) + ".member";
      }
    }
    return out;
  }

  std::vector<Step> steps_;
  std::vector<std::string> errors_;
  Fault fault_;
};

}  // namespace

Fault check_shape(const element& body, Root root) {
  return Checker().run(body, root == Root::kConverse ? kConverseRequest : kConverseStreamRequest);
}

}  // namespace oriel::sim
