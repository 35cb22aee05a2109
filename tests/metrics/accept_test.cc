#include "metrics/accept.h"

#include <gtest/gtest.h>

namespace oriel::metrics {
namespace {

TEST(Accept, PrefersTheFormatThatTheScraperPrefers) {
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
      {"Application/OpenMetrics-Text; Version=1.0.0; Q=1", Format::openmetrics},
      {"application/openmetrics-text;q=0.4,text/plain;q=0.5", Format::text},
      {"application/openmetrics-text;q=0.5 , text/plain;q=0.3, */*;q=0.1", Format::openmetrics},
      {"application/openmetrics-text;q=0.1, */*;q=0.9", Format::text},
      {"application/openmetrics-text;q=0.5, text/plain;q=0.3, */*", Format::openmetrics},
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

TEST(Accept, PrefersTheCodingThatTheScraperPrefers) {
  const struct {
    const char* accept;
    Coding coding;
  } kCases[] = {
      {"", Coding::identity},
      {"gzip", Coding::gzip},  // Prometheus
      {"GZIP", Coding::gzip},
      {"x-gzip", Coding::gzip},
      {"gzip, deflate, br, zstd", Coding::gzip},
      {"br;q=1.0, gzip;q=0.8, *;q=0.1", Coding::gzip},
      {"deflate, br", Coding::identity},
      {"*", Coding::gzip},
      {"*;q=0", Coding::identity},
      {"gzip;q=0", Coding::identity},
      {"gzip;q=0.000, *", Coding::identity},
      {"gzip ; q=0.001", Coding::gzip},
      {"identity", Coding::identity},
      {"identity, gzip", Coding::gzip},
      {"identity;q=0.5, gzip;q=0.4", Coding::identity},
      {"identity;q=0, gzip;q=0.4", Coding::gzip},
      {"identity;q=0", Coding::identity},  // nothing is acceptable
      {"gzip;q=nan", Coding::identity},
      {"gzip;q=7", Coding::identity},
      {"gzipped", Coding::identity},
      {",;,=;;q", Coding::identity},
  };
  for (const auto& c : kCases) EXPECT_EQ(preferred_coding(c.accept), c.coding) << c.accept;
}

}  // namespace
}  // namespace oriel::metrics
