// ModelCall: one choice of an answer, asked of upstream: sends a signed request, and collects or
// decodes what comes back. It fills in its attempt's record and tells its observer deltas, a whole
// reply, or an error. After an error, or a refusal, it may be started again: a new attempt of the
// same choice.
//
// States: idle → awaiting_head → collecting (whole answers and errors) or streaming → complete (the
// transport may still have to end), or → failed. Owned by its exchange, used on the worker's
// thread. Destroying it cancels.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "convert/dialect.h"
#include "gateway/exchange/answer_notes.h"
#include "gateway/exchange/chat_context.h"
#include "gateway/exchange/exchange.h"
#include "gateway/exchange/reasoning_collector.h"
#include "gateway/routing/router.h"
#include "gateway/upstream/upstream.h"

namespace oriel::gateway {

class ModelCall;

// A call may be started again, abandoned or cancelled inside any of them.
class ModelCallObserver {
 public:
  virtual ~ModelCallObserver() = default;
  virtual void on_call_head(ModelCall& call) = 0;
  virtual void on_call_delta(ModelCall& call, const convert::ChatDelta& delta) = 0;
  // The deltas of what had come were told, and more is to come.
  virtual void on_call_turn(ModelCall& call) = 0;
  // The last delta was told.
  virtual void on_call_complete(ModelCall& call) = 0;
  // In place of deltas. The reply borrows the call until that is started again.
  virtual void on_call_reply(ModelCall& call, convert::ChatReply&& reply) = 0;
  virtual void on_call_error(ModelCall& call, const convert::Error& error) = 0;
  // The transport of a complete call has ended, too.
  virtual void on_call_ended(ModelCall& call) = 0;
};

// Why an attempt is given up, or its answer thrown away.
enum class Discard : std::uint8_t {
  retry,        // another attempt is made in its place
  failed,       // the client gets an error
  client_left,  // nobody is there to take it
};

// How an answer comes, and how it is told.
enum class Delivery : std::uint8_t {
  whole,     // in one piece, as a reply
  stream,    // as a stream, as deltas
  replayed,  // in one piece, as deltas
};

// What the calls of one exchange share; outlives them.
struct CallScope {
  ExchangeContext& context;
  ChatContext& chat;
  metrics::Record& record;
  StageClock& stages;
  AnswerNotes& notes;
  std::string tenant;  // the request's Authorization; only where reasoning is kept
  std::optional<std::size_t> allowance;  // how many bytes may still be read, all calls together
};

class ModelCall final : private UpstreamObserver, private convert::DeltaSink {
 public:
  ModelCall(CallScope& scope, ModelCallObserver& observer, std::uint32_t choice);
  ModelCall(const ModelCall&) = delete;
  ModelCall& operator=(const ModelCall&) = delete;
  ~ModelCall() override;

  // A new attempt; there is none under way. The route is borrowed until the next. `retry`: why it
  // is made; nullopt: it is the first.
  void start(const Route& route, UpstreamRequest request, const convert::ReplyContext& context,
             Delivery delivery, std::optional<metrics::RetryReason> retry);
  // Nobody wants the attempt's answer: what it cost is wasted. One under way ends with this
  // outcome, and as an answer without usage, unless upstream refuses anyway.
  void discard(metrics::Outcome outcome, Discard why);
  // Between them nothing is told.
  void pause();
  void resume();

  std::uint32_t choice() const { return choice_; }
  bool asking() const;  // an answer is to come
  bool complete() const { return state_ == State::complete; }
  bool content_complete() const { return complete() || awaits_usage_; }
  bool running() const { return call_ != nullptr; }  // the transport's end is to come
  int status() const { return status_; }             // upstream's; 0: none came yet
  const std::optional<convert::Usage>& usage() const { return usage_; }  // of this attempt
  const metrics::Attempt& attempt() const { return scope_.record.attempts[attempt_]; }

 private:
  enum class State : std::uint8_t { idle, awaiting_head, collecting, streaming, complete, failed };

  // UpstreamObserver
  void on_head(int status, const std::vector<convert::Header>& headers) override;
  void on_body(std::string_view bytes) override;
  void on_done(const TransferResult& result) override;
  // DeltaSink
  void on_delta(const convert::ChatDelta& delta) override;

  void collect(std::string_view bytes);
  void on_stream_bytes(std::string_view bytes);
  void on_stream_end(const TransferResult& result);
  void on_answer();
  void on_complete();
  void end_transfer();
  void on_timer();
  void fail(const convert::Error& error);
  void close_attempt(metrics::Outcome outcome);
  void note_usage(const convert::Usage& usage);
  void note_times(const TransferTimes& times);
  metrics::Attempt& current() { return scope_.record.attempts[attempt_]; }
  Timer& timer();
  bool keeps_reasoning() const;

  CallScope& scope_;
  ModelCallObserver& observer_;
  const std::uint32_t choice_;
  State state_ = State::idle;
  Delivery delivery_ = Delivery::whole;
  const Route* route_ = nullptr;
  convert::ReplyContext context_;

  std::unique_ptr<UpstreamCall> call_;
  std::unique_ptr<convert::StreamDecoder> decoder_;
  json::PaddedBuffer body_;  // whole answers and errors
  std::vector<convert::Header> headers_;
  ReasoningCollector reasoning_;
  std::optional<Timer> timer_;  // patience: for usage, then for the transport's end
  std::optional<convert::Usage> usage_;
  std::uint32_t images_ = 0;  // made in this attempt
  int status_ = 0;
  std::size_t attempt_ = 0;  // in the record
  SteadyTime started_;
  SteadyTime event_time_;      // of the bytes being decoded
  bool awaits_usage_ = false;  // all content was seen
  bool paused_ = false;
};

}  // namespace oriel::gateway
