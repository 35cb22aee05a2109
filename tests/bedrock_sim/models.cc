#include "tests/bedrock_sim/models.h"

#include <algorithm>
#include <array>

namespace oriel::sim {
namespace {

constexpr std::uint64_t kText = kChat | kStreams | kSystem | kSampling | kPrefill | kOnDemand;
constexpr std::uint64_t kAllTools = kTools | kStreamTools | kChoiceAuto | kChoiceAny | kChoiceTool;
constexpr std::uint64_t kSees = kImages | kDocuments;

constexpr std::uint64_t kNovaMicro = kText | kAllTools | kCache | kStatus;
constexpr std::uint64_t kNovaSees = kNovaMicro | kSees | kVideo | kResultMedia | kS3 | kManyPdfs;

constexpr std::uint64_t kClaude3 =
    kText | kAllTools | kSees | kSplitResults | kStatus | kResultMedia;
constexpr std::uint64_t kClaudeCache = kCache | kCacheTtl | kCacheTools;
constexpr std::uint64_t kClaude35 = (kClaude3 | kClaudeCache) & ~std::uint64_t{kOnDemand};
constexpr std::uint64_t kClaude4 = (kClaude35 | kManyPdfs) & ~std::uint64_t{kSplitResults};
constexpr std::uint64_t kClaude45 =
    kClaude4 | kOneSampler | kCacheHour | kStructured | kStrictTools;
constexpr std::uint64_t kClaude46 = kClaude45 & ~std::uint64_t{kPrefill};
constexpr std::uint64_t kClaude5 = kClaude46 & ~std::uint64_t{kSampling};
constexpr std::uint64_t kOpus47 = (kClaude5 | kHidesThinking) & ~std::uint64_t{kStructured};

constexpr std::uint64_t kLlama = kText | kDocuments;
constexpr std::uint64_t kLlamaTools = (kLlama | kTools | kChoiceAuto) & ~std::uint64_t{kOnDemand};
constexpr std::uint64_t kMistral = kText | kDocuments | kTools | kChoiceAuto | kChoiceAny;
constexpr std::uint64_t kOwnChoice = kText | kTools | kStreamTools;
constexpr std::uint64_t kOpenAi = (kOwnChoice | kImages | kStructured) & ~std::uint64_t{kSampling};

constexpr Reasoning kMute = Reasoning::kNone;
constexpr std::string_view kThree = "low medium high";
constexpr std::string_view kFour = "low medium high max";
constexpr std::string_view kFive = "low medium high xhigh max";

// context / max_output in tokens.
const std::vector<Model> kModels = {
    {"amazon.nova-micro-v1:0", "Nova Micro", "Amazon", Family::kNova, kNovaMicro, kMute, "", 128000,
     8192, "us eu apac", "TEXT"},
    {"amazon.nova-lite-v1:0", "Nova Lite", "Amazon", Family::kNova, kNovaSees, kMute, "", 300000,
     8192, "us eu apac", "TEXT"},
    {"amazon.nova-pro-v1:0", "Nova Pro", "Amazon", Family::kNova, kNovaSees, kMute, "", 300000,
     8192, "us eu apac", "TEXT"},
    {"amazon.nova-2-lite-v1:0", "Nova 2 Lite", "Amazon", Family::kNova2,
     (kNovaSees | kSystemTools) & ~std::uint64_t{kOnDemand}, Reasoning::kNova2, kThree, 1000000,
     65536, "us eu jp global", "TEXT"},
    {"amazon.nova-premier-v1:0", "Nova Premier", "Amazon", Family::kNova,
     (kNovaSees | kSystemTools) & ~std::uint64_t{kOnDemand}, kMute, "", 1000000, 32000, "us",
     "TEXT"},

    {"anthropic.claude-v2:1", "Claude", "Anthropic", Family::kClaude, kText, kMute, "", 200000,
     4096, "", "TEXT", "ENDED"},
    {"anthropic.claude-3-haiku-20240307-v1:0", "Claude 3 Haiku", "Anthropic", Family::kClaude,
     kClaude3, kMute, "", 200000, 4096, "us eu apac", "TEXT", "LEGACY"},
    {"anthropic.claude-3-5-haiku-20241022-v1:0", "Claude 3.5 Haiku", "Anthropic", Family::kClaude,
     kClaude35 & ~std::uint64_t{kImages}, kMute, "", 200000, 8192, "us", "TEXT"},
    {"anthropic.claude-3-5-sonnet-20241022-v2:0", "Claude 3.5 Sonnet v2", "Anthropic",
     Family::kClaude, kClaude35, kMute, "", 200000, 8192, "us apac", "TEXT", "LEGACY"},
    {"anthropic.claude-3-7-sonnet-20250219-v1:0", "Claude 3.7 Sonnet", "Anthropic", Family::kClaude,
     kClaude4, Reasoning::kManual, "", 200000, 64000, "us eu", "TEXT"},
    {"anthropic.claude-sonnet-4-20250514-v1:0", "Claude Sonnet 4", "Anthropic", Family::kClaude,
     kClaude4, Reasoning::kManual, "", 200000, 64000, "us eu apac global", "TEXT"},
    {"anthropic.claude-opus-4-20250514-v1:0", "Claude Opus 4", "Anthropic", Family::kClaude,
     kClaude4, Reasoning::kManual, "", 200000, 32000, "us", "TEXT"},
    {"anthropic.claude-opus-4-1-20250805-v1:0", "Claude Opus 4.1", "Anthropic", Family::kClaude,
     kClaude4 | kOneSampler, Reasoning::kManual, "", 200000, 32000, "us", "TEXT"},
    {"anthropic.claude-haiku-4-5-20251001-v1:0", "Claude Haiku 4.5", "Anthropic", Family::kClaude,
     kClaude45, Reasoning::kManual, "", 200000, 64000, "us eu global", "TEXT"},
    {"anthropic.claude-sonnet-4-5-20250929-v1:0", "Claude Sonnet 4.5", "Anthropic", Family::kClaude,
     kClaude45, Reasoning::kManual, "", 200000, 64000, "us eu jp au global", "TEXT"},
    {"anthropic.claude-opus-4-5-20251101-v1:0", "Claude Opus 4.5", "Anthropic", Family::kClaude,
     kClaude45, Reasoning::kManual, "", 200000, 64000, "us eu global", "TEXT"},
    {"anthropic.claude-opus-4-6-v1", "Claude Opus 4.6", "Anthropic", Family::kClaude, kClaude46,
     Reasoning::kAdaptive, kFour, 1000000, 128000, "us eu global", "TEXT"},
    {"anthropic.claude-sonnet-4-6", "Claude Sonnet 4.6", "Anthropic", Family::kClaude, kClaude46,
     Reasoning::kAdaptive, kFour, 1000000, 64000, "us eu global", "TEXT"},
    {"anthropic.claude-opus-4-7", "Claude Opus 4.7", "Anthropic", Family::kClaude, kOpus47,
     Reasoning::kAdaptiveOnly, kFive, 1000000, 128000, "us eu global", "TEXT"},
    {"anthropic.claude-opus-4-8", "Claude Opus 4.8", "Anthropic", Family::kClaude, kOpus47,
     Reasoning::kAdaptiveOnly, kFive, 1000000, 128000, "us eu global", "TEXT"},
    {"anthropic.claude-fable-5", "Claude Fable 5", "Anthropic", Family::kClaude,
     kClaude5 & ~std::uint64_t{kStructured}, Reasoning::kAdaptiveOnly, kFive, 1000000, 128000,
     "us eu global", "TEXT"},
    {"anthropic.claude-sonnet-5", "Claude Sonnet 5", "Anthropic", Family::kClaude, kClaude5,
     Reasoning::kAdaptiveOnly, kFive, 1000000, 128000, "us eu global", "TEXT"},
    {"anthropic.claude-opus-5", "Claude Opus 5", "Anthropic", Family::kClaude, kOpus47,
     Reasoning::kAdaptiveOnly, kFive, 1000000, 128000, "us eu global", "TEXT"},

    {"meta.llama3-8b-instruct-v1:0", "Llama 3 8B Instruct", "Meta", Family::kLlama, kLlama, kMute,
     "", 8192, 2048, "", "TEXT"},
    {"meta.llama3-1-70b-instruct-v1:0", "Llama 3.1 70B Instruct", "Meta", Family::kLlama,
     kLlamaTools | kOnDemand, kMute, "", 128000, 8192, "us", "TEXT"},
    {"meta.llama3-2-11b-instruct-v1:0", "Llama 3.2 11B Instruct", "Meta", Family::kLlama,
     kLlamaTools | kImages, kMute, "", 128000, 4096, "us", "TEXT"},
    {"meta.llama3-2-90b-instruct-v1:0", "Llama 3.2 90B Instruct", "Meta", Family::kLlama,
     kLlamaTools | kImages, kMute, "", 128000, 4096, "us", "TEXT"},
    {"meta.llama3-3-70b-instruct-v1:0", "Llama 3.3 70B Instruct", "Meta", Family::kLlama,
     kLlamaTools, kMute, "", 128000, 8192, "us", "TEXT"},
    {"meta.llama4-maverick-17b-instruct-v1:0", "Llama 4 Maverick 17B Instruct", "Meta",
     Family::kLlama, kLlamaTools | kImages, kMute, "", 1000000, 16384, "us", "TEXT"},
    {"meta.llama4-scout-17b-instruct-v1:0", "Llama 4 Scout 17B Instruct", "Meta", Family::kLlama,
     kLlamaTools | kImages, kMute, "", 3500000, 16384, "us", "TEXT"},

    {"mistral.mistral-7b-instruct-v0:2", "Mistral 7B Instruct", "Mistral AI", Family::kMistral,
     (kText | kDocuments) & ~std::uint64_t{kSystem}, kMute, "", 32000, 8192, "", "TEXT"},
    {"mistral.mixtral-8x7b-instruct-v0:1", "Mixtral 8x7B Instruct", "Mistral AI", Family::kMistral,
     (kText | kDocuments) & ~std::uint64_t{kSystem}, kMute, "", 32000, 4096, "", "TEXT"},
    {"mistral.mistral-large-2402-v1:0", "Mistral Large (24.02)", "Mistral AI", Family::kMistral,
     kMistral | kNineIds, kMute, "", 32000, 8192, "", "TEXT"},
    {"mistral.pixtral-large-2502-v1:0", "Pixtral Large (25.02)", "Mistral AI", Family::kMistral,
     (kMistral | kImages | kNineIds) & ~std::uint64_t{kOnDemand}, kMute, "", 128000, 8192, "us eu",
     "TEXT"},
    {"mistral.mistral-large-3-675b-instruct", "Mistral Large 3", "Mistral AI", Family::kMistral,
     kMistral | kImages | kStructured, kMute, "", 256000, 8192, "", "TEXT"},
    {"mistral.ministral-3-14b-instruct", "Ministral 3 14B", "Mistral AI", Family::kMistral,
     kMistral | kImages | kStructured, kMute, "", 256000, 8192, "", "TEXT"},
    {"mistral.magistral-small-2509", "Magistral Small", "Mistral AI", Family::kMistral,
     kMistral | kImages | kStructured, Reasoning::kAlways, "", 128000, 40960, "", "TEXT"},
    {"mistral.voxtral-mini-3b-2507", "Voxtral Mini 3B", "Mistral AI", Family::kMistral,
     kMistral | kAudio | kStructured, kMute, "", 128000, 8192, "", "TEXT"},
    {"mistral.voxtral-small-24b-2507", "Voxtral Small 24B", "Mistral AI", Family::kMistral,
     kMistral | kAudio | kStructured, kMute, "", 32000, 8192, "", "TEXT"},

    {"deepseek.r1-v1:0", "DeepSeek-R1", "DeepSeek", Family::kDeepSeek,
     (kText | kDocuments) & ~std::uint64_t{kOnDemand}, Reasoning::kAlways, "", 128000, 32768, "us",
     "TEXT"},
    {"deepseek.v3-v1:0", "DeepSeek-V3.1", "DeepSeek", Family::kDeepSeek,
     kOwnChoice | kChoiceAny | kMustChoose | kStructured, Reasoning::kWord, kThree, 163840, 81920,
     "", "TEXT"},
    {"deepseek.v3.2", "DeepSeek-V3.2", "DeepSeek", Family::kDeepSeek,
     kOwnChoice | kChoiceAny | kChoiceTool | kStructured, Reasoning::kWord, kThree, 163840, 81920,
     "", "TEXT"},

    {"openai.gpt-oss-120b-1:0", "gpt-oss-120b", "OpenAI", Family::kGptOss, kOwnChoice | kStructured,
     Reasoning::kFlat, kThree, 128000, 16384, "", "TEXT"},
    {"openai.gpt-oss-20b-1:0", "gpt-oss-20b", "OpenAI", Family::kGptOss, kOwnChoice | kStructured,
     Reasoning::kFlat, kThree, 128000, 16384, "", "TEXT"},
    {"openai.gpt-5.6", "GPT-5.6", "OpenAI", Family::kOpenAi, kOpenAi, Reasoning::kNested,
     "none minimal low medium high xhigh max", 1050000, 128000, "", "TEXT"},
    {"openai.gpt-6", "GPT-6", "OpenAI", Family::kOpenAi, kOpenAi, Reasoning::kNested,
     "none low medium high xhigh max", 1050000, 128000, "", "TEXT"},

    {"ai21.jamba-1-5-large-v1:0", "Jamba 1.5 Large", "AI21 Labs", Family::kAi21, kText | kTools,
     kMute, "", 256000, 4096, "", "TEXT"},
    {"cohere.command-r-plus-v1:0", "Command R+", "Cohere", Family::kCohere, kOwnChoice, kMute, "",
     128000, 4096, "", "TEXT"},
    {"google.gemma-3-27b-it", "Gemma 3 27B", "Google", Family::kOther,
     kOwnChoice | kImages | kStructured, kMute, "", 128000, 8192, "", "TEXT"},
    {"minimax.minimax-m2", "MiniMax M2", "MiniMax", Family::kOther, kOwnChoice, Reasoning::kAlways,
     "", 204800, 16384, "", "TEXT"},
    {"moonshot.kimi-k2-thinking", "Kimi K2 Thinking", "Moonshot AI", Family::kKimi,
     kOwnChoice | kStructured, Reasoning::kFlat, "low high max", 262144, 16384, "", "TEXT"},
    {"moonshotai.kimi-k2.5", "Kimi K2.5", "Moonshot AI", Family::kKimi,
     kOwnChoice | kImages | kStructured, Reasoning::kFlat, "low high max", 262144, 16384, "",
     "TEXT"},
    {"nvidia.nemotron-nano-3-30b", "Nemotron Nano 3", "NVIDIA", Family::kOther,
     kOwnChoice | kStructured, kMute, "", 262144, 16384, "", "TEXT"},
    {"qwen.qwen3-32b-v1:0", "Qwen3 32B", "Qwen", Family::kOther, kOwnChoice | kStructured, kMute,
     "", 131072, 16384, "", "TEXT"},
    {"writer.palmyra-x5-v1:0", "Palmyra X5", "Writer", Family::kOther,
     (kText | kTools) & ~std::uint64_t{kOnDemand}, Reasoning::kAlways, "", 128000, 8192, "us",
     "TEXT"},
    {"zai.glm-4.7", "GLM 4.7", "Z.AI", Family::kOther, kOwnChoice | kStructured, kMute, "", 202752,
     16384, "", "TEXT"},

    {"amazon.titan-embed-text-v2:0", "Titan Text Embeddings V2", "Amazon", Family::kOther,
     kOnDemand, kMute, "", 8192, 0, "", "EMBEDDING"},
    {"amazon.nova-canvas-v1:0", "Nova Canvas", "Amazon", Family::kOther, kOnDemand, kMute, "", 1024,
     0, "", "IMAGE"},
};

struct TraitWord {
  std::string_view word;
  std::uint64_t traits;
};

constexpr std::array kTraitWords = {
    TraitWord{"images", kImages},
    TraitWord{"documents", kDocuments},
    TraitWord{"video", kVideo},
    TraitWord{"audio", kAudio},
    TraitWord{"tools", kTools},
    TraitWord{"stream_tools", kStreamTools},
    TraitWord{"streaming", kStreams},
    TraitWord{"choice_auto", kChoiceAuto},
    TraitWord{"choice_any", kChoiceAny},
    TraitWord{"choice_tool", kChoiceTool},
    TraitWord{"must_choose", kMustChoose},
    TraitWord{"sampling", kSampling},
    TraitWord{"one_sampler", kOneSampler},
    TraitWord{"prefill", kPrefill},
    TraitWord{"system", kSystem},
    TraitWord{"cache", kCache},
    TraitWord{"cache_ttl", kCacheTtl | kCacheHour},
    TraitWord{"cache_tools", kCacheTools},
    TraitWord{"on_demand", kOnDemand},
    TraitWord{"split_results", kSplitResults},
    TraitWord{"structured", kStructured},
    TraitWord{"strict_tools", kStrictTools},
    TraitWord{"status", kStatus},
    TraitWord{"result_media", kResultMedia},
    TraitWord{"s3", kS3},
    TraitWord{"nine_ids", kNineIds},
    TraitWord{"system_tools", kSystemTools},
    TraitWord{"hides_thinking", kHidesThinking},
};

struct DialectWord {
  std::string_view word;
  Reasoning reasoning;
};

constexpr std::array kDialectWords = {
    DialectWord{"none", Reasoning::kNone},
    DialectWord{"manual", Reasoning::kManual},
    DialectWord{"adaptive", Reasoning::kAdaptive},
    DialectWord{"adaptive_only", Reasoning::kAdaptiveOnly},
    DialectWord{"nova2", Reasoning::kNova2},
    DialectWord{"flat", Reasoning::kFlat},
    DialectWord{"nested", Reasoning::kNested},
    DialectWord{"word", Reasoning::kWord},
    DialectWord{"always", Reasoning::kAlways},
};

Fault no_such_word(std::string_view key, std::string_view word) {
  return {"SimulatorException",
          "The directive " + std::string(key) + " has no word '" + std::string(word) + "'."};
}

// The bits that the comma-separated words of a directive name.
Fault read_traits(std::string_view key, std::string_view words, std::uint64_t& out) {
  while (!words.empty()) {
    const std::size_t end = std::min(words.find(','), words.size());
    const std::string_view word = words.substr(0, end);
    words.remove_prefix(std::min(end + 1, words.size()));
    const auto found = std::find_if(kTraitWords.begin(), kTraitWords.end(),
                                    [word](const TraitWord& row) { return row.word == word; });
    if (found == kTraitWords.end()) return no_such_word(key, word);
    out |= found->traits;
  }
  return {};
}

}  // namespace

bool Model::has_level(std::string_view level) const {
  std::string_view rest = levels;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find(' '), rest.size());
    if (rest.substr(0, end) == level) return true;
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return false;
}

