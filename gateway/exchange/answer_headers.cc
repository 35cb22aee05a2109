#include "gateway/exchange/answer_headers.h"

#include <cstdint>
#include <string>

#include "metrics/decimal.h"

namespace oriel::gateway {
namespace {

using convert::Header;

std::string list_of(const std::vector<metrics::Adjusted>& adjusted) {
  std::string list;
  for (const metrics::Adjusted& each : adjusted) {
    if (!list.empty()) list.append(",");
    list.append(each.parameter).append("=").append(each.action);
  }
  return list;
}

// An ARN without whose it is: the part behind the account.
std::string shown_model_id(std::string_view id) {
  if (!id.starts_with("arn:")) return std::string(id);
  return std::string(id.substr(id.rfind(':', id.find('/')) + 1));
}

}  // namespace

void add_route_headers(const Route& route, std::string_view model, std::vector<Header>& headers) {
  headers.push_back({"x-oriel-model", std::string(model)});
  headers.push_back({"x-oriel-provider", route.provider->name});
  headers.push_back({"x-oriel-model-id", shown_model_id(route.target.upstream_model)});
}

void add_record_headers(const metrics::Record& record, std::vector<Header>& headers) {
  headers.push_back({"x-oriel-attempts", std::to_string(record.attempts.size())});
  if (!record.adjusted.empty()) headers.push_back({"x-oriel-adjusted", list_of(record.adjusted)});
  if (record.provider_latency) {
    headers.push_back(
        {"x-oriel-upstream-latency-ms", std::to_string(record.provider_latency->count())});
  }
  const std::uint64_t written = record.tokens.cache_write_5m + record.tokens.cache_write_1h;
  if (record.tokens.cache_read + written != 0) {
    headers.push_back({"x-oriel-cache", "read=" + std::to_string(record.tokens.cache_read) +
                                            ",write=" + std::to_string(written)});
  }
}

void add_cost_header(const metrics::Record& record, std::vector<Header>& headers) {
  const bool whole_sum = !record.unpriced && !record.usage_missing;
  if (!record.cost || !whole_sum) return;
  headers.push_back({"x-oriel-cost-usd", {}});
  metrics::append_dollars(*record.cost, headers.back().value);
}

}  // namespace oriel::gateway
