// The spans of one record, as OTLP/HTTP JSON (https://opentelemetry.io/docs/specs/otlp/): a server
// span for the request and a client span for each attempt, with the attributes of the GenAI
// semantic conventions (https://github.com/open-telemetry/semantic-conventions-genai). Pure. They
// never hold content.
//
// Usage stands on the server span alone (`gen_ai.usage.*`), so that a sum over spans counts it
// once; what an attempt used is `oriel.attempt.*`. As the conventions have it, input tokens include
// what the cache read and wrote.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>

#include "metrics/labels.h"
#include "metrics/record.h"
#include "metrics/semconv.h"

namespace oriel::metrics {

// Which traces are exported although head sampling said no.
struct TailRule {
  std::chrono::nanoseconds slow{0};  // requests that took longer; zero: none
};

// Whether the record's spans are exported: its trace is sampled, or it failed by a provider's or
// the gateway's fault, or it was slow. Never without a trace.
bool keeps_trace(const Record& record, const TailRule& rule);

// Appends the record's spans as JSON objects, separated by commas, and says how many. The first is
// the server span; attempts past kMaxLogItems, or without a span id, have none.
std::size_t append_spans(const Record& record, const LabelTable& labels,
                         const ProviderNames& providers, std::string& out);

}  // namespace oriel::metrics
