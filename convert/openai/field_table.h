// The table of a chat request's top-level fields: which type, range and values each may have, when
// it says nothing, and what takes it. One row a field: spec/converse.md §3. Pure; rows are static.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "convert/chat.h"
#include "convert/json/reader.h"
#include "convert/openai/parameter_error.h"

namespace oriel::convert::openai {

// A request while its fields come in, in whatever order the client wrote them.
struct RequestDraft {
  ChatRequest request;
  std::optional<std::int64_t> max_tokens;  // the deprecated name of max_completion_tokens
  std::vector<Tool> functions;             // the deprecated form of tools
  ToolChoice function_choice;              // the deprecated form of tool_choice
  std::optional<json::Value> extra_body;
  bool has_stream_options = false;  // and not null
};

enum class Shape : std::uint8_t {
  string,
  integer,
  decimal,  // integers too
  boolean,
  object,
  array,
  array_of_objects,
  string_or_object,
  string_or_array,
};

struct Bounds {
  std::int64_t minimum = std::numeric_limits<std::int64_t>::min();
  std::int64_t maximum = std::numeric_limits<std::int64_t>::max();
};

using Choices = std::span<const std::string_view>;

struct Field {
  std::string_view name;
  Shape shape;
  // Moves a checked value into the draft; without one the field goes to the request's extras.
  Result<void> (*take)(const json::Value& value, const Path& path, RequestDraft& draft) = nullptr;
  // Whether a checked value means the same as its absence.
  bool (*neutral)(const json::Value& value) = nullptr;
  Bounds bounds = {};    // of numbers
  Choices choices = {};  // of strings; empty is any
};

// The row of a field (chat_fields.cc), or nullptr when we do not know the name.
const Field* find_field(std::string_view name);
// All rows.
std::span<const Field> field_table();

// Type, range and enumeration of a value that is not null.
Result<void> check_field(const Field& field, const json::Value& value, const Path& path);

// Position of the text in `choices`, whatever escapes spell it.
std::optional<std::size_t> find_choice(json::Text text, Choices choices);

// The member `name` of `object`, which must be one of `choices`: its position there.
Result<std::size_t> require_choice(const json::Value& object, const Path& path,
                                   std::string_view name, Choices choices);
// Checks the same of an optional member; null counts as absent.
Result<void> allow_choice(const json::Value& object, const Path& path, std::string_view name,
                          Choices choices);

}  // namespace oriel::convert::openai
