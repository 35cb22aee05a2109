// One client socket: reads requests strictly one after another, plays the script of each answer,
// and notices at any time that the client has left. Owned by its Worker, on the worker's thread.
#pragma once

#include <event2/bufferevent.h>
#include <event2/event.h>

#include <cstddef>
#include <memory>

#include "tests/bedrock_sim/http_request.h"
#include "tests/bedrock_sim/script.h"

namespace oriel::sim {

class Worker;

class Connection {
 public:
  Connection(Worker& worker, evutil_socket_t fd);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

 private:
  enum class State { kHead, kBody, kPlaying, kFlushing, kDone };

  void on_readable();
  void on_drained();
  void on_event(short what);
  void on_timer();

  bool read_head();
  bool read_body();
  bool start_body();
  void start(Script script);
  void play();
  void write_to(std::size_t end);
  void finish();
  void wait(std::int64_t milliseconds);
  void close();
  void reset();

  Worker& worker_;
  bufferevent* socket_;
  event* timer_;
  State state_ = State::kHead;
  HttpRequest request_;
  std::size_t body_have_ = 0;
  Script script_;
  std::size_t step_ = 0;
  std::size_t written_ = 0;
  std::int64_t due_ms_ = 0;
};

}  // namespace oriel::sim
