// ServerCore: what the connections of one server share: its options, counters and the caps, the
// table that owns them, and the turn list, through which they do from a clean stack what must not
// happen inside a caller's (flush, tell, retire). One per Server; the worker's thread.
#pragma once

#include <sys/socket.h>

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "gateway/http/listener.h"
#include "gateway/http/server.h"

struct event;

namespace oriel::gateway::http {

class ServerCore {
 public:
  explicit ServerCore(ServerOptions options);
  ServerCore(const ServerCore&) = delete;
  ServerCore& operator=(const ServerCore&) = delete;
  ~ServerCore();

  void listen(int socket);
  void drain();
  // Takes over an accepted socket.
  void adopt(int fd, const sockaddr_storage& address);

  const ServerOptions& options() const { return options_; }
  const ServerLimits& limits() const { return options_.limits; }
  SteadyTime now() const { return options_.clock->now(); }
  bool draining() const { return draining_; }
  Counters& counters() { return counters_; }
  const Counters& counters() const { return counters_; }
  // "Date: …\r\n", written anew each second.
  const std::string& date_field();

  // Has `connection` take its turn in this loop turn, behind everything that is active already.
  // Retired connections are freed there and nowhere else.
  void ask_turn(Connection& connection);

 private:
  struct EventFree {
    void operator()(event* e) const;
  };
  static void on_turns(int, short, void* self);
  void run_turns();
  void release(Connection& connection);
  bool over_caps(const std::string& peer) const;

  ServerOptions options_;
  Counters counters_;
  bool draining_ = false;
  std::vector<std::unique_ptr<Listener>> listeners_;
  std::vector<std::unique_ptr<Connection>> connections_;
  std::size_t shed_open_ = 0;                                 // connections above the caps
  std::unordered_map<std::string, std::size_t> per_address_;  // kept where that cap is set
  std::unique_ptr<event, EventFree> turns_event_;
  std::vector<Connection*> asked_;
  std::vector<Connection*> turning_;
  std::string date_field_;
  std::int64_t date_second_ = -1;
};

}  // namespace oriel::gateway::http
