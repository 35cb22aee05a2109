// The capability catalogue: what each Bedrock model accepts, as data. Keyed by foundation model,
// never by what the client wrote. Source: spec/converse.md §11, §6.2, aws.md §3.4. Static, shared
// by all threads.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace oriel::convert {

enum class ModelFamily : std::uint8_t {
  other,
  ai21,
  claude,
  cohere,
  deepseek,
  gpt_oss,
  llama,
  mistral,
  nova,
  openai,
  titan,
};

// One bit for each thing that a model can or will not do.
enum class ModelFeature : std::uint32_t {
  image = 1U << 0,
  tools = 1U << 1,
  choice_auto = 1U << 2,   // takes toolChoice {"auto":{}}; leaving it out means the same
  choice_any = 1U << 3,    // takes {"any":{}}
  choice_named = 1U << 4,  // takes {"tool":{"name":…}}
  streaming = 1U << 5,
  streaming_tools = 1U << 6,  // tools in ConverseStream
  system = 1U << 7,
  sampling = 1U << 8,  // temperature, topP, top_k
  temp_top_p_exclusive = 1U << 9,
  prefill = 1U << 10,             // a conversation may end with the assistant
  status_field = 1U << 11,        // takes toolResult.status
  schema_refs = 1U << 12,         // follows $ref in tool schemas
  strict_tools = 1U << 13,        // takes toolSpec.strict
  split_tool_results = 1U << 14,  // wants tool results in a turn of their own
  blank_stop = 1U << 15,          // takes stop sequences of white space
  asia_by_country = 1U << 16,     // has au. and jp. profiles in place of apac.
};

class ModelFeatures {
 public:
  constexpr ModelFeatures() = default;
  constexpr ModelFeatures(ModelFeature feature)  // NOLINT(google-explicit-constructor)
      : bits_(static_cast<std::uint32_t>(feature)) {}
  constexpr bool has(ModelFeature feature) const {
    return (bits_ & static_cast<std::uint32_t>(feature)) != 0;
  }
  friend constexpr ModelFeatures operator|(ModelFeatures a, ModelFeatures b) {
    return ModelFeatures(a.bits_ | b.bits_);
  }
  friend constexpr ModelFeatures operator-(ModelFeatures a, ModelFeatures b) {
    return ModelFeatures(a.bits_ & ~b.bits_);
  }

 private:
  constexpr explicit ModelFeatures(std::uint32_t bits) : bits_(bits) {}
  std::uint32_t bits_ = 0;
};
constexpr ModelFeatures operator|(ModelFeature a, ModelFeature b) {
  return ModelFeatures(a) | ModelFeatures(b);
}

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

  bool can(ModelFeature feature) const { return features.has(feature); }
};

// The row with the longest matching prefix; for unknown and empty ids a row that forbids nothing.
const ModelCapabilities& capabilities_of(std::string_view foundation_model);
// All rows, for tests and listings.
std::span<const ModelCapabilities> model_catalogue();

}  // namespace oriel::convert
