// The front of a thread that answers HTTP, a worker's or the admin thread: its server, its
// exchanges and where their records go, wired the same way for both. Used on its thread only; its
// owner says when it ticks and when it ends.
#pragma once

#include <functional>
#include <memory>

#include "convert/json/reader.h"
#include "gateway/config.h"
#include "gateway/exchange/exchange.h"
#include "gateway/handlers/routes.h"
#include "gateway/http/server.h"
#include "gateway/random.h"
#include "gateway/telemetry/log_sink.h"
#include "metrics/registry.h"

namespace oriel::gateway {

// What the application lends a front; it outlives the front.
struct FrontOptions {
  const Config* config = nullptr;
  const Clock* clock = nullptr;
  Random* random = nullptr;
  const Health* health = nullptr;
  metrics::Registry* registry = nullptr;
  metrics::Shard* shard = nullptr;  // this thread's own
  LogSink* log = nullptr;
  LogSink* emf_log = nullptr;                  // null: no EMF documents
  std::function<void(SpanBatch batch)> spans;  // empty: nothing is exported
  Scrape scrape;                               // answers on this thread
  RouteTable routes;
  http::CorsPolicy cors;
  std::shared_ptr<http::TlsContext> tls;  // null: plain HTTP
};

class Front {
 public:
  Front(event_base* base, FrontOptions options);
  Front(const Front&) = delete;
  Front& operator=(const Front&) = delete;
  ~Front();

  // Takes a bound, listening socket.
  void listen(int socket);
  // What is due every so often: the connection gauges, spans and EMF documents that wait.
  void tick(SteadyTime now);
  // No new connections; idle() once the last one has ended.
  void drain() { server_->drain(); }
  bool idle() const;
  // Cuts what is left, with its record, and hands on everything that waits. Nothing is served
  // afterwards.
  void close();

  ExchangeContext& exchanges() { return exchanges_; }
  HandlerContext& handlers() { return handlers_; }

 private:
  RecordOutputs outputs();
  http::ServerOptions server_options(event_base* base);
  void note_connections();
  metrics::EmfAggregate::Write emf_writer() const;
  void flush_emf(SteadyTime now);

  FrontOptions options_;
  json::Reader reader_;
  ExchangeTable table_;
  std::unique_ptr<metrics::EmfAggregate> emf_;  // null: off
  RecordSink records_;
  Tracer tracer_;
  ExchangeContext exchanges_;
  HandlerContext handlers_;
  std::unique_ptr<http::Server> server_;  // null: closed
  SteadyTime emf_due_;
  std::uint64_t shed_seen_ = 0;
};

}  // namespace oriel::gateway
