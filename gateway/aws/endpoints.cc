#include "gateway/aws/endpoints.h"

#include <algorithm>
#include <utility>

#include "gateway/aws/sigv4.h"

namespace oriel::gateway::aws {
namespace {

using convert::Error;
using convert::ErrorKind;
using convert::Result;

Unexpected<Error> broken(std::string message) {
  return Unexpected{Error{.kind = ErrorKind::invalid_request, .message = std::move(message)}};
}

// The domains of a partition, by how its regions' names begin; the last row is for all others.
struct Partition {
  std::string_view region_prefix;
  std::string_view suffix;
  std::string_view dual_stack_suffix;
};
constexpr std::array<Partition, 8> kPartitions{{
    {"cn-", "amazonaws.com.cn", "api.amazonwebservices.com.cn"},
    {"us-gov-", "amazonaws.com", "api.aws"},
    {"eusc-", "amazonaws.eu", "api.amazonwebservices.eu"},
    {"us-iso-", "c2s.ic.gov", "api.aws.ic.gov"},
    {"us-isob-", "sc2s.sgov.gov", "api.aws.scloud"},
    {"eu-isoe-", "cloud.adc-e.uk", "api.cloud-aws.adc-e.uk"},
    {"us-isof-", "csp.hci.ic.gov", "api.aws.hci.ic.gov"},
    {"", "amazonaws.com", "api.aws"},
}};

struct ServiceRow {
  Service service;
  std::string_view host;
  std::string_view variable;
  std::string_view section;  // in [services]
};
constexpr std::array<ServiceRow, 2> kServices{{
    {Service::bedrock_runtime, "bedrock-runtime", "AWS_ENDPOINT_URL_BEDROCK_RUNTIME",
     "bedrock_runtime"},
    {Service::bedrock, "bedrock", "AWS_ENDPOINT_URL_BEDROCK", "bedrock"},
}};

std::size_t index_of(Service service) { return static_cast<std::size_t>(service); }

// A DNS label.
bool valid_region(std::string_view region) {
  return !region.empty() && region.size() <= 63 && region.front() != '-' && region.back() != '-' &&
         std::all_of(region.begin(), region.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
         });
}

// The override of one service and the setting that it comes from.
struct Override {
  std::string url;
  std::string where;
};
std::optional<Override> find_override(const Environment& environment, const SharedConfig& shared,
                                      const ServiceRow& row) {
  for (const std::string_view name : {row.variable, std::string_view("AWS_ENDPOINT_URL")}) {
    if (auto url = variable(environment, name)) return Override{*url, std::string(name)};
  }
  const std::string profile = "profile '" + shared.profile() + "': ";
  if (auto url = shared.get_of_service(row.section, "endpoint_url")) {
    return Override{*url, profile + "services, " + std::string(row.section) + " endpoint_url"};
  }
  if (auto url = shared.get("endpoint_url")) return Override{*url, profile + "endpoint_url"};
  return std::nullopt;
}

bool is_loopback(std::string_view host) {
  if (host.starts_with('[')) return host.substr(0, host.find(']') + 1) == "[::1]";
  const std::string_view name = host.substr(0, host.find(':'));
  if (name == "localhost") return true;
  // Digits and dots behind "127.": no name of somebody else's domain.
  return name.starts_with("127.") && name.find_first_not_of("0123456789.") == std::string::npos;
}

}  // namespace

Result<Endpoints> Endpoints::make(const Environment& environment, const SharedConfig& shared) {
  Endpoints endpoints;
  const auto fips = find_switch(environment, shared, "AWS_USE_FIPS_ENDPOINT", "use_fips_endpoint");
  if (!fips) return Unexpected{fips.error()};
  const auto dual_stack =
      find_switch(environment, shared, "AWS_USE_DUALSTACK_ENDPOINT", "use_dualstack_endpoint");
  if (!dual_stack) return Unexpected{dual_stack.error()};
  const auto ignore = find_switch(environment, shared, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
                                  "ignore_configured_endpoint_urls");
  if (!ignore) return Unexpected{ignore.error()};
  endpoints.fips_ = *fips;
  endpoints.dual_stack_ = *dual_stack;
  if (*ignore) return endpoints;
  for (const ServiceRow& row : kServices) {
    const auto found = find_override(environment, shared, row);
    if (!found) continue;
    auto url = check_base_url(found->url, found->where);
    if (!url) return Unexpected{std::move(url.error())};
    endpoints.overrides_[index_of(row.service)] = std::move(*url);
  }
  return endpoints;
}

bool Endpoints::overridden(Service service) const {
  return overrides_[index_of(service)].has_value();
}

Result<std::string> Endpoints::url(Service service, std::string_view region) const {
  if (region.empty()) {
    return broken("no AWS region: set AWS_REGION (us-east-1, …) or the profile's region");
  }
  if (!valid_region(region)) {
    return broken("'" + std::string(region) +
                  "' is no AWS region: expected a name such as us-east-1");
  }
  if (const auto& url = overrides_[index_of(service)]) {
    if (fips_)
      return broken("a custom endpoint and FIPS (AWS_USE_FIPS_ENDPOINT) exclude each other");
    if (dual_stack_) {
      return broken(
          "a custom endpoint and dual stack (AWS_USE_DUALSTACK_ENDPOINT) exclude each other");
    }
    return *url;
  }
  const Partition& partition =
      *std::find_if(kPartitions.begin(), kPartitions.end(),
                    [&](const Partition& one) { return region.starts_with(one.region_prefix); });
  std::string url("https://");
  url.append(kServices[index_of(service)].host).append(fips_ ? "-fips." : ".");
  url.append(region).append(".");
  url.append(dual_stack_ ? partition.dual_stack_suffix : partition.suffix);
  return url;
}

Result<std::string> check_base_url(std::string_view url, std::string_view where) {
  const auto refuse = [&](std::string_view why) {
    return broken(std::string(where) + ": " + std::string(why) +
                  "; expected something like https://host or http://127.0.0.1:8080");
  };
  const bool printable = std::all_of(url.begin(), url.end(),
                                     [](char c) { return c > ' ' && c < '\x7f' && c != '\\'; });
  if (!printable) return refuse("holds a character that no URL has");
  if (url.find_first_of("?#@") != std::string_view::npos) {
    return refuse("may have no user, query or fragment");
  }
  const auto parts = split_url(url);
  if (!parts || parts->host.starts_with(':')) return refuse("is no http or https URL");
  while (url.ends_with('/')) url.remove_suffix(1);
  return std::string(url);
}

Result<void> check_bearer_transport(std::string_view url) {
  if (url.starts_with("https://")) return {};
  const auto parts = split_url(url);
  if (parts && is_loopback(parts->host)) return {};
  return broken(
      "a Bedrock API key may not be sent over plain http: the endpoint must be https, or on "
      "this machine");
}

}  // namespace oriel::gateway::aws
