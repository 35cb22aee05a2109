#include "metrics/vocabulary.h"

#include <algorithm>
#include <array>

namespace oriel::metrics {
namespace {

constexpr std::array<std::string_view, kOutcomes> kOutcomeNames = {
    "ok",
    "caller_invalid_request",
    "caller_unauthenticated",
    "caller_forbidden",
    "caller_unknown_model",
    "caller_not_found",
    "caller_too_large",
    "caller_context_length",
    "caller_cancelled",
    "caller_too_slow",
    "policy_rate_limited",
    "policy_budget_exceeded",
    "policy_model_denied",
    "policy_shed",
    "provider_throttled",
    "provider_quota",
    "provider_auth_failed",
    "provider_access_denied",
    "provider_model_not_found",
    "provider_rejected",
    "provider_unavailable",
    "provider_server_error",
    "provider_timeout",
    "provider_unreachable",
    "provider_stream_truncated",
    "provider_stream_corrupt",
    "provider_malformed_output",
    "gateway_draining",
    "gateway_internal",
    "other",
};
constexpr std::array<std::string_view, kEndpoints> kEndpointNames = {
    "chat_completions", "models", "model", "health", "metrics", "status", "other",
};
constexpr std::array<std::string_view, kMethods> kMethodNames = {
    "CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE", "_OTHER",
};
constexpr std::array<std::string_view, kStages> kStageNames = {
    "read", "admit", "parse", "route", "convert", "sign", "upstream", "decode", "write",
};
constexpr std::array<std::string_view, kStreamEnds> kStreamEndNames = {
    "complete", "client_abort", "upstream_error", "truncated",
    "corrupt",  "idle_timeout", "slow_client",    "drain",
};
constexpr std::array<std::string_view, kUsageSources> kUsageSourceNames = {"none", "provider"};
constexpr std::array<std::string_view, kUsageMissings> kUsageMissingNames = {"absent", "cancelled",
                                                                             "failed"};
constexpr std::array<std::string_view, kRetryReasons> kRetryReasonNames = {"lesson",
                                                                           "malformed_output"};
constexpr std::array<std::string_view, kWasteReasons> kWasteReasonNames = {"retry", "client_abort",
                                                                           "failed"};
constexpr std::array<std::string_view, kShedReasons> kShedReasonNames = {"connections",
                                                                         "concurrency"};
constexpr std::array<std::string_view, kFrameFaults> kFrameFaultNames = {
    "prelude_crc",    "message_crc",  "oversize",  "undersize",
    "headers_length", "message_type", "malformed", "truncated",
};
constexpr std::array<std::string_view, kUnknownItems> kUnknownItemNames = {"event", "block",
                                                                           "stop_reason", "member"};

// A table with a row too few would end in empty names.
static_assert(!kOutcomeNames.back().empty() && !kEndpointNames.back().empty());
static_assert(!kStageNames.back().empty() && !kStreamEndNames.back().empty());
static_assert(!kUsageSourceNames.back().empty() && !kUsageMissingNames.back().empty());
static_assert(!kRetryReasonNames.back().empty() && !kWasteReasonNames.back().empty());
static_assert(!kShedReasonNames.back().empty() && !kFrameFaultNames.back().empty());
static_assert(!kUnknownItemNames.back().empty() && !kMethodNames.back().empty());

template <class Enum, std::size_t n>
std::string_view name_in(const std::array<std::string_view, n>& names, Enum value) {
  return names[static_cast<std::size_t>(value)];
}

}  // namespace

std::string_view to_string(Outcome outcome) { return name_in(kOutcomeNames, outcome); }
std::string_view to_string(Endpoint endpoint) { return name_in(kEndpointNames, endpoint); }
std::string_view to_string(Method method) { return name_in(kMethodNames, method); }
std::string_view to_string(Stage stage) { return name_in(kStageNames, stage); }
std::string_view to_string(StreamEnd end) { return name_in(kStreamEndNames, end); }
std::string_view to_string(UsageSource source) { return name_in(kUsageSourceNames, source); }
std::string_view to_string(UsageMissing why) { return name_in(kUsageMissingNames, why); }
std::string_view to_string(RetryReason reason) { return name_in(kRetryReasonNames, reason); }
std::string_view to_string(WasteReason reason) { return name_in(kWasteReasonNames, reason); }
std::string_view to_string(ShedReason reason) { return name_in(kShedReasonNames, reason); }
std::string_view to_string(FrameFault fault) { return name_in(kFrameFaultNames, fault); }
std::string_view to_string(UnknownItem item) { return name_in(kUnknownItemNames, item); }

Method method_of(std::string_view name) {
  const auto* found = std::find(kMethodNames.begin(), kMethodNames.end(), name);
  return found == kMethodNames.end() ? Method::other
                                     : static_cast<Method>(found - kMethodNames.begin());
}

std::string_view class_of(Outcome outcome) {
  if (outcome == Outcome::other) return "gateway";
  const std::string_view name = to_string(outcome);
  return name.substr(0, name.find('_'));
}

}  // namespace oriel::metrics
