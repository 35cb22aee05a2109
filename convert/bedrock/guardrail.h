// Guardrails: the operator's own wins, a client's counts where the route allows it.
// Source: spec/converse.md §10.
#pragma once

#include "convert/bedrock/adjustments.h"
#include "convert/bedrock/extras.h"

namespace oriel::convert::bedrock {

// The operator's; empty without one.
Guardrail guardrail_of(const EncodePolicy& policy);

// The client's guardrailConfig, as sent under `name`.
Result<Guardrail> read_guardrail(std::string_view name, json::Value config);

}  // namespace oriel::convert::bedrock
