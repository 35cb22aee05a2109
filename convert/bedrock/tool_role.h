// What a tool that the model calls stands for, and the text that its input is to the client: its
// own tool's arguments, or what was asked of the model by means of a tool. Source: spec/converse.md
// §6.1, §6.5, §7. Pure.
#pragma once

#include <cstdint>

#include "convert/chat.h"
#include "convert/dialect.h"
#include "convert/json/reader.h"

namespace oriel::convert::bedrock {

enum class ToolRole : std::uint8_t {
  client,          // the input is the client's arguments
  custom,          // its member "input" is the client's text
  wrapped,         // its member "value" is the client's arguments
  format,          // the input is the answer's content
  wrapped_format,  // its member "value" is
  none,            // no concern of the client's: a placeholder, or a tool of the server's
};

// Whether the client sees the call.
constexpr bool is_client_call(ToolRole role) {
  return role == ToolRole::client || role == ToolRole::custom || role == ToolRole::wrapped;
}
// Whether the client gets something else than the input as it stands.
constexpr bool is_wrapped(ToolRole role) {
  return role == ToolRole::custom || role == ToolRole::wrapped || role == ToolRole::wrapped_format;
}

// `name` as upstream knows the tool.
ToolRole tool_role(const ReplyContext& context, Text name);

// Arguments, custom input or content: compact JSON, escaped, or the text that a string holds.
// Borrows `input` or `arena`. An input that is not wrapped as asked goes through as it stands.
Text client_input(json::Value input, ToolRole role, Arena& arena);

}  // namespace oriel::convert::bedrock
