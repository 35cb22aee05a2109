#include "gateway/handlers/routes.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "gateway/exchange/outcome.h"
#include "gateway/handlers/handlers.h"

namespace oriel::gateway {
namespace {

using convert::Error;
using convert::ErrorKind;
using convert::wire::HttpRequestHead;
using metrics::Endpoint;

constexpr std::string_view kRead = "GET, HEAD";

constexpr std::array kClientRoutes = {
    RouteRow{"/chat/completions", "POST", Endpoint::chat_completions, &serve_chat},
    RouteRow{"/models", kRead, Endpoint::models, &serve_models},
    RouteRow{"/models/*", kRead, Endpoint::model, &serve_model},
    RouteRow{"/health", kRead, Endpoint::health, &serve_health},
    RouteRow{"/livez", kRead, Endpoint::health, &serve_livez},
    RouteRow{"/readyz", kRead, Endpoint::health, &serve_readyz},
    RouteRow{"/metrics", kRead, Endpoint::metrics, &serve_metrics},
};

constexpr std::array kAdminRoutes = {
    RouteRow{"/status", kRead, Endpoint::status, &serve_status},
    RouteRow{"/health", kRead, Endpoint::health, &serve_health},
    RouteRow{"/livez", kRead, Endpoint::health, &serve_livez},
    RouteRow{"/readyz", kRead, Endpoint::health, &serve_readyz},
    RouteRow{"/metrics", kRead, Endpoint::metrics, &serve_metrics},
};

struct Match {
  const RouteRow* row = nullptr;
  std::string rest;
};

Match match(RouteTable routes, std::string_view path) {
  const std::string normal = normalise_path(path);
  for (const RouteRow& row : routes) {
    if (row.path == normal) return {&row, {}};
    if (row.path.back() != '*') continue;
    const std::string_view prefix = row.path.substr(0, row.path.size() - 1);
    if (normal.size() > prefix.size() && normal.compare(0, prefix.size(), prefix) == 0) {
      return {&row, normal.substr(prefix.size())};
    }
  }
  return {};
}

bool allows(std::string_view allow, std::string_view method) {
  for (std::size_t at = 0; at <= allow.size();) {
    const std::size_t comma = std::min(allow.find(", ", at), allow.size());
    if (allow.substr(at, comma - at) == method) return true;
    at = comma + 2;
  }
  return false;
}

// What a Content-Type names, without parameters, in lower case.
std::string media_type(std::string_view value) {
  value = value.substr(0, value.find(';'));
  while (!value.empty() && (value.back() == ' ' || value.back() == '\t')) value.remove_suffix(1);
  std::string type(value);
  for (char& c : type) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return type;
}

bool is_json(const std::string& type) {
  constexpr std::string_view kSuffix = "+json";
  return type == "application/json" ||
         (type.size() > kSuffix.size() &&
          type.compare(type.size() - kSuffix.size(), kSuffix.size(), kSuffix) == 0);
}

std::optional<Error> refuse_content(const HttpRequestHead& head) {
  if (const std::string* coding = head.find("content-encoding");
      coding != nullptr && *coding != "identity") {
    Error error{.kind = ErrorKind::unsupported_media_type};
    error.message = "Unsupported content encoding. Send the body without Content-Encoding.";
    return error;
  }
  const std::string* type = head.find("content-type");
  if (type == nullptr || type->empty() || is_json(media_type(*type))) return std::nullopt;
  Error error{.kind = ErrorKind::unsupported_media_type};
  error.message = "Unsupported content type: '" + *type +
                  "'. This API method only accepts 'application/json' requests.";
  return error;
}

}  // namespace

RouteTable client_routes() { return kClientRoutes; }
RouteTable admin_routes() { return kAdminRoutes; }

std::string normalise_path(std::string_view path) {
  std::string normal;
  for (const char c : path) {
    if (c == '/' && !normal.empty() && normal.back() == '/') continue;
    normal.push_back(c);
  }
  if (normal.size() > 1 && normal.back() == '/') normal.pop_back();
  if (normal == "/v1") return "/";
  if (normal.compare(0, 4, "/v1/") == 0) normal.erase(0, 3);
  return normal;
}

Endpoint endpoint_of(RouteTable routes, const HttpRequestHead& head) {
  const Match found = match(routes, head.path);
  return found.row == nullptr ? Endpoint::other : found.row->endpoint;
}

bool is_full(const HandlerContext& context) {
  return context.chat->in_flight >= context.exchanges->config->max_in_flight;
}

http::Admission admit(const HandlerContext& context, const HttpRequestHead& head) {
  http::Admission admission;
  admission.max_body = context.exchanges->config->server.max_body;
  const Match found = match(context.routes, head.path);
  if (found.row == nullptr) {
    Error error{.kind = ErrorKind::not_found};
    error.message = "Invalid URL (" + head.method + " " + head.path + ")";
    admission.refusal = std::move(error);
  } else if (!allows(found.row->allow, head.method)) {
    Error error{.kind = ErrorKind::method_not_allowed};
    error.message = "Not allowed to " + head.method + " on " + head.path +
                    ". (HINT: Perhaps you meant to use a different HTTP method?)";
    admission.refusal = std::move(error);
    admission.refusal_headers = {{"allow", std::string(found.row->allow)}};
  } else if (found.row->endpoint == Endpoint::chat_completions) {
    if (context.health->draining.load(std::memory_order_relaxed)) {
      admission.refusal = Error{.kind = ErrorKind::draining};
    } else if (is_full(context)) {
      context.exchanges->records->shard().request_shed(metrics::ShedReason::concurrency);
      admission.refusal = Error{.kind = ErrorKind::overloaded};
    } else {
      admission.refusal = refuse_content(head);
    }
    if (admission.refusal && convert::status_of(*admission.refusal) == 503) {
      admission.refusal_headers = retry_headers(*admission.refusal, *context.exchanges->random);
    }
  } else {
    admission.max_body = 64 * 1024;  // a body that a GET should not have
  }
  return admission;
}

void serve(HandlerContext& context, http::Request&& request, http::Reply& reply) {
  const Match found = match(context.routes, request.head.path);
  // admit() let it through, so the row is there.
  // NOLINTNEXTLINE(clang-analyzer-core.NullDereference)
  found.row->serve(context, found.rest, std::move(request), reply);
}

}  // namespace oriel::gateway
