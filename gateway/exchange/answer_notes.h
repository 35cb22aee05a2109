// AnswerNotes: what a chat's record learns from its answer: what it cost, how it ended, facts, and
// when content came. Owned by the exchange, beside the record that it fills; the worker's thread.
#pragma once

#include <cstdint>
#include <string_view>

#include "convert/chat.h"
#include "gateway/exchange/exchange.h"

namespace oriel::gateway {

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
  void delta(const convert::ChatDelta& delta, SteadyTime time);
  // What was decoded is never sent.
  void drop_content();

 private:
  void content(const convert::ChatDelta& delta, SteadyTime time);

  ExchangeContext& context_;
  metrics::Record& record_;
  const StageClock& stages_;
  SteadyTime first_content_;
  SteadyTime last_content_;
  bool content_seen_ = false;
};

}  // namespace oriel::gateway
