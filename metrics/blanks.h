// White space around the parts of header fields (RFC 9110, 5.6.3). Pure.
#pragma once

#include <string_view>

namespace oriel::metrics {

inline std::string_view trim_blanks(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

}  // namespace oriel::metrics
