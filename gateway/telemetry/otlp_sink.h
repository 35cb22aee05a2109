// Where spans go: batches of them to an OpenTelemetry collector over OTLP/HTTP JSON
// (https://opentelemetry.io/docs/specs/otlp/#otlphttp). The queue is bounded; what does not fit, or
// what the collector does not take in time, is dropped and counted. Owned by the app, used on the
// admin thread; only admit() and dropped() may be called by any.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "gateway/clock.h"
#include "gateway/random.h"
#include "gateway/telemetry/tracing_config.h"
#include "gateway/upstream/upstream.h"

struct event_base;

namespace oriel::gateway {

// Spans of one worker on their way: JSON objects, separated by commas.
struct SpanBatch {
  std::string spans;
  std::size_t count = 0;
};

class OtlpSink {
 public:
  // Whether the collector takes what it is sent.
  enum class Health : std::uint8_t { working, failing };

  struct Options {
    TracingConfig tracing;
    std::string version;  // of this build: service.version
    // Told when it changes; `detail` is for the log. May be empty.
    std::function<void(Health health, std::string_view detail)> on_health;
  };
  OtlpSink(event_base* base, const Clock& clock, Random& random, UpstreamClient& client,
           Options options);
  ~OtlpSink();
  OtlpSink(const OtlpSink&) = delete;
  OtlpSink& operator=(const OtlpSink&) = delete;

  // Takes room for so many spans, which are then to be submitted; or counts them as dropped.
  bool admit(std::size_t spans);
  // Takes a batch that was admitted.
  void submit(SpanBatch batch);
  // Sends what is queued, for so long at most, and drops what is left; `done` is called once, from
  // a clean stack. Nothing is submitted after this.
  void flush(std::chrono::milliseconds patience, std::function<void()> done);
  // Spans lost so far, for oriel_spans_dropped_total. Only ever grows.
  std::uint64_t dropped() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace oriel::gateway
