// One thread's event loop with its listener and connections. Built and run by main.
#pragma once

#include <event2/event.h>
#include <event2/listener.h>

#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

#include "tests/bedrock_sim/connection.h"
#include "tests/bedrock_sim/options.h"
#include "tests/bedrock_sim/service.h"
#include "tests/bedrock_sim/stats.h"

namespace oriel::sim {

class Worker {
 public:
  Worker(const Options& options, Stats& stats);
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  // Binds; the port that was bound, or 0 on failure. `port` 0: any.
  std::uint16_t listen(std::uint16_t port);
  // Serves until stop().
  void run();
  // From any thread.
  void stop();

  event_base* base() const { return base_; }
  Stats& stats() { return stats_; }
  Service& service() { return service_; }
  // Frees the connection once the current event has unwound.
  void retire(Connection* connection);

 private:
  void accept(evutil_socket_t fd);

  const Options& options_;
  Stats& stats_;
  Service service_;
  event_base* base_;
  int stop_fd_;
  event* stop_event_;
  event* reap_event_;
  evconnlistener* listener_ = nullptr;
  std::unordered_map<Connection*, std::unique_ptr<Connection>> connections_;
  std::vector<Connection*> retired_;
};

}  // namespace oriel::sim
