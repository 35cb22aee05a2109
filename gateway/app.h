// The composition root: makes everything once, wires it, and runs the admin thread (the process's
// main thread): signals, draining, scrape rendering.
#pragma once

#include "gateway/config.h"

namespace oriel::gateway {

// Serves until a signal ends it. Returns the process's exit code: 0 after a clean drain, 1 when it
// could not start (one line on standard error says why) or was told twice to end.
int run_app(const Config& config, const Environment& environment);

}  // namespace oriel::gateway
