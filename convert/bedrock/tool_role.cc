#include "convert/bedrock/tool_role.h"

#include <algorithm>
#include <string>
#include <vector>

#include "convert/bedrock/answer.h"

namespace oriel::convert::bedrock {
namespace {

bool holds(const std::vector<std::string>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

Text compact(json::Value value, Arena& arena) {
  std::string& text = arena.make();
  append_compact_escaped(value.raw(), text);
  return Text::from_escaped(text);
}

}  // namespace

ToolRole tool_role(const ReplyContext& context, Text name) {
  const std::string_view word = name.escaped();
  if (word.empty()) return ToolRole::client;
  if (word == context.format_tool) {
    return context.wrapped_format ? ToolRole::wrapped_format : ToolRole::format;
  }
  if (word == context.placeholder_tool) return ToolRole::none;
  if (holds(context.custom_tools, word)) return ToolRole::custom;
  return holds(context.wrapped_tools, word) ? ToolRole::wrapped : ToolRole::client;
}

Text client_input(json::Value input, ToolRole role, Arena& arena) {
  if (is_wrapped(role)) {
    const auto member = input.find(role == ToolRole::custom ? "input" : "value");
    const auto text = member ? member->as_text() : std::nullopt;
    if (text && role == ToolRole::custom) return *text;
    if (member) return compact(*member, arena);
  }
  // JSON that was cut off comes as a string.
  const bool content = role == ToolRole::format || role == ToolRole::wrapped_format;
  const auto text = content ? input.as_text() : std::nullopt;
  return text ? *text : compact(input, arena);
}

}  // namespace oriel::convert::bedrock
