// Lone halves of surrogate pairs in JSON strings: models cut a character in two, between two deltas
// or at the end of an answer. The JSON reader refuses them; here they become readable. Source:
// spec/converse.md §13.4.
#pragma once

#include <string>
#include <string_view>

namespace oriel::convert::bedrock {

inline constexpr std::size_t kSurrogateEscape = 6;  // \uXXXX

// Replaces every lone half in a JSON text by \ufffd, in place and in the same number of bytes.
// False when there was none.
bool mask_lone_surrogates(std::string& json);

bool starts_with_low_surrogate(std::string_view escaped);
// Whether the last character of `escaped` is a high half with nothing behind it.
bool ends_with_high_surrogate(std::string_view escaped);

}  // namespace oriel::convert::bedrock
