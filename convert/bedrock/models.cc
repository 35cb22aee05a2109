#include "convert/bedrock/models.h"

#include <array>

namespace oriel::convert {
namespace {

using enum ModelFeature;
using F = ModelFamily;

constexpr ModelFeatures kChoices = choice_auto | choice_any | choice_named;
constexpr ModelFeatures kChat = streaming | system | sampling | schema_refs | blank_stop;
constexpr ModelFeatures kTools = tools | streaming_tools;
// Nothing is forbidden: for models that the catalogue does not know.
constexpr ModelFeatures kPermissive = kChat | kTools | kChoices | image | prefill | status_field;

constexpr ModelFeatures kNova = (kChat | kTools | kChoices | status_field | prefill) - schema_refs;
constexpr ModelFeatures kClaude3 =
    (kChat | kTools | kChoices | image | prefill | status_field | split_tool_results) - blank_stop;
constexpr ModelFeatures kClaude = kClaude3 - split_tool_results;
constexpr ModelFeatures kClaude45 = kClaude | temp_top_p_exclusive | strict_tools | asia_by_country;
constexpr ModelFeatures kClaude46 = kClaude45 - prefill;
constexpr ModelFeatures kClaude47 = kClaude46 - (sampling | strict_tools);
constexpr ModelFeatures kClaudeSonnet5 = kClaude46 - sampling;

constexpr ModelFeatures kLlama = (kChat | prefill) - schema_refs;
constexpr ModelFeatures kLlamaTools = kLlama | tools | choice_auto;
constexpr ModelFeatures kMistral = kChat | tools | choice_auto | choice_any | prefill;
constexpr ModelFeatures kPlain = kChat | prefill;  // text only
constexpr ModelFeatures kOther =
    kChat | kTools | prefill;  // tools, and only the model's own choice

constexpr std::string_view kNovaRegions =
    "us-east-1 us-gov-west-1 eu-west-2 ap-northeast-1 ap-southeast-2";
constexpr ToolIdRule kAnyId = ToolIdRule::converse;
constexpr ToolIdRule kNine = ToolIdRule::nine;

// A row serves every id that begins with its prefix; the longest prefix wins.
constexpr auto kRows = std::to_array<ModelCapabilities>({
    {"", F::other, 0, 0, kPermissive, kAnyId, "*"},

    {"amazon.nova-", F::nova, 300'000, 0, kNova | image, kAnyId, ""},
    {"amazon.nova-micro-v1", F::nova, 128'000, 8'192, kNova, kAnyId, kNovaRegions},
    {"amazon.nova-lite-v1", F::nova, 300'000, 8'192, kNova | image, kAnyId, kNovaRegions},
    {"amazon.nova-pro-v1", F::nova, 300'000, 8'192, kNova | image, kAnyId, kNovaRegions},
    {"amazon.nova-premier-v1", F::nova, 1'000'000, 32'000, kNova | image, kAnyId, ""},
    {"amazon.nova-2-lite-v1", F::nova, 1'000'000, 65'536, kNova | image, kAnyId, ""},
    {"amazon.nova-canvas-v1", F::nova, 0, 0, kNova | image, kAnyId, "*"},
    {"amazon.titan-", F::titan, 0, 0, kPlain - system, kAnyId, "*"},

    {"anthropic.claude-", F::claude, 200'000, 0, kClaude46 - sampling, kAnyId, ""},
    {"anthropic.claude-3-", F::claude, 200'000, 4'096, kClaude3, kAnyId, "*"},
    {"anthropic.claude-3-5-sonnet-20240620", F::claude, 200'000, 4'096, kClaude3, kAnyId, "*"},
    {"anthropic.claude-3-5-sonnet-20241022", F::claude, 200'000, 8'192, kClaude3, kAnyId,
     "us-west-2 ap-southeast-2"},
    {"anthropic.claude-3-5-haiku-", F::claude, 200'000, 8'192, kClaude3 - image, kAnyId,
     "us-west-2"},
    {"anthropic.claude-3-7-sonnet-", F::claude, 200'000, 64'000, kClaude, kAnyId, ""},
    {"anthropic.claude-sonnet-4-2", F::claude, 200'000, 64'000, kClaude, kAnyId, ""},
    {"anthropic.claude-opus-4-2", F::claude, 200'000, 32'000, kClaude, kAnyId, ""},
    {"anthropic.claude-opus-4-1-", F::claude, 200'000, 32'000, kClaude | temp_top_p_exclusive,
     kAnyId, ""},
    {"anthropic.claude-haiku-4-5", F::claude, 200'000, 64'000, kClaude45, kAnyId, ""},
    {"anthropic.claude-sonnet-4-5", F::claude, 200'000, 64'000, kClaude45, kAnyId, ""},
    {"anthropic.claude-opus-4-5", F::claude, 200'000, 64'000, kClaude45, kAnyId, ""},
    {"anthropic.claude-opus-4-6", F::claude, 1'000'000, 128'000, kClaude46, kAnyId, ""},
    {"anthropic.claude-sonnet-4-6", F::claude, 1'000'000, 64'000, kClaude46, kAnyId, ""},
    {"anthropic.claude-opus-4-7", F::claude, 1'000'000, 128'000, kClaude47, kAnyId, ""},
    {"anthropic.claude-opus-4-8", F::claude, 1'000'000, 128'000, kClaude47, kAnyId, ""},
    {"anthropic.claude-opus-5", F::claude, 1'000'000, 128'000, kClaude47, kAnyId, ""},
    {"anthropic.claude-fable-5", F::claude, 1'000'000, 128'000, kClaude47, kAnyId, ""},
    {"anthropic.claude-sonnet-5", F::claude, 1'000'000, 128'000, kClaudeSonnet5, kAnyId, ""},

    {"meta.llama", F::llama, 8'192, 2'048, kLlama, kAnyId, "*"},
    {"meta.llama3-1-", F::llama, 128'000, 4'096, kLlamaTools, kAnyId, "us-west-2"},
    {"meta.llama3-2-", F::llama, 128'000, 4'096, kLlama, kAnyId, ""},
    {"meta.llama3-2-11b", F::llama, 128'000, 4'096, kLlamaTools | image, kAnyId, ""},
    {"meta.llama3-2-90b", F::llama, 128'000, 4'096, kLlamaTools | image, kAnyId, ""},
    {"meta.llama3-3-", F::llama, 128'000, 4'096, kLlamaTools, kAnyId, ""},
    {"meta.llama4-maverick", F::llama, 1'000'000, 16'384, kLlamaTools | image, kAnyId, ""},
    {"meta.llama4-scout", F::llama, 3'500'000, 16'384, kLlamaTools | image, kAnyId, ""},

    {"mistral.", F::mistral, 128'000, 8'192, kMistral, kAnyId, "*"},
    {"mistral.mistral-7b", F::mistral, 32'000, 8'192, kPlain - system, kNine, "*"},
    {"mistral.mixtral-8x7b", F::mistral, 32'000, 4'096, kPlain - system, kNine, "*"},
    {"mistral.mistral-small-2402", F::mistral, 32'000, 8'192, kMistral, kNine, "*"},
    {"mistral.mistral-large-24", F::mistral, 128'000, 8'192, kMistral, kNine, "*"},
    {"mistral.pixtral-large", F::mistral, 128'000, 8'192, kMistral | image, kNine, ""},
    {"mistral.mistral-large-3", F::mistral, 256'000, 8'192, kMistral | image, kAnyId, "*"},
    {"mistral.ministral-3", F::mistral, 256'000, 8'192, kMistral | image, kAnyId, "*"},

    {"deepseek.r1", F::deepseek, 128'000, 32'768, kPlain, kAnyId, ""},
    {"deepseek.v3", F::deepseek, 163'840, 81'920, kOther | choice_any, kAnyId, "*"},
    {"deepseek.v3.2", F::deepseek, 163'840, 81'920, kOther | choice_any | choice_named, kAnyId,
     "*"},

    {"openai.gpt-oss-", F::gpt_oss, 128'000, 16'384, kOther, kAnyId, "*"},
    {"openai.", F::openai, 272'000, 128'000, (kOther | image) - sampling, kAnyId, "*"},

    {"ai21.", F::ai21, 256'000, 4'096, kChat | tools | prefill, kAnyId, "*"},
    {"cohere.command-r", F::cohere, 128'000, 4'096, kOther, kAnyId, "*"},
    {"google.gemma-3", F::other, 128'000, 8'192, kPlain | image, kAnyId, "*"},
    {"minimax.", F::other, 0, 0, kOther, kAnyId, "*"},
    {"moonshot", F::other, 0, 0, kOther, kAnyId, "*"},
    {"nvidia.nemotron", F::other, 0, 0, kOther, kAnyId, "*"},
    {"qwen.qwen3", F::other, 0, 0, kOther, kAnyId, "*"},
    {"writer.palmyra", F::other, 128'000, 8'192, kChat | tools | prefill, kAnyId, ""},
    {"xai.grok", F::other, 0, 0, kOther | image, kAnyId, "*"},
    {"zai.glm", F::other, 0, 0, kOther, kAnyId, "*"},
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

std::span<const ModelCapabilities> model_catalogue() { return kRows; }

}  // namespace oriel::convert
