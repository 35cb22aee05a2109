// What this build is.
#pragma once

#include <string>

namespace oriel::gateway {

extern const char* const kVersion;   // "0.1.0"
extern const char* const kCommit;    // short hash, or "unknown" outside a checkout
extern const char* const kCompiler;  // "g++ 12.2.0"

// "0.1.0 (1a2b3c4, g++ 12.2.0)"
std::string version_line();

}  // namespace oriel::gateway
