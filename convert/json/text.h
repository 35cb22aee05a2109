// Views of validated JSON text. Strings travel through Oriel in their escaped form: from a client's
// buffer to the upstream body, and back, without an unescape-escape round trip.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace oriel::json {

// The content of a JSON string, between its quotes, still escaped. Valid UTF-8 with valid escapes
// (no lone surrogates). Borrows: whoever makes a Text says what owns the bytes.
class Text {
 public:
  constexpr Text() = default;
  // `escaped` must already be valid JSON string content.
  static constexpr Text from_escaped(std::string_view escaped) { return Text(escaped); }
  // A literal of our own that needs no escaping (checked at compile time).
  static consteval Text literal(std::string_view plain) {
    for (const char c : plain) {
      if (c == '"' || c == '\\' || static_cast<unsigned char>(c) < 0x20) throw "needs escaping";
    }
    return Text(plain);
  }

  constexpr std::string_view escaped() const { return escaped_; }
  constexpr bool empty() const { return escaped_.empty(); }
  constexpr bool has_escapes() const { return escaped_.find('\\') != std::string_view::npos; }

  // Equality of the escaped spelling; use unescape() where `\u0061` must equal `a`.
  friend constexpr bool operator==(Text, Text) = default;

 private:
  constexpr explicit Text(std::string_view escaped) : escaped_(escaped) {}
  std::string_view escaped_;
};

// The text's characters: the text itself when it has no escapes, else unescaped into `scratch`
// (whose content the result then borrows).
std::string_view unescape(Text text, std::string& scratch);
std::string unescape(Text text);
// Appends the unescaped characters.
void append_unescaped(Text text, std::string& out);
// Appends `plain` (UTF-8) as JSON string content. Invalid UTF-8 becomes U+FFFD.
void append_escaped(std::string_view plain, std::string& out);
// The first `limit` bytes of UTF-8 text at most, cut between characters.
std::string_view clip_utf8(std::string_view plain, std::size_t limit);
// Whether the text holds nothing but Unicode white space (escaped or not), or nothing.
bool is_blank(Text text);
// Whether the escapes of JSON string content are valid; lone surrogates are not.
bool valid_escapes(std::string_view escaped);

// A whole JSON value, validated. Borrows.
struct Raw {
  std::string_view text;
  bool empty() const { return text.empty(); }
};

}  // namespace oriel::json
