#include "convert/bedrock/models.h"

#include <array>

namespace oriel::convert {
namespace {

using enum ModelFeature;
using F = ModelFamily;

constexpr ModelFeatures kChoices = choice_auto | choice_any | choice_named;
constexpr ModelFeatures kSampling = temperature | top_p;
constexpr ModelFeatures kChat =
    streaming | system | kSampling | schema_refs | blank_stop | document | service_tier;
constexpr ModelFeatures kTools = tools | streaming_tools;
// Nothing is forbidden, and nothing is asked that few models know: for models that the catalogue
// does not know.
constexpr ModelFeatures kPermissive = kChat | kTools | kChoices | image | audio | video | s3_media |
                                      tool_result_media | prefill | status_field;

constexpr ModelFeatures kNova =
    (kChat | kTools | kChoices | top_k | status_field | prefill | cache | s3_media | large_pdf) -
    schema_refs;
constexpr ModelFeatures kNovaText = kNova - (document | s3_media | large_pdf);
constexpr ModelFeatures kNovaMedia = kNova | image | video | tool_result_media;

constexpr ModelFeatures kClaude2 = (kChat | top_k | prefill) - blank_stop;
constexpr ModelFeatures kClaude3 = kClaude2 | kTools | kChoices | image | tool_result_media |
                                   status_field | split_tool_results | thinking_budget;
constexpr ModelFeatures kCache = cache | cache_tools;
constexpr ModelFeatures kClaude35 = kClaude3 | kCache;
constexpr ModelFeatures kClaude = kClaude35 - split_tool_results;
constexpr ModelFeatures kClaude4 = kClaude | large_pdf;
constexpr ModelFeatures kClaude45 =
    kClaude4 | temp_top_p_exclusive | strict_tools | structured_output | cache_1h | asia_by_country;
constexpr ModelFeatures kClaude46 = kClaude45 - prefill;
constexpr ModelFeatures kClaudeSonnet5 = kClaude46 - (kSampling | top_k | thinking_budget);
constexpr ModelFeatures kClaude47 = kClaudeSonnet5 - (strict_tools | structured_output);

constexpr ModelFeatures kLlama = (kChat | top_k | prefill) - schema_refs;
constexpr ModelFeatures kLlamaTools = kLlama | tools | choice_auto;
constexpr ModelFeatures kMistral = kChat | top_k | tools | choice_auto | choice_any | prefill;
constexpr ModelFeatures kMistral3 = kMistral | structured_output;
constexpr ModelFeatures kPlain = kChat | prefill;  // text only
constexpr ModelFeatures kMistral7b = (kPlain | top_k) - system;
// Tools, and only the model's own choice.
constexpr ModelFeatures kOther = kChat | kTools | prefill;
constexpr ModelFeatures kOtherFormat = kOther | structured_output;

constexpr std::string_view kNovaRegions =
    "us-east-1 us-gov-west-1 eu-west-2 ap-northeast-1 ap-southeast-2";
constexpr ToolIdRule kAnyId = ToolIdRule::converse;
constexpr ToolIdRule kNine = ToolIdRule::nine;

using enum ReasoningMode;
using E = Effort;
constexpr EffortLevels kNoEffort = {};
constexpr EffortLevels kToHigh = {E::low, E::medium, E::high};
constexpr EffortLevels kOffToHigh = {E::none, E::low, E::medium, E::high};
constexpr EffortLevels kClaude46Efforts = {E::none, E::low, E::medium, E::high, E::max};
constexpr EffortLevels kClaudeEfforts = {E::none, E::low, E::medium, E::high, E::xhigh, E::max};
constexpr EffortLevels kKimiEfforts = {E::low, E::high, E::max};
constexpr EffortLevels kGptEfforts = {E::none, E::low, E::medium, E::high, E::xhigh};
constexpr EffortLevels kGpt5Efforts = {E::none, E::minimal, E::low, E::medium, E::high, E::xhigh};

// A row serves every id that begins with its prefix; the longest prefix wins.
constexpr auto kRows = std::to_array<ModelCapabilities>({
    {"", F::other, 0, 0, kPermissive, kAnyId, "*"},

    {"amazon.nova-", F::nova, 300'000, 0, kNovaMedia, kAnyId, ""},
    {"amazon.nova-micro-v1", F::nova, 128'000, 8'192, kNovaText, kAnyId, kNovaRegions},
    {"amazon.nova-lite-v1", F::nova, 300'000, 8'192, kNovaMedia, kAnyId, kNovaRegions},
    {"amazon.nova-pro-v1", F::nova, 300'000, 8'192, kNovaMedia, kAnyId, kNovaRegions},
    {"amazon.nova-premier-v1", F::nova, 1'000'000, 32'000, kNovaMedia, kAnyId, ""},
    {"amazon.nova-2-", F::nova, 1'000'000, 65'536, kNovaMedia, kAnyId, "", nova, kOffToHigh},
    {"amazon.nova-2-lite-v1", F::nova, 1'000'000, 65'536, kNovaMedia, kAnyId, "", nova, kOffToHigh},
    {"amazon.nova-2-omni", F::nova, 1'000'000, 65'536, kNovaMedia | audio, kAnyId, "", nova,
     kOffToHigh},
    {"amazon.nova-2-sonic", F::nova, 1'000'000, 65'536, kNovaMedia | audio, kAnyId, "", nova,
     kOffToHigh},
    {"amazon.nova-canvas-v1", F::nova, 0, 0, kNovaMedia, kAnyId, "*"},
    {"amazon.titan-", F::titan, 0, 0, kPlain - system, kAnyId, "*"},

    {"anthropic.claude-", F::claude, 200'000, 0, kClaude47, kAnyId, "", adaptive, kClaudeEfforts},
    {"anthropic.claude-v2", F::claude, 100'000, 4'096, kClaude2, kAnyId, "*"},
    {"anthropic.claude-instant", F::claude, 100'000, 4'096, kClaude2, kAnyId, "*"},
    {"anthropic.claude-3-", F::claude, 200'000, 4'096, kClaude3 - thinking_budget, kAnyId, "*"},
    {"anthropic.claude-3-5-sonnet-20240620", F::claude, 200'000, 4'096, kClaude3 - thinking_budget,
     kAnyId, "*"},
    {"anthropic.claude-3-5-sonnet-20241022", F::claude, 200'000, 8'192, kClaude35 - thinking_budget,
     kAnyId, "us-west-2 ap-southeast-2"},
    {"anthropic.claude-3-5-haiku-", F::claude, 200'000, 8'192,
     kClaude35 - (image | tool_result_media | thinking_budget), kAnyId, "us-west-2"},
    {"anthropic.claude-3-7-sonnet-", F::claude, 200'000, 64'000, kClaude, kAnyId, "", manual,
     kClaudeEfforts},
    {"anthropic.claude-sonnet-4-2", F::claude, 200'000, 64'000, kClaude4, kAnyId, "", manual,
     kClaudeEfforts},
    {"anthropic.claude-opus-4-2", F::claude, 200'000, 32'000, kClaude4, kAnyId, "", manual,
     kClaudeEfforts},
    {"anthropic.claude-opus-4-1-", F::claude, 200'000, 32'000, kClaude4 | temp_top_p_exclusive,
     kAnyId, "", manual, kClaudeEfforts},
    {"anthropic.claude-haiku-4-5", F::claude, 200'000, 64'000, kClaude45, kAnyId, "", manual,
     kClaudeEfforts},
    {"anthropic.claude-sonnet-4-5", F::claude, 200'000, 64'000, kClaude45, kAnyId, "", manual,
     kClaudeEfforts},
    {"anthropic.claude-opus-4-5", F::claude, 200'000, 64'000, kClaude45, kAnyId, "", manual,
     kClaudeEfforts},
    {"anthropic.claude-opus-4-6", F::claude, 1'000'000, 128'000, kClaude46, kAnyId, "", adaptive,
     kClaude46Efforts},
    {"anthropic.claude-sonnet-4-6", F::claude, 1'000'000, 64'000, kClaude46, kAnyId, "", adaptive,
     kClaude46Efforts},
    {"anthropic.claude-opus-4-7", F::claude, 1'000'000, 128'000, kClaude47, kAnyId, "", adaptive,
     kClaudeEfforts},
    {"anthropic.claude-opus-4-8", F::claude, 1'000'000, 128'000, kClaude47, kAnyId, "", adaptive,
     kClaudeEfforts},
    {"anthropic.claude-opus-5", F::claude, 1'000'000, 128'000, kClaude47, kAnyId, "", adaptive,
     kClaudeEfforts},
    {"anthropic.claude-fable-5", F::claude, 1'000'000, 128'000, kClaude47, kAnyId, "", adaptive,
     kClaudeEfforts},
    {"anthropic.claude-sonnet-5", F::claude, 1'000'000, 128'000, kClaudeSonnet5, kAnyId, "",
     adaptive, kClaudeEfforts},

    {"meta.llama", F::llama, 8'192, 2'048, kLlama, kAnyId, "*"},
    {"meta.llama3-1-", F::llama, 128'000, 4'096, kLlamaTools, kAnyId, "us-west-2"},
    {"meta.llama3-2-", F::llama, 128'000, 4'096, kLlama, kAnyId, ""},
    {"meta.llama3-2-11b", F::llama, 128'000, 4'096, kLlamaTools | image, kAnyId, ""},
    {"meta.llama3-2-90b", F::llama, 128'000, 4'096, kLlamaTools | image, kAnyId, ""},
    {"meta.llama3-3-", F::llama, 128'000, 4'096, kLlamaTools, kAnyId, ""},
    {"meta.llama4-maverick", F::llama, 1'000'000, 16'384, kLlamaTools | image, kAnyId, ""},
    {"meta.llama4-scout", F::llama, 3'500'000, 16'384, kLlamaTools | image, kAnyId, ""},

    {"mistral.", F::mistral, 128'000, 8'192, kMistral, kAnyId, "*"},
    {"mistral.mistral-7b", F::mistral, 32'000, 8'192, kMistral7b, kNine, "*"},
    {"mistral.mixtral-8x7b", F::mistral, 32'000, 4'096, kMistral7b, kNine, "*"},
    {"mistral.mistral-small-2402", F::mistral, 32'000, 8'192, kMistral, kNine, "*"},
    {"mistral.mistral-large-24", F::mistral, 128'000, 8'192, kMistral, kNine, "*"},
    {"mistral.pixtral-large", F::mistral, 128'000, 8'192, kMistral | image, kNine, ""},
    {"mistral.mistral-large-3", F::mistral, 256'000, 8'192, kMistral3 | image, kAnyId, "*"},
    {"mistral.ministral-3", F::mistral, 256'000, 8'192, kMistral3 | image, kAnyId, "*"},
    {"mistral.devstral", F::mistral, 256'000, 8'192, kMistral3, kAnyId, "*"},
    {"mistral.magistral", F::mistral, 128'000, 40'960, kMistral3 | image, kAnyId, "*", always,
     kNoEffort},
    {"mistral.voxtral", F::mistral, 32'000, 8'192, kMistral3 | audio, kAnyId, "*"},

    {"deepseek.r1", F::deepseek, 128'000, 32'768, kPlain, kAnyId, "", always, kNoEffort},
    {"deepseek.v3", F::deepseek, 163'840, 81'920, kOtherFormat | choice_any | choice_named, kAnyId,
     "*", word, kOffToHigh},
    {"deepseek.v3-v1", F::deepseek, 163'840, 81'920, kOtherFormat | choice_any | must_choose,
     kAnyId, "*", word, kOffToHigh},

    {"openai.", F::openai, 272'000, 128'000, (kOther | image) - kSampling, kAnyId, "*", nested,
     kGptEfforts},
    {"openai.gpt-5", F::openai, 272'000, 128'000, (kOtherFormat | image) - kSampling, kAnyId, "*",
     nested, kGpt5Efforts},
    {"openai.gpt-oss-", F::gpt_oss, 128'000, 16'384, kOtherFormat | penalties, kAnyId, "*", flat,
     kToHigh},

    {"ai21.", F::ai21, 256'000, 4'096, kChat | tools | penalties | prefill, kAnyId, "*"},
    {"ai21.j2-", F::ai21, 8'192, 8'191, (kPlain | penalties) - (system | streaming), kAnyId, "*"},
    {"cohere.command-r", F::cohere, 128'000, 4'096, kOther | top_k | penalties, kAnyId, "*"},
    {"google.gemma-3", F::other, 128'000, 8'192, kOther | image, kAnyId, "*"},
    {"google.gemma-3-12b", F::other, 128'000, 8'192, kOtherFormat | image, kAnyId, "*"},
    {"google.gemma-3-27b", F::other, 128'000, 8'192, kOtherFormat | image, kAnyId, "*"},
    {"minimax.", F::other, 0, 0, kOther, kAnyId, "*", always, kNoEffort},
    {"moonshot", F::kimi, 0, 0, kOtherFormat, kAnyId, "*", flat, kKimiEfforts},
    {"nvidia.nemotron", F::other, 0, 0, kOtherFormat, kAnyId, "*", always, kNoEffort},
    {"nvidia.nemotron-nano-12b", F::other, 0, 0, kOtherFormat | image, kAnyId, "*", always,
     kNoEffort},
    {"qwen.qwen3", F::qwen, 0, 0, kOtherFormat, kAnyId, "*", always, kNoEffort},
    {"qwen.qwen3-coder", F::qwen, 0, 0, kOtherFormat, kAnyId, "*"},
    {"qwen.qwen3-vl", F::qwen, 0, 0, kOtherFormat | image, kAnyId, "*", always, kNoEffort},
    {"writer.palmyra", F::other, 128'000, 8'192, kChat | tools | prefill, kAnyId, "", always,
     kNoEffort},
    {"xai.grok", F::other, 0, 0, kOtherFormat | image, kAnyId, "*", always, kNoEffort},
    {"zai.glm", F::other, 0, 0, kOther, kAnyId, "*", always, kNoEffort},
    {"zai.glm-4.7", F::other, 0, 0, kOtherFormat, kAnyId, "*", always, kNoEffort},
    {"zai.glm-5", F::other, 0, 0, kOtherFormat, kAnyId, "*", always, kNoEffort},
});

}  // namespace

const ModelCapabilities& capabilities_of(std::string_view foundation_model) {
  const ModelCapabilities* best = kRows.data();
  for (const ModelCapabilities& row : kRows) {
    if (row.prefix.size() > best->prefix.size() && foundation_model.starts_with(row.prefix)) {
      best = &row;
    }
  }
  return *best;
}

ModelCapabilities capabilities_of(const Target& target) {
  ModelCapabilities model = capabilities_of(target.foundation_model);
  const CapabilityPatch& patch = target.patch;
  model.features = (model.features - ModelFeatures(patch.remove)) | ModelFeatures(patch.add);
  if (patch.context_tokens != 0) model.context_tokens = patch.context_tokens;
  if (patch.max_output_tokens != 0) model.max_output_tokens = patch.max_output_tokens;
  return model;
}

std::span<const ModelCapabilities> model_catalogue() { return kRows; }

}  // namespace oriel::convert
