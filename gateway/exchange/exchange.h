// Exchange: the life of one client request, from first byte in to last byte out. It owns the record
// and the stage clock, answers through the connection's Reply, and closes the record exactly once,
// when the reply has ended. Used on its worker's thread only.
//
// The worker's ExchangeTable owns exchanges. One never deletes itself: it is retired, and freed
// when the current event has unwound.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "convert/error.h"
#include "convert/json/reader.h"
#include "gateway/clock.h"
#include "gateway/config.h"
#include "gateway/exchange/stage_clock.h"
#include "gateway/exchange/tracer.h"
#include "gateway/http/server.h"
#include "gateway/loop.h"
#include "gateway/random.h"
#include "gateway/telemetry/otlp_sink.h"
#include "metrics/emf.h"
#include "metrics/log_line.h"
#include "metrics/record.h"
#include "metrics/registry.h"
#include "metrics/span.h"

namespace oriel::gateway {

class Exchange;

class ExchangeTable {
 public:
  explicit ExchangeTable(event_base* base);
  ~ExchangeTable();
  // Takes the exchange in and says by what id late events may ask for it.
  template <class T>
  T& add(std::unique_ptr<T> exchange) {
    T& added = *exchange;
    insert(std::move(exchange));
    return added;
  }
  Exchange* find(std::uint64_t id) const;
  void retire(std::uint64_t id);
  std::size_t size() const { return live_.size(); }
  // The worker stops: cuts what still runs, with its record, and frees everything.
  void clear();

 private:
  void insert(std::unique_ptr<Exchange> exchange);
  std::uint64_t next_id_ = 1;
  std::unordered_map<std::uint64_t, std::unique_ptr<Exchange>> live_;
  std::vector<std::unique_ptr<Exchange>> retired_;
  Timer free_retired_;
};

// Where records go when they are closed. All of it outlives the sink.
struct RecordOutputs {
  metrics::Shard* shard = nullptr;
  const metrics::LabelTable* labels = nullptr;
  metrics::ClientAddress client_address = metrics::ClientAddress::show;
  std::function<void(std::string_view line)> log;
  metrics::EmfAggregate* emf = nullptr;        // null: off
  std::function<void(SpanBatch batch)> spans;  // empty: nothing is exported
  metrics::TailRule tail;
  metrics::ProviderNames providers;  // what spans call them
};

// Renders closed records to all their outputs. One per worker.
class RecordSink {
 public:
  explicit RecordSink(RecordOutputs outputs) : outputs_(std::move(outputs)) {}
  void close(const metrics::Record& record);
  // Hands on the spans that wait for company; called every so often.
  void flush_spans();
  metrics::Shard& shard() { return *outputs_.shard; }
  std::string_view name_of(metrics::LabelId id) const { return outputs_.labels->name(id); }

 private:
  void keep_spans(const metrics::Record& record);

  RecordOutputs outputs_;
  std::string line_;   // reused
  std::string spans_;  // reused: a batch is handed on as a copy of its size
  std::size_t span_count_ = 0;
};

// What every exchange of a worker uses.
struct ExchangeContext {
  event_base* base = nullptr;
  const Clock* clock = nullptr;
  Random* random = nullptr;
  const Config* config = nullptr;
  json::Reader* reader = nullptr;
  ExchangeTable* table = nullptr;
  RecordSink* records = nullptr;
  Tracer* tracer = nullptr;
};

// What becomes of an exchange whose answer was cut off.
enum class AfterCut : bool { ends, lingers };

class Exchange {
 public:
  Exchange(ExchangeContext& context, const http::Request& request, http::Reply& reply,
           metrics::Endpoint endpoint);
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;
  virtual ~Exchange();

  std::uint64_t id() const { return id_; }
  // A whole answer of the gateway's own.
  void respond(int status, std::vector<convert::Header> headers, std::string_view body);
  // An error as the whole answer. `throttled`: how often its model was, of late.
  void refuse(const convert::Error& error, std::uint32_t throttled = 0);

 protected:
  // The whole answer has left and the record is closed. Default: retires.
  virtual void on_flushed();
  // The answer cannot leave: the client has gone or takes nothing, or the worker stops. What still
  // runs is to be cancelled, the record is closed after this; or the exchange lingers, for what the
  // record shall still learn, until it calls end_lingering(). Default: nothing.
  virtual AfterCut on_cut(const convert::Error& error);
  // The worker stops meanwhile. Default: nothing.
  virtual void on_lingering_cut();
  // The worker stops while an answer is on its way: the last chance to say so in it. Default:
  // nothing.
  virtual void on_worker_stop(const convert::Error& error);
  // The client caught up after congestion. Default: nothing.
  virtual void on_reply_drained();
  // Headers that every answer of this exchange carries.
  virtual void add_headers(std::vector<convert::Header>& headers) const;

  // How long the gateway itself took so far.
  void add_overhead(std::vector<convert::Header>& headers) const;
  // Books the outcome of an error; the first one counts. Without one, an answer that has left is
  // ok.
  void note_error(const convert::Error& error);
  bool failed() const { return failed_; }
  void end_lingering();  // closes the record and retires
  void retire();
  bool reply_ended() const { return reply_ == nullptr; }

  ExchangeContext& context_;
  http::Reply* reply_;  // null once it ended
  metrics::Record record_;
  StageClock stages_;

 private:
  friend class ExchangeTable;
  void on_ended(http::ReplyEnd end);
  void stop();
  void cut(const convert::Error& error);
  void settle();
  void close_record();

  std::uint64_t id_ = 0;
  bool closed_ = false;     // the record
  bool lingering_ = false;  // after its cut
  bool failed_ = false;
};

// The record of a request that the front end turned away itself.
metrics::Record record_of(const http::Rejected& rejected, ExchangeContext& context,
                          metrics::Endpoint endpoint);

// The record of an OPTIONS request, which the front end answers. It has no trace: what a browser
// asks by itself carries nobody's.
metrics::Record record_of(const http::OptionsAnswered& answered, ExchangeContext& context,
                          metrics::Endpoint endpoint);

}  // namespace oriel::gateway
