#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "convert/json/writer.h"
#include "gateway/handlers/handlers.h"
#include "gateway/status/page.h"

namespace oriel::gateway {
namespace {

void answer_status(HandlerContext& context, int status, std::string_view word,
                   http::Request&& request, http::Reply& reply) {
  Exchange& exchange = context.exchanges->table->add(
      std::make_unique<Exchange>(*context.exchanges, request, reply, metrics::Endpoint::health));
  std::string body;
  json::Writer(body).begin_object().key("status").string(word).end_object();
  exchange.respond(status, {{"content-type", "application/json"}, {"cache-control", "no-store"}},
                   body);
}

std::string field(const http::Request& request, std::string_view name) {
  const std::string* value = request.head.find(name);
  return value == nullptr ? std::string() : *value;
}

std::vector<convert::Header> headers_of(const metrics::Exposition& page) {
  std::vector<convert::Header> headers = {{"content-type", page.content_type},
                                          {"vary", "Accept, Accept-Encoding"}};
  if (!page.content_encoding.empty()) {
    headers.push_back({"content-encoding", page.content_encoding});
  }
  return headers;
}

}  // namespace

// Alive and what it is, for people and simple load balancers: never fails while the process serves.
void serve_health(HandlerContext& context, std::string_view, http::Request&& request,
                  http::Reply& reply) {
  answer_status(context, 200, "ok", std::move(request), reply);
}

void serve_livez(HandlerContext& context, std::string_view, http::Request&& request,
                 http::Reply& reply) {
  answer_status(context, 200, "alive", std::move(request), reply);
}

void serve_readyz(HandlerContext& context, std::string_view, http::Request&& request,
                  http::Reply& reply) {
  if (context.health->shutting_down.load(std::memory_order_relaxed)) {
    return answer_status(context, 503, "draining", std::move(request), reply);
  }
  if (!context.health->ready.load(std::memory_order_relaxed)) {
    return answer_status(context, 503, "no AWS credentials", std::move(request), reply);
  }
  answer_status(context, 200, "ready", std::move(request), reply);
}

void serve_metrics(HandlerContext& context, std::string_view, http::Request&& request,
                   http::Reply& reply) {
  ScrapeRequest wanted{field(request, "accept"), field(request, "accept-encoding")};
  Exchange& exchange = context.exchanges->table->add(
      std::make_unique<Exchange>(*context.exchanges, request, reply, metrics::Endpoint::metrics));
  // The scrape may outlive the exchange: late pages find no id.
  context.scrape(std::move(wanted), [table = context.exchanges->table,
                                     id = exchange.id()](const metrics::Exposition& page) {
    if (Exchange* waiting = table->find(id)) waiting->respond(200, headers_of(page), page.body);
  });
}

void serve_status(HandlerContext& context, std::string_view, http::Request&& request,
                  http::Reply& reply) {
  const status::Page& page = status::page();
  context.exchanges->table
      ->add(
          std::make_unique<Exchange>(*context.exchanges, request, reply, metrics::Endpoint::status))
      .respond(200,
               {{"content-type", "text/html; charset=utf-8"},
                {"content-security-policy", page.security_policy},
                {"x-content-type-options", "nosniff"},
                {"referrer-policy", "no-referrer"},
                {"cache-control", "no-cache"}},
               page.html);
}

}  // namespace oriel::gateway
