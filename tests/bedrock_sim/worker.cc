#include "tests/bedrock_sim/worker.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>

namespace oriel::sim {
namespace {

constexpr int kBacklog = 4096;

event_base* make_base() {
  event_config* config = event_config_new();
  // Precise: the pacing is what tests and benches measure against.
  event_config_set_flag(config, EVENT_BASE_FLAG_PRECISE_TIMER);
  event_config_set_flag(config, EVENT_BASE_FLAG_EPOLL_USE_CHANGELIST);
  event_base* base = event_base_new_with_config(config);
  event_config_free(config);
  if (!base) std::abort();
  return base;
}

}  // namespace

Worker::Worker(const Options& options, Stats& stats)
    : options_(options),
      stats_(stats),
      service_(options, stats),
      base_(make_base()),
      stop_fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      stop_event_(event_new(
          base_, stop_fd_, EV_READ,
          [](evutil_socket_t, short, void* base) {
            event_base_loopbreak(static_cast<event_base*>(base));
          },
          base_)),
      reap_event_(event_new(
          base_, -1, 0,
          [](evutil_socket_t, short, void* arg) {
            auto* self = static_cast<Worker*>(arg);
            for (Connection* connection : self->retired_) {
              self->connections_.erase(connection);
              --self->stats_.connections_open;
            }
            self->retired_.clear();
          },
          this)) {
  event_add(stop_event_, nullptr);
}

Worker::~Worker() {
  connections_.clear();
  if (listener_) evconnlistener_free(listener_);
  event_free(reap_event_);
  event_free(stop_event_);
  event_base_free(base_);
  ::close(stop_fd_);
}

std::uint16_t Worker::listen(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  if (inet_pton(AF_INET, options_.host.c_str(), &address.sin_addr) != 1) return 0;
  listener_ = evconnlistener_new_bind(
      base_,
      [](evconnlistener*, evutil_socket_t fd, sockaddr*, int, void* self) {
        static_cast<Worker*>(self)->accept(fd);
      },
      this,
      LEV_OPT_CLOSE_ON_FREE | LEV_OPT_REUSEABLE | LEV_OPT_REUSEABLE_PORT | LEV_OPT_CLOSE_ON_EXEC,
      kBacklog, reinterpret_cast<sockaddr*>(&address), sizeof address);
  if (!listener_) return 0;
  socklen_t size = sizeof address;
  if (::getsockname(evconnlistener_get_fd(listener_), reinterpret_cast<sockaddr*>(&address),
                    &size) != 0) {
    return 0;
  }
  return ntohs(address.sin_port);
}

void Worker::run() { event_base_dispatch(base_); }

void Worker::stop() {
  const std::uint64_t one = 1;
  if (::write(stop_fd_, &one, sizeof one) != sizeof one) std::abort();
}

void Worker::accept(evutil_socket_t fd) {
  ++stats_.connections_accepted;
  ++stats_.connections_open;
  auto connection = std::make_unique<Connection>(*this, fd);
  Connection* key = connection.get();
  connections_.emplace(key, std::move(connection));
}

void Worker::retire(Connection* connection) {
  if (retired_.empty()) event_active(reap_event_, EV_TIMEOUT, 1);
  retired_.push_back(connection);
}

}  // namespace oriel::sim
