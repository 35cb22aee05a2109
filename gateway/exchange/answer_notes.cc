#include "gateway/exchange/answer_notes.h"

#include <algorithm>

#include "gateway/exchange/outcome.h"

namespace oriel::gateway {
namespace {

using convert::ChatDelta;

bool carries_content(const ChatDelta& delta) {
  switch (delta.kind) {
    case ChatDelta::Kind::text:
    case ChatDelta::Kind::reasoning:
    case ChatDelta::Kind::tool_call_start:
    case ChatDelta::Kind::tool_call_args:
    case ChatDelta::Kind::image: return true;
    case ChatDelta::Kind::source: return delta.carries_content;
    default: return false;
  }
}

}  // namespace

void AnswerNotes::usage(metrics::Attempt& attempt, const convert::Usage& now) {
  const metrics::Tokens before = attempt.tokens.value_or(metrics::Tokens{});
  const metrics::Tokens after = tokens_of(now);
  metrics::Tokens& sum = record_.tokens;
  sum.input += after.input - before.input;
  sum.output += after.output - before.output;
  sum.cache_read += after.cache_read - before.cache_read;
  sum.cache_write_5m += after.cache_write_5m - before.cache_write_5m;
  sum.cache_write_1h += after.cache_write_1h - before.cache_write_1h;
  sum.reasoning += after.reasoning - before.reasoning;
  record_.usage_source = metrics::UsageSource::provider;
  attempt.tokens = after;
}

void AnswerNotes::price(metrics::Attempt& attempt, const metrics::Price& price,
                        std::uint32_t images) {
  record_.images += images;
  if (!attempt.tokens) return;
  attempt.cost = metrics::cost_of(price, *attempt.tokens, images);
  if (attempt.cost) {
    record_.cost = record_.cost.value_or(0) + *attempt.cost;
  } else {
    record_.unpriced = true;
  }
}

void AnswerNotes::missing_usage(metrics::UsageMissing why) {
  if (!record_.usage_missing) record_.usage_missing = why;
}

void AnswerNotes::facts(const convert::UpstreamFacts& facts) {
  if (!facts.stop_reason.empty()) record_.stop_reason = facts.stop_reason;
  if (!facts.model.empty()) record_.response_model = facts.model;
  if (!facts.id.empty()) record_.response_id = facts.id;
  for (std::size_t i = 0; i < convert::kUnknownItems; ++i) {
    const auto item = unknown_item_of(static_cast<convert::UnknownItem>(i));
    record_.unknown_items[static_cast<std::size_t>(item)] += facts.unknown_items[i];
  }
  if (!facts.latency_ms) return;
  const std::chrono::milliseconds latency(*facts.latency_ms);
  record_.provider_latency = std::max(record_.provider_latency.value_or(latency), latency);
}

void AnswerNotes::delta(const ChatDelta& delta, SteadyTime time, Pace pace) {
  if (delta.kind == ChatDelta::Kind::finish) {
    finish(delta.finish);
  } else if (delta.source_finish) {
    finish(*delta.source_finish);
  }
  if (content_wanted_ && carries_content(delta)) content(delta, time, pace);
}

void AnswerNotes::content(const ChatDelta& delta, SteadyTime time, Pace pace) {
  const auto since_start = time - stages_.start();
  if (delta.kind == ChatDelta::Kind::reasoning) {
    if (!record_.time_to_first_reasoning) record_.time_to_first_reasoning = since_start;
  } else if (!record_.time_to_first_token) {
    record_.time_to_first_token = since_start;
  }
  end_silence(time);
  if (pace == Pace::replayed) return;  // its deltas have no times of their own
  if (last_content_) {
    context_.records->shard().inter_token(record_.model, record_.provider, time - *last_content_);
    record_.first_to_last_token = time - first_content_;
  } else {
    first_content_ = time;
  }
  last_content_ = time;
}

void AnswerNotes::begin_stream(SteadyTime time) {
  begun_ = time;
  if (!silent_since_) silent_since_ = time;
}

void AnswerNotes::end_silence(SteadyTime time) {
  if (silent_since_) {
    record_.max_stall =
        std::max<std::chrono::nanoseconds>(record_.max_stall, time - *silent_since_);
  }
  silent_since_ = time;
}

void AnswerNotes::excuse(SteadyTime::duration pause) {
  first_content_ += pause;
  if (last_content_) *last_content_ += pause;
  if (silent_since_) *silent_since_ += pause;
}

void AnswerNotes::drop_content() {
  record_.chunks = 0;
  record_.finish_reason = {};
  record_.stop_reason.clear();
  record_.time_to_first_token.reset();
  record_.time_to_first_reasoning.reset();
  record_.first_to_last_token.reset();
  record_.max_stall = {};
  last_content_.reset();
  silent_since_ = begun_;
}

}  // namespace oriel::gateway
