// What the model says: content blocks, stop reason and usage, derived from the request alone.
// The formulas are in README.md. Pure; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tests/bedrock_sim/directives.h"
#include "tests/bedrock_sim/models.h"
#include "tests/bedrock_sim/prompt.h"

namespace simdjson::dom {
class element;
}

namespace oriel::sim {

struct Block {
  enum class Kind {
    kText,
    kToolUse,
    kReasoning,
    kRedacted,
    kCitations,
    // Not counted as output from here on.
    kImage,
    kAudio,
    kServerCall,    // A tool that Bedrock itself runs...
    kServerResult,  // ...and what came of it.
    kUnknown        // A block of the future.
  };
  Kind kind = Kind::kText;
  std::string text;                    // Text, reasoning, JSON of a tool's input, or base64.
  std::string id;                      // Tool use.
  std::string name;                    // Tool use; format of an image.
  std::string signature;               // Reasoning; may be empty.
  std::vector<std::string> citations;  // Each the JSON of one.
  bool failed = false;                 // An image that could not be made.
};

struct Usage {
  std::int64_t input = 0;
  std::int64_t output = 0;
  std::int64_t cache_read = 0;
  std::int64_t cache_write = 0;     // All of them,
  std::int64_t cache_write_1h = 0;  // and those that live for an hour.
  std::int64_t stated_total = -1;   // What is reported as the total instead of the sum.
  std::int64_t total() const {
    return stated_total >= 0 ? stated_total : input + output + cache_read + cache_write;
  }
};

struct Answer {
  enum class Guardrail { kNone, kPassed, kBlocked, kMasked };

  std::vector<Block> blocks;
  std::string stop_reason = "end_turn";
  Usage usage;
  std::string stop_sequence;  // Reported when the request asks for /stop_sequence.
  bool stop_sequence_wanted = false;
  std::string service_tier;   // Echoed; empty: absent.
  std::string latency_class;  // performanceConfig.latency, echoed.
  Guardrail guardrail = Guardrail::kNone;
  std::string guardrail_id;   // Not empty: the trace is wanted.
  std::string invoked_model;  // By a prompt router; empty: no router.
  Directives directives;
};

// `seed` makes tool ids differ between requests of different bytes and equal for equal ones.
Answer make_answer(const simdjson::dom::element& body, const Model& model, Prompt prompt,
                   std::uint64_t seed);

std::uint64_t fnv1a(std::string_view data);

}  // namespace oriel::sim
