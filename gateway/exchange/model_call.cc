#include "gateway/exchange/model_call.h"

#include <algorithm>
#include <utility>

#include "convert/replay.h"
#include "gateway/exchange/outcome.h"

namespace oriel::gateway {
namespace {

using convert::ChatDelta;
using convert::Error;
using convert::ErrorKind;
using convert::Header;
using convert::Result;
using metrics::Stage;
using metrics::UsageMissing;
using metrics::WasteReason;

// An error body that is longer says nothing more.
constexpr std::size_t kMaxErrorBody = 256 * 1024;
// Longer ids, or ids of other characters, are not written anywhere.
constexpr std::size_t kMaxRequestId = 128;

// What is said of an attempt without use: why its usage is missing, or why its cost is wasted.
struct DiscardWords {
  std::optional<UsageMissing> usage_missing;  // nullopt: nothing is said
  WasteReason wasted = WasteReason::failed;
};
constexpr DiscardWords words_of(Discard why) {
  switch (why) {
    case Discard::retry: return {std::nullopt, WasteReason::retry};
    case Discard::failed: return {UsageMissing::failed, WasteReason::failed};
    case Discard::client_left: return {UsageMissing::cancelled, WasteReason::client_abort};
  }
  return {};
}

// Upstream's id of a request; empty when there is none that is fit to be passed on.
std::string_view find_request_id(const std::vector<Header>& headers) {
  for (const std::string_view name : {"x-amzn-requestid", "x-request-id"}) {
    const std::string_view id = convert::find_header(headers, name);
    if (id.empty()) continue;
    const bool plain = std::all_of(id.begin(), id.end(), [](char c) {
      return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
             c == '-' || c == '_' || c == '.';
    });
    return plain && id.size() <= kMaxRequestId ? id : std::string_view();
  }
  return {};
}

// What a call under this span sends on (https://www.w3.org/TR/trace-context/).
void add_trace_headers(const metrics::TraceContext& trace, const metrics::SpanId& span,
                       std::vector<Header>& headers) {
  if (!trace.present()) return;
  headers.push_back({"traceparent", metrics::traceparent(trace, span)});
  if (!trace.state.empty()) headers.push_back({"tracestate", trace.state});
}

}  // namespace

ModelCall::ModelCall(CallScope& scope, ModelCallObserver& observer, std::uint32_t choice)
    : scope_(scope), observer_(observer), choice_(choice) {}

ModelCall::~ModelCall() = default;

void ModelCall::start(const Route& route, UpstreamRequest request,
                      const convert::ReplyContext& context, Delivery delivery,
                      std::optional<metrics::RetryReason> retry) {
  route_ = &route;
  context_ = context;
  delivery_ = delivery;
  decoder_.reset();
  body_ = {};
  reasoning_ = {};
  usage_.reset();
  images_ = 0;
  status_ = 0;
  awaits_usage_ = false;
  attempt_ = scope_.record.attempts.size();
  metrics::Attempt attempt;
  attempt.provider = route.provider->label;
  attempt.upstream_model = route.upstream_model;
  attempt.region = route.region_label;
  attempt.span_id = scope_.context.tracer->new_span();
  attempt.retry = retry;
  if (!route.provider->uses_aws()) {
    add_trace_headers(scope_.record.trace, attempt.span_id, request.headers);
  }
  started_ = scope_.stages.enter(Stage::upstream, Waiting::yes);
  attempt.start = started_ - scope_.stages.start();
  scope_.record.attempts.push_back(std::move(attempt));
  state_ = State::awaiting_head;
  call_ = scope_.chat.upstream->start(std::move(request), *this);
  if (paused_) call_->pause();
}

void ModelCall::discard(metrics::Outcome outcome, Discard why) {
  if (state_ == State::idle) return;  // no attempt was made
  const DiscardWords words = words_of(why);
  if (asking()) {
    const bool answering = status_ == 0 || status_ == 200;
    const bool unsaid = answering && !usage_ && words.usage_missing;
    if (unsaid) scope_.notes.missing_usage(*words.usage_missing);
    close_attempt(outcome);
    state_ = State::failed;
  }
  if (current().tokens) current().wasted = words.wasted;
  if (timer_) timer_->cancel();
  call_.reset();
}

bool ModelCall::asking() const {
  return state_ == State::awaiting_head || state_ == State::collecting ||
         state_ == State::streaming;
}

void ModelCall::pause() {
  if (std::exchange(paused_, true) || !asking()) return;
  call_->pause();
  if (timer_) timer_->cancel();  // what the client holds back is not upstream's delay
}

void ModelCall::resume() {
  if (!std::exchange(paused_, false) || !asking()) return;
  if (awaits_usage_) timer().arm(scope_.chat.usage_patience);
  call_->resume();
}

// ------------------------------------------------------------------------------- from the
// transport

void ModelCall::on_head(int status, const std::vector<Header>& headers) {
  const SteadyTime now = scope_.stages.enter(Stage::upstream, Waiting::yes);
  metrics::Attempt& attempt = current();
  attempt.status = status_ = status;
  attempt.first_byte = now - started_;
  attempt.request_id = find_request_id(headers);
  headers_ = headers;
  if (status == 200 && delivery_ == Delivery::stream) {
    decoder_ = route_->provider->dialect->stream(std::move(context_));
    state_ = State::streaming;
  } else {
    state_ = State::collecting;
  }
  observer_.on_call_head(*this);
}

void ModelCall::on_body(std::string_view bytes) {
  if (!asking()) return;
  if (scope_.allowance) {
    if (bytes.size() > *scope_.allowance) {
      return fail({.kind = ErrorKind::cancelled, .detail = "too much behind its client's end"});
    }
    *scope_.allowance -= bytes.size();
  }
  state_ == State::streaming ? on_stream_bytes(bytes) : collect(bytes);
}

void ModelCall::collect(std::string_view bytes) {
  const std::size_t limit = status_ == 200 ? scope_.context.config->max_reply : kMaxErrorBody;
  if (body_.size() + bytes.size() <= limit) return body_.append(bytes);
  if (status_ != 200) return on_answer();  // what came says enough
  fail({.kind = ErrorKind::upstream_bad_response,
        .detail = "the answer is larger than upstream.max_reply_bytes"});
}

void ModelCall::on_done(const TransferResult& result) {
  const bool broken = result.fault != TransferFault::none;
  switch (state_) {
    case State::awaiting_head:
      return fail(broken ? error_of(result)
                         : Error{.kind = ErrorKind::upstream_bad_response, .detail = "no answer"});
    case State::collecting: return broken ? fail(error_of(result)) : on_answer();
    case State::streaming: return on_stream_end(result);
    case State::complete: return end_transfer();
    case State::idle:
    case State::failed: return;
  }
}

void ModelCall::on_stream_bytes(std::string_view bytes) {
  event_time_ = scope_.stages.enter(Stage::decode);
  const Result<void> decoded = decoder_->feed(bytes, *this);
  if (!decoded) return fail(decoded.error());
  if (decoder_->complete()) {
    on_complete();
    // The transport may end in peace: its connection is then used again.
    if (complete() && running()) timer().arm(scope_.chat.transfer_patience);
    return;
  }
  if (decoder_->content_complete() && !std::exchange(awaits_usage_, true)) {
    timer().arm(scope_.chat.usage_patience);
  }
  observer_.on_call_turn(*this);
}

// The stream is over, or its usage is no longer waited for.
void ModelCall::on_stream_end(const TransferResult& result) {
  event_time_ = scope_.stages.enter(Stage::decode);
  if (result.fault != TransferFault::none) return fail(error_of(result));
  const Result<void> decoded = decoder_->finish(*this);
  if (!decoded) return fail(decoded.error());
  on_complete();
  if (complete()) end_transfer();
}

void ModelCall::on_delta(const ChatDelta& delta) {
  const bool replayed = state_ != State::streaming;
  if (!replayed) {
    if (delta.usage) note_usage(*delta.usage);
    if (delta.kind == ChatDelta::Kind::image) ++images_;
    if (keeps_reasoning()) reasoning_.on_delta(delta);
  }
  scope_.notes.delta(delta, event_time_, replayed ? Pace::replayed : Pace::live);
  if (choice_ == 0) return observer_.on_call_delta(*this, delta);
  ChatDelta mine = delta;
  mine.choice = choice_;
  observer_.on_call_delta(*this, mine);
}

void ModelCall::on_answer() {
  const convert::Dialect& dialect = *route_->provider->dialect;
  event_time_ = scope_.stages.enter(Stage::decode);
  json::Reader& reader = *scope_.context.reader;
  if (status_ != 200) return fail(dialect.decode_error(status_, headers_, body_, reader));
  auto reply = dialect.decode(context_, body_, reader);
  if (!reply) return fail(reply.error());
  if (reply->usage) note_usage(*reply->usage);
  images_ = static_cast<std::uint32_t>(reply->images.size());
  if (!usage_) scope_.notes.missing_usage(UsageMissing::absent);
  scope_.notes.facts(reply->facts);
  scope_.notes.finish(reply->finish);
  if (keeps_reasoning()) {
    keep_reasoning(*scope_.chat.reasoning_cache, scope_.tenant, *route_, *reply);
  }
  close_attempt(metrics::Outcome::ok);
  call_.reset();
  state_ = State::complete;
  if (delivery_ == Delivery::whole) return observer_.on_call_reply(*this, std::move(*reply));
  convert::replay(*reply, choice_, *this);
  body_ = {};
  observer_.on_call_complete(*this);
}

// ------------------------------------------------------------------------------------------ the
// ends

void ModelCall::on_complete() {
  if (!usage_) scope_.notes.missing_usage(UsageMissing::absent);
  if (keeps_reasoning()) reasoning_.store(*scope_.chat.reasoning_cache, scope_.tenant, *route_);
  close_attempt(metrics::Outcome::ok);
  state_ = State::complete;
  observer_.on_call_complete(*this);
}

void ModelCall::end_transfer() {
  if (timer_) timer_->cancel();
  call_.reset();
  observer_.on_call_ended(*this);
}

void ModelCall::on_timer() {
  if (state_ == State::streaming) return on_stream_end({});
  if (state_ == State::complete) end_transfer();
}

void ModelCall::fail(const Error& error) {
  if (error.usage) note_usage(*error.usage);
  close_attempt(outcome_of(error.kind));
  if (const auto broken = frame_fault_of(error)) {
    scope_.context.records->shard().event_stream_error(route_->provider->label, *broken);
  }
  state_ = State::failed;
  if (timer_) timer_->cancel();
  call_.reset();
  observer_.on_call_error(*this, error);
}

// The attempt says all of itself here: an answer's transport may go on, but the record does not
// wait for it.
void ModelCall::close_attempt(metrics::Outcome outcome) {
  metrics::Attempt& attempt = current();
  attempt.outcome = outcome;
  attempt.duration = scope_.context.clock->now() - started_;
  note_times(call_->times());
  if (decoder_) scope_.notes.facts(decoder_->facts());
  scope_.notes.price(attempt, route_->price, images_);
  const bool unnamed = status_ == 200 && scope_.record.response_model.empty();
  if (unnamed) scope_.record.response_model = route_->target.upstream_model;
}

void ModelCall::note_usage(const convert::Usage& usage) {
  usage_ = usage;
  scope_.notes.usage(current(), usage);
}

void ModelCall::note_times(const TransferTimes& times) {
  metrics::Attempt& attempt = current();
  attempt.reused_connection = times.reused_connection;
  const auto phase = [](std::uint64_t microseconds) -> std::optional<std::chrono::nanoseconds> {
    if (microseconds == 0) return std::nullopt;
    return std::chrono::microseconds(microseconds);
  };
  attempt.dns = phase(times.dns_us);
  attempt.connect = phase(times.connect_us);
  attempt.tls = phase(times.tls_us);
}

Timer& ModelCall::timer() {
  if (!timer_) timer_.emplace(scope_.context.base, [this] { on_timer(); });
  return *timer_;
}

bool ModelCall::keeps_reasoning() const {
  return scope_.chat.reasoning_cache != nullptr && route_->provider->uses_aws();
}

}  // namespace oriel::gateway
