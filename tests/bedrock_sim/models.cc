#include "tests/bedrock_sim/models.h"

#include <algorithm>

namespace oriel::sim {
namespace {

constexpr std::uint32_t kText = kChat | kSystem | kSampling | kPrefill | kOnDemand;
constexpr std::uint32_t kAllTools = kTools | kStreamTools | kChoiceAny | kChoiceTool;
constexpr std::uint32_t kSees = kImages | kDocuments;
constexpr std::uint32_t kNovaTraits = kText | kAllTools | kDocuments | kCache;
constexpr std::uint32_t kClaude3 = kText | kAllTools | kSees | kSplitResults;
constexpr std::uint32_t kClaude45 = kChat | kSystem | kSampling | kOneSampler | kPrefill |
                                    kAllTools | kSees | kCache | kStructured | kStrictTools;
constexpr std::uint32_t kClaude46 = kClaude45 & ~std::uint32_t{kPrefill};
constexpr std::uint32_t kClaude47 = kClaude46 & ~std::uint32_t{kSampling};

// context / max_output in tokens.
const std::vector<Model> kModels = {
    {"amazon.nova-micro-v1:0", "Nova Micro", "Amazon", Family::kNova,
     kNovaTraits & ~std::uint32_t{kDocuments}, Thinking::kNone, 128000, 8192, "us eu apac", "TEXT"},
    {"amazon.nova-lite-v1:0", "Nova Lite", "Amazon", Family::kNova, kNovaTraits | kImages,
     Thinking::kNone, 300000, 8192, "us eu apac", "TEXT"},
    {"amazon.nova-pro-v1:0", "Nova Pro", "Amazon", Family::kNova, kNovaTraits | kImages,
     Thinking::kNone, 300000, 8192, "us eu apac", "TEXT"},
    {"amazon.nova-2-lite-v1:0", "Nova 2 Lite", "Amazon", Family::kNova2,
     (kNovaTraits | kImages) & ~std::uint32_t{kOnDemand}, Thinking::kNone, 1000000, 65536,
     "us eu jp global", "TEXT"},
    {"amazon.nova-premier-v1:0", "Nova Premier", "Amazon", Family::kNova,
     (kNovaTraits | kImages) & ~std::uint32_t{kOnDemand}, Thinking::kNone, 1000000, 32000, "us",
     "TEXT"},
    {"anthropic.claude-3-haiku-20240307-v1:0", "Claude 3 Haiku", "Anthropic", Family::kClaude,
     kClaude3, Thinking::kNone, 200000, 4096, "us eu apac", "TEXT"},
    {"anthropic.claude-3-5-haiku-20241022-v1:0", "Claude 3.5 Haiku", "Anthropic", Family::kClaude,
     (kClaude3 | kCache) & ~std::uint32_t{kOnDemand | kImages}, Thinking::kNone, 200000, 8192, "us",
     "TEXT"},
    {"anthropic.claude-3-5-sonnet-20241022-v2:0", "Claude 3.5 Sonnet v2", "Anthropic",
     Family::kClaude, (kClaude3 | kCache) & ~std::uint32_t{kOnDemand}, Thinking::kNone, 200000,
     8192, "us apac", "TEXT"},
    {"anthropic.claude-3-7-sonnet-20250219-v1:0", "Claude 3.7 Sonnet", "Anthropic", Family::kClaude,
     (kClaude3 | kCache) & ~std::uint32_t{kOnDemand | kSplitResults}, Thinking::kManual, 200000,
     64000, "us eu", "TEXT"},
    {"anthropic.claude-sonnet-4-20250514-v1:0", "Claude Sonnet 4", "Anthropic", Family::kClaude,
     (kClaude3 | kCache) & ~std::uint32_t{kOnDemand | kSplitResults}, Thinking::kManual, 200000,
     64000, "us eu apac global", "TEXT"},
    {"anthropic.claude-opus-4-1-20250805-v1:0", "Claude Opus 4.1", "Anthropic", Family::kClaude,
     (kClaude3 | kCache | kOneSampler) & ~std::uint32_t{kOnDemand | kSplitResults},
     Thinking::kManual, 200000, 32000, "us", "TEXT"},
    {"anthropic.claude-haiku-4-5-20251001-v1:0", "Claude Haiku 4.5", "Anthropic", Family::kClaude,
     kClaude45, Thinking::kManual, 200000, 64000, "us eu global", "TEXT"},
    {"anthropic.claude-sonnet-4-5-20250929-v1:0", "Claude Sonnet 4.5", "Anthropic", Family::kClaude,
     kClaude45, Thinking::kManual, 200000, 64000, "us eu jp au global", "TEXT"},
    {"anthropic.claude-opus-4-5-20251101-v1:0", "Claude Opus 4.5", "Anthropic", Family::kClaude,
     kClaude45, Thinking::kManual, 200000, 64000, "us eu global", "TEXT"},
    {"anthropic.claude-opus-4-6-v1", "Claude Opus 4.6", "Anthropic", Family::kClaude, kClaude46,
     Thinking::kAdaptive, 1000000, 128000, "us eu global", "TEXT"},
    {"anthropic.claude-sonnet-4-6", "Claude Sonnet 4.6", "Anthropic", Family::kClaude, kClaude46,
     Thinking::kAdaptive, 1000000, 64000, "us eu global", "TEXT"},
    {"anthropic.claude-opus-4-7", "Claude Opus 4.7", "Anthropic", Family::kClaude,
     kClaude47 & ~std::uint32_t{kStructured}, Thinking::kAdaptiveOnly, 1000000, 128000,
     "us eu global", "TEXT"},
    {"anthropic.claude-opus-4-8", "Claude Opus 4.8", "Anthropic", Family::kClaude,
     kClaude47 & ~std::uint32_t{kStructured}, Thinking::kAdaptiveOnly, 1000000, 128000,
     "us eu global", "TEXT"},
    {"anthropic.claude-fable-5", "Claude Fable 5", "Anthropic", Family::kClaude,
     kClaude47 & ~std::uint32_t{kStructured}, Thinking::kAdaptiveOnly, 1000000, 128000,
     "us eu global", "TEXT"},
    {"anthropic.claude-sonnet-5", "Claude Sonnet 5", "Anthropic", Family::kClaude, kClaude47,
     Thinking::kAdaptiveOnly, 1000000, 128000, "us eu global", "TEXT"},
    {"anthropic.claude-opus-5", "Claude Opus 5", "Anthropic", Family::kClaude,
     kClaude47 & ~std::uint32_t{kStructured}, Thinking::kAdaptiveOnly, 1000000, 128000,
     "us eu global", "TEXT"},
    {"meta.llama3-1-70b-instruct-v1:0", "Llama 3.1 70B Instruct", "Meta", Family::kLlama,
     kText | kTools | kDocuments, Thinking::kNone, 128000, 8192, "us", "TEXT"},
    {"meta.llama3-3-70b-instruct-v1:0", "Llama 3.3 70B Instruct", "Meta", Family::kLlama,
     (kText | kTools | kDocuments) & ~std::uint32_t{kOnDemand}, Thinking::kNone, 128000, 8192, "us",
     "TEXT"},
    {"meta.llama4-maverick-17b-instruct-v1:0", "Llama 4 Maverick 17B Instruct", "Meta",
     Family::kLlama, (kText | kTools | kSees) & ~std::uint32_t{kOnDemand}, Thinking::kNone, 1000000,
     16384, "us", "TEXT"},
    {"meta.llama4-scout-17b-instruct-v1:0", "Llama 4 Scout 17B Instruct", "Meta", Family::kLlama,
     (kText | kTools | kSees) & ~std::uint32_t{kOnDemand}, Thinking::kNone, 3500000, 16384, "us",
     "TEXT"},
    {"meta.llama3-2-90b-instruct-v1:0", "Llama 3.2 90B Instruct", "Meta", Family::kLlama,
     (kText | kTools | kSees) & ~std::uint32_t{kOnDemand}, Thinking::kNone, 128000, 4096, "us",
     "TEXT"},
    {"mistral.mistral-large-2402-v1:0", "Mistral Large (24.02)", "Mistral AI", Family::kMistral,
     kText | kTools | kChoiceAny | kDocuments, Thinking::kNone, 32000, 8192, "", "TEXT"},
    {"mistral.pixtral-large-2502-v1:0", "Pixtral Large (25.02)", "Mistral AI", Family::kMistral,
     (kText | kTools | kChoiceAny | kSees) & ~std::uint32_t{kOnDemand}, Thinking::kNone, 128000,
     8192, "us eu", "TEXT"},
    {"mistral.mistral-7b-instruct-v0:2", "Mistral 7B Instruct", "Mistral AI", Family::kMistral,
     (kText | kDocuments) & ~std::uint32_t{kSystem}, Thinking::kNone, 32000, 8192, "", "TEXT"},
    {"mistral.mistral-large-3-675b-instruct", "Mistral Large 3", "Mistral AI", Family::kOther,
     kText | kTools | kChoiceAny | kSees | kStructured, Thinking::kNone, 256000, 8192, "", "TEXT"},
    {"deepseek.r1-v1:0", "DeepSeek-R1", "DeepSeek", Family::kDeepSeek,
     (kText | kDocuments) & ~std::uint32_t{kOnDemand}, Thinking::kNone, 128000, 32768, "us",
     "TEXT"},
    {"deepseek.v3-v1:0", "DeepSeek-V3.1", "DeepSeek", Family::kDeepSeek,
     kText | kTools | kStreamTools | kChoiceAny, Thinking::kNone, 163840, 81920, "", "TEXT"},
    {"openai.gpt-oss-120b-1:0", "gpt-oss-120b", "OpenAI", Family::kGptOss,
     kText | kTools | kStreamTools | kStructured, Thinking::kNone, 128000, 16384, "", "TEXT"},
    {"openai.gpt-oss-20b-1:0", "gpt-oss-20b", "OpenAI", Family::kGptOss,
     kText | kTools | kStreamTools | kStructured, Thinking::kNone, 128000, 16384, "", "TEXT"},
    {"qwen.qwen3-32b-v1:0", "Qwen3 32B", "Qwen", Family::kOther, kText | kAllTools | kStructured,
     Thinking::kNone, 131072, 16384, "", "TEXT"},
    {"amazon.titan-embed-text-v2:0", "Titan Text Embeddings V2", "Amazon", Family::kOther,
     kOnDemand, Thinking::kNone, 8192, 0, "", "EMBEDDING"},
    {"amazon.nova-canvas-v1:0", "Nova Canvas", "Amazon", Family::kOther, kOnDemand, Thinking::kNone,
     1024, 0, "", "IMAGE"},
};

constexpr std::string_view kInvalidId = "The provided model identifier is invalid.";

const Model* find_model(std::string_view id) {
  const auto found = std::find_if(kModels.begin(), kModels.end(),
                                  [id](const Model& model) { return model.id == id; });
  return found == kModels.end() ? nullptr : &*found;
}

std::vector<Profile> make_profiles() {
  std::vector<Profile> out;
  for (const Model& model : kModels) {
    std::string_view geos = model.geos;
    while (!geos.empty()) {
      const std::size_t end = geos.find(' ');
      const std::string geo(geos.substr(0, end));
      std::string title = geo == "global" ? "Global" : geo;
      if (geo != "global") std::transform(title.begin(), title.end(), title.begin(), ::toupper);
      // A profile's name allows letters, digits, space, '_' and '-' only.
      std::string name = title + " " + std::string(model.provider) + " " + std::string(model.name);
      std::replace(name.begin(), name.end(), '.', '-');
      out.push_back({geo + "." + std::string(model.id), name, "SYSTEM_DEFINED", &model});
      geos = end == std::string_view::npos ? std::string_view() : geos.substr(end + 1);
    }
  }
  out.push_back(
      {"a1b2c3d4e5f6", "team-nova-lite", "APPLICATION", find_model("amazon.nova-lite-v1:0")});
  out.push_back({"c1a2u3d4e5f6", "team-claude-sonnet", "APPLICATION",
                 find_model("anthropic.claude-sonnet-4-5-20250929-v1:0")});
  return out;
}

// arn:aws:bedrock:REGION:ACCOUNT:KIND/NAME
struct Arn {
  std::string_view region, account, kind, name;
};

bool parse_arn(std::string_view text, Arn& arn) {
  std::string_view fields[6];
  for (int i = 0; i < 5; ++i) {
    const std::size_t colon = text.find(':');
    if (colon == std::string_view::npos) return false;
    fields[i] = text.substr(0, colon);
    text.remove_prefix(colon + 1);
  }
  const std::size_t slash = text.find('/');
  if (fields[0] != "arn" || fields[2] != "bedrock" || slash == std::string_view::npos) return false;
  arn = {fields[3], fields[4], text.substr(0, slash), text.substr(slash + 1)};
  return true;
}

Resolution refuse(std::string_view type, std::string_view message) {
  return {nullptr, {std::string(type), std::string(message)}};
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
  if (arn.kind == "inference-profile" || arn.kind == "application-inference-profile") {
    if (const Profile* profile = find_profile(text, region)) return {profile->model, {}};
    return refuse("ResourceNotFoundException",
                  "Could not resolve the foundation model from the provided model identifier.");
  }
  if (arn.kind == "provisioned-model" && arn.name == "abcdefghij12") {
    return {find_model("amazon.nova-pro-v1:0"), {}};
  }
  return refuse("ValidationException", kInvalidId);
}

}  // namespace

const std::vector<Model>& all_models() { return kModels; }

const std::vector<Profile>& all_profiles() {
  static const std::vector<Profile> profiles = make_profiles();
  return profiles;
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

Resolution resolve_model(std::string_view id_or_arn, std::string_view region) {
  if (id_or_arn.substr(0, 4) == "arn:") return resolve_arn(id_or_arn, region);
  if (id_or_arn == "sim.access-denied-v1:0") {
    return refuse("AccessDeniedException",
                  "You don't have access to the model with the specified model ID.");
  }
  if (id_or_arn == "sim.not-found-v1:0") {
    return refuse("ResourceNotFoundException",
                  "Could not resolve the foundation model from the provided model identifier.");
  }
  if (id_or_arn == "anthropic.claude-v2:1") {
    return refuse("ResourceNotFoundException",
                  "This model version has reached the end of its life. Please refer to the AWS "
                  "documentation for more details.");
  }
  if (const Model* model = find_model(id_or_arn)) {
    if (model->can(kOnDemand)) return {model, {}};
    return refuse("ValidationException",
                  "Invocation of model ID " + std::string(id_or_arn) +
                      " with on-demand throughput isn\u2019t supported. Retry your request with "
                      "the ID or ARN of an inference profile that contains this model.");
  }
  // An application profile is reached by its ARN only.
  const Profile* profile = find_profile(id_or_arn, region);
  if (profile && profile->type == "SYSTEM_DEFINED") return {profile->model, {}};
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

}  // namespace oriel::sim
