// The tools of a chat request: `tools` and its deprecated form `functions`. Spec: spec/converse.md
// §6. Pure; what is parsed borrows the body or the request's arena.
#pragma once

#include <vector>

#include "convert/chat.h"
#include "convert/json/reader.h"
#include "convert/openai/parameter_error.h"

namespace oriel::convert::openai {

// The extra under which a request's grammars for custom tools are found: the first of them.
inline constexpr std::string_view kToolFormatExtra = "tools.format";

// `tools`: an array, already known to be one. Into the request's tools; a grammar for a custom
// tool's text becomes an extra.
Result<void> parse_tools(const json::Value& tools, const Path& path, ChatRequest& request);
// `functions`: an array, already known to be one.
Result<std::vector<Tool>> parse_functions(const json::Value& functions, const Path& path,
                                          Arena& arena);

// A name or id in the one spelling that makes equal texts compare equal: without needless escapes.
Text plain_spelling(Text text, Arena& arena);

}  // namespace oriel::convert::openai
