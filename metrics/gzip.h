// The gzip coding (RFC 1952) of a scrape. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace oriel::metrics {

// At zlib's fastest level, which takes about as long as the rendering. nullopt: no memory for it.
std::optional<std::string> gzip(std::string_view text);

}  // namespace oriel::metrics
