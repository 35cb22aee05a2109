#include "convert/openai/chat_messages.h"

#include <string_view>
#include <utility>

#include "convert/openai/chat_content.h"
#include "convert/openai/chat_tools.h"
#include "convert/openai/field_table.h"

namespace oriel::convert::openai {
namespace {

using json::Type;
using json::Value;

// In the order of OpenAI's message; "function" is known, and refused.
constexpr std::string_view kRoleNames[] = {"system",   "assistant", "user",
                                           "function", "tool",      "developer"};
constexpr Role kRoles[] = {Role::system, Role::assistant, Role::user,
                           Role::tool,   Role::tool,      Role::developer};

Result<Role> parse_role(const Value& value, const Path& path) {
  auto name = require_text(value, path, "role");
  if (!name) return Unexpected{std::move(name).error()};
  const Path at = path.member("role");
  const auto found = find_choice(*name, kRoleNames);
  if (!found) return Unexpected{unknown_value(at, *name, kRoleNames)};
  if (kRoleNames[*found] == "function") return Unexpected{unsupported_value(at, "function")};
  return kRoles[*found];
}

// Whether an assistant message says something without content.
bool speaks_without_content(const Value& value) {
  for (const std::string_view name : {"tool_calls", "refusal", "audio"}) {
    if (value.find_present(name)) return true;
  }
  return false;
}

Result<void> parse_message_content(const Value& value, const Path& path, Message& message,
                                   Arena& arena) {
  const Path at = path.member("content");
  const auto content = value.find("content");
  const bool assistant = message.role == Role::assistant;
  if (!content) {
    if (assistant && speaks_without_content(value)) return {};
    return Unexpected{missing_parameter(at)};
  }
  if (content->is_null() && assistant) return {};
  return parse_content(*content, at, message, arena);
}

// What only an assistant's message has: refusal and tool calls.
Result<void> parse_assistant(const Value& value, const Path& path, Message& message, Arena& arena) {
  if (value.find_present("function_call")) {
    return Unexpected{unsupported_parameter(path.member("function_call"))};
  }
  auto allowed = allow(value, path, "refusal", Type::string);
  if (allowed) allowed = allow(value, path, "audio", Type::object);
  if (!allowed) return allowed;
  if (const auto refusal = value.find_present("refusal")) {
    ContentPart part;
    part.kind = ContentPart::Kind::refusal;
    part.text = *refusal->as_text();
    message.parts.push_back(part);
  }
  const auto calls = value.find_present("tool_calls");
  if (!calls) return {};
  const Path at = path.member("tool_calls");
  if (!calls->is_array()) return Unexpected{wrong_type(at, "an array of objects", calls->type())};
  return parse_tool_calls(*calls, at, message, arena);
}

Result<void> parse_message(const Value& value, const Path& path, Message& message, Arena& arena) {
  if (!value.is_object()) return Unexpected{wrong_type(path, "an object", value.type())};
  auto role = parse_role(value, path);
  if (!role) return Unexpected{std::move(role).error()};
  message.role = *role;
  auto parsed = allow(value, path, "name", Type::string);
  if (parsed) parsed = parse_message_content(value, path, message, arena);
  if (!parsed) return parsed;
  if (message.role == Role::assistant) return parse_assistant(value, path, message, arena);
  if (message.role == Role::tool) {
    auto id = require_name(value, path, "tool_call_id");
    if (!id) return Unexpected{std::move(id).error()};
    message.tool_call_id = plain_spelling(*id, arena);
  }
  return {};
}

}  // namespace

Result<void> parse_messages(const Value& messages, const Path& path, ChatRequest& request) {
  const std::size_t count = messages.children().count();
  if (count == 0) return Unexpected{empty_array(path)};
  request.messages.reserve(count);
  for (const json::Member element : messages.children()) {
    const std::size_t index = request.messages.size();
    Message& message = request.messages.emplace_back();
    message.index = static_cast<std::uint32_t>(index);
    auto parsed = parse_message(element.value, path.element(index), message, request.arena);
    if (!parsed) return parsed;
  }
  return {};
}

}  // namespace oriel::convert::openai
