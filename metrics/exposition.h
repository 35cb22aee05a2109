// Renders collected families as Prometheus' classic text format 0.0.4 or as OpenMetrics 1.0 with
// exemplars. Pure.
#pragma once

#include <prometheus/metric_family.h>

#include <string>
#include <vector>

#include "metrics/accept.h"
#include "metrics/exemplar.h"

namespace oriel::metrics {

// prometheus-cpp's family, which has no place for exemplars, and the exemplars beside it.
struct ExposedFamily {
  prometheus::MetricFamily family;
  std::vector<BucketExemplars> exemplars = {};  // by the index of the metric; shorter: no more
  double scale = 1;                             // how many of their values' units make one
};

// Appends the whole exposition. Bounds of buckets are spelled alike in both formats ("1.0"), so
// that a scraper that changes format keeps its series.
void append_exposition(const std::vector<ExposedFamily>& families, Format format, std::string& out);

}  // namespace oriel::metrics
