// The content of a message in OpenAI's chat form: a string, or parts of text, refusal, pictures,
// files, sound, films, guarded text and reasoning. Spec: spec/converse.md §4. Pure; texts and
// base64 borrow the body wherever they can, the arena where they needed repair.
#pragma once

#include "convert/chat.h"
#include "convert/json/reader.h"
#include "convert/openai/parameter_error.h"

namespace oriel::convert::openai {

// Appends the parts of `content` (a string or an array) as far as the message's role may have them.
Result<void> parse_content(const json::Value& content, const Path& path, Message& message,
                           Arena& arena);

}  // namespace oriel::convert::openai
