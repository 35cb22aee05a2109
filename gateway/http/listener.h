// Listener: accepts clients on one listening socket, a bounded number per loop turn, and rests when
// the process is out of descriptors or memory instead of spinning. Owned by its ServerCore; its
// thread.
#pragma once

#include <memory>

struct event;
struct event_base;

namespace oriel::gateway::http {

class ServerCore;

class Listener {
 public:
  // Owns `socket`, which must be bound, listening and non-blocking.
  Listener(ServerCore& core, event_base* base, int socket);
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;
  ~Listener();

  // Accepts who has already connected: before closing, so that nobody is reset.
  void accept_rest();

 private:
  enum class Accepted { one, none, starved };
  struct EventFree {
    void operator()(event* e) const;
  };
  static void on_readable(int, short, void* self);
  static void on_rested(int, short, void* self);
  Accepted accept_one();
  void accept_some();

  ServerCore& core_;
  int socket_;
  std::unique_ptr<event, EventFree> readable_;
  std::unique_ptr<event, EventFree> rested_;
};

}  // namespace oriel::gateway::http
