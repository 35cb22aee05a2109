#include "tests/bedrock_sim/connection.h"

#include <event2/buffer.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <charconv>

#include "tests/bedrock_sim/worker.h"

namespace oriel::sim {
namespace {

constexpr std::size_t kMaxHead = 64 * 1024;
constexpr std::size_t kMaxBody = 25'000'000;
constexpr std::size_t kMaxPipelined = 1024 * 1024;
constexpr std::size_t kReadAtOnce = 256 * 1024;
// Between the last byte and a reset, so that the client has the bytes.
constexpr std::int64_t kResetDelayMs = 20;

}  // namespace

Connection::Connection(Worker& worker, evutil_socket_t fd)
    : worker_(worker),
      socket_(bufferevent_socket_new(worker.base(), fd, BEV_OPT_CLOSE_ON_FREE)),
      timer_(nullptr) {
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  bufferevent_set_max_single_read(socket_, kReadAtOnce);
  bufferevent_set_max_single_write(socket_, kReadAtOnce);
  bufferevent_setcb(
      socket_, [](bufferevent*, void* self) { static_cast<Connection*>(self)->on_readable(); },
      [](bufferevent*, void* self) { static_cast<Connection*>(self)->on_drained(); },
      [](bufferevent*, short what, void* self) { static_cast<Connection*>(self)->on_event(what); },
      this);
  bufferevent_enable(socket_, EV_READ | EV_WRITE);
}

Connection::~Connection() {
  if (timer_) event_free(timer_);
  bufferevent_free(socket_);
}

void Connection::on_readable() {
  while (state_ == State::kHead || state_ == State::kBody) {
    if (!(state_ == State::kHead ? read_head() : read_body())) return;
  }
  if (evbuffer_get_length(bufferevent_get_input(socket_)) > kMaxPipelined) close();
}

// False: more bytes are needed, or none will do.
bool Connection::read_head() {
  evbuffer* input = bufferevent_get_input(socket_);
  const evbuffer_ptr end = evbuffer_search(input, "\r\n\r\n", 4, nullptr);
  if (end.pos < 0) {
    if (evbuffer_get_length(input) > kMaxHead) close();
    return false;
  }
  const auto size = static_cast<std::size_t>(end.pos);
  request_.head.resize(size);
  evbuffer_remove(input, request_.head.data(), size);
  evbuffer_drain(input, 4);
  worker_.stats().bytes_read += static_cast<std::int64_t>(size + 4);
  if (!parse_head(request_)) {
    start(worker_.service().malformed());
    return false;
  }
  return start_body();
}

bool Connection::start_body() {
  std::size_t length = 0;
  const std::string_view text = request_.header("content-length");
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), length);
  const bool good = text.empty() || (parsed.ec == std::errc() && parsed.ptr == text.end());
  if (!good || !request_.header("transfer-encoding").empty()) {
    start(worker_.service().malformed());
    return false;
  }
  if (length > kMaxBody) {
    Script script = worker_.service().too_large();
    script.end = Script::End::kClose;
    start(std::move(script));
    return false;
  }
  if (same_name(request_.header("expect"), "100-continue")) {
    static constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
    bufferevent_write(socket_, kContinue.data(), kContinue.size());
  }
  request_.body_size = length;
  request_.body_storage.resize(length + HttpRequest::kBodyPadding);
  body_have_ = 0;
  state_ = State::kBody;
  return true;
}

bool Connection::read_body() {
  evbuffer* input = bufferevent_get_input(socket_);
  if (body_have_ < request_.body_size) {
    const int got = evbuffer_remove(input, request_.body_storage.data() + body_have_,
                                    request_.body_size - body_have_);
    if (got > 0) body_have_ += static_cast<std::size_t>(got);
    if (body_have_ < request_.body_size) return false;
  }
  worker_.stats().bytes_read += static_cast<std::int64_t>(body_have_);
  start(worker_.service().answer(request_));
  return true;
}

