#include "gateway/http/listener.h"

#include <event2/event.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <limits>

#include "gateway/http/server_core.h"

namespace oriel::gateway::http {
namespace {

constexpr int kAcceptsPerTurn = 64;
constexpr int kAcceptsAtClose = 4096;
constexpr timeval kRest{.tv_sec = 0, .tv_usec = 100'000};
// Clients that take nothing are cut by our own deadline, which knows them from those that left; the
// kernel's comes later, also where we are held up.
constexpr std::chrono::milliseconds kKernelIsLater{10'000};

void set_option(int socket, int level, int name, int value) {
  (void)::setsockopt(socket, level, name, &value, sizeof value);  // a wish; works without
}

// Accepted sockets inherit these from the listening one, which saves a system call each per client.
void set_client_options(int socket, const ServerLimits& limits) {
  const auto stall = std::min<std::chrono::milliseconds::rep>(
      (limits.write_stall_timeout + kKernelIsLater).count(), std::numeric_limits<int>::max());
  set_option(socket, IPPROTO_TCP, TCP_NODELAY, 1);
  set_option(socket, IPPROTO_TCP, TCP_USER_TIMEOUT, static_cast<int>(stall));
  set_option(socket, SOL_SOCKET, SO_KEEPALIVE, 1);
  set_option(socket, IPPROTO_TCP, TCP_KEEPIDLE, 30);
  set_option(socket, IPPROTO_TCP, TCP_KEEPINTVL, 10);
}

}  // namespace

void Listener::EventFree::operator()(event* e) const { event_free(e); }

Listener::Listener(ServerCore& core, event_base* base, int socket)
    : core_(core),
      socket_(socket),
      readable_(event_new(base, socket, EV_READ | EV_PERSIST, on_readable, this)),
      rested_(event_new(base, -1, 0, on_rested, this)) {
  set_client_options(socket_, core_.limits());
  event_add(readable_.get(), nullptr);
}

Listener::~Listener() {
  readable_.reset();
  ::close(socket_);
}

void Listener::on_readable(int, short, void* self) { static_cast<Listener*>(self)->accept_some(); }

void Listener::on_rested(int, short, void* self) {
  auto* listener = static_cast<Listener*>(self);
  event_add(listener->readable_.get(), nullptr);
}

Listener::Accepted Listener::accept_one() {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  const int fd = ::accept4(socket_, reinterpret_cast<sockaddr*>(&address), &size,
                           SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (fd >= 0) {
    core_.adopt(fd, address);
    return Accepted::one;
  }
  switch (errno) {
    case EAGAIN: return Accepted::none;
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
    case ENOMEM: return Accepted::starved;
    default: return Accepted::one;  // that client's own trouble: it left, or its network did
  }
}

void Listener::accept_some() {
  for (int i = 0; i < kAcceptsPerTurn; ++i) {
    const Accepted accepted = accept_one();
    if (accepted == Accepted::none) return;
    if (accepted == Accepted::starved) {
      ++core_.counters().accept_pauses;
      event_del(readable_.get());
      event_add(rested_.get(), &kRest);
      return;
    }
  }
}

void Listener::accept_rest() {
  for (int i = 0; i < kAcceptsAtClose && accept_one() == Accepted::one; ++i) {
  }
}

}  // namespace oriel::gateway::http
