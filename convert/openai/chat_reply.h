// The body of an answer that is not streamed, OpenAI's chat.completion: spec/converse.md §12. Pure.
#pragma once

#include <span>
#include <string>

#include "convert/chat.h"
#include "convert/openai/envelope.h"

namespace oriel::convert {

// Appends the body. A reply that brings its own source is passed on with the client's model name.
void write_chat_reply(const ChatReply& reply, const Envelope& envelope, std::string& out);
// The replies are the choices of one answer, their usage is summed; there is at least one, and none
// brings its own source unless it is the only one.
void write_chat_reply(std::span<const ChatReply> replies, const Envelope& envelope,
                      std::string& out);

}  // namespace oriel::convert
