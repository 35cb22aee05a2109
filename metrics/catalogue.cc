#include "metrics/catalogue.h"

#include "metrics/pricing.h"

namespace oriel::metrics {
namespace {

using Bounds = const std::uint64_t[];
constexpr std::uint64_t kUs = 1'000;
constexpr std::uint64_t kMs = 1'000 * kUs;
constexpr std::uint64_t kS = 1'000 * kMs;

constexpr Bounds kDuration = {5 * kMs,   10 * kMs, 25 * kMs,   50 * kMs, 100 * kMs, 250 * kMs,
                              500 * kMs, 1 * kS,   2500 * kMs, 5 * kS,   10 * kS,   20 * kS,
                              30 * kS,   60 * kS,  120 * kS,   300 * kS, 600 * kS,  900 * kS};
constexpr Bounds kOverhead = {10 * kUs, 25 * kUs,   50 * kUs, 100 * kUs, 250 * kUs, 500 * kUs,
                              1 * kMs,  2500 * kUs, 5 * kMs,  10 * kMs,  50 * kMs,  100 * kMs};
constexpr Bounds kStage = {10 * kUs,  25 * kUs,  50 * kUs,   100 * kUs, 250 * kUs,
                           500 * kUs, 1 * kMs,   2500 * kUs, 5 * kMs,   10 * kMs,
                           50 * kMs,  100 * kMs, 500 * kMs,  1 * kS,    5 * kS};
constexpr Bounds kFirstToken = {20 * kMs,  40 * kMs,   60 * kMs,   80 * kMs,  100 * kMs,  150 * kMs,
                                200 * kMs, 250 * kMs,  300 * kMs,  400 * kMs, 500 * kMs,  750 * kMs,
                                1 * kS,    1500 * kMs, 2500 * kMs, 5 * kS,    7500 * kMs, 10 * kS,
                                20 * kS,   30 * kS,    60 * kS,    120 * kS,  300 * kS};
constexpr Bounds kGap = {1 * kMs,   2500 * kUs, 5 * kMs,    10 * kMs,  15 * kMs,
                         20 * kMs,  30 * kMs,   40 * kMs,   60 * kMs,  80 * kMs,
                         100 * kMs, 150 * kMs,  200 * kMs,  300 * kMs, 500 * kMs,
                         750 * kMs, 1 * kS,     2500 * kMs, 5 * kS,    10 * kS};
constexpr Bounds kStall = {10 * kMs,  25 * kMs, 50 * kMs,   100 * kMs, 250 * kMs,
                           500 * kMs, 1 * kS,   2500 * kMs, 5 * kS,    10 * kS,
                           20 * kS,   30 * kS,  60 * kS,    120 * kS,  300 * kS};
constexpr Bounds kConnect = {500 * kUs, 1 * kMs,    2500 * kUs, 5 * kMs,   10 * kMs,
                             25 * kMs,  50 * kMs,   100 * kMs,  250 * kMs, 500 * kMs,
                             1 * kS,    2500 * kMs, 5 * kS};
constexpr Bounds kLag = {100 * kUs, 500 * kUs, 1 * kMs,   5 * kMs, 10 * kMs,
                         50 * kMs,  100 * kMs, 500 * kMs, 1 * kS};
constexpr Bounds kBytes = {256,     1'024,     4'096,     16'384,     65'536,
                           262'144, 1'048'576, 4'194'304, 16'777'216, 67'108'864};
constexpr Bounds kTokens = {1,     4,      16,     64,      256,       1'024,
                            4'096, 16'384, 65'536, 262'144, 1'048'576, 4'194'304};

using L = Label;
using Labels = const Label[];
constexpr Labels kRequest = {L::endpoint, L::model, L::provider, L::code, L::outcome};
constexpr Labels kRequestTime = {L::endpoint, L::model, L::provider, L::stream, L::class_};
constexpr Labels kEndpoint = {L::endpoint};
constexpr Labels kStageLabel = {L::stage};
constexpr Labels kModel = {L::model, L::provider};
constexpr Labels kModelKind = {L::model, L::provider, L::kind};
constexpr Labels kModelReason = {L::model, L::provider, L::reason};
constexpr Labels kTokenLabels = {L::model, L::provider, L::kind, L::source};
constexpr Labels kFinish = {L::model, L::provider, L::finish_reason};
constexpr Labels kModelFeature = {L::model, L::feature};
constexpr Labels kAdjusted = {L::parameter, L::action, L::provider};
constexpr Labels kAttempt = {L::provider, L::upstream_model, L::region, L::outcome};
constexpr Labels kAttemptTime = {L::provider, L::upstream_model, L::class_};
constexpr Labels kTarget = {L::provider, L::upstream_model};
constexpr Labels kProvider = {L::provider};
constexpr Labels kProviderKind = {L::provider, L::kind};
constexpr Labels kProviderReason = {L::provider, L::reason};
constexpr Labels kReason = {L::reason};
constexpr Labels kRegionResult = {L::region, L::result};
constexpr Labels kWorker = {L::worker};
constexpr Labels kFamilyLabel = {L::family};
constexpr Labels kBuild = {L::version, L::commit, L::compiler};

using F = Family;
constexpr Type C = Type::counter;
constexpr Type G = Type::gauge;
constexpr Type H = Type::histogram;
constexpr Unit N = Unit::none;
constexpr Unit S = Unit::seconds;
constexpr Unit B = Unit::bytes;
constexpr Unit D = Unit::dollars;

constexpr std::array<FamilyRow, kFamilies> kCatalogue = {{
    {F::requests,
     "oriel_requests_total",
     C,
     N,
     kRequest,
     {},
     "Requests, one each at its end, whatever the end; requests still running are not counted."},
    {F::request_duration, "oriel_request_duration_seconds", H, S, kRequestTime, kDuration,
     "Time from a request's first byte read to its answer's last byte handed over, for every "
     "request, whatever its end.",
     true},
    {F::requests_in_flight,
     "oriel_requests_in_flight",
     G,
     N,
     kEndpoint,
     {},
     "Requests that were read whole and whose record is not closed yet; uploads are not counted."},
    {F::overhead, "oriel_overhead_seconds", H, S, kEndpoint, kOverhead,
     "The gateway's own time in a request: its total without the waits for upstream or for the "
     "client; requests that were turned away while they were read are not counted.",
     true},
    {F::stage_duration, "oriel_stage_duration_seconds", H, S, kStageLabel, kStage,
     "Time a request spent in each stage; a request's stages add up to its total, and a stage that "
     "it did not pass is not counted."},
    {F::request_body_bytes, "oriel_request_body_bytes", H, B, kEndpoint, kBytes,
     "Bytes of request bodies read, for every request, those without a body as 0."},
    {F::response_body_bytes, "oriel_response_body_bytes", H, B, kEndpoint, kBytes,
     "Bytes of answer bodies handed to clients' sockets, for every request."},
    {F::time_to_first_token, "oriel_time_to_first_token_seconds", H, S, kModelKind, kFirstToken,
     "Time from a request's first byte to the first visible or reasoning token, streamed requests "
     "only; not counted when no such token came.",
     true},
    {F::inter_token, "oriel_inter_token_seconds", H, S, kModel, kGap,
     "Gaps between consecutive chunks that carry content, counted as they happen; a stream's first "
     "chunk is not counted, nor is time for which the client held the stream up, nor a stream made "
     "of a whole answer."},
    {F::time_per_output_token, "oriel_time_per_output_token_seconds", H, S, kModel, kGap,
     "Time from first to last token divided by output tokens less one, once per stream of two "
     "tokens and two chunks or more, if one attempt made all that its client got (not n > 1).",
     true},
    {F::stream_max_stall, "oriel_stream_max_stall_seconds", H, S, kModel, kStall,
     "The longest time for which a stream that started brought no content, counted at its end; "
     "also the silence in which it ended, but not what the client held up.",
     true},
    {F::streams_ended,
     "oriel_streams_ended_total",
     C,
     N,
     kModelReason,
     {},
     "Streams that ended, by reason; requests that failed before their stream started are not "
     "counted."},
    {F::stream_chunks,
     "oriel_stream_chunks_total",
     C,
     N,
     kModel,
     {},
     "Chunks written to clients in streams, added at each stream's end."},
    {F::client_backpressure,
     "oriel_client_backpressure_seconds_total",
     C,
     S,
     kEndpoint,
     {},
     "Time for which reading from upstream was paused because the client read slowly, added at the "
     "request's end."},
    {F::client_buffered_bytes,
     "oriel_client_buffered_bytes",
     G,
     B,
     {},
     {},
     "Bytes that wait in the gateway for clients' sockets; the kernel's buffers are not counted."},
    {F::tokens,
     "oriel_tokens_total",
     C,
     N,
     kTokenLabels,
     {},
     "Tokens by disjoint kinds, so that a sum over kind is the truth; answers without usage add "
     "nothing here and count in oriel_usage_missing_total."},
    {F::reasoning_tokens,
     "oriel_reasoning_tokens_total",
     C,
     N,
     kModel,
     {},
     "Reasoning tokens where upstream reports them, else nothing; they are part of the output "
     "tokens of oriel_tokens_total."},
    {F::tokens_per_request, "oriel_tokens_per_request", H, N, kModelKind, kTokens,
     "Tokens of one request by kind; input and output for every answer with usage, cache kinds "
     "when not 0."},
    {F::usage_missing,
     "oriel_usage_missing_total",
     C,
     N,
     kModelReason,
     {},
     "Answers that came without usage; requests that failed without an answer are not counted."},
    {F::cost,
     "oriel_cost_usd_total",
     C,
     D,
     kModel,
     {},
     "What requests cost by the price table, all attempts included, kept in integer nano-dollars; "
     "requests without a price add nothing here and count in oriel_unpriced_requests_total."},
    {F::unpriced_requests,
     "oriel_unpriced_requests_total",
     C,
     N,
     kModel,
     {},
     "Requests that used something which has no price: their cost is unknown, not 0; requests that "
     "used nothing are not counted."},
    {F::finish_reasons,
     "oriel_finish_reasons_total",
     C,
     N,
     kFinish,
     {},
     "Answers by the finish reason that they came to, those read on for a client that had left "
     "included; answers cut off before one are not counted."},
    {F::adjusted_parameters,
     "oriel_adjusted_parameters_total",
     C,
     N,
     kAdjusted,
     {},
     "Request parameters dropped, clamped or rewritten because the model does not take them as "
     "sent."},
    {F::learned_capabilities,
     "oriel_learned_capabilities_total",
     C,
     N,
     kModelFeature,
     {},
     "What a worker learned of a model from its refusals, each once until it restarts."},
    {F::upstream_attempts,
     "oriel_upstream_attempts_total",
     C,
     N,
     kAttempt,
     {},
     "Calls to upstream, each try counted at the end of its request; requests refused before a "
     "call are not counted."},
    {F::upstream_attempt_duration, "oriel_upstream_attempt_duration_seconds", H, S, kAttemptTime,
     kDuration, "Time of each call to upstream, from its start to its last byte or its failure.",
     true},
    {F::upstream_first_byte, "oriel_upstream_first_byte_seconds", H, S, kTarget, kFirstToken,
     "Time from the start of a call to upstream to its answer's head; calls without an answer are "
     "not counted."},
    {F::upstream_connect, "oriel_upstream_connect_seconds", H, S, kProvider, kConnect,
     "Time to connect to upstream, new connections only."},
    {F::upstream_tls_handshake, "oriel_upstream_tls_handshake_seconds", H, S, kProvider, kConnect,
     "Time of the TLS handshake with upstream, new connections only."},
    {F::upstream_dns, "oriel_upstream_dns_seconds", H, S, kProvider, kConnect,
     "Time to resolve upstream's name, new connections only; names that were resolved before count "
     "as about 0."},
    {F::upstream_connections,
     "oriel_upstream_connections_total",
     C,
     N,
     kProviderKind,
     {},
     "Calls to upstream by whether they opened a connection or reused one; calls that could not "
     "connect are not counted."},
    {F::provider_reported_latency, "oriel_provider_reported_latency_seconds", H, S, kModel,
     kDuration,
     "The latency that the provider itself reports in its answers; answers that report none are "
     "not counted."},
    {F::retries,
     "oriel_retries_total",
     C,
     N,
     kProviderReason,
     {},
     "Attempts made because the one before them failed, by what made another worthwhile; a "
     "request's first attempts are not counted."},
    {F::wasted_tokens,
     "oriel_wasted_tokens_total",
     C,
     N,
     kProviderReason,
     {},
     "Tokens of all kinds that were paid for and thrown away, part of oriel_tokens_total; attempts "
     "whose usage was never told are not counted."},
    {F::wasted_cost,
     "oriel_wasted_cost_usd_total",
     C,
     D,
     kProviderReason,
     {},
     "What tokens that were thrown away cost, part of oriel_cost_usd_total; tokens without a price "
     "are not counted."},
    {F::unknown_upstream_items,
     "oriel_unknown_upstream_items_total",
     C,
     N,
     kProviderKind,
     {},
     "Events, blocks, members and stop reasons from upstream that this gateway does not know; they "
     "are skipped, never fatal."},
    {F::event_stream_errors,
     "oriel_event_stream_errors_total",
     C,
     N,
     kProviderKind,
     {},
     "Broken frames in upstream's event streams, by what was broken; streams that merely end early "
     "count as truncated."},
    {F::connections_open,
     "oriel_connections_open",
     G,
     N,
     {},
     {},
     "Clients' connections that are open now."},
    {F::connections,
     "oriel_connections_total",
     C,
     N,
     {},
     {},
     "Clients' connections accepted; those refused at the connection limit are not counted."},
    {F::requests_shed,
     "oriel_requests_shed_total",
     C,
     N,
     kReason,
     {},
     "Requests and connections turned away to protect the gateway, by the limit that was reached."},
    {F::event_loop_lag, "oriel_event_loop_lag_seconds", H, S, kWorker, kLag,
     "How much later than planned each worker's periodic timer ran."},
    {F::log_lines_dropped,
     "oriel_log_lines_dropped_total",
     C,
     N,
     {},
     {},
     "Log lines lost because the log's queue was full or its file could not be written."},
    {F::spans_dropped,
     "oriel_spans_dropped_total",
     C,
     N,
     {},
     {},
     "Spans lost because the exporter's queue was full or the collector did not take them; traces "
     "that are not sampled are not counted."},
    {F::price_table_timestamp,
     "oriel_price_table_timestamp_seconds",
     G,
     S,
     {},
     {},
     "Day of the price table that came with this version, since the Unix epoch; prices from the "
     "configuration have no age."},
    {F::model_list_refreshes,
     "oriel_model_list_refreshes_total",
     C,
     N,
     kRegionResult,
     {},
     "Times that AWS was asked for a region's models and profiles, by result; look-ups of single "
     "ARNs are not counted."},
    {F::credentials_expiry,
     "oriel_credentials_expiry_timestamp_seconds",
     G,
     S,
     kProvider,
     {},
     "When the credentials with which a provider is called expire, since the Unix epoch; "
     "credentials without an end are not shown."},
    {F::config_generation,
     "oriel_config_generation",
     G,
     N,
     {},
     {},
     "Which configuration is in force, counted from 1 at the start."},
    {F::config_last_reload_successful,
     "oriel_config_last_reload_successful",
     G,
     N,
     {},
     {},
     "1 when the last configuration that was read is in force, else 0."},
    {F::config_last_reload_timestamp,
     "oriel_config_last_reload_timestamp_seconds",
     G,
     S,
     {},
     {},
     "When the configuration in force was read, since the Unix epoch."},
    {F::metric_series,
     "oriel_metric_series",
     G,
     N,
     kFamilyLabel,
     {},
     "Label sets of each family that workers count; a histogram's buckets count as one."},
    {F::metric_series_overflow,
     "oriel_metric_series_overflow_total",
     C,
     N,
     kFamilyLabel,
     {},
     "Samples that went to the label set called other because their family had reached its cap."},
    {F::scrape_duration,
     "oriel_scrape_duration_seconds",
     G,
     S,
     {},
     {},
     "Time to collect and render the scrape before this one; 0 before there was one."},
    {F::build_info,
     "oriel_build_info",
     G,
     N,
     kBuild,
     {},
     "Always 1; the labels say which build this is."},
    {F::process_cpu,
     "process_cpu_seconds_total",
     C,
     S,
     {},
     {},
     "User and system CPU time of this process."},
    {F::process_resident_memory,
     "process_resident_memory_bytes",
     G,
     B,
     {},
     {},
     "Resident memory of this process."},
    {F::process_virtual_memory,
     "process_virtual_memory_bytes",
     G,
     B,
     {},
     {},
     "Virtual memory of this process."},
    {F::process_open_fds,
     "process_open_fds",
     G,
     N,
     {},
     {},
     "Open file descriptors of this process."},
    {F::process_max_fds,
     "process_max_fds",
     G,
     N,
     {},
     {},
     "Most file descriptors that this process may open."},
    {F::process_start_time,
     "process_start_time_seconds",
     G,
     S,
     {},
     {},
     "Start of this process, since the Unix epoch."},
}};

constexpr bool rows_stand_at_their_index() {
  for (std::size_t i = 0; i < kFamilies; ++i) {
    if (static_cast<std::size_t>(kCatalogue[i].family) != i) return false;
    if (kCatalogue[i].labels.size() > kMaxSeriesLabels) return false;
    if (kCatalogue[i].buckets.empty() == (kCatalogue[i].type == Type::histogram)) return false;
  }
  return true;
}
static_assert(rows_stand_at_their_index());

}  // namespace

std::string_view to_string(Type type) {
  switch (type) {
    case Type::counter: return "counter";
    case Type::gauge: return "gauge";
    case Type::histogram: return "histogram";
  }
  return "";
}

std::string_view to_string(Label label) {
  static constexpr std::string_view kNames[] = {
      "endpoint",  "model",  "provider",       "code",    "outcome", "stream",
      "class",     "stage",  "kind",           "source",  "reason",  "finish_reason",
      "parameter", "action", "upstream_model", "region",  "worker",  "family",
      "version",   "commit", "compiler",       "feature", "result"};
  return kNames[static_cast<std::size_t>(label)];
}

double scale_of(Unit unit) {
  switch (unit) {
    case Unit::seconds: return kNanosPerSecond;
    case Unit::dollars: return kNanosPerDollar;
    case Unit::none:
    case Unit::bytes: return 1;
  }
  return 1;
}

bool is_variable(Label label) {
  switch (label) {
    case Label::model:
    case Label::provider:
    case Label::upstream_model:
    case Label::region:
    case Label::parameter: return true;
    default: return false;
  }
}

const std::array<FamilyRow, kFamilies>& catalogue() { return kCatalogue; }

const FamilyRow& row_of(Family family) { return kCatalogue[static_cast<std::size_t>(family)]; }

}  // namespace oriel::metrics
