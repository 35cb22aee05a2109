// additionalModelRequestFields: what Converse itself has no member for, in the model's own words.
// The client's own object is merged in and wins, but for what must agree with the rest of the
// request. Source: spec/converse.md §3, §6.3, §8.1.
#pragma once

#include "convert/bedrock/adjustments.h"
#include "convert/bedrock/alias.h"
#include "convert/bedrock/extras.h"
#include "convert/bedrock/models.h"
#include "convert/bedrock/reasoning.h"
#include "convert/bedrock/tool_plan.h"
#include "convert/error.h"
#include "convert/json/reader.h"
#include "convert/json/writer.h"

namespace oriel::convert::bedrock {

inline constexpr std::size_t kMaxMergedMembers = 256;  // of one object of the client's

// What the fields are made from. All borrowed.
struct AdditionalFields {
  const ExtraFields& extras;
  const ReasoningPlan& reasoning;
  const ToolPlan& tools;
  const ModelCapabilities& model;
};

// Nothing when there is nothing to say.
Result<void> write_additional_fields(const AdditionalFields& fields, ToolNames& names,
                                     json::Reader& reader, json::Writer& writer,
                                     Adjustments& adjusted);

}  // namespace oriel::convert::bedrock
