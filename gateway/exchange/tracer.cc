#include "gateway/exchange/tracer.h"

#include <optional>

#include "convert/wire/chars.h"

namespace oriel::gateway {
namespace {

using convert::wire::HttpHeader;
using convert::wire::HttpRequestHead;
using metrics::Endpoint;

bool has_trace(Endpoint endpoint) {
  return endpoint != Endpoint::health && endpoint != Endpoint::metrics &&
         endpoint != Endpoint::status;
}

// Two of them are none: there is no telling which is meant.
std::optional<metrics::TraceParent> parent_in(const HttpRequestHead& head) {
  const std::string* found = nullptr;
  for (const HttpHeader& header : head.headers) {
    if (!convert::wire::equal_ignoring_case(header.name, "traceparent")) continue;
    if (found != nullptr) return std::nullopt;
    found = &header.value;
  }
  return found == nullptr ? std::nullopt : metrics::parse_traceparent(*found);
}

std::string state_in(const HttpRequestHead& head) {
  std::string state;
  for (const HttpHeader& header : head.headers) {
    if (!convert::wire::equal_ignoring_case(header.name, "tracestate")) continue;
    if (!state.empty()) state.push_back(',');
    state.append(header.value);
  }
  return metrics::is_tracestate(state) ? state : std::string();
}

// An id of zeros means that there is none.
template <class Id>
void draw(Random& random, Id& id) {
  random.fill(id);
  if (id == Id{}) id.back() = 1;
}

}  // namespace

metrics::TraceContext Tracer::begin(const HttpRequestHead* head, Endpoint endpoint) {
  metrics::TraceContext trace;
  if (!has_trace(endpoint)) return trace;
  trace.span_id = new_span();
  const auto parent = head == nullptr ? std::nullopt : parent_in(*head);
  if (!parent) {
    draw(random_, trace.trace_id);
    trace.sampled = config_.exports() && is_sampled(trace.trace_id);
    return trace;
  }
  trace.trace_id = parent->trace_id;
  trace.parent_id = parent->parent_id;
  trace.state = state_in(*head);
  // Who exports nothing only passes on.
  const bool follows = config_.follows_parent || !config_.exports();
  trace.sampled = follows ? parent->sampled : is_sampled(trace.trace_id);
  return trace;
}

metrics::SpanId Tracer::new_span() {
  metrics::SpanId id;
  draw(random_, id);
  return id;
}

// As OpenTelemetry's TraceIdRatioBased: by the id's last 64 bits, so that everybody who is told the
// same share decides alike.
bool Tracer::is_sampled(const metrics::TraceId& id) const {
  constexpr std::uint64_t kAll = 1'000'000;
  // 2^64 divided by a million, and what is left.
  constexpr std::uint64_t kStep = 18'446'744'073'709;
  constexpr std::uint64_t kRest = 551'616;
  const std::uint64_t share = config_.sample_millionths;
  if (share >= kAll) return true;
  std::uint64_t low = 0;
  for (std::size_t i = id.size() - 8; i < id.size(); ++i) low = low << 8 | id[i];
  return low < share * kStep + share * kRest / kAll;
}

}  // namespace oriel::gateway
