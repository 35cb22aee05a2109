#include "tests/bedrock_sim/resolve.h"

#include <algorithm>
#include <array>

namespace oriel::sim {
namespace {

constexpr std::string_view kInvalidId = "The provided model identifier is invalid.";
constexpr std::string_view kNotResolved =
    "Could not resolve the foundation model from the provided model identifier.";

struct ApplicationRow {
  std::string_view id;
  std::string_view name;
  std::string_view model;
  bool hidden;
  std::string_view source;
};

constexpr std::array kApplicationRows = {
    ApplicationRow{"a1b2c3d4e5f6", "team-chat", "amazon.nova-lite-v1:0", false, ""},
    ApplicationRow{"c1a2u3d4e5f6", "team-claude", "anthropic.claude-sonnet-4-5-20250929-v1:0",
                   false, ""},
    ApplicationRow{"h4a5i6k7u8x9", "team-haiku", "anthropic.claude-haiku-4-5-20251001-v1:0", false,
                   ""},
    ApplicationRow{"o4p5u6s7x8y9", "team-opus", "anthropic.claude-opus-4-7", false, ""},
    ApplicationRow{"s5o6n7n8e9t0", "team-sonnet", "anthropic.claude-sonnet-5", false, ""},
    ApplicationRow{"n2o3v4a5x6y7", "team-nova-2", "amazon.nova-2-lite-v1:0", false, ""},
    ApplicationRow{"l1l2a3m4a5x6", "team-llama", "meta.llama3-3-70b-instruct-v1:0", false, ""},
    ApplicationRow{"p1i2x3t4r5a6", "team-pixtral", "mistral.pixtral-large-2502-v1:0", false, ""},
    ApplicationRow{"p1r2o3f4i5l6", "team-profile", "anthropic.claude-haiku-4-5-20251001-v1:0",
                   false, "us.anthropic.claude-haiku-4-5-20251001-v1:0"},
    ApplicationRow{"h0i1d2d3e4n5", "team-secret", "anthropic.claude-opus-4-7", true, ""},
    ApplicationRow{"h1i2d3d4e5n6", "team-quiet", "anthropic.claude-haiku-4-5-20251001-v1:0", true,
                   ""},
    ApplicationRow{"h2i3d4d5e6n7", "team-silent", "meta.llama3-3-70b-instruct-v1:0", true, ""},
};

struct ResourceRow {
  std::string_view kind;
  std::string_view id;
  std::string_view model;
  Resolution::Through through;
};

constexpr std::array kResourceRows = {
    ResourceRow{"custom-model-deployment", "d1e2p3l4o5y6", "amazon.nova-lite-v1:0",
                Resolution::Through::kModel},
    ResourceRow{"prompt", "PROMPT1234", "amazon.nova-lite-v1:0", Resolution::Through::kPrompt},
    ResourceRow{"prompt", "PROMPT1234:1", "amazon.nova-lite-v1:0", Resolution::Through::kPrompt},
    ResourceRow{"default-prompt-router", "anthropic.claude:1",
                "anthropic.claude-3-5-haiku-20241022-v1:0", Resolution::Through::kRouter},
    ResourceRow{"prompt-router", "r1o2u3t4e5r6", "amazon.nova-pro-v1:0",
                Resolution::Through::kRouter},
};

std::vector<Profile> make_profiles() {
  std::vector<Profile> out;
  for (const Model& model : all_models()) {
    std::string_view geos = model.geos;
    while (!geos.empty()) {
      const std::size_t end = geos.find(' ');
      const std::string geo(geos.substr(0, end));
      std::string title = geo == "global" ? "Global" : geo;
      if (geo != "global") std::transform(title.begin(), title.end(), title.begin(), ::toupper);
      // A profile's name allows letters, digits, space, '_' and '-' only.
      std::string name = title + " " + std::string(model.provider) + " " + std::string(model.name);
      std::replace(name.begin(), name.end(), '.', '-');
      out.push_back({geo + "." + std::string(model.id), name, "SYSTEM_DEFINED", &model, false, {}});
      geos = end == std::string_view::npos ? std::string_view() : geos.substr(end + 1);
    }
  }
  for (const ApplicationRow& row : kApplicationRows) {
    out.push_back({std::string(row.id), std::string(row.name), "APPLICATION", find_model(row.model),
                   row.hidden, std::string(row.source)});
  }
  return out;
}

struct Arn {
  std::string_view service;
  std::string_view region;
  std::string_view account;
  std::string_view kind;  // foundation-model, inference-profile, ...
  std::string_view name;
};

// arn:aws:bedrock:REGION:ACCOUNT:KIND/NAME
bool parse_arn(std::string_view text, Arn& arn) {
  std::string_view fields[5];
  for (std::string_view& field : fields) {
    const std::size_t colon = text.find(':');
    if (colon == std::string_view::npos) return false;
    field = text.substr(0, colon);
    text.remove_prefix(colon + 1);
  }
  const std::size_t slash = text.find('/');
  if (fields[0] != "arn" || slash == std::string_view::npos) return false;
  arn = {fields[2], fields[3], fields[4], text.substr(0, slash), text.substr(slash + 1)};
  return arn.service == "bedrock" || arn.service == "sagemaker";
}

Resolution refuse(std::string_view type, std::string_view message) {
  return {nullptr, {std::string(type), std::string(message)}, Resolution::Through::kModel};
}

Resolution found(const Model* model, Resolution::Through through = Resolution::Through::kModel) {
  return {model, {}, through};
}

Resolution resolve_arn(std::string_view text, std::string_view region) {
  Arn arn;
  if (!parse_arn(text, arn) || arn.region != region) {
    return refuse("ValidationException", kInvalidId);
  }
  if (arn.kind == "foundation-model" && arn.account.empty()) {
    return resolve_model(arn.name, region);
  }
  if (arn.account != kAccount) return refuse("ValidationException", kInvalidId);
  if (arn.service == "sagemaker") {
    if (arn.kind == "endpoint" && arn.name == "sim-endpoint") {
      return found(find_model("qwen.qwen3-32b-v1:0"));
    }
    return refuse("ResourceNotFoundException", kNotResolved);
  }
  if (arn.kind == "inference-profile" || arn.kind == "application-inference-profile") {
    if (const Profile* profile = find_profile(text, region)) return found(profile->model);
    return refuse("ResourceNotFoundException", kNotResolved);
  }
  if (arn.kind == "provisioned-model") {
    for (const Provisioned& row : all_provisioned()) {
      if (row.id == arn.name && row.status == "InService") return found(row.model);
    }
  }
  if (arn.kind == "imported-model") {
    return refuse("ValidationException",
                  "This action doesn't support the model that you provided. Try again with a "
                  "supported text or chat model.");
  }
  for (const ResourceRow& row : kResourceRows) {
    if (row.kind == arn.kind && row.id == arn.name)
      return found(find_model(row.model), row.through);
  }
  return refuse("ValidationException", kInvalidId);
}

}  // namespace

const std::vector<Profile>& all_profiles() {
  static const std::vector<Profile> profiles = make_profiles();
  return profiles;
}

const std::vector<Provisioned>& all_provisioned() {
  static const std::vector<Provisioned> rows = {
      {"abcdefghij12", "pro-units", find_model("amazon.nova-pro-v1:0"), "InService"},
      {"bcdefghij123", "haiku-units", find_model("anthropic.claude-haiku-4-5-20251001-v1:0"),
       "InService"},
      {"cdefghij1234", "micro-units", find_model("amazon.nova-micro-v1:0"), "Creating"},
  };
  return rows;
}

const Profile* find_profile(std::string_view id_or_arn, std::string_view region) {
  std::string_view id = id_or_arn;
  std::string_view type;
  if (id.substr(0, 4) == "arn:") {
    Arn arn;
    if (!parse_arn(id, arn) || arn.region != region || arn.account != kAccount) return nullptr;
    id = arn.name;
    type = arn.kind == "application-inference-profile" ? "APPLICATION" : "SYSTEM_DEFINED";
  }
  for (const Profile& profile : all_profiles()) {
    if (profile.id == id && (type.empty() || profile.type == type)) return &profile;
  }
  return nullptr;
}

Fault needs_profile(std::string_view id, const Model& model) {
  return {"ValidationException",
          "Invocation of model ID " + std::string(id) + " with on-demand throughput isn" +
              (model.claude() ? "\u2019" : "'") +
              "t supported. Retry your request with the ID or ARN of an inference profile that "
              "contains this model."};
}

Resolution resolve_model(std::string_view id_or_arn, std::string_view region) {
  if (id_or_arn.substr(0, 4) == "arn:") return resolve_arn(id_or_arn, region);
  if (id_or_arn == "sim.access-denied-v1:0") {
    return refuse("AccessDeniedException",
                  "You don't have access to the model with the specified model ID.");
  }
  if (id_or_arn == "sim.not-found-v1:0") return refuse("ResourceNotFoundException", kNotResolved);
  if (const Model* model = find_model(id_or_arn)) {
    if (model->life == "ENDED") {
      return refuse("ResourceNotFoundException",
                    "This model version has reached the end of its life. Please refer to the AWS "
                    "documentation for more details.");
    }
    if (model->can(kOnDemand)) return found(model);
    return {nullptr, needs_profile(id_or_arn, *model), Resolution::Through::kModel};
  }
  // An application profile is reached by its ARN only.
  const Profile* profile = find_profile(id_or_arn, region);
  if (profile && profile->type == "SYSTEM_DEFINED") return found(profile->model);
  return refuse("ValidationException", kInvalidId);
}

std::string model_arn(const Model& model, std::string_view region) {
  return "arn:aws:bedrock:" + std::string(region) + "::foundation-model/" + std::string(model.id);
}

std::string profile_arn(const Profile& profile, std::string_view region) {
  return "arn:aws:bedrock:" + std::string(region) + ":" + std::string(kAccount) +
         (profile.type == "APPLICATION" ? ":application-inference-profile/"
                                        : ":inference-profile/") +
         profile.id;
}

std::string provisioned_arn(const Provisioned& provisioned, std::string_view region) {
  return "arn:aws:bedrock:" + std::string(region) + ":" + std::string(kAccount) +
         ":provisioned-model/" + std::string(provisioned.id);
}

}  // namespace oriel::sim
