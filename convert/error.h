// The one error value of the gateway, and the one table that says what each kind means on the wire.
// Sources: OpenAI's error form {"error":{message,type,param,code}}; spec/converse.md §15, §16.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "convert/json/expected.h"
#include "convert/lesson.h"
#include "convert/usage.h"

namespace oriel::convert {

// Whose fault it is and what went wrong. Each kind has exactly one row in error.cc.
enum class ErrorKind : std::uint8_t {
  // The caller's request.
  invalid_request,          // 400
  unsupported_parameter,    // 400, this model cannot do it
  context_length_exceeded,  // 400
  content_filtered,         // 400
  unauthenticated,          // 401
  forbidden,                // 403
  not_found,                // 404, unknown URL
  model_not_found,          // 404
  method_not_allowed,       // 405
  request_timeout,          // 408, the client was too slow
  conflict,                 // 409
  too_large,                // 413
  unsupported_media_type,   // 415
  header_too_large,         // 431
  uri_too_long,             // 414
  cancelled,                // 499 in logs and metrics; nobody reads the answer
  // Policy of this gateway.
  rate_limited,     // 429
  budget_exceeded,  // 429 insufficient_quota
  overloaded,       // 503, load shed
  // The upstream.
  upstream_throttled,         // 429
  upstream_quota,             // 429 insufficient_quota
  upstream_auth,              // 502, our credentials
  upstream_access_denied,     // 403, no access to the model
  upstream_model_not_found,   // 404
  upstream_rejected,          // 400, upstream calls the request invalid
  upstream_not_ready,         // 503
  upstream_unavailable,       // 503
  upstream_server_error,      // 500
  upstream_model_error,       // 502
  upstream_timeout,           // 504
  upstream_unreachable,       // 502: DNS, connect, TLS, reset
  upstream_bad_response,      // 502: not what the protocol promises
  upstream_stream_truncated,  // 502 / error event: the stream ended early
  upstream_stream_corrupt,    // 502 / error event: framing broken
  upstream_malformed_output,  // 502 / error event: malformed_model_output, malformed_tool_use
  // The gateway.
  draining,               // 503
  not_implemented,        // 501: a Transfer-Encoding or HTTP feature we do not speak
  version_not_supported,  // 505
  internal,               // 500
};
inline constexpr std::size_t kErrorKinds = static_cast<std::size_t>(ErrorKind::internal) + 1;

// No client is told to wait longer.
inline constexpr std::chrono::milliseconds kMaxRetryAfter{60'000};

struct Error {
  ErrorKind kind = ErrorKind::internal;
  // What the client reads; no account ids, ARNs, hosts or request ids of AWS. Empty: the kind's
  // own.
  std::string message;
  // For the log only; never holds prompts or secrets.
  std::string detail;
  // The JSON path or parameter the error concerns; empty is null on the wire.
  std::string param;
  // OpenAI's machine-readable code where it differs from the kind's default ("image_too_large").
  std::string code;
  // OpenAI's type where it differs from the kind's default ("tokens").
  std::string type;
  // HTTP status where it differs from the kind's default; 0 is the default.
  int status = 0;
  // What upstream said, 0 when it said nothing.
  int upstream_status = 0;
  std::optional<std::chrono::milliseconds> retry_after;  // at most kMaxRetryAfter
  // What a refusal taught about the model; none: the same request would be refused again.
  Lesson lesson;
  // What the answer cost that turned out to be unusable, where it says so.
  std::optional<Usage> usage;
};

struct ErrorRow {
  ErrorKind kind;
  int status;
  std::string_view type;
  std::string_view code;     // empty: null
  bool retryable;            // another attempt may succeed, as far as the upstream's state goes
  std::string_view message;  // when the error brings none
};
const ErrorRow& row_of(ErrorKind kind);

inline int status_of(const Error& error) {
  return error.status != 0 ? error.status : row_of(error.kind).status;
}

template <class T>
using Result = Expected<T, Error>;

}  // namespace oriel::convert
