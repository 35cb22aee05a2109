#include "convert/openai/chat_reasoning.h"

#include <utility>

#include "convert/openai/chat_media.h"
#include "convert/openai/field_table.h"

namespace oriel::convert::openai {
namespace {

using json::Type;
using json::Value;

constexpr std::string_view kBlockTypes[] = {"thinking", "redacted_thinking"};

void append_signed(Text text, Text signature, Message& message) {
  if (!signature.empty()) message.reasoning.push_back({text, signature, {}});
}

Result<void> parse_block(const Value& block, const Path& path, Message& message, Arena& arena) {
  if (!block.is_object()) return Unexpected{wrong_type(path, "an object", block.type())};
  auto type = require_choice(block, path, "type", kBlockTypes);
  if (!type) return Unexpected{std::move(type).error()};
  return *type == 0 ? parse_thinking(block, path, message, arena)
                    : parse_redacted_thinking(block, path, message, arena);
}

Text text_or_empty(const Value& object, std::string_view name) {
  const auto found = object.find_present(name);
  return found ? found->as_text().value_or(Text()) : Text();
}

}  // namespace

Result<void> parse_thinking(const Value& block, const Path& path, Message& message, Arena&) {
  auto text = require_text(block, path, "thinking");
  if (!text) return Unexpected{std::move(text).error()};
  auto allowed = allow(block, path, "signature", Type::string);
  if (allowed) append_signed(*text, text_or_empty(block, "signature"), message);
  return allowed;
}

Result<void> parse_redacted_thinking(const Value& block, const Path& path, Message& message,
                                     Arena& arena) {
  auto data = require_name(block, path, "data");
  if (!data) return Unexpected{std::move(data).error()};
  const std::string_view plain =
      data->has_escapes() ? arena.keep(json::unescape(*data)) : data->escaped();
  const auto base64 = canonical_base64(plain, arena);
  if (!base64) {
    const std::string at = path.member("data").str();
    return Unexpected{
        invalid_parameter(at, "Invalid '" + at + "': expected valid base64.", "invalid_value")};
  }
  // Base64 needs no escapes.
  message.reasoning.push_back({{}, {}, Text::from_escaped(*base64)});
  return {};
}

Result<void> parse_reasoning(const Value& value, const Path& path, Message& message, Arena& arena) {
  auto allowed = allow(value, path, "reasoning_content", Type::string);
  if (allowed) allowed = allow(value, path, "reasoning_signature", Type::string);
  if (!allowed) return allowed;
  if (const auto blocks = value.find_present("thinking_blocks")) {
    const Path at = path.member("thinking_blocks");
    if (!blocks->is_array()) {
      return Unexpected{wrong_type(at, "an array of objects", blocks->type())};
    }
    std::vector<ReasoningBlock> of_parts = std::exchange(message.reasoning, {});
    std::size_t index = 0;
    for (const json::Member element : blocks->children()) {
      auto parsed = parse_block(element.value, at.element(index++), message, arena);
      if (!parsed) return parsed;
    }
    if (message.reasoning.empty()) message.reasoning = std::move(of_parts);
  }
  if (message.reasoning.empty()) {
    append_signed(text_or_empty(value, "reasoning_content"),
                  text_or_empty(value, "reasoning_signature"), message);
  }
  return {};
}

}  // namespace oriel::convert::openai
