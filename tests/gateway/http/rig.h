// A Server on a real socket, and clients that a test drives. Everything runs on the test's thread:
// whoever waits runs the server's loop meanwhile, so nothing sleeps and nothing races.
#pragma once

#include <arpa/inet.h>
#include <event2/event.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gateway/clock.h"
#include "gateway/http/server.h"
#include "tests/gateway/http/certificate.h"

namespace oriel::gateway::http {

enum class Scheme { http, https };
inline std::string name_of(Scheme scheme) { return scheme == Scheme::http ? "http" : "https"; }

// One answer that a test keeps open.
struct Held {
  Request request;
  Reply* reply = nullptr;
  std::vector<ReplyEnd> ends;
  int drained = 0;
  std::function<void()> on_drained;
};

class Rig {
 public:
  explicit Rig(Scheme scheme = Scheme::http, std::function<void(ServerOptions&)> change = {})
      : scheme_(scheme) {
    event_config* config = event_config_new();
    event_config_set_flag(config, EVENT_BASE_FLAG_EPOLL_USE_CHANGELIST);
    base_ = event_base_new_with_config(config);
    event_config_free(config);
    tick_ = event_new(
        base_, -1, EV_PERSIST, [](int, short, void*) {}, nullptr);
    const timeval ms{0, 1000};
    event_add(tick_, &ms);

    ServerOptions options;
    options.base = base_;
    options.clock = &system_clock();
    if (scheme == Scheme::https) {
      const TestCertificate certificate;
      auto tls = load_tls(certificate.certificate_file(), certificate.key_file());
      EXPECT_TRUE(tls.has_value());
      options.tls = *tls;
    }
    options.admit = [this](const convert::wire::HttpRequestHead& head) { return admit(head); };
    options.serve = [this](Request&& request, Reply& reply) { serve(std::move(request), reply); };
    options.on_rejected = [this](const Rejected& r) {
      rejected.push_back(r.error);
      rejected_ids.emplace_back(r.request_id);
      rejected_bodies.emplace_back(r.body_in, r.body_out);
    };
    options.on_options = [this](const OptionsAnswered&) { ++options_answered; };
    options.make_request_id = [this] { return "req-" + std::to_string(++ids_); };
    if (change) change(options);
    limits = options.limits;
    server = std::make_unique<Server>(std::move(options));
    auto bound = bind_listener("127.0.0.1:0");
    EXPECT_TRUE(bound.has_value());
    address = bound->address;
    server->listen(bound->socket);
  }
  ~Rig() {
    server.reset();
    event_base_loop(base_, EVLOOP_NONBLOCK);
    event_free(tick_);
    event_base_free(base_);
  }
  Rig(const Rig&) = delete;
  Rig& operator=(const Rig&) = delete;

  void pump() { event_base_loop(base_, EVLOOP_NONBLOCK); }
  // Runs the loop until it holds; the time limit only ends a test that has failed.
  bool until(const std::function<bool()>& holds) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (!holds()) {
      if (std::chrono::steady_clock::now() > end) return false;
      event_base_loop(base_, EVLOOP_ONCE);
    }
    return true;
  }
  // Whether it holds within 100 turns of the loop, each of them a millisecond unless there is
  // something to do: a pause of the machine is one turn.
  bool soon(const std::function<bool()>& holds) {
    for (int turns = 0; turns < 100 && !holds(); ++turns) event_base_loop(base_, EVLOOP_ONCE);
    return holds();
  }
  int port() const { return std::atoi(address.substr(address.rfind(':') + 1).c_str()); }
  Scheme scheme() const { return scheme_; }
  Held& held(std::size_t i) { return *held_.at(i); }
  std::size_t held_count() const { return held_.size(); }
  std::uint64_t open() const { return server->counters().connections_open; }

  std::unique_ptr<Server> server;
  ServerLimits limits;
  std::string address;
  std::vector<convert::Error> rejected;
  std::vector<std::string> rejected_ids;
  std::vector<std::pair<std::uint64_t, std::uint64_t>> rejected_bodies;  // bytes in, out
  std::vector<std::string> served;  // method, target, body size
  int options_answered = 0;

