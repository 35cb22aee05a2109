#include "gateway/front.h"

#include <string>
#include <utility>

#include "gateway/exchange/outcome.h"

namespace oriel::gateway {

Front::Front(event_base* base, FrontOptions options)
    : options_(std::move(options)),
      table_(base),
      emf_(options_.emf_log == nullptr
               ? nullptr
               : std::make_unique<metrics::EmfAggregate>(options_.registry->labels(),
                                                         options_.config->emf_namespace)),
      records_(outputs()),
      tracer_(options_.config->tracing, *options_.random),
      emf_due_(options_.clock->now() + options_.config->emf_flush) {
  exchanges_.base = base;
  exchanges_.clock = options_.clock;
  exchanges_.random = options_.random;
  exchanges_.config = options_.config;
  exchanges_.reader = &reader_;
  exchanges_.table = &table_;
  exchanges_.records = &records_;
  exchanges_.tracer = &tracer_;
  handlers_.routes = options_.routes;
  handlers_.exchanges = &exchanges_;
  handlers_.health = options_.health;
  handlers_.scrape = [this](ScrapeRequest wanted, std::function<void(metrics::Exposition)> done) {
    note_connections();
    options_.scrape(std::move(wanted), std::move(done));
  };
  server_ = std::make_unique<http::Server>(server_options(base));
}

Front::~Front() { close(); }

RecordOutputs Front::outputs() {
  RecordOutputs made;
  made.shard = options_.shard;
  made.labels = &options_.registry->labels();
  made.client_address = options_.config->log_client_address ? metrics::ClientAddress::show
                                                            : metrics::ClientAddress::hide;
  made.log = [log = options_.log](std::string_view line) { log->submit(line); };
  made.emf = emf_.get();
  made.spans = options_.spans;
  made.tail.slow = options_.config->tracing.slow;
  for (const ProviderConfig& provider : options_.config->providers) {
    const auto label = options_.registry->labels().intern(provider.name);
    made.providers.emplace(label, semconv_name(*provider.type));
  }
  return made;
}

http::ServerOptions Front::server_options(event_base* base) {
  http::ServerOptions made;
  made.base = base;
  made.clock = options_.clock;
  made.limits = options_.config->server;
  made.cors = options_.cors;
  made.tls = options_.tls;
  made.admit = [this](const convert::wire::HttpRequestHead& head) {
    return admit(handlers_, head);
  };
  made.serve = [this](http::Request&& request, http::Reply& reply) {
    serve(handlers_, std::move(request), reply);
  };
  made.on_rejected = [this](const http::Rejected& rejected) {
    const auto endpoint = rejected.head == nullptr ? metrics::Endpoint::other
                                                   : endpoint_of(handlers_.routes, *rejected.head);
    records_.close(record_of(rejected, exchanges_, endpoint));
  };
  made.on_options = [this](const http::OptionsAnswered& answered) {
    const auto endpoint = endpoint_of(handlers_.routes, answered.head);
    records_.close(record_of(answered, exchanges_, endpoint));
  };
  made.make_request_id = [this] { return "req_" + random_hex(*options_.random, 16); };
  return made;
}

void Front::listen(int socket) { server_->listen(socket); }

void Front::tick(SteadyTime now) {
  note_connections();
  records_.flush_spans();
  if (emf_) now >= emf_due_ ? flush_emf(now) : emf_->write_full(emf_writer());
}

// Requests whose body is still on its way have no exchange yet, and answers may still be read: the
// last connection's end is the last request's.
bool Front::idle() const { return table_.size() == 0 && server_->counters().connections_open == 0; }

void Front::close() {
  if (!server_) return;
  // Calls and replies go while everything that they use is still there.
  table_.clear();
  server_.reset();
  records_.flush_spans();
  if (emf_) flush_emf(options_.clock->now());
}

void Front::note_connections() {
  const http::Counters& counters = server_->counters();
  options_.shard->set_connections(counters.connections_open,
                                  counters.connections_accepted - counters.connections_shed);
  options_.shard->set_buffered_bytes(counters.buffered_bytes);
  for (; shed_seen_ < counters.connections_shed; ++shed_seen_) {
    options_.shard->request_shed(metrics::ShedReason::connections);
  }
}

metrics::EmfAggregate::Write Front::emf_writer() const {
  return [log = options_.emf_log](std::string_view line) { log->submit(line); };
}

void Front::flush_emf(SteadyTime now) {
  emf_->flush(options_.clock->wall(), emf_writer());
  emf_due_ = now + options_.config->emf_flush;
}

}  // namespace oriel::gateway
