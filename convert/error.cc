#include "convert/error.h"

#include <array>

namespace oriel::convert {
namespace {

using enum ErrorKind;

constexpr std::string_view kInvalid = "invalid_request_error";
constexpr std::string_view kServer = "server_error";
constexpr std::string_view kBusy =
    "The server is currently overloaded with other requests. Sorry about that!";
constexpr std::string_view kFault =
    "The server had an error while processing your request. Sorry about that!";

// kind, status, type, code, retryable, message
constexpr std::array<ErrorRow, kErrorKinds> kRows{{
    {invalid_request, 400, kInvalid, "", false, "Invalid request."},
    {unsupported_parameter, 400, kInvalid, "unsupported_parameter", false,
     "A parameter is not supported with this model."},
    {context_length_exceeded, 400, kInvalid, "context_length_exceeded", false,
     "This model's maximum context length was exceeded. Please reduce the length of the messages."},
    {content_filtered, 400, kInvalid, "content_filter", false, "The response was filtered."},
    {unauthenticated, 401, kInvalid, "invalid_api_key", false, "Incorrect API key provided."},
    {forbidden, 403, "permission_error", "", false, "You are not allowed to do this."},
    {not_found, 404, kInvalid, "unknown_url", false, "Invalid URL."},
    {model_not_found, 404, kInvalid, "model_not_found", false,
     "The model does not exist or you do not have access to it."},
    {method_not_allowed, 405, kInvalid, "method_not_supported", false, "Method not allowed."},
    {request_timeout, 408, kInvalid, "request_timeout", false, "Timed out reading the request."},
    {conflict, 409, kInvalid, "conflict", false, "The request conflicts with another."},
    {too_large, 413, kInvalid, "request_too_large", false, "The request body is too large."},
    {unsupported_media_type, 415, kInvalid, "unsupported_content_type", false,
     "Unsupported content type."},
    {header_too_large, 431, kInvalid, "headers_too_large", false,
     "The request headers are too large."},
    {uri_too_long, 414, kInvalid, "uri_too_long", false, "The request URL is too long."},
    {cancelled, 499, kInvalid, "cancelled", false, "The client closed the request."},
    {rate_limited, 429, "requests", "rate_limit_exceeded", false, "Rate limit reached."},
    {budget_exceeded, 429, "insufficient_quota", "insufficient_quota", false,
     "You exceeded your current quota, please check your plan and billing details."},
    {overloaded, 503, kServer, "overloaded", false, kBusy},
    {upstream_throttled, 429, "requests", "rate_limit_exceeded", true,
     "Too many requests, please wait before trying again."},
    {upstream_quota, 429, "insufficient_quota", "insufficient_quota", false,
     "The upstream quota is exceeded."},
    {upstream_auth, 502, kServer, "upstream_auth_error", false,
     "The gateway could not authenticate to the upstream service."},
    {upstream_access_denied, 403, "permission_error", "model_access_denied", false,
     "Access to this model is denied."},
    {upstream_model_not_found, 404, kInvalid, "model_not_found", false,
     "The model does not exist or you do not have access to it."},
    {upstream_rejected, 400, kInvalid, "", false, "The upstream service rejected the request."},
    {upstream_not_ready, 503, kServer, "model_not_ready", true,
     "The model is not ready. Please try again."},
    {upstream_unavailable, 503, kServer, "upstream_unavailable", true,
     "The upstream service is unavailable."},
    {upstream_server_error, 500, kServer, "upstream_internal_error", true,
     "The upstream service had an internal error."},
    {upstream_model_error, 502, kServer, "model_error", true,
     "The model failed to process the request."},
    {upstream_timeout, 504, kServer, "upstream_timeout", false,
     "The upstream service did not answer in time."},
    {upstream_unreachable, 502, kServer, "upstream_unreachable", true,
     "The upstream service could not be reached."},
    {upstream_bad_response, 502, kServer, "upstream_bad_response", false,
     "The upstream service gave an answer that could not be understood."},
    {upstream_stream_truncated, 502, kServer, "stream_truncated", false,
     "The upstream stream ended before the answer was complete."},
    {upstream_stream_corrupt, 502, kServer, "stream_corrupt", false,
     "The upstream stream is corrupt."},
    {upstream_malformed_output, 502, kServer, "malformed_model_output", true,
     "The model produced malformed output."},
    {draining, 503, kServer, "overloaded", false, kBusy},
    {not_implemented, 501, kServer, "not_implemented", false, "Not implemented."},
    {version_not_supported, 505, kInvalid, "http_version_not_supported", false,
     "HTTP version not supported."},
    {internal, 500, kServer, "", false, kFault},
}};

constexpr bool rows_in_order() {
  for (std::size_t i = 0; i < kRows.size(); ++i) {
    if (kRows[i].kind != static_cast<ErrorKind>(i)) return false;
  }
  return true;
}
static_assert(rows_in_order());

}  // namespace

const ErrorRow& row_of(ErrorKind kind) { return kRows[static_cast<std::size_t>(kind)]; }

}  // namespace oriel::convert
