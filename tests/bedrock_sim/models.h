// The models this Bedrock has, what each can do, and how an id or ARN in the path finds one.
// Static data; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tests/bedrock_sim/fault.h"

namespace oriel::sim {

enum class Family { kNova, kNova2, kClaude, kLlama, kMistral, kDeepSeek, kGptOss, kOther };
enum class Thinking { kNone, kManual, kAdaptive, kAdaptiveOnly };

// What a model can do, as bits.
enum Trait : std::uint32_t {
  kImages = 1u << 0,
  kDocuments = 1u << 1,
  kTools = 1u << 2,
  kStreamTools = 1u << 3,
  kChoiceAny = 1u << 4,
  kChoiceTool = 1u << 5,
  kSampling = 1u << 6,    // temperature and topP accepted...
  kOneSampler = 1u << 7,  // ...but not both.
  kPrefill = 1u << 8,     // The conversation may end with the assistant.
  kSystem = 1u << 9,
  kCache = 1u << 10,
  kOnDemand = 1u << 11,      // Else only through an inference profile.
  kSplitResults = 1u << 12,  // Tool results and other blocks may not share a turn.
  kStructured = 1u << 13,    // outputConfig.textFormat
  kStrictTools = 1u << 14,
  kChat = 1u << 15,  // Converse at all.
};

struct Model {
  std::string_view id;
  std::string_view name;
  std::string_view provider;
  Family family;
  std::uint32_t traits;
  Thinking thinking;
  int context;
  int max_output;
  std::string_view geos;    // Inference profiles, e.g. "us eu global".
  std::string_view output;  // TEXT, EMBEDDING or IMAGE.

  bool can(std::uint32_t trait) const { return (traits & trait) != 0; }
};

struct Profile {
  std::string id;  // us.amazon.nova-lite-v1:0, or an application profile's short id.
  std::string name;
  std::string type;  // SYSTEM_DEFINED or APPLICATION.
  const Model* model;
};

// The outcome of naming a model: `model`, or the fault Bedrock answers.
struct Resolution {
  const Model* model = nullptr;
  Fault fault;
};

inline constexpr std::string_view kAccount = "123456789012";

const std::vector<Model>& all_models();
const std::vector<Profile>& all_profiles();
const Profile* find_profile(std::string_view id_or_arn, std::string_view region);
Resolution resolve_model(std::string_view id_or_arn, std::string_view region);
std::string model_arn(const Model& model, std::string_view region);
std::string profile_arn(const Profile& profile, std::string_view region);

}  // namespace oriel::sim
