// What a prompt asks of the simulator itself: `[sim key=value key]` and `[cache READ/WRITE]` in the
// last user text, or the same words in an `x-sim` header. The full list is in README.md.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/bedrock_sim/fault.h"

namespace oriel::sim {

class Directives {
 public:
  // Takes the directives out of `text` and returns what is left of it, trimmed.
  std::string take(std::string_view text);
  // Words as they stand between `[sim` and `]`.
  void add(std::string_view words);
  // Names a word that no directive has, so that a typing error in a test is seen.
  Fault check() const;

  // Forgets the faults and keeps what shapes and paces the answer.
  void drop_faults();

  bool has(std::string_view key) const { return find(key) != nullptr; }
  // The value; "" when absent and for a bare word.
  std::string_view text(std::string_view key) const;
  std::int64_t number(std::string_view key, std::int64_t otherwise) const;
  bool is(std::string_view key, std::string_view value) const {
    return has(key) && text(key) == value;
  }

 private:
  const std::string* find(std::string_view key) const;
  std::vector<std::pair<std::string, std::string>> words_;
};

}  // namespace oriel::sim
