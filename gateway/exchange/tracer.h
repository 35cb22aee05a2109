// Tracer: gives a request its place in a trace: the caller's, when it names one that is valid, else
// a new one, sampled by the configured share. Source: https://www.w3.org/TR/trace-context/ §2 and
// §4. One per worker, on its thread.
#pragma once

#include "convert/wire/http_request.h"
#include "gateway/random.h"
#include "gateway/telemetry/tracing_config.h"
#include "metrics/record.h"
#include "metrics/trace_context.h"

namespace oriel::gateway {

class Tracer {
 public:
  Tracer(const TracingConfig& config, Random& random) : config_(config), random_(random) {}

  // `head` may be null: the request had none that could be read. Probes, scrapes and the status
  // page have no trace: they would drown the others.
  metrics::TraceContext begin(const convert::wire::HttpRequestHead* head,
                              metrics::Endpoint endpoint);
  metrics::SpanId new_span();

 private:
  bool is_sampled(const metrics::TraceId& id) const;

  const TracingConfig& config_;
  Random& random_;
};

}  // namespace oriel::gateway
