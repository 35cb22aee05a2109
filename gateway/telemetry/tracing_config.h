// How requests are traced: the configuration's keys `tracing.*`, and OpenTelemetry's standard
// variables for what they leave open
// (https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/ and
// https://opentelemetry.io/docs/specs/otel/protocol/exporter/). Part of the immutable Config.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "gateway/aws/credentials.h"
#include "gateway/aws/environment.h"

namespace oriel::gateway {

struct TracingConfig {
  enum class Compression : std::uint8_t { none, gzip };

  bool disabled = false;  // OTEL_SDK_DISABLED, OTEL_TRACES_EXPORTER=none: no key overrides them
  std::string endpoint;   // where spans are posted, a whole URL; empty: nothing is exported
  std::vector<std::pair<std::string, aws::Secret>> headers;  // sent with every batch
  Compression compression = Compression::none;
  std::string ca_file;  // PEM bundle; empty: the one of upstreams
  std::string service_name = "oriel";
  std::vector<std::pair<std::string, std::string>> resource;  // further resource attributes
  std::uint32_t sample_millionths = 1'000'000;                // of the traces that start here
  bool follows_parent = true;                                 // a caller's sampled flag counts
  std::chrono::milliseconds slow{10'000};     // slower requests are exported always; zero: none
  std::chrono::milliseconds timeout{10'000};  // one export, its retries included
  std::chrono::milliseconds delay{5'000};     // the longest that a span waits for its batch
  std::size_t max_queue = 2'048;              // spans
  std::size_t max_batch = 512;                // spans
  std::vector<std::string> warnings;          // said at the start

  bool exports() const { return !disabled && !endpoint.empty(); }
};

// What the variables say, and else the defaults. What is wrong is ignored with a warning, as the
// page asks: such variables are shared with other programs. A warning never repeats a value.
TracingConfig tracing_from(const aws::Environment& environment);

}  // namespace oriel::gateway
