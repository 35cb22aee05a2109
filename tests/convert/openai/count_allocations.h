// How often this program has called operator new, which count_allocations_test.cc replaces.
#pragma once

#include <cstddef>

namespace oriel {

std::size_t allocations();

}  // namespace oriel
