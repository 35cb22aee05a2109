#include "metrics/exposition.h"

#include <gtest/gtest.h>

#include <limits>

namespace oriel::metrics {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

TEST(Exposition, PrefersWhatTheScraperPrefers) {
  const struct {
    const char* accept;
    Format format;
  } kCases[] = {
      {"", Format::text},
      {"*/*", Format::text},
      {"text/plain", Format::text},
      {"application/json", Format::text},
      {"application/openmetrics-text", Format::openmetrics},
      {"application/openmetrics-text; version=1.0.0", Format::openmetrics},
      {"application/openmetrics-text; version=2.0.0", Format::text},
      {"application/openmetrics-text;q=0", Format::text},
      {"application/openmetrics-text;q=x", Format::text},
      {"application/openmetrics-text;q=0.4,text/plain;q=0.5", Format::text},
      {"application/openmetrics-text;q=0.5 , text/plain;q=0.3, */*;q=0.1", Format::openmetrics},
      // Prometheus 2.42 and 3.
      {"application/openmetrics-text;version=1.0.0,application/"
       "openmetrics-text;version=0.0.1;q=0.75,"
       "text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
       Format::openmetrics},
      {"application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
       "application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;q=0.4,"
       "text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
       Format::openmetrics},
      {";;;,,=;q=,", Format::text},
  };
  for (const auto& c : kCases) EXPECT_EQ(preferred_format(c.accept), c.format) << c.accept;
}

std::vector<MetricFamily> families() {
  MetricFamily counter{"a_seconds_total", "Says \"x\" \\ and\na line.", MetricType::Counter, {}};
  counter.metric.resize(1);
  counter.metric[0].label = {{"model", "a\"b\\c\nd"}, {"code", "200"}};
  counter.metric[0].counter.value = 0.25;
  MetricFamily gauge{"b_bytes", "Bytes.", MetricType::Gauge, {}};
  gauge.metric.resize(1);
  gauge.metric[0].gauge.value = -3;
  MetricFamily histogram{"c", "Things.", MetricType::Histogram, {}};
  histogram.metric.resize(2);
  histogram.metric[0].histogram = {5, 7.5, {{1, 0.005}, {3, 1}, {4, 4194304}}};
  histogram.metric[1].label = {{"kind", "input"}};
  histogram.metric[1].histogram = {2, 1e22, {{1, 1}, {2, std::numeric_limits<double>::infinity()}}};
  const MetricFamily empty{"d", "Nothing.", MetricType::Gauge, {}};
  return {counter, gauge, histogram, empty};
}

constexpr const char* kHistogramLines =
    "c_bucket{le=\"0.005\"} 1\n"
    "c_bucket{le=\"1.0\"} 3\n"
    "c_bucket{le=\"4194304.0\"} 4\n"
    "c_bucket{le=\"+Inf\"} 5\n"
    "c_sum 7.5\n"
    "c_count 5\n"
    "c_bucket{kind=\"input\",le=\"1.0\"} 1\n"
    "c_bucket{kind=\"input\",le=\"+Inf\"} 2\n"
    "c_sum{kind=\"input\"} 1e+22\n"
    "c_count{kind=\"input\"} 2\n";

TEST(Exposition, WritesTheClassicText) {
  std::string out;
  append_exposition(families(), Format::text, out);
  EXPECT_EQ(out, std::string("# HELP a_seconds_total Says \"x\" \\\\ and\\na line.\n"
                             "# TYPE a_seconds_total counter\n"
                             "a_seconds_total{model=\"a\\\"b\\\\c\\nd\",code=\"200\"} 0.25\n"
                             "# HELP b_bytes Bytes.\n"
                             "# TYPE b_bytes gauge\n"
                             "b_bytes -3\n"
                             "# HELP c Things.\n"
                             "# TYPE c histogram\n") +
                     kHistogramLines);
}

TEST(Exposition, WritesOpenMetrics) {
  std::string out;
  append_exposition(families(), Format::openmetrics, out);
  EXPECT_EQ(out, std::string("# HELP a_seconds Says \\\"x\\\" \\\\ and\\na line.\n"
                             "# TYPE a_seconds counter\n"
                             "# UNIT a_seconds seconds\n"
                             "a_seconds_total{model=\"a\\\"b\\\\c\\nd\",code=\"200\"} 0.25\n"
                             "# HELP b_bytes Bytes.\n"
                             "# TYPE b_bytes gauge\n"
                             "# UNIT b_bytes bytes\n"
                             "b_bytes -3\n"
                             "# HELP c Things.\n"
                             "# TYPE c histogram\n") +
                     kHistogramLines + "# EOF\n");
}

TEST(Exposition, SpellsOddNumbers) {
  MetricFamily gauge{"g", "G.", MetricType::Gauge, {}};
  for (const double value :
       {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity(),
        -std::numeric_limits<double>::infinity(), 0.1, 1e300}) {
    gauge.metric.emplace_back().gauge.value = value;
  }
  std::string out;
  append_exposition({gauge}, Format::text, out);
  EXPECT_EQ(out, "# HELP g G.\n# TYPE g gauge\ng NaN\ng +Inf\ng -Inf\ng 0.1\ng 1e+300\n");
}

}  // namespace
}  // namespace oriel::metrics
