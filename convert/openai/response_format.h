// `response_format` of a chat request: spec/converse.md §7. Pure; what is parsed borrows the body
// or the arena.
#pragma once

#include "convert/chat.h"
#include "convert/json/reader.h"
#include "convert/openai/parameter_error.h"

namespace oriel::convert::openai {

// `format`: an object, already known to be one.
Result<ResponseFormat> parse_response_format(const json::Value& format, const Path& path,
                                             Arena& arena);

}  // namespace oriel::convert::openai
