#include "convert/json/writer.h"

#include <charconv>
#include <cmath>

namespace oriel::json {

Writer& Writer::key(std::string_view name) { return key(Text::from_escaped(name)); }

Writer& Writer::key(Text name) {
  out_.append(comma_ ? ",\"" : "\"").append(name.escaped()).append("\":", 2);
  comma_ = false;
  return *this;
}

Writer& Writer::text(Text value) {
  before_value();
  out_.push_back('"');
  out_.append(value.escaped());
  out_.push_back('"');
  return *this;
}

Writer& Writer::string(std::string_view plain) {
  begin_string();
  append_escaped(plain, out_);
  return end_string();
}

Writer& Writer::raw(Raw value) {
  before_value();
  out_.append(value.text);
  return *this;
}

namespace {
template <class Number>
void append_number(Number value, std::string& out) {
  char digits[32];
  const auto [end, error] = std::to_chars(digits, digits + sizeof digits, value);
  (void)error;  // 32 bytes hold every 64-bit integer and every shortest double
  out.append(digits, static_cast<std::size_t>(end - digits));
}
}  // namespace

Writer& Writer::integer(std::int64_t value) {
  before_value();
  append_number(value, out_);
  return *this;
}

Writer& Writer::unsigned_integer(std::uint64_t value) {
  before_value();
  append_number(value, out_);
  return *this;
}

Writer& Writer::number(double value) {
  before_value();
  if (std::isfinite(value)) {
    append_number(value, out_);
  } else {
    out_.append("null");  // JSON has no spelling for it
  }
  return *this;
}

Writer& Writer::boolean(bool value) {
  before_value();
  out_.append(value ? "true" : "false");
  return *this;
}

Writer& Writer::null() {
  before_value();
  out_.append("null");
  return *this;
}

}  // namespace oriel::json
