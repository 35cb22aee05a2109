// What Bedrock and its models refuse beyond the shapes: the constraints C1 to C27 of the conversion
// notes and the rules of each model, in Bedrock's words. The body must have passed check_shape.
// Pure; any thread.
#pragma once

#include "tests/bedrock_sim/fault.h"
#include "tests/bedrock_sim/models.h"

namespace simdjson::dom {
class element;
}

namespace oriel::sim {

enum class Delivery { kWhole, kStream };

// Roles, turns, content blocks, tool pairing.
Fault check_conversation(const simdjson::dom::element& body, const Model& model);
// Sampling, tools, structured output, guardrails, tiers.
Fault check_settings(const simdjson::dom::element& body, const Model& model, Delivery delivery);
// C24: how many cache points, in which order, where.
Fault check_cache_points(const simdjson::dom::element& body, const Model& model);
// additionalModelRequestFields and outputConfig.effort: each family's dialect.
Fault check_model_fields(const simdjson::dom::element& body, const Model& model);

// Whether the request turns reasoning on, and in the form that forbids much else.
struct Thought {
  bool wanted = false;  // Asked for, or the model always does.
  bool asked = false;
  bool manual = false;
};
Thought thought_of(const simdjson::dom::element& body, const Model& model);

// The signature a Claude of ours gives a reasoning text, and wants back.
std::string reasoning_signature(std::string_view text);
// The one redacted content it gives, and takes back.
inline constexpr std::string_view kRedactedContent = "cmVkYWN0ZWQ=";

// ASCII white space and the Unicode spaces only, or nothing.
bool is_blank(std::string_view text);

inline Fault invalid(std::string message) { return {"ValidationException", std::move(message)}; }
// Refused by the model itself.
inline Fault model_says(const std::string& message) {
  return invalid("The model returned the following errors: " + message);
}
// A member that the model does not take.
inline Fault unsupported(const std::string& field) {
  return invalid("This model doesn't support the " + field + " field. Remove " + field +
                 " and try again.");
}

}  // namespace oriel::sim
