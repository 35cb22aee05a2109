// The OpenTelemetry GenAI names (spec/observability.md §1.6), rendered from families that are
// counted already. Pure.
#pragma once

#include <prometheus/metric_family.h>

#include <string>
#include <unordered_map>
#include <vector>

#include "metrics/catalogue.h"
#include "metrics/labels.h"
#include "metrics/series.h"

namespace oriel::metrics {

using ProviderNames = std::unordered_map<LabelId, std::string>;

// Appends the family that is derived from `source`, where there is one. Label sets that differ only
// in labels which the conventions do not have are summed.
void append_semconv(Family source, const std::vector<MergedSeries>& merged,
                    const LabelTable& labels, const ProviderNames& providers,
                    std::vector<prometheus::MetricFamily>& out);

// The histogram of merged cells.
prometheus::ClientMetric::Histogram to_histogram(const FamilyRow& row,
                                                 const std::vector<std::uint64_t>& cells);

}  // namespace oriel::metrics
