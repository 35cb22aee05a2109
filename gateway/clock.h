// The seam to time. The gateway reads no clock but through it; one object serves all threads.
#pragma once

#include <chrono>
#include <cstdint>

namespace oriel::gateway {

using SteadyTime = std::chrono::steady_clock::time_point;
using WallTime = std::chrono::system_clock::time_point;

class Clock {
 public:
  virtual ~Clock() = default;
  virtual SteadyTime now() const = 0;  // durations and deadlines
  virtual WallTime wall() const = 0;   // dates: signatures, `created`, log lines
};

// The system's clocks.
const Clock& system_clock();

}  // namespace oriel::gateway
