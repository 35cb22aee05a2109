#include "gateway/exchange/chat_exchange.h"

#include <algorithm>
#include <utility>

#include "convert/openai/chat_reply.h"
#include "convert/openai/chat_request.h"
#include "gateway/exchange/outcome.h"

namespace oriel::gateway {
namespace {

using convert::ChatDelta;
using convert::Error;
using convert::ErrorKind;
using convert::Header;
using convert::Result;
using metrics::Stage;

// A body is hashed in slices of this size, so that no turn of the loop lasts longer than a
// millisecond.
constexpr std::size_t kHashSlice = 1024 * 1024;
// An error body that is longer says nothing more.
constexpr std::size_t kMaxErrorBody = 256 * 1024;

// Longer ids, or ids of other characters, are not written anywhere.
constexpr std::size_t kMaxRequestId = 128;

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

std::string without_dashes(std::string_view id) {
  std::string out(id);
  out.erase(std::remove(out.begin(), out.end(), '-'), out.end());
  return out;
}

bool carries_content(const ChatDelta& delta) {
  switch (delta.kind) {
    case ChatDelta::Kind::text:
    case ChatDelta::Kind::reasoning:
    case ChatDelta::Kind::tool_call_start:
    case ChatDelta::Kind::tool_call_args: return true;
    case ChatDelta::Kind::source: return delta.carries_content;
    default: return false;
  }
}

}  // namespace

ChatExchange::ChatExchange(ExchangeContext& context, ChatContext& chat, http::Request&& request,
                           http::Reply& reply)
    : Exchange(context, request, reply, metrics::Endpoint::chat_completions),
      chat_(chat),
      request_body_(std::move(request.body)),
      timer_(context.base, [this] { on_timer(); }) {
  ++chat_.in_flight;
}

ChatExchange::~ChatExchange() = default;

void ChatExchange::start() {
  if (auto prepared = prepare(); !prepared) return fail(prepared.error());
  const bool hashes =
      route_->provider->uses_aws() && chat_.credentials && chat_.credentials->bearer_token.empty();
  if (!hashes) return call_upstream();
  state_ = State::signing;
  hash_slice();
}

// ------------------------------------------------------------------------------------- the way out

Result<void> ChatExchange::prepare() {
  stages_.enter(Stage::parse);
  auto request = convert::parse_chat_request(request_body_.view(), *context_.reader);
  if (!request) return Unexpected{std::move(request.error())};
  record_.stream = request->stream;
  include_usage_ = request->include_usage ? convert::IncludeUsage::yes : convert::IncludeUsage::no;
  model_ = request->model.escaped();

  stages_.enter(Stage::route);
  std::string scratch;
  const std::string_view name = json::unescape(request->model, scratch);
  auto route = chat_.router->find(name);
  if (!route) return Unexpected{std::move(route.error())};
  route_ = std::move(*route);
  record_.model = route_->model;
  record_.provider = route_->provider->label;
  record_.upstream_model = route_->target.upstream_model;
  record_.region = route_->region;

  stages_.enter(Stage::convert);
  auto encoded = route_->provider->dialect->encode(*request, route_->target);
  if (!encoded) return Unexpected{std::move(encoded.error())};
  encoded_ = std::move(*encoded);
  for (const convert::Adjustment& adjustment : encoded_.adjusted) {
    record_.adjusted.push_back({adjustment.parameter, convert::to_string(adjustment.action)});
  }
  request_body_ = {};
  return {};
}

void ChatExchange::hash_slice() {
  stages_.enter(Stage::sign);
  const std::string_view body = encoded_.wire.body;
  const std::string_view slice = body.substr(hashed_, kHashSlice);
  hash_.update(slice);
  hashed_ += slice.size();
  if (hashed_ < body.size()) return timer_.arm_next_turn();
  call_upstream();
}

void ChatExchange::call_upstream() {
  UpstreamRequest call;
  call.method = encoded_.wire.method;
  call.url = route_->base_url + encoded_.wire.path;
  call.headers = std::move(encoded_.wire.headers);
  call.body = encoded_.wire.body;
  call.deadlines = context_.config->upstream;
  if (auto authorised = authorise(call); !authorised) return fail(authorised.error());
  call_started_ = stages_.enter(Stage::upstream, Waiting::yes);
  state_ = State::awaiting_head;
  metrics::Attempt attempt;
  attempt.provider = route_->provider->label;
  attempt.upstream_model = route_->upstream_model;
  attempt.region = route_->region_label;
  record_.attempts.push_back(std::move(attempt));
  call_ = chat_.upstream->start(std::move(call), *this);
}

Result<void> ChatExchange::authorise(UpstreamRequest& call) {
  if (!route_->provider->uses_aws()) {
    const aws::Secret& key = route_->provider->api_key;
    if (!key.empty()) call.headers.push_back({"authorization", "Bearer " + key.reveal()});
    return {};
  }
  if (!chat_.credentials) {
    return Unexpected{Error{.kind = ErrorKind::upstream_auth,
                            .detail = "no AWS credentials were found at start"}};
  }
  const auto url = aws::split_url(call.url);
  if (!url) {
    return Unexpected{Error{.kind = ErrorKind::internal, .detail = "the upstream URL is broken"}};
  }
  aws::HexDigest digest{};
  aws::RequestToSign request{call.method, url->host, url->path, url->query, {}};
  if (chat_.credentials->bearer_token.empty()) {
    digest = hash_.finish();
    request.body_hash = {digest.data(), digest.size()};
  }
  return chat_.signer->sign(request, *chat_.credentials, {route_->region, "bedrock"},
                            context_.clock->wall(), call.headers);
}

// ------------------------------------------------------------------------------------ the way back

void ChatExchange::on_head(int status, const std::vector<Header>& headers) {
  const SteadyTime now = stages_.enter(Stage::upstream, Waiting::yes);
  metrics::Attempt& attempt = record_.attempts.back();
  attempt.status = upstream_status_ = status;
  attempt.first_byte = now - call_started_;
  attempt.request_id = find_request_id(headers);
  reply_headers_ = headers;
  created_ =
      std::chrono::duration_cast<std::chrono::seconds>(context_.clock->wall().time_since_epoch())
          .count();
  reply_id_ = "chatcmpl-" + (route_->provider->uses_aws() && !attempt.request_id.empty()
                                 ? without_dashes(attempt.request_id)
                                 : random_hex(*context_.random, 16));
  const bool good = status == 200;
  if (good && record_.stream) {
    decoder_ = route_->provider->dialect->stream(std::move(encoded_.context));
    chunks_ = std::make_unique<convert::ChunkWriter>(envelope(), include_usage_);
    state_ = State::streaming;
  } else {
    state_ = State::collecting;
  }
}

void ChatExchange::on_body(std::string_view bytes) {
  switch (state_) {
    case State::streaming:
    case State::paused: return on_stream_bytes(bytes);
    case State::collecting: {
      const std::size_t limit =
          upstream_status_ == 200 ? context_.config->max_reply : kMaxErrorBody;
      if (reply_body_.size() + bytes.size() <= limit) return reply_body_.append(bytes);
      if (upstream_status_ != 200) return on_answer();  // what came says enough
      return fail({.kind = ErrorKind::upstream_bad_response,
                   .detail = "the answer is larger than upstream.max_reply_bytes"});
    }
    default: return;
  }
}

void ChatExchange::on_done(const TransferResult& result) {
  note_transfer(result);
  switch (state_) {
    case State::awaiting_head:
      return fail(result.fault == TransferFault::none
                      ? Error{.kind = ErrorKind::upstream_bad_response, .detail = "no answer"}
                      : error_of(result));
    case State::collecting:
      return result.fault == TransferFault::none ? on_answer() : fail(error_of(result));
    case State::streaming:
    case State::paused: on_stream_end(result); break;
    case State::flushing: break;
    default: return;
  }
  call_.reset();
  if (reply_ended()) retire();
}

void ChatExchange::on_answer() {
  const convert::Dialect& dialect = *route_->provider->dialect;
  stages_.enter(Stage::decode);
  if (upstream_status_ != 200) {
    return fail(
        dialect.decode_error(upstream_status_, reply_headers_, reply_body_, *context_.reader));
  }
  auto reply = dialect.decode(encoded_.context, reply_body_, *context_.reader);
  if (!reply) return fail(reply.error());
  if (reply->usage) {
    note_usage(*reply->usage);
  } else {
    note_missing_usage("absent");
  }
  note_facts(reply->facts);
  record_.finish_reason = convert::to_string(reply->finish);
  close_attempt(metrics::Outcome::ok);
  stages_.enter(Stage::write);
  convert::write_chat_reply(*reply, envelope(), out_);
  state_ = State::flushing;
  call_.reset();
  respond(200, {{"content-type", "application/json"}}, out_);
  out_ = {};
  reply_body_ = {};
}

// ---------------------------------------------------------------------------------------- streams

void ChatExchange::on_stream_bytes(std::string_view bytes) {
  event_time_ = stages_.enter(Stage::decode);
  const Result<void> decoded = decoder_->feed(bytes, *this);
  if (!decoded) return fail(decoded.error());
  if (decoder_->complete()) return close_stream();
  if (decoder_->content_complete() && !std::exchange(awaits_usage_, true)) {
    timer_.arm(chat_.usage_patience);
  }
  forward();
}

void ChatExchange::on_stream_end(const TransferResult& result) {
  event_time_ = stages_.enter(Stage::decode);
  if (result.fault != TransferFault::none) return fail(error_of(result));
  const Result<void> decoded = decoder_->finish(*this);
  if (!decoded) return fail(decoded.error());
  close_stream();
}

void ChatExchange::on_delta(const ChatDelta& delta) {
  if (delta.usage) note_usage(*delta.usage);
  if (delta.kind == ChatDelta::Kind::finish) {
    record_.finish_reason = convert::to_string(delta.finish);
  } else if (delta.source_finish) {
    record_.finish_reason = convert::to_string(*delta.source_finish);
  }
  if (carries_content(delta)) note_content(delta);
  const std::size_t before = out_.size();
  chunks_->write(delta, out_);
  if (out_.size() != before) ++record_.chunks;
}

// Hands the chunks of this turn to the client.
void ChatExchange::forward() {
  stages_.enter(Stage::write);
  if (!out_.empty()) {
    if (!begun_) begin_stream();
    reply_->write(out_);
    out_.clear();
    if (reply_->congested() && state_ == State::streaming) {
      state_ = State::paused;
      call_->pause();
      timer_.cancel();  // what the client holds back is not upstream's delay
      paused_since_ = stages_.enter(Stage::write, Waiting::yes);
      return;
    }
  }
  stages_.enter(state_ == State::paused ? Stage::write : Stage::upstream, Waiting::yes);
}

void ChatExchange::begin_stream() {
  std::vector<Header> headers = {{"content-type", "text/event-stream; charset=utf-8"},
                                 {"cache-control", "no-cache"},
                                 {"x-accel-buffering", "no"}};
  add_headers(headers);
  record_.status = 200;
  begun_ = true;
  reply_->begin(200, std::move(headers));
}

// The answer is complete: [DONE], and the upstream transfer may end in peace.
void ChatExchange::close_stream() {
  note_facts(decoder_->facts());
  note_missing_usage("absent");
  record_.stream_end = metrics::StreamEnd::complete;
  close_attempt(metrics::Outcome::ok);
  end_pause();
  chunks_->write_done(out_);
  state_ = State::flushing;
  forward();
  reply_->finish();
  stages_.enter(Stage::write, Waiting::yes);
  timer_.arm(chat_.transfer_patience);
}

// ------------------------------------------------------------------------------------- the ends

void ChatExchange::fail(const Error& error) {
  close_attempt(outcome_of(error.kind));
  end_pause();
  note_error(error);
  if (decoder_) note_facts(decoder_->facts());
  const std::string_view broken = frame_fault_of(error);
  if (!broken.empty()) context_.records->shard().event_stream_error(record_.provider, broken);
  state_ = State::flushing;
  timer_.cancel();
  call_.reset();
  request_body_ = {};
  if (!begun_) {
    drop_chunks();
    return refuse(error);
  }
  note_missing_usage("failed");
  record_.stream_end = stream_end_of(error);
  stages_.enter(Stage::write);
  chunks_->write_error(error, out_);
  reply_->write(out_);
  out_.clear();
  reply_->abort();
  stages_.enter(Stage::write, Waiting::yes);
}

// What was decoded in the turn that failed, before anything had left.
void ChatExchange::drop_chunks() {
  out_.clear();
  record_.chunks = 0;
  record_.finish_reason = {};
  record_.time_to_first_token.reset();
  record_.time_to_first_reasoning.reset();
  record_.first_to_last_token.reset();
}

void ChatExchange::on_timer() {
  switch (state_) {
    case State::signing: return hash_slice();
    case State::streaming: return on_stream_end({});
    case State::flushing:
      call_.reset();
      if (reply_ended()) retire();
      return;
    default: return;
  }
}

void ChatExchange::on_flushed() {
  --chat_.in_flight;
  if (!call_) retire();  // else its transfer still ends, for at most transfer_patience
}

void ChatExchange::on_cut(const Error& error) {
  --chat_.in_flight;
  if (begun_ && !failed()) record_.stream_end = stream_end_of(error);
  const bool answering = upstream_status_ == 0 || upstream_status_ == 200;
  if (!record_.attempts.empty() && answering && !failed()) note_missing_usage("cancelled");
  close_attempt(outcome_of(error.kind));
  end_pause();
  state_ = State::done;
  timer_.cancel();
  call_.reset();  // cancels what still runs
}

void ChatExchange::on_reply_drained() {
  if (state_ != State::paused) return;
  end_pause();
  state_ = State::streaming;
  stages_.enter(Stage::upstream, Waiting::yes);
  if (awaits_usage_) timer_.arm(chat_.usage_patience);
  call_->resume();
}

// ------------------------------------------------------------------------------------ the record

void ChatExchange::end_pause() {
  if (state_ == State::paused) record_.backpressure += context_.clock->now() - paused_since_;
}

void ChatExchange::close_attempt(metrics::Outcome outcome) {
  if (record_.attempts.empty() || attempt_closed_) return;
  attempt_closed_ = true;
  metrics::Attempt& attempt = record_.attempts.back();
  attempt.outcome = outcome;
  attempt.duration = context_.clock->now() - call_started_;
}

void ChatExchange::note_transfer(const TransferResult& result) {
  metrics::Attempt& attempt = record_.attempts.back();
  attempt.reused_connection = result.times.reused_connection;
  const auto phase = [](std::uint64_t microseconds) -> std::optional<std::chrono::nanoseconds> {
    if (microseconds == 0) return std::nullopt;
    return std::chrono::microseconds(microseconds);
  };
  attempt.dns = phase(result.times.dns_us);
  attempt.connect = phase(result.times.connect_us);
  attempt.tls = phase(result.times.tls_us);
}

void ChatExchange::note_usage(const convert::Usage& usage) {
  record_.usage_source = metrics::UsageSource::provider;
  record_.tokens = tokens_of(usage);
}

// An answer ends and upstream did not say what it cost; `why` is a literal.
void ChatExchange::note_missing_usage(std::string_view why) {
  const bool known = record_.usage_source != metrics::UsageSource::none;
  if (!known && record_.usage_missing.empty()) record_.usage_missing = why;
}

void ChatExchange::note_facts(const convert::UpstreamFacts& facts) {
  record_.stop_reason = facts.stop_reason;
  record_.unknown_items = facts.unknown_items;
  if (facts.latency_ms) record_.provider_latency = std::chrono::milliseconds(*facts.latency_ms);
}

void ChatExchange::note_content(const ChatDelta& delta) {
  const auto since_start = event_time_ - stages_.start();
  if (delta.kind == ChatDelta::Kind::reasoning) {
    if (!record_.time_to_first_reasoning) record_.time_to_first_reasoning = since_start;
  } else if (!record_.time_to_first_token) {
    record_.time_to_first_token = since_start;
  }
  if (content_seen_) {
    const auto gap = event_time_ - last_content_;
    context_.records->shard().inter_token(record_.model, record_.provider, gap);
    record_.max_stall = std::max<std::chrono::nanoseconds>(record_.max_stall, gap);
  } else {
    first_content_ = event_time_;
    content_seen_ = true;
  }
  last_content_ = event_time_;
  record_.first_to_last_token = last_content_ - first_content_;
}

void ChatExchange::add_headers(std::vector<Header>& headers) const {
  if (!route_) return;
  headers.push_back({"x-oriel-model", std::string(context_.records->name_of(route_->model))});
  headers.push_back({"x-oriel-provider", route_->provider->name});
  headers.push_back({"x-oriel-attempts", std::to_string(record_.attempts.size())});
  if (!record_.adjusted.empty()) {
    std::string list;
    for (const metrics::Adjusted& adjusted : record_.adjusted) {
      if (!list.empty()) list.append(",");
      list.append(adjusted.parameter).append("=").append(adjusted.action);
    }
    headers.push_back({"x-oriel-adjusted", std::move(list)});
  }
  if (!record_.attempts.empty() && !record_.attempts.back().request_id.empty() &&
      route_->provider->uses_aws()) {
    headers.push_back({"x-amzn-requestid", record_.attempts.back().request_id});
  }
}

convert::Envelope ChatExchange::envelope() {
  return {reply_id_, created_, json::Text::from_escaped(model_)};
}

}  // namespace oriel::gateway
