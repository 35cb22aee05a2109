// The body of POST /v1/chat/completions into the neutral model. Spec: spec/converse.md §3, §4, §6;
// what is wrong with it is said in OpenAI's words (§16). Pure.
//
// Lenient where no upstream needs to mind: empty `tools`, `tool_calls` and content arrays, null
// content of an assistant, more than four stop sequences. Histories whose tool messages answer no
// call are passed on as they are. A literal `extra_body` holds fields like any other.
#pragma once

#include <string_view>

#include "convert/chat.h"
#include "convert/error.h"
#include "convert/json/reader.h"

namespace oriel::convert {

// `padded_body` is readable for json::PaddedBuffer::kPadding bytes behind its end, and must outlive
// the request, which borrows it; the reader may be used again at once.
Result<ChatRequest> parse_chat_request(std::string_view padded_body, json::Reader& reader);

}  // namespace oriel::convert
