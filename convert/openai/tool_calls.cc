#include "convert/openai/tool_calls.h"

#include <string>
#include <utility>

#include "convert/openai/chat_tools.h"
#include "convert/openai/field_table.h"

namespace oriel::convert::openai {
namespace {

using json::Value;

constexpr std::string_view kCallTypes[] = {"function", "custom"};
constexpr std::string_view kArguments[] = {"arguments", "input"};  // by type

Result<ToolCall> parse_named_call(const Value& object, const Path& path,
                                  std::string_view arguments_name, Arena& arena) {
  auto name = require_name(object, path, "name");
  if (!name) return Unexpected{std::move(name).error()};
  auto arguments = require_text(object, path, arguments_name);
  if (!arguments) return Unexpected{std::move(arguments).error()};
  ToolCall call;
  call.name = plain_spelling(*name, arena);
  call.arguments = *arguments;
  return call;
}

Result<ToolCall> parse_tool_call(const Value& value, const Path& path, Arena& arena) {
  if (!value.is_object()) return Unexpected{wrong_type(path, "an object", value.type())};
  auto id = require_name(value, path, "id");
  if (!id) return Unexpected{std::move(id).error()};
  auto type = require_choice(value, path, "type", kCallTypes);
  if (!type) return Unexpected{std::move(type).error()};
  const std::string_view kind = kCallTypes[*type];
  auto payload = require_object(value, path, kind);
  if (!payload) return Unexpected{std::move(payload).error()};
  auto call = parse_named_call(*payload, path.member(kind), kArguments[*type], arena);
  if (!call) return call;
  call->id = plain_spelling(*id, arena);
  call->custom = kind == "custom";
  return call;
}

}  // namespace

Text FunctionCalls::add(Text name, Arena& arena) {
  const std::string_view id = arena.keep("fc_" + std::to_string(++count_));
  return last_[name.escaped()] = Text::from_escaped(id);
}

Text FunctionCalls::answered_by(Text name) const {
  const auto found = last_.find(name.escaped());
  return found == last_.end() ? name : found->second;
}

Result<void> parse_tool_calls(const Value& calls, const Path& path, Message& message,
                              Arena& arena) {
  message.tool_calls.reserve(calls.children().count());
  for (const json::Member element : calls.children()) {
    const std::size_t index = message.tool_calls.size();
    auto call = parse_tool_call(element.value, path.element(index), arena);
    if (!call) return Unexpected{std::move(call).error()};
    message.tool_calls.push_back(*call);
  }
  return {};
}

Result<void> parse_function_call(const Value& value, const Path& path, Message& message,
                                 FunctionCalls& calls, Arena& arena) {
  if (!value.is_object()) return Unexpected{wrong_type(path, "an object", value.type())};
  auto call = parse_named_call(value, path, "arguments", arena);
  if (!call) return Unexpected{std::move(call).error()};
  call->id = calls.add(call->name, arena);
  message.tool_calls.push_back(*call);
  return {};
}

}  // namespace oriel::convert::openai
