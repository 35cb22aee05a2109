#include "gateway/http/cors.h"

#include <algorithm>

namespace oriel::gateway::http {
namespace {

constexpr std::string_view kMethods = "GET, HEAD, POST, OPTIONS";
constexpr std::string_view kMaxAge = "7200";  // seconds; Chromium's own limit

// What a page may read besides the few fields that it always may.
constexpr std::string_view kExposed =
    "x-request-id, openai-processing-ms, openai-version, retry-after, retry-after-ms, "
    "x-ratelimit-limit-requests, x-ratelimit-limit-tokens, x-ratelimit-remaining-requests, "
    "x-ratelimit-remaining-tokens, x-ratelimit-reset-requests, x-ratelimit-reset-tokens, "
    "x-oriel-adjusted, x-oriel-cost-usd";

}  // namespace

std::string_view allowed_origin(const CorsPolicy& policy, std::string_view origin) {
  if (origin.empty()) return {};
  for (const std::string& allowed : policy.origins) {
    if (allowed == "*") return "*";
    if (allowed == origin) return origin;
  }
  return {};
}

void append_cors_fields(const CorsPolicy& policy, std::string_view origin, std::string& out) {
  if (policy.origins.empty()) return;
  const std::string_view allowed = allowed_origin(policy, origin);
  // Without "*" the answer depends on Origin, also for a request that has none.
  if (std::find(policy.origins.begin(), policy.origins.end(), "*") == policy.origins.end()) {
    out.append("Vary: Origin\r\n");
  }
  if (allowed.empty()) return;
  out.append("Access-Control-Allow-Origin: ").append(allowed).append("\r\n");
  out.append("Access-Control-Expose-Headers: ").append(kExposed).append("\r\n");
}

void add_preflight_headers(const CorsPolicy& policy, const convert::wire::HttpRequestHead& head,
                           std::vector<convert::Header>& headers) {
  const std::string* origin = head.find("origin");
  if (origin == nullptr || head.find("access-control-request-method") == nullptr) return;
  if (allowed_origin(policy, *origin).empty()) return;
  headers.push_back({"Access-Control-Allow-Methods", std::string(kMethods)});
  if (const std::string* requested = head.find("access-control-request-headers")) {
    headers.push_back({"Access-Control-Allow-Headers", *requested});
  }
  headers.push_back({"Access-Control-Max-Age", std::string(kMaxAge)});
}

}  // namespace oriel::gateway::http
