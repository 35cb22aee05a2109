// From the name a client uses to what serves it: configured models first, then Bedrock's aliases,
// ids and ARNs (spec/converse.md §2). Immutable once made; shared by all workers.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "convert/dialect.h"
#include "convert/openai/models.h"
#include "gateway/config.h"
#include "metrics/registry.h"

namespace oriel::gateway {

// A configured upstream service, ready to be called.
struct Provider {
  std::string name;
  ProviderConfig::Type type = ProviderConfig::Type::bedrock;
  const convert::Dialect* dialect = nullptr;
  std::string region;    // bedrock: where models without a region of their own are called
  std::string base_url;  // openai: where; bedrock: replaces the endpoint of every region, if set
  aws::Secret api_key;   // openai
  metrics::LabelId label = metrics::kUnknownLabel;

  // Whether requests carry AWS credentials.
  bool uses_aws() const { return type == ProviderConfig::Type::bedrock; }
};

struct Route {
  const Provider* provider = nullptr;  // the router's
  convert::Target target;
  std::string region;    // bedrock: whose endpoint is called and signed for
  std::string base_url;  // without a slash at its end
  metrics::LabelId model = metrics::kUnknownLabel;
  metrics::LabelId upstream_model = metrics::kUnknownLabel;
  metrics::LabelId region_label = metrics::kUnknownLabel;
};

// The runtime endpoint of a region: "https://bedrock-runtime.us-east-1.amazonaws.com".
using EndpointOf = std::function<convert::Result<std::string>(std::string_view region)>;

class Router {
 public:
  // Interns every label that a route can carry, so that the configuration and the catalogue bound
  // them. An Error: a provider that cannot work, such as Bedrock without a region.
  static convert::Result<std::unique_ptr<Router>> make(const Config& config,
                                                       std::string_view default_region,
                                                       EndpointOf endpoint_of,
                                                       metrics::Registry& registry);
  Router(const Router&) = delete;
  Router& operator=(const Router&) = delete;

  // A model that nothing serves is an error of its own (unknown_model()).
  convert::Result<Route> find(std::string_view model) const;
  bool needs_aws_credentials() const;
  // Where the Bedrock providers are called, each in its own region.
  std::vector<std::string> aws_endpoints() const;

  // What GET /v1/models lists, and one of them by name; also models that work without being listed.
  const std::vector<convert::ModelInfo>& models() const { return models_; }
  std::optional<convert::ModelInfo> find_model(std::string_view name) const;

 private:
  Router() = default;
  void add_provider(const ProviderConfig& config, metrics::Registry& registry);
  void list_models(metrics::Registry& registry);
  void list_bedrock(const Provider& provider, std::string_view name);
  bool is_listed(std::string_view name) const;
  metrics::LabelId know(std::string_view name, metrics::Registry& registry);
  convert::Result<Route> bedrock_route(const Provider& provider, std::string_view name) const;
  metrics::LabelId label_of(std::string_view name, std::string_view foundation_model) const;
  const Provider* first_bedrock() const;

  std::vector<std::unique_ptr<Provider>> providers_;
  std::vector<ModelConfig> configured_;
  std::vector<convert::ModelInfo> models_;
  std::map<std::string, metrics::LabelId, std::less<>> labels_;
  std::map<std::string, metrics::LabelId, std::less<>> region_labels_;
  EndpointOf endpoint_of_;
};

// OpenAI's answer to a model that does not exist.
convert::Error unknown_model(std::string_view name);

}  // namespace oriel::gateway
