#include "tests/convert/openai/count_allocations.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <memory>
#include <new>
#include <string>

namespace {
std::atomic<std::size_t> count = 0;
}  // namespace

namespace oriel {
std::size_t allocations() { return count; }
}  // namespace oriel

// Kept out of line: the compiler must not see that these are malloc() and free().
[[gnu::noinline]] void* operator new(std::size_t size) {
  ++count;
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
[[gnu::noinline]] void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  ++count;
  return std::malloc(size);
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace oriel {
namespace {

TEST(CountAllocations, Counts) {
  const std::size_t before = allocations();
  const auto text = std::make_unique<std::string>(100, 'x');
  EXPECT_EQ(allocations(), before + 2);
  EXPECT_EQ(text->size(), 100U);
}

}  // namespace
}  // namespace oriel
