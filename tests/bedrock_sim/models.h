// The models this Bedrock has and what each can do: static data, and the disguises that a prompt
// may put on one. Any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tests/bedrock_sim/directives.h"
#include "tests/bedrock_sim/fault.h"

namespace oriel::sim {

enum class Family {
  kNova,
  kNova2,
  kClaude,
  kLlama,
  kMistral,
  kDeepSeek,
  kGptOss,
  kOpenAi,
  kKimi,
  kCohere,
  kAi21,
  kOther
};

// How a model is told to reason, in additionalModelRequestFields.
enum class Reasoning {
  kNone,
  kManual,        // thinking {type: enabled, budget_tokens}
  kAdaptive,      // thinking {type: adaptive} and output_config.effort; manual still taken
  kAdaptiveOnly,  // ... manual refused
  kNova2,         // reasoningConfig {type, maxReasoningEffort}
  kFlat,          // reasoning_effort
  kNested,        // reasoning {effort}
  kWord,          // reasoning_config: "low"
  kAlways,        // It reasons whatever it is told.
};

// What a model can do, as bits.
enum Trait : std::uint64_t {
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
  kStreams = 1u << 16,
  kChoiceAuto = 1u << 17,
  kMustChoose = 1u << 18,  // toolChoice is required beside tools.
  kVideo = 1u << 19,
  kAudio = 1u << 20,
  kStatus = 1u << 21,        // toolResult.status
  kResultMedia = 1u << 22,   // Pictures and documents in tool results.
  kS3 = 1u << 23,            // s3Location
  kCacheHour = 1u << 24,     // cachePoint.ttl "1h"
  kCacheTtl = 1u << 25,      // cachePoint.ttl at all
  kCacheTools = 1u << 26,    // cachePoint in tools, and in turns that hold tool blocks
  kNineIds = 1u << 27,       // Tool ids of at least 9 characters.
  kManyPdfs = 1u << 28,      // The limits of documents do not hold for PDF.
  kSystemTools = 1u << 29,   // nova_grounding and its like.
  kHidesThinking = 1u << 30  // Reasoning comes as an empty text and a signature.
};

struct Model {
  std::string_view id;
  std::string_view name;
  std::string_view provider;
  Family family;
  std::uint64_t traits;
  Reasoning reasoning;
  std::string_view levels;  // Of effort, separated by spaces.
  int context;
  int max_output;
  std::string_view geos;             // Inference profiles, e.g. "us eu global".
  std::string_view output;           // TEXT, EMBEDDING or IMAGE.
  std::string_view life = "ACTIVE";  // Or LEGACY, or ENDED: listed, but past its end of life.

  bool can(std::uint64_t trait) const { return (traits & trait) != 0; }
  bool claude() const { return family == Family::kClaude; }
  bool has_level(std::string_view level) const;
};

const std::vector<Model>& all_models();
const Model* find_model(std::string_view id);

// `as=MODEL`, `with=TRAIT,...`, `without=TRAIT,...` and `dialect=REASONING` of a prompt, put on the
// model that was called: what a catalogue cannot know of it. The words are in README.md.
Fault disguise(Model& model, const Directives& directives);

}  // namespace oriel::sim
