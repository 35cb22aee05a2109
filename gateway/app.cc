#include "gateway/app.h"

#include <event2/event.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "gateway/admin_server.h"
#include "gateway/aws/credentials.h"
#include "gateway/aws/endpoints.h"
#include "gateway/exchange/reasoning_cache.h"
#include "gateway/handlers/health.h"
#include "gateway/loop.h"
#include "gateway/random.h"
#include "gateway/routing/control_plane.h"
#include "gateway/routing/directory_fetcher.h"
#include "gateway/routing/router.h"
#include "gateway/telemetry/log_sink.h"
#include "gateway/telemetry/otlp_sink.h"
#include "gateway/telemetry/process_source.h"
#include "gateway/upstream/curl_multi.h"
#include "gateway/version.h"
#include "gateway/worker.h"
#include "metrics/registry.h"

namespace oriel::gateway {
namespace {

using convert::Result;

// How long the process's end waits for the collector.
constexpr std::chrono::milliseconds kFlushPatience{3'000};

// The parts of a running gateway, in the order in which they depend on each other.
class App {
 public:
  App(const Config& config, const Environment& environment)
      : config_(config), environment_(environment) {}

  int run();

 private:
  Result<void> prepare();
  Result<void> open_emf();
  Result<void> prepare_aws();
  void show_credentials_expiry();
  Result<void> check_bearer_endpoints() const;
  Result<void> listen();
  FrontOptions front_options();
  void start_workers();
  static void step_back();
  void start_admin();
  void announce(SteadyTime start);
  void make_directory();
  void make_exporter();
  void adopt(std::shared_ptr<const ModelDirectory> directory);
  Result<std::string> control_endpoint(std::string_view region) const;
  void watch_signals();
  metrics::Exposition render(const ScrapeRequest& wanted);

  static void on_signal(int signal, short, void* self);
  void begin_shutdown();
  void begin_drain();
  void on_worker_idle();
  void flush_spans();

  const Config& config_;
  const Environment& environment_;
  const Clock& clock_ = system_clock();
  struct BaseFree {
    void operator()(event_base* base) const { event_base_free(base); }
  };
  std::unique_ptr<event_base, BaseFree> base_;
  std::unique_ptr<LogSink> log_;
  std::unique_ptr<LogSink> emf_file_;  // where the log goes elsewhere than EMF documents
  LogSink* emf_log_ = nullptr;         // null: off
  std::unique_ptr<metrics::Registry> registry_;
  std::unique_ptr<Router> router_;
  std::optional<aws::Endpoints> endpoints_;  // none without a Bedrock provider
  std::shared_ptr<const aws::Credentials> credentials_;
  std::unique_ptr<ReasoningCache> reasoning_cache_;
  std::shared_ptr<http::TlsContext> tls_;
  Health health_;
  std::vector<http::Bound> bound_;
  std::optional<http::Bound> admin_bound_;  // none: no admin address
  std::unique_ptr<Mailbox> mailbox_;
  std::unique_ptr<Timer> timer_;  // ends the lame duck's time, then the drain's
  std::vector<EventPtr> signals_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::size_t busy_workers_ = 0;
  // What asks AWS for its lists; none of it without credentials.
  std::unique_ptr<CurlUpstream> aws_client_;
  std::unique_ptr<ControlPlane> control_plane_;
  // What exports spans; none of it without a collector.
  std::unique_ptr<CurlUpstream> otlp_client_;
  std::unique_ptr<OtlpSink> otlp_;
  std::unique_ptr<DirectoryFetcher> directory_;
  std::unique_ptr<AdminServer> admin_;  // none without an address
  int exit_code_ = 0;
};

std::size_t worker_count(const Config& config) {
  return config.workers != 0 ? config.workers : std::max(1U, std::thread::hardware_concurrency());
}

Result<void> App::prepare() {
  base_.reset(event_base_new());
  mailbox_ = std::make_unique<Mailbox>(base_.get());
  timer_ = std::make_unique<Timer>(base_.get(), [this] {
    health_.draining ? static_cast<void>(event_base_loopbreak(base_.get())) : begin_drain();
  });
  auto log = LogSink::open({.path = config_.log_file}, clock_);
  if (!log) return Unexpected{std::move(log.error())};
  log_ = std::move(*log);
  if (auto emf = open_emf(); !emf) return emf;
  registry_ = std::make_unique<metrics::Registry>(
      metrics::BuildInfo{kVersion, kCommit, kCompiler},
      config_.semconv ? metrics::Semconv::on : metrics::Semconv::off);
  registry_->set_config(1, clock_.wall());
  if (auto aws = prepare_aws(); !aws) return aws;
  if (!config_.tls_certificate.empty()) {
    auto tls = http::load_tls(config_.tls_certificate, config_.tls_key);
    if (!tls) return Unexpected{std::move(tls.error())};
    tls_ = std::move(*tls);
  }
  return listen();
}

// EMF documents go to standard output; where the log goes there, too, they share its queue, so that
// lines never mix.
Result<void> App::open_emf() {
  if (!config_.emf) return {};
  if (config_.log_file.empty()) {
    emf_log_ = log_.get();
    return {};
  }
  auto file = LogSink::open({}, clock_);
  if (!file) return Unexpected{std::move(file.error())};
  emf_file_ = std::move(*file);
  emf_log_ = emf_file_.get();
  return {};
}

// Region, endpoints and credentials; without a Bedrock provider none of them is looked for.
Result<void> App::prepare_aws() {
  const bool uses_aws = std::any_of(
      config_.providers.begin(), config_.providers.end(),
      [](const auto& provider) { return provider.type == ProviderConfig::Type::bedrock; });
  std::string region;
  EndpointOf endpoint_of;
  if (uses_aws) {
    auto shared = aws::SharedConfig::load(environment_);
    if (!shared) return Unexpected{std::move(shared.error())};
    auto endpoints = aws::Endpoints::make(environment_, *shared);
    if (!endpoints) return Unexpected{std::move(endpoints.error())};
    auto found = aws::default_chain(environment_)->load();
    if (!found) return Unexpected{std::move(found.error())};
    if (*found) credentials_ = std::make_shared<const aws::Credentials>(std::move(**found));
    show_credentials_expiry();
    region = aws::find_region(environment_, *shared);
    endpoints_ = std::move(*endpoints);
    endpoint_of = [this](std::string_view where) {
      return endpoints_->url(aws::Service::bedrock_runtime, where);
    };
  }
  auto router = Router::make(config_, region, std::move(endpoint_of), *registry_);
  if (!router) return Unexpected{std::move(router.error())};
  router_ = std::move(*router);
  if (credentials_ && !credentials_->bearer_token.empty()) return check_bearer_endpoints();
  return {};
}

void App::show_credentials_expiry() {
  if (!credentials_ || !credentials_->expires) return;
  for (const ProviderConfig& provider : config_.providers) {
    if (provider.type != ProviderConfig::Type::bedrock) continue;
    registry_->set_credentials_expiry(provider.name, *credentials_->expires);
  }
}

// A bearer token may leave this machine only over TLS.
Result<void> App::check_bearer_endpoints() const {
  std::vector<std::string> urls = router_->aws_endpoints();
  for (const std::string& region : router_->listed_regions()) {
    if (auto url = control_endpoint(region)) urls.push_back(std::move(*url));
  }
  for (const std::string& url : urls) {
    if (auto checked = aws::check_bearer_transport(url); !checked) return checked;
  }
  return {};
}

Result<std::string> App::control_endpoint(std::string_view region) const {
  if (auto configured = router_->control_url(region)) return std::move(*configured);
  return endpoints_->url(aws::Service::bedrock, region);
}

// One listening socket per worker on the same port; the kernel spreads connections over them.
Result<void> App::listen() {
  auto alone = http::bind_listener(config_.listen, http::PortSharing::none);
  if (!alone) return Unexpected{std::move(alone.error())};
  ::close(alone->socket);
  std::string address = alone->address;
  for (std::size_t i = 0; i < worker_count(config_); ++i) {
    auto bound = http::bind_listener(address);
    if (!bound) return Unexpected{std::move(bound.error())};
    address = bound->address;
    bound_.push_back(std::move(*bound));
  }
  if (config_.admin_listen.empty()) return {};
  auto admin = http::bind_listener(config_.admin_listen, http::PortSharing::none);
  if (!admin) return Unexpected{std::move(admin.error())};
  admin_bound_ = std::move(*admin);
  return {};
}

void App::make_directory() {
  if (!credentials_ || config_.bedrock_refresh.count() == 0) return;
  std::vector<std::string> regions = router_->listed_regions();
  if (regions.empty()) return;
  CurlUpstreamOptions client;
  client.ca_file = config_.upstream_ca_file;
  client.max_connections = 16;
  client.max_pooled_handles = 4;
  aws_client_ = std::make_unique<CurlUpstream>(base_.get(), std::move(client));
  control_plane_ = std::make_unique<ControlPlane>(
      base_.get(), clock_, *aws_client_, credentials_,
      [this](std::string_view region) { return control_endpoint(region); });
  DirectoryOptions options;
  options.regions = std::move(regions);
  options.refresh = config_.bedrock_refresh;
  options.on_lists = [this](std::shared_ptr<const ModelDirectory> lists) {
    adopt(std::move(lists));
  };
  options.on_region = [this](std::string_view region, std::string_view fault) {
    using Refresh = metrics::Registry::Refresh;
    registry_->count_model_list_refresh(region, fault.empty() ? Refresh::ok : Refresh::failed);
  };
  options.on_fault = [this](std::string_view region, std::string_view what) {
    log_->log(LogLevel::warn, "model_lists_unavailable", {{"region", region}, {"detail", what}});
  };
  directory_ =
      std::make_unique<DirectoryFetcher>(base_.get(), clock_, *control_plane_, std::move(options));
}

void App::make_exporter() {
  if (!config_.tracing.exports()) return;
  CurlUpstreamOptions client;
  const std::string& own_ca = config_.tracing.ca_file;
  client.ca_file = own_ca.empty() ? config_.upstream_ca_file : own_ca;
  client.max_connections = 2;
  client.max_pooled_handles = 2;
  otlp_client_ = std::make_unique<CurlUpstream>(base_.get(), std::move(client));
  OtlpSink::Options options{config_.tracing, kVersion, {}};
  options.on_health = [this](OtlpSink::Health health, std::string_view detail) {
    const bool working = health == OtlpSink::Health::working;
    log_->log(working ? LogLevel::info : LogLevel::warn,
              working ? "span_export_works" : "span_export_fails", {{"detail", detail}});
  };
  otlp_ = std::make_unique<OtlpSink>(base_.get(), clock_, system_random(), *otlp_client_,
                                     std::move(options));
}

void App::adopt(std::shared_ptr<const ModelDirectory> directory) {
  auto listing = router_->list(std::move(directory), clock_.wall());
  router_->adopt(listing);
  for (const auto& worker : workers_) worker->adopt(listing);
}

// What a worker and the admin server have alike.
FrontOptions App::front_options() {
  FrontOptions options;
  options.config = &config_;
  options.clock = &clock_;
  options.random = &system_random();
  options.health = &health_;
  options.registry = registry_.get();
  options.shard = &registry_->add_shard();
  options.log = log_.get();
  options.emf_log = emf_log_;
  if (otlp_) {
    options.spans = [this](SpanBatch batch) {
      if (!otlp_->admit(batch.count)) return;
      mailbox_->post([this, batch = std::move(batch)] { otlp_->submit(batch); });
    };
  }
  options.routes = client_routes();
  options.cors = config_.cors;
  options.tls = tls_;
  options.scrape = [this](ScrapeRequest wanted, std::function<void(metrics::Exposition)> done) {
    mailbox_->post([this, wanted = std::move(wanted), done = std::move(done)] {
      if (!workers_.empty()) done(render(wanted));
    });
  };
  return options;
}

void App::start_workers() {
  if (config_.chat.signature_cache_bytes > 0) {
    reasoning_cache_ = std::make_unique<ReasoningCache>(config_.chat.signature_cache_bytes, clock_,
                                                        system_random());
  }
  for (http::Bound& bound : bound_) {
    WorkerOptions options;
    options.front = front_options();
    options.router = router_.get();
    options.credentials = credentials_;
    options.listener = bound.socket;
    options.reasoning_cache = reasoning_cache_.get();
    if (directory_) {
      options.look_up = [this](const std::string& arn,
                               std::function<void(const LookedUpModel&)> done) {
        mailbox_->post([this, arn, done = std::move(done)] {
          if (directory_) directory_->look_up(arn, done);
        });
      };
    }
    workers_.push_back(std::make_unique<Worker>(std::move(options)));
  }
  busy_workers_ = workers_.size();
  for (const auto& worker : workers_) worker->start();
}

// Where a core is shared, requests come before scrapes, exports and lists. Threads have a niceness
// each (sched(7)); without the right to be nicer nothing is lost.
void App::step_back() {
  constexpr int kNiceness = 10;
  (void)::setpriority(PRIO_PROCESS, 0, kNiceness);
}

void App::start_admin() {
  if (!admin_bound_) return;
  admin_ = std::make_unique<AdminServer>(base_.get(), front_options(), admin_bound_->socket);
}

metrics::Exposition App::render(const ScrapeRequest& wanted) {
  const SteadyTime start = clock_.now();
  registry_->set_log_lines_dropped(log_->dropped() + (emf_file_ ? emf_file_->dropped() : 0));
  if (otlp_) registry_->set_spans_dropped(otlp_->dropped());
  if (const auto process = read_process_stats()) registry_->set_process(*process);
  auto page = registry_->render(wanted.accept, wanted.accept_encoding);
  registry_->set_scrape_duration(clock_.now() - start);
  return page;
}

void App::watch_signals() {
  for (const int signal : {SIGTERM, SIGINT}) {
    signals_.emplace_back(evsignal_new(base_.get(), signal, &App::on_signal, this));
    event_add(signals_.back().get(), nullptr);
  }
}

int App::run() {
  const SteadyTime start = clock_.now();
  if (auto prepared = prepare(); !prepared) {
    const convert::Error& error = prepared.error();
    std::cerr << "oriel: " << (error.message.empty() ? error.detail : error.message) << '\n';
    return 1;
  }
  watch_signals();
  health_.ready = !router_->needs_aws_credentials() || credentials_ != nullptr;
  make_directory();
  make_exporter();
  start_workers();
  step_back();
  start_admin();
  announce(start);
  // Nobody waits for AWS's lists.
  if (directory_) directory_->start();
  event_base_dispatch(base_.get());
  // Workers end before what they borrow; a request still in flight gets its record then.
  workers_.clear();
  admin_.reset();
  flush_spans();
  log_->log(LogLevel::info, "stopped",
            {{"exit_code", std::int64_t{exit_code_}},
             {"spans_dropped", static_cast<std::int64_t>(otlp_ ? otlp_->dropped() : 0)}});
  return exit_code_;
}

// The loop turns once more, for the exporter alone: whom else something could be told has gone. Who
// told us twice to end does not wait for it.
void App::flush_spans() {
  if (!otlp_) return;
  timer_->cancel();
  directory_.reset();
  bool flushed = false;
  // Behind what the workers have sent.
  mailbox_->post([this, &flushed] {
    otlp_->flush(std::min(config_.tracing.timeout, kFlushPatience), [this, &flushed] {
      flushed = true;
      event_base_loopbreak(base_.get());
    });
  });
  while (!flushed && exit_code_ == 0) event_base_dispatch(base_.get());
}

void App::announce(SteadyTime start) {
  const std::string address = (tls_ ? "https://" : "http://") + bound_.front().address;
  const std::string admin = admin_bound_ ? "http://" + admin_bound_->address : "";
  const auto took = std::chrono::duration<double, std::milli>(clock_.now() - start);
  log_->log(LogLevel::info, "ready",
            {{"address", address},
             {"admin_address", admin},
             {"version", std::string_view(kVersion)},
             {"workers", static_cast<std::int64_t>(workers_.size())},
             {"start_ms", took.count()}});
  for (const std::string& warning : config_.tracing.warnings) {
    log_->log(LogLevel::warn, "tracing", {{"detail", std::string_view(warning)}});
  }
  if (config_.chat.log_content == LogContent::full) {
    log_->log(LogLevel::warn, "content_is_logged",
              {{"detail", "log.content is full: prompts and answers are in the log"}});
  }
  if (!health_.ready) {
    log_->log(LogLevel::warn, "no_credentials",
              {{"detail", aws::missing_credentials(environment_).message}});
  }
}

// The first signal drains, the second ends at once.
void App::on_signal(int, short, void* self) {
  auto& app = *static_cast<App*>(self);
  if (!app.health_.shutting_down) return app.begin_shutdown();
  app.exit_code_ = 1;
  event_base_loopbreak(app.base_.get());
}

void App::begin_shutdown() {
  health_.shutting_down = true;
  log_->log(LogLevel::info, "shutting_down",
            {{"lame_duck_ms", static_cast<std::int64_t>(config_.lame_duck.count())}});
  timer_->arm(config_.lame_duck);
}

void App::begin_drain() {
  health_.draining = true;
  log_->log(LogLevel::info, "draining",
            {{"timeout_ms", static_cast<std::int64_t>(config_.drain_timeout.count())}});
  timer_->arm(std::max(config_.drain_timeout, std::chrono::milliseconds(1)));
  for (const auto& worker : workers_) {
    worker->drain([this] { mailbox_->post([this] { on_worker_idle(); }); });
  }
}

void App::on_worker_idle() {
  if (--busy_workers_ == 0) event_base_loopbreak(base_.get());
}

}  // namespace

int run_app(const Config& config, const Environment& environment) {
  return App(config, environment).run();
}

}  // namespace oriel::gateway
