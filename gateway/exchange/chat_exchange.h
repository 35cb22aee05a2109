// ChatExchange: one chat completion, from the client's request to its answer. A ChatPlan says what
// is sent, ModelCalls ask upstream, one for each choice, and the exchange prints what they tell. It
// holds no JSON of its own: the dialect encodes and decodes, the front end prints.
//
// States: preparing → fetching (what the request names by URL, what model an ARN is) → signing →
// calling ⇄ paused → flushing → done; and draining, where the client has left and upstream is read
// on for its usage. No byte of the answer leaves before the first upstream event is decoded, so
// that anything earlier is a proper HTTP error, or another attempt (spec/converse.md §0.5, §13,
// §15).
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "convert/openai/chat_chunk.h"
#include "gateway/exchange/answer_notes.h"
#include "gateway/exchange/call_signer.h"
#include "gateway/exchange/chat_context.h"
#include "gateway/exchange/chat_plan.h"
#include "gateway/exchange/content_notes.h"
#include "gateway/exchange/exchange.h"
#include "gateway/exchange/media_gather.h"
#include "gateway/exchange/model_call.h"

namespace oriel::gateway {

class ChatExchange final : public Exchange, private ModelCallObserver {
 public:
  ChatExchange(ExchangeContext& context, ChatContext& chat, http::Request&& request,
               http::Reply& reply);
  ~ChatExchange() override;

  // Parses, routes, encodes and calls; every fault on the way is answered.
  void start();

 private:
  enum class State : std::uint8_t {
    preparing,
    fetching,
    signing,
    calling,   // answers are to come, whole or as streams
    paused,    // the client is slow: nothing is read
    flushing,  // the answer is written or cut; waiting for the client to take it
    draining,  // nobody listens; what upstream says is counted
    done,
  };

  // Exchange
  void on_flushed() override;
  AfterCut on_cut(const convert::Error& error) override;
  void on_lingering_cut() override;
  void on_worker_stop(const convert::Error& error) override;
  void on_reply_drained() override;
  void add_headers(std::vector<convert::Header>& headers) const override;
  // ModelCallObserver
  void on_call_head(ModelCall& call) override;
  void on_call_delta(ModelCall& call, const convert::ChatDelta& delta) override;
  void on_call_turn(ModelCall& call) override;
  void on_call_complete(ModelCall& call) override;
  void on_call_reply(ModelCall& call, convert::ChatReply&& reply) override;
  void on_call_error(ModelCall& call, const convert::Error& error) override;
  void on_call_ended(ModelCall& call) override;

  // The way out.
  void look_up();
  void fetch();
  void encode();
  void sign();
  void hash_slice();
  void call_upstream();
  bool start_call(ModelCall& call, std::optional<metrics::RetryReason> retry);
  bool try_again(ModelCall& call, const convert::Error& error);

  // The way back.
  void answer_whole();
  void write_chunk(const convert::ChatDelta& delta);
  void forward();
  void begin_stream();
  void close_stream();
  void write_summed_usage();
  void drop_chunks();
  void fail(const convert::Error& error);
  void write_error(const convert::Error& error);

  // The ends.
  bool may_drain(const convert::Error& error) const;
  void start_draining();
  void end_draining();
  void discard_calls(metrics::Outcome outcome, Discard why);
  bool all_complete() const;
  bool awaits_content() const;
  bool any_asking() const;
  bool any_running() const;
  void on_timer();
  void on_pulse();
  void arm_pulse(std::chrono::milliseconds after);
  void end_pause();
  void set_idle();
  Timer& timer();
  convert::Envelope name_answer();
  const metrics::Attempt* shown_attempt() const;

  ChatContext& chat_;
  State state_ = State::preparing;
  json::PaddedBuffer request_body_;  // the plan's, once started
  AnswerNotes notes_;
  ContentNotes content_;
  ChatPlan plan_;
  CallSigner signer_;
  CallScope scope_;
  std::vector<std::unique_ptr<ModelCall>> calls_;  // by choice
  std::optional<MediaGather> gather_;
  std::optional<Timer> timer_;  // what the state waits for: a turn to hash, a lookup, the drain
  std::optional<Timer> pulse_;  // what the client is told while nothing comes

  std::unique_ptr<convert::ChunkWriter> chunks_;
  std::vector<convert::ChatReply> replies_;  // whole answers, by choice
  std::string out_;                          // chunks of this turn
  std::string service_tier_;                 // of an answer with several choices
  std::string reply_id_;
  std::int64_t created_ = 0;
  std::uint32_t shown_choice_ = 0;  // whose attempt the headers tell of
  std::uint32_t rounds_ = 0;        // attempts so far, of the choice that had most

  SteadyTime last_output_;
  SteadyTime paused_since_;
  bool begun_ = false;        // a stream's head was written
  bool spoken_ = false;       // and a chunk
  bool asked_twice_ = false;  // because of malformed output
};

}  // namespace oriel::gateway
