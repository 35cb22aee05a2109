#include "metrics/record.h"

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
constexpr std::array<std::string_view, kStages> kStageNames = {
    "read", "admit", "parse", "route", "convert", "sign", "upstream", "decode", "write",
};
constexpr std::array<std::string_view, kStreamEnds> kStreamEndNames = {
    "complete", "client_abort", "upstream_error", "truncated",
    "corrupt",  "idle_timeout", "slow_client",    "drain",
};
constexpr std::array<std::string_view, kUsageSources> kUsageSourceNames = {"none", "provider"};

// A table with a row too few would end in empty names.
static_assert(!kOutcomeNames.back().empty() && !kEndpointNames.back().empty());
static_assert(!kStageNames.back().empty() && !kStreamEndNames.back().empty());

}  // namespace

std::string_view to_string(Outcome outcome) {
  return kOutcomeNames[static_cast<std::size_t>(outcome)];
}
std::string_view to_string(Endpoint endpoint) {
  return kEndpointNames[static_cast<std::size_t>(endpoint)];
}
std::string_view to_string(Stage stage) { return kStageNames[static_cast<std::size_t>(stage)]; }
std::string_view to_string(StreamEnd end) { return kStreamEndNames[static_cast<std::size_t>(end)]; }
std::string_view to_string(UnknownItem item) {
  switch (item) {
    case UnknownItem::event: return "event";
    case UnknownItem::block: return "block";
    case UnknownItem::stop_reason: return "stop_reason";
    case UnknownItem::member: return "member";
  }
  return "";
}

std::string_view to_string(UsageSource source) {
  return kUsageSourceNames[static_cast<std::size_t>(source)];
}

std::string_view class_of(Outcome outcome) {
  if (outcome == Outcome::other) return "gateway";
  const std::string_view name = to_string(outcome);
  return name.substr(0, name.find('_'));
}

}  // namespace oriel::metrics
