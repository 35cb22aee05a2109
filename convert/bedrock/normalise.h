// The message passes: from a client's history, which OpenAI takes in almost any shape, to a
// conversation that Bedrock does not refuse. Source: spec/converse.md §4, §5. Pure; each pass can
// be applied again without effect.
#pragma once

#include <span>

#include "convert/bedrock/adjustments.h"
#include "convert/bedrock/conversation.h"
#include "convert/bedrock/models.h"
#include "convert/chat.h"
#include "convert/dialect.h"
#include "convert/error.h"

namespace oriel::convert::bedrock {

enum class ToolUse : std::uint8_t {
  declared,  // the request carries a toolConfig
  none,      // it does not, so no block may be a tool's
};

// All passes in their order. The result satisfies C1 to C8, C14 to C20 and C26; ids and names are
// still the client's. `wrapped_tools` are those whose arguments are sent as the member "value".
Result<Conversation> normalise(const ChatRequest& request, const ModelCapabilities& model,
                               ToolUse tools, const EncodePolicy& policy, Adjustments& adjusted,
                               std::span<const Text> wrapped_tools = {});

// The client's messages as system texts and turns, one turn per message. Refuses what the model
// does not take.
Result<Conversation> convert_messages(const ChatRequest& request, const ModelCapabilities& model,
                                      ToolUse tools, const EncodePolicy& policy,
                                      Adjustments& adjusted);

// Whether the history calls tools or has results of calls: then Converse wants a toolConfig (C9).
bool mentions_tools(const ChatRequest& request);
// V16, V17: what OpenAI refuses of a history, for those who want it refused here too.
Result<void> check_tool_history(const ChatRequest& request);

// --- passes, in the order in which normalise() applies them
void neutralise_tools(Conversation& conversation);  // §6.5: tool blocks become text
void inline_system(Conversation& conversation);     // models without a system field
void drop_blank_text(Conversation& conversation);   // C3, C4
void merge_turns(Conversation& conversation);       // C2
void make_call_ids_unique(Conversation& conversation);
void pair_tools(Conversation& conversation, const ModelCapabilities& model);  // C7, C8
void order_blocks(Conversation& conversation);    // reasoning first, an assistant's calls last
void lead_with_user(Conversation& conversation);  // C1
void finish_last_turn(Conversation& conversation, const ModelCapabilities& model,
                      ToolUse tools);                 // C5, C6
void split_tool_results(Conversation& conversation);  // C26
void read_arguments(Conversation& conversation, std::span<const Text> wrapped_tools = {});  // C14

// --- what depends on more than the messages
// C6, for a model that thinks: the conversation does not end with the assistant.
void end_with_user(Conversation& conversation);
// Whether the last turn that calls tools has no signed or redacted reasoning, so that Claude's
// manual thinking would refuse it (§8.4).
bool last_tool_turn_lacks_reasoning(const Conversation& conversation);

}  // namespace oriel::convert::bedrock
