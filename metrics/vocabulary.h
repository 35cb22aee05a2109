// The closed vocabularies of observability (spec/observability.md §2): one enumeration each, whose
// names are what metrics, log lines, spans and EMF documents say. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace oriel::metrics {

// How a request or an attempt ended, the fault's domain first.
enum class Outcome : std::uint8_t {
  ok,
  caller_invalid_request,
  caller_unauthenticated,
  caller_forbidden,
  caller_unknown_model,
  caller_not_found,
  caller_too_large,
  caller_context_length,
  caller_cancelled,
  caller_too_slow,
  policy_rate_limited,
  policy_budget_exceeded,
  policy_model_denied,
  policy_shed,
  provider_throttled,
  provider_quota,
  provider_auth_failed,
  provider_access_denied,
  provider_model_not_found,
  provider_rejected,
  provider_unavailable,
  provider_server_error,
  provider_timeout,
  provider_unreachable,
  provider_stream_truncated,
  provider_stream_corrupt,
  provider_malformed_output,
  gateway_draining,
  gateway_internal,
  other,
};
inline constexpr std::size_t kOutcomes = static_cast<std::size_t>(Outcome::other) + 1;
std::string_view to_string(Outcome outcome);
// The outcome's domain: ok, caller, policy, provider, gateway (other counts as gateway).
std::string_view class_of(Outcome outcome);

// The route's name, never a path.
enum class Endpoint : std::uint8_t {
  chat_completions,
  models,
  model,
  health,
  metrics,
  status,
  other,
};
inline constexpr std::size_t kEndpoints = static_cast<std::size_t>(Endpoint::other) + 1;
std::string_view to_string(Endpoint endpoint);

// What spans say of a request's method: those that HTTP knows, anything else is other
// (https://opentelemetry.io/docs/specs/semconv/http/http-spans/).
enum class Method : std::uint8_t {
  connect,
  delete_,
  get,
  head,
  options,
  patch,
  post,
  put,
  trace,
  other,
};
inline constexpr std::size_t kMethods = static_cast<std::size_t>(Method::other) + 1;
std::string_view to_string(Method method);
Method method_of(std::string_view name);  // case-sensitive, as HTTP is

// The parts of a request's time that are ours or the wire's; they add up to the total.
enum class Stage : std::uint8_t {
  read,  // first byte to end of body
  admit,
  parse,
  route,
  convert,
  sign,
  upstream,  // waiting for upstream
  decode,
  write,
};
inline constexpr std::size_t kStages = static_cast<std::size_t>(Stage::write) + 1;
std::string_view to_string(Stage stage);

enum class StreamEnd : std::uint8_t {
  complete,
  client_abort,
  upstream_error,
  truncated,
  corrupt,
  idle_timeout,
  slow_client,
  drain,
};
inline constexpr std::size_t kStreamEnds = static_cast<std::size_t>(StreamEnd::drain) + 1;
std::string_view to_string(StreamEnd end);

enum class UsageSource : std::uint8_t { none, provider };
inline constexpr std::size_t kUsageSources = static_cast<std::size_t>(UsageSource::provider) + 1;
std::string_view to_string(UsageSource source);

// Why an answer came without usage.
enum class UsageMissing : std::uint8_t {
  absent,     // a whole answer did not say
  cancelled,  // its client left before it was said
  failed,     // it broke off
};
inline constexpr std::size_t kUsageMissings = static_cast<std::size_t>(UsageMissing::failed) + 1;
std::string_view to_string(UsageMissing why);

// Why one more attempt was made.
enum class RetryReason : std::uint8_t {
  lesson,            // a refusal taught what the model does not take
  malformed_output,  // upstream called its own output malformed
};
inline constexpr std::size_t kRetryReasons =
    static_cast<std::size_t>(RetryReason::malformed_output) + 1;
std::string_view to_string(RetryReason reason);

// Why what an attempt used bought nothing.
enum class WasteReason : std::uint8_t { retry, client_abort, failed };
inline constexpr std::size_t kWasteReasons = static_cast<std::size_t>(WasteReason::failed) + 1;
std::string_view to_string(WasteReason reason);

// Why a request was turned away at the door.
enum class ShedReason : std::uint8_t { connections, concurrency };
inline constexpr std::size_t kShedReasons = static_cast<std::size_t>(ShedReason::concurrency) + 1;
std::string_view to_string(ShedReason reason);

// What was broken in upstream's stream below its JSON, or in the JSON (malformed).
enum class FrameFault : std::uint8_t {
  prelude_crc,
  message_crc,
  oversize,
  undersize,
  headers_length,
  message_type,
  malformed,
  truncated,
};
inline constexpr std::size_t kFrameFaults = static_cast<std::size_t>(FrameFault::truncated) + 1;
std::string_view to_string(FrameFault fault);

// What upstream sent that this gateway does not know: skipped, never fatal.
enum class UnknownItem : std::uint8_t { event, block, stop_reason, member };
inline constexpr std::size_t kUnknownItems = static_cast<std::size_t>(UnknownItem::member) + 1;
std::string_view to_string(UnknownItem item);

// OpenAI's words; "other" besides, for what is none of these.
inline constexpr std::string_view kFinishReasons[] = {"stop", "length", "tool_calls",
                                                      "content_filter", "function_call"};

}  // namespace oriel::metrics
