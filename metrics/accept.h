// What a scraper asks for (RFC 9110 §12.5): the text format and the coding of a scrape. Pure.
#pragma once

#include <cstdint>
#include <string_view>

namespace oriel::metrics {

enum class Format : std::uint8_t { text, openmetrics };
enum class Coding : std::uint8_t { identity, gzip };

// The format that an Accept header prefers; the classic text when it says nothing we know.
Format preferred_format(std::string_view accept);
std::string_view content_type(Format format);

// The coding that an Accept-Encoding header prefers. gzip only when it is named, or meant by "*",
// and not liked less than identity; identity also when nothing is acceptable.
Coding preferred_coding(std::string_view accept_encoding);

}  // namespace oriel::metrics
