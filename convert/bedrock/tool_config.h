// Writes toolConfig. Source: spec/converse.md §6.1, §6.2, §7.3.
#pragma once

#include <vector>

#include "convert/bedrock/adjustments.h"
#include "convert/bedrock/alias.h"
#include "convert/bedrock/models.h"
#include "convert/bedrock/response_format.h"
#include "convert/bedrock/schema_sanitiser.h"
#include "convert/bedrock/tool_plan.h"
#include "convert/chat.h"
#include "convert/dialect.h"
#include "convert/error.h"
#include "convert/json/reader.h"
#include "convert/json/writer.h"

namespace oriel::convert::bedrock {

// What the tools of one request are written from and with. All borrowed.
struct ToolConfig {
  const ChatRequest& request;
  const ToolPlan& plan;
  const FormatPlan& format;
  const ModelCapabilities& model;
  const std::vector<CacheMark>& cache_marks;  // behind plan.tools, in their order
  SchemaBudget& budget;
  ToolNames& names;
  Adjustments& adjusted;
  ReplyContext& context;  // learns what must be undone in the answer
};

// Nothing when the plan declares no tool.
Result<void> write_tool_config(const ToolConfig& config, json::Reader& reader,
                               json::Writer& writer);

// Claude's own tool_choice, which must say the same as toolConfig's: one call at a time.
void write_one_call_at_a_time(const ToolChoice& choice, ToolNames& names, json::Writer& writer);

}  // namespace oriel::convert::bedrock
