// The one file that writes answers: status line, header fields, framing, errors.
#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>

#include "convert/openai/error_body.h"
#include "convert/wire/chars.h"
#include "gateway/http/connection.h"
#include "gateway/http/cors.h"
#include "gateway/http/server_core.h"

namespace oriel::gateway::http {
namespace {

using convert::Header;
using convert::wire::equal_ignoring_case;

constexpr std::size_t kHeadRoom = 640;  // bytes that nearly every head fits in
constexpr std::string_view kLastChunk = "0\r\n\r\n";

// What only this file may say.
constexpr std::array<std::string_view, 6> kOwnFields = {
    "content-length", "transfer-encoding", "connection", "keep-alive", "date", "x-request-id"};

struct Reason {
  int status;
  std::string_view phrase;
};
constexpr Reason kReasons[] = {
    {200, "OK"},
    {202, "Accepted"},
    {204, "No Content"},
    {304, "Not Modified"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {417, "Expectation Failed"},
    {422, "Unprocessable Content"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
};

std::string_view reason_of(int status) {
  for (const Reason& reason : kReasons) {
    if (reason.status == status) return reason.phrase;
  }
  return "Unknown";
}

bool has_body(int status) { return status >= 200 && status != 204 && status != 304; }

bool is_own(std::string_view name) {
  return std::any_of(kOwnFields.begin(), kOwnFields.end(),
                     [&](std::string_view own) { return equal_ignoring_case(own, name); });
}

bool is_sendable(const Header& header) {
  return convert::wire::is_token(header.name) &&
         std::all_of(header.value.begin(), header.value.end(), convert::wire::is_field_char);
}

template <class Integer>
void append_number(Integer value, std::string& out, int base = 10) {
  char digits[24];
  const auto end = std::to_chars(digits, digits + sizeof digits, value, base);
  out.append(digits, end.ptr);
}

void append_field(std::string_view name, std::string_view value, std::string& out) {
  out.append(name).append(": ").append(value).append("\r\n");
}

// Both forms that OpenAI's clients read: whole seconds, and milliseconds.
void add_retry_after(const convert::Error& error, std::vector<Header>& headers) {
  if (!error.retry_after || !convert::find_header(headers, "retry-after").empty()) return;
  const auto ms = std::max(*error.retry_after, std::chrono::milliseconds::zero());
  headers.push_back(
      {"retry-after", std::to_string(std::chrono::ceil<std::chrono::seconds>(ms).count())});
  headers.push_back({"retry-after-ms", std::to_string(ms.count())});
}

}  // namespace

void Reply::reset() {
  watcher_ = {};
  state_ = State::unbegun;
  coding_ = BodyCoding::none;
  congested_ = false;
  body_queued_ = 0;
}

void Reply::watch(Watcher watcher) {
  watcher_ = std::move(watcher);
  // The client may have gone while nobody watched.
  if (connection_.phase_ == Connection::Phase::abandoned) connection_.ask_turn();
}

void Reply::send(int status, std::vector<Header> headers, std::string_view body) {
  if (state_ == State::complete) return;
  if (state_ == State::streaming) return abort();
  std::string& out = connection_.socket_.staged();
  out.reserve(out.size() + kHeadRoom + body.size());
  write_head(status, headers, body.size());
  if (coding_ != BodyCoding::none) {
    out.append(body);
    body_queued_ += body.size();
  }
  note_staged();
  complete();
}

void Reply::send_error(const convert::Error& error, std::vector<Header> headers) {
  std::string body;
  convert::write_error_body(error, body);
  headers.push_back({"Content-Type", "application/json"});
  add_retry_after(error, headers);
  send(convert::status_of(error), std::move(headers), body);
}

void Reply::begin(int status, std::vector<Header> headers) {
  if (state_ != State::unbegun) return;
  std::string& out = connection_.socket_.staged();
  out.reserve(out.size() + kHeadRoom);
  write_head(status, headers, std::nullopt);
  state_ = State::streaming;
  note_staged();
}

void Reply::write(std::string_view bytes) {
  if (state_ != State::streaming || coding_ == BodyCoding::none || bytes.empty()) return;
  std::string& out = connection_.socket_.staged();
  if (coding_ == BodyCoding::chunked) {
    append_number(bytes.size(), out, 16);
    out.append("\r\n").append(bytes).append("\r\n");
  } else {
    out.append(bytes);
  }
  body_queued_ += bytes.size();
  note_staged();
}

void Reply::finish() {
  if (state_ != State::streaming) return state_ == State::unbegun ? abort() : void();
  if (coding_ == BodyCoding::chunked) {
    connection_.socket_.staged().append(kLastChunk);
    note_staged();
  }
  complete();
}

void Reply::abort() {
  if (state_ == State::complete) return;
  // Only a reset tells the end of a close-delimited answer from its loss.
  connection_.after_ =
      coding_ == BodyCoding::plain ? Connection::After::reset : Connection::After::close;
  complete();
}

std::size_t Reply::buffered() const { return connection_.socket_.buffered(); }

// Of what still waits, framing counts as body.
std::uint64_t Reply::body_sent() const {
  return body_queued_ - std::min<std::uint64_t>(body_queued_, buffered());
}

// The length is known, or the body is streamed.
void Reply::write_head(int status, std::span<const Header> headers,
                       std::optional<std::size_t> length) {
  const bool bodyless = !has_body(status);
  if (bodyless || connection_.head_only_) {
    coding_ = BodyCoding::none;
  } else if (length || connection_.http10_) {
    coding_ = BodyCoding::plain;
  } else {
    coding_ = BodyCoding::chunked;
  }
  if (coding_ == BodyCoding::plain && !length) connection_.after_ = Connection::After::close;

  std::string& out = connection_.socket_.staged();
  out.append("HTTP/1.1 ");
  append_number(status, out);
  out.append(" ").append(reason_of(status)).append("\r\n");
  write_fields(headers, out);
  if (coding_ == BodyCoding::chunked) {
    append_field("Transfer-Encoding", "chunked", out);
  } else if (length && !bodyless) {
    out.append("Content-Length: ");
    append_number(*length, out);
    out.append("\r\n");
  }
  if (connection_.must_close()) {
    append_field("Connection", "close", out);
  } else if (connection_.http10_) {
    append_field("Connection", "keep-alive", out);
  }
  out.append("\r\n");
}

// The fields of every answer, then the handler's own: what could break the head's framing, or is
// not for a handler to say, is left out.
void Reply::write_fields(std::span<const Header> headers, std::string& out) {
  ServerCore& core = connection_.core_;
  const auto took =
      std::chrono::duration_cast<std::chrono::milliseconds>(core.now() - connection_.body_done_);
  out.append(core.date_field());
  append_field("x-request-id", connection_.request_id_, out);
  append_field("openai-version", "2020-10-01", out);
  out.append("openai-processing-ms: ");
  append_number(took.count(), out);
  out.append("\r\n");
  append_cors_fields(core.options().cors, connection_.origin_, out);
  for (const Header& header : headers) {
    if (is_own(header.name)) continue;
    if (is_sendable(header)) {
      append_field(header.name, header.value, out);
    } else {
      ++core.counters().headers_dropped;
    }
  }
}

void Reply::note_staged() {
  const ClientSocket& socket = connection_.socket_;
  if (!socket.is_open()) return (void)connection_.socket_.staged().clear();  // nobody will read it
  if (socket.buffered() > connection_.core_.limits().write_high_watermark) congested_ = true;
  connection_.ask_turn();
}

void Reply::complete() {
  state_ = State::complete;
  connection_.on_reply_complete();
}

}  // namespace oriel::gateway::http
