// The OpenTelemetry GenAI names (spec/observability.md §1.6), rendered from families that are
// counted already. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "metrics/catalogue.h"
#include "metrics/exposition.h"
#include "metrics/labels.h"
#include "metrics/series.h"

namespace oriel::metrics {

// A family under its conventional name.
struct SemconvRow {
  Family source;
  std::string_view name;
  std::span<const std::string_view> labels;
  std::string_view help;
};
std::span<const SemconvRow> semconv_rows();

using ProviderNames = std::unordered_map<LabelId, std::string>;

// What the conventions call what we know under names of our own.
struct SemconvNames {
  ProviderNames providers;
  std::map<std::pair<LabelId, LabelId>, LabelId> response_models;  // by model and provider
};

// Appends the family that is derived from `source`, where there is one. Label sets that differ only
// in labels which the conventions do not have are summed.
void append_semconv(Family source, const std::vector<MergedSeries>& merged,
                    const LabelTable& labels, const SemconvNames& names,
                    std::vector<ExposedFamily>& out);

// The histogram of merged cells.
prometheus::ClientMetric::Histogram to_histogram(const FamilyRow& row,
                                                 const std::vector<std::uint64_t>& cells);

}  // namespace oriel::metrics
