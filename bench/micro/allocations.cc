#include "bench/micro/allocations.h"

#include <cstddef>
#include <cstdlib>
#include <new>

namespace {
thread_local std::uint64_t bytes = 0;
thread_local std::uint64_t count = 0;
}  // namespace

void* operator new(std::size_t size) {
  bytes += size;
  ++count;
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace oriel::bench {

std::uint64_t allocated_bytes() { return bytes; }
std::uint64_t allocations() { return count; }

}  // namespace oriel::bench
