// What the model says: content blocks, stop reason and usage, derived from the request alone.
// The formulas are in README.md. Pure; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tests/bedrock_sim/directives.h"
#include "tests/bedrock_sim/models.h"

namespace simdjson::dom {
class element;
}

namespace oriel::sim {

struct Block {
  enum class Kind { kText, kToolUse, kReasoning, kRedacted };
  Kind kind = Kind::kText;
  std::string text;       // Text, reasoning, JSON of a tool's input, or base64 of redacted content.
  std::string id;         // Tool use.
  std::string name;       // Tool use.
  std::string signature;  // Reasoning; may be empty.
};

struct Usage {
  std::int64_t input = 0;
  std::int64_t output = 0;
  std::int64_t cache_read = 0;
  std::int64_t cache_write = 0;
  std::int64_t total() const { return input + output + cache_read + cache_write; }
};

struct Answer {
  std::vector<Block> blocks;
  std::string stop_reason = "end_turn";
  Usage usage;
  std::string stop_sequence;  // Reported when the request asks for /stop_sequence.
  bool stop_sequence_wanted = false;
  std::string service_tier;   // Echoed; empty: absent.
  std::string latency_class;  // performanceConfig.latency, echoed.
  std::string guardrail_id;   // Not empty: the trace is wanted.
  Directives directives;
};

// `seed` makes tool ids differ between requests of different bytes and equal for equal ones.
// `x_sim` is the x-sim header's value.
Answer make_answer(const simdjson::dom::element& body, const Model& model, std::uint64_t seed,
                   std::string_view x_sim);

std::uint64_t fnv1a(std::string_view data);

}  // namespace oriel::sim
