#include "gateway/routing/model_directory.h"

#include <algorithm>
#include <utility>

namespace oriel::gateway {
namespace {

// What stands behind `count` colons.
std::string_view behind_colons(std::string_view text, int count) {
  for (; count > 0; --count) {
    const std::size_t colon = text.find(':');
    if (colon == std::string_view::npos) return {};
    text.remove_prefix(colon + 1);
  }
  return text;
}

}  // namespace

std::string_view foundation_in_arn(std::string_view arn) {
  const std::string_view resource = behind_colons(arn, 5);
  for (const std::string_view type : {"foundation-model/", "inference-profile/"}) {
    if (resource.starts_with(type)) return convert::strip_geo(resource.substr(type.size()));
  }
  return {};
}

std::string_view region_in_arn(std::string_view arn) {
  const std::string_view rest = behind_colons(arn, 3);
  return rest.substr(0, rest.find(':'));
}

RegionDirectory::RegionDirectory(std::optional<std::vector<ListedModel>> models,
                                 std::optional<std::vector<ListedProfile>> profiles)
    : models_known_(models.has_value()), profiles_known_(profiles.has_value()) {
  if (models) models_ = std::move(*models);
  if (profiles) profiles_ = std::move(*profiles);
  std::sort(models_.begin(), models_.end(),
            [](const ListedModel& a, const ListedModel& b) { return a.id < b.id; });
  for (const ListedProfile& profile : profiles_) {
    profiles_by_name_.emplace(profile.id, &profile);
    profiles_by_name_.emplace(profile.arn, &profile);
  }
}

// A model that the list leaves out is not here at all: only a profile can serve it.
RegionDirectory::Listed RegionDirectory::on_demand(std::string_view foundation_model) const {
  if (!models_known_) return Listed::unknown;
  const ListedModel* model = find_model(foundation_model);
  if (model == nullptr) return profiles_known_ ? Listed::no : Listed::unknown;
  return model->on_demand ? Listed::yes : Listed::no;
}

RegionDirectory::Listed RegionDirectory::has_profile(std::string_view profile_id) const {
  if (!profiles_known_) return Listed::unknown;
  return find_profile(profile_id) == nullptr ? Listed::no : Listed::yes;
}

const ListedModel* RegionDirectory::find_model(std::string_view id) const {
  const auto found = std::lower_bound(
      models_.begin(), models_.end(), id,
      [](const ListedModel& model, std::string_view wanted) { return model.id < wanted; });
  return found != models_.end() && found->id == id ? &*found : nullptr;
}

const ListedProfile* RegionDirectory::find_profile(std::string_view name) const {
  const auto found = profiles_by_name_.find(name);
  return found == profiles_by_name_.end() ? nullptr : found->second;
}

// Twice, where a profile was made of another profile.
std::string_view RegionDirectory::foundation_of(const ListedProfile& profile) const {
  if (profile.models.empty()) return {};
  const std::string_view arn = profile.models.front();
  if (const auto named = foundation_in_arn(arn); !named.empty()) return named;
  const ListedProfile* inner = find_profile(arn);
  return inner == nullptr || inner->models.empty() ? std::string_view()
                                                   : foundation_in_arn(inner->models.front());
}

std::string_view to_string(ListFreshness freshness) {
  switch (freshness) {
    case ListFreshness::statics: return "static";
    case ListFreshness::stale: return "stale";
    case ListFreshness::live: return "live";
  }
  return "static";
}

const RegionDirectory* ModelDirectory::find(std::string_view region) const {
  const auto found = regions_.find(region);
  return found == regions_.end() ? nullptr : found->second.lists.get();
}

ListFreshness ModelDirectory::freshness(std::string_view region) const {
  const auto found = regions_.find(region);
  return found == regions_.end() ? ListFreshness::statics : found->second.freshness;
}

}  // namespace oriel::gateway
