#include "tests/bedrock_sim/schema_check.h"

#include <algorithm>
#include <array>
#include <vector>

#include "tests/bedrock_sim/constraints.h"
#include "tests/bedrock_sim/dom.h"

namespace oriel::sim {
namespace {

constexpr int kMaxDepth = 64;
constexpr int kMaxUnions = 16;
constexpr int kMaxOptionals = 24;
constexpr int kMaxProperties = 500;

struct Refused {
  std::string_view type;  // The type it belongs to; empty: any.
  std::string_view keyword;
};

constexpr std::array kRefused = {
    Refused{"string", "maxLength"},
    Refused{"string", "minLength"},
    Refused{"string", "pattern"},
    Refused{"number", "exclusiveMaximum"},
    Refused{"number", "exclusiveMinimum"},
    Refused{"number", "maximum"},
    Refused{"number", "minimum"},
    Refused{"number", "multipleOf"},
    Refused{"array", "maxItems"},
    Refused{"array", "uniqueItems"},
    Refused{"object", "maxProperties"},
    Refused{"object", "minProperties"},
    Refused{"", "$schema"},
    Refused{"", "default"},
    Refused{"", "examples"},
};

constexpr std::array<std::string_view, 10> kFormats = {
    "date-time", "time", "date", "duration", "email", "hostname", "uri", "ipv4", "ipv6", "uuid"};

// Members of a schema that hold schemas, and those that map names to schemas.
constexpr std::array<std::string_view, 5> kHolders = {"items", "anyOf", "oneOf", "allOf", "not"};
constexpr std::array<std::string_view, 3> kMaps = {"properties", "$defs", "definitions"};

}  // namespace

Fault SchemaCheck::read(const element& schema, const std::string& place) {
  place_ = place;
  root_ = &schema;
  return walk(schema, 0);
}

Fault SchemaCheck::walk(const element& schema, int depth) {
  if (depth > kMaxDepth) return model_says(place_ + ": Schema is too complex.");
  simdjson::dom::array list;
  if (schema.get(list) == simdjson::SUCCESS) {
    for (const element item : list) {
      if (Fault fault = walk(item, depth + 1); fault.found()) return fault;
    }
    return {};
  }
  if (!schema.is_object()) return {};
  const auto type_member = member(schema, "type");
  std::string_view type = type_member ? text_of(*type_member) : std::string_view();
  if (type_member && type_member->is_array()) {
    for (const element word : list_member(schema, "type")) {
      if (text_of(word) != "null") type = text_of(word);
    }
    ++unions_;
  } else if (member(schema, "anyOf")) {
    ++unions_;
  }
  if (Fault fault = check_keywords(schema, type); fault.found()) return fault;
  if (Fault fault = check_reference(text_member(schema, "$ref")); fault.found()) return fault;
  count_optionals(schema);
  for (const std::string_view name : kHolders) {
    const auto inner = member(schema, name);
    if (!inner) continue;
    if (Fault fault = walk(*inner, depth + 1); fault.found()) return fault;
  }
  for (const std::string_view name : kMaps) {
    const auto inner = member(schema, name);
    simdjson::dom::object object;
    if (!inner || inner->get(object) != simdjson::SUCCESS) continue;
    for (const auto& [key, value] : object) {
      if (Fault fault = walk(value, depth + 1); fault.found()) return fault;
    }
  }
  return {};
}

Fault SchemaCheck::check_keywords(const element& schema, std::string_view type) const {
  if (type == "object" || member(schema, "properties")) {
    const auto additional = member(schema, "additionalProperties");
    bool open = true;
    if (!additional || additional->get(open) != simdjson::SUCCESS || open) {
      return model_says(place_ +
                        ": For 'object' type, 'additionalProperties' must be explicitly set "
                        "to false");
    }
  }
  const std::string_view kind = type == "integer" ? "number" : type;
  std::vector<std::string_view> found;
  for (const Refused& row : kRefused) {
    const auto value = member(schema, row.keyword);
    bool limits = true;
    const bool said = value && value->get(limits) == simdjson::SUCCESS;
    if (said && !limits && row.keyword == "uniqueItems") continue;  // It limits nothing.
    if (value && (row.type.empty() || type.empty() || row.type == kind)) {
      found.push_back(row.keyword);
    }
  }
  const std::string subject = place_ + ": For '" + std::string(type) + "' type, ";
  if (found.size() == 1) {
    return model_says(subject + "property '" + std::string(found[0]) + "' is not supported");
  }
  if (found.size() > 1) {
    std::string names;
    for (const std::string_view name : found) {
      names += (names.empty() ? "" : ", ") + std::string(name);
    }
    return model_says(subject + "properties " + names + " are not supported");
  }
  if (number_member(schema, "minItems").value_or(0) > 1) {
    return model_says(subject + "'minItems' values other than 0 or 1 are not supported");
  }
  const std::string_view format = text_member(schema, "format");
  if (type == "string" && !format.empty() &&
      std::find(kFormats.begin(), kFormats.end(), format) == kFormats.end()) {
    return model_says(subject + "format '" + std::string(format) + "' is not supported");
  }
  return {};
}

Fault SchemaCheck::check_reference(std::string_view reference) const {
  if (reference.empty()) return {};
  element target;
  if (reference.substr(0, 2) == "#/" &&
      root_->at_pointer(reference.substr(1)).get(target) == simdjson::SUCCESS) {
    return {};
  }
  return model_says(place_ + ": Could not resolve reference '" + std::string(reference) + "'");
}

void SchemaCheck::count_optionals(const element& schema) {
  const auto properties = member(schema, "properties");
  simdjson::dom::object object;
  if (!properties || properties->get(object) != simdjson::SUCCESS) return;
  std::vector<std::string_view> required;
  for (const element name : list_member(schema, "required")) required.push_back(text_of(name));
  for (const auto& [key, value] : object) {
    ++properties_;
    if (std::find(required.begin(), required.end(), key) == required.end()) ++optionals_;
  }
}

Fault SchemaCheck::finish() const {
  if (unions_ > kMaxUnions) {
    return model_says("Schemas contains too many parameters with union types (" +
                      std::to_string(unions_) +
                      " parameters with type arrays or anyOf), which would make grammar "
                      "compilation inefficient. Reduce the number of nullable or union-typed "
                      "parameters (limit: 16 parameters with unions).");
  }
  if (optionals_ > kMaxOptionals) {
    return model_says("Schemas contains too many optional parameters (" +
                      std::to_string(optionals_) +
                      "), which would make grammar compilation inefficient. Reduce the number of "
                      "optional parameters in your tool schemas (limit: 24).");
  }
  if (properties_ > kMaxProperties) {
    return model_says(
        "The compiled grammar is too large, which would cause performance issues. Simplify your "
        "tool schemas or reduce the number of strict tools.");
  }
  return {};
}

}  // namespace oriel::sim
