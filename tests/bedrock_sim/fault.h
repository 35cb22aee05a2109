// An error answer in the making: AWS's exception name and words. `type` is empty when all is well.
#pragma once

#include <string>

namespace oriel::sim {

struct Fault {
  std::string type;
  std::string message;
  bool found() const { return !type.empty(); }
};

}  // namespace oriel::sim
