// A worker: one thread with its own loop, listener, upstream client, parser, metric shard and
// exchanges. A connection never leaves its worker. Other threads reach it only through its mailbox.
#pragma once

#include <functional>
#include <memory>
#include <thread>

#include "gateway/aws/credentials.h"
#include "gateway/config.h"
#include "gateway/exchange/reasoning_cache.h"
#include "gateway/handlers/health.h"
#include "gateway/http/server.h"
#include "gateway/loop.h"
#include "gateway/random.h"
#include "gateway/routing/router.h"
#include "gateway/telemetry/log_sink.h"
#include "metrics/registry.h"

namespace oriel::gateway {

// What the application lends its workers; it outlives them.
struct WorkerOptions {
  const Config* config = nullptr;
  const Clock* clock = nullptr;
  Random* random = nullptr;
  const Router* router = nullptr;  // the worker goes by a copy
  const Health* health = nullptr;
  std::shared_ptr<const aws::Credentials> credentials;  // null: none were found
  metrics::Registry* registry = nullptr;
  metrics::Shard* shard = nullptr;  // this worker's own
  LogSink* log = nullptr;
  ReasoningCache* reasoning_cache = nullptr;  // all workers' together; null: off
  std::shared_ptr<http::TlsContext> tls;
  int listener = -1;  // bound and listening; the worker takes it
  // Renders /metrics on the admin thread; `done` is called there.
  std::function<void(std::string accept, std::function<void(metrics::Exposition)> done)> render;
  // Looks an ARN's model up on the admin thread; `done` is called there. Empty: nobody can.
  std::function<void(const std::string& arn, std::function<void(const LookedUpModel&)> done)>
      look_up;
};

class Worker {
 public:
  explicit Worker(WorkerOptions options);
  ~Worker();  // stops and joins

  void start();
  // The worker's router goes by newer lists; any thread.
  void adopt(std::shared_ptr<const ModelListing> listing);
  // No new connections; `idle` is called on the worker's thread when the last one has ended.
  void drain(std::function<void()> idle);
  // Ends the loop; requests in flight are cut.
  void stop();

 private:
  struct Loop;  // everything that lives on the thread
  std::unique_ptr<Loop> loop_;
  std::thread thread_;
};

}  // namespace oriel::gateway
