#include "gateway/random.h"

#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <vector>

namespace oriel::gateway {
namespace {

// What a thread has drawn and not yet handed out: a request's id costs no system call.
struct Pool {
  std::array<std::uint8_t, 1024> bytes;
  std::size_t left = 0;
};

class SystemRandom final : public Random {
 public:
  void fill(std::span<std::uint8_t> bytes) override {
    thread_local Pool pool;
    while (!bytes.empty()) {
      if (pool.left == 0) refill(pool);
      const std::size_t count = std::min(bytes.size(), pool.left);
      std::copy_n(pool.bytes.end() - pool.left, count, bytes.begin());
      pool.left -= count;
      bytes = bytes.subspan(count);
    }
  }

 private:
  static void refill(Pool& pool) {
    // Without randomness ids and jitter would repeat: there is nothing sensible left to do.
    if (RAND_bytes(pool.bytes.data(), static_cast<int>(pool.bytes.size())) != 1) std::abort();
    pool.left = pool.bytes.size();
  }
};

}  // namespace

Random& system_random() {
  static SystemRandom random;
  return random;
}

std::string random_hex(Random& random, std::size_t bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::vector<std::uint8_t> raw(bytes);
  random.fill(raw);
  std::string hex;
  hex.reserve(2 * bytes);
  for (const std::uint8_t byte : raw) {
    hex.push_back(kDigits[byte >> 4]);
    hex.push_back(kDigits[byte & 0x0F]);
  }
  return hex;
}

}  // namespace oriel::gateway
