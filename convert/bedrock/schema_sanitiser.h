// Schemas that a model's grammar is compiled from: what it does not take is taken out, and said in
// words. Source: spec/converse.md §7.2, C25. Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "convert/json/reader.h"

namespace oriel::convert::bedrock {

inline constexpr std::size_t kMaxSanitisedBytes = 256UL * 1024;
inline constexpr int kMaxSanitisedDepth = 64;

// What the schemas of one request may still hold, together.
struct SchemaBudget {
  std::size_t unions = 16;
  std::size_t optionals = 24;
};

struct SanitisedSchema {
  std::string text;      // JSON; its root is an object's schema
  bool changed = false;  // it allows other values than the client's did
};

// nullopt when the schema cannot be made to fit the budget, is too deep or large, or when its root
// is no object's: the budget is then untouched.
std::optional<SanitisedSchema> sanitise_schema(json::Value schema, SchemaBudget& budget);

}  // namespace oriel::convert::bedrock