 private:
  Admission admit(const convert::wire::HttpRequestHead& head) {
    Admission admission;
    if (head.path == "/denied") {
      convert::Error error;
      error.kind = convert::ErrorKind::unauthenticated;
      admission.refusal = error;
      admission.refusal_headers = {{"WWW-Authenticate", "Bearer"}};
    }
    if (head.path == "/small") admission.max_body = 10;
    return admission;
  }
  void serve(Request&& request, Reply& reply) {
    served.push_back(request.head.method + " " + request.head.target + " " +
                     std::to_string(request.body.size()));
    if (request.head.path == "/hold") {
      held_.push_back(std::make_unique<Held>());
      Held* held = held_.back().get();
      held->request = std::move(request);
      held->reply = &reply;
      reply.watch({[held](ReplyEnd end) { held->ends.push_back(end); },
                   [held] {
                     ++held->drained;
                     if (held->on_drained) held->on_drained();
                   }});
    } else if (request.head.path == "/echo") {
      reply.send(200, {{"Content-Type", "text/plain"}}, request.body.view());
    } else {
      reply.send(200, {{"Content-Type", "text/plain"}}, "hello " + request.head.query);
    }
  }

  Scheme scheme_;
  event_base* base_;
  event* tick_;
  int ids_ = 0;
  std::vector<std::unique_ptr<Held>> held_;
};

struct Answer {
  int status = 0;
  std::string head;
  std::string body;
  bool complete = false;

  std::string field(const std::string& name) const {
    const std::size_t at = head.find("\r\n" + name + ": ");
    if (at == std::string::npos) return "";
    const std::size_t begin = at + name.size() + 4;
    return head.substr(begin, head.find("\r\n", begin) - begin);
  }
};

