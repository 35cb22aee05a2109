#include "metrics/shard.h"

#include <algorithm>
#include <iterator>

namespace oriel::metrics {
namespace {

// More words than this per shard are a mistake of ours; they count as "other".
constexpr std::size_t kMaxWords = 1'024;

constexpr std::string_view kFinishReasons[] = {"stop", "length", "tool_calls", "content_filter",
                                               "function_call"};
constexpr std::string_view kShedReasons[] = {"connections", "concurrency", "memory"};

std::uint64_t nanos(std::chrono::nanoseconds time) {
  return time.count() < 0 ? 0 : static_cast<std::uint64_t>(time.count());
}

template <class Enum>
constexpr std::size_t index(Enum value) {
  return static_cast<std::size_t>(value);
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

Shard::Shard(std::size_t worker, LabelTable& labels, const Words& words, SeriesDirectory& directory)
    : labels_(labels), words_(words), worker_(labels.intern(std::to_string(worker))) {
  for (std::size_t i = 0; i < kShardFamilies; ++i) {
    tables_[i] = std::make_unique<SeriesTable>(static_cast<Family>(i), directory);
  }
}

Shard::~Shard() = default;

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
  SeriesKey key;
  std::size_t i = 0;
  (key.set(i++, ids), ...);
  tables_[index(family)]->observe(key, value);
}

template <class... Ids>
void Shard::observe_if(Family family, const std::optional<std::chrono::nanoseconds>& time,
                       Ids... ids) {
  if (time) observe(family, nanos(*time), ids...);
}

void Shard::record(const Record& record) {
  record_request(record);
  record_stream(record);
  record_usage(record);
  for (const Attempt& attempt : record.attempts) record_attempt(attempt);
  for (const Adjusted& adjusted : record.adjusted) {
    count(Family::adjusted_parameters, 1, word(adjusted.parameter), word(adjusted.action),
          record.provider);
  }
  for (const std::string_view feature : record.learned) {
    count(Family::learned_capabilities, 1, record.model, word(feature));
  }
  if (record.unknown_items != 0) {
    count(Family::unknown_upstream_items, record.unknown_items, record.provider,
          LabelTable::kOverflowLabel);
  }
  if (record.provider_latency) {
    observe(Family::provider_reported_latency, nanos(*record.provider_latency), record.model,
            record.provider);
  }
}

void Shard::record_request(const Record& record) {
  const LabelId endpoint = words_.endpoint[index(record.endpoint)];
  count(Family::requests, 1, endpoint, record.model, record.provider, status_code(record.status),
        words_.outcome[index(record.outcome)]);
  observe(Family::request_duration, nanos(record.total), endpoint, record.model, record.provider,
          record.stream ? words_.yes : words_.no, words_.class_[index(record.outcome)]);
  observe(Family::overhead, nanos(record.overhead), endpoint);
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

void Shard::record_stream(const Record& record) {
  const LabelId model = record.model;
  const LabelId provider = record.provider;
  if (!record.stream) return;
  observe_if(Family::time_to_first_token, record.time_to_first_token, model, provider,
             words_.visible);
  observe_if(Family::time_to_first_token, record.time_to_first_reasoning, model, provider,
             words_.reasoning);
  if (record.first_to_last_token && record.usage_source != UsageSource::none &&
      record.tokens.output > 1) {
    observe(Family::time_per_output_token,
            nanos(*record.first_to_last_token) / (record.tokens.output - 1), model, provider);
  }
  if (!record.stream_end) return;
  observe(Family::stream_max_stall, nanos(record.max_stall), model, provider);
  count(Family::streams_ended, 1, model, provider, words_.stream_end[index(*record.stream_end)]);
  count(Family::stream_chunks, record.chunks, model, provider);
}

void Shard::record_usage(const Record& record) {
  const LabelId model = record.model;
  const LabelId provider = record.provider;
  if (!record.usage_missing.empty()) {
    count(Family::usage_missing, 1, model, provider, word(record.usage_missing));
  }
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

void Shard::record_attempt(const Attempt& attempt) {
  const LabelId provider = attempt.provider;
  count(Family::upstream_attempts, 1, provider, attempt.upstream_model, attempt.region,
        words_.outcome[index(attempt.outcome)]);
  observe(Family::upstream_attempt_duration, nanos(attempt.duration), provider,
          attempt.upstream_model, words_.class_[index(attempt.outcome)]);
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

void Shard::request_shed(std::string_view reason) { count(Family::requests_shed, 1, word(reason)); }

void Shard::event_stream_error(LabelId provider, std::string_view kind) {
  count(Family::event_stream_errors, 1, provider, word(kind));
}

void Shard::set_connections(std::uint64_t open, std::uint64_t accepted) {
  cell(Family::connections_open).store(open, std::memory_order_relaxed);
  cell(Family::connections).store(accepted, std::memory_order_relaxed);
}

void Shard::set_buffered_bytes(std::uint64_t bytes) {
  cell(Family::client_buffered_bytes).store(bytes, std::memory_order_relaxed);
}

void Shard::preset_process() {
  for (const LabelId endpoint : words_.endpoint) {
    cell(Family::requests_in_flight, endpoint);
    cell(Family::client_backpressure, endpoint);
  }
  for (const std::string_view reason : kShedReasons) cell(Family::requests_shed, word(reason));
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
  for (const LabelId kind : {words_.opened, words_.reused}) {
    cell(Family::upstream_connections, provider, kind);
  }
  cell(Family::reasoning_tokens, model, provider);
  cell(Family::stream_chunks, model, provider);
  preset_end(model, provider, 200, Outcome::ok);
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
