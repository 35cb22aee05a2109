// Which addresses are anybody's on the internet, and which are somebody's own: what clients make
// the gateway fetch may come from the first only. Source: spec/converse.md §4.2; IANA's registries
// of special-purpose addresses. Pure.
#pragma once

#include <cstddef>

struct sockaddr;

namespace oriel::gateway {

// Only IPv4 and IPv6 addresses in public unicast space. Of the IPv6 forms that carry an IPv4
// address only NAT64's is public, and that if the address inside is. `size` is the address's own;
// anything unknown or cut short is not public.
bool is_public_address(const sockaddr& address, std::size_t size);

}  // namespace oriel::gateway
