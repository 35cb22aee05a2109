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

constexpr std::string_view kModelLabels[] = {"gen_ai_operation_name", "gen_ai_provider_name",
                                             "gen_ai_request_model", "gen_ai_response_model"};
constexpr std::string_view kTokenLabels[] = {"gen_ai_operation_name", "gen_ai_provider_name",
                                             "gen_ai_request_model", "gen_ai_response_model",
                                             "gen_ai_token_type"};
constexpr std::string_view kErrorLabels[] = {"gen_ai_operation_name", "gen_ai_provider_name",
                                             "gen_ai_request_model", "gen_ai_response_model",
                                             "error_type"};

constexpr SemconvRow kRows[] = {
    {Family::tokens_per_request, "gen_ai_client_token_usage", kTokenLabels,
     "OpenTelemetry GenAI name of oriel_tokens_per_request, input and output kinds only; input "
     "does not hold what came from the cache."},
    {Family::request_duration, "gen_ai_server_request_duration_seconds", kErrorLabels,
     "OpenTelemetry GenAI name of oriel_request_duration_seconds, chat completions only."},
    {Family::time_to_first_token, "gen_ai_server_time_to_first_token_seconds", kModelLabels,
     "OpenTelemetry GenAI name of oriel_time_to_first_token_seconds, visible tokens only."},
    {Family::time_per_output_token, "gen_ai_server_time_per_output_token_seconds", kModelLabels,
     "OpenTelemetry GenAI name of oriel_time_per_output_token_seconds."},
};

// Who answered: in every family, so that they can be joined.
void add_model_labels(LabelId model, LabelId provider, const LabelTable& labels,
                      const SemconvNames& names, Labels& out) {
  const auto named = names.providers.find(provider);
  out.push_back({"gen_ai_provider_name", named == names.providers.end()
                                             ? std::string(labels.name(provider))
                                             : named->second});
  out.push_back({"gen_ai_request_model", std::string(labels.name(model))});
  const auto response = names.response_models.find({model, provider});
  if (response == names.response_models.end()) return;
  out.push_back({"gen_ai_response_model", std::string(labels.name(response->second))});
}

// The conventions' labels for a label set of ours; nullopt: it has no place there.
std::optional<Labels> semconv_labels(const FamilyRow& row, const SeriesKey& key,
                                     const LabelTable& labels, const SemconvNames& names) {
  Labels own;
  LabelId model = kUnknownLabel;
  LabelId provider = kUnknownLabel;
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
        own.push_back({"gen_ai_token_type", std::string(value)});
        break;
      case Label::model: model = key.at(i); break;
      case Label::provider: provider = key.at(i); break;
      case Label::class_:
        if (value != "ok") own.push_back({"error_type", std::string(value)});
        break;
      default: break;
    }
  }
  Labels out = {{"gen_ai_operation_name", "chat"}};
  add_model_labels(model, provider, labels, names, out);
  out.insert(out.end(), own.begin(), own.end());
  return out;
}

void add_to(MergedSeries& sum, const MergedSeries& series) {
  sum.cells.resize(series.cells.size());
  for (std::size_t i = 0; i < sum.cells.size(); ++i) sum.cells[i] += series.cells[i];
  keep_newest(series.exemplars, sum.exemplars);
}

}  // namespace

ClientMetric::Histogram to_histogram(const FamilyRow& row,
                                     const std::vector<std::uint64_t>& cells) {
  const double scale = scale_of(row.unit);
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

std::span<const SemconvRow> semconv_rows() { return kRows; }

void append_semconv(Family source, const std::vector<MergedSeries>& merged,
                    const LabelTable& labels, const SemconvNames& names,
                    std::vector<ExposedFamily>& out) {
  for (const SemconvRow& semconv : kRows) {
    if (semconv.source != source) continue;
    const FamilyRow& row = row_of(source);
    std::map<Labels, MergedSeries> sums;
    for (const MergedSeries& series : merged) {
      if (const auto key = semconv_labels(row, series.key, labels, names)) {
        add_to(sums[*key], series);
      }
    }
    ExposedFamily exposed{.scale = scale_of(row.unit)};
    exposed.family.name = semconv.name;
    exposed.family.help = semconv.help;
    exposed.family.type = MetricType::Histogram;
    for (auto& [key, sum] : sums) {
      ClientMetric& metric = exposed.family.metric.emplace_back();
      metric.label = key;
      metric.histogram = to_histogram(row, sum.cells);
      exposed.exemplars.push_back(std::move(sum.exemplars));
    }
    out.push_back(std::move(exposed));
  }
}

}  // namespace oriel::metrics
