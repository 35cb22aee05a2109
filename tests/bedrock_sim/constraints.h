// What Bedrock and its models refuse beyond the shapes: the constraints C1 to C27 of the conversion
// notes, in Bedrock's words. The body must have passed check_shape. Pure; any thread.
#pragma once

#include "tests/bedrock_sim/fault.h"
#include "tests/bedrock_sim/models.h"

namespace simdjson::dom {
class element;
}

namespace oriel::sim {

enum class Delivery { kWhole, kStream };

// Roles, turns, content blocks, tool pairing, media.
Fault check_conversation(const simdjson::dom::element& body, const Model& model);
// Sampling, tools, structured output, cache points, thinking and other model fields.
Fault check_settings(const simdjson::dom::element& body, const Model& model, Delivery delivery);

// The signature a Claude of ours gives a reasoning text, and wants back.
std::string reasoning_signature(std::string_view text);

inline Fault invalid(std::string message) { return {"ValidationException", std::move(message)}; }
// Refused by the model itself.
inline Fault model_says(const std::string& message) {
  return invalid("The model returned the following errors: " + message);
}

}  // namespace oriel::sim
