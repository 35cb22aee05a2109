#include "gateway/routing/router.h"

#include <algorithm>
#include <utility>

#include "convert/bedrock/converse_dialect.h"
#include "convert/bedrock/models.h"
#include "convert/bedrock/resolve.h"
#include "convert/openai/passthrough.h"

namespace oriel::gateway {
namespace {

using convert::Error;
using convert::ErrorKind;
using convert::ModelInfo;
using convert::Result;
using Type = ProviderConfig::Type;

constexpr std::size_t kMaxQuotedName = 256;
// Of Converse's modelId. A longer name would match a pattern and be repeated in every chunk.
constexpr std::size_t kMaxName = 2048;

// The owner of a Bedrock id: what stands before its first dot.
std::string owner_of(std::string_view foundation_model) {
  const std::size_t dot = foundation_model.find('.');
  return std::string(dot == std::string_view::npos ? "bedrock" : foundation_model.substr(0, dot));
}

ModelInfo describe_bedrock(std::string_view name, const std::string& provider,
                           const convert::Target& target) {
  const auto& can = convert::capabilities_of(target.foundation_model);
  ModelInfo info;
  info.id = name;
  info.owned_by = owner_of(target.foundation_model);
  info.provider = provider;
  info.model_id = target.foundation_model;
  if (can.context_tokens != 0) info.context_length = can.context_tokens;
  if (can.max_output_tokens != 0) info.max_output_tokens = can.max_output_tokens;
  info.input_modalities = {"text"};
  if (can.can(convert::ModelFeature::image)) info.input_modalities.emplace_back("image");
  info.output_modalities = {"text"};
  info.streaming = can.can(convert::ModelFeature::streaming);
  info.tools = can.can(convert::ModelFeature::tools);
  return info;
}

// A catalogue row as a label: its prefix, without the separator at its end.
std::string_view row_name(std::string_view prefix) {
  while (!prefix.empty() && (prefix.back() == '-' || prefix.back() == '.')) prefix.remove_suffix(1);
  return prefix;
}

}  // namespace

Error unknown_model(std::string_view name) {
  Error error{.kind = ErrorKind::model_not_found};
  error.message = "The model `" + std::string(name.substr(0, kMaxQuotedName)) +
                  "` does not exist or you do not have access to it.";
  return error;
}

Result<std::unique_ptr<Router>> Router::make(const Config& config, std::string_view default_region,
                                             EndpointOf endpoint_of, metrics::Registry& registry) {
  std::unique_ptr<Router> router(new Router());
  router->endpoint_of_ = std::move(endpoint_of);
  router->configured_ = config.models;
  for (const ProviderConfig& provider : config.providers) {
    router->add_provider(provider, registry);
    Provider& added = *router->providers_.back();
    if (!added.uses_aws()) continue;
    if (added.region.empty()) added.region = default_region;
    if (added.region.empty()) {
      Error error{.kind = ErrorKind::invalid_request};
      error.message = "provider '" + added.name +
                      "' needs an AWS region: set AWS_REGION, the profile's region, or providers." +
                      added.name + ".region";
      return Unexpected{std::move(error)};
    }
    if (added.base_url.empty()) {
      if (auto endpoint = router->endpoint_of_(added.region); !endpoint) {
        return Unexpected{std::move(endpoint.error())};
      }
    }
    router->region_labels_[added.region] = registry.labels().intern(added.region);
  }
  router->list_models(registry);
  for (const ModelConfig& model : config.models) {
    if (router->find(model.name)) continue;
    Error error{.kind = ErrorKind::invalid_request};
    error.message = "models." + model.name + ": '" + model.model +
                    "' is no Bedrock model id, ARN or known name";
    return Unexpected{std::move(error)};
  }
  return router;
}

void Router::add_provider(const ProviderConfig& config, metrics::Registry& registry) {
  auto provider = std::make_unique<Provider>();
  provider->name = config.name;
  provider->type = *config.type;
  provider->dialect =
      provider->uses_aws() ? &convert::converse_dialect() : &convert::openai_dialect();
  provider->region = config.region;
  provider->base_url = config.base_url;
  provider->api_key = config.api_key;
  provider->label = registry.labels().intern(config.name);
  registry.set_semconv_provider(provider->label, provider->uses_aws() ? "aws.bedrock" : "openai");
  providers_.push_back(std::move(provider));
}

// Labels and listings come from the same names: the configured ones, which hide shipped ones, and
// the shipped aliases.
void Router::list_models(metrics::Registry& registry) {
  for (const ModelConfig& model : configured_) {
    know(model.model, registry);
    registry.preset(know(model.name, registry), registry.labels().intern(model.provider));
    const auto route = find(model.name);
    if (route && route->provider->uses_aws()) {
      models_.push_back(describe_bedrock(model.name, model.provider, route->target));
    } else {
      ModelInfo info;
      info.id = model.name;
      info.owned_by = model.provider;
      info.provider = model.provider;
      info.model_id = model.model;
      models_.push_back(std::move(info));
    }
  }
  const Provider* bedrock = first_bedrock();
  if (bedrock == nullptr) return;
  for (const auto& row : convert::model_catalogue()) {
    if (!row.prefix.empty()) know(row_name(row.prefix), registry);
  }
  for (const convert::ShippedAlias& alias : convert::shipped_aliases()) {
    know(convert::strip_geo(alias.model), registry);
    if (alias.pattern.find('*') != std::string_view::npos || is_listed(alias.pattern)) continue;
    registry.preset(know(alias.pattern, registry), bedrock->label);
    list_bedrock(*bedrock, alias.pattern);
  }
  for (const convert::ShippedAlias& alias : convert::shipped_aliases()) {
    if (!is_listed(alias.model)) list_bedrock(*bedrock, alias.model);
  }
}

metrics::LabelId Router::know(std::string_view name, metrics::Registry& registry) {
  return labels_[std::string(name)] = registry.labels().intern(name);
}

bool Router::is_listed(std::string_view name) const {
  return std::any_of(models_.begin(), models_.end(),
                     [&](const ModelInfo& model) { return model.id == name; });
}

void Router::list_bedrock(const Provider& provider, std::string_view name) {
  const auto route = bedrock_route(provider, name);
  if (route) models_.push_back(describe_bedrock(name, provider.name, route->target));
}

const Provider* Router::first_bedrock() const {
  for (const auto& provider : providers_) {
    if (provider->uses_aws()) return provider.get();
  }
  return nullptr;
}

metrics::LabelId Router::label_of(std::string_view name, std::string_view foundation_model) const {
  const std::string_view row = row_name(convert::capabilities_of(foundation_model).prefix);
  for (const std::string_view known : {name, foundation_model, row}) {
    const auto found = labels_.find(known);
    if (found != labels_.end()) return found->second;
  }
  return metrics::kUnknownLabel;
}

Result<Route> Router::find(std::string_view model) const {
  if (model.size() > kMaxName) return Unexpected{unknown_model(model)};
  for (const ModelConfig& configured : configured_) {
    if (configured.name != model) continue;
    const auto provider =
        std::find_if(providers_.begin(), providers_.end(),
                     [&](const auto& candidate) { return candidate->name == configured.provider; });
    Result<Route> route = Route{};
    if ((*provider)->uses_aws()) {
      route = bedrock_route(**provider, configured.model);
      if (!route) return Unexpected{unknown_model(model)};  // not in the target's words
    } else {
      route->provider = provider->get();
      route->target.upstream_model = configured.model;
      route->base_url = (*provider)->base_url;
      route->upstream_model = label_of(configured.model, {});
    }
    route->model = label_of(configured.name, {});
    return route;
  }
  const Provider* bedrock = first_bedrock();
  if (bedrock == nullptr) return Unexpected{unknown_model(model)};
  return bedrock_route(*bedrock, model);
}

Result<Route> Router::bedrock_route(const Provider& provider, std::string_view name) const {
  auto resolved = convert::resolve_bedrock_model(name, {}, provider.region);
  if (!resolved) return Unexpected{unknown_model(name)};
  Route route;
  route.provider = &provider;
  route.region = resolved->region.empty() ? provider.region : std::move(resolved->region);
  route.target = std::move(resolved->target);
  if (provider.base_url.empty()) {
    auto endpoint = endpoint_of_(route.region);
    if (!endpoint) return Unexpected{std::move(endpoint.error())};
    route.base_url = std::move(*endpoint);
  } else {
    route.base_url = provider.base_url;
  }
  route.model = label_of(name, route.target.foundation_model);
  route.upstream_model = label_of({}, route.target.foundation_model);
  const auto region = region_labels_.find(route.region);
  if (region != region_labels_.end()) route.region_label = region->second;
  return route;
}

std::vector<std::string> Router::aws_endpoints() const {
  std::vector<std::string> endpoints;
  for (const auto& provider : providers_) {
    if (!provider->uses_aws()) continue;
    if (!provider->base_url.empty()) {
      endpoints.push_back(provider->base_url);
    } else if (auto endpoint = endpoint_of_(provider->region)) {
      endpoints.push_back(std::move(*endpoint));
    }
  }
  return endpoints;
}

bool Router::needs_aws_credentials() const { return first_bedrock() != nullptr; }

std::optional<ModelInfo> Router::find_model(std::string_view name) const {
  for (const ModelInfo& model : models_) {
    if (model.id == name) return model;
  }
  const auto route = find(name);
  if (!route) return std::nullopt;
  return describe_bedrock(name, route->provider->name, route->target);
}

}  // namespace oriel::gateway
