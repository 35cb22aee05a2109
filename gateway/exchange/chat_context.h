// What the chat exchanges of one worker share: collaborators that the worker wires, and what they
// remember of earlier requests. The worker's thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "gateway/aws/credentials.h"
#include "gateway/aws/sigv4.h"
#include "gateway/exchange/learned.h"
#include "gateway/exchange/reasoning_cache.h"
#include "gateway/exchange/throttles.h"
#include "gateway/routing/router.h"
#include "gateway/upstream/media_fetch.h"
#include "gateway/upstream/upstream.h"

namespace oriel::gateway {

struct ChatContext {
  UpstreamClient* upstream = nullptr;
  aws::Signer* signer = nullptr;
  const Router* router = nullptr;
  std::shared_ptr<const aws::Credentials> credentials;  // null: none were found
  MediaFetcher* media = nullptr;                        // null: clients' URLs are not fetched
  ReasoningCache* reasoning_cache = nullptr;            // all workers' together; null: off
  // Finds out which model an ARN stands for, so that the router knows it from then on; `done` is
  // told once, also when it cannot be found out. Empty: off.
  std::function<void(const std::string& arn, std::function<void()> done)> lookup_model;

  // How long lookup_model is waited for.
  std::chrono::milliseconds lookup_patience{2'000};
  // After the last content: how long its usage may take (spec/converse.md §13.3).
  std::chrono::milliseconds usage_patience{5'000};
  // After a complete answer: how long the transport may take to end, so that its connection is
  // reused.
  std::chrono::milliseconds transfer_patience{1'000};

  // The exchanges' own.
  std::size_t in_flight = 0;  // chats whose answer has not left
  std::size_t draining = 0;   // chats that are read on for their usage
  Learned learned;
  Throttles throttles;
};

}  // namespace oriel::gateway
