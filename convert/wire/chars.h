// The character classes of HTTP and URIs (RFC 9110 §5.6, RFC 3986 §2), and comparison without case.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace oriel::convert::wire {

namespace detail {
enum CharClass : std::uint8_t {
  kToken = 1,       // tchar: methods, field names, codings
  kFieldValue = 2,  // HTAB, SP, VCHAR, obs-text
  kPath = 4,        // pchar, "/" and "%"
  kQuery = 8,       // kPath and "?"
  kHost = 16,       // unreserved and "%"
  kUnreserved = 32,
};

constexpr std::array<std::uint8_t, 256> make_char_classes() {
  std::array<std::uint8_t, 256> table{};
  const auto put = [&table](std::string_view characters, unsigned classes) {
    for (const char c : characters) {
      auto& entry = table[static_cast<unsigned char>(c)];
      entry = static_cast<std::uint8_t>(entry | classes);
    }
  };
  constexpr std::string_view kAlphanumeric =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  put(kAlphanumeric, kToken | kPath | kQuery | kHost | kUnreserved);
  put("-._~", kPath | kQuery | kHost | kUnreserved);
  put("!#$%&'*+-.^_`|~", kToken);
  put("!$&'()*+,;=:@/%", kPath | kQuery);
  put("?", kQuery);
  put("%", kHost);
  for (unsigned c = 0; c < 256; ++c) {
    if (c == '\t' || (c >= 0x20 && c != 0x7F)) {
      table[c] = static_cast<std::uint8_t>(table[c] | kFieldValue);
    }
  }
  return table;
}
inline constexpr std::array<std::uint8_t, 256> kCharClasses = make_char_classes();

constexpr bool has_class(char c, unsigned char_class) {
  return (kCharClasses[static_cast<unsigned char>(c)] & char_class) != 0;
}
constexpr bool all_have_class(std::string_view text, unsigned char_class) {
  for (const char c : text) {
    if (!has_class(c, char_class)) return false;
  }
  return true;
}
}  // namespace detail

constexpr bool is_token_char(char c) { return detail::has_class(c, detail::kToken); }
constexpr bool is_field_char(char c) { return detail::has_class(c, detail::kFieldValue); }
constexpr bool is_unreserved(char c) { return detail::has_class(c, detail::kUnreserved); }
constexpr bool is_token(std::string_view text) {
  return !text.empty() && detail::all_have_class(text, detail::kToken);
}
constexpr bool is_field_value(std::string_view text) {
  return detail::all_have_class(text, detail::kFieldValue);
}
// By characters only: see valid_percent_encoding for the escapes.
constexpr bool is_path(std::string_view text) {
  return detail::all_have_class(text, detail::kPath);
}
constexpr bool is_query(std::string_view text) {
  return detail::all_have_class(text, detail::kQuery);
}
constexpr bool is_host_name(std::string_view text) {
  return !text.empty() && detail::all_have_class(text, detail::kHost);
}

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}
constexpr char to_lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; }

// ASCII letters of either case are equal.
constexpr bool equal_ignoring_case(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (to_lower(a[i]) != to_lower(b[i])) return false;
  }
  return true;
}

// Without the spaces and tabs around it.
constexpr std::string_view trim_blanks(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

}  // namespace oriel::convert::wire
