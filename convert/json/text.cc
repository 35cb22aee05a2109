#include "convert/json/text.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "convert/json/word.h"

namespace oriel::json {
namespace {

// Escapes stand close together where there are any: so far we look byte by byte.
constexpr std::size_t kNearby = 32;

// The value of each hex digit, -1 for other bytes.
constexpr auto kHexDigits = [] {
  std::array<std::int8_t, 256> table{};
  table.fill(-1);
  for (unsigned i = 0; i < 10; ++i) table['0' + i] = static_cast<std::int8_t>(i);
  for (unsigned i = 10; i < 16; ++i) {
    table['a' + i - 10] = table['A' + i - 10] = static_cast<std::int8_t>(i);
  }
  return table;
}();

// The code unit of the four hex digits at `at`, or -1.
std::int32_t code_unit(std::string_view text, std::size_t at) {
  if (at + 4 > text.size()) return -1;
  const auto digit = [&](std::size_t i) {
    return std::int32_t{kHexDigits[static_cast<unsigned char>(text[at + i])]};
  };
  const std::int32_t unit = digit(0) * 4096 + digit(1) * 256 + digit(2) * 16 + digit(3);
  const bool valid = (digit(0) | digit(1) | digit(2) | digit(3)) >= 0;  // -1 sets the sign
  return valid ? unit : -1;
}

bool is_high_surrogate(std::int32_t unit) { return unit >= 0xD800 && unit <= 0xDBFF; }
bool is_low_surrogate(std::int32_t unit) { return unit >= 0xDC00 && unit <= 0xDFFF; }

void append_utf8(std::uint32_t point, std::string& out) {
  if (point < 0x80) {
    out.push_back(static_cast<char>(point));
  } else if (point < 0x800) {
    out.push_back(static_cast<char>(0xC0 | (point >> 6)));
    out.push_back(static_cast<char>(0x80 | (point & 0x3F)));
  } else if (point < 0x10000) {
    out.push_back(static_cast<char>(0xE0 | (point >> 12)));
    out.push_back(static_cast<char>(0x80 | ((point >> 6) & 0x3F)));
    out.push_back(static_cast<char>(0x80 | (point & 0x3F)));
  } else {
    out.push_back(static_cast<char>(0xF0 | (point >> 18)));
    out.push_back(static_cast<char>(0x80 | ((point >> 12) & 0x3F)));
    out.push_back(static_cast<char>(0x80 | ((point >> 6) & 0x3F)));
    out.push_back(static_cast<char>(0x80 | (point & 0x3F)));
  }
}

// What a letter behind a backslash stands for; 0 where it is not that simple.
constexpr auto kSimpleEscapes = [] {
  std::array<char, 256> table{};
  table['"'] = '"';
  table['\\'] = '\\';
  table['/'] = '/';
  table['b'] = '\b';
  table['f'] = '\f';
  table['n'] = '\n';
  table['r'] = '\r';
  table['t'] = '\t';
  return table;
}();
char simple_escape(char c) { return kSimpleEscapes[static_cast<unsigned char>(c)]; }

// Length of the escape that starts with the backslash at `at`, or 0 when it is not valid.
std::size_t escape_length(std::string_view text, std::size_t at) {
  if (at + 1 >= text.size()) return 0;
  if (simple_escape(text[at + 1]) != 0) return 2;
  if (text[at + 1] != 'u') return 0;
  const std::int32_t unit = code_unit(text, at + 2);
  if (unit < 0 || is_low_surrogate(unit)) return 0;
  if (!is_high_surrogate(unit)) return 6;
  const bool paired = at + 8 <= text.size() && text[at + 6] == '\\' && text[at + 7] == 'u' &&
                      is_low_surrogate(code_unit(text, at + 8));
  return paired ? 12 : 0;
}

// Where the next escape starts at or behind `at`, else npos.
std::size_t next_escape(std::string_view text, std::size_t at) {
  for (const std::size_t end = std::min(text.size(), at + kNearby); at < end; ++at) {
    if (text[at] == '\\') return at;
  }
  return text.find('\\', at);
}

// The code point of the valid escape at `at`.
std::uint32_t escape_point(std::string_view text, std::size_t at) {
  if (text[at + 1] != 'u') return static_cast<unsigned char>(simple_escape(text[at + 1]));
  const auto unit = static_cast<std::uint32_t>(code_unit(text, at + 2));
  if (!is_high_surrogate(static_cast<std::int32_t>(unit))) return unit;
  const auto low = static_cast<std::uint32_t>(code_unit(text, at + 8));
  return 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
}

// Length of the well-formed UTF-8 sequence at `at`, or 0. Table 3-7 of the Unicode standard.
std::size_t utf8_length(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
  };
  const auto tail = [&](std::size_t i) { return (byte(i) & 0xC0U) == 0x80U; };
  const unsigned lead = byte(at);
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead <= 0xDF) return tail(at + 1) ? 2 : 0;
  if (lead >= 0xE0 && lead <= 0xEF) {
    const unsigned second = byte(at + 1);
    const bool ok = tail(at + 1) && tail(at + 2) && !(lead == 0xE0 && second < 0xA0) &&
                    !(lead == 0xED && second > 0x9F);
    return ok ? 3 : 0;
  }
  if (lead >= 0xF0 && lead <= 0xF4) {
    const unsigned second = byte(at + 1);
    const bool ok = tail(at + 1) && tail(at + 2) && tail(at + 3) &&
                    !(lead == 0xF0 && second < 0x90) && !(lead == 0xF4 && second > 0x8F);
    return ok ? 4 : 0;
  }
  return 0;
}

