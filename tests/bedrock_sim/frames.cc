#include "tests/bedrock_sim/frames.h"

#include <zlib.h>

#include <initializer_list>
#include <utility>

namespace oriel::sim {
namespace {

constexpr char kStringType = 7;
constexpr std::size_t kPrelude = 12;

using Header = std::pair<std::string_view, std::string_view>;

void put32(char* at, std::uint32_t value) {
  for (int i = 0; i < 4; ++i) at[i] = static_cast<char>(value >> (24 - 8 * i));
}

std::uint32_t crc(const char* data, std::size_t size) {
  return static_cast<std::uint32_t>(
      crc32(0, reinterpret_cast<const Bytef*>(data), static_cast<uInt>(size)));
}

void append_message(std::string& out, std::initializer_list<Header> headers,
                    std::string_view payload) {
  const std::size_t start = out.size();
  out.append(kPrelude, '\0');
  for (const auto& [name, value] : headers) {
    out += static_cast<char>(name.size());
    out += name;
    out += kStringType;
    out += static_cast<char>(value.size() >> 8);
    out += static_cast<char>(value.size());
    out += value;
  }
  const std::size_t headers_size = out.size() - start - kPrelude;
  out += payload;
  const std::size_t size = out.size() - start + 4;
  char* frame = out.data() + start;
  put32(frame, static_cast<std::uint32_t>(size));
  put32(frame + 4, static_cast<std::uint32_t>(headers_size));
  put32(frame + 8, crc(frame, 8));
  char tail[4];
  put32(tail, crc(frame, size - 4));
  out.append(tail, sizeof tail);
}

}  // namespace

void append_event(std::string& out, std::string_view event_type, std::string_view payload,
                  MessageType message_type) {
  if (message_type == MessageType::kAbsent) {
    return append_message(out, {{":event-type", event_type}, {":content-type", "application/json"}},
                          payload);
  }
  append_message(out,
                 {{":event-type", event_type},
                  {":content-type", "application/json"},
                  {":message-type", "event"}},
                 payload);
}

void append_exception(std::string& out, std::string_view exception_type, std::string_view payload) {
  append_message(out,
                 {{":exception-type", exception_type},
                  {":content-type", "application/json"},
                  {":message-type", "exception"}},
                 payload);
}

void append_error(std::string& out, std::string_view code, std::string_view message) {
  append_message(
      out, {{":message-type", "error"}, {":error-code", code}, {":error-message", message}}, "");
}

void damage(std::string& frame, Damage what) {
  switch (what) {
    case Damage::kPrelude: frame[8] = static_cast<char>(frame[8] ^ 0x5A); return;
    case Damage::kMessage: {
      // A payload byte: the prelude stays right, so only the message's checksum can tell.
      char& byte = frame[frame.size() - 5];
      byte = static_cast<char>(byte ^ 0x01);
      return;
    }
    case Damage::kLength:
      // A length that reaches far beyond the frame, with a prelude checksum that agrees.
      put32(frame.data(), 0x7FFFFFF0);
      put32(frame.data() + 8, crc(frame.data(), 8));
      return;
  }
}

}  // namespace oriel::sim
