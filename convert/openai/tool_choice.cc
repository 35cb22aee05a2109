#include "convert/openai/tool_choice.h"

#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>

#include "convert/openai/chat_tools.h"

namespace oriel::convert::openai {
namespace {

using json::Value;
using enum ToolChoice::Mode;

constexpr std::string_view kModeNames[] = {"none", "auto", "required"};
constexpr ToolChoice::Mode kModes[] = {none, automatic, required};
constexpr std::string_view kChoiceTypes[] = {"function", "custom", "allowed_tools"};
constexpr std::string_view kNamedTypes[] = {"function", "custom"};
constexpr std::string_view kFunctionModeNames[] = {"none", "auto"};
constexpr std::string_view kAllowedModeNames[] = {"auto", "required"};
constexpr ToolChoice::Mode kAllowedModes[] = {automatic, required};

Result<Text> parse_name(const Value& object, const Path& path, std::string_view type,
                        Arena& arena) {
  auto payload = require_object(object, path, type);
  if (!payload) return Unexpected{std::move(payload).error()};
  auto name = require_name(*payload, path.member(type), "name");
  if (!name) return name;
  return plain_spelling(*name, arena);
}

Result<ToolChoice> parse_mode(Text text, const Path& path, Choices names) {
  const auto mode = find_choice(text, names);
  if (!mode) return Unexpected{unknown_value(path, text, names)};
  return ToolChoice{kModes[*mode], {}, {}};
}

// {"mode":"auto","tools":[{"type":"function","function":{"name":"f"}}]}
Result<ToolChoice> parse_allowed(const Value& object, const Path& path, Arena& arena) {
  auto mode = require_choice(object, path, "mode", kAllowedModeNames);
  if (!mode) return Unexpected{std::move(mode).error()};
  auto tools = require(object, path, "tools");
  if (!tools) return Unexpected{std::move(tools).error()};
  const Path list = path.member("tools");
  if (!tools->is_array()) return Unexpected{wrong_type(list, "an array of objects", tools->type())};
  if (tools->children().empty()) return Unexpected{empty_array(list)};
  ToolChoice choice{kAllowedModes[*mode], {}, {}};
  for (const json::Member element : tools->children()) {
    const Path at = list.element(choice.allowed.size());
    const Value& tool = element.value;
    if (!tool.is_object()) return Unexpected{wrong_type(at, "an object", tool.type())};
    auto type = require_choice(tool, at, "type", kNamedTypes);
    if (!type) return Unexpected{std::move(type).error()};
    auto name = parse_name(tool, at, kNamedTypes[*type], arena);
    if (!name) return Unexpected{std::move(name).error()};
    choice.allowed.push_back(*name);
  }
  return choice;
}

Error choice_error(std::string_view param, std::string reason) {
  return invalid_parameter(std::string(param),
                           "Invalid value for '" + std::string(param) + "': " + std::move(reason),
                           "");
}

Error lonely_choice(std::string_view param, std::string_view list) {
  return choice_error(param, "'" + std::string(param) + "' is only allowed when '" +
                                 std::string(list) + "' are specified.");
}

// Whether the choice names tools, or wants one called: without tools that is a mistake.
bool demands(const ToolChoice& choice) {
  return choice.mode == required || choice.mode == named || !choice.allowed.empty();
}

// V31 of both forms, and the one choice that counts.
Result<void> settle_choice(RequestDraft& draft) {
  ChatRequest& request = draft.request;
  const bool legacy = request.legacy_functions;
  if (demands(request.tool_choice) && (legacy || request.tools.empty())) {
    return Unexpected{lonely_choice("tool_choice", "tools")};
  }
  if (demands(draft.function_choice) && !legacy) {
    return Unexpected{lonely_choice("function_call", "functions")};
  }
  ToolChoice& own = legacy ? draft.function_choice : request.tool_choice;
  ToolChoice& other = legacy ? request.tool_choice : draft.function_choice;
  ToolChoice choice = std::move(own.mode == unset ? other : own);
  request.tool_choice = request.tools.empty() ? ToolChoice{} : std::move(choice);
  return {};
}

Result<void> check_names(const ChatRequest& request) {
  const ToolChoice& choice = request.tool_choice;
  if (choice.mode != named && choice.allowed.empty()) return {};
  const bool legacy = request.legacy_functions;
  std::unordered_set<std::string_view> known;
  for (const Tool& tool : request.tools) known.insert(tool.name.escaped());
  const auto unknown = [&](Text name) {
    return choice_error(legacy ? "function_call" : "tool_choice",
                        "no " + std::string(legacy ? "function" : "tool") + " named '" +
                            quotable(name) + "' was specified in the '" +
                            (legacy ? "functions" : "tools") + "' parameter.");
  };
  for (const Text name : choice.allowed) {
    if (!known.contains(name.escaped())) return Unexpected{unknown(name)};
  }
  if (choice.mode == named && !known.contains(choice.name.escaped())) {
    return Unexpected{unknown(choice.name)};
  }
  return {};
}

}  // namespace

Result<ToolChoice> parse_tool_choice(const Value& choice, const Path& path, Arena& arena) {
  if (const auto text = choice.as_text()) return parse_mode(*text, path, kModeNames);
  auto type = require_choice(choice, path, "type", kChoiceTypes);
  if (!type) return Unexpected{std::move(type).error()};
  const std::string_view kind = kChoiceTypes[*type];
  if (kind == "allowed_tools") {
    auto payload = require_object(choice, path, kind);
    if (!payload) return Unexpected{std::move(payload).error()};
    return parse_allowed(*payload, path.member(kind), arena);
  }
  auto name = parse_name(choice, path, kind, arena);
  if (!name) return Unexpected{std::move(name).error()};
  return ToolChoice{named, *name, {}};
}

Result<ToolChoice> parse_function_choice(const Value& choice, const Path& path, Arena& arena) {
  if (const auto text = choice.as_text()) return parse_mode(*text, path, kFunctionModeNames);
  auto name = require_name(choice, path, "name");
  if (!name) return Unexpected{std::move(name).error()};
  return ToolChoice{named, plain_spelling(*name, arena), {}};
}

Result<void> settle_tools(RequestDraft& draft) {
  ChatRequest& request = draft.request;
  if (!draft.functions.empty()) {
    if (!request.tools.empty()) {
      return Unexpected{
          choice_error("functions", "'functions' is not allowed when 'tools' are specified.")};
    }
    request.tools = std::move(draft.functions);
    request.legacy_functions = true;
  }
  auto settled = settle_choice(draft);
  if (!settled) return settled;
  return check_names(request);
}

}  // namespace oriel::convert::openai
