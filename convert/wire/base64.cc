#include "convert/wire/base64.h"

#include <array>
#include <cstdint>

namespace oriel::convert::wire {
namespace {

constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::uint8_t kBad = 0xFF;

// The six bits of a character of either alphabet, or kBad.
constexpr std::array<std::uint8_t, 256> make_values() {
  std::array<std::uint8_t, 256> values{};
  for (auto& value : values) value = kBad;
  for (std::size_t i = 0; i < kAlphabet.size(); ++i) {
    values[static_cast<unsigned char>(kAlphabet[i])] = static_cast<std::uint8_t>(i);
  }
  values['-'] = values['+'];
  values['_'] = values['/'];
  return values;
}
constexpr std::array<std::uint8_t, 256> kValues = make_values();

std::uint8_t value_of(char c) { return kValues[static_cast<unsigned char>(c)]; }

// Without branches, so that blocks of it become vector code.
unsigned char in_alphabet(unsigned char c) {
  const auto letter = static_cast<unsigned char>((c | 0x20U) - 'a');
  const auto digit = static_cast<unsigned char>(c - '0');
  return static_cast<unsigned char>((letter < 26) | (digit < 10) | (c == '+') | (c == '/'));
}

bool all_in_alphabet(std::string_view text) {
  constexpr std::size_t kBlock = 64;
  const auto* at = reinterpret_cast<const unsigned char*>(text.data());
  const auto* end = at + text.size();
  for (; static_cast<std::size_t>(end - at) >= kBlock; at += kBlock) {
    unsigned char good = 1;
    for (std::size_t i = 0; i < kBlock; ++i) good &= in_alphabet(at[i]);
    if (good == 0) return false;
  }
  for (; at != end; ++at) {
    if (in_alphabet(*at) == 0) return false;
  }
  return true;
}

// The bits of the last character that no byte uses, by how many characters the last group has.
std::uint8_t unused_bits(std::size_t characters) {
  if (characters == 2) return 0x0F;
  return characters == 3 ? 0x03 : 0x00;
}

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f'; }

}  // namespace

bool is_canonical_base64(std::string_view text) {
  if (text.size() % 4 != 0) return false;
  if (text.empty()) return true;
  std::size_t padding = 0;
  while (padding < 2 && text[text.size() - 1 - padding] == '=') ++padding;
  const std::string_view digits = text.substr(0, text.size() - padding);
  return all_in_alphabet(digits) && (value_of(digits.back()) & unused_bits(4 - padding)) == 0;
}

bool clean_base64(std::string_view in, std::string& out) {
  const std::size_t start = out.size();
  const auto give_up = [&] {
    out.resize(start);
    return false;
  };
  out.reserve(start + in.size() + 3);
  std::size_t padding = 0;
  for (const char c : in) {
    if (is_space(c)) continue;
    if (c == '=') {
      if (++padding > 2) return give_up();
      continue;
    }
    const std::uint8_t value = value_of(c);
    if (value == kBad || padding != 0) return give_up();
    out.push_back(kAlphabet[value]);
  }
  const std::size_t tail = (out.size() - start) % 4;
  if (tail == 1 || (padding != 0 && (tail + padding) % 4 != 0)) return give_up();
  if (tail != 0) {
    const unsigned kept = value_of(out.back()) & ~static_cast<unsigned>(unused_bits(tail));
    out.back() = kAlphabet[kept];
    out.append(4 - tail, '=');
  }
  return true;
}

std::size_t decode_base64_prefix(std::string_view text, std::span<unsigned char> out) {
  std::size_t written = 0;
  std::uint32_t bits = 0;
  unsigned held = 0;  // bits not yet written
  for (const char c : text) {
    const std::uint8_t value = value_of(c);
    if (value == kBad || written == out.size()) break;
    bits = (bits << 6) | value;
    held += 6;
    if (held >= 8) {
      held -= 8;
      out[written++] = static_cast<unsigned char>(bits >> held);
      bits &= (1U << held) - 1;
    }
  }
  return written;
}

void append_base64(std::string_view bytes, std::string& out) {
  const auto* in = reinterpret_cast<const unsigned char*>(bytes.data());
  const std::size_t before = out.size();
  const std::size_t groups = bytes.size() / 3;
  const std::size_t rest = bytes.size() % 3;
  out.resize(before + (groups + (rest == 0 ? 0 : 1)) * 4, '=');
  char* to = out.data() + before;
  const auto put = [&to](std::uint32_t bits, int characters) {
    for (int i = 0; i < characters; ++i) *to++ = kAlphabet[(bits >> (18 - 6 * i)) & 0x3F];
  };
  for (std::size_t i = 0; i < groups; ++i, in += 3) {
    put(std::uint32_t{in[0]} << 16 | std::uint32_t{in[1]} << 8 | in[2], 4);
  }
  if (rest == 1) put(std::uint32_t{in[0]} << 16, 2);
  if (rest == 2) put(std::uint32_t{in[0]} << 16 | std::uint32_t{in[1]} << 8, 3);
}

}  // namespace oriel::convert::wire
