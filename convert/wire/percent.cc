#include "convert/wire/percent.h"

#include <algorithm>

#include "convert/wire/chars.h"

namespace oriel::convert::wire {

void append_percent_encoded(std::string_view plain, std::string& out) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  for (auto at = plain.begin(); at != plain.end();) {
    const auto run_end = std::find_if_not(at, plain.end(), [](char c) { return is_unreserved(c); });
    out.append(at, run_end);
    at = run_end;
    if (at == plain.end()) break;
    const auto byte = static_cast<unsigned char>(*at++);
    out.push_back('%');
    out.push_back(kHex[byte >> 4]);
    out.push_back(kHex[byte & 15]);
  }
}

bool valid_percent_encoding(std::string_view encoded) {
  for (std::size_t at = encoded.find('%'); at != std::string_view::npos;
       at = encoded.find('%', at + 3)) {
    if (at + 2 >= encoded.size() || hex_value(encoded[at + 1]) < 0 ||
        hex_value(encoded[at + 2]) < 0) {
      return false;
    }
  }
  return true;
}

std::optional<std::string> percent_decode(std::string_view encoded) {
  if (!valid_percent_encoding(encoded)) return std::nullopt;
  std::string out;
  out.reserve(encoded.size());
  for (std::size_t at = 0; at < encoded.size(); ++at) {
    if (encoded[at] == '%') {
      out.push_back(
          static_cast<char>(hex_value(encoded[at + 1]) * 16 + hex_value(encoded[at + 2])));
      at += 2;
    } else {
      out.push_back(encoded[at]);
    }
  }
  return out;
}

}  // namespace oriel::convert::wire
