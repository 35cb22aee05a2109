// How an id or ARN in the path finds a model, and the resources of this account that stand for one:
// inference profiles, provisioned models, deployments, routers, prompts. Static data; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tests/bedrock_sim/fault.h"
#include "tests/bedrock_sim/models.h"

namespace oriel::sim {

inline constexpr std::string_view kAccount = "123456789012";

struct Profile {
  std::string id;  // us.amazon.nova-lite-v1:0, or an application profile's short id.
  std::string name;
  std::string type;  // SYSTEM_DEFINED or APPLICATION.
  const Model* model;
  bool hidden = false;  // It serves, but the control plane refuses to tell of it.
  std::string source;   // Of an application profile made of a profile: that profile's id.
};

struct Provisioned {
  std::string_view id;
  std::string_view name;
  const Model* model;
  std::string_view status;
};

// The outcome of naming a model: `model`, or the fault Bedrock answers.
struct Resolution {
  enum class Through { kModel, kPrompt, kRouter };
  const Model* model = nullptr;
  Fault fault;
  Through through = Through::kModel;
};

const std::vector<Profile>& all_profiles();
const std::vector<Provisioned>& all_provisioned();
const Profile* find_profile(std::string_view id_or_arn, std::string_view region);
Resolution resolve_model(std::string_view id_or_arn, std::string_view region);
// The refusal of a bare id whose model wants a profile. Bedrock writes both apostrophes: so do we,
// the typographic one for Claude.
Fault needs_profile(std::string_view id, const Model& model);

std::string model_arn(const Model& model, std::string_view region);
std::string profile_arn(const Profile& profile, std::string_view region);
std::string provisioned_arn(const Provisioned& provisioned, std::string_view region);

}  // namespace oriel::sim
