#include "convert/wire/http_request.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "convert/wire/chars.h"
#include "convert/wire/http_target.h"
#include "convert/wire/make_error.h"

namespace oriel::convert::wire {
namespace {

constexpr std::size_t kMaxMethod = 32;   // bytes; longer than any registered method
constexpr std::size_t kVersionSize = 8;  // "HTTP/1.1"
// A request line longer than the longest target allows is refused before its end is seen.
constexpr std::size_t kLineOverhead = kMaxMethod + kVersionSize + 2;

Error bad(const char* message) { return client_error(ErrorKind::invalid_request, message); }

Error expectation_failed() {
  Error error = bad("Unknown expectation.");
  error.code = "expectation_failed";
  error.status = 417;
  return error;
}

// Fields of which two would leave open which one counts.
constexpr std::string_view kSingletons[] = {"host", "content-length", "transfer-encoding",
                                            "content-type", "authorization"};

// Calls `take(element)` for each element of a comma-separated list.
template <class Take>
void for_each_element(std::string_view list, Take&& take) {
  for (;;) {
    const std::size_t comma = list.find(',');
    take(trim_blanks(list.substr(0, comma)));
    if (comma == std::string_view::npos) return;
    list.remove_prefix(comma + 1);
  }
}

bool is_version(std::string_view text) {
  return text.size() == kVersionSize && text.substr(0, 5) == "HTTP/" && is_digit(text[5]) &&
         text[6] == '.' && is_digit(text[7]);
}

std::optional<std::uint64_t> parse_content_length(std::string_view text) {
  if (text.empty()) return std::nullopt;
  std::uint64_t length = 0;
  for (const char c : text) {
    if (!is_digit(c)) return std::nullopt;
    const auto digit = static_cast<std::uint64_t>(c - '0');
    if (length > (std::numeric_limits<std::uint64_t>::max() - digit) / 10) return std::nullopt;
    length = length * 10 + digit;
  }
  return length;
}

// Only "chunked" is spoken. Codings before a final chunked are unknown to us (501); anything else
// leaves the body's end open (400).
std::optional<Error> check_transfer_encoding(std::string_view value) {
  if (equal_ignoring_case(value, "chunked")) return std::nullopt;
  std::size_t chunked = 0;
  bool well_formed = true;
  bool last_is_chunked = false;
  for_each_element(value, [&](std::string_view element) {
    const std::string_view name = trim_blanks(element.substr(0, element.find(';')));
    well_formed = well_formed && is_token(name);
    last_is_chunked = equal_ignoring_case(name, "chunked");
    if (last_is_chunked) ++chunked;
    // chunked has no parameters
    if (last_is_chunked && name.size() != element.size()) well_formed = false;
  });
  if (!well_formed || chunked > 1 || (chunked == 1 && !last_is_chunked)) {
    return bad("Invalid Transfer-Encoding.");
  }
  return client_error(ErrorKind::not_implemented, "Unsupported transfer coding.");
}

Result<BodyFraming> parse_framing(const HttpRequestHead& head) {
  const std::string* length = head.find("content-length");
  const std::string* coding = head.find("transfer-encoding");
  BodyFraming framing;
  if (coding != nullptr) {
    if (length != nullptr) {
      return Unexpected{bad("Content-Length and Transfer-Encoding exclude each other.")};
    }
    if (head.version == HttpVersion::http10) {
      return Unexpected{bad("Transfer-Encoding needs HTTP/1.1.")};
    }
    if (auto error = check_transfer_encoding(*coding)) return Unexpected{std::move(*error)};
    framing.kind = BodyFraming::Kind::chunked;
  } else if (length != nullptr) {
    const std::optional<std::uint64_t> parsed = parse_content_length(*length);
    if (!parsed) return Unexpected{bad("Invalid Content-Length.")};
    framing.kind = *parsed == 0 ? BodyFraming::Kind::none : BodyFraming::Kind::length;
    framing.length = *parsed;
  }
  return framing;
}

bool wants_keep_alive(const HttpRequestHead& head) {
  bool close = false;
  bool keep_alive = false;
  for (const HttpHeader& header : head.headers) {
    if (!equal_ignoring_case(header.name, "connection")) continue;
    for_each_element(header.value, [&](std::string_view option) {
      if (equal_ignoring_case(option, "close")) close = true;
      if (equal_ignoring_case(option, "keep-alive")) keep_alive = true;
    });
  }
  return !close && (head.version == HttpVersion::http11 || keep_alive);
}

// Whether every expectation is 100-continue; HTTP/1.0 has none.
bool known_expectations(const HttpRequestHead& head) {
  return std::all_of(head.headers.begin(), head.headers.end(), [](const HttpHeader& header) {
    return !equal_ignoring_case(header.name, "expect") ||
           equal_ignoring_case(header.value, "100-continue");
  });
}

}  // namespace

const std::string* HttpRequestHead::find(std::string_view name) const {
  for (const HttpHeader& header : headers) {
    if (equal_ignoring_case(header.name, name)) return &header.value;
  }
  return nullptr;
}

void HeadParser::reset() { *this = HeadParser(limits_); }

ParseState HeadParser::parse(std::string_view bytes) {
  if (step_ == Step::start) step_ = take_start(bytes);
  while (step_ == Step::request_line || step_ == Step::fields) {
    const std::size_t lf = bytes.find('\n', scanned_);
    scanned_ = std::min(lf, bytes.size());
    if (auto error = line_too_long(scanned_ - line_begin_)) {
      step_ = refuse(std::move(*error));
    } else if (lf == std::string_view::npos) {
      return ParseState::need_more;
    } else if (lf == line_begin_ || bytes[lf - 1] != '\r') {
      step_ = refuse(bad("Lines must end with CR LF."));
    } else {
      const std::string_view line = bytes.substr(line_begin_, lf - 1 - line_begin_);
      line_begin_ = scanned_ = lf + 1;
      step_ = take_line(line);
    }
  }
  if (step_ == Step::refused) return ParseState::refused;
  return step_ == Step::done ? ParseState::done : ParseState::need_more;
}

// Skips one empty line and looks at the first byte of the request line.
HeadParser::Step HeadParser::take_start(std::string_view bytes) {
  if (!skipped_line_ && !bytes.empty() && bytes.front() == '\r') {
    if (bytes.size() == 1) return Step::start;
    if (bytes[1] != '\n') return refuse(bad("Invalid request line."));
    skipped_line_ = true;
    line_begin_ = scanned_ = 2;
  }
  if (bytes.size() <= line_begin_) return Step::start;
  started_ = true;
  if (!is_token_char(bytes[line_begin_])) return refuse(bad("Invalid request line."));
  return Step::request_line;
}

// `length` counts the line's bytes so far without its LF.
std::optional<Error> HeadParser::line_too_long(std::size_t length) const {
  const bool over_head = line_begin_ + length >= limits_.max_head;
  if (step_ == Step::request_line) {
    // One byte more for the CR.
    if (over_head || length > limits_.max_target + kLineOverhead + 1) {
      return client_error(ErrorKind::uri_too_long);
    }
    return std::nullopt;
  }
  return over_head ? std::optional(client_error(ErrorKind::header_too_large)) : std::nullopt;
}

HeadParser::Step HeadParser::take_line(std::string_view line) {
  if (step_ == Step::request_line) return take_request_line(line);
  return line.empty() ? finish() : take_field(line);
}

HeadParser::Step HeadParser::take_request_line(std::string_view line) {
  const std::size_t first = line.find(' ');
  const std::size_t last = line.rfind(' ');
  if (first == std::string_view::npos || first == last) return refuse(bad("Invalid request line."));
  const std::string_view method = line.substr(0, first);
  const std::string_view target = line.substr(first + 1, last - first - 1);
  const std::string_view version = line.substr(last + 1);
  if (!is_token(method) || !is_version(version)) return refuse(bad("Invalid request line."));
  if (target.size() > limits_.max_target) return refuse(client_error(ErrorKind::uri_too_long));
  if (version != "HTTP/1.1" && version != "HTTP/1.0") {
    return refuse(client_error(ErrorKind::version_not_supported));
  }
  if (method.size() > kMaxMethod || method == "CONNECT") {
    return refuse(client_error(ErrorKind::not_implemented, "Method not implemented."));
  }
  Result<HttpTarget> parsed = parse_http_target(method, target);
  if (!parsed) return refuse(std::move(parsed).error());
  head_.version = version == "HTTP/1.0" ? HttpVersion::http10 : HttpVersion::http11;
  head_.method = method;
  head_.target = target;
  head_.path = parsed->path;
  head_.query = parsed->query;
  authority_ = parsed->authority;
  return Step::fields;
}

HeadParser::Step HeadParser::take_field(std::string_view line) {
  const std::size_t colon = line.find(':');
  const std::string_view name = line.substr(0, colon);
  if (colon == std::string_view::npos || !is_token(name)) return refuse(bad("Invalid header."));
  const std::string_view value = trim_blanks(line.substr(colon + 1));
  if (!is_field_value(value)) return refuse(bad("Invalid header."));
  if (head_.headers.size() >= limits_.max_headers) {
    return refuse(client_error(ErrorKind::header_too_large, "Too many headers."));
  }
  const bool singleton = std::any_of(
      std::begin(kSingletons), std::end(kSingletons),
      [&](std::string_view singleton_name) { return equal_ignoring_case(singleton_name, name); });
  if (singleton && head_.find(name) != nullptr) return refuse(bad("Duplicate header."));
  head_.headers.push_back({std::string(name), std::string(value)});
  return Step::fields;
}

HeadParser::Step HeadParser::finish() {
  const auto host = std::find_if(
      head_.headers.begin(), head_.headers.end(),
      [](const HttpHeader& header) { return equal_ignoring_case(header.name, "host"); });
  if (host == head_.headers.end()) {
    if (head_.version == HttpVersion::http11) return refuse(bad("Missing Host header."));
  } else {
    if (!valid_host(host->value)) return refuse(bad("Invalid Host header."));
    if (!authority_.empty()) host->value = authority_;
  }
  Result<BodyFraming> framing = parse_framing(head_);
  if (!framing) return refuse(std::move(framing).error());
  head_.body = *framing;
  head_.keep_alive = wants_keep_alive(head_);
  if (head_.version == HttpVersion::http11 && head_.find("expect") != nullptr) {
    if (!known_expectations(head_)) {
      return refuse(expectation_failed());
    }
    head_.expect_continue = head_.body.kind != BodyFraming::Kind::none;
  }
  used_ = line_begin_;
  return Step::done;
}

HeadParser::Step HeadParser::refuse(Error error) {
  error_ = std::move(error);
  return Step::refused;
}

}  // namespace oriel::convert::wire
