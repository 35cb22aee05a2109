// How a request's wish for reasoning is put to the model, and what else that changes.
// Source: spec/converse.md §8.1, §8.3. Pure.
#pragma once

#include <cstdint>
#include <optional>

#include "convert/bedrock/adjustments.h"
#include "convert/bedrock/conversation.h"
#include "convert/bedrock/extras.h"
#include "convert/bedrock/models.h"
#include "convert/chat.h"
#include "convert/json/reader.h"
#include "convert/json/writer.h"

namespace oriel::convert::bedrock {

inline constexpr std::int64_t kMinThinkingBudget = 1024;

struct ReasoningPlan {
  // What is written: the catalogue's modes, except where the client brings its own object.
  enum class Form : std::uint8_t {
    none,
    adaptive,
    manual,
    disabled,  // Claude: thinking {"type":"disabled"}
    nova,
    nova_disabled,
    flat,
    nested,
    word,
    verbatim,  // `own` under its name
  };
  Form form = Form::none;
  Effort effort = Effort::none;
  std::int64_t budget = 0;                 // manual
  std::optional<std::int64_t> max_tokens;  // manual: set where nobody has said
  ExtraField own;                          // verbatim: upstream's name and the client's value
  bool budgeted = false;   // Claude thinks by a budget: no sampling, no forced tool, no prefill
  bool unlimited = false;  // Nova at its highest: neither maxTokens nor sampling

  bool empty() const { return form == Form::none; }
};

// `max_tokens` is what the answer is limited to, if anything.
ReasoningPlan plan_reasoning(const ChatRequest& request, const ExtraFields& extras,
                             const Conversation& conversation, const ModelCapabilities& model,
                             std::optional<std::int64_t> max_tokens, json::Reader& reader,
                             Adjustments& adjusted);

// Members of additionalModelRequestFields.
void write_reasoning(const ReasoningPlan& plan, json::Writer& writer);

}  // namespace oriel::convert::bedrock
