// Writes a conversation as Converse's `messages` and `system`. Source: spec/converse.md §4.
#pragma once

#include <cstddef>

#include "convert/bedrock/conversation.h"
#include "convert/json/writer.h"

namespace oriel::convert::bedrock {

// Room that the conversation takes as JSON, a little generous.
std::size_t size_of(const Conversation& conversation);
void write_messages(const Conversation& conversation, json::Writer& writer);
// Nothing when there is no system text.
void write_system(const Conversation& conversation, json::Writer& writer);

}  // namespace oriel::convert::bedrock