std::uint32_t utf8_point(std::string_view text, std::size_t at, std::size_t length) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[at + i]); };
  switch (length) {
    case 2: return ((byte(0) & 0x1FU) << 6) | (byte(1) & 0x3FU);
    case 3: return ((byte(0) & 0x0FU) << 12) | ((byte(1) & 0x3FU) << 6) | (byte(2) & 0x3FU);
    case 4:
      return ((byte(0) & 0x07U) << 18) | ((byte(1) & 0x3FU) << 12) | ((byte(2) & 0x3FU) << 6) |
             (byte(3) & 0x3FU);
    default: return byte(0);
  }
}

// Unicode's White_Space property, and the zero-width characters that Bedrock also calls blank.
bool is_space(std::uint32_t point) {
  return (point >= 0x09 && point <= 0x0D) || point == 0x20 || point == 0x85 || point == 0xA0 ||
         point == 0x1680 || (point >= 0x2000 && point <= 0x200B) || point == 0x2028 ||
         point == 0x2029 || point == 0x202F || point == 0x205F || point == 0x3000 ||
         point == 0xFEFF;
}

// ASCII that stands for itself in a JSON string.
constexpr auto kPlain = [] {
  std::array<bool, 256> table{};
  for (std::size_t c = 0x20; c < 0x80; ++c) table[c] = c != '"' && c != '\\';
  return table;
}();

// Whether each of eight bytes is kPlain.
bool all_plain(std::uint64_t word) {
  // With the bytes of 0x80 and above found too, a byte below 0x20 is all that can carry.
  const bool control_or_high = (((word - kOnes * 0x20) | word) & kTops) != 0;
  return !control_or_high && !has_byte(word, '"') && !has_byte(word, '\\');
}

// Where the first byte that is not kPlain stands at or behind `at`, else the end.
std::size_t skip_plain(std::string_view text, std::size_t at) {
  while (at + 8 <= text.size() && all_plain(load_word(text.data() + at))) at += 8;
  while (at < text.size() && kPlain[static_cast<unsigned char>(text[at])]) ++at;
  return at;
}

}  // namespace

bool valid_escapes(std::string_view escaped) {
  std::size_t at = escaped.find('\\');
  while (at != std::string_view::npos) {
    const std::size_t length = escape_length(escaped, at);
    if (length == 0) return false;
    at = next_escape(escaped, at + length);
  }
  return true;
}

void append_unescaped(Text text, std::string& out) {
  const std::string_view escaped = text.escaped();
  std::size_t from = 0;
  std::size_t at = escaped.find('\\');
  while (at != std::string_view::npos) {
    out.append(escaped, from, at - from);
    append_utf8(escape_point(escaped, at), out);
    from = at + escape_length(escaped, at);
    at = next_escape(escaped, from);
  }
  out.append(escaped, from);
}

std::string_view unescape(Text text, std::string& scratch) {
  if (!text.has_escapes()) return text.escaped();
  scratch.clear();
  append_unescaped(text, scratch);
  return scratch;
}

std::string unescape(Text text) {
  std::string out;
  append_unescaped(text, out);
  return out;
}

void append_escaped(std::string_view plain, std::string& out) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::size_t from = 0;
  std::size_t at = 0;
  const auto flush = [&](std::size_t next) {
    out.append(plain, from, at - from);
    from = at = next;
  };
  while ((at = skip_plain(plain, at)) < plain.size()) {
    const auto c = static_cast<unsigned char>(plain[at]);
    if (c >= 0x80) {
      const std::size_t length = utf8_length(plain, at);
      if (length != 0) {
        at += length;
        continue;
      }
      flush(at + 1);
      out.append("\xEF\xBF\xBD");
      continue;
    }
    flush(at + 1);
    switch (c) {
      case '"': out.append("\\\""); break;
      case '\\': out.append("\\\\"); break;
      case '\n': out.append("\\n"); break;
      case '\r': out.append("\\r"); break;
      case '\t': out.append("\\t"); break;
      default:
        out.append("\\u00");
        out.push_back(kHex[c >> 4]);
        out.push_back(kHex[c & 15]);
    }
  }
  out.append(plain, from, at - from);
}

std::string_view clip_utf8(std::string_view plain, std::size_t limit) {
  if (plain.size() <= limit) return plain;
  while (limit > 0 && (static_cast<unsigned char>(plain[limit]) & 0xC0U) == 0x80U) --limit;
  return plain.substr(0, limit);
}

bool is_blank(Text text) {
  const std::string_view escaped = text.escaped();
  for (std::size_t at = 0; at < escaped.size();) {
    std::size_t length = 0;
    std::uint32_t point = 0;
    if (escaped[at] == '\\') {
      length = escape_length(escaped, at);
      point = escape_point(escaped, at);
    } else {
      length = utf8_length(escaped, at);
      point = utf8_point(escaped, at, length);
    }
    if (length == 0 || !is_space(point)) return false;
    at += length;
  }
  return true;
}

}  // namespace oriel::json
