// Base64 text (RFC 4648) that mostly travels as it is: checked at memory speed, repaired when a
// client's encoder was lax, decoded only as far as a picture's header needs; and made of bytes that
// come without it. Pure.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace oriel::convert::wire {

// Whether `text` is standard-alphabet base64, padded to four, zero in its unused bits, and nothing
// else. Empty text is.
bool is_canonical_base64(std::string_view text);
// Appends the canonical form of `in` to `out`: takes the URL-safe alphabet, white space, missing
// padding. False (with `out` as it was) when `in` is not base64 even so.
bool clean_base64(std::string_view in, std::string& out);
// Decodes from the start until `out` is full, or the text ends or stops being base64 (either
// alphabet). Returns how many bytes were written.
std::size_t decode_base64_prefix(std::string_view text, std::span<unsigned char> out);
// Appends the canonical form of `bytes`.
void append_base64(std::string_view bytes, std::string& out);

}  // namespace oriel::convert::wire
