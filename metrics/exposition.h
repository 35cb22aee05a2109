// Renders collected families as Prometheus' classic text format 0.0.4 or as OpenMetrics 1.0. Pure.
#pragma once

#include <prometheus/metric_family.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace oriel::metrics {

enum class Format : std::uint8_t { text, openmetrics };

// The format a scraper's Accept header prefers; the classic text when it says nothing we know.
Format preferred_format(std::string_view accept);
std::string_view content_type(Format format);

// Appends the whole exposition. Bounds of buckets are spelled alike in both formats ("1.0"), so
// that a scraper that changes format keeps its series.
void append_exposition(const std::vector<prometheus::MetricFamily>& families, Format format,
                       std::string& out);

}  // namespace oriel::metrics
