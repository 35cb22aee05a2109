// traceparent and tracestate: what is read prints as what was read, and what is passed on is safe
// in a header.
#include <algorithm>
#include <string>

#include "metrics/trace_context.h"
#include "tests/fuzz/pieces.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace oriel;
  const std::vector<char> copy(data, data + size);
  const std::string_view text = fuzz::view(copy);
  if (const auto parent = metrics::parse_traceparent(text)) {
    metrics::TraceContext trace;
    trace.trace_id = parent->trace_id;
    trace.sampled = parent->sampled;
    fuzz::require(trace.present(), "a trace has an id");
    fuzz::require(parent->parent_id != metrics::SpanId{}, "a parent has an id");
    const std::string printed = metrics::traceparent(trace, parent->parent_id);
    fuzz::require(printed.size() == 55, "the size of version 00");
    fuzz::require(printed.substr(3, 49) == text.substr(3, 49), "the ids come back");
    const auto again = metrics::parse_traceparent(printed);
    fuzz::require(again && again->trace_id == parent->trace_id &&
                      again->parent_id == parent->parent_id && again->sampled == parent->sampled,
                  "what is printed is read");
  }
  if (metrics::is_tracestate(text)) {
    fuzz::require(text.size() <= 512 && text.find('=') != text.npos, "a state has members");
    const bool safe = std::all_of(text.begin(), text.end(),
                                  [](char c) { return c == '\t' || (c >= ' ' && c <= '~'); });
    fuzz::require(safe, "a state is printable");
  }
  return 0;
}
