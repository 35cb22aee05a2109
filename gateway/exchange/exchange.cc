#include "gateway/exchange/exchange.h"

#include <utility>

#include "gateway/exchange/outcome.h"

namespace oriel::gateway {
namespace {

constexpr std::size_t kMaxSpanBatch = 64 * 1024;  // bytes that wait on a worker

// When a request began, by the wall clock that says `now`.
WallTime start_of(SteadyTime first_byte, WallTime now, const Clock& clock) {
  return now - std::chrono::duration_cast<WallTime::duration>(clock.now() - first_byte);
}

}  // namespace

ExchangeTable::ExchangeTable(event_base* base)
    : free_retired_(base, [this] {
        std::vector<std::unique_ptr<Exchange>> dead;
        dead.swap(retired_);
      }) {}

ExchangeTable::~ExchangeTable() { clear(); }

void ExchangeTable::insert(std::unique_ptr<Exchange> exchange) {
  exchange->id_ = next_id_++;
  live_.emplace(exchange->id_, std::move(exchange));
}

Exchange* ExchangeTable::find(std::uint64_t id) const {
  const auto found = live_.find(id);
  return found == live_.end() ? nullptr : found->second.get();
}

void ExchangeTable::retire(std::uint64_t id) {
  const auto found = live_.find(id);
  if (found == live_.end()) return;
  retired_.push_back(std::move(found->second));
  live_.erase(found);
  free_retired_.arm(std::chrono::milliseconds(0));
}

void ExchangeTable::clear() {
  std::unordered_map<std::uint64_t, std::unique_ptr<Exchange>> stopped;
  stopped.swap(live_);  // they cannot retire any more
  for (const auto& [id, exchange] : stopped) exchange->stop();
  stopped.clear();
  retired_.clear();
}

void RecordSink::close(const metrics::Record& record) {
  const bool kept = outputs_.spans && metrics::keeps_trace(record, outputs_.tail);
  outputs_.shard->record(record, kept ? metrics::TraceKept::yes : metrics::TraceKept::no);
  line_.clear();
  metrics::append_log_line(record, *outputs_.labels, outputs_.client_address, line_);
  outputs_.log(line_);
  if (outputs_.emf != nullptr) outputs_.emf->add(record);
  if (kept) keep_spans(record);
}

void RecordSink::keep_spans(const metrics::Record& record) {
  if (!spans_.empty()) spans_.push_back(',');
  span_count_ += metrics::append_spans(record, *outputs_.labels, outputs_.providers, spans_);
  if (spans_.size() >= kMaxSpanBatch) flush_spans();
}

void RecordSink::flush_spans() {
  if (span_count_ == 0) return;
  outputs_.spans({spans_, std::exchange(span_count_, 0)});
  spans_.clear();
}

Exchange::Exchange(ExchangeContext& context, const http::Request& request, http::Reply& reply,
                   metrics::Endpoint endpoint)
    : context_(context), reply_(&reply), stages_(*context.clock, request.first_byte) {
  stages_.enter(metrics::Stage::admit, Waiting::no, request.body_done);
  record_.endpoint = endpoint;
  record_.method = metrics::method_of(request.head.method);
  record_.request_id = request.request_id;
  record_.client_addr = request.peer;
  record_.trace = context.tracer->begin(&request.head, endpoint);
  record_.bytes_in = request.body.size();
  context_.records->shard().request_started(endpoint);
  reply.watch({[this](http::ReplyEnd end) { on_ended(end); }, [this] { on_reply_drained(); }});
}

Exchange::~Exchange() = default;

void Exchange::respond(int status, std::vector<convert::Header> headers, std::string_view body) {
  if (reply_ == nullptr) return;
  stages_.enter(metrics::Stage::write);
  record_.status = record_.sent_status = status;
  add_headers(headers);
  add_overhead(headers);
  reply_->send(status, std::move(headers), body);
  stages_.enter(metrics::Stage::write, Waiting::yes);
}

void Exchange::refuse(const convert::Error& error, std::uint32_t throttled) {
  if (reply_ == nullptr) return;
  stages_.enter(metrics::Stage::write);
  note_error(error);
  record_.sent_status = convert::status_of(error);
  auto headers = retry_headers(error, *context_.random, throttled);
  add_headers(headers);
  add_overhead(headers);
  reply_->send_error(error, std::move(headers));
  stages_.enter(metrics::Stage::write, Waiting::yes);
}

void Exchange::on_flushed() { retire(); }
AfterCut Exchange::on_cut(const convert::Error&) { return AfterCut::ends; }
void Exchange::on_lingering_cut() {}
void Exchange::on_worker_stop(const convert::Error&) {}
void Exchange::on_reply_drained() {}
void Exchange::add_headers(std::vector<convert::Header>&) const {}

void Exchange::note_error(const convert::Error& error) {
  if (std::exchange(failed_, true)) return;
  record_.outcome = outcome_of(error.kind);
  record_.status = convert::status_of(error);
  record_.error =
      error.detail.empty() ? std::string(convert::row_of(error.kind).message) : error.detail;
}

void Exchange::retire() { context_.table->retire(id_); }

void Exchange::on_ended(http::ReplyEnd end) {
  record_.bytes_out = reply_->body_sent();
  reply_ = nullptr;
  switch (end) {
    case http::ReplyEnd::flushed:
      if (!failed_) record_.outcome = metrics::Outcome::ok;
      settle();
      close_record();
      return on_flushed();
    case http::ReplyEnd::client_gone: return cut({.kind = convert::ErrorKind::cancelled});
    case http::ReplyEnd::stalled:
      return cut({.kind = convert::ErrorKind::request_timeout,
                  .detail = "the client stopped reading its answer"});
  }
}

// Nothing is told after this: the worker's end is near.
void Exchange::stop() {
  if (lingering_) {
    on_lingering_cut();
    return close_record();
  }
  if (reply_ == nullptr) return;
  const convert::Error error{.kind = convert::ErrorKind::draining};
  on_worker_stop(error);
  record_.bytes_out = reply_->body_sent();
  reply_->watch({});
  reply_ = nullptr;
  cut(error);
}

void Exchange::cut(const convert::Error& error) {
  lingering_ = on_cut(error) == AfterCut::lingers;
  note_error(error);
  settle();
  if (lingering_) return;
  close_record();
  retire();
}

void Exchange::end_lingering() {
  lingering_ = false;
  close_record();
  retire();
}

// The client's part has ended: what comes later is no time of this request.
void Exchange::settle() {
  stages_.settle(context_.clock->now());
  record_.total = stages_.total();
  record_.overhead = stages_.overhead();
  record_.stages = stages_.stages();
}

void Exchange::close_record() {
  if (std::exchange(closed_, true)) return;
  record_.time = context_.clock->wall();
  record_.start = start_of(stages_.start(), record_.time, *context_.clock);
  // In this order: where nothing is in flight, everything is recorded.
  context_.records->close(record_);
  context_.records->shard().request_ended(record_.endpoint);
}

void Exchange::add_overhead(std::vector<convert::Header>& headers) const {
  const auto overhead = std::chrono::duration_cast<std::chrono::microseconds>(stages_.overhead());
  headers.push_back({"x-oriel-overhead-us", std::to_string(overhead.count())});
}

metrics::Record record_of(const http::Rejected& rejected, ExchangeContext& context,
                          metrics::Endpoint endpoint) {
  metrics::Record record;
  record.endpoint = endpoint;
  record.request_id = rejected.request_id;
  record.client_addr = rejected.peer;
  if (rejected.head != nullptr) record.method = metrics::method_of(rejected.head->method);
  record.status = convert::status_of(rejected.error);
  if (rejected.answered == http::Rejected::Answered::yes) record.sent_status = record.status;
  record.outcome = outcome_of(rejected.error.kind);
  record.error = rejected.error.detail.empty()
                     ? std::string(convert::row_of(rejected.error.kind).message)
                     : rejected.error.detail;
  record.trace = context.tracer->begin(rejected.head, endpoint);
  record.time = context.clock->wall();
  record.start = start_of(rejected.first_byte, record.time, *context.clock);
  record.total = context.clock->now() - rejected.first_byte;
  record.stages[static_cast<std::size_t>(metrics::Stage::read)] = record.total;
  record.bytes_in = rejected.body_in;
  record.bytes_out = rejected.body_out;
  return record;
}

metrics::Record record_of(const http::OptionsAnswered& answered, ExchangeContext& context,
                          metrics::Endpoint endpoint) {
  metrics::Record record;
  record.endpoint = endpoint;
  record.request_id = answered.request_id;
  record.client_addr = answered.peer;
  record.status = 204;
  record.outcome = metrics::Outcome::ok;
  record.time = context.clock->wall();
  record.start = start_of(answered.first_byte, record.time, *context.clock);
  record.total = context.clock->now() - answered.first_byte;
  record.stages[static_cast<std::size_t>(metrics::Stage::read)] = record.total;
  return record;
}

}  // namespace oriel::gateway
