// What goes into inferenceConfig. Source: spec/converse.md §3, §8.3, C21 to C23. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "convert/bedrock/adjustments.h"
#include "convert/bedrock/models.h"
#include "convert/bedrock/reasoning.h"
#include "convert/chat.h"
#include "convert/json/writer.h"

namespace oriel::convert::bedrock {

struct Inference {
  std::optional<std::int64_t> max_tokens;
  std::optional<double> temperature;
  std::optional<double> top_p;
  std::vector<Text> stop;
  bool empty() const { return !max_tokens && !temperature && !top_p && stop.empty(); }
};

// What the answer may take: the client's word, else the policy's, within what the model can.
std::optional<std::int64_t> plan_max_tokens(const Sampling& sampling, const EncodePolicy& policy,
                                            const ModelCapabilities& model, Adjustments& adjusted);

Inference plan_inference(const Sampling& sampling, std::optional<std::int64_t> max_tokens,
                         const ReasoningPlan& reasoning, const ModelCapabilities& model,
                         Adjustments& adjusted);

// Nothing when there is nothing to say.
void write_inference(const Inference& inference, json::Writer& writer);

}  // namespace oriel::convert::bedrock