class Client {
 public:
  explicit Client(Rig& rig, int receive_buffer = 0) : rig_(rig) {
    fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    const int on = 1;
    ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (receive_buffer > 0) {
      ::setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    }
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(static_cast<std::uint16_t>(rig.port()));
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    (void)::connect(fd_, reinterpret_cast<sockaddr*>(&to), sizeof to);
    if (rig.scheme() == Scheme::https) {
      context_ = SSL_CTX_new(TLS_client_method());
      ssl_ = SSL_new(context_);
      SSL_set_fd(ssl_, fd_);
      SSL_set_connect_state(ssl_);
      SSL_set_mode(ssl_, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
      rig.until([&] { return SSL_do_handshake(ssl_) == 1; });
    } else {
      rig.until([&] {
        pollfd state{fd_, POLLOUT, 0};
        return ::poll(&state, 1, 0) == 1;
      });
    }
  }
  ~Client() { close(); }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  int fd() const { return fd_; }
  bool ended() const { return ended_; }  // EOF or reset was read
  bool was_reset() const { return reset_; }

  // What fits at once; -1 when the connection is gone.
  ssize_t send_some(std::string_view bytes) {
    if (ssl_ != nullptr) {
      const int n = SSL_write(ssl_, bytes.data(), static_cast<int>(bytes.size()));
      if (n > 0) return n;
      return SSL_get_error(ssl_, n) == SSL_ERROR_WANT_WRITE ? 0 : -1;
    }
    const ssize_t n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    return n < 0 && errno == EAGAIN ? 0 : n;
  }
  // Sends all, the server's loop running; false when the server does not take it.
  bool send(std::string_view bytes) {
    return rig_.until([&] {
      while (!bytes.empty()) {
        const ssize_t n = send_some(bytes);
        if (n < 0) return true;
        if (n == 0) return false;
        bytes.remove_prefix(static_cast<std::size_t>(n));
      }
      return true;
    }) && bytes.empty();
  }
  // The same, and has the server read it.
  void send_through(std::string_view bytes) {
    send(bytes);
    rig_.until([&] {
      int on_its_way = 0;
      return ::ioctl(fd_, SIOCOUTQ, &on_its_way) != 0 || on_its_way == 0;
    });
    for (int i = 0; i < 20; ++i) rig_.pump();
  }
  void receive() {
    char buffer[65536];
    while (!ended_) {
      ssize_t n = 0;
      if (ssl_ != nullptr) {
        n = SSL_read(ssl_, buffer, sizeof buffer);
        if (n <= 0) {
          if (SSL_get_error(ssl_, static_cast<int>(n)) == SSL_ERROR_WANT_READ) return;
          ended_ = true;
          return;
        }
      } else {
        n = ::recv(fd_, buffer, sizeof buffer, 0);
        if (n < 0 && errno == EAGAIN) return;
        reset_ = n < 0;
        ended_ = n <= 0;
      }
      if (n > 0) input_.append(buffer, static_cast<std::size_t>(n));
    }
  }
  std::string& input() { return input_; }

  // The next whole answer (HEAD: of a request without a body in its answer).
  Answer read(std::string_view method = "GET") {
    Answer answer;
    rig_.until([&] {
      receive();
      return parse(method, answer) || ended_;
    });
    if (!answer.complete) parse(method, answer);
    return answer;
  }
  // Everything until the server closes.
  std::string read_to_end() {
    rig_.until([&] {
      receive();
      return ended_;
    });
    return std::exchange(input_, {});
  }
  void shutdown_write() { ::shutdown(fd_, SHUT_WR); }
  void close() {
    if (ssl_ != nullptr) SSL_free(ssl_);
    if (context_ != nullptr) SSL_CTX_free(context_);
    ssl_ = nullptr;
    context_ = nullptr;
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }
  void reset() {
    const linger now{1, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close();
  }

 private:
  bool parse(std::string_view method, Answer& answer) {
    const std::size_t end = input_.find("\r\n\r\n");
    if (end == std::string::npos) return false;
    Answer parsed;
    parsed.head = input_.substr(0, end + 2);
    parsed.status = std::atoi(parsed.head.c_str() + 9);
    std::string rest = input_.substr(end + 4);
    std::size_t used = 0;
    if (method == "HEAD" || parsed.status == 100 || parsed.status == 204) {
      parsed.complete = true;
    } else if (const std::string length = parsed.field("Content-Length"); !length.empty()) {
      used = std::strtoul(length.c_str(), nullptr, 10);
      parsed.complete = rest.size() >= used;
      parsed.body = rest.substr(0, used);
    } else if (parsed.field("Transfer-Encoding") == "chunked") {
      parsed.complete = unchunk(rest, used, parsed.body);
    } else {
      parsed.complete = ended_;
      parsed.body = rest;
      used = rest.size();
    }
    answer = parsed;
    if (parsed.complete) input_ = rest.substr(used);
    return parsed.complete;
  }
  static bool unchunk(const std::string& text, std::size_t& used, std::string& body) {
    for (std::size_t at = 0;;) {
      const std::size_t line = text.find("\r\n", at);
      if (line == std::string::npos) return false;
      const std::size_t size = std::strtoul(text.c_str() + at, nullptr, 16);
      if (text.size() < line + 2 + size + 2) return false;
      body.append(text, line + 2, size);
      at = line + 2 + size + 2;
      if (size == 0) {
        used = at;
        return true;
      }
    }
  }

  Rig& rig_;
  int fd_ = -1;
  SSL_CTX* context_ = nullptr;
  SSL* ssl_ = nullptr;
  std::string input_;
  bool ended_ = false;
  bool reset_ = false;
};

inline std::string get(const std::string& target, const std::string& fields = "") {
  return "GET " + target + " HTTP/1.1\r\nHost: x\r\n" + fields + "\r\n";
}
inline std::string post(const std::string& target, const std::string& body,
                        const std::string& fields = "") {
  return "POST " + target + " HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n" + fields +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

}  // namespace oriel::gateway::http
