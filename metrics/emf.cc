#include "metrics/emf.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "convert/json/writer.h"
#include "metrics/decimal.h"

namespace oriel::metrics {
namespace {

using WallTime = std::chrono::system_clock::time_point;

struct Metric {
  std::string_view name;
  std::string_view unit;
  unsigned places;  // how many decimal places the integer that is kept has
};

// What is summed.
enum class Sum : std::uint8_t {
  requests,
  errors,
  client_aborts,
  retries,
  throttles,
  input,
  output,
  cache_read,
  cache_write,
  tokens,
  wasted_tokens,
  cost,
  wasted_cost,
  unpriced,
  chunks,
};
constexpr Metric kSums[] = {
    {"RequestCount", "Count", 0},
    {"ErrorCount", "Count", 0},        // outcomes other than ok
    {"ClientAbortCount", "Count", 0},  // those of them where the client left
    {"RetryCount", "Count", 0},
    {"ThrottleCount", "Count", 0},  // attempts that a provider throttled
    {"InputTokens", "Count", 0},
    {"OutputTokens", "Count", 0},
    {"CacheReadTokens", "Count", 0},
    {"CacheWriteTokens", "Count", 0},
    {"TokensUsed", "Count", 0},  // all kinds
    {"WastedTokens", "Count", 0},
    {"CostUSD", "None", kDollarPlaces},
    {"WastedCostUSD", "None", kDollarPlaces},
    {"UnpricedCount", "Count", 0},
    {"StreamingChunkCount", "Count", 0},
};
static_assert(std::size(kSums) == static_cast<std::size_t>(Sum::chunks) + 1);

// What is told value by value.
enum class Time : std::uint8_t { response, first_token, provider, stream };
constexpr unsigned kMillisecondPlaces = 6;  // of nanoseconds
constexpr Metric kTimes[] = {
    {"ResponseTime", "Milliseconds", kMillisecondPlaces},
    {"TimeToFirstToken", "Milliseconds", kMillisecondPlaces},
    {"BedrockAPILatency", "Milliseconds", kMillisecondPlaces},  // as Bedrock itself says
    {"StreamingDuration", "Milliseconds", kMillisecondPlaces},  // requests whose stream began
};
static_assert(std::size(kTimes) == static_cast<std::size_t>(Time::stream) + 1);

// What one record adds.
struct Sample {
  std::array<std::uint64_t, std::size(kSums)> sums{};
  std::array<std::optional<std::uint64_t>, std::size(kTimes)> times;

  void add(Sum sum, std::uint64_t amount) { sums[static_cast<std::size_t>(sum)] += amount; }
  void set(Time time, std::chrono::nanoseconds value) {
    times[static_cast<std::size_t>(time)] =
        static_cast<std::uint64_t>(std::max<std::int64_t>(value.count(), 0));
  }
};

void add_tokens(const Tokens& tokens, Sample& sample) {
  sample.add(Sum::input, tokens.input);
  sample.add(Sum::output, tokens.output);
  sample.add(Sum::cache_read, tokens.cache_read);
  sample.add(Sum::cache_write, tokens.cache_write_5m + tokens.cache_write_1h);
  sample.add(Sum::tokens, sum_of(tokens));
}

void add_attempt(const Attempt& attempt, Sample& sample) {
  sample.add(Sum::retries, attempt.retry ? 1 : 0);
  sample.add(Sum::throttles, attempt.outcome == Outcome::provider_throttled ? 1 : 0);
  if (!attempt.wasted || !attempt.tokens) return;
  sample.add(Sum::wasted_tokens, sum_of(*attempt.tokens));
  sample.add(Sum::wasted_cost, attempt.cost.value_or(0));
}

Sample sample_of(const Record& record) {
  Sample sample;
  sample.add(Sum::requests, 1);
  sample.add(Sum::errors, record.outcome == Outcome::ok ? 0 : 1);
  sample.add(Sum::client_aborts, record.outcome == Outcome::caller_cancelled ? 1 : 0);
  for (const Attempt& attempt : record.attempts) add_attempt(attempt, sample);
  if (record.usage_source != UsageSource::none) add_tokens(record.tokens, sample);
  sample.add(Sum::cost, record.cost.value_or(0));
  sample.add(Sum::unpriced, record.unpriced ? 1 : 0);
  sample.set(Time::response, record.total);
  if (record.provider_latency) sample.set(Time::provider, *record.provider_latency);
  if (!record.stream) return sample;
  if (record.time_to_first_token) sample.set(Time::first_token, *record.time_to_first_token);
  if (!record.stream_end) return sample;
  sample.set(Time::stream, record.total);
  sample.add(Sum::chunks, record.chunks);
  return sample;
}

struct Dimension {
  std::string_view name;
  std::string value;
};

// The samples since the last document of one dimension set.
struct Series {
  std::vector<Dimension> dimensions;
  std::array<std::uint64_t, std::size(kSums)> sums{};
  std::array<std::vector<std::uint64_t>, std::size(kTimes)> times;

