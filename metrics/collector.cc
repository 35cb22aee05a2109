#include "metrics/collector.h"

#include <thread>
#include <unordered_map>
#include <utility>

namespace oriel::metrics {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

namespace {

MetricFamily head(const FamilyRow& row) {
  MetricFamily family;
  family.name = row.name;
  family.help = row.help;
  switch (row.type) {
    case Type::counter: family.type = MetricType::Counter; break;
    case Type::gauge: family.type = MetricType::Gauge; break;
    case Type::histogram: family.type = MetricType::Histogram; break;
  }
  return family;
}

ClientMetric with_label(std::string_view name, std::string_view value) {
  ClientMetric metric;
  metric.label.push_back({std::string(name), std::string(value)});
  return metric;
}

}  // namespace

void Collector::add(const Shard& shard) {
  const std::lock_guard lock(mutex_);
  shards_.push_back(&shard);
}

void Collector::set_semconv_provider(LabelId provider, std::string name) {
  const std::lock_guard lock(mutex_);
  semconv_names_.providers[provider] = std::move(name);
}

void Collector::set_response_model(LabelId model, LabelId provider, LabelId upstream_model) {
  if (upstream_model == kUnknownLabel) return;
  const std::lock_guard lock(mutex_);
  semconv_names_.response_models[{model, provider}] = upstream_model;
}

std::vector<MetricFamily> Collector::Collect() const {
  std::vector<MetricFamily> families;
  for (ExposedFamily& exposed : collect()) families.push_back(std::move(exposed.family));
  return families;
}

std::vector<ExposedFamily> Collector::collect() const {
  const std::lock_guard lock(mutex_);
  std::vector<ExposedFamily> families;
  MetricFamily series = head(row_of(Family::metric_series));
  MetricFamily overflow = head(row_of(Family::metric_series_overflow));
  for (std::size_t i = 0; i < kShardFamilies; ++i) {
    std::this_thread::yield();  // to a request that waits for this core
    const FamilyRow& row = catalogue()[i];
    std::vector<MergedSeries> merged = merge(row.family);
    ClientMetric count = with_label(to_string(Label::family), row.name);
    count.gauge.value = static_cast<double>(merged.size());
    series.metric.push_back(std::move(count));
    ClientMetric overflowing = with_label(to_string(Label::family), row.name);
    overflowing.counter.value = static_cast<double>(overflowed(row.family));
    overflow.metric.push_back(std::move(overflowing));

    std::vector<ExposedFamily> standard;
    if (semconv_ == Semconv::on) {
      append_semconv(row.family, merged, labels_, semconv_names_, standard);
    }
    families.push_back(render(row, std::move(merged)));
    for (ExposedFamily& family : standard) families.push_back(std::move(family));
  }
  families.push_back({std::move(series)});
  families.push_back({std::move(overflow)});
  return families;
}

std::vector<MergedSeries> Collector::merge(Family family) const {
  std::vector<MergedSeries> merged;
  std::unordered_map<SeriesKey, std::size_t, SeriesKeyHash> places;
  for (const Shard* shard : shards_) {
    const SeriesTable& table = shard->table(family);
    table.for_each(
        [&](const SeriesKey& key, const SeriesTable::Cell* cells, const ExemplarSlot* exemplars) {
          const auto [place, added] = places.emplace(key, merged.size());
          if (added) merged.push_back({key, std::vector<std::uint64_t>(table.width())});
          MergedSeries& sums = merged[place->second];
          if (exemplars != nullptr) {
            BucketExemplars found(table.width() - 1);
            for (std::size_t i = 0; i < found.size(); ++i) found[i] = exemplars[i].load();
            keep_newest(found, sums.exemplars);
          }
          for (std::size_t i = 0; i < sums.cells.size(); ++i) {
            sums.cells[i] += cells[i].load(std::memory_order_relaxed);
          }
        });
  }
  return merged;
}

std::uint64_t Collector::overflowed(Family family) const {
  std::uint64_t sum = 0;
  for (const Shard* shard : shards_) sum += shard->table(family).overflowed();
  return sum;
}

ExposedFamily Collector::render(const FamilyRow& row, std::vector<MergedSeries> merged) const {
  const double scale = scale_of(row.unit);
  ExposedFamily exposed{head(row), {}, scale};
  MetricFamily& family = exposed.family;
  family.metric.reserve(merged.size());
  for (MergedSeries& series : merged) {
    if (row.exemplars) exposed.exemplars.push_back(std::move(series.exemplars));
    ClientMetric& metric = family.metric.emplace_back();
    metric.label.reserve(row.labels.size());
    for (std::size_t i = 0; i < row.labels.size(); ++i) {
      metric.label.push_back(
          {std::string(to_string(row.labels[i])), std::string(labels_.name(series.key.at(i)))});
    }
    switch (row.type) {
      case Type::counter:
        metric.counter.value = static_cast<double>(series.cells[0]) / scale;
        break;
      case Type::gauge:  // a shard's share may be negative; the sum is what counts
        metric.gauge.value =
            static_cast<double>(static_cast<std::int64_t>(series.cells[0])) / scale;
        break;
      case Type::histogram: metric.histogram = to_histogram(row, series.cells); break;
    }
  }
  return exposed;
}

}  // namespace oriel::metrics
