#include "convert/wire/retry_after.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <string_view>
#include <utility>

#include "convert/wire/chars.h"

namespace oriel::convert::wire {

std::optional<std::chrono::milliseconds> read_retry_after(std::span<const Header> headers,
                                                          std::chrono::milliseconds most) {
  for (const auto& [name, unit] : {std::pair{"retry-after-ms", 1.0}, {"retry-after", 1000.0}}) {
    const std::string_view text = find_header(headers, name);
    if (text.empty() || !is_digit(text.front())) continue;
    double value = 0;
    const auto [end, failed] =
        std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
    if (failed != std::errc() || end != text.data() + text.size()) continue;
    const double wait = std::min(value * unit, static_cast<double>(most.count()));
    return std::chrono::milliseconds(static_cast<std::int64_t>(wait));
  }
  return std::nullopt;
}

}  // namespace oriel::convert::wire
