// How a request's response_format is put to the model: as Converse's own textFormat, as a tool that
// the model must call, or in words. Source: spec/converse.md §7.
#pragma once

#include <string>

#include "convert/bedrock/adjustments.h"
#include "convert/bedrock/models.h"
#include "convert/bedrock/schema_sanitiser.h"
#include "convert/chat.h"
#include "convert/dialect.h"
#include "convert/json/reader.h"
#include "convert/json/writer.h"

namespace oriel::convert::bedrock {

struct FormatPlan {
  enum class Way : std::uint8_t {
    none,
    native,  // outputConfig.textFormat
    tool,    // the input of a call is the answer
    words,   // a system text asks for it
  };
  Way way = Way::none;
  std::string schema;  // native: sanitised
  Text tool_name;      // tool: no tool of the request has it
};

// Borrows the request and `made`. Takes what it needs out of the budget.
FormatPlan plan_format(const ChatRequest& request, const Target& target,
                       const ModelCapabilities& model, SchemaBudget& budget, json::Reader& reader,
                       Arena& made, Adjustments& adjusted);

// What the system says of the format, where the model is not bound to it.
Text format_in_words(const ResponseFormat& format, const FormatPlan& plan, Arena& made);

// outputConfig; nothing unless native.
void write_format(const ResponseFormat& format, const FormatPlan& plan, json::Writer& writer);

}  // namespace oriel::convert::bedrock
