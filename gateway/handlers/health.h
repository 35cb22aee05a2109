// What the probes tell: written by the admin thread, read by all.
#pragma once

#include <atomic>

namespace oriel::gateway {

struct Health {
  std::atomic<bool> ready{false};  // workers listen, credentials were found where they are needed
  std::atomic<bool> shutting_down{false};  // SIGTERM came: not ready any more
  std::atomic<bool> draining{false};       // no new requests
};

}  // namespace oriel::gateway
