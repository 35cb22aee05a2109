// Percent-encoding: RFC 3986 §2.1, in the strict form that AWS signs (everything but the unreserved
// characters is encoded). Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace oriel::convert::wire {

// Appends `plain` with every byte but A-Z a-z 0-9 - _ . ~ as %XX, upper-case.
void append_percent_encoded(std::string_view plain, std::string& out);
// Whether every '%' is followed by two hexadecimal digits.
bool valid_percent_encoding(std::string_view encoded);
// The bytes meant; nullopt when an escape is broken. '+' stays '+'.
std::optional<std::string> percent_decode(std::string_view encoded);

}  // namespace oriel::convert::wire
