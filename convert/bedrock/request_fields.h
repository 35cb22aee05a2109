// The small members of a Converse request. Source: spec/converse.md §1, §3, §10.
#pragma once

#include <cstdint>

#include "convert/bedrock/extras.h"
#include "convert/json/writer.h"

namespace oriel::convert::bedrock {

enum class Operation : std::uint8_t { converse, converse_stream };

// requestMetadata, serviceTier, performanceConfig, guardrailConfig, promptVariables,
// additionalModelResponseFieldPaths: those that there are.
void write_request_fields(const ExtraFields& extras, Operation operation, json::Writer& writer);

}  // namespace oriel::convert::bedrock
