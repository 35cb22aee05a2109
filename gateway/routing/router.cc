#include "gateway/routing/router.h"

#include <algorithm>
#include <utility>

#include "convert/bedrock/models.h"
#include "convert/bedrock/resolve.h"
#include "gateway/routing/router_core.h"

namespace oriel::gateway {

using convert::Error;
using convert::ErrorKind;
using convert::ModelFeature;
using convert::Result;

namespace {

constexpr std::size_t kMaxQuotedName = 256;
constexpr std::size_t kMaxLearned = 1024;

// The id that a Bedrock target has in the price table; empty: it is not paid by the token (models
// of one's own, provisioned throughput), or nobody knows which model it is.
std::string_view priced_id(const Route& route) {
  const std::string_view upstream = route.target.upstream_model;
  if (!upstream.starts_with("arn:")) return upstream;
  const std::size_t slash = upstream.find('/');
  const std::string_view type = upstream.substr(0, slash);
  if (type.ends_with(":foundation-model") || type.ends_with(":inference-profile")) {
    return upstream.substr(slash + 1);
  }
  if (!type.ends_with(":application-inference-profile")) return {};
  const bool told = route.configured != nullptr && !route.configured->base_model.empty();
  return told ? std::string_view(route.configured->base_model) : route.target.foundation_model;
}

}  // namespace

Error unknown_model(std::string_view name) {
  Error error{.kind = ErrorKind::model_not_found};
  error.message = "The model `" + std::string(name.substr(0, kMaxQuotedName)) +
                  "` does not exist or you do not have access to it.";
  return error;
}

const Provider& Router::Core::provider_of(const ModelConfig& model) const {
  return **std::find_if(providers.begin(), providers.end(),
                        [&](const auto& candidate) { return candidate->name == model.provider; });
}

const Provider* Router::Core::first_bedrock() const {
  for (const auto& provider : providers) {
    if (provider->uses_aws()) return provider.get();
  }
  return nullptr;
}

const ModelConfig* Router::Core::find_model(std::string_view name) const {
  for (const ModelConfig& model : models) {
    if (model.name == name) return &model;
  }
  for (const ModelConfig& model : models) {
    const bool glob = model.name.find('*') != std::string::npos;
    if (glob && convert::matches_glob(model.name, name)) return &model;
  }
  return nullptr;
}

metrics::LabelId Router::label_of(std::string_view name, std::string_view foundation_model) const {
  const std::string_view row = catalogue_label(convert::capabilities_of(foundation_model).prefix);
  for (const std::string_view known : {name, foundation_model, row}) {
    const auto found = core_->labels.find(known);
    if (found != core_->labels.end()) return found->second;
  }
  return metrics::kUnknownLabel;
}

Result<Route> Router::find(std::string_view model) const {
  if (model.size() > kMaxModelName) return Unexpected{unknown_model(model)};
  auto route = find_known(model);
  if (route || core_->default_model.empty()) return route;
  return find_known(core_->default_model);
}

Result<Route> Router::find_known(std::string_view name) const {
  for (const std::string_view spelling : {name, convert::strip_provider_prefix(name)}) {
    if (const ModelConfig* configured = core_->find_model(spelling)) {
      return configured_route(*configured, name);
    }
  }
  const Provider* bedrock = core_->first_bedrock();
  if (bedrock == nullptr) return Unexpected{unknown_model(name)};
  return bedrock_route(*bedrock, name, nullptr);
}

Result<Route> Router::configured_route(const ModelConfig& model, std::string_view name) const {
  const Provider& provider = core_->provider_of(model);
  Result<Route> route = Route{};
  if (provider.uses_aws()) {
    route = bedrock_route(provider, model.model, &model);
    if (!route) return Unexpected{unknown_model(name)};  // not in the target's words
  } else {
    route->provider = &provider;
    route->configured = &model;
    route->policy = &model.policy;
    route->target.upstream_model = model.model;
    route->target.patch = model.patch;
    route->base_url = provider.base_url;
    route->upstream_model = label_of(model.model, {});
    route->price = price_of(*route);
  }
  route->model = label_of(model.name, {});
  return route;
}

Result<Route> Router::bedrock_route(const Provider& provider, std::string_view name,
                                    const ModelConfig* configured) const {
  const bool elsewhere = configured != nullptr && !configured->region.empty();
  const std::string& region = elsewhere ? configured->region : provider.region;
  auto resolved = convert::resolve_bedrock_model(name, {}, region, lists_of(region));
  if (!resolved) return Unexpected{unknown_model(name)};
  Route route;
  route.provider = &provider;
  route.configured = configured;
  route.policy = configured == nullptr ? &core_->defaults : &configured->policy;
  route.region = resolved->region.empty() ? region : std::move(resolved->region);
  route.target = std::move(resolved->target);
  if (configured != nullptr && !configured->base_model.empty()) {
    route.target.foundation_model = convert::strip_geo(configured->base_model);
  } else if (resolved->hidden) {
    reveal(route);
  }
  enrich(route);
  if (configured != nullptr) route.target.patch.merge(configured->patch);
  route.price = price_of(route);
  if (provider.base_url.empty()) {
    auto endpoint = core_->endpoint_of(route.region);
    if (!endpoint) return Unexpected{std::move(endpoint.error())};
    route.base_url = std::move(*endpoint);
  } else {
    route.base_url = provider.base_url;
  }
  route.model = label_of(name, route.target.foundation_model);
  route.upstream_model = label_of({}, route.target.foundation_model);
  const auto label = core_->region_labels.find(route.region);
  if (label != core_->region_labels.end()) route.region_label = label->second;
  return route;
}

// Kind by kind: what is configured of the name, then of upstream's model, then the table.
metrics::Price Router::price_of(const Route& route) const {
  metrics::Price price;
  if (route.configured != nullptr) price = route.configured->price;
  const convert::Target& target = route.target;
  for (const PriceConfig& row : core_->prices) {
    if (convert::matches_glob(row.name, target.upstream_model) ||
        convert::matches_glob(row.name, target.foundation_model)) {
      price.fill(row.price);
    }
  }
  if (!route.provider->uses_aws()) return price;
  const metrics::Price* shipped = metrics::find_price(priced_id(route));
  if (shipped != nullptr) price.fill(*shipped);
  return price;
}

// Finds what a hidden ARN stands for, where that is known.
void Router::reveal(Route& route) const {
  const std::string& arn = route.target.upstream_model;
  if (const RegionDirectory* lists = lists_of(route.region)) {
    if (const ListedProfile* profile = lists->find_profile(arn)) {
      route.target.foundation_model = lists->foundation_of(*profile);
      if (!route.target.foundation_model.empty()) return;
    }
  }
  const auto learned = learned_.find(arn);
  route.needs_lookup = learned == learned_.end();
  if (!route.needs_lookup) route.target.foundation_model = learned->second.foundation_model;
}

// What AWS lists of the model and the catalogue may not know.
void Router::enrich(Route& route) const {
  const RegionDirectory* lists = lists_of(route.region);
  if (lists == nullptr || route.target.foundation_model.empty()) return;
  const ListedModel* model = lists->find_model(route.target.foundation_model);
  if (model == nullptr) return;
  const auto& inputs = model->input_modalities;
  convert::CapabilityPatch& patch = route.target.patch;
  if (std::find(inputs.begin(), inputs.end(), "image") != inputs.end()) {
    patch.add |= convert::ModelFeatures(ModelFeature::image).bits();
  }
  if (!model->streaming) {
    patch.remove |= (ModelFeature::streaming | ModelFeature::streaming_tools).bits();
  }
}

const RegionDirectory* Router::lists_of(std::string_view region) const {
  return listing_->directory == nullptr ? nullptr : listing_->directory->find(region);
}

std::optional<Route> Router::profile_route(const Route& route) const {
  if (!route.provider->uses_aws()) return std::nullopt;
  auto profile =
      convert::profile_of(route.target.upstream_model, route.region, lists_of(route.region));
  if (!profile) return std::nullopt;
  std::optional<Route> by_profile = route;
  by_profile->target.upstream_model = std::move(*profile);
  by_profile->price = price_of(*by_profile);
  return by_profile;
}

void Router::learn(const std::string& arn, LookedUpModel model) {
  // Clients choose ARNs.
  if (learned_.size() >= kMaxLearned && learned_.count(arn) == 0) learned_.erase(learned_.begin());
  learned_[arn] = std::move(model);
}

void Router::forget(SteadyTime now) {
  std::erase_if(learned_, [&](const auto& entry) { return entry.second.until <= now; });
}

bool Router::needs_aws_credentials() const { return core_->first_bedrock() != nullptr; }

std::vector<std::string> Router::aws_endpoints() const {
  std::vector<std::string> endpoints;
  for (const auto& provider : core_->providers) {
    if (!provider->uses_aws()) continue;
    if (!provider->base_url.empty()) {
      endpoints.push_back(provider->base_url);
    } else if (auto endpoint = core_->endpoint_of(provider->region)) {
      endpoints.push_back(std::move(*endpoint));
    }
  }
  return endpoints;
}

// A provider that is reached by a URL of its own is no region of AWS's, unless its control plane is
// told too.
std::vector<std::string> Router::listed_regions() const {
  std::vector<std::string> regions;
  const auto add = [&](const Provider& provider, const std::string& region) {
    const bool unreachable = !provider.base_url.empty() && provider.control_url.empty();
    if (unreachable || std::find(regions.begin(), regions.end(), region) != regions.end()) return;
    regions.push_back(region);
  };
  for (const auto& provider : core_->providers) {
    if (provider->uses_aws()) add(*provider, provider->region);
  }
  for (const ModelConfig& model : core_->models) {
    const Provider& provider = core_->provider_of(model);
    if (provider.uses_aws() && !model.region.empty()) add(provider, model.region);
  }
  return regions;
}

std::optional<std::string> Router::control_url(std::string_view region) const {
  const Provider* first = core_->first_bedrock();
  for (const auto& provider : core_->providers) {
    if (provider->uses_aws() && provider->region == region) {
      first = provider.get();
      break;
    }
  }
  if (first == nullptr || first->control_url.empty()) return std::nullopt;
  return first->control_url;
}

}  // namespace oriel::gateway
