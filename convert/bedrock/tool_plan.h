// What is sent of the client's tools and tool_choice, and what is sent besides, before any JSON is
// written. Source: spec/converse.md §6.2, §6.3, §6.5, §7.3.
#pragma once

#include <string_view>
#include <vector>

#include "convert/bedrock/adjustments.h"
#include "convert/bedrock/extras.h"
#include "convert/bedrock/models.h"
#include "convert/bedrock/normalise.h"
#include "convert/bedrock/response_format.h"
#include "convert/chat.h"
#include "convert/dialect.h"
#include "convert/error.h"

namespace oriel::convert::bedrock {

inline constexpr Text kPlaceholderTool = Text::literal("no_op_do_not_call");
inline constexpr std::string_view kGroundingTool = "nova_grounding";

struct ToolPlan {
  std::vector<const Tool*> tools;   // the client's that are sent, in its order
  bool grounding = false;           // Nova's own search
  bool placeholder = false;         // a tool that does nothing: the history has calls
  bool format = false;              // the tool that stands for the response format
  ToolChoice choice;                // sent; unset: no toolChoice
  bool ask_in_words = false;        // a system text asks for a call that toolChoice cannot force
  bool format_forced = false;       // toolChoice leaves the model no other answer than a call
  bool one_call_at_a_time = false;  // parallel calls are switched off

  bool declared() const { return !tools.empty() || grounding || placeholder || format; }
};

// Which tools are sent. Borrows the request's tools.
Result<ToolPlan> plan_tools(const ChatRequest& request, const ExtraFields& extras,
                            const FormatPlan& format, const ModelCapabilities& model,
                            const EncodePolicy& policy);

// Which of them may be called. A model that thinks by a budget must be left the choice: `model`
// says so.
Result<void> plan_choice(const ChatRequest& request, const FormatPlan& format,
                         const ModelCapabilities& model, ToolPlan& plan, Adjustments& adjusted);

}  // namespace oriel::convert::bedrock
