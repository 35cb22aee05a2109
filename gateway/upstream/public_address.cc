#include "gateway/upstream/public_address.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <span>

namespace oriel::gateway {
namespace {

using Bytes4 = std::array<std::uint8_t, 4>;
using Bytes16 = std::array<std::uint8_t, 16>;

template <class Bytes>
struct Block {
  Bytes address;
  unsigned bits;
};

constexpr auto kPrivateV4 = std::to_array<Block<Bytes4>>({
    {{0, 0, 0, 0}, 8},        // this network
    {{10, 0, 0, 0}, 8},       // private
    {{100, 64, 0, 0}, 10},    // carrier-grade NAT
    {{127, 0, 0, 0}, 8},      // loopback
    {{169, 254, 0, 0}, 16},   // link-local: the metadata services
    {{172, 16, 0, 0}, 12},    // private
    {{192, 0, 0, 0}, 24},     // protocol assignments
    {{192, 0, 2, 0}, 24},     // documentation
    {{192, 31, 196, 0}, 24},  // AS112
    {{192, 52, 193, 0}, 24},  // AMT
    {{192, 88, 99, 0}, 24},   // 6to4 relays
    {{192, 168, 0, 0}, 16},   // private
    {{192, 175, 48, 0}, 24},  // AS112
    {{198, 18, 0, 0}, 15},    // benchmarks
    {{198, 51, 100, 0}, 24},  // documentation
    {{203, 0, 113, 0}, 24},   // documentation
    {{224, 0, 0, 0}, 4},      // multicast
    {{240, 0, 0, 0}, 4},      // reserved, broadcast
});

// Of 2000::/3, which is all that is public.
constexpr auto kPrivateV6 = std::to_array<Block<Bytes16>>({
    {{0x20, 0x01, 0x00}, 23},              // protocol assignments: Teredo, ORCHID, benchmarks
    {{0x20, 0x01, 0x0d, 0xb8}, 32},        // documentation
    {{0x20, 0x02}, 16},                    // 6to4: an IPv4 address behind somebody's relay
    {{0x26, 0x20, 0x00, 0x4f, 0x80}, 48},  // AS112
    {{0x3f, 0xff}, 20},                    // documentation
});
constexpr Block<Bytes16> kGlobal{{0x20}, 3};
constexpr Block<Bytes16> kNat64{{0x00, 0x64, 0xff, 0x9b}, 96};

template <class Bytes>
bool within(const Bytes& address, const Block<Bytes>& block) {
  const std::size_t whole = block.bits / 8;
  if (!std::equal(address.begin(), address.begin() + static_cast<std::ptrdiff_t>(whole),
                  block.address.begin())) {
    return false;
  }
  const unsigned rest = block.bits % 8;
  if (rest == 0) return true;
  return (address[whole] >> (8 - rest)) == (block.address[whole] >> (8 - rest));
}

template <class Bytes>
bool within_any(const Bytes& address, std::span<const Block<Bytes>> blocks) {
  return std::any_of(blocks.begin(), blocks.end(),
                     [&](const Block<Bytes>& block) { return within(address, block); });
}

bool is_public(const Bytes4& address) {
  return !within_any(address, std::span<const Block<Bytes4>>(kPrivateV4));
}

bool is_public(const Bytes16& address) {
  if (within(address, kNat64)) {
    return is_public(Bytes4{address[12], address[13], address[14], address[15]});
  }
  return within(address, kGlobal) &&
         !within_any(address, std::span<const Block<Bytes16>>(kPrivateV6));
}

}  // namespace

bool is_public_address(const sockaddr& address, std::size_t size) {
  if (size >= sizeof(sockaddr_in) && address.sa_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, &address, sizeof v4);
    Bytes4 bytes{};
    std::memcpy(bytes.data(), &v4.sin_addr, bytes.size());
    return is_public(bytes);
  }
  if (size >= sizeof(sockaddr_in6) && address.sa_family == AF_INET6) {
    sockaddr_in6 v6{};
    std::memcpy(&v6, &address, sizeof v6);
    Bytes16 bytes{};
    std::memcpy(bytes.data(), &v6.sin6_addr, bytes.size());
    return is_public(bytes);
  }
  return false;
}

}  // namespace oriel::gateway
