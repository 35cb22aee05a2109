#include "gateway/worker.h"

#include <event2/event.h>

#include <utility>

#include "convert/json/reader.h"
#include "gateway/aws/sigv4.h"
#include "gateway/exchange/chat_exchange.h"
#include "gateway/exchange/exchange.h"
#include "gateway/exchange/outcome.h"
#include "gateway/handlers/routes.h"
#include "gateway/upstream/curl_multi.h"
#include "gateway/upstream/media_fetch_curl.h"

namespace oriel::gateway {
namespace {

// How often the loop's lag is sampled and the connection gauges are set.
constexpr std::chrono::milliseconds kTick{250};
// How often a draining worker looks whether it is idle.
constexpr std::chrono::milliseconds kDrainTick{5};

struct BaseFree {
  void operator()(event_base* base) const { event_base_free(base); }
};
using BasePtr = std::unique_ptr<event_base, BaseFree>;

BasePtr make_base() {
  event_config* config = event_config_new();
  event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK | EVENT_BASE_FLAG_EPOLL_USE_CHANGELIST);
  BasePtr base(event_base_new_with_config(config));
  event_config_free(config);
  return base;
}

CurlUpstreamOptions upstream_options(const Config& config) {
  CurlUpstreamOptions options;
  options.ca_file = config.upstream_ca_file;
  return options;
}

}  // namespace

// Made on the starting thread, used on the worker's.
struct Worker::Loop {
  explicit Loop(WorkerOptions given);

  WorkerOptions options;
  BasePtr base;
  Mailbox mailbox;
  json::Reader reader;
  Router router;
  CurlUpstream upstream;
  std::unique_ptr<MediaFetcher> media;
  aws::Signer signer;
  ExchangeTable table;
  RecordSink records;
  ExchangeContext exchanges;
  ChatContext chat;
  HandlerContext handlers;
  std::unique_ptr<http::Server> server;
  Timer tick;
  SteadyTime tick_due;
  Timer drain_tick;
  std::function<void()> idle;
  std::uint64_t shed_seen = 0;

  http::ServerOptions server_options();
  void look_up(const std::string& arn, std::function<void()> done);
  void on_tick();
  void on_drain_tick();
  void note_connections();
};

Worker::Loop::Loop(WorkerOptions given)
    : options(std::move(given)),
      base(make_base()),
      mailbox(base.get()),
      router(*options.router),
      upstream(base.get(), upstream_options(*options.config)),
      media(make_media_fetcher(base.get(), options.config->media)),
      table(base.get()),
      records(*options.shard, options.registry->labels(), options.config->log_client_address,
              [log = options.log](std::string_view line) { log->submit(line); }),
      tick(base.get(), [this] { on_tick(); }),
      drain_tick(base.get(), [this] { on_drain_tick(); }) {
  exchanges.base = base.get();
  exchanges.clock = options.clock;
  exchanges.random = options.random;
  exchanges.config = options.config;
  exchanges.reader = &reader;
  exchanges.table = &table;
  exchanges.records = &records;
  chat.upstream = &upstream;
  chat.signer = &signer;
  chat.router = &router;
  chat.credentials = options.credentials;
  chat.media = media.get();
  chat.reasoning_cache = options.reasoning_cache;
  if (options.look_up) {
    chat.lookup_model = [this](const std::string& arn, std::function<void()> done) {
      look_up(arn, std::move(done));
    };
  }
  handlers.exchanges = &exchanges;
  handlers.chat = &chat;
  handlers.router = &router;
  handlers.health = options.health;
  handlers.scrape = [this](std::string accept, std::function<void(metrics::Exposition)> done) {
    note_connections();
    options.render(std::move(accept), [this, done = std::move(done)](metrics::Exposition page) {
      mailbox.post([done, page = std::move(page)] { done(page); });
    });
  };
  server = std::make_unique<http::Server>(server_options());
}

http::ServerOptions Worker::Loop::server_options() {
  http::ServerOptions made;
  made.base = base.get();
  made.clock = options.clock;
  made.limits = options.config->server;
  made.cors = options.config->cors;
  made.tls = options.tls;
  made.admit = [this](const convert::wire::HttpRequestHead& head) { return admit(handlers, head); };
  made.serve = [this](http::Request&& request, http::Reply& reply) {
    serve(handlers, std::move(request), reply);
  };
  made.on_rejected = [this](const http::Rejected& rejected) {
    const auto endpoint =
        rejected.head == nullptr ? metrics::Endpoint::other : endpoint_of(*rejected.head);
    records.close(record_of(rejected, *options.clock, endpoint));
  };
  made.on_options = [this](const http::OptionsAnswered& answered) {
    records.close(record_of(answered, *options.clock, endpoint_of(answered.head)));
  };
  made.make_request_id = [this] { return "req_" + random_hex(*options.random, 16); };
  return made;
}

void Worker::Loop::look_up(const std::string& arn, std::function<void()> done) {
  options.look_up(arn, [this, arn, done = std::move(done)](const LookedUpModel& model) {
    mailbox.post([this, arn, done, model] {
      router.learn(arn, model);
      done();
    });
  });
}

void Worker::Loop::on_tick() {
  const SteadyTime now = options.clock->now();
  router.forget(now);
  options.shard->loop_lag(now > tick_due ? now - tick_due : std::chrono::nanoseconds(0));
  note_connections();
  tick_due = now + kTick;
  tick.arm(kTick);
}

// Requests whose body is still on its way have no exchange yet, and answers may still be read: the
// last connection's end is the last request's.
void Worker::Loop::on_drain_tick() {
  if (table.size() != 0 || server->counters().connections_open != 0) {
    return drain_tick.arm(kDrainTick);
  }
  idle();
}

void Worker::Loop::note_connections() {
  const http::Counters& counters = server->counters();
  options.shard->set_connections(counters.connections_open, counters.connections_accepted);
  options.shard->set_buffered_bytes(counters.buffered_bytes);
  for (; shed_seen < counters.connections_shed; ++shed_seen) {
    options.shard->request_shed("connections");
  }
}

Worker::Worker(WorkerOptions options) : loop_(std::make_unique<Loop>(std::move(options))) {}

Worker::~Worker() {
  if (!thread_.joinable()) return;
  stop();
  thread_.join();
}

void Worker::start() {
  Loop& loop = *loop_;
  loop.tick_due = loop.options.clock->now() + kTick;
  loop.tick.arm(kTick);
  loop.server->listen(std::exchange(loop.options.listener, -1));
  thread_ = std::thread([&loop] {
    event_base_dispatch(loop.base.get());
    // Calls and replies go while everything that they use is still there.
    loop.table.clear();
    loop.server.reset();
  });
}

void Worker::adopt(std::shared_ptr<const ModelListing> listing) {
  loop_->mailbox.post(
      [loop = loop_.get(), listing = std::move(listing)] { loop->router.adopt(listing); });
}

void Worker::drain(std::function<void()> idle) {
  loop_->mailbox.post([loop = loop_.get(), idle = std::move(idle)] {
    loop->idle = idle;
    loop->server->drain();
    loop->on_drain_tick();
  });
}

void Worker::stop() {
  loop_->mailbox.post([base = loop_->base.get()] { event_base_loopbreak(base); });
}

}  // namespace oriel::gateway
