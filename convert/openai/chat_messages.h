// `messages` in OpenAI's chat form: spec/converse.md §4. Checks each message by itself; whether
// tool messages answer calls is the dialect's business. Pure; what is parsed borrows body or arena.
#pragma once

#include "convert/chat.h"
#include "convert/json/reader.h"
#include "convert/openai/parameter_error.h"

namespace oriel::convert::openai {

// `messages`: an array, already known to be one.
Result<void> parse_messages(const json::Value& messages, const Path& path, ChatRequest& request);

}  // namespace oriel::convert::openai
