#include "convert/openai/chat_tools.h"

#include <algorithm>
#include <string>
#include <string_view>

#include "convert/openai/chat_cache.h"
#include "convert/openai/field_table.h"

namespace oriel::convert::openai {
namespace {

using json::Type;
using json::Value;

// Where a tool's own object stands, by its type; empty: the tool itself is that object.
struct ToolType {
  std::string_view name;
  Tool::Kind kind;
  std::string_view payload;
};
constexpr ToolType kToolTypes[] = {
    {"function", Tool::Kind::function, "function"},
    {"custom", Tool::Kind::custom, "custom"},
    {"systemTool", Tool::Kind::system, "systemTool"},
    {"system", Tool::Kind::system, ""},
};
constexpr std::string_view kToolTypeNames[] = {"function", "custom", "systemTool", "system"};

// The object that has the name, whatever the tool's type, which is known to be good.
Path payload_path(const Path& path, const ToolType& type) {
  return type.payload.empty() ? path : path.member(type.payload);
}

Result<void> take_schema(const Value& function, const Path& path, Tool& tool) {
  auto allowed = allow(function, path, "parameters", Type::object);
  if (allowed) allowed = allow(function, path, "strict", Type::boolean);
  if (!allowed) return allowed;
  if (const auto schema = function.find_present("parameters")) tool.parameters = schema->raw();
  if (const auto strict = function.find_present("strict")) tool.strict = *strict->as_boolean();
  return {};
}

// Name and description, which all tools may have.
Result<Tool> parse_named(const Value& object, const Path& path, Arena& arena) {
  auto name = require_name(object, path, "name");
  if (!name) return Unexpected{std::move(name).error()};
  auto allowed = allow(object, path, "description", Type::string);
  if (!allowed) return Unexpected{std::move(allowed).error()};
  Tool tool;
  tool.name = plain_spelling(*name, arena);
  if (const auto text = object.find_present("description")) tool.description = text->as_text();
  return tool;
}

// What a custom tool's text must look like: {"type":"text"}, or a grammar.
Result<void> take_text_format(const Value& format, const Path& path, ChatRequest& request) {
  static constexpr std::string_view kFormats[] = {"text", "grammar"};
  static constexpr std::string_view kSyntaxes[] = {"lark", "regex"};
  if (!format.is_object()) return Unexpected{wrong_type(path, "an object", format.type())};
  auto type = require_choice(format, path, "type", kFormats);
  if (!type) return Unexpected{std::move(type).error()};
  if (kFormats[*type] == "text") return {};
  auto grammar = require_object(format, path, "grammar");
  if (!grammar) return Unexpected{std::move(grammar).error()};
  const Path at = path.member("grammar");
  auto definition = require_text(*grammar, at, "definition");
  if (!definition) return Unexpected{std::move(definition).error()};
  auto syntax = require_choice(*grammar, at, "syntax", kSyntaxes);
  if (!syntax) return Unexpected{std::move(syntax).error()};
  const auto& extras = request.extras;
  if (std::ranges::find(extras, kToolFormatExtra, &ExtraField::name) == extras.end()) {
    request.extras.push_back({kToolFormatExtra, format.raw()});
  }
  return {};
}

Result<Tool> parse_tool(const Value& value, const Path& path, ChatRequest& request) {
  if (!value.is_object()) return Unexpected{wrong_type(path, "an object", value.type())};
  auto found = require_choice(value, path, "type", kToolTypeNames);
  if (!found) return Unexpected{std::move(found).error()};
  const ToolType& type = kToolTypes[*found];
  Value object = value;
  if (!type.payload.empty()) {
    auto payload = require_object(value, path, type.payload);
    if (!payload) return Unexpected{std::move(payload).error()};
    object = *payload;
  }
  const Path at = payload_path(path, type);
  auto tool = parse_named(object, at, request.arena);
  if (!tool) return tool;
  tool->kind = type.kind;
  Result<void> taken;
  if (type.kind == Tool::Kind::function) taken = take_schema(object, at, *tool);
  const auto format = object.find_present("format");
  if (type.kind == Tool::Kind::custom && format) {
    taken = take_text_format(*format, at.member("format"), request);
  }
  if (!taken) return Unexpected{std::move(taken).error()};
  auto mark = parse_cache_mark(value, path);
  if (mark && *mark == CacheMark::none) mark = parse_cache_mark(object, at);
  if (!mark) return Unexpected{std::move(mark).error()};
  tool->cache = *mark;
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

Error repeated_name(const Path& path, Text name) {
  const std::string at = path.str();
  return invalid_parameter(
      at,
      "Invalid '" + at + "': duplicate name. Expected every tool to have a name of its own, but '" +
          quotable(name) + "' is used more than once.",
      "invalid_value");
}

}  // namespace

Text plain_spelling(Text text, Arena& arena) {
  return text.has_escapes() ? arena.keep_escaped(json::unescape(text)) : text;
}

Result<void> parse_tools(const Value& tools, const Path& path, ChatRequest& request) {
  request.tools.reserve(tools.children().count());
  for (const json::Member element : tools.children()) {
    auto tool = parse_tool(element.value, path.element(request.tools.size()), request);
    if (!tool) return Unexpected{std::move(tool).error()};
    request.tools.push_back(*std::move(tool));
  }
  const std::size_t repeated = find_repeated_name(request.tools);
  if (repeated == request.tools.size()) return {};
  // The type is found again, for the path alone.
  auto element = std::next(tools.children().begin(), static_cast<std::ptrdiff_t>(repeated));
  const auto type = find_choice(*(*element).value.find("type")->as_text(), kToolTypeNames);
  const Path at = path.element(repeated);
  const Path object = payload_path(at, kToolTypes[*type]);
  return Unexpected{repeated_name(object.member("name"), request.tools[repeated].name)};
}

Result<std::vector<Tool>> parse_functions(const Value& functions, const Path& path, Arena& arena) {
  std::vector<Tool> tools;
  tools.reserve(functions.children().count());
  for (const json::Member element : functions.children()) {
    const Path at = path.element(tools.size());
    const Value& function = element.value;
    if (!function.is_object()) return Unexpected{wrong_type(at, "an object", function.type())};
    auto tool = parse_named(function, at, arena);
    if (!tool) return Unexpected{std::move(tool).error()};
    auto taken = take_schema(function, at, *tool);
    if (!taken) return Unexpected{std::move(taken).error()};
    tools.push_back(*std::move(tool));
  }
  const std::size_t repeated = find_repeated_name(tools);
  if (repeated == tools.size()) return tools;
  const Path at = path.element(repeated);
  return Unexpected{repeated_name(at.member("name"), tools[repeated].name)};
}

}  // namespace oriel::convert::openai
