#include "convert/wire/crc32.h"

#include <zlib.h>

namespace oriel::convert::wire {

std::uint32_t crc32(std::string_view bytes, std::uint32_t seed) {
  return static_cast<std::uint32_t>(
      ::crc32_z(seed, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size()));
}

}  // namespace oriel::convert::wire
