#include "gateway/http/client_socket.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <event2/event.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace oriel::gateway::http {
namespace {

constexpr std::size_t kMaxWrite = 256 * 1024;      // bytes per write; libevent's own is 16 KiB
constexpr std::size_t kBodyRead = 256 * 1024;      // bytes per read of a body
constexpr std::size_t kBodyPerTurn = 1024 * 1024;  // then others have their turn

}  // namespace

bool ClientSocket::open(event_base* base, int fd, const TlsContext* tls,
                        const Callbacks& callbacks) {
  if (tls == nullptr) {
    event_ = bufferevent_socket_new(base, fd, BEV_OPT_CLOSE_ON_FREE);
  } else if (TlsContext::SessionPtr session = tls->make_session()) {
    event_ = bufferevent_openssl_socket_new(base, fd, session.get(), BUFFEREVENT_SSL_ACCEPTING,
                                            BEV_OPT_CLOSE_ON_FREE);
    if (event_ != nullptr) {
      (void)session.release();  // the bufferevent's from here on
      bufferevent_openssl_set_allow_dirty_shutdown(event_, 1);
      secure_ = true;
    }
  }
  if (event_ == nullptr) {
    ::close(fd);
    return false;
  }
  fd_ = fd;
  bufferevent_setcb(event_, callbacks.on_input, callbacks.on_output, callbacks.on_event,
                    callbacks.owner);
  bufferevent_setwatermark(event_, EV_WRITE, limits_.write_high_watermark / 2, 0);
  bufferevent_set_max_single_write(event_, kMaxWrite);
  evbuffer_add_cb(bufferevent_get_output(event_), on_output_change, this);
  bufferevent_enable(event_, EV_READ | EV_WRITE);
  return true;
}

void ClientSocket::on_output_change(evbuffer*, const evbuffer_cb_info* info, void* self) {
  auto* socket = static_cast<ClientSocket*>(self);
  // The stall is measured from the moment when something begins to wait.
  if (info->n_deleted > 0 || info->orig_size == 0) socket->last_progress_ = socket->clock_.now();
}

std::size_t ClientSocket::available() const {
  return event_ == nullptr ? 0 : evbuffer_get_length(bufferevent_get_input(event_));
}

std::string_view ClientSocket::peek() {
  const std::size_t whole = evbuffer_get_contiguous_space(bufferevent_get_input(event_));
  return peek(whole == 0 ? available() : whole);
}

std::string_view ClientSocket::peek(std::size_t size) {
  if (size == 0) return {};
  const auto* data = reinterpret_cast<const char*>(
      evbuffer_pullup(bufferevent_get_input(event_), static_cast<ev_ssize_t>(size)));
  return data == nullptr ? std::string_view() : std::string_view(data, size);
}

void ClientSocket::take(std::size_t size) {
  evbuffer_drain(bufferevent_get_input(event_), size);
  if (held_ && available() < limits_.read_high_watermark) {
    held_ = false;
    bufferevent_enable(event_, EV_READ);
  }
}

void ClientSocket::hold_if_full() {
  if (event_ == nullptr || held_ || available() < limits_.read_high_watermark) return;
  held_ = true;
  bufferevent_disable(event_, EV_READ);
}

std::size_t ClientSocket::read_into(json::PaddedBuffer& body, std::size_t most) {
  if (secure_) return 0;
  most = std::min(most, kBodyPerTurn);
  std::size_t total = 0;
  while (total < most) {
    const std::size_t size = body.size();
    const std::size_t wanted = std::min(most - total, kBodyRead);
    const ssize_t count = ::recv(fd_, body.extend(wanted), wanted, MSG_DONTWAIT);
    const std::size_t got = count > 0 ? static_cast<std::size_t>(count) : 0;
    body.truncate(size + got);
    total += got;
    if (got < wanted) break;
  }
  return total;
}

bool ClientSocket::peer_left() const {
  pollfd state{.fd = fd_, .events = POLLRDHUP, .revents = 0};
  return ::poll(&state, 1, 0) == 1 && (state.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0;
}

bool ClientSocket::has_unread_input() const {
  pollfd state{.fd = fd_, .events = POLLIN, .revents = 0};
  return available() > 0 || (::poll(&state, 1, 0) == 1 && (state.revents & POLLIN) != 0);
}

ClientSocket::Flushed ClientSocket::flush() {
  if (staged_.empty() || event_ == nullptr) return Flushed::ok;
  std::size_t sent = 0;
  if (!secure_ && evbuffer_get_length(bufferevent_get_output(event_)) == 0) {
    const ssize_t count = ::send(fd_, staged_.data(), staged_.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count >= 0) {
      sent = static_cast<std::size_t>(count);
    } else if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR && errno != ENOBUFS) {
      return Flushed::broken;
    }
  }
  if (sent < staged_.size()) {
    if (bufferevent_write(event_, staged_.data() + sent, staged_.size() - sent) != 0) {
      return Flushed::broken;
    }
  }
  std::string().swap(staged_);  // an idle connection holds no buffer
  return Flushed::ok;
}

std::size_t ClientSocket::buffered() const {
  if (event_ == nullptr) return unsent_;
  return staged_.size() + evbuffer_get_length(bufferevent_get_output(event_));
}

void ClientSocket::shutdown_write() {
  if (secure_) {
    SSL_shutdown(bufferevent_openssl_get_ssl(event_));  // best effort: close_notify
    ERR_clear_error();
  }
  ::shutdown(fd_, SHUT_WR);
}

void ClientSocket::close(Close how) {
  if (event_ == nullptr) return;
  unsent_ = buffered();
  if (how == Close::reset) {
    const linger now{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  }
  evbuffer_remove_cb(bufferevent_get_output(event_), on_output_change, this);
  bufferevent_setcb(event_, nullptr, nullptr, nullptr, nullptr);
  bufferevent_free(event_);
  event_ = nullptr;
  fd_ = -1;
  std::string().swap(staged_);
}

}  // namespace oriel::gateway::http