const std::vector<Model>& all_models() { return kModels; }

const Model* find_model(std::string_view id) {
  const auto found = std::find_if(kModels.begin(), kModels.end(),
                                  [id](const Model& model) { return model.id == id; });
  return found == kModels.end() ? nullptr : &*found;
}

Fault disguise(Model& model, const Directives& directives) {
  if (directives.has("as")) {
    const Model* other = find_model(directives.text("as"));
    if (!other) return no_such_word("as", directives.text("as"));
    // How it is reached stays the called one's.
    const std::uint64_t reach = model.traits & kOnDemand;
    model = *other;
    model.traits = (model.traits & ~std::uint64_t{kOnDemand}) | reach;
  }
  std::uint64_t added = 0;
  std::uint64_t removed = 0;
  Fault fault = read_traits("with", directives.text("with"), added);
  if (!fault.found()) fault = read_traits("without", directives.text("without"), removed);
  model.traits = (model.traits | added) & ~removed;
  if (!fault.found() && directives.has("dialect")) {
    const std::string_view word = directives.text("dialect");
    const auto found = std::find_if(kDialectWords.begin(), kDialectWords.end(),
                                    [word](const DialectWord& row) { return row.word == word; });
    if (found == kDialectWords.end()) return no_such_word("dialect", word);
    model.reasoning = found->reasoning;
    const bool adaptive =
        model.reasoning == Reasoning::kAdaptive || model.reasoning == Reasoning::kAdaptiveOnly;
    if (model.levels.empty()) model.levels = adaptive ? kFive : kThree;
  }
  return fault;
}

}  // namespace oriel::sim
