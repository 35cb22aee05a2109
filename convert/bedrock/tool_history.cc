// What OpenAI refuses of a history with tools: spec/converse.md §16 V16, V17.
#include <algorithm>
#include <string>
#include <vector>

#include "convert/bedrock/normalise.h"
#include "convert/bedrock/refusals.h"

namespace oriel::convert::bedrock {
namespace {

constexpr std::size_t kMaxNamedIds = 10;  // in an error's message
constexpr std::size_t kMaxIdBytes = 64;   // of each

Unexpected<Error> refuse_message(std::string text, std::size_t index) {
  // OpenAI writes the path so.
  const std::string param = "messages.[" + std::to_string(index) + "].role";
  return refuse(ErrorKind::invalid_request, std::move(text), param, {});
}

Unexpected<Error> refuse_unanswered(const std::vector<Text>& ids, std::size_t index) {
  std::string text =
      "An assistant message with 'tool_calls' must be followed by tool messages responding to each "
      "'tool_call_id'. The following tool_call_ids did not have response messages: ";
  std::string scratch;
  for (std::size_t i = 0; i < std::min(ids.size(), kMaxNamedIds); ++i) {
    if (i > 0) text.append(", ");
    text.append(json::clip_utf8(json::unescape(ids[i], scratch), kMaxIdBytes));
  }
  return refuse_message(std::move(text), index);
}

}  // namespace

Result<void> check_tool_history(const ChatRequest& request) {
  std::vector<Text> waiting;  // calls without an answer yet
  std::vector<Text> called;   // all calls of that message
  std::size_t caller = 0;     // its index
  for (const Message& message : request.messages) {
    if (message.role == Role::tool) {
      if (std::find(called.begin(), called.end(), message.tool_call_id) == called.end()) {
        return refuse_message(
            "Invalid parameter: messages with role 'tool' must be a response to a preceeding "
            "message with 'tool_calls'.",
            message.index);
      }
      std::erase(waiting, message.tool_call_id);
      continue;
    }
    if (!waiting.empty()) return refuse_unanswered(waiting, caller);
    called.clear();
    for (const ToolCall& call : message.tool_calls) called.push_back(call.id);
    waiting = called;
    caller = message.index;
  }
  if (!waiting.empty()) return refuse_unanswered(waiting, caller);
  return {};
}

}  // namespace oriel::convert::bedrock
