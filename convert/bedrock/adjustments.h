// Collects what an encoder could not send as asked, each thing once. Owned by one encode().
#pragma once

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include "convert/dialect.h"

namespace oriel::convert::bedrock {

class Adjustments {
 public:
  using Action = Adjustment::Action;
  // `parameter` is a literal.
  void add(std::string_view parameter, Action action) {
    const bool known = std::any_of(list_.begin(), list_.end(), [&](const Adjustment& seen) {
      return seen.parameter == parameter && seen.action == action;
    });
    if (!known) list_.push_back({parameter, action});
  }
  std::vector<Adjustment> take() { return std::move(list_); }

 private:
  std::vector<Adjustment> list_;
};

}  // namespace oriel::convert::bedrock
