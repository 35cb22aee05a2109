#include "gateway/http/connection.h"

#include <event2/bufferevent.h>
#include <event2/event.h>

#include <algorithm>
#include <utility>

#include "convert/wire/chars.h"
#include "gateway/http/cors.h"
#include "gateway/http/server_core.h"

namespace oriel::gateway::http {
namespace {

using convert::Error;
using convert::ErrorKind;
using convert::wire::BodyFraming;
using convert::wire::HttpRequestHead;
using convert::wire::HttpVersion;
using convert::wire::ParseState;

constexpr std::size_t kHeadSlack = 1024;  // behind max_head, so that the parser sees the excess
constexpr std::size_t kMaxRequestId = 128;
constexpr std::size_t kFirstReserve = 64 * 1024;  // of a body that is only announced yet
constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
constexpr std::string_view kAllow = "GET, HEAD, POST, OPTIONS";

bool is_sane_id(std::string_view id) {
  return !id.empty() && id.size() <= kMaxRequestId && std::all_of(id.begin(), id.end(), [](char c) {
    return c != '~' && convert::wire::is_unreserved(c);
  });
}

Error make_error(ErrorKind kind) {
  Error error;
  error.kind = kind;
  return error;
}

Error too_large(std::size_t cap) {
  Error error = make_error(ErrorKind::too_large);
  error.message = "Request body exceeds the maximum size of " + std::to_string(cap) + " bytes.";
  return error;
}

}  // namespace

void Connection::EventFree::operator()(event* e) const { event_free(e); }

Connection::Connection(ServerCore& core, std::string peer, Kind kind)
    : core_(core),
      socket_(*core.options().clock, core.limits()),
      peer_(std::move(peer)),
      kind_(kind),
      timer_(event_new(core.options().base, -1, 0, on_timer, this)),
      phase_since_(core.now()),
      parser_(core.limits().head),
      reply_(*this) {}

Connection::~Connection() = default;

void Connection::open(int fd) {
  const TlsContext* tls = core_.options().tls.get();
  const ClientSocket::Callbacks callbacks{on_input, on_output, on_event, this};
  if (!timer_ || !socket_.open(core_.options().base, fd, tls, callbacks)) {
    return close(ClientSocket::Close::orderly);
  }
  phase_ = tls == nullptr ? Phase::idle : Phase::handshake;
  keep_time();
}

// ------------------------------------------------------------------------------- libevent's calls

void Connection::on_input(bufferevent*, void* self) { static_cast<Connection*>(self)->advance(); }

void Connection::on_output(bufferevent*, void* self) { static_cast<Connection*>(self)->settle(); }

void Connection::on_event(bufferevent*, short what, void* self) {
  auto* connection = static_cast<Connection*>(self);
  if ((what & BEV_EVENT_CONNECTED) != 0) {
    connection->phase_ = Phase::idle;
    connection->phase_since_ = connection->core_.now();
    connection->keep_time();
  } else if ((what & BEV_EVENT_EOF) != 0) {
    connection->on_end_of_input();
  } else if ((what & BEV_EVENT_ERROR) != 0) {
    connection->leave(ReplyEnd::client_gone);
  }
}

// The client has closed, at least its half. A request that is whole is still handed over, and an
// answer that is complete still leaves; whoever is being served counts as gone.
void Connection::on_end_of_input() {
  if (phase_ == Phase::idle || phase_ == Phase::head || phase_ == Phase::body) advance();
  input_ended_ = true;
  if (phase_ != Phase::flushing) leave(ReplyEnd::client_gone);
}

// ------------------------------------------------------------------------------- reading a request

void Connection::advance() {
  bool again = true;
  while (again) {
    switch (phase_) {
      case Phase::idle: again = start_request(); break;
      case Phase::head: again = read_head(); break;
      case Phase::body: again = read_body(); break;
      case Phase::lingering: again = discard(); break;
      case Phase::handshake:
      case Phase::serving:
      case Phase::flushing:
      case Phase::abandoned:
      case Phase::closed: again = false; break;
    }
  }
  keep_time();
}

bool Connection::start_request() {
  if (socket_.available() == 0) return false;
  first_byte_ = core_.now();
  phase_ = Phase::head;
  return true;
}

bool Connection::read_head() {
  const std::size_t available = socket_.available();
  if (available == 0) return false;
  // Usually a head lies in one piece; only where it does not, its pieces are joined.
  std::string_view bytes = socket_.peek();
  ParseState state = parser_.parse(bytes);
  if (state == ParseState::need_more && bytes.size() < available) {
    bytes = socket_.peek(std::min(available, core_.limits().head.max_head + kHeadSlack));
    state = parser_.parse(bytes);
  }
  switch (state) {
    case ParseState::need_more: return false;
    case ParseState::refused: return refuse(nullptr, parser_.error(), {});
    case ParseState::done: return take_head();
  }
  return false;
}

bool Connection::take_head() {
  const std::size_t size = parser_.used();
  head_ = parser_.take_head();
  parser_.reset();
  socket_.take(size);
  body_octets_ = 0;
  head_done_ = body_done_ = core_.now();
  head_only_ = head_.method == "HEAD";
  http10_ = head_.version == HttpVersion::http10;
  choose_request_id();
  if (const std::string* origin = head_.find("origin")) origin_ = *origin;
  if (!head_.keep_alive) after_ = After::close;

  if (kind_ == Kind::shed) {
    Error error = make_error(ErrorKind::overloaded);
    error.retry_after = std::chrono::seconds(1);
    return refuse(&head_, error, {});
  }
  if (head_.method == "OPTIONS") {
    answer_options();
    return true;
  }
  Admission admission = core_.options().admit(head_);
  if (admission.refusal) {
    return refuse(&head_, *admission.refusal, std::move(admission.refusal_headers));
  }
  if (head_.body.kind == BodyFraming::Kind::none) return serve();
  const std::size_t cap = admission.max_body == 0
                              ? core_.limits().max_body
                              : std::min(admission.max_body, core_.limits().max_body);
  if (head_.body.kind == BodyFraming::Kind::length) {
    if (head_.body.length > cap) return refuse(&head_, too_large(cap), {});
    body_.reserve(std::min(static_cast<std::size_t>(head_.body.length), kFirstReserve));
  }
  body_cap_ = cap;
  if (head_.body.kind == BodyFraming::Kind::chunked) {
    body_parser_.emplace(head_.body, cap, core_.limits().head);
  }
  if (head_.expect_continue && socket_.available() == 0) {
    socket_.staged().append(kContinue);
    ask_turn();
  }
  phase_ = Phase::body;
  return true;
}

bool Connection::read_body() {
  return head_.body.kind == BodyFraming::Kind::length ? read_counted_body() : read_chunked_body();
}

// From the socket straight to where it will be parsed, but for what came with the head.
bool Connection::read_counted_body() {
  const auto length = static_cast<std::size_t>(head_.body.length);
  const std::size_t before = body_.size();
  while (body_.size() < length && socket_.available() > 0) {
    const std::string_view bytes = socket_.peek().substr(0, length - body_.size());
    body_.append(bytes);
    socket_.take(bytes.size());
  }
  if (body_.size() < length) socket_.read_into(body_, length - body_.size());
  body_octets_ += body_.size() - before;
  return body_.size() == length && serve();
}

bool Connection::read_chunked_body() {
  while (socket_.available() > 0) {
    const ParseState state = body_parser_->parse(socket_.peek(), body_);
    const std::size_t used = body_parser_->used();
    socket_.take(used);
    body_octets_ += used;
    if (state == ParseState::done) return serve();
    if (state == ParseState::refused) {
      const Error& error = body_parser_->error();
      return refuse(&head_, error.kind == ErrorKind::too_large ? too_large(body_cap_) : error, {});
    }
  }
  return false;
}

// Keeps the caller's id where it is harmless everywhere it will be written.
void Connection::choose_request_id() {
  const std::string* given = head_.find("x-request-id");
  request_id_ = given != nullptr && is_sane_id(*given) ? *given : core_.options().make_request_id();
}

bool Connection::discard() {
  const std::size_t size = socket_.available();
  lingered_bytes_ += size;
  if (lingered_bytes_ > core_.limits().linger_bytes) {
    close(ClientSocket::Close::orderly);
  } else {
    socket_.take(size);
  }
  return false;
}

// ------------------------------------------------------------------------------- having it
// answered

bool Connection::serve() {
  phase_ = Phase::serving;
  reply_.reset();
  if (head_.body.kind != BodyFraming::Kind::none) body_done_ = core_.now();
  Request request;
  request.head = std::move(head_);
  request.body = std::move(body_);
  request.peer = peer_;
  request.request_id = request_id_;
  request.secure = socket_.secure();
  request.first_byte = first_byte_;
  request.head_done = head_done_;
  request.body_done = body_done_;
  core_.options().serve(std::move(request), reply_);
  return false;
}

// Answers without a handler. What else the client sends of this request is dropped, so the
// connection ends; it goes on only where the request was well-formed and is wholly read.
bool Connection::refuse(const HttpRequestHead* head, const Error& error,
                        std::vector<convert::Header> headers) {
  if (head == nullptr) {
    request_id_ = core_.options().make_request_id();
    head_done_ = body_done_ = core_.now();
  }
  if (head == nullptr || head->body.kind != BodyFraming::Kind::none || kind_ == Kind::shed) {
    after_ = After::close;
  }
  phase_ = Phase::serving;
  reply_.reset();
  reply_.send_error(error, std::move(headers));
  note_rejected(head, error, Rejected::Answered::yes);
  return false;
}

// A request that was still being read, and is not any more, gets its record all the same.
void Connection::note_unread(ErrorKind why) {
  const bool in_head = phase_ == Phase::head && parser_.started();
  if (!in_head && phase_ != Phase::body) return;
  if (in_head) request_id_ = core_.options().make_request_id();
  note_rejected(in_head ? nullptr : &head_, make_error(why), Rejected::Answered::no);
}

void Connection::note_rejected(const HttpRequestHead* head, const Error& error,
                               Rejected::Answered answered) {
  if (!core_.options().on_rejected) return;
  Rejected rejected;
  rejected.head = head;
  rejected.error = error;
  rejected.answered = answered;
  rejected.request_id = request_id_;
  rejected.peer = peer_;
  rejected.body_in = body_.size();
  if (answered == Rejected::Answered::yes) rejected.body_out = reply_.body_queued_;
  rejected.first_byte = first_byte_;
  core_.options().on_rejected(rejected);
}

void Connection::answer_options() {
  if (head_.body.kind != BodyFraming::Kind::none) after_ = After::close;
  std::vector<convert::Header> headers{{"Allow", std::string(kAllow)}};
  add_preflight_headers(core_.options().cors, head_, headers);
  if (core_.options().on_options) {
    core_.options().on_options({head_, request_id_, peer_, first_byte_});
  }
  phase_ = Phase::serving;
  reply_.reset();
  reply_.send(204, std::move(headers), {});
}

void Connection::on_reply_complete() {
  if (phase_ == Phase::serving) phase_ = Phase::flushing;
  ask_turn();
}

bool Connection::must_close() const {
  return after_ != After::keep || core_.draining() || input_ended_;
}

// ----------------------------------------------------------------------------------- on its own
// turn

void Connection::ask_turn() {
  if (std::exchange(turn_asked_, true)) return;
  core_.ask_turn(*this);
}

void Connection::take_turn() {
  turn_asked_ = false;
  if (phase_ == Phase::closed) return;
  if (phase_ == Phase::abandoned) {
    // The handler has let go, or there is somebody to tell now.
    if (reply_.state_ == Reply::State::complete || reply_.watcher_.ended) {
      close(ClientSocket::Close::orderly);
      tell_ended(end_);
    }
    return;
  }
  if (socket_.flush() == ClientSocket::Flushed::broken) return leave(ReplyEnd::client_gone);
  settle();
}

// Some of the answer may have left: goes on with what waited for that.
void Connection::settle() {
  note_buffered();
  if (reply_.congested_ && socket_.buffered() <= core_.limits().write_high_watermark / 2) {
    reply_.congested_ = false;
    if (phase_ == Phase::serving && reply_.watcher_.drained) reply_.watcher_.drained();
  }
  if (phase_ == Phase::flushing && socket_.buffered() == 0) end_exchange();
  keep_time();
}

void Connection::end_exchange() {
  if (input_ended_ || after_ == After::reset) {
    close(after_ == After::reset ? ClientSocket::Close::reset : ClientSocket::Close::orderly);
  } else if (must_close()) {
    linger();
  } else {
    phase_ = Phase::idle;
    phase_since_ = core_.now();
  }
  tell_ended(ReplyEnd::flushed);
  if (phase_ != Phase::idle) return;
  parser_.reset();
  body_parser_.reset();
  head_ = {};
  body_ = {};
  origin_.clear();
  head_only_ = http10_ = false;
  probe_at_.reset();
  advance();
}

// Closes our side and waits a little for the client's, dropping what it still sends: closing at
// once would reset the connection, and with it the answer that the client has not read yet.
void Connection::linger() {
  socket_.shutdown_write();
  phase_ = Phase::lingering;
  phase_since_ = core_.now();
  advance();
}

// ------------------------------------------------------------------------------------------ the
// ends

void Connection::leave(ReplyEnd end) {
  const Phase was = phase_;
  if (was == Phase::closed || was == Phase::abandoned) return;
  note_unread(ErrorKind::cancelled);
  close(end == ReplyEnd::stalled ? ClientSocket::Close::reset : ClientSocket::Close::orderly);
  if (was == Phase::serving && !reply_.watcher_.ended) {
    phase_ = Phase::abandoned;
    end_ = end;
  } else if (was == Phase::serving || was == Phase::flushing) {
    tell_ended(end);
  }
}

void Connection::close(ClientSocket::Close how) {
  socket_.close(how);
  if (timer_) event_del(timer_.get());
  timer_at_.reset();
  phase_ = Phase::closed;
  note_buffered();
  ask_turn();
}

void Connection::tell_ended(ReplyEnd end) {
  const Reply::Watcher watcher = std::exchange(reply_.watcher_, {});
  if (watcher.ended) watcher.ended(end);
}

void Connection::note_buffered() {
  const std::size_t now = socket_.is_open() ? socket_.buffered() : 0;
  core_.counters().buffered_bytes += now - buffered_noted_;
  buffered_noted_ = now;
}

void Connection::on_drain() {
  if (phase_ == Phase::idle && !socket_.has_unread_input()) {
    close(ClientSocket::Close::orderly);
  } else {
    keep_time();
  }
}

void Connection::on_server_end() {
  note_unread(ErrorKind::draining);
  const bool answering = phase_ == Phase::serving || phase_ == Phase::flushing;
  if (answering) (void)socket_.flush();  // what was said last, as far as the kernel takes it
  socket_.close(ClientSocket::Close::orderly);
  timer_.reset();
  phase_ = Phase::closed;
  if (answering) tell_ended(ReplyEnd::client_gone);
}

}  // namespace oriel::gateway::http
