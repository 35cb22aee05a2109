// Reads /proc for the process_* families. Any thread but a worker's: it reads files.
#pragma once

#include <optional>

#include "metrics/process.h"

namespace oriel::gateway {

// nullopt where /proc is not readable.
std::optional<metrics::ProcessStats> read_process_stats();

}  // namespace oriel::gateway
