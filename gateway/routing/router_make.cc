#include <algorithm>
#include <utility>

#include "convert/bedrock/converse_dialect.h"
#include "convert/bedrock/models.h"
#include "convert/bedrock/resolve.h"
#include "convert/openai/passthrough.h"
#include "gateway/routing/router_core.h"

namespace oriel::gateway {
namespace {

using convert::Error;
using convert::ErrorKind;
using convert::Result;

Unexpected<Error> refuse(std::string message) {
  return Unexpected{Error{.kind = ErrorKind::invalid_request, .message = std::move(message)}};
}

std::unique_ptr<Provider> make_provider(const ProviderConfig& config,
                                        std::string_view default_region,
                                        metrics::Registry& registry) {
  auto provider = std::make_unique<Provider>();
  provider->name = config.name;
  provider->type = *config.type;
  provider->dialect =
      provider->uses_aws() ? &convert::converse_dialect() : &convert::openai_dialect();
  provider->region = config.region;
  if (provider->uses_aws() && config.region.empty()) provider->region = default_region;
  provider->base_url = config.base_url;
  provider->control_url = config.control_url;
  provider->api_key = config.api_key;
  provider->label = registry.labels().intern(config.name);
  registry.set_semconv_provider(provider->label, semconv_name(*config.type));
  return provider;
}

// Whole names before patterns, longer ones before shorter: a profile's id before its model's.
std::vector<PriceConfig> most_specific_first(std::vector<PriceConfig> prices) {
  const auto is_pattern = [](const PriceConfig& row) {
    return row.name.find('*') != std::string::npos;
  };
  std::stable_sort(prices.begin(), prices.end(), [&](const auto& a, const auto& b) {
    if (is_pattern(a) != is_pattern(b)) return is_pattern(b);
    return a.name.size() > b.name.size();
  });
  return prices;
}

// The names whose series are there from the start: the configured ones, which hide shipped ones,
// and the shipped aliases.
class Labels {
 public:
  Labels(std::map<std::string, metrics::LabelId, std::less<>>& known, metrics::Registry& registry)
      : known_(known), registry_(registry) {}

  metrics::LabelId know(std::string_view name) {
    return known_[std::string(name)] = registry_.labels().intern(name);
  }
  void know_configured(const std::vector<ModelConfig>& models) {
    for (const ModelConfig& model : models) {
      know(model.model);
      if (!model.base_model.empty()) know(convert::strip_geo(model.base_model));
      registry_.preset(know(model.name), registry_.labels().intern(model.provider));
    }
  }
  void know_shipped(const Provider& bedrock) {
    for (const auto& row : convert::model_catalogue()) {
      if (!row.prefix.empty()) know(catalogue_label(row.prefix));
    }
    for (const convert::ShippedAlias& alias : convert::shipped_aliases()) {
      const metrics::LabelId upstream = know(convert::strip_geo(alias.model));
      const bool hidden = known_.count(alias.pattern) != 0;
      if (hidden || alias.pattern.find('*') != std::string_view::npos) continue;
      registry_.preset(know(alias.pattern), bedrock.label);
      registry_.set_response_model(know(alias.pattern), bedrock.label, upstream);
    }
  }

 private:
  std::map<std::string, metrics::LabelId, std::less<>>& known_;
  metrics::Registry& registry_;
};

}  // namespace

std::string_view catalogue_label(std::string_view prefix) {
  while (!prefix.empty() && (prefix.back() == '-' || prefix.back() == '.')) prefix.remove_suffix(1);
  return prefix;
}

Result<std::unique_ptr<Router>> Router::make(const Config& config, std::string_view default_region,
                                             EndpointOf endpoint_of, metrics::Registry& registry) {
  auto core = std::make_shared<Core>();
  core->endpoint_of = std::move(endpoint_of);
  core->models = config.models;
  core->prices = most_specific_first(config.prices);
  core->default_model = config.default_model;
  core->defaults = config.defaults;
  std::vector<std::string> regions;
  for (const ProviderConfig& provider : config.providers) {
    core->providers.push_back(make_provider(provider, default_region, registry));
    const Provider& added = *core->providers.back();
    if (!added.uses_aws()) continue;
    if (added.region.empty()) {
      return refuse("provider '" + added.name +
                    "' needs an AWS region: set AWS_REGION, the profile's region, or providers." +
                    added.name + ".region");
    }
    regions.push_back(added.region);
  }
  for (const ModelConfig& model : config.models) {
    if (core->provider_of(model).uses_aws() && !model.region.empty()) {
      regions.push_back(model.region);
    }
  }
  for (const std::string& region : regions) {
    if (auto endpoint = core->endpoint_of(region); !endpoint) {
      return Unexpected{std::move(endpoint.error())};
    }
    core->region_labels[region] = registry.labels().intern(region);
  }
  Labels labels(core->labels, registry);
  labels.know_configured(core->models);
  if (const Provider* bedrock = core->first_bedrock()) labels.know_shipped(*bedrock);

  std::unique_ptr<Router> router(new Router(std::move(core)));
  for (const ModelConfig& model : config.models) {
    if (const auto route = router->configured_route(model, model.name)) {
      registry.set_response_model(route->model, route->provider->label, route->upstream_model);
      continue;
    }
    return refuse("models." + model.name + ": '" + model.model +
                  "' is no Bedrock model id, ARN or known name");
  }
  if (!config.default_model.empty() && !router->find_known(config.default_model)) {
    return refuse("default_model: '" + config.default_model + "' is no model that is served");
  }
  router->adopt(router->list(nullptr, {}));
  return router;
}

}  // namespace oriel::gateway
