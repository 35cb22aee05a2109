// The calls of tools in a chat request's history: `tool_calls`, and the deprecated `function_call`
// with its answers. Spec: spec/converse.md §4.1, §4.3. Pure; what is parsed borrows the body or the
// arena.
#pragma once

#include <string_view>
#include <unordered_map>

#include "convert/chat.h"
#include "convert/json/reader.h"
#include "convert/openai/parameter_error.h"

namespace oriel::convert::openai {

// Gives the function calls of one history the ids that they lack: "fc_1", "fc_2", …
class FunctionCalls {
 public:
  // The id of the next call, of the function with this name.
  Text add(Text name, Arena& arena);
  // The id that an answer of this function bears: that of its last call. Where none calls it, the
  // name itself, which tells the reader what answers here.
  Text answered_by(Text name) const;

 private:
  std::unordered_map<std::string_view, Text> last_;  // by escaped name
  std::size_t count_ = 0;
};

// `tool_calls` of an assistant message: an array, already known to be one.
Result<void> parse_tool_calls(const json::Value& calls, const Path& path, Message& message,
                              Arena& arena);
// `function_call` of an assistant message.
Result<void> parse_function_call(const json::Value& call, const Path& path, Message& message,
                                 FunctionCalls& calls, Arena& arena);

}  // namespace oriel::convert::openai
