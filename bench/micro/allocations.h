// Bytes asked of operator new by this thread since it started.
#pragma once

#include <cstdint>

namespace oriel::bench {

std::uint64_t allocated_bytes();
std::uint64_t allocations();

}  // namespace oriel::bench
