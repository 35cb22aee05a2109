#include "convert/openai/error_body.h"

#include <string_view>

#include "convert/json/writer.h"

namespace oriel::convert {
namespace {

// What the error brings, else its kind's own.
std::string_view either(std::string_view own, std::string_view fallback) {
  return own.empty() ? fallback : own;
}

void write_member(json::Writer& writer, std::string_view key, std::string_view value) {
  writer.key(key);
  if (value.empty()) {
    writer.null();
  } else {
    writer.string(value);
  }
}

}  // namespace

void write_error_body(const Error& error, std::string& out) {
  const ErrorRow& row = row_of(error.kind);
  json::Writer writer(out);
  writer.begin_object().key("error").begin_object();
  writer.key("message").string(either(error.message, row.message));
  writer.key("type").string(either(error.type, row.type));
  write_member(writer, "param", error.param);
  write_member(writer, "code", either(error.code, row.code));
  writer.end_object().end_object();
}

}  // namespace oriel::convert
