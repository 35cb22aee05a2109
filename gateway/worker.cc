#include "gateway/worker.h"

#include <event2/event.h>

#include <utility>

#include "gateway/aws/sigv4.h"
#include "gateway/exchange/chat_exchange.h"
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
  Router router;
  CurlUpstream upstream;
  std::unique_ptr<MediaFetcher> media;
  aws::Signer signer;
  ChatContext chat;
  Front front;
  Timer tick;
  SteadyTime tick_due;
  Timer drain_tick;
  std::function<void()> idle;

  FrontOptions front_options();
  void look_up(const std::string& arn, std::function<void()> done);
  void on_tick();
  void on_drain_tick();
};

Worker::Loop::Loop(WorkerOptions given)
    : options(std::move(given)),
      base(make_base()),
      mailbox(base.get()),
      router(*options.router),
      upstream(base.get(), upstream_options(*options.front.config)),
      media(make_media_fetcher(base.get(), options.front.config->media)),
      front(base.get(), front_options()),
      tick(base.get(), [this] { on_tick(); }),
      drain_tick(base.get(), [this] { on_drain_tick(); }) {
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
  front.handlers().chat = &chat;
  front.handlers().router = &router;
}

// As lent, but that pages come back to this thread.
FrontOptions Worker::Loop::front_options() {
  FrontOptions made = options.front;
  made.scrape = [this](ScrapeRequest wanted, std::function<void(metrics::Exposition)> done) {
    options.front.scrape(std::move(wanted),
                         [this, done = std::move(done)](metrics::Exposition page) {
                           mailbox.post([done, page = std::move(page)] { done(page); });
                         });
  };
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
  const SteadyTime now = options.front.clock->now();
  router.forget(now);
  options.front.shard->loop_lag(now > tick_due ? now - tick_due : std::chrono::nanoseconds(0));
  front.tick(now);
  tick_due = now + kTick;
  tick.arm(kTick);
}

void Worker::Loop::on_drain_tick() {
  if (!front.idle()) return drain_tick.arm(kDrainTick);
  idle();
}

Worker::Worker(WorkerOptions options) : loop_(std::make_unique<Loop>(std::move(options))) {}

Worker::~Worker() {
  if (!thread_.joinable()) return;
  stop();
  thread_.join();
}

void Worker::start() {
  Loop& loop = *loop_;
  loop.tick_due = loop.options.front.clock->now() + kTick;
  loop.tick.arm(kTick);
  loop.options.front.shard->preset_loop();
  loop.front.listen(std::exchange(loop.options.listener, -1));
  thread_ = std::thread([&loop] {
    event_base_dispatch(loop.base.get());
    loop.front.close();
  });
}

void Worker::adopt(std::shared_ptr<const ModelListing> listing) {
  loop_->mailbox.post(
      [loop = loop_.get(), listing = std::move(listing)] { loop->router.adopt(listing); });
}

void Worker::drain(std::function<void()> idle) {
  loop_->mailbox.post([loop = loop_.get(), idle = std::move(idle)] {
    loop->idle = idle;
    loop->front.drain();
    loop->on_drain_tick();
  });
}

void Worker::stop() {
  loop_->mailbox.post([base = loop_->base.get()] { event_base_loopbreak(base); });
}

}  // namespace oriel::gateway
