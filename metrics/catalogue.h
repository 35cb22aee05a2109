// Every metric family, declared once: name, type, unit, labels, buckets, help
// (spec/observability.md §2). Samples, exposition, documentation and the checks of dashboards are
// generated from this table.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace oriel::metrics {

enum class Type : std::uint8_t { counter, gauge, histogram };
std::string_view to_string(Type type);

// What a cell counts. Seconds are kept in integer nanoseconds and dollars in integer nano-dollars,
// so that sums are exact.
enum class Unit : std::uint8_t { none, seconds, bytes, dollars };
inline constexpr double kNanosPerSecond = 1e9;
// How many of a cell's units make one of the family's.
double scale_of(Unit unit);

enum class Label : std::uint8_t {
  endpoint,
  model,
  provider,
  code,
  outcome,
  stream,
  class_,
  stage,
  kind,
  source,
  reason,
  finish_reason,
  parameter,
  action,
  upstream_model,
  region,
  worker,
  family,
  version,
  commit,
  compiler,
  feature,
  result,
};
std::string_view to_string(Label label);
// Whether the label's values depend on configuration or input; the others are closed vocabularies.
bool is_variable(Label label);

inline constexpr std::size_t kMaxSeriesLabels = 5;

// Counted by the workers' shards up to kShardFamilies, about the process behind it.
enum class Family : std::uint8_t {
  requests,
  request_duration,
  requests_in_flight,
  overhead,
  stage_duration,
  request_body_bytes,
  response_body_bytes,
  time_to_first_token,
  inter_token,
  time_per_output_token,
  stream_max_stall,
  streams_ended,
  stream_chunks,
  client_backpressure,
  client_buffered_bytes,
  tokens,
  reasoning_tokens,
  tokens_per_request,
  usage_missing,
  cost,
  unpriced_requests,
  finish_reasons,
  adjusted_parameters,
  learned_capabilities,
  upstream_attempts,
  upstream_attempt_duration,
  upstream_first_byte,
  upstream_connect,
  upstream_tls_handshake,
  upstream_dns,
  upstream_connections,
  provider_reported_latency,
  retries,
  wasted_tokens,
  wasted_cost,
  unknown_upstream_items,
  event_stream_errors,
  connections_open,
  connections,
  requests_shed,
  event_loop_lag,
  // Of the process.
  log_lines_dropped,
  spans_dropped,
  price_table_timestamp,
  model_list_refreshes,
  credentials_expiry,
  config_generation,
  config_last_reload_successful,
  config_last_reload_timestamp,
  metric_series,
  metric_series_overflow,
  scrape_duration,
  build_info,
  process_cpu,
  process_resident_memory,
  process_virtual_memory,
  process_open_fds,
  process_max_fds,
  process_start_time,
};
inline constexpr std::size_t kShardFamilies = static_cast<std::size_t>(Family::event_loop_lag) + 1;
inline constexpr std::size_t kFamilies = static_cast<std::size_t>(Family::process_start_time) + 1;

// Whether the OpenTelemetry GenAI names are rendered beside ours (semconv.h).
enum class Semconv : bool { off, on };

struct FamilyRow {
  Family family;
  std::string_view name;  // as exposed in the text format
  Type type;
  Unit unit;
  std::span<const Label> labels;
  std::span<const std::uint64_t> buckets;  // upper bounds in cells' units; histograms only
  std::string_view help;
  bool exemplars = false;  // whether its buckets name a trace (OpenMetrics only)
};

const std::array<FamilyRow, kFamilies>& catalogue();
const FamilyRow& row_of(Family family);

}  // namespace oriel::metrics
