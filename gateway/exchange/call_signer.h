// CallSigner: makes an encoding a request that upstream takes: where it goes, and whose it is. What
// is signed is the exact body, whose hash is taken once, in slices, so that no turn of the loop
// lasts longer than a millisecond. Owned by the exchange; the worker's thread.
#pragma once

#include <cstddef>

#include "convert/dialect.h"
#include "gateway/exchange/chat_context.h"
#include "gateway/exchange/exchange.h"

namespace oriel::gateway {

class CallSigner {
 public:
  CallSigner(const ExchangeContext& context, const ChatContext& chat)
      : context_(context), chat_(chat) {}

  // Both are borrowed until the next begin().
  void begin(const Route& route, const convert::WireRequest& wire);
  // Hashes the next slice of the body, if that is needed at all. True: nothing is left to hash.
  bool hash_slice();
  // A request for one attempt, signed now. Once everything is hashed.
  convert::Result<UpstreamRequest> make();

 private:
  bool signs() const;
  convert::Result<void> authorise(UpstreamRequest& call) const;

  const ExchangeContext& context_;
  const ChatContext& chat_;
  const Route* route_ = nullptr;
  const convert::WireRequest* wire_ = nullptr;
  aws::BodyHash hash_;
  aws::HexDigest digest_{};
  std::size_t hashed_ = 0;
};

}  // namespace oriel::gateway
