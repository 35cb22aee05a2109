// Merges the shards of all workers into Prometheus families. Owned by the Registry.
#pragma once

#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>

#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

#include "metrics/semconv.h"
#include "metrics/shard.h"

namespace oriel::metrics {

// Any thread; the shards may be written meanwhile.
class Collector : public prometheus::Collectable {
 public:
  Collector(const LabelTable& labels, Semconv semconv) : labels_(labels), semconv_(semconv) {}

  void add(const Shard& shard);
  void set_semconv_provider(LabelId provider, std::string name);
  void set_response_model(LabelId model, LabelId provider, LabelId upstream_model);
  // With exemplars, and without, as prometheus-cpp knows families.
  std::vector<ExposedFamily> collect() const;
  std::vector<prometheus::MetricFamily> Collect() const override;

 private:
  std::vector<MergedSeries> merge(Family family) const;
  std::uint64_t overflowed(Family family) const;
  ExposedFamily render(const FamilyRow& row, std::vector<MergedSeries> merged) const;

  const LabelTable& labels_;
  const Semconv semconv_;
  mutable std::mutex mutex_;
  std::vector<const Shard*> shards_;
  SemconvNames semconv_names_;
};

}  // namespace oriel::metrics
