#include "metrics/semconv.h"

#include <map>
#include <optional>
#include <utility>

namespace oriel::metrics {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;
using Labels = std::vector<ClientMetric::Label>;

struct SemconvRow {
  Family source;
  std::string_view name;
  std::string_view help;
};

constexpr SemconvRow kRows[] = {
    {Family::tokens_per_request, "gen_ai_client_token_usage",
     "OpenTelemetry GenAI name of oriel_tokens_per_request, input and output kinds only."},
    {Family::request_duration, "gen_ai_server_request_duration_seconds",
     "OpenTelemetry GenAI name of oriel_request_duration_seconds, chat completions only."},
    {Family::time_to_first_token, "gen_ai_server_time_to_first_token_seconds",
     "OpenTelemetry GenAI name of oriel_time_to_first_token_seconds, visible tokens only."},
    {Family::time_per_output_token, "gen_ai_server_time_per_output_token_seconds",
     "OpenTelemetry GenAI name of oriel_time_per_output_token_seconds."},
};

// The conventions' labels for a label set of ours; nullopt: it has no place there.
std::optional<Labels> semconv_labels(const FamilyRow& row, const SeriesKey& key,
                                     const LabelTable& labels, const ProviderNames& providers) {
  Labels out = {{"gen_ai_operation_name", "chat"}};
  for (std::size_t i = 0; i < row.labels.size(); ++i) {
    const std::string_view value = labels.name(key.at(i));
    switch (row.labels[i]) {
      case Label::endpoint:
        if (value != to_string(Endpoint::chat_completions)) return std::nullopt;
        break;
      case Label::kind:
        if (row.family == Family::time_to_first_token) {
          if (value != "visible") return std::nullopt;
          break;
        }
        if (value != "input" && value != "output") return std::nullopt;
        out.push_back({"gen_ai_token_type", std::string(value)});
        break;
      case Label::model: out.push_back({"gen_ai_request_model", std::string(value)}); break;
      case Label::provider: {
        const auto named = providers.find(key.at(i));
        out.push_back({"gen_ai_provider_name",
                       named == providers.end() ? std::string(value) : named->second});
        break;
      }
      case Label::class_:
        if (value != "ok") out.push_back({"error_type", std::string(value)});
        break;
      default: break;
    }
  }
  return out;
}

}  // namespace

ClientMetric::Histogram to_histogram(const FamilyRow& row,
                                     const std::vector<std::uint64_t>& cells) {
  const double scale = row.unit == Unit::seconds ? kNanosPerSecond : 1.0;
  ClientMetric::Histogram histogram;
  std::uint64_t count = 0;
  histogram.bucket.reserve(row.buckets.size());
  for (std::size_t i = 0; i < row.buckets.size(); ++i) {
    count += cells[i];
    histogram.bucket.push_back({count, static_cast<double>(row.buckets[i]) / scale});
  }
  histogram.sample_count = count + cells[row.buckets.size()];
  histogram.sample_sum = static_cast<double>(cells.back()) / scale;
  return histogram;
}

void append_semconv(Family source, const std::vector<MergedSeries>& merged,
                    const LabelTable& labels, const ProviderNames& providers,
                    std::vector<MetricFamily>& out) {
  for (const SemconvRow& semconv : kRows) {
    if (semconv.source != source) continue;
    const FamilyRow& row = row_of(source);
    std::map<Labels, std::vector<std::uint64_t>> sums;
    for (const MergedSeries& series : merged) {
      const auto key = semconv_labels(row, series.key, labels, providers);
      if (!key) continue;
      auto& cells = sums[*key];
      cells.resize(series.cells.size());
      for (std::size_t i = 0; i < cells.size(); ++i) cells[i] += series.cells[i];
    }
    MetricFamily family;
    family.name = semconv.name;
    family.help = semconv.help;
    family.type = MetricType::Histogram;
    for (const auto& [key, cells] : sums) {
      ClientMetric& metric = family.metric.emplace_back();
      metric.label = key;
      metric.histogram = to_histogram(row, cells);
    }
    out.push_back(std::move(family));
  }
}

}  // namespace oriel::metrics
