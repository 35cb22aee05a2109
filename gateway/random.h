// The seam to randomness: ids and jitter. Thread-safe.
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace oriel::gateway {

class Random {
 public:
  virtual ~Random() = default;
  virtual void fill(std::span<std::uint8_t> bytes) = 0;
};

// The operating system's (OpenSSL's RAND_bytes).
Random& system_random();

// `bytes` random bytes as lower-case hex.
std::string random_hex(Random& random, std::size_t bytes);

}  // namespace oriel::gateway
