// Reasoning that a client plays back in an assistant's message: `thinking_blocks`, parts of type
// `thinking` and `redacted_thinking`, `reasoning_content` with `reasoning_signature`.
// Spec: spec/converse.md §4.3. Reasoning without a signature proves nothing to a model and is left
// out. Pure; what is parsed borrows the body or the arena.
#pragma once

#include "convert/chat.h"
#include "convert/json/reader.h"
#include "convert/openai/parameter_error.h"

namespace oriel::convert::openai {

// Appends what a block or part {"type":"thinking","thinking","signature"} holds, when it is signed.
Result<void> parse_thinking(const json::Value& block, const Path& path, Message& message,
                            Arena& arena);
// Appends what a block or part {"type":"redacted_thinking","data"} holds.
Result<void> parse_redacted_thinking(const json::Value& block, const Path& path, Message& message,
                                     Arena& arena);
// The other members of an assistant's message, once its parts are in: `thinking_blocks` count
// before the parts, `reasoning_content` only where there is nothing else.
Result<void> parse_reasoning(const json::Value& value, const Path& path, Message& message,
                             Arena& arena);

}  // namespace oriel::convert::openai
