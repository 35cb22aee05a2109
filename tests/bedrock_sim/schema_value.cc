#include "tests/bedrock_sim/schema_value.h"

#include <simdjson.h>

#include "tests/bedrock_sim/dom.h"
#include "tests/bedrock_sim/json_out.h"

namespace oriel::sim {
namespace {

constexpr int kMaxDepth = 8;

class Maker {
 public:
  explicit Maker(const element& root) : root_(root) {}

  std::string make(const element& schema, std::string_view name, int depth) {
    if (depth > kMaxDepth) return "null";
    if (const auto constant = member(schema, "const")) return simdjson::minify(*constant);
    for (const element first : list_member(schema, "enum")) return simdjson::minify(first);
    for (const char* key : {"anyOf", "oneOf", "allOf"}) {
      for (const element first : list_member(schema, key)) return make(first, name, depth + 1);
    }
    const std::string_view reference = text_member(schema, "$ref");
    if (reference.substr(0, 2) == "#/") {
      element target;
      if (root_.at_pointer(reference.substr(1)).get(target) == simdjson::SUCCESS) {
        return make(target, name, depth + 1);
      }
    }
    return by_type(schema, name, depth);
  }

 private:
  static std::string_view type_of(const element& schema) {
    const auto type = member(schema, "type");
    if (!type) return member(schema, "properties") ? "object" : "string";
    simdjson::dom::array types;
    if (type->get(types) != simdjson::SUCCESS) return text_of(*type);
    for (const element first : types) return text_of(first);
    return "string";
  }

  std::string by_type(const element& schema, std::string_view name, int depth) {
    const std::string_view type = type_of(schema);
    std::string out;
    if (type == "object") {
      JsonOut json(out);
      json.open();
      simdjson::dom::object properties;
      const auto holder = member(schema, "properties");
      if (holder && holder->get(properties) == simdjson::SUCCESS) {
        for (const auto& [key, value] : properties) {
          std::string quoted;
          JsonOut::append_quoted(quoted, key);
          json.key(std::string_view(quoted).substr(1, quoted.size() - 2));
          json.raw(make(value, key, depth + 1));
        }
      }
      json.close();
    } else if (type == "array") {
      const auto items = member(schema, "items");
      out = "[" + (items ? make(*items, name, depth + 1) : std::string("\"item\"")) + "]";
    } else if (type == "integer") {
      const double least = number_member(schema, "minimum").value_or(42);
      out = std::to_string(static_cast<long>(least > 42 ? least : 42));
    } else if (type == "number") {
      out = "1.5";
    } else if (type == "boolean") {
      out = "true";
    } else if (type == "null") {
      out = "null";
    } else {
      JsonOut(out).string("value of " + std::string(name));
    }
    return out;
  }

  const element& root_;
};

}  // namespace

std::string value_of_schema(const element& schema, std::string_view name) {
  return Maker(schema).make(schema, name, 0);
}

}  // namespace oriel::sim
