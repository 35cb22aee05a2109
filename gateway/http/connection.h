// Connection: one client's socket and the requests on it, one after the other: reads a head, has it
// admitted, reads the body, has it served, waits until the answer has left, and goes on. One switch
// on the phase (connection.cc) owns the control flow; deadlines.cc says how long each phase may
// last; reply.cc writes the answers.
//
// Owned by its ServerCore; it never frees itself: it becomes retired and is freed on its turn. What
// handlers are told (`ended`, `drained`, Serve) comes from libevent's stack or from take_turn(),
// never from inside a call into Reply. The worker's thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "convert/wire/http_request.h"
#include "gateway/http/client_socket.h"
#include "gateway/http/server.h"

struct event;

namespace oriel::gateway::http {

class ServerCore;

class Connection {
 public:
  enum class Kind : std::uint8_t { served, shed };  // shed: above a cap, told 503

  Connection(ServerCore& core, std::string peer, Kind kind);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection();
  void open(int fd);

  void on_drain();
  void on_server_end();
  void take_turn();
  bool retired() const { return phase_ == Phase::closed && !turn_asked_; }

  const std::string& peer() const { return peer_; }
  Kind kind() const { return kind_; }
  std::size_t index() const { return index_; }
  void set_index(std::size_t index) { index_ = index; }

 private:
  friend class Reply;

  enum class Phase : std::uint8_t {
    handshake,  // TLS
    idle,       // between requests
    head,       // some bytes of a head are here
    body,       // the request is admitted
    serving,    // a handler has it
    flushing,   // the answer is complete, the kernel has not taken all of it
    lingering,  // our side is closed; the client's last bytes are dropped
    abandoned,  // the client has gone, an unwatched handler still has the reply
    closed,
  };
  // What becomes of the connection behind the current answer.
  enum class After : std::uint8_t { keep, close, reset };

  struct EventFree {
    void operator()(event* e) const;
  };
  static void on_input(bufferevent*, void* self);
  static void on_output(bufferevent*, void* self);
  static void on_event(bufferevent*, short what, void* self);
  static void on_timer(int, short, void* self);

  // connection.cc
  void advance();
  bool start_request();
  bool read_head();
  bool take_head();
  bool read_body();
  bool read_counted_body();
  bool read_chunked_body();
  bool serve();
  bool discard();
  bool refuse(const convert::wire::HttpRequestHead* head, const convert::Error& error,
              std::vector<convert::Header> headers);
  void answer_options();
  void note_unread(convert::ErrorKind why);
  void note_rejected(const convert::wire::HttpRequestHead* head, const convert::Error& error,
                     Rejected::Answered answered);
  void choose_request_id();
  void on_end_of_input();
  void settle();
  void end_exchange();
  void linger();
  void leave(ReplyEnd end);
  void close(ClientSocket::Close how);
  void tell_ended(ReplyEnd end);
  void note_buffered();
  void ask_turn();
  void on_reply_complete();  // reply.cc says so
  bool must_close() const;

  // deadlines.cc
  std::optional<SteadyTime> deadline() const;
  std::optional<SteadyTime> body_deadline() const;
  void keep_time();
  void on_time();
  void on_deadline();

  ServerCore& core_;
  ClientSocket socket_;
  std::string peer_;
  std::size_t index_ = 0;
  Kind kind_;
  Phase phase_ = Phase::idle;
  After after_ = After::keep;
  bool input_ended_ = false;
  bool turn_asked_ = false;
  ReplyEnd end_ = ReplyEnd::client_gone;  // abandoned: what the watcher is to hear

  std::unique_ptr<event, EventFree> timer_;
  std::optional<SteadyTime> timer_at_;  // when it fires; never later than the phase's deadline
  SteadyTime phase_since_;
  std::optional<SteadyTime> probe_at_;  // input is full: when to ask whether the client is there

  // The current request.
  convert::wire::HeadParser parser_;
  convert::wire::HttpRequestHead head_;
  std::optional<convert::wire::BodyParser> body_parser_;
  json::PaddedBuffer body_;
  std::size_t body_cap_ = 0;
  std::string request_id_;
  std::string origin_;  // for CORS
  bool head_only_ = false;
  bool http10_ = false;
  std::uint64_t body_octets_ = 0;  // of the body so far, chunks' framing included
  std::size_t lingered_bytes_ = 0;
  SteadyTime first_byte_;
  SteadyTime head_done_;
  SteadyTime body_done_;

  Reply reply_;
  std::size_t buffered_noted_ = 0;  // our part of Counters::buffered_bytes
};

}  // namespace oriel::gateway::http
