// An answer as JSON: the body of Converse, and what metadata shares with it. Pure; any thread.
#pragma once

#include <cstdint>
#include <string>

#include "tests/bedrock_sim/answer.h"

namespace oriel::sim {

std::string answer_json(const Answer& answer, std::int64_t latency_ms);
void append_usage(std::string& out, const Usage& usage);
// trace, performanceConfig and serviceTier, as members without braces; may be empty.
std::string closing_fields(const Answer& answer);
// Text as a JSON string, with an emoji behind it whose halves are escaped: `wanted` is "lone" when
// the second one must not come.
std::string with_surrogates(std::string_view text, std::string_view wanted);

}  // namespace oriel::sim
