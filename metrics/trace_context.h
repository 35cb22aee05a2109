// W3C Trace Context (https://www.w3.org/TR/trace-context/): who called, and by what ids this
// request is known to tracing. Pure values; ids come from the gateway's randomness.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace oriel::metrics {

using TraceId = std::array<std::uint8_t, 16>;
using SpanId = std::array<std::uint8_t, 8>;

struct TraceContext {
  TraceId trace_id{};
  SpanId span_id{};      // of the request's own server span
  SpanId parent_id{};    // of the caller's span; zero: none
  bool sampled = false;  // the caller's word, else the head sampler's
  std::string state;     // tracestate, passed on as it came; empty: none

  bool present() const { return trace_id != TraceId{}; }
};

// What a `traceparent` says. nullopt: it is not one (wrong form, zero ids, version ff), and the
// trace starts here. Of later versions what version 00 has is read.
struct TraceParent {
  TraceId trace_id{};
  SpanId parent_id{};
  bool sampled = false;
};
std::optional<TraceParent> parse_traceparent(std::string_view header);

// Whether a `tracestate` may be passed on: 1 to 32 members, "key=value" each, in at most 512 bytes
// of printable ASCII. The fields of several header lines are joined by commas before.
bool is_tracestate(std::string_view header);

// "00-<trace>-<span>-01": what a call under `span` sends on.
std::string traceparent(const TraceContext& trace, const SpanId& span);

void append_hex(const TraceId& id, std::string& out);
void append_hex(const SpanId& id, std::string& out);

}  // namespace oriel::metrics
