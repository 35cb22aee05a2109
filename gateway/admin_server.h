// The admin address: metrics, probes and the status page, apart from clients. Plain HTTP on the
// admin thread's own loop; it answers from the start until the process ends, while workers drain,
// too, and nothing waits for its connections.
#pragma once

#include "gateway/front.h"
#include "gateway/loop.h"

namespace oriel::gateway {

class AdminServer {
 public:
  // Takes `listener`, which is bound and listening. The options' routes and CORS policy are its
  // own.
  AdminServer(event_base* base, FrontOptions options, int listener);

 private:
  void on_tick();

  const Clock& clock_;
  Front front_;
  Timer tick_;
};

}  // namespace oriel::gateway
