// An answer as bytes with their times, ready to be played on a connection. Built whole before the
// first byte goes out, so that the connection knows nothing of Bedrock.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "tests/bedrock_sim/answer.h"

namespace oriel::sim {

struct Script {
  struct Step {
    std::size_t end;  // Write the bytes up to here...
    int delay_ms;     // ...so long after the step before.
  };
  enum class End { kKeepAlive, kClose, kReset, kStall };
  enum class Kind { kOther, kCall, kStream };

  std::string bytes;
  std::vector<Step> steps;
  End end = End::kKeepAlive;
  Kind kind = Kind::kOther;
  bool dribble = false;  // One byte per write.
  int status = 200;
  // Counted when this many bytes are written; 0: never.
  std::size_t usage_at = 0;
  Usage usage;

  // Marks what `bytes` holds now as one step, joined to the step before when there is no delay.
  void mark(int delay_ms) {
    if (delay_ms == 0 && !steps.empty()) {
      steps.back().end = bytes.size();
    } else {
      steps.push_back({bytes.size(), delay_ms});
    }
  }
};

}  // namespace oriel::sim
