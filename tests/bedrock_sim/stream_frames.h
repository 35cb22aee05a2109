// The events of ConverseStream for one answer, as event-stream messages back to back.
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "tests/bedrock_sim/answer.h"

namespace oriel::sim {

struct StreamFrames {
  struct Frame {
    std::size_t end;  // In `bytes`.
    bool is_delta;    // Paced by the gap.
  };
  std::string bytes;
  std::vector<Frame> frames;
  std::size_t message_stop = 0;  // The index of messageStop.
  bool has_usage = false;
};

// `chunk` is the size of a delta in bytes, `latency_ms` what the metadata reports.
StreamFrames make_frames(const Answer& answer, std::size_t chunk, std::int64_t latency_ms,
                         std::mt19937_64& random);

}  // namespace oriel::sim
