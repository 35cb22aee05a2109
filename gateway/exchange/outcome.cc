#include "gateway/exchange/outcome.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

namespace oriel::gateway {
namespace {

using convert::ErrorKind;
using metrics::Outcome;

constexpr std::array<std::pair<ErrorKind, Outcome>, convert::kErrorKinds> kOutcomes{{
    {ErrorKind::invalid_request, Outcome::caller_invalid_request},
    {ErrorKind::unsupported_parameter, Outcome::caller_invalid_request},
    {ErrorKind::context_length_exceeded, Outcome::caller_context_length},
    {ErrorKind::content_filtered, Outcome::provider_rejected},
    {ErrorKind::unauthenticated, Outcome::caller_unauthenticated},
    {ErrorKind::forbidden, Outcome::caller_forbidden},
    {ErrorKind::not_found, Outcome::caller_not_found},
    {ErrorKind::model_not_found, Outcome::caller_unknown_model},
    {ErrorKind::method_not_allowed, Outcome::caller_not_found},
    {ErrorKind::request_timeout, Outcome::caller_too_slow},
    {ErrorKind::conflict, Outcome::caller_invalid_request},
    {ErrorKind::too_large, Outcome::caller_too_large},
    {ErrorKind::unsupported_media_type, Outcome::caller_invalid_request},
    {ErrorKind::header_too_large, Outcome::caller_too_large},
    {ErrorKind::uri_too_long, Outcome::caller_too_large},
    {ErrorKind::cancelled, Outcome::caller_cancelled},
    {ErrorKind::rate_limited, Outcome::policy_rate_limited},
    {ErrorKind::budget_exceeded, Outcome::policy_budget_exceeded},
    {ErrorKind::overloaded, Outcome::policy_shed},
    {ErrorKind::upstream_throttled, Outcome::provider_throttled},
    {ErrorKind::upstream_quota, Outcome::provider_quota},
    {ErrorKind::upstream_auth, Outcome::provider_auth_failed},
    {ErrorKind::upstream_access_denied, Outcome::provider_access_denied},
    {ErrorKind::upstream_model_not_found, Outcome::provider_model_not_found},
    {ErrorKind::upstream_rejected, Outcome::provider_rejected},
    {ErrorKind::upstream_not_ready, Outcome::provider_unavailable},
    {ErrorKind::upstream_unavailable, Outcome::provider_unavailable},
    {ErrorKind::upstream_server_error, Outcome::provider_server_error},
    {ErrorKind::upstream_model_error, Outcome::provider_server_error},
    {ErrorKind::upstream_timeout, Outcome::provider_timeout},
    {ErrorKind::upstream_unreachable, Outcome::provider_unreachable},
    {ErrorKind::upstream_bad_response, Outcome::provider_malformed_output},
    {ErrorKind::upstream_stream_truncated, Outcome::provider_stream_truncated},
    {ErrorKind::upstream_stream_corrupt, Outcome::provider_stream_corrupt},
    {ErrorKind::upstream_malformed_output, Outcome::provider_malformed_output},
    {ErrorKind::draining, Outcome::gateway_draining},
    {ErrorKind::not_implemented, Outcome::caller_invalid_request},
    {ErrorKind::version_not_supported, Outcome::caller_invalid_request},
    {ErrorKind::internal, Outcome::gateway_internal},
}};

constexpr bool outcomes_in_order() {
  for (std::size_t i = 0; i < kOutcomes.size(); ++i) {
    if (kOutcomes[i].first != static_cast<ErrorKind>(i)) return false;
  }
  return true;
}
static_assert(outcomes_in_order());

constexpr std::chrono::milliseconds kFirstDelay{1'000};
constexpr std::chrono::milliseconds kLastDelay{20'000};  // 30 s with the most that jitter adds
constexpr std::uint32_t kMostDoublings = 5;

// Give or take half of it, so that refused clients do not come back all at once.
std::chrono::milliseconds jittered_delay(std::uint32_t throttled, Random& random) {
  const auto delay = std::min(kFirstDelay * (1 << std::min(throttled, kMostDoublings)), kLastDelay);
  std::array<std::uint8_t, 2> bits{};
  random.fill(bits);
  const int sample = bits[0] * 256 + bits[1];
  return delay / 2 + std::chrono::milliseconds(delay.count() * sample / 65'536);
}

}  // namespace

Outcome outcome_of(ErrorKind kind) { return kOutcomes[static_cast<std::size_t>(kind)].second; }

metrics::StreamEnd stream_end_of(const convert::Error& error) {
  switch (error.kind) {
    case ErrorKind::cancelled: return metrics::StreamEnd::client_abort;
    case ErrorKind::request_timeout: return metrics::StreamEnd::slow_client;
    case ErrorKind::upstream_stream_truncated:
    case ErrorKind::upstream_unreachable: return metrics::StreamEnd::truncated;
    case ErrorKind::upstream_stream_corrupt: return metrics::StreamEnd::corrupt;
    case ErrorKind::upstream_timeout: return metrics::StreamEnd::idle_timeout;
    case ErrorKind::draining: return metrics::StreamEnd::drain;
    default: return metrics::StreamEnd::upstream_error;
  }
}

std::optional<metrics::FrameFault> frame_fault_of(const convert::Error& error) {
  if (error.kind == ErrorKind::upstream_stream_truncated) return metrics::FrameFault::truncated;
  if (error.kind != ErrorKind::upstream_stream_corrupt) return std::nullopt;
  for (std::size_t i = 0; i < metrics::kFrameFaults; ++i) {
    const auto fault = static_cast<metrics::FrameFault>(i);
    if (error.detail == to_string(fault)) return fault;  // the decoders say it in our words
  }
  return metrics::FrameFault::malformed;
}

metrics::Tokens tokens_of(const convert::Usage& usage) {
  metrics::Tokens tokens;
  tokens.input = usage.input;
  tokens.output = usage.output;
  tokens.cache_read = usage.cache_read;
  tokens.cache_write_5m = usage.cache_write_5m;
  tokens.cache_write_1h = usage.cache_write_1h;
  tokens.reasoning = usage.reasoning.value_or(0);
  return tokens;
}

metrics::UnknownItem unknown_item_of(convert::UnknownItem item) {
  switch (item) {
    case convert::UnknownItem::event: return metrics::UnknownItem::event;
    case convert::UnknownItem::block: return metrics::UnknownItem::block;
    case convert::UnknownItem::stop_reason: return metrics::UnknownItem::stop_reason;
    case convert::UnknownItem::member: return metrics::UnknownItem::member;
  }
  return metrics::UnknownItem::member;
}

convert::Error error_of(const TransferResult& result) {
  convert::Error error;
  error.detail = result.detail;
  switch (result.fault) {
    case TransferFault::connect_timeout:
    case TransferFault::first_byte_timeout:
    case TransferFault::idle_timeout:
    case TransferFault::total_timeout:
      error.kind = ErrorKind::upstream_timeout;
      error.code = "gateway_timeout";
      break;
    case TransferFault::protocol: error.kind = ErrorKind::upstream_bad_response; break;
    case TransferFault::local: error.kind = ErrorKind::internal; break;
    case TransferFault::none:
    case TransferFault::resolve:
    case TransferFault::connect:
    case TransferFault::tls:
    case TransferFault::reset: error.kind = ErrorKind::upstream_unreachable; break;
  }
  return error;
}

std::vector<convert::Header> retry_headers(const convert::Error& error, Random& random,
                                           std::uint32_t throttled) {
  const convert::ErrorRow& row = convert::row_of(error.kind);
  const int status = convert::status_of(error);
  const bool client_retries = status == 408 || status == 409 || status == 429 || status >= 500;
  if (!client_retries) return {};
  const bool worth_it =
      row.retryable || error.kind == ErrorKind::overloaded || error.kind == ErrorKind::draining ||
      error.kind == ErrorKind::rate_limited || error.kind == ErrorKind::request_timeout;
  // A quota does not come back within a client's patience, whatever upstream says; and malformed
  // output was paid for, and asked for twice.
  const bool spent = error.kind == ErrorKind::upstream_quota ||
                     error.kind == ErrorKind::budget_exceeded ||
                     error.kind == ErrorKind::upstream_malformed_output;
  if (spent || (!worth_it && !error.retry_after)) return {{"x-should-retry", "false"}};
  if (status != 429 && status != 503) return {};
  const auto delay = std::min(error.retry_after.value_or(jittered_delay(throttled, random)),
                              convert::kMaxRetryAfter);
  const auto seconds = (delay.count() + 999) / 1000;
  return {{"retry-after-ms", std::to_string(delay.count())},
          {"retry-after", std::to_string(seconds)}};
}

}  // namespace oriel::gateway
