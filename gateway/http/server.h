// The HTTP front end as handlers see it: what a request is, how it is admitted, and the Reply that
// answers it. One Server per worker, on the worker's loop; everything here is used on that thread
// only. The connection (connection.h) parses, keeps deadlines and back-pressure; reply.cc alone
// writes answers. Behaviour: spec/reliability.md §1.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "convert/dialect.h"
#include "convert/error.h"
#include "convert/json/padded_buffer.h"
#include "convert/wire/http_request.h"
#include "gateway/clock.h"

struct event_base;

namespace oriel::gateway::http {

class Connection;

// Deadlines and caps of the client side. All on by default; configuration overrides them.
struct ServerLimits {
  convert::wire::HttpLimits head;
  std::size_t max_body = 20 * 1024 * 1024;               // bytes, decoded: 413
  std::chrono::milliseconds head_timeout{10'000};        // first byte to end of head: 408
  std::chrono::milliseconds keep_alive_timeout{75'000};  // idle between requests: closed
  std::chrono::milliseconds body_grace{10'000};  // the body's minimum rate starts after this
  std::size_t body_min_rate = 1024;              // bytes per second: 408
  std::chrono::milliseconds write_stall_timeout{60'000};  // nothing taken by the client: closed
  std::chrono::milliseconds tls_handshake_timeout{10'000};
  std::chrono::milliseconds linger_timeout{5'000};  // after our last byte, for the client's last
  std::size_t linger_bytes = 4 * 1024 * 1024;       // read and dropped meanwhile
  std::size_t max_connections = 10'000;             // per worker: 503
  std::size_t max_connections_per_address = 0;      // per worker; 0: no cap: 503
  std::size_t shed_reserve = 128;                   // connections above the caps that hear the 503
  std::size_t read_high_watermark = 64 * 1024;      // input held while a request is served
  std::size_t write_high_watermark = 256 * 1024;    // above: Reply::congested()
};

struct CorsPolicy {
  std::vector<std::string> origins;  // exact, or "*"; empty: off
};

struct Request {
  convert::wire::HttpRequestHead head;
  json::PaddedBuffer body;
  std::string peer;  // the client's address, without port
  std::string
      request_id;       // the caller's x-request-id when sane (1..128 of [A-Za-z0-9._-]), else ours
  bool secure = false;  // over TLS
  SteadyTime first_byte;  // of this request
  SteadyTime head_done;
  SteadyTime body_done;
};

// What ended a reply, told once to its watcher.
enum class ReplyEnd : std::uint8_t {
  flushed,      // everything was handed to the kernel
  client_gone,  // the client closed or reset, or the server was destroyed; nothing more can be sent
  stalled,      // the client took nothing for write_stall_timeout
};

// The answer to one request, owned by its connection. A watched reply is told `ended` exactly once,
// and a pointer to it is good until that call has returned; unwatched, until send(), send_error(),
// finish() or abort() has. Whatever those are followed by is ignored. A client that closes its
// side, even by half, before we have its whole answer counts as gone.
class Reply final {
 public:
  struct Watcher {
    std::function<void(ReplyEnd)> ended;  // never called from inside a call into Reply
    std::function<void()> drained;        // congested() turned false; from a clean stack, too
  };
  Reply(const Reply&) = delete;
  Reply& operator=(const Reply&) = delete;

  // At most one watcher; an empty one lets go, and the reply then ends unobserved.
  void watch(Watcher watcher);

  // A whole answer; Content-Length is put here. HEAD sends no body.
  void send(int status, std::vector<convert::Header> headers, std::string_view body);
  // An error in OpenAI's form, with Allow and the like in headers; the error's retry_after becomes
  // Retry-After and retry-after-ms unless they are there.
  void send_error(const convert::Error& error, std::vector<convert::Header> headers);

  // A streamed answer: begin, write…, then finish, or abort to cut the connection behind what was
  // written, so that the client notices (no final chunk).
  void begin(int status, std::vector<convert::Header> headers);
  void write(std::string_view bytes);
  void finish();
  void abort();

  bool begun() const { return state_ != State::unbegun; }
  std::size_t buffered() const;                  // bytes waiting for the client's socket
  bool congested() const { return congested_; }  // over write_high_watermark, until half of it
  std::uint64_t body_sent() const;               // bytes of the body handed over so far

 private:
  friend class Connection;
  enum class State : std::uint8_t { unbegun, streaming, complete };
  enum class BodyCoding : std::uint8_t { none, plain, chunked };

  explicit Reply(Connection& connection) : connection_(connection) {}
  void reset();
  void write_head(int status, std::span<const convert::Header> headers,
                  std::optional<std::size_t> length);
  void write_fields(std::span<const convert::Header> headers, std::string& out);
  void note_staged();
  void complete();

  Connection& connection_;
  Watcher watcher_;
  State state_ = State::unbegun;
  BodyCoding coding_ = BodyCoding::none;
  bool congested_ = false;
  std::uint64_t body_queued_ = 0;
};

// Decides on a request by its head alone, before its body is read.
struct Admission {
  std::size_t max_body = 0;               // cap for this route; 0: ServerLimits::max_body
  std::optional<convert::Error> refusal;  // answered at once; closes if a body was announced
  std::vector<convert::Header> refusal_headers;
};

using Admit = std::function<Admission(const convert::wire::HttpRequestHead&)>;
using Serve = std::function<void(Request&&, Reply&)>;

// A request that never reached a handler (refused head, early refusal, timeout while reading,
// client gone before its body ended: kind cancelled, server destroyed before that: kind draining):
// told so that it gets its record too.
struct Rejected {
  enum class Answered : bool { no, yes };
  const convert::wire::HttpRequestHead* head = nullptr;  // nullptr: the head itself was refused
  convert::Error error;
  Answered answered = Answered::yes;  // no: nobody is there to hear it
  std::string_view request_id;
  std::string_view peer;
  std::uint64_t body_in = 0;   // bytes of the body, as far as it came
  std::uint64_t body_out = 0;  // bytes of the answer's body
  SteadyTime first_byte;
};
using OnRejected = std::function<void(const Rejected&)>;

// An OPTIONS request, which the server answers itself (204).
struct OptionsAnswered {
  const convert::wire::HttpRequestHead& head;
  std::string_view request_id;
  std::string_view peer;
  SteadyTime first_byte;
};
using OnOptions = std::function<void(const OptionsAnswered&)>;

struct Counters {
  std::uint64_t connections_accepted = 0;
  std::uint64_t connections_open = 0;
  std::uint64_t connections_shed = 0;
  std::uint64_t accept_pauses = 0;    // out of descriptors or memory: accepting rested
  std::uint64_t headers_dropped = 0;  // response headers that must not be sent (CR, LF, NUL, …)
  std::uint64_t buffered_bytes = 0;   // answers waiting for clients' sockets
};

// TLS of a listener: PEM files, TLS 1.2 or newer. Loaded once, shared by the workers.
class TlsContext;
// Throws nothing: an Error names the file and OpenSSL's reason.
convert::Result<std::shared_ptr<TlsContext>> load_tls(const std::string& certificate_file,
                                                      const std::string& key_file);

struct ServerOptions {
  event_base* base = nullptr;  // the worker's; outlives the server
  const Clock* clock = nullptr;
  ServerLimits limits;
  CorsPolicy cors;
  std::shared_ptr<TlsContext> tls;  // nullptr: plain HTTP
  Admit admit;
  Serve serve;
  OnRejected on_rejected;  // may be empty
  OnOptions on_options;    // may be empty
  std::function<std::string()> make_request_id;
};

class ServerCore;

// Ignores SIGPIPE for the process. Not to be destroyed from inside one of its own callbacks.
class Server {
 public:
  explicit Server(ServerOptions options);
  ~Server();  // closes every connection; replies still watched are told client_gone

  // Accepts on a bound, listening, non-blocking socket, which the server then owns.
  void listen(int socket);
  // Stops accepting; idle connections close, busy ones close after their current answer.
  void drain();
  const Counters& counters() const;

 private:
  std::unique_ptr<ServerCore> core_;
};

// With SO_REUSEPORT the workers share a port, and so would a second gateway that was started by
// mistake: the first socket is therefore bound once without it, to see that the port is free.
enum class PortSharing : std::uint8_t { none, workers };

// Binds and listens; port 0 picks one. The address is "127.0.0.1:8080" or "[::1]:0".
struct Bound {
  int socket = -1;
  std::string address;  // with the actual port
};
convert::Result<Bound> bind_listener(const std::string& address,
                                     PortSharing sharing = PortSharing::workers);

}  // namespace oriel::gateway::http