  bool empty() const { return sums[static_cast<std::size_t>(Sum::requests)] == 0; }
  bool full() const {
    return std::any_of(times.begin(), times.end(), [](const auto& values) {
      return values.size() >= EmfAggregate::kMaxValues;
    });
  }
  void add(const Sample& sample) {
    for (std::size_t i = 0; i < sums.size(); ++i) sums[i] += sample.sums[i];
    for (std::size_t i = 0; i < times.size(); ++i) {
      if (!sample.times[i] || times[i].size() >= EmfAggregate::kMaxValues) continue;
      times[i].push_back(*sample.times[i]);
    }
  }
  // Requests and errors are told even when there were none of the latter, so that a rate of errors
  // has data; other sums only when they are something.
  bool tells(std::size_t sum) const {
    return sums[sum] != 0 || sum <= static_cast<std::size_t>(Sum::errors);
  }
  void clear() {
    sums = {};
    for (auto& values : times) values.clear();
  }
};

// CloudWatch refuses documents whose dimension values are blank or not ASCII.
std::string dimension_value(std::string_view label) {
  std::string value;
  for (const char c : label) {
    const auto byte = static_cast<unsigned char>(c);
    const bool inside_character = byte >= 0x80 && byte < 0xC0;
    if (!inside_character) value.push_back(byte >= 0x20 && byte < 0x7F ? c : '?');
  }
  if (value.find_first_not_of(' ') == std::string::npos) return "unknown";
  return value;
}

// By a status's hundreds; what is none of HTTP's is the first.
constexpr std::array<std::string_view, 6> kStatusClasses = {"none", "1xx", "2xx",
                                                            "3xx",  "4xx", "5xx"};
std::size_t status_class(int status) {
  return status >= 100 && status < 600 ? static_cast<std::size_t>(status / 100) : 0;
}

void write_definition(json::Writer& writer, const Metric& metric) {
  writer.begin_object();
  writer.key("Name").string(metric.name);
  writer.key("Unit").string(metric.unit);
  writer.end_object();
}

void write_directive(json::Writer& writer, std::string_view name_space, const Series& series) {
  writer.begin_object();
  writer.key("Namespace").string(name_space);
  writer.key("Dimensions").begin_array().begin_array();
  for (const Dimension& dimension : series.dimensions) writer.string(dimension.name);
  writer.end_array().end_array();
  writer.key("Metrics").begin_array();
  for (std::size_t i = 0; i < std::size(kSums); ++i) {
    if (series.tells(i)) write_definition(writer, kSums[i]);
  }
  for (std::size_t i = 0; i < std::size(kTimes); ++i) {
    if (!series.times[i].empty()) write_definition(writer, kTimes[i]);
  }
  writer.end_array();
  writer.end_object();
}

void write_targets(json::Writer& writer, const Series& series) {
  for (const Dimension& dimension : series.dimensions) {
    writer.key(dimension.name).string(dimension.value);
  }
  for (std::size_t i = 0; i < std::size(kSums); ++i) {
    if (!series.tells(i)) continue;
    writer.key(kSums[i].name);
    write_decimal(writer, series.sums[i], kSums[i].places);
  }
  for (std::size_t i = 0; i < std::size(kTimes); ++i) {
    if (series.times[i].empty()) continue;
    writer.key(kTimes[i].name).begin_array();
    for (const std::uint64_t value : series.times[i]) {
      write_decimal(writer, value, kTimes[i].places);
    }
    writer.end_array();
  }
}

std::int64_t unix_milliseconds(WallTime time) {
  return std::chrono::floor<std::chrono::milliseconds>(time.time_since_epoch()).count();
}

}  // namespace

struct EmfAggregate::Impl {
  const LabelTable& labels;
  const std::string name_space;
  Series all;
  std::array<std::array<Series, kStatusClasses.size()>, kEndpoints> endpoints;
  std::map<LabelId, Series> models;
  std::string waiting;  // documents that were full before the flush, a newline after each

