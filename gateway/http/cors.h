// CORS: the response fields that let a page of an allowed origin read an answer. Pure.
// Source: the Fetch standard, "CORS protocol".
#pragma once

#include <string>
#include <string_view>

#include "convert/wire/http_request.h"
#include "gateway/http/server.h"

namespace oriel::gateway::http {

// The value of Access-Control-Allow-Origin for this origin; empty when it is not allowed.
std::string_view allowed_origin(const CorsPolicy& policy, std::string_view origin);

// Appends the fields that every answer to `origin` carries ("Name: value\r\n"…).
void append_cors_fields(const CorsPolicy& policy, std::string_view origin, std::string& out);

// Appends to `headers` what a preflight is told besides; nothing when it is none or not allowed.
void add_preflight_headers(const CorsPolicy& policy, const convert::wire::HttpRequestHead& head,
                           std::vector<convert::Header>& headers);

}  // namespace oriel::gateway::http
