// How long a server asks its client to wait: Retry-After (RFC 9110 §10.2.3) in seconds, which may
// have a fraction, and retry-after-ms, which counts before it. Pure.
#pragma once

#include <chrono>
#include <optional>
#include <span>

#include "convert/dialect.h"

namespace oriel::convert::wire {

// At most `most`. nullopt when there is neither, or only a date or nonsense.
std::optional<std::chrono::milliseconds> read_retry_after(std::span<const Header> headers,
                                                          std::chrono::milliseconds most);

}  // namespace oriel::convert::wire
