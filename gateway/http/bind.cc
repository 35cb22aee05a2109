#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <memory>
#include <string>
#include <system_error>

#include "gateway/http/server.h"

namespace oriel::gateway::http {
namespace {

constexpr int kBacklog = 4096;  // the kernel lowers it to net.core.somaxconn

struct AddressFree {
  void operator()(addrinfo* list) const { ::freeaddrinfo(list); }
};
using AddressPtr = std::unique_ptr<addrinfo, AddressFree>;

Unexpected<convert::Error> failure(const std::string& address, const std::string& reason) {
  std::string text = "cannot listen on " + address + ": " + reason;
  convert::Error error;
  error.message = text;
  error.detail = std::move(text);
  return Unexpected{std::move(error)};
}

struct HostPort {
  std::string host;
  std::string port;
};

// "host:port" or "[v6]:port"; an empty host on anything else.
HostPort split(const std::string& address) {
  const std::size_t colon = address.rfind(':');
  if (colon == std::string::npos) return {};
  std::string host = address.substr(0, colon);
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  if (!bracketed && host.find(':') != std::string::npos) return {};
  return {std::move(host), address.substr(colon + 1)};
}

std::string name_of(int socket) {
  sockaddr_storage bound{};
  socklen_t size = sizeof bound;
  char host[NI_MAXHOST];
  char port[NI_MAXSERV];
  auto* address = reinterpret_cast<sockaddr*>(&bound);
  if (::getsockname(socket, address, &size) != 0 ||
      ::getnameinfo(address, size, host, sizeof host, port, sizeof port,
                    NI_NUMERICHOST | NI_NUMERICSERV) != 0) {
    return {};
  }
  const std::string text(host);
  return (bound.ss_family == AF_INET6 ? "[" + text + "]" : text) + ":" + port;
}

bool is_port(const std::string& text) {
  int port = 0;
  const char* end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, port);
  return error == std::errc() && at == end && port >= 0 && port <= 65'535;
}

int listening_socket(const addrinfo& where, PortSharing sharing) {
  const int fd = ::socket(where.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  const int on = 1;
  const int shared = sharing == PortSharing::workers ? 1 : 0;
  if (fd >= 0 && ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
      ::setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &shared, sizeof shared) == 0 &&
      ::bind(fd, where.ai_addr, where.ai_addrlen) == 0 && ::listen(fd, kBacklog) == 0) {
    return fd;
  }
  const int error = errno;
  if (fd >= 0) ::close(fd);
  errno = error;
  return -1;
}

}  // namespace

convert::Result<Bound> bind_listener(const std::string& address, PortSharing sharing) {
  const HostPort parts = split(address);
  if (parts.host.empty() || !is_port(parts.port)) {
    return failure(address, "an address looks like 127.0.0.1:8080 or [::1]:8080");
  }
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  if (const int error = ::getaddrinfo(parts.host.c_str(), parts.port.c_str(), &hints, &found)) {
    return failure(address, ::gai_strerror(error));
  }
  const AddressPtr list(found);
  const int fd = listening_socket(*list, sharing);
  if (fd < 0) return failure(address, std::generic_category().message(errno));
  return Bound{.socket = fd, .address = name_of(fd)};
}

}  // namespace oriel::gateway::http
