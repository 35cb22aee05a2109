// Append-only writer of JSON text: the only place that emits braces and quotes. It puts commas; it
// does not check that keys and values alternate. Not thread-safe; borrows `out`.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "convert/json/text.h"

namespace oriel::json {

class Writer {
 public:
  explicit Writer(std::string& out) : out_(out) {}

  Writer& begin_object() { return open('{'); }
  Writer& end_object() { return close('}'); }
  Writer& begin_array() { return open('['); }
  Writer& end_array() { return close(']'); }
  // `name` is one of our own literals and needs no escaping.
  Writer& key(std::string_view name);
  Writer& key(Text name);

  Writer& text(Text value);                // copied as it stands
  Writer& string(std::string_view plain);  // escaped; invalid UTF-8 becomes U+FFFD
  Writer& raw(Raw value);                  // copied as it stands
  // The two halves of a string written in pieces: between them only append_* calls on out().
  Writer& begin_string() {
    before_value();
    out_.push_back('"');
    return *this;
  }
  Writer& end_string() {
    out_.push_back('"');
    return *this;
  }
  Writer& integer(std::int64_t value);
  Writer& unsigned_integer(std::uint64_t value);
  Writer& number(double value);  // shortest form that reads back equal; finite only
  Writer& boolean(bool value);
  Writer& null();

  std::string& out() { return out_; }

 private:
  void before_value() {
    if (comma_) out_.push_back(',');
    comma_ = true;
  }
  Writer& open(char bracket) {
    before_value();
    out_.push_back(bracket);
    comma_ = false;
    return *this;
  }
  Writer& close(char bracket) {
    out_.push_back(bracket);
    comma_ = true;
    return *this;
  }

  std::string& out_;
  bool comma_ = false;
};

}  // namespace oriel::json
