#include "convert/bedrock/surrogates.h"

namespace oriel::convert::bedrock {
namespace {

constexpr std::string_view kReplacement = "\\ufffd";

enum class Half : unsigned char { none, high, low };

bool is_hex(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

// The half that the six bytes at `at` spell. `at` must be the start of an escape.
Half half_at(std::string_view text, std::size_t at) {
  if (at + kSurrogateEscape > text.size()) return Half::none;
  const std::string_view escape = text.substr(at, kSurrogateEscape);
  if (!escape.starts_with("\\u") || (escape[2] != 'd' && escape[2] != 'D')) return Half::none;
  if (!is_hex(escape[3]) || !is_hex(escape[4]) || !is_hex(escape[5])) return Half::none;
  if (escape[3] < '8') return Half::none;
  const bool high = escape[3] <= '9' || escape[3] == 'a' || escape[3] == 'A' || escape[3] == 'b' ||
                    escape[3] == 'B';
  return high ? Half::high : Half::low;
}

}  // namespace

bool mask_lone_surrogates(std::string& json) {
  bool masked = false;
  for (std::size_t at = json.find('\\'); at != std::string::npos; at = json.find('\\', at)) {
    const Half half = half_at(json, at);
    if (half == Half::high && half_at(json, at + kSurrogateEscape) == Half::low) {
      at += 2 * kSurrogateEscape;
    } else if (half != Half::none) {
      json.replace(at, kSurrogateEscape, kReplacement);
      at += kSurrogateEscape;
      masked = true;
    } else {
      at += 2;
    }
  }
  return masked;
}

bool starts_with_low_surrogate(std::string_view escaped) {
  return half_at(escaped, 0) == Half::low;
}

bool ends_with_high_surrogate(std::string_view escaped) {
  if (escaped.size() < kSurrogateEscape) return false;
  const std::size_t at = escaped.size() - kSurrogateEscape;
  if (half_at(escaped, at) != Half::high) return false;
  // An odd number of backslashes starts an escape; an even one is backslashes and plain letters.
  std::size_t slashes = 1;
  while (slashes <= at && escaped[at - slashes] == '\\') ++slashes;
  return slashes % 2 == 1;
}

}  // namespace oriel::convert::bedrock
