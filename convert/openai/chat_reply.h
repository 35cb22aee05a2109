// The body of an answer that is not streamed, OpenAI's chat.completion: spec/converse.md §12. Pure.
#pragma once

#include <string>

#include "convert/chat.h"
#include "convert/openai/envelope.h"

namespace oriel::convert {

// Appends the body. A reply that brings its own source is passed on with the client's model name.
void write_chat_reply(const ChatReply& reply, const Envelope& envelope, std::string& out);

}  // namespace oriel::convert
