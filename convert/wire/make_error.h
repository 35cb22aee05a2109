// Errors as the parsers of this folder make them.
#pragma once

#include <string_view>

#include "convert/error.h"

namespace oriel::convert::wire {

// For the client; without a message, the kind's own.
inline Error client_error(ErrorKind kind, std::string_view message = {}) {
  Error error;
  error.kind = kind;
  error.message = message;
  return error;
}

// For the log; the client reads the kind's own message.
inline Error upstream_error(ErrorKind kind, std::string_view detail) {
  Error error;
  error.kind = kind;
  error.detail = detail;
  return error;
}

}  // namespace oriel::convert::wire
