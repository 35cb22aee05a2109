// A streamed answer of an OpenAI-compatible server: events into source deltas, one a chunk. Spec:
// spec/converse.md §13.4 to §13.6. One per stream, owned by the exchange, single-threaded.
#pragma once

#include <bitset>

#include "convert/dialect.h"
#include "convert/wire/sse.h"

namespace oriel::convert::openai {

class PassthroughStream final : public StreamDecoder {
 public:
  Result<void> feed(std::string_view bytes, DeltaSink& sink) override;
  // Without [DONE] the answer is whole only when each of its choices had a finish reason.
  Result<void> finish(DeltaSink& sink) override;
  bool complete() const override { return done_; }
  bool content_complete() const override { return begun_.any() && begun_ == ended_; }
  const UpstreamFacts& facts() const override { return facts_; }

 private:
  static constexpr std::size_t kMaxEvent = 4U * 1024 * 1024;  // bytes of one chunk
  static constexpr std::size_t kMaxChoices = 128;             // OpenAI's own limit of n

  Result<void> take(const wire::SseEvent& event, DeltaSink& sink);
  Result<void> take_chunk(const json::Value& root, const json::Value& choices, DeltaSink& sink);
  Result<void> take_choice(const json::Value& choice, ChatDelta& delta);

  wire::SseDecoder events_{kMaxEvent};
  json::Reader reader_;
  UpstreamFacts facts_;
  std::bitset<kMaxChoices> begun_;
  std::bitset<kMaxChoices> ended_;
  bool done_ = false;
};

}  // namespace oriel::convert::openai
