#include "gateway/telemetry/otlp_body.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "convert/json/reader.h"
#include "convert/json/writer.h"

namespace oriel::gateway {
namespace {

using json::Writer;

constexpr std::size_t kMaxText = 1'024;  // bytes of a resource attribute

void put_attribute(Writer& writer, std::string_view name, std::string_view value) {
  writer.begin_object().key("key").string(name.substr(0, kMaxText));
  writer.key("value").begin_object().key("stringValue").string(value.substr(0, kMaxText));
  writer.end_object().end_object();
}

// The configuration's attributes hide ours.
void put_resource(Writer& writer, const TracingConfig& config, std::string_view version) {
  const std::pair<std::string_view, std::string_view> ours[] = {
      {"service.version", version},
      {"telemetry.sdk.language", "cpp"},
      {"telemetry.sdk.name", "oriel"},
      {"telemetry.sdk.version", version},
  };
  writer.key("resource").begin_object().key("attributes").begin_array();
  put_attribute(writer, "service.name", config.service_name);
  for (const auto& [name, value] : config.resource) put_attribute(writer, name, value);
  for (const auto& own : ours) {
    const bool hidden = std::any_of(config.resource.begin(), config.resource.end(),
                                    [&](const auto& given) { return given.first == own.first; });
    if (!hidden) put_attribute(writer, own.first, own.second);
  }
  writer.end_array().end_object();
}

}  // namespace

OtlpEnvelope::OtlpEnvelope(const TracingConfig& config, std::string_view version) {
  std::string text;
  Writer writer(text);
  writer.begin_object().key("resourceSpans").begin_array().begin_object();
  put_resource(writer, config, version);
  writer.key("scopeSpans").begin_array().begin_object();
  writer.key("scope").begin_object().key("name").string("oriel");
  writer.key("version").string(version).end_object();
  writer.key("spans").begin_array();
  head_ = text;
  writer.end_array().end_object().end_array();
  writer.end_object().end_array().end_object();
  tail_ = text.substr(head_.size());
}

std::string OtlpEnvelope::around(std::span<const std::string_view> spans) const {
  std::size_t size = head_.size() + tail_.size() + spans.size();
  for (const std::string_view some : spans) size += some.size();
  std::string body;
  body.reserve(size);
  body.append(head_);
  for (const std::string_view some : spans) {
    if (body.size() > head_.size()) body.push_back(',');
    body.append(some);
  }
  return body.append(tail_);
}

std::uint64_t rejected_spans(const json::PaddedBuffer& answer) {
  json::Reader reader;
  const auto root = reader.read(answer);
  if (!root) return 0;
  const auto partial = root->find_present("partialSuccess");
  const auto rejected = partial ? partial->find_present("rejectedSpans") : std::nullopt;
  if (!rejected) return 0;
  std::int64_t count = 0;
  if (const auto text = rejected->as_text()) {  // 64-bit integers are strings in OTLP's JSON
    const std::string digits = json::unescape(*text);
    std::from_chars(digits.data(), digits.data() + digits.size(), count);
  } else {
    count = rejected->as_integer().value_or(0);
  }
  return static_cast<std::uint64_t>(std::max<std::int64_t>(count, 0));
}

}  // namespace oriel::gateway
