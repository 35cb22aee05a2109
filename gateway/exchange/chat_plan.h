// ChatPlan: what a chat request asks for and how it is sent: the client's body read in place, its
// route, and its encoding, made anew when a refusal teaches something. It lets go of the body as
// soon as nothing can be learned any more. Owned by the exchange; the worker's thread.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "convert/dialect.h"
#include "gateway/exchange/chat_context.h"
#include "gateway/exchange/exchange.h"
#include "gateway/exchange/model_call.h"

namespace oriel::gateway {

class ChatPlan {
 public:
  ChatPlan(ExchangeContext& context, ChatContext& chat, metrics::Record& record,
           StageClock& stages);

  // Reads the request and finds its route.
  convert::Result<void> read(json::PaddedBuffer body);
  // Finds the route again: more is known of its model.
  convert::Result<void> find_route();
  // Encodes with all that is known. `tenant`: whose kept reasoning may be put back.
  convert::Result<void> encode(std::string_view tenant);
  // Whether a refusal taught something that is new to this request, while that is still there.
  bool teaches(const convert::Lesson& lesson) const;
  // Encodes with a lesson in mind. False: that changes nothing, or cannot be; another attempt would
  // be refused as well. No call may borrow the encoding before.
  bool learn(const convert::Lesson& lesson, std::string_view tenant);
  // Upstream took the request: what was learned holds, for later requests as well.
  void confirm();
  // Nothing will be encoded again.
  void forget();

  // The request while it is there: between read() and forget().
  convert::ChatRequest* request() { return request_ ? &*request_ : nullptr; }
  const Route* route() const { return route_ ? &*route_ : nullptr; }
  const convert::Encoded& encoded() const { return encoded_; }

  bool wants_stream() const { return record_.stream; }
  bool wants_usage() const { return wants_usage_; }
  std::string_view model() const { return model_; }  // as the client wrote it, escaped
  // How many calls make the answer: upstreams that know `n` make their choices themselves.
  std::uint32_t calls() const;
  Delivery delivery() const;

 private:
  void take_route(Route route);
  void apply_learned();
  void restore_reasoning(std::string_view tenant);
  bool apply(const convert::Lesson& lesson);

  // What a refusal taught, until upstream takes the request.
  struct Taught {
    convert::Lesson lesson;
    std::string upstream_model;
    std::string region;
    std::size_t schema = 0;  // of the response format, hashed
  };

  ExchangeContext& context_;
  ChatContext& chat_;
  metrics::Record& record_;
  StageClock& stages_;
  json::PaddedBuffer body_;
  std::optional<convert::ChatRequest> request_;
  std::string model_;
  bool wants_usage_ = false;
  std::uint32_t choices_ = 1;
  std::optional<Route> route_;
  convert::Encoded encoded_;
  std::vector<Taught> taught_;                                  // in this request; each name once
  std::size_t confirmed_ = 0;                                   // of them
  std::vector<std::shared_ptr<const KeptReasoning>> restored_;  // what the request now borrows
};

}  // namespace oriel::gateway
