// The message passes: from a client's history, which OpenAI takes in almost any shape, to a
// conversation that Bedrock does not refuse. Source: spec/converse.md §4, §5. Pure; each pass can
// be applied again without effect.
#pragma once

#include "convert/bedrock/conversation.h"
#include "convert/bedrock/models.h"
#include "convert/chat.h"
#include "convert/error.h"

namespace oriel::convert::bedrock {

inline constexpr std::size_t kMaxImagesPerMessage = 20;                 // C19, of a merged turn
inline constexpr std::size_t kMaxImageBase64Bytes = 5UL * 1024 * 1024;  // C19

enum class ToolUse : std::uint8_t {
  declared,  // the request carries a toolConfig
  none,      // it does not, so no block may be a tool's
};

// All passes in their order. The result satisfies C1 to C8, C14, C19, C20 and C26; ids and names
// are still the client's.
Result<Conversation> normalise(const ChatRequest& request, const ModelCapabilities& model,
                               ToolUse tools);

// The client's messages as system texts and turns, one turn per message. Refuses what no model
// takes.
Result<Conversation> convert_messages(const ChatRequest& request);

// --- passes, in the order in which normalise() applies them
void neutralise_tools(Conversation& conversation);  // §6.5: tool blocks become text
void inline_system(Conversation& conversation);     // models without a system field
void drop_blank_text(Conversation& conversation);   // C3, C4
void merge_turns(Conversation& conversation);       // C2
void make_call_ids_unique(Conversation& conversation);
void pair_tools(Conversation& conversation, const ModelCapabilities& model);  // C7, C8
void order_blocks(Conversation& conversation);    // an assistant's calls come last
void lead_with_user(Conversation& conversation);  // C1
void finish_last_turn(Conversation& conversation, const ModelCapabilities& model,
                      ToolUse tools);                         // C5, C6
void split_tool_results(Conversation& conversation);          // C26
void read_arguments(Conversation& conversation);              // C14
Result<void> check_images(const Conversation& conversation);  // C19

}  // namespace oriel::convert::bedrock
