#include "gateway/admin_server.h"

#include <utility>

namespace oriel::gateway {
namespace {

constexpr std::chrono::milliseconds kTick{250};

FrontOptions for_admin(FrontOptions options) {
  options.routes = admin_routes();
  options.cors = {};
  options.tls = nullptr;
  return options;
}

}  // namespace

AdminServer::AdminServer(event_base* base, FrontOptions options, int listener)
    : clock_(*options.clock),
      front_(base, for_admin(std::move(options))),
      tick_(base, [this] { on_tick(); }) {
  front_.listen(listener);
  tick_.arm(kTick);
}

void AdminServer::on_tick() {
  front_.tick(clock_.now());
  tick_.arm(kTick);
}

}  // namespace oriel::gateway