  Impl(const LabelTable& table, std::string space);
  Series& of_model(LabelId model);
  void add(Series& series, const Sample& sample, WallTime time);
  void write_document(Series& series, WallTime time);
  template <class Visit>
  void for_each(Visit&& visit);
};

EmfAggregate::Impl::Impl(const LabelTable& table, std::string space)
    : labels(table), name_space(std::move(space)) {
  for (std::size_t endpoint = 0; endpoint < kEndpoints; ++endpoint) {
    for (std::size_t status = 0; status < kStatusClasses.size(); ++status) {
      endpoints[endpoint][status].dimensions = {
          {"Endpoint", std::string(to_string(static_cast<Endpoint>(endpoint)))},
          {"StatusClass", std::string(kStatusClasses[status])}};
    }
  }
}

Series& EmfAggregate::Impl::of_model(LabelId model) {
  const auto known = models.find(model);
  if (known != models.end()) return known->second;
  if (models.size() >= kMaxModels) model = LabelTable::kOverflowLabel;
  Series& series = models[model];
  if (series.dimensions.empty()) {
    series.dimensions = {{"Model", dimension_value(labels.name(model))}};
  }
  return series;
}

void EmfAggregate::Impl::add(Series& series, const Sample& sample, WallTime time) {
  series.add(sample);
  if (series.full() && waiting.size() < kMaxWaitingBytes) write_document(series, time);
}

// Moves the series into a line of `waiting`.
void EmfAggregate::Impl::write_document(Series& series, WallTime time) {
  json::Writer writer(waiting);
  writer.begin_object();
  writer.key("_aws").begin_object();
  writer.key("Timestamp").integer(unix_milliseconds(time));
  writer.key("CloudWatchMetrics").begin_array();
  write_directive(writer, name_space, series);
  writer.end_array();
  writer.end_object();
  write_targets(writer, series);
  writer.end_object();
  waiting.push_back('\n');
  series.clear();
}

template <class Visit>
void EmfAggregate::Impl::for_each(Visit&& visit) {
  visit(all);
  for (auto& statuses : endpoints) {
    for (Series& series : statuses) visit(series);
  }
  for (auto& [model, series] : models) visit(series);
}

EmfAggregate::EmfAggregate(const LabelTable& labels, std::string name_space)
    : impl_(std::make_unique<Impl>(labels, std::move(name_space))) {}
EmfAggregate::~EmfAggregate() = default;

void EmfAggregate::add(const Record& record) {
  const Sample sample = sample_of(record);
  const auto endpoint = static_cast<std::size_t>(record.endpoint);
  impl_->add(impl_->all, sample, record.time);
  impl_->add(impl_->endpoints[endpoint][status_class(record.status)], sample, record.time);
  if (record.model == kUnknownLabel) return;
  impl_->add(impl_->of_model(record.model), sample, record.time);
}

void EmfAggregate::write_full(const Write& write) {
  for (std::string_view rest = impl_->waiting; !rest.empty();) {
    const std::size_t end = rest.find('\n');
    write(rest.substr(0, end));
    rest.remove_prefix(end + 1);
  }
  impl_->waiting.clear();
}

void EmfAggregate::flush(WallTime now, const Write& write) {
  write_full(write);
  impl_->for_each([&](Series& series) {
    if (!series.empty()) impl_->write_document(series, now);
  });
  write_full(write);
}

}  // namespace oriel::metrics
