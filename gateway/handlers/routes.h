// The route tables, one of each address: which paths exist, with which methods, and who serves
// them. Paths are matched with and without `/v1`, with trailing and doubled slashes; everything
// else is OpenAI's 404 or 405.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "gateway/exchange/chat_exchange.h"
#include "gateway/exchange/exchange.h"
#include "gateway/handlers/health.h"
#include "gateway/http/server.h"
#include "gateway/routing/router.h"

namespace oriel::gateway {

// What a scraper takes: its Accept and Accept-Encoding headers.
struct ScrapeRequest {
  std::string accept;
  std::string accept_encoding;
};

// Renders /metrics on the admin thread and hands the page back.
using Scrape =
    std::function<void(ScrapeRequest wanted, std::function<void(metrics::Exposition)> done)>;

struct RouteRow;
using RouteTable = std::span<const RouteRow>;
RouteTable client_routes();
// Metrics, probes and the status page.
RouteTable admin_routes();

// What the handlers of one thread use; its front owns everything in it.
struct HandlerContext {
  RouteTable routes;
  ExchangeContext* exchanges = nullptr;
  ChatContext* chat = nullptr;     // null where nobody chats
  const Router* router = nullptr;  // the same
  const Health* health = nullptr;
  Scrape scrape;
};

// One row of the table.
struct RouteRow {
  std::string_view path;   // normalised: no /v1, no trailing slash; a final "/*" takes the rest
  std::string_view allow;  // "POST" or "GET, HEAD"
  metrics::Endpoint endpoint;
  void (*serve)(HandlerContext&, std::string_view rest, http::Request&&, http::Reply&);
};

// `path` without /v1, doubled and trailing slashes.
std::string normalise_path(std::string_view path);

// The endpoint a head is for, whether or not it may be served.
metrics::Endpoint endpoint_of(RouteTable routes, const convert::wire::HttpRequestHead& head);

// Whether a worker serves as many chats as it may. Asked before a body is read and again behind it:
// many bodies may be on their way at once.
bool is_full(const HandlerContext& context);

http::Admission admit(const HandlerContext& context, const convert::wire::HttpRequestHead& head);
void serve(HandlerContext& context, http::Request&& request, http::Reply& reply);

}  // namespace oriel::gateway
