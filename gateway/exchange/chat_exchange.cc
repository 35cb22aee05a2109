#include "gateway/exchange/chat_exchange.h"

#include <algorithm>
#include <utility>

#include "convert/openai/chat_reply.h"
#include "gateway/exchange/answer_headers.h"
#include "gateway/exchange/outcome.h"

namespace oriel::gateway {
namespace {

using convert::ChatDelta;
using convert::ChatReply;
using convert::Error;
using convert::ErrorKind;
using convert::Header;
using metrics::RetryReason;
using metrics::Stage;
using metrics::UsageMissing;

constexpr std::uint32_t kMaxRounds = 3;  // attempts of one choice, all reasons together
constexpr std::string_view kPing = ": ping\n\n";

std::string without_dashes(std::string_view id) {
  std::string out(id);
  out.erase(std::remove(out.begin(), out.end(), '-'), out.end());
  return out;
}

// Who asks, as far as kept reasoning goes; nothing needs it where none is kept.
std::string tenant_of(const ChatContext& chat, const http::Request& request) {
  if (chat.reasoning_cache == nullptr) return {};
  const std::string* authorization = request.head.find("authorization");
  return authorization == nullptr ? std::string() : *authorization;
}

}  // namespace

ChatExchange::ChatExchange(ExchangeContext& context, ChatContext& chat, http::Request&& request,
                           http::Reply& reply)
    : Exchange(context, request, reply, metrics::Endpoint::chat_completions),
      chat_(chat),
      request_body_(std::move(request.body)),
      notes_(context, record_, stages_),
      content_(context.config->chat.log_content, record_),
      plan_(context, chat, record_, stages_),
      signer_(context, chat),
      scope_{.context = context,
             .chat = chat,
             .record = record_,
             .stages = stages_,
             .notes = notes_,
             .tenant = tenant_of(chat, request),
             .allowance = {}} {
  ++chat_.in_flight;
}

ChatExchange::~ChatExchange() = default;

// ------------------------------------------------------------------------------------- the way out

void ChatExchange::start() {
  content_.body(request_body_.view());
  const auto read = plan_.read(std::move(request_body_));
  if (plan_.request() != nullptr) content_.request(*plan_.request());
  if (!read) return fail(read.error());
  if (plan_.route()->needs_lookup && chat_.lookup_model) return look_up();
  fetch();
}

// What an ARN stands for; without an answer it goes on with what is known.
void ChatExchange::look_up() {
  state_ = State::fetching;
  stages_.enter(Stage::upstream, Waiting::yes);
  timer().arm(chat_.lookup_patience);
  chat_.lookup_model(plan_.route()->target.upstream_model, [table = context_.table, id = id()] {
    // The exchange may have gone meanwhile.
    auto* exchange = static_cast<ChatExchange*>(table->find(id));
    if (exchange != nullptr && exchange->state_ == State::fetching && !exchange->gather_) {
      exchange->timer().arm(std::chrono::milliseconds(0));
    }
  });
}

void ChatExchange::fetch() {
  const bool fetches = chat_.media != nullptr && plan_.route()->provider->uses_aws() &&
                       MediaGather::wanted(*plan_.request());
  if (!fetches) return encode();
  state_ = State::fetching;
  stages_.enter(Stage::upstream, Waiting::yes);
  gather_.emplace(*chat_.media, *plan_.request(), context_.config->server.max_body,
                  [this](convert::Result<void> fetched) {
                    if (state_ != State::fetching) return;
                    fetched ? encode() : fail(fetched.error());
                  });
  gather_->start();
}

void ChatExchange::encode() {
  if (auto encoded = plan_.encode(scope_.tenant); !encoded) return fail(encoded.error());
  sign();
}

void ChatExchange::sign() {
  signer_.begin(*plan_.route(), plan_.encoded().wire);
  state_ = State::signing;
  hash_slice();
}

void ChatExchange::hash_slice() {
  stages_.enter(Stage::sign);
  if (!signer_.hash_slice()) return timer().arm_next_turn();
  call_upstream();
}

void ChatExchange::call_upstream() {
  const std::uint32_t count = plan_.calls();
  ModelCallObserver& observer = *this;
  while (calls_.size() < count) {
    const auto choice = static_cast<std::uint32_t>(calls_.size());
    calls_.push_back(std::make_unique<ModelCall>(scope_, observer, choice));
  }
  std::optional<RetryReason> retry;
  if (rounds_++ != 0) retry = RetryReason::lesson;
  state_ = State::calling;
  for (const auto& call : calls_) {
    if (!start_call(*call, retry)) return;
  }
  const auto patience = context_.config->chat.early_commit;
  if (plan_.wants_stream() && !begun_ && patience.count() > 0) arm_pulse(patience);
}

bool ChatExchange::start_call(ModelCall& call, std::optional<RetryReason> retry) {
  auto request = signer_.make();
  if (!request) {
    fail(request.error());
    return false;
  }
  call.start(*plan_.route(), std::move(*request), plan_.encoded().context, plan_.delivery(), retry);
  return true;
}

// Asks once more where that may help and the client has heard nothing: the request encoded anew
// after a refusal that taught something, the same one after malformed output.
bool ChatExchange::try_again(ModelCall& call, const Error& error) {
  if (rounds_ >= kMaxRounds || failed()) return false;
  if (!spoken_ && plan_.teaches(error.lesson)) {
    discard_calls(outcome_of(error.kind), Discard::retry);  // they will be refused as well
    if (!plan_.learn(error.lesson, scope_.tenant)) return false;
    drop_chunks();
    sign();
    return true;
  }
  const bool whole = plan_.delivery() != Delivery::stream;
  if (error.kind != ErrorKind::upstream_malformed_output || !whole || asked_twice_) return false;
  asked_twice_ = true;
  ++rounds_;
  call.discard(outcome_of(error.kind), Discard::retry);
  stages_.enter(Stage::sign);
  (void)start_call(call, RetryReason::malformed_output);
  return true;
}

// ------------------------------------------------------------------------------------ the way back

void ChatExchange::on_call_head(ModelCall& call) {
  if (state_ == State::draining) return;
  if (call.choice() == 0 || reply_id_.empty()) {
    const std::string& upstreams = call.attempt().request_id;
    const bool known = plan_.route()->provider->uses_aws() && !upstreams.empty();
    reply_id_ =
        "chatcmpl-" + (known ? without_dashes(upstreams) : random_hex(*context_.random, 16));
    created_ =
        std::chrono::duration_cast<std::chrono::seconds>(context_.clock->wall().time_since_epoch())
            .count();
  }
  const bool taken = std::all_of(calls_.begin(), calls_.end(),
                                 [](const auto& each) { return each->status() == 200; });
  if (!taken) return;
  plan_.confirm();
  plan_.forget();
}

void ChatExchange::on_call_delta(ModelCall&, const ChatDelta& delta) {
  if (state_ == State::draining) return;
  if (delta.kind != ChatDelta::Kind::usage || calls_.size() == 1) return write_chunk(delta);
  service_tier_ = delta.service_tier.escaped();  // the sum is written at the end
}

void ChatExchange::write_chunk(const ChatDelta& delta) {
  if (!chunks_) {
    chunks_ = std::make_unique<convert::ChunkWriter>(
        name_answer(),
        plan_.wants_usage() ? convert::IncludeUsage::yes : convert::IncludeUsage::no);
  }
  const std::size_t before = out_.size();
  chunks_->write(delta, out_);
  if (out_.size() != before) ++record_.chunks;
}

void ChatExchange::on_call_turn(ModelCall&) {
  if (state_ != State::draining) forward();
}

void ChatExchange::on_call_complete(ModelCall&) {
  if (state_ == State::draining) {
    if (!any_asking()) end_draining();
    return;
  }
  all_complete() ? close_stream() : forward();
}

void ChatExchange::on_call_reply(ModelCall& call, ChatReply&& reply) {
  if (state_ == State::draining) {
    if (!any_asking()) end_draining();
    return;
  }
  replies_.resize(calls_.size());
  replies_[call.choice()] = std::move(reply);
  all_complete() ? answer_whole() : set_idle();
}

void ChatExchange::on_call_error(ModelCall& call, const Error& error) {
  if (state_ == State::draining) {
    if (!call.usage()) notes_.missing_usage(UsageMissing::cancelled);
    if (!any_asking()) end_draining();
    return;
  }
  // What is malformed was made, and paid for.
  const bool made = error.kind == ErrorKind::upstream_malformed_output;
  if (made && !call.usage()) notes_.missing_usage(UsageMissing::failed);
  if (try_again(call, error)) return;
  shown_choice_ = call.choice();
  fail(error);
}

void ChatExchange::on_call_ended(ModelCall&) {
  if (reply_ended() && state_ == State::flushing && !any_running()) retire();
}

void ChatExchange::answer_whole() {
  stages_.enter(Stage::write);
  convert::write_chat_reply(replies_, name_answer(), out_);
  state_ = State::flushing;
  chat_.throttles.clear(plan_.route()->upstream_model);
  content_.answer(out_);
  respond(200, {{"content-type", "application/json"}}, out_);
  out_ = {};
  replies_.clear();
}

// Hands the chunks of this turn to the client.
void ChatExchange::forward() {
  if (!out_.empty()) {
    stages_.enter(Stage::write);
    if (!begun_) begin_stream();
    spoken_ = true;
    content_.answer(out_);
    reply_->write(out_);
    out_.clear();
    last_output_ = stages_.enter(Stage::write);
    if (reply_->congested() && state_ == State::calling) {
      state_ = State::paused;
      for (const auto& call : calls_) call->pause();
      paused_since_ = last_output_;
    }
  }
  set_idle();
}

// What follows is waiting.
void ChatExchange::set_idle() {
  stages_.enter(state_ == State::paused ? Stage::write : Stage::upstream, Waiting::yes);
}

void ChatExchange::begin_stream() {
  std::vector<Header> headers = {{"content-type", "text/event-stream; charset=utf-8"},
                                 {"cache-control", "no-cache"},
                                 {"x-accel-buffering", "no"}};
  record_.status = record_.sent_status = 200;
  begun_ = true;
  notes_.begin_stream(context_.clock->now());
  add_headers(headers);
  add_overhead(headers);
  reply_->begin(200, std::move(headers));
  const auto keep_alive = context_.config->chat.keep_alive;
  if (keep_alive.count() > 0) arm_pulse(keep_alive);
}

// The answer is complete: [DONE], and the upstream transfers may end in peace.
void ChatExchange::close_stream() {
  record_.stream_end = metrics::StreamEnd::complete;
  chat_.throttles.clear(plan_.route()->upstream_model);
  end_pause();
  stages_.enter(Stage::write);
  write_summed_usage();
  convert::ChunkWriter::write_done(out_);
  state_ = State::flushing;
  forward();
  if (pulse_) pulse_->cancel();
  reply_->finish();
  stages_.enter(Stage::write, Waiting::yes);
}

// The usage of an answer with several choices: once, their sum, if all of them said theirs.
void ChatExchange::write_summed_usage() {
  if (calls_.size() == 1) return;
  ChatDelta delta;
  delta.kind = ChatDelta::Kind::usage;
  delta.service_tier = json::Text::from_escaped(service_tier_);
  delta.usage.emplace();
  delta.usage->reasoning = 0;
  for (const auto& call : calls_) {
    if (!call->usage()) return;
    *delta.usage += *call->usage();
  }
  write_chunk(delta);
}

void ChatExchange::fail(const Error& error) {
  discard_calls(outcome_of(error.kind), Discard::failed);
  end_pause();
  note_error(error);
  state_ = State::flushing;
  if (timer_) timer_->cancel();
  if (pulse_) pulse_->cancel();
  plan_.forget();
  if (begun_) {
    if (awaits_content()) notes_.end_silence(context_.clock->now());
    const bool known = std::all_of(calls_.begin(), calls_.end(),
                                   [](const auto& call) { return call->usage().has_value(); });
    if (!known) notes_.missing_usage(UsageMissing::failed);
    record_.stream_end = stream_end_of(error);
    return write_error(error);
  }
  drop_chunks();
  const bool throttled = error.kind == ErrorKind::upstream_throttled ||
                         error.kind == ErrorKind::upstream_unavailable ||
                         error.kind == ErrorKind::upstream_not_ready;
  refuse(error, throttled
                    ? chat_.throttles.note(plan_.route()->upstream_model, context_.clock->now())
                    : 0);
}

// The last event of a stream that breaks: no [DONE] follows, and the connection is cut.
void ChatExchange::write_error(const Error& error) {
  stages_.enter(Stage::write);
  convert::ChunkWriter::write_error(error, out_);
  content_.answer(out_);
  reply_->write(out_);
  out_.clear();
  reply_->abort();
  stages_.enter(Stage::write, Waiting::yes);
}

// What was decoded of an answer that will not be sent.
void ChatExchange::drop_chunks() {
  out_.clear();
  chunks_.reset();
  replies_.clear();
  notes_.drop_content();
}

// ------------------------------------------------------------------------------------- the ends

void ChatExchange::on_timer() {
  switch (state_) {
    case State::signing: return hash_slice();
    case State::fetching: {
      const auto found = plan_.find_route();
      return found ? fetch() : fail(found.error());
    }
    case State::draining: return end_draining();
    default: return;
  }
}

// Something must be told to the client: that its stream began, or that it goes on.
void ChatExchange::on_pulse() {
  const bool under_way =
      state_ == State::calling || state_ == State::paused || state_ == State::signing;
  if (!under_way) return;
  if (!begun_) {
    begin_stream();
    last_output_ = context_.clock->now();
    return set_idle();
  }
  const auto keep_alive = context_.config->chat.keep_alive;
  const auto silence = context_.clock->now() - last_output_;
  if (state_ == State::paused || silence < keep_alive) {
    const auto rest = state_ == State::paused ? keep_alive : keep_alive - silence;
    return arm_pulse(std::chrono::ceil<std::chrono::milliseconds>(rest));
  }
  stages_.enter(Stage::write);
  reply_->write(kPing);
  last_output_ = context_.clock->now();
  set_idle();
  arm_pulse(keep_alive);
}

void ChatExchange::on_flushed() {
  --chat_.in_flight;
  if (!any_running()) retire();  // else a transfer still ends, for at most transfer_patience
}

AfterCut ChatExchange::on_cut(const Error& error) {
  --chat_.in_flight;
  end_pause();
  if (begun_ && !failed()) {
    record_.stream_end = stream_end_of(error);
    if (awaits_content()) notes_.end_silence(context_.clock->now());
  }
  if (timer_) timer_->cancel();
  if (pulse_) pulse_->cancel();
  gather_.reset();
  if (may_drain(error)) {
    start_draining();
    return AfterCut::lingers;
  }
  state_ = State::done;
  const bool gone = !failed() && error.kind != ErrorKind::draining;
  discard_calls(outcome_of(error.kind), gone ? Discard::client_left : Discard::failed);
  return AfterCut::ends;
}

bool ChatExchange::may_drain(const Error& error) const {
  const ChatConfig& config = context_.config->chat;
  return config.on_disconnect == OnDisconnect::drain && error.kind != ErrorKind::draining &&
         !failed() && any_asking() && chat_.draining < config.max_draining;
}

void ChatExchange::start_draining() {
  state_ = State::draining;
  ++chat_.draining;
  notes_.end_content();
  scope_.allowance = context_.config->chat.drain_bytes;
  plan_.forget();
  out_ = {};
  replies_.clear();
  timer().arm(context_.config->chat.drain_timeout);
  for (const auto& call : calls_) call->resume();
}

void ChatExchange::end_draining() {
  on_lingering_cut();
  end_lingering();
}

void ChatExchange::on_lingering_cut() {
  --chat_.draining;
  state_ = State::done;
  if (timer_) timer_->cancel();
  discard_calls(metrics::Outcome::caller_cancelled, Discard::client_left);
}

void ChatExchange::on_worker_stop(const Error& error) {
  if (state_ == State::flushing) return;
  if (begun_) return write_error(error);
  record_.sent_status = convert::status_of(error);
  reply_->send_error(error, retry_headers(error, *context_.random));
}

void ChatExchange::on_reply_drained() {
  if (state_ != State::paused) return;
  end_pause();
  state_ = State::calling;
  set_idle();
  for (const auto& call : calls_) call->resume();
}

void ChatExchange::end_pause() {
  if (state_ != State::paused) return;
  const auto pause = context_.clock->now() - paused_since_;
  record_.backpressure += pause;
  notes_.excuse(pause);
}

void ChatExchange::discard_calls(metrics::Outcome outcome, Discard why) {
  for (const auto& call : calls_) call->discard(outcome, why);
}

bool ChatExchange::all_complete() const {
  return std::all_of(calls_.begin(), calls_.end(),
                     [](const auto& call) { return call->complete(); });
}
bool ChatExchange::awaits_content() const {
  return std::any_of(calls_.begin(), calls_.end(),
                     [](const auto& call) { return !call->content_complete(); });
}
bool ChatExchange::any_asking() const {
  return std::any_of(calls_.begin(), calls_.end(), [](const auto& call) { return call->asking(); });
}
bool ChatExchange::any_running() const {
  return std::any_of(calls_.begin(), calls_.end(),
                     [](const auto& call) { return call->running(); });
}

Timer& ChatExchange::timer() {
  if (!timer_) timer_.emplace(context_.base, [this] { on_timer(); });
  return *timer_;
}

void ChatExchange::arm_pulse(std::chrono::milliseconds after) {
  if (!pulse_) pulse_.emplace(context_.base, [this] { on_pulse(); });
  pulse_->arm(std::max(after, std::chrono::milliseconds(1)));
}

// ------------------------------------------------------------------------------------- headers

const metrics::Attempt* ChatExchange::shown_attempt() const {
  if (record_.attempts.empty()) return nullptr;
  return &calls_[shown_choice_]->attempt();
}

void ChatExchange::add_headers(std::vector<Header>& headers) const {
  const Route* route = plan_.route();
  if (route == nullptr) return;
  const metrics::Attempt* attempt = shown_attempt();
  add_route_headers(*route, context_.records->name_of(route->model), headers);
  add_record_headers(record_, headers);
  if (!begun_) add_cost_header(record_, headers);
  if (plan_.wants_stream() && plan_.delivery() == Delivery::replayed) {
    headers.push_back({"x-oriel-stream", "synthetic"});
  }
  if (attempt != nullptr && !attempt->request_id.empty() && route->provider->uses_aws()) {
    headers.push_back({"x-amzn-requestid", attempt->request_id});
  }
}

// What is passed on keeps upstream's names.
convert::Envelope ChatExchange::name_answer() {
  if (plan_.route()->provider->uses_aws()) record_.response_id = reply_id_;
  return {reply_id_, created_, json::Text::from_escaped(plan_.model())};
}

}  // namespace oriel::gateway
