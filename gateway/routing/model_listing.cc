// What GET /v1/models shows: spec/converse.md §17.
#include <algorithm>
#include <set>
#include <utility>

#include "convert/bedrock/models.h"
#include "convert/bedrock/resolve.h"
#include "gateway/routing/router_core.h"

namespace oriel::gateway {

using convert::Effort;
using convert::ModelFeature;
using convert::ModelInfo;

namespace {

// The owner of a Bedrock id: what stands before its first dot.
std::string owner_of(std::string_view foundation_model) {
  const std::size_t dot = foundation_model.find('.');
  return std::string(dot == std::string_view::npos ? "bedrock" : foundation_model.substr(0, dot));
}

void describe_capabilities(const convert::Target& target, ModelInfo& info) {
  const convert::ModelCapabilities can = convert::capabilities_of(target);
  if (can.context_tokens != 0) info.context_length = can.context_tokens;
  if (can.max_output_tokens != 0) info.max_output_tokens = can.max_output_tokens;
  info.input_modalities = {"text"};
  if (can.can(ModelFeature::image)) info.input_modalities.emplace_back("image");
  info.output_modalities = {"text"};
  info.streaming = can.can(ModelFeature::streaming);
  info.tools = can.can(ModelFeature::tools);
  info.structured_output = can.can(ModelFeature::structured_output);
  info.prompt_cache = can.can(ModelFeature::cache);
  for (const Effort level : {Effort::none, Effort::minimal, Effort::low, Effort::medium,
                             Effort::high, Effort::xhigh, Effort::max}) {
    if (can.efforts.has(level)) info.reasoning_levels.emplace_back(convert::to_string(level));
  }
}

void describe_listed(const ListedModel& listed, ModelInfo& info) {
  info.created = listed.created;
  if (!listed.owner.empty()) info.owned_by = listed.owner;
  if (!listed.input_modalities.empty()) info.input_modalities = listed.input_modalities;
  if (!listed.output_modalities.empty()) info.output_modalities = listed.output_modalities;
  info.lifecycle = listed.legacy ? "LEGACY" : "ACTIVE";
  if (listed.end_of_life != 0) info.end_of_life = listed.end_of_life;
}

bool has_ended(const ListedModel& model, WallTime now) {
  const auto seconds =
      std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count();
  return model.end_of_life != 0 && model.end_of_life <= seconds;
}

// Entries that are models or profiles learn which aliases stand for the same model.
void name_aliases(std::vector<ModelInfo>& models, std::size_t aliases) {
  for (std::size_t i = aliases; i < models.size(); ++i) {
    for (std::size_t alias = 0; alias < aliases; ++alias) {
      if (models[alias].provider == models[i].provider &&
          models[alias].model_id == models[i].model_id) {
        models[i].aliases.push_back(models[alias].id);
      }
    }
  }
}

}  // namespace

ModelInfo Router::describe(std::string_view name, const Route& route) const {
  ModelInfo info;
  info.id = name;
  info.provider = route.provider->name;
  if (!route.provider->uses_aws()) {
    info.owned_by = route.provider->name;
    info.model_id = route.target.upstream_model;
    return info;
  }
  const std::string& foundation_model = route.target.foundation_model;
  info.model_id = foundation_model;
  info.owned_by = owner_of(foundation_model);
  info.regions = {route.region};
  const std::string& sent = route.target.upstream_model;
  if (sent != foundation_model && !sent.starts_with("arn:")) info.profile = sent;
  describe_capabilities(route.target, info);
  const RegionDirectory* lists = lists_of(route.region);
  if (lists == nullptr) return info;
  if (const ListedModel* listed = lists->find_model(foundation_model)) {
    describe_listed(*listed, info);
  }
  if (const ListedProfile* profile = lists->find_profile(sent)) {
    if (name == sent) info.created = profile->created;
    info.regions.clear();
    for (const std::string& arn : profile->models) {
      const std::string region(region_in_arn(arn));
      const auto known = std::find(info.regions.begin(), info.regions.end(), region);
      if (!region.empty() && known == info.regions.end()) info.regions.push_back(region);
    }
  }
  return info;
}

std::shared_ptr<const ModelListing> Router::list(std::shared_ptr<const ModelDirectory> directory,
                                                 WallTime now) const {
  // Described as they are by the newer lists, not by this router's.
  Router newer(core_);
  auto listing = std::make_shared<ModelListing>();
  listing->directory = std::move(directory);
  newer.listing_ = listing;
  std::vector<ModelInfo>& models = listing->models;
  std::set<std::string, std::less<>> names;
  const auto add = [&](std::string_view name) {
    if (name.find('*') != std::string_view::npos || !names.emplace(name).second) return;
    if (const auto route = newer.find_known(name)) models.push_back(newer.describe(name, *route));
  };
  for (const ModelConfig& model : core_->models) add(model.name);
  const Provider* bedrock = core_->first_bedrock();
  if (bedrock == nullptr) return listing;
  for (const convert::ShippedAlias& alias : convert::shipped_aliases()) add(alias.pattern);
  const std::size_t aliases = models.size();

  const RegionDirectory* lists = newer.lists_of(bedrock->region);
  if (listing->directory) listing->freshness = listing->directory->freshness(bedrock->region);
  if (lists == nullptr || lists->models().empty()) {
    for (const convert::ShippedAlias& alias : convert::shipped_aliases()) add(alias.model);
  }
  if (lists != nullptr) {
    for (const ListedModel& model : lists->models()) {
      if (model.on_demand && !has_ended(model, now)) add(model.id);
    }
    for (const ListedProfile& profile : lists->profiles()) {
      if (profile.application) continue;  // its only name is an ARN, which tells the account
      const ListedModel* model = lists->find_model(lists->foundation_of(profile));
      if (model != nullptr && has_ended(*model, now)) continue;
      add(profile.id);
    }
  }
  name_aliases(models, aliases);
  return listing;
}

std::optional<ModelInfo> Router::find_model(std::string_view name) const {
  for (const ModelInfo& model : models()) {
    if (model.id == name) return model;
  }
  if (name.size() > kMaxModelName) return std::nullopt;
  const auto route = find_known(name);
  if (!route) return std::nullopt;
  return describe(name, *route);
}

}  // namespace oriel::gateway
