// CRC-32 as zlib computes it (ISO-HDLC). Pure.
#pragma once

#include <cstdint>
#include <string_view>

namespace oriel::convert::wire {

// `seed` is the checksum of what stands before `bytes`.
std::uint32_t crc32(std::string_view bytes, std::uint32_t seed = 0);

}  // namespace oriel::convert::wire
