// AnswerNotes: what a chat's record learns from its answer: what it cost, how it ended, facts, and
// when content came. Owned by the exchange, beside the record that it fills; the worker's thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "convert/chat.h"
#include "gateway/exchange/exchange.h"

namespace oriel::gateway {

// Whether a stream's deltas come as upstream makes them, or all at once, of a whole answer.
enum class Pace : bool { live, replayed };

class AnswerNotes {
 public:
  AnswerNotes(ExchangeContext& context, metrics::Record& record, const StageClock& stages)
      : context_(context), record_(record), stages_(stages) {}

  // What one attempt used, as far as told; the record has the sum of all attempts.
  void usage(metrics::Attempt& attempt, const convert::Usage& now);
  // The attempt has ended, with so many pictures made: nothing more is used.
  void price(metrics::Attempt& attempt, const metrics::Price& price, std::uint32_t images);
  // An answer ends and upstream did not say what it cost; the first reason counts.
  void missing_usage(metrics::UsageMissing why);
  void facts(const convert::UpstreamFacts& facts);
  void finish(convert::FinishReason reason) { record_.finish_reason = convert::to_string(reason); }
  // A delta of a stream, decoded from bytes that came at `time`.
  void delta(const convert::ChatDelta& delta, SteadyTime time, Pace pace);
  // What was decoded is never sent.
  void drop_content();

  // The client is told that its stream has begun: silence counts from here on,
  void begin_stream(SteadyTime time);
  // and ends here, with content or because no more will come.
  void end_silence(SteadyTime time);
  // So long nothing was asked of upstream: the client did not read.
  void excuse(SteadyTime::duration pause);
  // The client has left: content comes for nobody.
  void end_content() { content_wanted_ = false; }

 private:
  void content(const convert::ChatDelta& delta, SteadyTime time, Pace pace);

  ExchangeContext& context_;
  metrics::Record& record_;
  const StageClock& stages_;
  SteadyTime first_content_;
  std::optional<SteadyTime> last_content_;
  std::optional<SteadyTime> begun_;         // of the stream, if the client knows of it
  std::optional<SteadyTime> silent_since_;  // of the stream
  bool content_wanted_ = true;
};

}  // namespace oriel::gateway
