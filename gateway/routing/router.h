// From the name a client uses to what serves it: configured models first, then Bedrock's aliases,
// ids and ARNs (spec/converse.md §2), as far as AWS's lists allow. What is configured is shared and
// immutable; each thread has a Router of its own, a copy that is handed newer lists, so that
// finding takes no lock. All copies end before the first one does.
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
#include "gateway/clock.h"
#include "gateway/config.h"
#include "gateway/routing/directory_fetcher.h"
#include "gateway/routing/model_directory.h"
#include "metrics/registry.h"

namespace oriel::gateway {

// A configured upstream service, ready to be called.
struct Provider {
  std::string name;
  ProviderConfig::Type type = ProviderConfig::Type::bedrock;
  const convert::Dialect* dialect = nullptr;
  std::string region;       // bedrock: where models without a region of their own are called
  std::string base_url;     // openai: where; bedrock: replaces the endpoint of every region, if set
  std::string control_url;  // bedrock: the same for the control plane
  aws::Secret api_key;      // openai
  metrics::LabelId label = metrics::kUnknownLabel;

  // Whether requests carry AWS credentials.
  bool uses_aws() const { return type == ProviderConfig::Type::bedrock; }
};

// Of Converse's modelId. A longer name would match a pattern and be repeated in every chunk.
inline constexpr std::size_t kMaxModelName = 2048;

struct Route {
  const Provider* provider = nullptr;             // the router's
  const ModelConfig* configured = nullptr;        // the router's; null: no configured name
  const convert::EncodePolicy* policy = nullptr;  // the router's; never null in a found route
  convert::Target target;
  // The target is an ARN that hides its model, and AWS may tell it: look it up and find() again.
  bool needs_lookup = false;
  std::string region;    // bedrock: whose endpoint is called and signed for
  std::string base_url;  // without a slash at its end
  metrics::Price price;  // of the target, as the configuration and the table say
  metrics::LabelId model = metrics::kUnknownLabel;
  metrics::LabelId upstream_model = metrics::kUnknownLabel;
  metrics::LabelId region_label = metrics::kUnknownLabel;
};

// The runtime endpoint of a region: "https://bedrock-runtime.us-east-1.amazonaws.com".
using EndpointOf = std::function<convert::Result<std::string>(std::string_view region)>;

// What GET /v1/models shows, made of one state of AWS's lists. Immutable, shared by all threads.
struct ModelListing {
  std::shared_ptr<const ModelDirectory> directory;
  std::vector<convert::ModelInfo> models;
  ListFreshness freshness = ListFreshness::statics;
};

class Router {
 public:
  // Interns every label that a route can carry, so that the configuration and the catalogue bound
  // them. An Error: a provider that cannot work, such as Bedrock without a region.
  static convert::Result<std::unique_ptr<Router>> make(const Config& config,
                                                       std::string_view default_region,
                                                       EndpointOf endpoint_of,
                                                       metrics::Registry& registry);

  // A model that nothing serves is an error of its own (unknown_model()).
  convert::Result<Route> find(std::string_view model) const;
  // The same model by the geographic profile that serves its region, for a bare id that AWS does
  // not serve on demand. nullopt: no bare id, or no such profile.
  std::optional<Route> profile_route(const Route& route) const;

  bool needs_aws_credentials() const;
  // Where the Bedrock providers are called, each in its own region.
  std::vector<std::string> aws_endpoints() const;
  // The regions whose lists are worth asking for; and where a region's control plane is by
  // configuration: nullopt where AWS's own endpoint is right.
  std::vector<std::string> listed_regions() const;
  std::optional<std::string> control_url(std::string_view region) const;

  // What GET /v1/models lists, and one of them by name; also models that work without being listed.
  const std::vector<convert::ModelInfo>& models() const { return listing_->models; }
  std::optional<convert::ModelInfo> find_model(std::string_view name) const;
  ListFreshness freshness() const { return listing_->freshness; }

  // The listing of newer lists, models past their end left out; any thread.
  std::shared_ptr<const ModelListing> list(std::shared_ptr<const ModelDirectory> directory,
                                           WallTime now) const;
  // Goes by it from here on.
  void adopt(std::shared_ptr<const ModelListing> listing) { listing_ = std::move(listing); }
  // Believes what a single ARN was found to stand for, until forget() comes late enough.
  void learn(const std::string& arn, LookedUpModel model);
  void forget(SteadyTime now);

 private:
  struct Core;
  explicit Router(std::shared_ptr<const Core> core) : core_(std::move(core)) {}

  convert::Result<Route> find_known(std::string_view name) const;
  convert::Result<Route> configured_route(const ModelConfig& model, std::string_view name) const;
  convert::Result<Route> bedrock_route(const Provider& provider, std::string_view name,
                                       const ModelConfig* configured) const;
  metrics::Price price_of(const Route& route) const;
  void reveal(Route& route) const;
  void enrich(Route& route) const;
  const RegionDirectory* lists_of(std::string_view region) const;
  metrics::LabelId label_of(std::string_view name, std::string_view foundation_model) const;
  convert::ModelInfo describe(std::string_view name, const Route& route) const;

  std::shared_ptr<const Core> core_;
  std::shared_ptr<const ModelListing> listing_ = std::make_shared<const ModelListing>();
  std::map<std::string, LookedUpModel, std::less<>> learned_;
};

// OpenAI's answer to a model that does not exist.
convert::Error unknown_model(std::string_view name);

}  // namespace oriel::gateway
