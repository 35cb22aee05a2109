#include "metrics/shard.h"

#include <algorithm>
#include <iterator>

namespace oriel::metrics {
namespace {

// More words than this per shard are a mistake of ours; they count as "other".
constexpr std::size_t kMaxWords = 1'024;

std::uint64_t nanos(std::chrono::nanoseconds time) {
  return time.count() < 0 ? 0 : static_cast<std::uint64_t>(time.count());
}

template <class Enum>
constexpr std::size_t index(Enum value) {
  return static_cast<std::size_t>(value);
}

// nullopt: no trace, or one that will not be found.
std::optional<TraceMark> mark_of(const Record& record, TraceKept kept) {
  const bool found = record.trace.sampled || kept == TraceKept::yes;
  if (!found || !record.trace.present()) return std::nullopt;
  return TraceMark{record.trace.trace_id, record.trace.span_id, record.time.time_since_epoch()};
}

// The output of the one attempt whose tokens the client got; 0 where there are none or several,
// whose times cannot be told apart.
std::uint64_t output_of_one(const std::vector<Attempt>& attempts) {
  std::uint64_t output = 0;
  for (const Attempt& attempt : attempts) {
    if (!attempt.tokens || attempt.wasted) continue;
    if (output != 0) return 0;
    output = attempt.tokens->output;
  }
  return output;
}

template <class Enum, std::size_t n>
std::array<LabelId, n> intern_all(LabelTable& labels, std::string_view (*name)(Enum)) {
  std::array<LabelId, n> ids{};
  for (std::size_t i = 0; i < n; ++i) ids[i] = labels.intern(name(static_cast<Enum>(i)));
  return ids;
}

}  // namespace

Words::Words(LabelTable& labels)
    : endpoint(intern_all<Endpoint, kEndpoints>(labels, to_string)),
      outcome(intern_all<Outcome, kOutcomes>(labels, to_string)),
      class_(intern_all<Outcome, kOutcomes>(labels, class_of)),
      stage(intern_all<Stage, kStages>(labels, to_string)),
      stream_end(intern_all<StreamEnd, kStreamEnds>(labels, to_string)),
      usage_source(intern_all<UsageSource, kUsageSources>(labels, to_string)),
      usage_missing(intern_all<UsageMissing, kUsageMissings>(labels, to_string)),
      retry_reason(intern_all<RetryReason, kRetryReasons>(labels, to_string)),
      waste_reason(intern_all<WasteReason, kWasteReasons>(labels, to_string)),
      shed_reason(intern_all<ShedReason, kShedReasons>(labels, to_string)),
      frame_fault(intern_all<FrameFault, kFrameFaults>(labels, to_string)),
      unknown_item(intern_all<UnknownItem, kUnknownItems>(labels, to_string)),
      yes(labels.intern("true")),
      no(labels.intern("false")),
      visible(labels.intern("visible")),
      reasoning(labels.intern("reasoning")),
      input(labels.intern("input")),
      output(labels.intern("output")),
      cache_read(labels.intern("cache_read")),
      cache_write_5m(labels.intern("cache_write_5m")),
      cache_write_1h(labels.intern("cache_write_1h")),
      opened(labels.intern("opened")),
      reused(labels.intern("reused")) {}

template <class... Ids>
SeriesTable::Cell& Shard::cell(Family family, Ids... ids) {
  SeriesKey key;
  std::size_t i = 0;
  (key.set(i++, ids), ...);
  return *tables_[index(family)]->cells(key);
}

template <class... Ids>
void Shard::count(Family family, std::uint64_t amount, Ids... ids) {
  SeriesTable::add(cell(family, ids...), amount);
}

template <class... Ids>
void Shard::observe(Family family, std::uint64_t value, Ids... ids) {
  observe_marked(family, nullptr, value, ids...);
}

template <class... Ids>
void Shard::observe_marked(Family family, const TraceMark* mark, std::uint64_t value, Ids... ids) {
  SeriesKey key;
  std::size_t i = 0;
  (key.set(i++, ids), ...);
  tables_[index(family)]->observe(key, value, mark);
}

template <class... Ids>
void Shard::observe_if(Family family, const std::optional<std::chrono::nanoseconds>& time,
                       Ids... ids) {
  if (time) observe(family, nanos(*time), ids...);
}

Shard::Shard(std::size_t worker, LabelTable& labels, const Words& words, SeriesDirectory& directory)
    : labels_(labels), words_(words), worker_(labels.intern(std::to_string(worker))) {
  for (std::size_t i = 0; i < kShardFamilies; ++i) {
    tables_[i] = std::make_unique<SeriesTable>(static_cast<Family>(i), directory);
  }
}

Shard::~Shard() = default;

void Shard::record(const Record& record, TraceKept kept) {
  const std::optional<TraceMark> sampled = mark_of(record, kept);
  const TraceMark* const mark = sampled ? &*sampled : nullptr;
  record_request(record, mark);
  record_stream(record, mark);
  record_usage(record);
  for (const Attempt& attempt : record.attempts) record_attempt(attempt, mark);
  for (const Adjusted& adjusted : record.adjusted) {
    count(Family::adjusted_parameters, 1, word(adjusted.parameter), word(adjusted.action),
          record.provider);
  }
  for (const std::string_view feature : record.learned) {
    count(Family::learned_capabilities, 1, record.model, word(feature));
  }
  for (std::size_t i = 0; i < kUnknownItems; ++i) {
    if (record.unknown_items[i] == 0) continue;
    count(Family::unknown_upstream_items, record.unknown_items[i], record.provider,
          words_.unknown_item[i]);
  }
  if (record.provider_latency) {
    observe(Family::provider_reported_latency, nanos(*record.provider_latency), record.model,
            record.provider);
  }
}

void Shard::record_request(const Record& record, const TraceMark* mark) {
  const LabelId endpoint = words_.endpoint[index(record.endpoint)];
  count(Family::requests, 1, endpoint, record.model, record.provider, status_code(record.status),
        words_.outcome[index(record.outcome)]);
  observe_marked(Family::request_duration, mark, nanos(record.total), endpoint, record.model,
                 record.provider, record.stream ? words_.yes : words_.no,
                 words_.class_[index(record.outcome)]);
  if (record.overhead.count() > 0) {
    observe_marked(Family::overhead, mark, nanos(record.overhead), endpoint);
  }
  for (std::size_t i = 0; i < kStages; ++i) {
    if (record.stages[i].count() > 0) {
      observe(Family::stage_duration, nanos(record.stages[i]), words_.stage[i]);
    }
  }
  observe(Family::request_body_bytes, record.bytes_in, endpoint);
  observe(Family::response_body_bytes, record.bytes_out, endpoint);
  if (record.backpressure.count() > 0) {
    count(Family::client_backpressure, nanos(record.backpressure), endpoint);
  }
}

void Shard::record_stream(const Record& record, const TraceMark* mark) {
  const LabelId model = record.model;
  const LabelId provider = record.provider;
  if (!record.stream) return;
  if (record.time_to_first_token) {
    observe_marked(Family::time_to_first_token, mark, nanos(*record.time_to_first_token), model,
                   provider, words_.visible);
  }
  if (record.time_to_first_reasoning) {
    observe_marked(Family::time_to_first_token, mark, nanos(*record.time_to_first_reasoning), model,
                   provider, words_.reasoning);
  }
  const std::uint64_t delivered = output_of_one(record.attempts);
  if (record.first_to_last_token && delivered > 1) {
    observe_marked(Family::time_per_output_token, mark,
                   nanos(*record.first_to_last_token) / (delivered - 1), model, provider);
  }
  if (!record.stream_end) return;
  observe_marked(Family::stream_max_stall, mark, nanos(record.max_stall), model, provider);
  count(Family::streams_ended, 1, model, provider, words_.stream_end[index(*record.stream_end)]);
  count(Family::stream_chunks, record.chunks, model, provider);
}

void Shard::record_usage(const Record& record) {
  const LabelId model = record.model;
  const LabelId provider = record.provider;
  if (record.usage_missing) {
    count(Family::usage_missing, 1, model, provider,
          words_.usage_missing[index(*record.usage_missing)]);
  }
  if (record.cost) count(Family::cost, *record.cost, model, provider);
  if (record.unpriced) count(Family::unpriced_requests, 1, model, provider);
  if (!record.finish_reason.empty()) {
    const bool known = std::find(std::begin(kFinishReasons), std::end(kFinishReasons),
                                 record.finish_reason) != std::end(kFinishReasons);
    count(Family::finish_reasons, 1, model, provider,
          known ? word(record.finish_reason) : LabelTable::kOverflowLabel);
  }
  if (record.usage_source == UsageSource::none) return;
  const LabelId source = words_.usage_source[index(record.usage_source)];
  const auto add = [&](LabelId kind, std::uint64_t tokens) {
    count(Family::tokens, tokens, model, provider, kind, source);
    observe(Family::tokens_per_request, tokens, model, provider, kind);
  };
  const Tokens& tokens = record.tokens;
  add(words_.input, tokens.input);
  add(words_.output, tokens.output);
  if (tokens.cache_read != 0) add(words_.cache_read, tokens.cache_read);
  if (tokens.cache_write_5m != 0) add(words_.cache_write_5m, tokens.cache_write_5m);
  if (tokens.cache_write_1h != 0) add(words_.cache_write_1h, tokens.cache_write_1h);
  if (tokens.reasoning != 0) count(Family::reasoning_tokens, tokens.reasoning, model, provider);
}

void Shard::record_attempt(const Attempt& attempt, const TraceMark* mark) {
  const LabelId provider = attempt.provider;
  std::optional<TraceMark> own;  // the attempt's span, in the request's trace
  if (mark != nullptr) {
    own = *mark;
    if (attempt.span_id != SpanId{}) own->span_id = attempt.span_id;
  }
  count(Family::upstream_attempts, 1, provider, attempt.upstream_model, attempt.region,
        words_.outcome[index(attempt.outcome)]);
  observe_marked(Family::upstream_attempt_duration, own ? &*own : nullptr, nanos(attempt.duration),
                 provider, attempt.upstream_model, words_.class_[index(attempt.outcome)]);
  if (attempt.retry) {
    count(Family::retries, 1, provider, words_.retry_reason[index(*attempt.retry)]);
  }
  if (attempt.wasted && attempt.tokens) {
    const LabelId reason = words_.waste_reason[index(*attempt.wasted)];
    count(Family::wasted_tokens, sum_of(*attempt.tokens), provider, reason);
    if (attempt.cost) count(Family::wasted_cost, *attempt.cost, provider, reason);
  }
  observe_if(Family::upstream_first_byte, attempt.first_byte, provider, attempt.upstream_model);
  if (attempt.reused_connection) {
    count(Family::upstream_connections, 1, provider, words_.reused);
    return;
  }
  if (attempt.connect) count(Family::upstream_connections, 1, provider, words_.opened);
  observe_if(Family::upstream_dns, attempt.dns, provider);
  observe_if(Family::upstream_connect, attempt.connect, provider);
  observe_if(Family::upstream_tls_handshake, attempt.tls, provider);
}

void Shard::request_started(Endpoint endpoint) {
  count(Family::requests_in_flight, 1, words_.endpoint[index(endpoint)]);
}

void Shard::request_ended(Endpoint endpoint) {
  SeriesTable::Cell& gauge = cell(Family::requests_in_flight, words_.endpoint[index(endpoint)]);
  gauge.store(gauge.load(std::memory_order_relaxed) - 1, std::memory_order_relaxed);
}

void Shard::inter_token(LabelId model, LabelId provider, std::chrono::nanoseconds gap) {
  observe(Family::inter_token, nanos(gap), model, provider);
}

void Shard::loop_lag(std::chrono::nanoseconds lag) {
  observe(Family::event_loop_lag, nanos(lag), worker_);
}

void Shard::request_shed(ShedReason reason) {
  count(Family::requests_shed, 1, words_.shed_reason[index(reason)]);
}

void Shard::event_stream_error(LabelId provider, FrameFault fault) {
  count(Family::event_stream_errors, 1, provider, words_.frame_fault[index(fault)]);
}

void Shard::set_connections(std::uint64_t open, std::uint64_t accepted) {
  cell(Family::connections_open).store(open, std::memory_order_relaxed);
  cell(Family::connections).store(accepted, std::memory_order_relaxed);
}

void Shard::set_buffered_bytes(std::uint64_t bytes) {
  cell(Family::client_buffered_bytes).store(bytes, std::memory_order_relaxed);
}

void Shard::preset_loop() { cell(Family::event_loop_lag, worker_); }

void Shard::preset_process() {
  for (const LabelId endpoint : words_.endpoint) {
    cell(Family::requests_in_flight, endpoint);
    cell(Family::client_backpressure, endpoint);
  }
  for (const LabelId reason : words_.shed_reason) cell(Family::requests_shed, reason);
  cell(Family::connections_open);
  cell(Family::connections);
  cell(Family::client_buffered_bytes);
}

void Shard::preset(LabelId model, LabelId provider) {
  const LabelId source = words_.usage_source[index(UsageSource::provider)];
  for (const LabelId kind : {words_.input, words_.output, words_.cache_read, words_.cache_write_5m,
                             words_.cache_write_1h}) {
    cell(Family::tokens, model, provider, kind, source);
  }
  for (const LabelId end : words_.stream_end) cell(Family::streams_ended, model, provider, end);
  for (const std::string_view reason : kFinishReasons) {
    cell(Family::finish_reasons, model, provider, word(reason));
  }
  for (const LabelId reason : words_.usage_missing) {
    cell(Family::usage_missing, model, provider, reason);
  }
  cell(Family::reasoning_tokens, model, provider);
  cell(Family::cost, model, provider);
  cell(Family::unpriced_requests, model, provider);
  cell(Family::stream_chunks, model, provider);
  preset_end(model, provider, 200, Outcome::ok);
  preset_provider(provider);
}

void Shard::preset_provider(LabelId provider) {
  for (const LabelId kind : {words_.opened, words_.reused}) {
    cell(Family::upstream_connections, provider, kind);
  }
  for (const LabelId kind : words_.unknown_item) {
    cell(Family::unknown_upstream_items, provider, kind);
  }
  for (const LabelId kind : words_.frame_fault) cell(Family::event_stream_errors, provider, kind);
  for (const LabelId reason : words_.retry_reason) cell(Family::retries, provider, reason);
  for (const LabelId reason : words_.waste_reason) {
    cell(Family::wasted_tokens, provider, reason);
    cell(Family::wasted_cost, provider, reason);
  }
}

void Shard::preset_end(LabelId model, LabelId provider, int status, Outcome outcome) {
  cell(Family::requests, words_.endpoint[index(Endpoint::chat_completions)], model, provider,
       status_code(status), words_.outcome[index(outcome)]);
}

// The label of a word from our own source text; the first sight of it takes LabelTable's lock.
LabelId Shard::word(std::string_view literal) {
  const auto seen = seen_words_.find(literal);
  if (seen != seen_words_.end()) return seen->second;
  if (seen_words_.size() >= kMaxWords) return LabelTable::kOverflowLabel;
  const LabelId id = labels_.intern(literal);
  if (labels_.name(id) == literal) seen_words_.emplace(labels_.name(id), id);
  return id;
}

LabelId Shard::status_code(int status) {
  if (status < 0 || status >= static_cast<int>(seen_codes_.size())) {
    return LabelTable::kOverflowLabel;
  }
  if (status < 100) return kUnknownLabel;
  LabelId& seen = seen_codes_[static_cast<std::size_t>(status)];
  if (seen == kUnknownLabel) seen = labels_.intern(std::to_string(status));
  return seen;
}

}  // namespace oriel::metrics
