// How long each phase of a connection may last. One timer per connection, moved only when it would
// fire too late: a request costs no timer operation, the timer looks again when it fires too early.
#include <event2/event.h>

#include <algorithm>
#include <utility>

#include "gateway/http/connection.h"
#include "gateway/http/server_core.h"

namespace oriel::gateway::http {
namespace {

// While input is full a client's leaving is not announced: the kernel is asked this often.
constexpr std::chrono::milliseconds kProbeEvery{50};
// What a connection gets to send a request that began while the server was asked to drain.
constexpr std::chrono::milliseconds kDrainGrace{1'000};

convert::Error too_slow(const char* message) {
  convert::Error error;
  error.kind = convert::ErrorKind::request_timeout;
  error.message = message;
  return error;
}

timeval to_timeval(SteadyTime::duration span) {
  const auto us = std::chrono::duration_cast<std::chrono::microseconds>(span).count() + 1;
  return {.tv_sec = static_cast<time_t>(us / 1'000'000),
          .tv_usec = static_cast<suseconds_t>(us % 1'000'000)};
}

}  // namespace

// The body's minimum rate, as the moment when what has come would be too little.
std::optional<SteadyTime> Connection::body_deadline() const {
  const std::size_t rate = core_.limits().body_min_rate;
  if (rate == 0) return std::nullopt;
  const auto earned = std::chrono::milliseconds(body_octets_ * 1000 / rate);
  return head_done_ + core_.limits().body_grace + earned;
}

std::optional<SteadyTime> Connection::deadline() const {
  const ServerLimits& limits = core_.limits();
  switch (phase_) {
    case Phase::handshake: return phase_since_ + limits.tls_handshake_timeout;
    case Phase::idle:
      if (core_.draining()) return phase_since_ + std::min(kDrainGrace, limits.keep_alive_timeout);
      return phase_since_ + (kind_ == Kind::shed ? limits.head_timeout : limits.keep_alive_timeout);
    case Phase::head: return first_byte_ + limits.head_timeout;
    case Phase::body: return body_deadline();
    case Phase::serving:
    case Phase::flushing: {
      std::optional<SteadyTime> next = probe_at_;
      if (socket_.buffered() > socket_.staged_size()) {
        const SteadyTime stalled = socket_.last_progress() + limits.write_stall_timeout;
        next = next ? std::min(*next, stalled) : stalled;
      }
      return next;
    }
    case Phase::lingering: return phase_since_ + limits.linger_timeout;
    case Phase::abandoned:
    case Phase::closed: return std::nullopt;
  }
  return std::nullopt;
}

void Connection::keep_time() {
  const bool waiting = phase_ == Phase::serving || phase_ == Phase::flushing;
  if (waiting) socket_.hold_if_full();
  if (!waiting || input_ended_ || !socket_.held()) {
    probe_at_.reset();
  } else if (!probe_at_) {
    probe_at_ = core_.now() + kProbeEvery;
  }
  const std::optional<SteadyTime> due = deadline();
  if (!due || (timer_at_ && *timer_at_ <= *due)) return;
  const timeval wait = to_timeval(std::max(*due - core_.now(), SteadyTime::duration::zero()));
  event_add(timer_.get(), &wait);
  timer_at_ = due;
}

void Connection::on_timer(int, short, void* self) { static_cast<Connection*>(self)->on_time(); }

void Connection::on_time() {
  timer_at_.reset();
  const SteadyTime now = core_.now();
  if (probe_at_ && now >= *probe_at_) {
    probe_at_.reset();
    if (socket_.peer_left()) on_end_of_input();
  }
  const std::optional<SteadyTime> due = deadline();
  if (due && now >= *due) on_deadline();
  keep_time();
}

void Connection::on_deadline() {
  switch (phase_) {
    case Phase::handshake:
    case Phase::idle:
    case Phase::lingering: return close(ClientSocket::Close::orderly);
    case Phase::head:
      if (!parser_.started()) return close(ClientSocket::Close::orderly);
      (void)refuse(nullptr, too_slow("Timed out reading the request's headers."), {});
      return;
    case Phase::body:
      (void)refuse(&head_, too_slow("Timed out reading the request's body."), {});
      return;
    case Phase::serving:
    case Phase::flushing: return leave(ReplyEnd::stalled);
    case Phase::abandoned:
    case Phase::closed: return;
  }
}

}  // namespace oriel::gateway::http
