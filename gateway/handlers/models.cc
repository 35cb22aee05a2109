#include "convert/openai/models.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "convert/wire/percent.h"
#include "gateway/handlers/handlers.h"

namespace oriel::gateway {

namespace {

std::vector<convert::Header> headers_of(const HandlerContext& context) {
  return {{"content-type", "application/json"},
          {"x-oriel-models", std::string(to_string(context.router->freshness()))}};
}

}  // namespace

void serve_models(HandlerContext& context, std::string_view, http::Request&& request,
                  http::Reply& reply) {
  Exchange& exchange = context.exchanges->table->add(
      std::make_unique<Exchange>(*context.exchanges, request, reply, metrics::Endpoint::models));
  std::string body;
  convert::write_model_list(context.router->models(), body);
  exchange.respond(200, headers_of(context), body);
}

void serve_model(HandlerContext& context, std::string_view rest, http::Request&& request,
                 http::Reply& reply) {
  Exchange& exchange = context.exchanges->table->add(
      std::make_unique<Exchange>(*context.exchanges, request, reply, metrics::Endpoint::model));
  const auto name = convert::wire::percent_decode(rest);
  if (name) {
    if (const auto model = context.router->find_model(*name)) {
      std::string body;
      convert::write_model(*model, body);
      exchange.respond(200, headers_of(context), body);
      return;
    }
  }
  exchange.refuse(unknown_model(name ? *name : std::string(rest)));
}

}  // namespace oriel::gateway
