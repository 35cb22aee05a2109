// What AWS lists: the foundation models and the inference profiles of the regions that are called.
// Immutable once made; a new one takes the old one's place whole, so that the hot path asks its own
// copy and takes no lock. Source: spec/converse.md §2, §17; aws.md §3.4.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "convert/bedrock/resolve.h"

namespace oriel::gateway {

struct ListedModel {
  std::string id;
  std::string owner;                          // the provider's name, lower case
  std::vector<std::string> input_modalities;  // "text", "image"
  std::vector<std::string> output_modalities;
  bool streaming = true;
  bool on_demand = false;
  bool legacy = false;
  std::int64_t created = 0;      // Unix seconds; 0: not said
  std::int64_t end_of_life = 0;  // Unix seconds; 0: none in sight
};

struct ListedProfile {
  std::string id;
  std::string arn;
  bool application = false;         // made by the account, not by AWS
  std::vector<std::string> models;  // ARNs: the same model in several regions, or another profile
  std::int64_t created = 0;
};

// One region's lists. A list that was never read says that it does not know.
class RegionDirectory final : public convert::RegionList {
 public:
  RegionDirectory(std::optional<std::vector<ListedModel>> models,
                  std::optional<std::vector<ListedProfile>> profiles);

  Listed on_demand(std::string_view foundation_model) const override;
  Listed has_profile(std::string_view profile_id) const override;

  const ListedModel* find_model(std::string_view id) const;
  // By id or ARN.
  const ListedProfile* find_profile(std::string_view name) const;
  // The foundation model behind a profile; empty when it is not told here.
  std::string_view foundation_of(const ListedProfile& profile) const;

  const std::vector<ListedModel>& models() const { return models_; }  // by id
  const std::vector<ListedProfile>& profiles() const { return profiles_; }

 private:
  std::vector<ListedModel> models_;
  std::vector<ListedProfile> profiles_;
  std::map<std::string_view, const ListedProfile*> profiles_by_name_;
  bool models_known_;
  bool profiles_known_;
};

// How good the lists are, as `x-oriel-models` says.
enum class ListFreshness : std::uint8_t {
  statics,  // "static": AWS has never answered, the catalogue stands in
  stale,    // the latest refresh failed
  live,
};
std::string_view to_string(ListFreshness freshness);

// All regions' lists.
class ModelDirectory {
 public:
  struct Entry {
    std::shared_ptr<const RegionDirectory> lists;  // null: never read
    ListFreshness freshness = ListFreshness::statics;
  };
  ModelDirectory() = default;
  explicit ModelDirectory(std::map<std::string, Entry, std::less<>> regions)
      : regions_(std::move(regions)) {}

  // Null: nothing is known.
  const RegionDirectory* find(std::string_view region) const;
  ListFreshness freshness(std::string_view region) const;

 private:
  std::map<std::string, Entry, std::less<>> regions_;
};

// The foundation model that an ARN names; empty when it hides it.
std::string_view foundation_in_arn(std::string_view arn);
// The region that an ARN names.
std::string_view region_in_arn(std::string_view arn);

}  // namespace oriel::gateway
