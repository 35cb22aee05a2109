// The capability catalogue: what each Bedrock model accepts, as data. Keyed by foundation model,
// never by what the client wrote. Source: spec/converse.md §6.2, §7.1, §8.1, §9, §11, aws.md §3.4.
// Static, shared by all threads.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string_view>

#include "convert/dialect.h"

namespace oriel::convert {

enum class ModelFamily : std::uint8_t {
  other,
  ai21,
  claude,
  cohere,
  deepseek,
  gpt_oss,
  kimi,
  llama,
  mistral,
  nova,
  openai,
  qwen,
  titan,
};

// One bit for each thing that a model can or will not do.
enum class ModelFeature : std::uint64_t {
  image = 1ULL << 0,
  tools = 1ULL << 1,
  choice_auto = 1ULL << 2,   // takes toolChoice {"auto":{}}; leaving it out means the same
  choice_any = 1ULL << 3,    // takes {"any":{}}
  choice_named = 1ULL << 4,  // takes {"tool":{"name":…}}
  streaming = 1ULL << 5,
  streaming_tools = 1ULL << 6,  // tools in ConverseStream
  system = 1ULL << 7,
  temperature = 1ULL << 8,
  temp_top_p_exclusive = 1ULL << 9,
  prefill = 1ULL << 10,             // a conversation may end with the assistant
  status_field = 1ULL << 11,        // takes toolResult.status
  schema_refs = 1ULL << 12,         // follows $ref in tool schemas
  strict_tools = 1ULL << 13,        // takes toolSpec.strict
  split_tool_results = 1ULL << 14,  // wants tool results in a turn of their own
  blank_stop = 1ULL << 15,          // takes stop sequences of white space
  asia_by_country = 1ULL << 16,     // has au. and jp. profiles in place of apac.
  top_p = 1ULL << 17,
  top_k = 1ULL << 18,
  document = 1ULL << 19,
  audio = 1ULL << 20,
  video = 1ULL << 21,
  structured_output = 1ULL << 22,  // takes outputConfig.textFormat
  cache = 1ULL << 23,              // takes cachePoint in system and messages
  cache_1h = 1ULL << 24,           // and its ttl
  cache_tools = 1ULL << 25,        // and in tools
  tool_result_media = 1ULL << 26,  // takes pictures and documents in tool results
  s3_media = 1ULL << 27,           // takes s3Location
  service_tier = 1ULL << 28,
  must_choose = 1ULL << 29,      // wants toolChoice whenever there are tools
  seed = 1ULL << 30,             // only by configuration: no row has it
  penalties = 1ULL << 31,        // takes presence and frequency penalties, in its own fields
  thinking_budget = 1ULL << 32,  // Claude: takes thinking {"type":"enabled"}
  large_pdf = 1ULL << 33,        // takes PDF documents of any size
};

class ModelFeatures {
 public:
  constexpr ModelFeatures() = default;
  constexpr ModelFeatures(ModelFeature feature)  // NOLINT(google-explicit-constructor)
      : bits_(static_cast<std::uint64_t>(feature)) {}
  constexpr explicit ModelFeatures(std::uint64_t bits) : bits_(bits) {}
  constexpr std::uint64_t bits() const { return bits_; }
  constexpr bool has(ModelFeature feature) const {
    return (bits_ & static_cast<std::uint64_t>(feature)) != 0;
  }
  friend constexpr ModelFeatures operator|(ModelFeatures a, ModelFeatures b) {
    return ModelFeatures(a.bits_ | b.bits_);
  }
  friend constexpr ModelFeatures operator-(ModelFeatures a, ModelFeatures b) {
    return ModelFeatures(a.bits_ & ~b.bits_);
  }

 private:
  std::uint64_t bits_ = 0;
};
constexpr ModelFeatures operator|(ModelFeature a, ModelFeature b) {
  return ModelFeatures(a) | ModelFeatures(b);
}

// How a model is told to reason: spec/converse.md §8.1.
enum class ReasoningMode : std::uint8_t {
  none,      // it cannot, or says nothing of it
  adaptive,  // Claude: thinking {"type":"adaptive"} with output_config.effort
  manual,    // Claude: thinking {"type":"enabled","budget_tokens":…}
  nova,      // reasoningConfig
  flat,      // "reasoning_effort" at the root: gpt-oss, Kimi
  nested,    // "reasoning":{"effort":…}: OpenAI's own
  word,      // "reasoning_config":"low": DeepSeek V3
  always,    // it always does, nothing to say
};

// The efforts that a model takes. Of the others each becomes the nearest below, or the lowest.
class EffortLevels {
 public:
  constexpr EffortLevels(std::initializer_list<Effort> levels) {
    for (const Effort level : levels) bits_ = static_cast<std::uint8_t>(bits_ | bit(level));
  }
  constexpr bool has(Effort level) const { return (bits_ & bit(level)) != 0; }
  constexpr bool empty() const { return bits_ == 0; }

 private:
  static constexpr unsigned bit(Effort level) { return 1U << static_cast<unsigned>(level); }
  std::uint8_t bits_ = 0;
};

enum class ToolIdRule : std::uint8_t {
  converse,  // 1 to 64 of [a-zA-Z0-9_.:-]
  nine,      // at least 9 of [a-zA-Z0-9], what the older Mistral models insist on
};

struct ModelCapabilities {
  std::string_view prefix;  // of the foundation model ids that the row describes
  ModelFamily family = ModelFamily::other;
  std::uint32_t context_tokens = 0;     // 0: unknown
  std::uint32_t max_output_tokens = 0;  // 0: unknown
  ModelFeatures features;
  ToolIdRule tool_id_rule = ToolIdRule::converse;
  // Regions that serve the bare id on demand, separated by spaces; elsewhere it needs a geographic
  // inference profile. "*": everywhere. Empty: nowhere.
  std::string_view on_demand = "*";
  ReasoningMode reasoning = ReasoningMode::none;
  EffortLevels efforts = {};  // empty where there is nothing to say

  bool can(ModelFeature feature) const { return features.has(feature); }
};

// The row with the longest matching prefix; for unknown and empty ids a row that forbids nothing.
const ModelCapabilities& capabilities_of(std::string_view foundation_model);
// The same, with what is known better applied.
ModelCapabilities capabilities_of(const Target& target);
// All rows, for tests and listings.
std::span<const ModelCapabilities> model_catalogue();

}  // namespace oriel::convert
