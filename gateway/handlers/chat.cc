#include <memory>
#include <utility>

#include "gateway/handlers/handlers.h"

namespace oriel::gateway {

void serve_chat(HandlerContext& context, std::string_view, http::Request&& request,
                http::Reply& reply) {
  ExchangeContext& exchanges = *context.exchanges;
  if (is_full(context)) {
    exchanges.records->shard().request_shed(metrics::ShedReason::concurrency);
    exchanges.table
        ->add(std::make_unique<Exchange>(exchanges, request, reply,
                                         metrics::Endpoint::chat_completions))
        .refuse({.kind = convert::ErrorKind::overloaded});
    return;
  }
  exchanges.table
      ->add(std::make_unique<ChatExchange>(exchanges, *context.chat, std::move(request), reply))
      .start();
}

}  // namespace oriel::gateway
