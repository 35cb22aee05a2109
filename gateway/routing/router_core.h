// What all copies of a Router share: the configuration, made ready. Immutable once made; lives as
// long as the first Router.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/routing/router.h"

namespace oriel::gateway {

struct Router::Core {
  std::vector<std::unique_ptr<Provider>> providers;
  std::vector<ModelConfig> models;
  std::vector<PriceConfig> prices;  // the most specific first
  std::string default_model;
  convert::EncodePolicy defaults;
  std::map<std::string, metrics::LabelId, std::less<>> labels;
  std::map<std::string, metrics::LabelId, std::less<>> region_labels;
  EndpointOf endpoint_of;

  const Provider& provider_of(const ModelConfig& model) const;
  // Null: none is configured.
  const Provider* first_bedrock() const;
  // Exact names before patterns; null: no such name.
  const ModelConfig* find_model(std::string_view name) const;
};

// A catalogue row as a label: its prefix, without the separator at its end.
std::string_view catalogue_label(std::string_view prefix);

}  // namespace oriel::gateway
