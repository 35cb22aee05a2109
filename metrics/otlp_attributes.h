// A span's attributes, as OTLP's JSON mapping has them
// (https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "convert/json/writer.h"

namespace oriel::metrics {

// Writes the list `attributes` from construction to destruction. What is not known (an empty text)
// is absent. `name` is one of our own literals and needs no escaping. Texts are cut to kMaxLogText
// bytes. Not thread-safe; borrows the writer.
//
// A request's spans have some forty attributes, most of whose bytes are always the same: they are
// put in few pieces, past the writer.
class OtlpAttributes {
 public:
  explicit OtlpAttributes(json::Writer& writer);
  OtlpAttributes(const OtlpAttributes&) = delete;
  OtlpAttributes& operator=(const OtlpAttributes&) = delete;
  ~OtlpAttributes() { writer_.end_array(); }

  void text(std::string_view name, std::string_view value);
  void texts(std::string_view name, std::string_view only);  // a list of one
  void integer(std::string_view name, std::uint64_t value);
  void boolean(std::string_view name, bool value);
  // value / 10^places, exactly.
  void decimal(std::string_view name, std::uint64_t value, unsigned places);

 private:
  std::string& begin(std::string_view name);

  json::Writer& writer_;
  std::string& out_;
  bool first_ = true;
};

}  // namespace oriel::metrics
