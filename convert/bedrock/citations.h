// The sources that an answer names. Source: spec/converse.md §12.3. Pure.
#pragma once

#include <cstdint>

#include "convert/chat.h"
#include "convert/json/reader.h"

namespace oriel::convert::bedrock {

// Unicode code points of the text's characters.
std::uint32_t count_points(Text text);
// Converse's citation object, without its span. Borrows.
Citation read_citation(json::Value value);

}  // namespace oriel::convert::bedrock
