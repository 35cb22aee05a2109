#include "gateway/version.h"

namespace oriel::gateway {

const char* const kVersion = ORIEL_VERSION;
const char* const kCommit = ORIEL_COMMIT;
#ifdef __clang__
const char* const kCompiler = "clang++ " __clang_version__;
#else
const char* const kCompiler = "g++ " __VERSION__;
#endif

std::string version_line() {
  return std::string(kVersion) + " (" + kCommit + ", " + kCompiler + ")";
}

}  // namespace oriel::gateway
