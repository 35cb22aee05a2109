// The content of a message in OpenAI's chat form: a string, or parts of text, refusal, pictures and
// others. Spec: spec/converse.md §4. Pure; texts and base64 borrow the body wherever they can, a
// picture whose encoding needed repair borrows the arena.
#pragma once

#include "convert/chat.h"
#include "convert/json/reader.h"
#include "convert/openai/parameter_error.h"

namespace oriel::convert::openai {

// Appends the parts of `content` (a string or an array) as far as the message's role may have them.
Result<void> parse_content(const json::Value& content, const Path& path, Message& message,
                           Arena& arena);

// The picture of an `image_url` object; `path` is that object's.
Result<Image> parse_image(const json::Value& image_url, const Path& path, Arena& arena);

}  // namespace oriel::convert::openai
