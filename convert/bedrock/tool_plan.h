// What is sent of the client's tools and tool_choice, before any JSON is written.
// Source: spec/converse.md §6.2, §6.3.
#pragma once

#include <vector>

#include "convert/bedrock/adjustments.h"
#include "convert/bedrock/models.h"
#include "convert/chat.h"
#include "convert/error.h"

namespace oriel::convert::bedrock {

struct ToolPlan {
  std::vector<const Tool*> tools;   // sent, in the client's order; empty: no toolConfig
  ToolChoice choice;                // sent; unset: no toolChoice
  bool ask_in_words = false;        // a system text asks for a call that toolChoice cannot force
  bool one_call_at_a_time = false;  // parallel calls are switched off

  bool declared() const { return !tools.empty(); }
};

// Borrows the request's tools.
Result<ToolPlan> plan_tools(const ChatRequest& request, const ModelCapabilities& model,
                            Adjustments& adjusted);

}  // namespace oriel::convert::bedrock
