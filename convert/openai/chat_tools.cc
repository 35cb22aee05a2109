#include "convert/openai/chat_tools.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "convert/openai/field_table.h"

namespace oriel::convert::openai {
namespace {

using json::Type;
using json::Value;

constexpr std::string_view kToolTypes[] = {"function"};
constexpr std::string_view kChoiceModes[] = {"none", "auto", "required"};
constexpr std::string_view kToolChoice = "tool_choice";

// The object under "function", of a tool, a choice or a call, whose "type" must say so.
Result<Value> function_of(const Value& object, const Path& path) {
  auto type = require_text(object, path, "type");
  if (!type) return Unexpected{std::move(type).error()};
  if (!find_choice(*type, kToolTypes)) {
    return Unexpected{unknown_value(path.member("type"), *type, kToolTypes)};
  }
  auto function = require(object, path, "function");
  if (function && !function->is_object()) {
    return Unexpected{wrong_type(path.member("function"), "an object", function->type())};
  }
  return function;
}

Result<Tool> parse_tool(const Value& value, const Path& path, Arena& arena) {
  if (!value.is_object()) return Unexpected{wrong_type(path, "an object", value.type())};
  auto function = function_of(value, path);
  if (!function) return Unexpected{std::move(function).error()};
  const Path function_path = path.member("function");
  auto name = require_name(*function, function_path, "name");
  if (!name) return Unexpected{std::move(name).error()};
  auto allowed = allow(*function, function_path, "description", Type::string);
  if (allowed) allowed = allow(*function, function_path, "parameters", Type::object);
  if (allowed) allowed = allow(*function, function_path, "strict", Type::boolean);
  if (!allowed) return Unexpected{std::move(allowed).error()};

  Tool tool;
  tool.name = plain_spelling(*name, arena);
  if (const auto text = function->find_present("description")) tool.description = text->as_text();
  if (const auto schema = function->find_present("parameters")) tool.parameters = schema->raw();
  if (const auto strict = function->find_present("strict")) tool.strict = *strict->as_boolean();
  return tool;
}

// The position of a tool whose name stands earlier in the list, or the number of tools.
std::size_t find_repeated_name(const std::vector<Tool>& tools) {
  std::vector<std::size_t> order(tools.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  const auto name = [&](std::size_t i) { return tools[i].name.escaped(); };
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return name(a) < name(b); });
  const auto twin = std::adjacent_find(
      order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return name(a) == name(b); });
  return twin == order.end() ? tools.size() : *(twin + 1);
}

Error choice_error(std::string reason) {
  return invalid_parameter(std::string(kToolChoice),
                           "Invalid value for 'tool_choice': " + std::move(reason), "");
}

}  // namespace

Text plain_spelling(Text text, Arena& arena) {
  return text.has_escapes() ? arena.keep_escaped(json::unescape(text)) : text;
}

Result<void> parse_tools(const Value& tools, const Path& path, ChatRequest& request) {
  request.tools.reserve(tools.children().count());
  for (const json::Member element : tools.children()) {
    auto tool = parse_tool(element.value, path.element(request.tools.size()), request.arena);
    if (!tool) return Unexpected{std::move(tool).error()};
    request.tools.push_back(*std::move(tool));
  }
  const std::size_t repeated = find_repeated_name(request.tools);
  if (repeated == request.tools.size()) return {};
  const Path element = path.element(repeated);
  const Path function = element.member("function");
  const std::string at = function.member("name").str();
  return Unexpected{invalid_parameter(
      at,
      "Invalid '" + at + "': duplicate name. Expected every tool to have a name of its own, but '" +
          quotable(request.tools[repeated].name) + "' is used more than once.",
      "invalid_value")};
}

Result<void> parse_tool_choice(const Value& choice, const Path& path, ChatRequest& request) {
  using enum ToolChoice::Mode;
  static constexpr ToolChoice::Mode kModes[] = {none, automatic, required};
  if (const auto text = choice.as_text()) {
    const auto mode = find_choice(*text, kChoiceModes);
    if (!mode) return Unexpected{unknown_value(path, *text, kChoiceModes)};
    request.tool_choice.mode = kModes[*mode];
    return {};
  }
  auto function = function_of(choice, path);
  if (!function) return Unexpected{std::move(function).error()};
  auto name = require_name(*function, path.member("function"), "name");
  if (!name) return Unexpected{std::move(name).error()};
  request.tool_choice.mode = named;
  request.tool_choice.name = plain_spelling(*name, request.arena);
  return {};
}

Result<void> settle_tool_choice(ChatRequest& request) {
  ToolChoice& choice = request.tool_choice;
  const bool demands =
      choice.mode == ToolChoice::Mode::required || choice.mode == ToolChoice::Mode::named;
  if (request.tools.empty()) {
    if (demands) {
      return Unexpected{choice_error("'tool_choice' is only allowed when 'tools' are specified.")};
    }
    choice.mode = ToolChoice::Mode::unset;
    return {};
  }
  if (choice.mode != ToolChoice::Mode::named) return {};
  const bool known = std::any_of(request.tools.begin(), request.tools.end(),
                                 [&](const Tool& tool) { return tool.name == choice.name; });
  if (known) return {};
  return Unexpected{choice_error("no function named '" + quotable(choice.name) +
                                 "' was specified in the 'tools' parameter.")};
}

Result<void> parse_tool_calls(const Value& calls, const Path& path, Message& message,
                              Arena& arena) {
  message.tool_calls.reserve(calls.children().count());
  for (const json::Member element : calls.children()) {
    const Value& call = element.value;
    const Path at = path.element(message.tool_calls.size());
    if (!call.is_object()) return Unexpected{wrong_type(at, "an object", call.type())};
    auto id = require_name(call, at, "id");
    if (!id) return Unexpected{std::move(id).error()};
    auto function = function_of(call, at);
    if (!function) return Unexpected{std::move(function).error()};
    const Path function_path = at.member("function");
    auto name = require_name(*function, function_path, "name");
    if (!name) return Unexpected{std::move(name).error()};
    auto arguments = require_text(*function, function_path, "arguments");
    if (!arguments) return Unexpected{std::move(arguments).error()};
    message.tool_calls.push_back(
        {plain_spelling(*id, arena), plain_spelling(*name, arena), *arguments});
  }
  return {};
}

}  // namespace oriel::convert::openai
