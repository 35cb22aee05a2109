#include "metrics/otlp_attributes.h"

#include <utility>

#include "metrics/decimal.h"
#include "metrics/log_line.h"

namespace oriel::metrics {
namespace {

void append_text(std::string_view value, std::string& out) {
  json::append_escaped(json::clip_utf8(value, kMaxLogText), out);
}

}  // namespace

OtlpAttributes::OtlpAttributes(json::Writer& writer) : writer_(writer), out_(writer.out()) {
  writer_.key("attributes").begin_array();
}

std::string& OtlpAttributes::begin(std::string_view name) {
  out_.append(std::exchange(first_, false) ? R"({"key":")" : R"(,{"key":")");
  return out_.append(name).append(R"(","value":{)");
}

void OtlpAttributes::text(std::string_view name, std::string_view value) {
  if (value.empty()) return;
  begin(name).append(R"("stringValue":")");
  append_text(value, out_);
  out_.append(R"("}})");
}

void OtlpAttributes::texts(std::string_view name, std::string_view only) {
  if (only.empty()) return;
  begin(name).append(R"("arrayValue":{"values":[{"stringValue":")");
  append_text(only, out_);
  out_.append(R"("}]}}})");
}

// 64-bit integers are strings.
void OtlpAttributes::integer(std::string_view name, std::uint64_t value) {
  begin(name).append(R"("intValue":")");
  append_decimal(value, 0, out_);
  out_.append(R"("}})");
}

void OtlpAttributes::boolean(std::string_view name, bool value) {
  begin(name).append(value ? R"("boolValue":true}})" : R"("boolValue":false}})");
}

void OtlpAttributes::decimal(std::string_view name, std::uint64_t value, unsigned places) {
  begin(name).append(R"("doubleValue":)");
  append_decimal(value, places, out_);
  out_.append("}}");
}

}  // namespace oriel::metrics
