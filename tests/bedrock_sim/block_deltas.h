// What a stream sends of one content block: the `start` and the deltas, each as JSON. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "tests/bedrock_sim/answer.h"

namespace oriel::sim {

// The `start` union of contentBlockStart; empty: the block has no such event.
std::string start_of(const Block& block);
// The `delta` unions, with texts cut at code points into pieces of about `chunk` bytes.
std::vector<std::string> deltas_of(const Block& block, std::size_t chunk,
                                   const Directives& directives);

}  // namespace oriel::sim
