#include "tests/gateway/upstream/hostile_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>

namespace oriel::gateway {

Connection::~Connection() {
  if (tls_ != nullptr) SSL_free(tls_);
  close(socket_);
}

std::size_t Connection::receive(char* buffer, std::size_t size) {
  if (tls_ != nullptr) {
    const int got = SSL_read(tls_, buffer, static_cast<int>(size));
    return got > 0 ? static_cast<std::size_t>(got) : 0;
  }
  const ssize_t got = recv(socket_, buffer, size, 0);
  return got > 0 ? static_cast<std::size_t>(got) : 0;
}

std::string Connection::read_head() {
  std::size_t end = 0;
  while ((end = buffer_.find("\r\n\r\n")) == std::string::npos) {
    char bytes[16384];
    const std::size_t got = receive(bytes, sizeof bytes);
    if (got == 0) return {};
    buffer_.append(bytes, got);
  }
  std::string head = buffer_.substr(0, end + 4);
  buffer_.erase(0, end + 4);
  return head;
}

std::string Connection::read_request() {
  std::string request = read_head();
  const std::size_t at = request.find("Content-Length: ");
  if (at == std::string::npos) return request;
  const std::size_t length = std::strtoull(request.c_str() + at + 16, nullptr, 10);
  while (buffer_.size() < length) {
    char bytes[65536];
    const std::size_t got = receive(bytes, sizeof bytes);
    if (got == 0) return {};
    buffer_.append(bytes, got);
  }
  request.append(buffer_, 0, length);
  buffer_.erase(0, length);
  return request;
}

bool Connection::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent =
        tls_ != nullptr
            ? static_cast<ssize_t>(SSL_write(tls_, bytes.data(), static_cast<int>(bytes.size())))
            : ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

std::size_t Connection::wait_closed() {
  std::size_t total = 0;
  char bytes[65536];
  while (const std::size_t got = receive(bytes, sizeof bytes)) total += got;
  return total;
}

void Connection::reset() {
  const linger now{1, 0};
  setsockopt(socket_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

void Connection::shut() { shutdown(socket_, SHUT_RDWR); }

namespace {

// A socket on a free port of 127.0.0.1.
int bound_socket(sockaddr_in& address) {
  const int made = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (bind(made, reinterpret_cast<sockaddr*>(&address), size) != 0) std::abort();
  getsockname(made, reinterpret_cast<sockaddr*>(&address), &size);
  return made;
}

}  // namespace

QuietPort::QuietPort(Kind kind) {
  sockaddr_in address{};
  socket_ = bound_socket(address);
  port_ = ntohs(address.sin_port);
  if (kind == Kind::closed) return;
  // A queue of length 0 holds one connection; the kernel does not answer a second one.
  listen(socket_, 0);
  queued_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (connect(queued_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) std::abort();
  pollfd queue{socket_, POLLIN, 0};
  while (poll(&queue, 1, -1) != 1) continue;
}

QuietPort::~QuietPort() {
  if (queued_ >= 0) close(queued_);
  close(socket_);
}

HostileServer::HostileServer(Play play, ssl_ctx_st* tls) : play_(std::move(play)), tls_(tls) {
  std::signal(SIGPIPE, SIG_IGN);
  sockaddr_in address{};
  listener_ = bound_socket(address);
  port_ = ntohs(address.sin_port);
  listen(listener_, 512);
  acceptor_ = std::thread([this] { accept_all(); });
}

void HostileServer::accept_all() {
  for (;;) {
    const int socket = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (socket < 0) return;
    const int on = 1;
    setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    ssl_st* tls = nullptr;
    if (tls_ != nullptr) {
      tls = SSL_new(tls_);
      SSL_set_fd(tls, socket);
    }
    const std::scoped_lock lock(mutex_);
    auto connection = std::make_shared<Connection>(socket, tls);
    connection->number = ++accepted_;
    open_.push_back(connection);
    threads_.emplace_back([this, tls, connection = std::move(connection)]() mutable {
      if (tls == nullptr || SSL_accept(tls) == 1) play_(*connection);
      const std::scoped_lock closing(mutex_);
      std::erase(open_, connection);
      connection.reset();
    });
  }
}

HostileServer::~HostileServer() {
  shutdown(listener_, SHUT_RDWR);
  acceptor_.join();
  close(listener_);
  {
    const std::scoped_lock lock(mutex_);
    for (const auto& connection : open_) connection->shut();
  }
  for (std::thread& thread : threads_) thread.join();
}

std::string HostileServer::url(std::string_view path) const {
  return (tls_ != nullptr ? "https://127.0.0.1:" : "http://127.0.0.1:") + std::to_string(port_) +
         std::string(path);
}

std::string plain_answer(std::string_view body) {
  return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\nX-Answer:  padded \t\r\n\r\n" + std::string(body);
}

}  // namespace oriel::gateway
