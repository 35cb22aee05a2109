#include "metrics/exposition.h"

#include <gtest/gtest.h>

#include <chrono>
#include <limits>
#include <optional>
#include <string>

namespace oriel::metrics {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

std::vector<ExposedFamily> families() {
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
  return {{counter}, {gauge}, {histogram}, {empty}};
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
  append_exposition({{gauge}}, Format::text, out);
  EXPECT_EQ(out, "# HELP g G.\n# TYPE g gauge\ng NaN\ng +Inf\ng -Inf\ng 0.1\ng 1e+300\n");
}

// A mark of 2024-05-01T12:00:00.123456789Z.
TraceMark mark() {
  TraceMark mark;
  mark.trace_id.fill(0xAB);
  mark.span_id.fill(0x01);
  mark.time = std::chrono::nanoseconds(1'714'564'800'123'456'789);
  return mark;
}

TEST(Exposition, WritesExemplarsInOpenMetricsOnly) {
  MetricFamily histogram{"c_seconds", "C.", MetricType::Histogram, {}};
  histogram.metric.resize(2);
  histogram.metric[0].histogram = {3, 7.5, {{1, 0.005}, {2, 1}}};
  histogram.metric[1].label = {{"kind", "input"}};
  histogram.metric[1].histogram = {0, 0, {{0, 0.005}, {0, 1}}};
  const ExposedFamily exposed{
      histogram,
      {{Exemplar{mark(), 4'000'000}, std::nullopt, Exemplar{mark(), 7'000'000'000}}},
      1e9};
  const std::string labels =
      R"( # {trace_id="abababababababababababababababab",span_id="0101010101010101"} )";
  const auto lines = [](const std::string& low, const std::string& high) {
    return "c_seconds_bucket{le=\"0.005\"} 1" + low + "\nc_seconds_bucket{le=\"1.0\"} 2\n" +
           "c_seconds_bucket{le=\"+Inf\"} 3" + high + "\nc_seconds_sum 7.5\nc_seconds_count 3\n" +
           "c_seconds_bucket{kind=\"input\",le=\"0.005\"} 0\n";
  };
  std::string open;
  append_exposition({exposed}, Format::openmetrics, open);
  EXPECT_NE(open.find(lines(labels + "0.004 1714564800.123", labels + "7 1714564800.123")),
            std::string::npos)
      << open;
  std::string text;
  append_exposition({exposed}, Format::text, text);
  EXPECT_NE(text.find(lines("", "")), std::string::npos) << text;
  EXPECT_EQ(text.find("trace_id"), std::string::npos);
}

TEST(Exposition, SpellsEachSeriesItsOwnBounds) {
  MetricFamily histogram{"c", "C.", MetricType::Histogram, {}};
  histogram.metric.resize(3);
  histogram.metric[0].histogram = {1, 1, {{1, 0.5}, {1, 1}}};
  histogram.metric[1].histogram = {1, 1, {{1, 2}}};
  histogram.metric[2].histogram = {1, 1, {{1, 0.5}, {1, 3}, {1, 4}}};
  std::string out;
  append_exposition({{histogram}}, Format::text, out);
  std::string bounds;
  for (std::size_t at = 0; (at = out.find("le=\"", at)) != std::string::npos;) {
    at += 4;
    bounds.append(out, at, out.find('"', at) - at).push_back(' ');
  }
  EXPECT_EQ(bounds, "0.5 1.0 +Inf 2.0 +Inf 0.5 3.0 4.0 +Inf ");
}

}  // namespace
}  // namespace oriel::metrics
