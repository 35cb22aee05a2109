// Which tools may or must be called: `tool_choice` and its deprecated form `function_call`.
// Spec: spec/converse.md §6.2. Pure; what is parsed borrows the body or the arena.
#pragma once

#include "convert/chat.h"
#include "convert/json/reader.h"
#include "convert/openai/field_table.h"

namespace oriel::convert::openai {

// Each a string or an object, already known to be one.
Result<ToolChoice> parse_tool_choice(const json::Value& choice, const Path& path, Arena& arena);
Result<ToolChoice> parse_function_choice(const json::Value& choice, const Path& path, Arena& arena);

// What tools, functions and the choices mean together, once all are in: functions become the
// request's tools, and a choice that says nothing without tools becomes unset.
Result<void> settle_tools(RequestDraft& draft);

}  // namespace oriel::convert::openai
