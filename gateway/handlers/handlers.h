// The handlers: parse, choose, start an exchange, nothing else. `rest` is what a route's "/*" took,
// percent-encoded.
#pragma once

#include <string_view>

#include "gateway/handlers/routes.h"

namespace oriel::gateway {

void serve_chat(HandlerContext&, std::string_view rest, http::Request&&, http::Reply&);
void serve_models(HandlerContext&, std::string_view rest, http::Request&&, http::Reply&);
void serve_model(HandlerContext&, std::string_view rest, http::Request&&, http::Reply&);
void serve_health(HandlerContext&, std::string_view rest, http::Request&&, http::Reply&);
void serve_livez(HandlerContext&, std::string_view rest, http::Request&&, http::Reply&);
void serve_readyz(HandlerContext&, std::string_view rest, http::Request&&, http::Reply&);
void serve_metrics(HandlerContext&, std::string_view rest, http::Request&&, http::Reply&);
void serve_status(HandlerContext&, std::string_view rest, http::Request&&, http::Reply&);

}  // namespace oriel::gateway