void Connection::start(Script script) {
  script_ = std::move(script);
  if (script_.kind == Script::Kind::kStream) {
    ++worker_.stats().streams_started;
    ++worker_.stats().streams_live;
  }
  step_ = written_ = 0;
  due_ms_ = monotonic_ms();
  if (!script_.steps.empty()) due_ms_ += script_.steps[0].delay_ms;
  state_ = State::kPlaying;
  play();
}

void Connection::play() {
  while (step_ < script_.steps.size()) {
    const Script::Step& step = script_.steps[step_];
    const std::int64_t now = step.delay_ms > 0 ? monotonic_ms() : due_ms_;
    if (now < due_ms_) return wait(due_ms_ - now);
    if (script_.dribble && written_ + 1 < step.end) return write_to(written_ + 1);
    write_to(step.end);
    // The schedule is absolute: a late step does not push the later ones back.
    if (++step_ < script_.steps.size()) due_ms_ += script_.steps[step_].delay_ms;
    if (script_.dribble) return;
  }
  state_ = State::kFlushing;
  if (evbuffer_get_length(bufferevent_get_output(socket_)) == 0) finish();
}

void Connection::write_to(std::size_t end) {
  if (end <= written_) return;
  bufferevent_write(socket_, script_.bytes.data() + written_, end - written_);
  worker_.stats().bytes_written += static_cast<std::int64_t>(end - written_);
  if (script_.usage_at > written_ && script_.usage_at <= end) {
    worker_.stats().count_usage(script_.usage);
  }
  written_ = end;
}

void Connection::on_drained() {
  if (state_ == State::kFlushing) {
    finish();
  } else if (state_ == State::kPlaying && script_.dribble) {
    play();
  }
}

// Everything is written: what comes after it.
void Connection::finish() {
  if (script_.end == Script::End::kStall) return;
  if (script_.end == Script::End::kReset) return wait(written_ == 0 ? 0 : kResetDelayMs);
  if (script_.kind == Script::Kind::kStream) {
    --worker_.stats().streams_live;
    ++(script_.end == Script::End::kKeepAlive ? worker_.stats().streams_completed
                                              : worker_.stats().streams_broken);
    script_.kind = Script::Kind::kOther;
  }
  if (script_.end == Script::End::kClose) return close();
  const bool last = same_name(request_.header("connection"), "close");
  script_ = Script();
  if (last) return close();
  state_ = State::kHead;
  if (evbuffer_get_length(bufferevent_get_input(socket_)) > 0) on_readable();
}

void Connection::wait(std::int64_t milliseconds) {
  if (!timer_) {
    timer_ = evtimer_new(
        worker_.base(),
        [](evutil_socket_t, short, void* self) { static_cast<Connection*>(self)->on_timer(); },
        this);
  }
  const timeval delay{milliseconds / 1000, (milliseconds % 1000) * 1000};
  evtimer_add(timer_, &delay);
}

void Connection::on_timer() {
  if (state_ == State::kPlaying)
    play();
  else if (state_ == State::kFlushing)
    reset();
}

void Connection::on_event(short what) {
  if ((what & (BEV_EVENT_EOF | BEV_EVENT_ERROR)) == 0 || state_ == State::kDone) return;
  const bool answering = state_ == State::kPlaying || state_ == State::kFlushing;
  if (answering) {
    const bool stream = script_.kind == Script::Kind::kStream;
    if (stream) --worker_.stats().streams_live;
    worker_.stats().count_cancel(stream);
    script_.kind = Script::Kind::kOther;
  }
  close();
}

void Connection::reset() {
  if (script_.kind == Script::Kind::kStream) {
    --worker_.stats().streams_live;
    ++worker_.stats().streams_broken;
    script_.kind = Script::Kind::kOther;
  }
  const linger now{1, 0};
  ::setsockopt(bufferevent_getfd(socket_), SOL_SOCKET, SO_LINGER, &now, sizeof now);
  close();
}

void Connection::close() {
  if (state_ == State::kDone) return;
  if (script_.kind == Script::Kind::kStream) --worker_.stats().streams_live;
  state_ = State::kDone;
  bufferevent_disable(socket_, EV_READ | EV_WRITE);
  worker_.retire(this);
}

}  // namespace oriel::sim
