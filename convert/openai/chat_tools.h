// Tools, the choice among them and the calls of them in OpenAI's chat form: spec/converse.md §6.
// Function tools only. Pure; what is parsed borrows the body or the request's arena.
#pragma once

#include "convert/chat.h"
#include "convert/json/reader.h"
#include "convert/openai/parameter_error.h"

namespace oriel::convert::openai {

// `tools`: an array, already known to be one.
Result<void> parse_tools(const json::Value& tools, const Path& path, ChatRequest& request);
// `tool_choice`: a string or an object, already known to be one.
Result<void> parse_tool_choice(const json::Value& choice, const Path& path, ChatRequest& request);
// What tools and tool_choice mean together, once both are in. A choice that says nothing without
// tools becomes unset.
Result<void> settle_tool_choice(ChatRequest& request);

// `tool_calls` of an assistant message: an array, already known to be one.
Result<void> parse_tool_calls(const json::Value& calls, const Path& path, Message& message,
                              Arena& arena);

// A name or id in the one spelling that makes equal texts compare equal: without needless escapes.
Text plain_spelling(Text text, Arena& arena);

}  // namespace oriel::convert::openai
