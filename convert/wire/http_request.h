// A strict, incremental HTTP/1.x request parser: RFC 9112 (message syntax) and RFC 9110, pure,
// without sockets or clocks. Two machines with three outcomes each (need more, done, refuse):
// HeadParser takes a request's first bytes, BodyParser what follows. The caller keeps the bytes;
// the parsers say how many they have used. Everything that could be read in two ways is refused
// (reliability.md §1).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "convert/error.h"
#include "convert/json/padded_buffer.h"

namespace oriel::convert::wire {

struct HttpLimits {
  std::size_t max_target = 16 * 1024;      // bytes of the request target: 414
  std::size_t max_head = 64 * 1024;        // bytes of request line and header fields: 431
  std::size_t max_headers = 128;           // fields: 431
  std::size_t max_chunk_extension = 1024;  // bytes a chunk line may spend on extensions: 400
  std::size_t max_trailer = 16 * 1024;     // bytes of trailer fields, dropped: 431
};

enum class HttpVersion : std::uint8_t { http10, http11 };

struct HttpHeader {
  std::string name;   // as sent; compare without case
  std::string value;  // without surrounding white space
};

// How a request's body is delimited.
struct BodyFraming {
  enum class Kind : std::uint8_t { none, length, chunked };
  Kind kind = Kind::none;
  std::uint64_t length = 0;  // length
};

struct HttpRequestHead {
  std::string method;  // a token, case kept
  std::string target;  // as sent
  std::string path;    // percent-encoded path of the target, absolute-form's too; "*" for OPTIONS *
  std::string query;   // behind '?', percent-encoded
  HttpVersion version = HttpVersion::http11;
  std::vector<HttpHeader> headers;
  BodyFraming body;
  bool keep_alive = true;        // by version and Connection
  bool expect_continue = false;  // Expect: 100-continue

  // The value of the first field with this name, or nullptr.
  const std::string* find(std::string_view name) const;
};

enum class ParseState : std::uint8_t { need_more, done, refused };

class HeadParser {
 public:
  explicit HeadParser(const HttpLimits& limits) : limits_(limits) {}

  // `bytes` is everything received and not yet used since this head began (the caller appends and
  // calls again on need_more). Looks at each byte a bounded number of times. What it answers
  // depends on the bytes alone, not on the pieces they came in.
  ParseState parse(std::string_view bytes);

  const HttpRequestHead& head() const { return head_; }
  HttpRequestHead take_head() { return std::move(head_); }
  std::size_t used() const { return used_; }     // after done: bytes of the head
  const Error& error() const { return error_; }  // after refused: kind and message; then close
  bool started() const { return started_; }      // some byte of a request line was seen
  void reset();

 private:
  enum class Step : std::uint8_t { start, request_line, fields, done, refused };

  Step take_start(std::string_view bytes);
  Step take_line(std::string_view line);
  Step take_request_line(std::string_view line);
  Step take_field(std::string_view line);
  Step finish();
  Step refuse(Error error);
  std::optional<Error> line_too_long(std::size_t length) const;

  HttpLimits limits_;
  HttpRequestHead head_;
  Step step_ = Step::start;
  bool started_ = false;
  bool skipped_line_ = false;   // the one empty line that may lead
  std::string authority_;       // of an absolute-form target: stands for Host
  std::size_t line_begin_ = 0;  // of the line not yet taken
  std::size_t scanned_ = 0;     // no line end between line_begin_ and here
  std::size_t used_ = 0;
  Error error_;
};

class BodyParser {
 public:
  // `max_body` caps the decoded body: 413 before more is read.
  BodyParser(const BodyFraming& framing, std::size_t max_body, const HttpLimits& limits);

  // Appends the body bytes found in `bytes` to `body` and says in used() how many bytes it took.
  ParseState parse(std::string_view bytes, json::PaddedBuffer& body);
  std::size_t used() const { return used_; }  // of the last call
  const Error& error() const { return error_; }

 private:
  // The steps of a chunked body, byte by byte but for its data.
  enum class Step : std::uint8_t {
    size,
    size_blank,
    extension,
    extension_name,
    extension_name_blank,
    extension_value,
    extension_token,
    extension_quoted,
    extension_quoted_pair,
    extension_end,
    extension_end_blank,
    size_lf,
    data,
    data_cr,
    data_lf,
    trailer,
    trailer_name,
    trailer_value,
    trailer_lf,
    last_lf,
    done,
    refused,
  };

  std::size_t take_data(std::string_view bytes, json::PaddedBuffer& body);
  Step take_byte(char c);
  Step take_size(char c);
  Step take_extension(char c);
  Step after_extension(char c);
  Step take_trailer(char c);
  Step finish_size();
  Step refuse(Error error);
  Step refuse_chunk();

  BodyFraming framing_;
  HttpLimits limits_;
  std::size_t max_body_;
  std::uint64_t remaining_ = 0;  // of the body or the chunk
  std::uint64_t received_ = 0;   // decoded so far
  Step step_ = Step::done;
  std::size_t spent_ = 0;  // bytes of the current chunk's extensions, or of the trailers
  int digits_ = 0;         // of the current chunk size
  std::size_t used_ = 0;
  Error error_;
};

}  // namespace oriel::convert::wire
