#include "convert/openai/chat_request.h"

#include <string>
#include <unordered_set>
#include <utility>

#include "convert/openai/field_table.h"
#include "convert/openai/tool_choice.h"

namespace oriel::convert {
namespace {

using json::Value;
using openai::Field;
using openai::Path;
using openai::RequestDraft;

// An upstream that gets the client's own bytes would read a known field spelled with escapes as
// that field, behind the back of what was checked here.
Error escaped_name(const std::string& name) {
  return openai::invalid_parameter(
      name, "Invalid parameter: '" + name + "' must be spelled without escapes.", "invalid_value");
}

// Where the values stand that a splicing dialect replaces, null or not.
void note_span(std::string_view name, const Value& value, ChatRequest& request) {
  const bool model = name == "model";
  if (!model && name != "stream_options") return;
  const std::string_view text = value.raw().text;
  const auto begin = static_cast<std::uint32_t>(text.data() - request.source.data());
  const SourceSpan span{begin, begin + static_cast<std::uint32_t>(text.size())};
  (model ? request.model_span : request.stream_options_span) = span;
}

std::string_view plain_name(json::Text key, Arena& arena) {
  return key.has_escapes() ? arena.keep(json::unescape(key)) : key.escaped();
}

// `parent`: the path of the object that the member is of, nullptr for the body itself.
Result<void> take_member(const json::Member& member, const Path* parent, RequestDraft& draft) {
  const std::string_view name = plain_name(member.key, draft.request.arena);
  const Field* field = openai::find_field(name);
  if (field != nullptr && member.key.has_escapes()) {
    return Unexpected{escaped_name(std::string(name))};
  }
  const Value& value = member.value;
  note_span(name, value, draft.request);
  if (value.is_null()) return {};
  if (field != nullptr) {
    const Path path = parent == nullptr ? Path(name) : parent->member(name);
    auto checked = openai::check_field(*field, value, path);
    if (!checked) return checked;
    if (field->take != nullptr) return field->take(value, path, draft);
    if (field->neutral != nullptr && field->neutral(value)) return {};
  }
  draft.request.extras.push_back({name, value.raw()});
  return {};
}

// The members of a literal `extra_body` are fields of the request where the request has none of
// that name.
Result<void> take_extra_body(const Value& body, const Value& root, RequestDraft& draft) {
  const Path path("extra_body");
  Arena& arena = draft.request.arena;
  std::unordered_set<std::string_view> given;
  for (const json::Member member : root.children()) {
    if (!member.value.is_null()) given.insert(plain_name(member.key, arena));
  }
  for (const json::Member member : body.children()) {
    const std::string_view name = plain_name(member.key, arena);
    if (name == path.str()) return Unexpected{openai::unknown_parameter(path.member(name))};
    if (given.contains(name)) continue;
    auto taken = take_member(member, &path, draft);
    if (!taken) return taken;
  }
  return {};
}

// What can be said only when all fields are in.
Result<void> settle(RequestDraft& draft) {
  ChatRequest& request = draft.request;
  if (request.model.empty()) {
    return Unexpected{openai::invalid_parameter("", "you must provide a model parameter", "")};
  }
  if (request.messages.empty()) return Unexpected{openai::missing_parameter(Path("messages"))};
  if (draft.has_stream_options && !request.stream) {
    return Unexpected{openai::invalid_parameter(
        "stream_options",
        "The 'stream_options' parameter is only allowed when 'stream' is enabled.", "")};
  }
  if (!request.sampling.max_tokens) request.sampling.max_tokens = draft.max_tokens;
  return openai::settle_tools(draft);
}

}  // namespace

Result<ChatRequest> parse_chat_request(std::string_view padded_body, json::Reader& reader) {
  auto root = reader.read(padded_body);
  if (!root) return Unexpected{openai::unreadable_body(root.error())};
  if (!root->is_object()) return Unexpected{openai::body_not_object()};
  RequestDraft draft;
  draft.request.source = padded_body;
  for (const json::Member member : root->children()) {
    auto taken = take_member(member, nullptr, draft);
    if (!taken) return Unexpected{std::move(taken).error()};
  }
  if (draft.extra_body) {
    auto taken = take_extra_body(*draft.extra_body, *root, draft);
    if (!taken) return Unexpected{std::move(taken).error()};
  }
  auto settled = settle(draft);
  if (!settled) return Unexpected{std::move(settled).error()};
  return std::move(draft.request);
}

}  // namespace oriel::convert
