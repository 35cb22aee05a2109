// SHA-256, HMAC and hex over OpenSSL, with the contexts kept per thread.
#pragma once

#include <openssl/evp.h>

#include <array>
#include <memory>
#include <string>
#include <string_view>

namespace oriel::sim {

using Digest = std::array<unsigned char, 32>;

Digest sha256(std::string_view data);
Digest hmac_sha256(std::string_view key, std::string_view data);
std::string hex(const Digest& digest);

inline std::string_view as_text(const Digest& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

// In time that does not depend on where they differ.
bool equal_secret(std::string_view a, std::string_view b);

}  // namespace oriel::sim
