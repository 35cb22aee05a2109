// Reads the body of a Converse answer. Source: spec/converse.md §12.
#pragma once

#include "convert/chat.h"
#include "convert/dialect.h"
#include "convert/error.h"
#include "convert/json/padded_buffer.h"
#include "convert/json/reader.h"

namespace oriel::convert::bedrock {

// The reply borrows `body`; nothing of `reader` or `context` stays in it.
Result<ChatReply> decode_converse(const ReplyContext& context, const json::PaddedBuffer& body,
                                  json::Reader& reader);

}  // namespace oriel::convert::bedrock
