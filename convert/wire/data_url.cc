#include "convert/wire/data_url.h"

#include "convert/wire/chars.h"

namespace oriel::convert::wire {

std::optional<DataUrl> parse_data_url(std::string_view url) {
  constexpr std::string_view kScheme = "data:";
  if (!equal_ignoring_case(url.substr(0, kScheme.size()), kScheme)) return std::nullopt;
  url.remove_prefix(kScheme.size());
  const std::size_t comma = url.find(',');
  if (comma == std::string_view::npos) return std::nullopt;
  const std::string_view meta = url.substr(0, comma);
  DataUrl parsed;
  parsed.data = url.substr(comma + 1);
  const std::size_t first = meta.find(';');
  parsed.media_type = trim_blanks(meta.substr(0, first));
  if (first != std::string_view::npos) {
    const std::string_view last = meta.substr(meta.rfind(';') + 1);
    parsed.base64 = equal_ignoring_case(trim_blanks(last), "base64");
  }
  return parsed;
}

}  // namespace oriel::convert::wire
