// ContentNotes: what a chat's record keeps of its content, where the operator asked for that
// (log.content). Does nothing otherwise. Owned by the exchange, beside the record that it fills;
// the worker's thread.
#pragma once

#include <string_view>

#include "convert/chat.h"
#include "gateway/exchange/chat_config.h"
#include "metrics/record.h"

namespace oriel::gateway {

class ContentNotes {
 public:
  ContentNotes(LogContent wanted, metrics::Record& record) : wanted_(wanted), record_(record) {}

  // The body as the client sent it, and what it was found to be.
  void body(std::string_view bytes);
  void request(const convert::ChatRequest& request);
  // A piece of the answer as the client is sent it.
  void answer(std::string_view bytes);

 private:
  const LogContent wanted_;
  metrics::Record& record_;
};

}  // namespace oriel::gateway
