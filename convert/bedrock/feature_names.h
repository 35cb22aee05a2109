// The names of the catalogue's features, as configuration and logs spell them ("image",
// "streaming_tools"). Source: spec/converse.md §11. Static, shared by all threads.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "convert/bedrock/models.h"

namespace oriel::convert {

struct FeatureName {
  std::string_view name;
  ModelFeature feature;
};
// Every feature once.
std::span<const FeatureName> feature_names();

// nullopt: no feature is called that.
std::optional<ModelFeature> find_feature(std::string_view name);

}  // namespace oriel::convert
