// A worker: one thread with its own loop, listener, upstream client, parser, metric shard and
// exchanges. A connection never leaves its worker. Other threads reach it only through its mailbox.
#pragma once

#include <functional>
#include <memory>
#include <thread>

#include "gateway/aws/credentials.h"
#include "gateway/exchange/reasoning_cache.h"
#include "gateway/front.h"
#include "gateway/loop.h"
#include "gateway/routing/router.h"

namespace oriel::gateway {

// What the application lends its workers; it outlives them.
struct WorkerOptions {
  FrontOptions front;                                   // its scrape answers on the admin thread
  const Router* router = nullptr;                       // the worker goes by a copy
  std::shared_ptr<const aws::Credentials> credentials;  // null: none were found
  ReasoningCache* reasoning_cache = nullptr;            // all workers' together; null: off
  int listener = -1;                                    // bound and listening; the worker takes it
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
