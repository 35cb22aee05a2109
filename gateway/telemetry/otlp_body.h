// What goes over the wire in OTLP/HTTP JSON (https://opentelemetry.io/docs/specs/otlp/#otlphttp):
// the envelope around spans, and what the collector's answer says. Pure.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "convert/json/padded_buffer.h"
#include "gateway/telemetry/tracing_config.h"

namespace oriel::gateway {

// The envelope of every body: what the spans are of, and who made them.
class OtlpEnvelope {
 public:
  OtlpEnvelope(const TracingConfig& config, std::string_view version);
  // `spans`: JSON objects, separated by commas; none of them empty.
  std::string around(std::span<const std::string_view> spans) const;

 private:
  std::string head_;
  std::string tail_;
};

// How many spans of a batch that was taken the collector says that it has rejected.
std::uint64_t rejected_spans(const json::PaddedBuffer& answer);

}  // namespace oriel::gateway
