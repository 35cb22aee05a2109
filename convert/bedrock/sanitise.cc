// What of upstream's words may reach a client. Source: spec/converse.md §15.1.
#include <algorithm>
#include <array>

#include "convert/bedrock/errors.h"

namespace oriel::convert::bedrock {
namespace {

constexpr std::size_t kMaxMessage = 2000;  // bytes
constexpr std::size_t kAccountDigits = 12;

constexpr auto kHostMarks = std::to_array<std::string_view>(
    {"://", "amazonaws.com", ".amazon.com", ".aws.dev", ".internal", ".api.aws"});

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }
bool is_alnum(char c) { return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
// What a resource name, host or id is written with.
bool is_token_char(char c) {
  return is_alnum(c) || std::string_view("-_.:/@%+=*~?&#$").find(c) != std::string_view::npos;
}

bool is_uuid(std::string_view token) {
  if (token.size() != 36) return false;
  for (std::size_t i = 0; i < token.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash ? token[i] != '-' : !is_hex(token[i])) return false;
  }
  return true;
}

bool has_run_of_digits(std::string_view token, std::size_t wanted) {
  std::size_t run = 0;
  for (std::size_t i = 0; i <= token.size(); ++i) {
    if (i < token.size() && is_digit(token[i])) {
      ++run;
    } else {
      if (run == wanted) return true;
      run = 0;
    }
  }
  return false;
}

bool is_ipv4(std::string_view token) {
  std::size_t dots = 0;
  for (const char c : token) {
    if (c == ':') break;
    if (c == '.') {
      ++dots;
    } else if (!is_digit(c)) {
      return false;
    }
  }
  return dots == 3;
}

// What stands in place of a token; empty when it may stay.
std::string_view replacement(std::string_view token) {
  if (token.find("arn:") != std::string_view::npos) return "[resource]";
  for (const std::string_view mark : kHostMarks) {
    if (token.find(mark) != std::string_view::npos) return "[host]";
  }
  if (is_ipv4(token)) return "[host]";
  if (is_uuid(token)) return "[id]";
  if (has_run_of_digits(token, kAccountDigits)) return "[account]";
  return {};
}

void append_token(std::string_view token, std::string& out) {
  // A sentence's full stop, or the colon of a prefix, is no part of a name.
  std::size_t size = token.size();
  while (size > 0 && (token[size - 1] == '.' || token[size - 1] == ':')) --size;
  const std::string_view mark = replacement(token.substr(0, size));
  out.append(mark.empty() ? token.substr(0, size) : mark).append(token.substr(size));
}

}  // namespace

std::string sanitise(std::string_view message) {
  std::string out;
  out.reserve(std::min(message.size(), kMaxMessage));
  for (std::size_t at = 0; at < message.size() && out.size() < kMaxMessage;) {
    std::size_t end = at;
    while (end < message.size() && is_token_char(message[end])) ++end;
    if (end > at) {
      append_token(message.substr(at, end - at), out);
      at = end;
      continue;
    }
    const bool control = static_cast<unsigned char>(message[at]) < 0x20 || message[at] == 0x7F;
    out.push_back(control ? ' ' : message[at]);
    ++at;
  }
  out.resize(json::clip_utf8(out, kMaxMessage).size());
  return out;
}

}  // namespace oriel::convert::bedrock
