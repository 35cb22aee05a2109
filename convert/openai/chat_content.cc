#include "convert/openai/chat_content.h"

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include "convert/openai/chat_cache.h"
#include "convert/openai/chat_media.h"
#include "convert/openai/chat_reasoning.h"
#include "convert/openai/field_table.h"

namespace oriel::convert::openai {
namespace {

using json::Value;
using Kind = ContentPart::Kind;

// Appends what a part, an object at `path`, says.
using TakePart = Result<void> (*)(const Value& part, const Path& path, Message& message,
                                  Arena& arena);

// ---------------------------------------------------------------------------------- text

Result<void> append_text(const Value& part, const Path& path, std::string_view name, Kind kind,
                         Message& message) {
  auto text = require_text(part, path, name);
  if (!text) return Unexpected{std::move(text).error()};
  ContentPart& taken = message.parts.emplace_back();
  taken.kind = kind;
  taken.text = *text;
  return {};
}

Result<void> take_text(const Value& part, const Path& path, Message& message, Arena&) {
  return append_text(part, path, "text", Kind::text, message);
}

Result<void> take_refusal(const Value& part, const Path& path, Message& message, Arena&) {
  return append_text(part, path, "refusal", Kind::refusal, message);
}

Result<std::uint8_t> parse_qualifiers(const Value& list, const Path& path) {
  static constexpr std::string_view kNames[] = {"grounding_source", "query", "guard_content"};
  static constexpr GuardQualifier kBits[] = {GuardQualifier::grounding_source,
                                             GuardQualifier::query, GuardQualifier::guard_content};
  if (!list.is_array()) return Unexpected{wrong_type(path, "an array of strings", list.type())};
  unsigned bits = 0;
  std::size_t index = 0;
  for (const json::Member element : list.children()) {
    const Path at = path.element(index++);
    auto name = expect_text(element.value, at);
    if (!name) return Unexpected{std::move(name).error()};
    const auto found = find_choice(*name, kNames);
    if (!found) return Unexpected{unknown_value(at, *name, kNames)};
    bits |= static_cast<unsigned>(kBits[*found]);
  }
  return static_cast<std::uint8_t>(bits);
}

Result<void> take_guarded_text(const Value& part, const Path& path, Message& message, Arena&) {
  auto taken = append_text(part, path, "text", Kind::guarded_text, message);
  if (!taken) return taken;
  const auto list = part.find_present("qualifiers");
  if (!list) return {};
  auto qualifiers = parse_qualifiers(*list, path.member("qualifiers"));
  if (!qualifiers) return Unexpected{std::move(qualifiers).error()};
  message.parts.back().guard_qualifiers = *qualifiers;
  return {};
}

// --------------------------------------------------------------------------------- media

using ParseMedia = Result<ContentPart> (*)(const Value& payload, const Path& path, Arena& arena);

// A part whose payload is the object under the name of its type.
Result<void> append_media(const Value& part, const Path& path, std::string_view name,
                          ParseMedia parse, Message& message, Arena& arena) {
  auto payload = require_object(part, path, name);
  if (!payload) return Unexpected{std::move(payload).error()};
  auto media = parse(*payload, path.member(name), arena);
  if (!media) return Unexpected{std::move(media).error()};
  message.parts.push_back(*media);
  return {};
}

Result<void> take_image(const Value& part, const Path& path, Message& message, Arena& arena) {
  return append_media(part, path, "image_url", parse_image_url, message, arena);
}
Result<void> take_audio(const Value& part, const Path& path, Message& message, Arena& arena) {
  return append_media(part, path, "input_audio", parse_input_audio, message, arena);
}
Result<void> take_file(const Value& part, const Path& path, Message& message, Arena& arena) {
  return append_media(part, path, "file", parse_file, message, arena);
}
Result<void> take_video(const Value& part, const Path& path, Message& message, Arena& arena) {
  return append_media(part, path, "video_url", parse_video_url, message, arena);
}

// --------------------------------------------------------------------------------- parts

using RoleSet = std::uint8_t;
constexpr RoleSet bit(Role role) { return static_cast<RoleSet>(1U << static_cast<unsigned>(role)); }
constexpr RoleSet kUser = bit(Role::user);
constexpr RoleSet kAssistant = bit(Role::assistant);
constexpr RoleSet kConversation = kUser | kAssistant | bit(Role::tool);
constexpr RoleSet kEveryone = kConversation | bit(Role::system) | bit(Role::developer);

struct PartType {
  std::string_view name;
  TakePart take;
  RoleSet roles;  // whose messages may hold it
};
constexpr PartType kPartTypes[] = {
    {"text", take_text, kEveryone},
    {"image_url", take_image, kConversation},
    {"input_audio", take_audio, kUser},
    {"refusal", take_refusal, kAssistant},
    {"file", take_file, kConversation},
    {"video_url", take_video, kConversation},
    {"guarded_text", take_guarded_text, kUser},
    {"guard_content", take_guarded_text, kUser},
    {"thinking", parse_thinking, kAssistant},
    {"redacted_thinking", parse_redacted_thinking, kAssistant},
};

const PartType* find_part_type(Text name, Role role) {
  for (const PartType& type : kPartTypes) {
    if ((type.roles & bit(role)) != 0 && type.name == name.escaped()) return &type;
  }
  return nullptr;
}

Error unknown_part_type(const Path& path, Text got, Role role) {
  std::vector<std::string_view> supported;
  for (const PartType& type : kPartTypes) {
    if ((type.roles & bit(role)) != 0) supported.push_back(type.name);
  }
  return unknown_value(path, got, supported);
}

Result<void> parse_part(const Value& value, const Path& path, Message& message, Arena& arena) {
  if (!value.is_object()) return Unexpected{wrong_type(path, "an object", value.type())};
  auto name = require_text(value, path, "type");
  if (!name) return Unexpected{std::move(name).error()};
  const PartType* type = find_part_type(*name, message.role);
  if (type == nullptr) {
    return Unexpected{unknown_part_type(path.member("type"), *name, message.role)};
  }
  const std::size_t before = message.parts.size();
  auto taken = type->take(value, path, message, arena);
  if (!taken) return taken;
  auto mark = parse_cache_mark(value, path);
  if (!mark) return Unexpected{std::move(mark).error()};
  // No mark can stand right behind reasoning: there it counts for the message.
  const bool reasoning = message.parts.size() == before;
  CacheMark& cache = reasoning ? message.cache : message.parts.back().cache;
  cache = std::max(cache, *mark);
  return {};
}

}  // namespace

Result<void> parse_content(const Value& content, const Path& path, Message& message, Arena& arena) {
  if (const auto text = content.as_text()) {
    message.parts.emplace_back().text = *text;
    return {};
  }
  if (!content.is_array()) {
    return Unexpected{wrong_type(path, "one of a string or array of objects", content.type())};
  }
  message.parts.reserve(content.children().count());
  std::size_t index = 0;
  for (const json::Member element : content.children()) {
    auto parsed = parse_part(element.value, path.element(index++), message, arena);
    if (!parsed) return parsed;
  }
  return {};
}

}  // namespace oriel::convert::openai
