// Writes application/vnd.amazon.eventstream frames for tests: the other side of
// convert/wire/event_stream.h, with checksums of its own making.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace oriel::test {

inline std::uint32_t crc32_bitwise(std::string_view bytes) {
  std::uint32_t crc = 0xFFFFFFFF;
  for (const char c : bytes) {
    crc ^= static_cast<unsigned char>(c);
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ (crc & 1 ? 0xEDB88320U : 0U);
  }
  return ~crc;
}

inline void append_big(std::string& out, std::uint64_t value, int width) {
  for (int shift = (width - 1) * 8; shift >= 0; shift -= 8) {
    out.push_back(static_cast<char>(value >> shift & 0xFF));
  }
}

inline void append_string_header(std::string& out, std::string_view name, std::string_view value) {
  append_big(out, name.size(), 1);
  out += name;
  append_big(out, 7, 1);
  append_big(out, value.size(), 2);
  out += value;
}

// A frame around header bytes that are already encoded.
inline std::string frame_of(std::string_view headers, std::string_view payload) {
  std::string out;
  append_big(out, 16 + headers.size() + payload.size(), 4);
  append_big(out, headers.size(), 4);
  append_big(out, crc32_bitwise(out), 4);
  out += headers;
  out += payload;
  append_big(out, crc32_bitwise(out), 4);
  return out;
}

using StringHeaders = std::vector<std::pair<std::string_view, std::string_view>>;

inline std::string frame_of(const StringHeaders& headers, std::string_view payload) {
  std::string encoded;
  for (const auto& [name, value] : headers) append_string_header(encoded, name, value);
  return frame_of(std::string_view(encoded), payload);
}

inline std::string event_frame(std::string_view event_type, std::string_view payload) {
  return frame_of(StringHeaders{{":event-type", event_type},
                                {":content-type", "application/json"},
                                {":message-type", "event"}},
                  payload);
}

inline std::string exception_frame(std::string_view exception_type, std::string_view payload) {
  return frame_of(StringHeaders{{":exception-type", exception_type},
                                {":content-type", "application/json"},
                                {":message-type", "exception"}},
                  payload);
}

inline std::string error_frame(std::string_view code, std::string_view message) {
  return frame_of(
      StringHeaders{{":message-type", "error"}, {":error-code", code}, {":error-message", message}},
      {});
}

}  // namespace oriel::test
