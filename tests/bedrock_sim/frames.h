// Encodes application/vnd.amazon.eventstream messages. Pure; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace oriel::sim {

// Whether an event says that it is one; some senders leave that header out.
enum class MessageType { kPresent, kAbsent };

void append_event(std::string& out, std::string_view event_type, std::string_view payload,
                  MessageType message_type = MessageType::kPresent);
void append_exception(std::string& out, std::string_view exception_type, std::string_view payload);
void append_error(std::string& out, std::string_view code, std::string_view message);

enum class Damage { kPrelude, kMessage, kLength };
// Spoils one whole message.
void damage(std::string& frame, Damage what);

}  // namespace oriel::sim
