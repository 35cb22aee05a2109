// A TCP server for tests that does what no server should: the test's function plays each connection
// on a thread of its own, byte by byte. It listens on a free port of 127.0.0.1 from construction to
// destruction.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

struct ssl_ctx_st;
struct ssl_st;

namespace oriel::gateway {

class Connection {
 public:
  Connection(int socket, ssl_st* tls) : socket_(socket), tls_(tls) {}
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Head and body (Content-Length) of the next request; empty when the client is gone.
  std::string read_request();
  std::string read_head();
  // False when the client is gone.
  bool send(std::string_view bytes);
  // Blocks until the client closes; says how many bytes came before.
  std::size_t wait_closed();
  void reset();    // RST instead of FIN
  int number = 0;  // of this connection, from 1
  void shut();

 private:
  std::size_t receive(char* buffer, std::size_t size);
  int socket_;
  ssl_st* tls_;
  std::string buffer_;
};

class HostileServer {
 public:
  using Play = std::function<void(Connection&)>;
  explicit HostileServer(Play play, ssl_ctx_st* tls = nullptr);
  ~HostileServer();
  std::string url(std::string_view path = "/") const;
  int port() const { return port_; }
  int accepted() const { return accepted_; }

 private:
  void accept_all();
  Play play_;
  ssl_ctx_st* tls_;
  int listener_ = -1;
  int port_ = 0;
  std::atomic<int> accepted_{0};
  std::mutex mutex_;
  std::vector<std::shared_ptr<Connection>> open_;
  std::vector<std::thread> threads_;
  std::thread acceptor_;
};

// A port of 127.0.0.1 that nobody serves and nobody else takes: `closed` refuses connections, of
// those to a `full` one nothing is heard.
class QuietPort {
 public:
  enum class Kind : bool { closed, full };
  explicit QuietPort(Kind kind);
  ~QuietPort();
  QuietPort(const QuietPort&) = delete;
  QuietPort& operator=(const QuietPort&) = delete;
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_) + "/"; }

 private:
  int socket_;
  int queued_ = -1;  // the one connection that a full one holds
  int port_ = 0;
};

// "HTTP/1.1 200 OK" with a Content-Length.
std::string plain_answer(std::string_view body);

}  // namespace oriel::gateway
