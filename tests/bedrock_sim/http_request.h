// One request as it stood on the wire: the raw target and headers, which the signature is over.
// Owned by its connection and valid until the answer is complete.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace oriel::sim {

struct HttpHeader {
  std::string_view name;
  std::string_view value;  // Trimmed.
};

struct HttpRequest {
  std::string head;  // Views below point into it.
  std::string_view method;
  std::string_view path;   // As sent.
  std::string_view query;  // As sent, without '?'.
  std::vector<HttpHeader> headers;
  std::string body_storage;  // The body and kBodyPadding bytes after it, for the JSON parser.
  std::size_t body_size = 0;

  static constexpr std::size_t kBodyPadding = 64;
  std::string_view body() const { return {body_storage.data(), body_size}; }
  // The first header of that (lower-case) name, or empty.
  std::string_view header(std::string_view name) const;
};

bool same_name(std::string_view header, std::string_view lower_case);
std::string lower(std::string_view text);
// Decodes %XX; nullopt-like: false when an escape is broken.
bool percent_decode(std::string_view text, std::string& out);

// Splits a complete head (without its empty line). False: malformed.
bool parse_head(HttpRequest& request);

}  // namespace oriel::sim
