#include "convert/openai/chat_messages.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "convert/openai/chat_cache.h"
#include "convert/openai/chat_content.h"
#include "convert/openai/chat_reasoning.h"
#include "convert/openai/chat_tools.h"
#include "convert/openai/field_table.h"
#include "convert/openai/tool_calls.h"

namespace oriel::convert::openai {
namespace {

using json::Type;
using json::Value;

// In the order of OpenAI's message. A "function" is a tool in the deprecated form.
constexpr std::string_view kRoleNames[] = {"system",   "assistant", "user",
                                           "function", "tool",      "developer"};
constexpr Role kRoles[] = {Role::system, Role::assistant, Role::user,
                           Role::tool,   Role::tool,      Role::developer};
constexpr std::size_t kFunctionRole = 3;
static_assert(kRoleNames[kFunctionRole] == "function");

// What the messages of one request share.
struct History {
  Arena& arena;
  FunctionCalls functions;
};

// Whether an assistant message says something without content.
bool speaks_without_content(const Value& value) {
  static constexpr std::string_view kSpeech[] = {"tool_calls", "function_call", "refusal", "audio",
                                                 "thinking_blocks"};
  return std::ranges::any_of(
      kSpeech, [&](std::string_view name) { return value.find_present(name).has_value(); });
}

enum class Nothing : std::uint8_t { refused, taken };  // null as content

Result<void> parse_message_content(const Value& value, const Path& path, Nothing nothing,
                                   Message& message, Arena& arena) {
  const Path at = path.member("content");
  const auto content = value.find("content");
  if (!content) {
    if (message.role == Role::assistant && speaks_without_content(value)) return {};
    return Unexpected{missing_parameter(at)};
  }
  if (content->is_null() && nothing == Nothing::taken) return {};
  return parse_content(*content, at, message, arena);
}

Result<void> parse_calls(const Value& value, const Path& path, Message& message, History& history) {
  if (const auto calls = value.find_present("tool_calls")) {
    const Path at = path.member("tool_calls");
    if (!calls->is_array()) return Unexpected{wrong_type(at, "an array of objects", calls->type())};
    auto parsed = parse_tool_calls(*calls, at, message, history.arena);
    if (!parsed) return parsed;
  }
  const auto call = value.find_present("function_call");
  if (!call) return {};
  return parse_function_call(*call, path.member("function_call"), message, history.functions,
                             history.arena);
}

// What only an assistant's message has: refusal, reasoning and calls.
Result<void> parse_assistant(const Value& value, const Path& path, Message& message,
                             History& history) {
  auto parsed = allow(value, path, "refusal", Type::string);
  if (parsed) parsed = allow(value, path, "audio", Type::object);
  if (parsed) parsed = parse_reasoning(value, path, message, history.arena);
  if (!parsed) return parsed;
  if (const auto refusal = value.find_present("refusal")) {
    ContentPart& part = message.parts.emplace_back();
    part.kind = ContentPart::Kind::refusal;
    part.text = *refusal->as_text();
  }
  return parse_calls(value, path, message, history);
}

// What only a tool's message has: the call it answers, and how that went.
Result<void> parse_tool(const Value& value, const Path& path, Message& message, History& history) {
  auto id = require_name(value, path, "tool_call_id");
  if (!id) return Unexpected{std::move(id).error()};
  message.tool_call_id = plain_spelling(*id, history.arena);
  auto allowed = allow(value, path, "is_error", Type::boolean);
  if (!allowed) return allowed;
  if (const auto failed = value.find_present("is_error")) message.failed = *failed->as_boolean();
  return {};
}

// A function's message names the function instead of the call.
Result<void> parse_function(const Value& value, const Path& path, Message& message,
                            const History& history) {
  auto name = require_name(value, path, "name");
  if (!name) return Unexpected{std::move(name).error()};
  message.tool_call_id = history.functions.answered_by(message.name);
  return {};
}

Result<void> parse_message(const Value& value, const Path& path, Message& message,
                           History& history) {
  if (!value.is_object()) return Unexpected{wrong_type(path, "an object", value.type())};
  auto role = require_choice(value, path, "role", kRoleNames);
  if (!role) return Unexpected{std::move(role).error()};
  message.role = kRoles[*role];
  const bool function = *role == kFunctionRole;
  const bool assistant = message.role == Role::assistant;
  auto parsed = allow(value, path, "name", Type::string);
  const auto nothing = assistant || function ? Nothing::taken : Nothing::refused;
  if (parsed) parsed = parse_message_content(value, path, nothing, message, history.arena);
  if (!parsed) return parsed;
  if (const auto name = value.find_present("name")) {
    message.name = plain_spelling(*name->as_text(), history.arena);
  }
  auto mark = parse_cache_mark(value, path);
  if (!mark) return Unexpected{std::move(mark).error()};
  message.cache = std::max(message.cache, *mark);
  if (assistant) return parse_assistant(value, path, message, history);
  if (function) return parse_function(value, path, message, history);
  if (message.role == Role::tool) return parse_tool(value, path, message, history);
  return {};
}

}  // namespace

Result<void> parse_messages(const Value& messages, const Path& path, ChatRequest& request) {
  const std::size_t count = messages.children().count();
  if (count == 0) return Unexpected{empty_array(path)};
  request.messages.reserve(count);
  History history{request.arena, {}};
  for (const json::Member element : messages.children()) {
    const std::size_t index = request.messages.size();
    Message& message = request.messages.emplace_back();
    message.index = static_cast<std::uint32_t>(index);
    auto parsed = parse_message(element.value, path.element(index), message, history);
    if (!parsed) return parsed;
  }
  return {};
}

}  // namespace oriel::convert::openai
