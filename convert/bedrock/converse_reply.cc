#include "convert/bedrock/converse_reply.h"

#include <array>
#include <utility>

#include "convert/bedrock/answer.h"
#include "convert/bedrock/citations.h"
#include "convert/bedrock/code_fence.h"
#include "convert/bedrock/picture.h"
#include "convert/bedrock/surrogates.h"
#include "convert/bedrock/tool_role.h"

namespace oriel::convert::bedrock {
namespace {

using json::Value;

Error bad_response(std::string_view why) {
  Error error;
  error.kind = ErrorKind::upstream_bad_response;
  error.detail = why;
  return error;
}

// The error of an answer that was paid for all the same.
Unexpected<Error> billed(Error error, const ChatReply& reply) {
  error.usage = reply.usage;
  return Unexpected{std::move(error)};
}

std::optional<Text> text_of(Value object, std::string_view name) {
  const auto value = object.find(name);
  return value ? value->as_text() : std::nullopt;
}

// What the reply is made of while blocks are read.
struct Draft {
  const ReplyContext& context;
  ChatReply reply;
  std::optional<Text> formatted;  // what the tool that stands for the format was given
  bool last_call_broken = false;  // the last block is a call of the client's without an object
  std::size_t counted = 0;        // of reply.texts, those in `points`
  std::uint32_t points = 0;

  std::uint32_t count_texts() {
    for (; counted < reply.texts.size(); ++counted) points += count_points(reply.texts[counted]);
    return points;
  }
};

using BlockReader = void (*)(Value block, Draft& draft);

void read_text(Value block, Draft& draft) {
  if (const auto text = block.as_text(); text && !text->empty()) draft.reply.texts.push_back(*text);
}

void read_tool_use(Value block, Draft& draft) {
  const auto type = text_of(block, "type");
  if (type && type->escaped() == "server_tool_use") return;
  const Text name = text_of(block, "name").value_or(Text());
  const ToolRole role = tool_role(draft.context, name);
  if (role == ToolRole::none) return;
  const auto input = block.find_present("input");
  Arena& arena = draft.reply.arena;
  const Text text = input ? client_input(*input, role, arena) : Text::literal("{}");
  if (!is_client_call(role)) {
    draft.formatted = text;
    return;
  }
  const Text client = client_tool_name(draft.context, name);
  ToolCall call;
  call.id = text_of(block, "toolUseId").value_or(Text());
  call.name = client == name ? name : Text::from_escaped(arena.keep(std::string(client.escaped())));
  call.arguments = text;
  call.custom = role == ToolRole::custom;
  draft.reply.tool_calls.push_back(call);
  draft.last_call_broken = input && !input->is_object();
}

void read_reasoning(Value block, Draft& draft) {
  ReasoningBlock reasoning;
  if (const auto text = block.find_present("reasoningText")) {
    reasoning.text = text_of(*text, "text").value_or(Text());
    reasoning.signature = text_of(*text, "signature").value_or(Text());
  }
  reasoning.redacted = text_of(block, "redactedContent").value_or(Text());
  const bool empty =
      reasoning.text.empty() && reasoning.signature.empty() && reasoning.redacted.empty();
  if (!empty) draft.reply.reasoning.push_back(reasoning);
}

void read_citations(Value block, Draft& draft) {
  const std::uint32_t begin = draft.count_texts();
  if (const auto content = block.find("content")) {
    for (const json::Member item : content->children()) {
      if (const auto text = item.value.find("text")) read_text(*text, draft);
    }
  }
  const auto citations = block.find("citations");
  if (!citations) return;
  const std::uint32_t end = draft.count_texts();
  for (const json::Member item : citations->children()) {
    Citation& citation = draft.reply.citations.emplace_back(read_citation(item.value));
    citation.begin = begin;
    citation.end = end;
  }
}

void read_image(Value block, Draft& draft) {
  Media image;
  image.format = picture_format(block);
  image.base64 = picture_bytes(block, draft.reply.arena);
  if (image.format.empty() || image.base64.empty()) {
    draft.reply.facts.count(UnknownItem::member);
  } else {
    draft.reply.images.push_back(image);
  }
}

void read_server_result(Value, Draft&) {}  // the answer of a server's tool is not the client's

struct BlockRow {
  std::string_view name;
  BlockReader read;
};
constexpr auto kBlocks = std::to_array<BlockRow>({
    {"text", read_text},
    {"toolUse", read_tool_use},
    {"reasoningContent", read_reasoning},
    {"citationsContent", read_citations},
    {"image", read_image},
    {"toolResult", read_server_result},
});

void read_block(Value block, Draft& draft) {
  draft.last_call_broken = false;
  for (const BlockRow& row : kBlocks) {
    if (const auto value = block.find_present(row.name)) return row.read(*value, draft);
  }
  draft.reply.facts.count(UnknownItem::block);
}

// The content as the client asked for it: what the format's tool was given, or text without a
// fence. Beside real calls the format's tool does not count.
void shape_content(Draft& draft) {
  ChatReply& reply = draft.reply;
  if (draft.formatted) {
    if (!reply.tool_calls.empty()) return;
    reply.texts.assign(1, *draft.formatted);
    reply.citations.clear();
  } else if (draft.context.json_object || !draft.context.format_tool.empty()) {
    CodeFence fence;
    std::string& content = reply.arena.make();
    for (const Text text : reply.texts) fence.push(text.escaped(), content);
    fence.finish(content);
    reply.texts.clear();
    if (!content.empty()) reply.texts.push_back(Text::from_escaped(content));
  }
}

// Reads the body, or a copy without lone surrogates, which then lives in `arena`.
std::optional<Value> read_body(const json::PaddedBuffer& body, json::Reader& reader, Arena& arena) {
  if (const auto value = reader.read(body)) return *value;
  std::string copy(body.view());
  if (!mask_lone_surrogates(copy)) return std::nullopt;
  const std::size_t size = copy.size();
  copy.append(json::PaddedBuffer::kPadding, '\0');
  const auto value = reader.read(arena.keep(std::move(copy)).substr(0, size));
  return value ? std::optional(*value) : std::nullopt;
}

}  // namespace

Result<ChatReply> decode_converse(const ReplyContext& context, const json::PaddedBuffer& body,
                                  json::Reader& reader) {
  Draft draft{context, {}, {}};
  ChatReply& reply = draft.reply;
  const auto answer = read_body(body, reader, reply.arena);
  if (!answer || !answer->is_object()) return Unexpected{bad_response("not a JSON object")};
  if (const auto usage = answer->find_present("usage")) reply.usage = decode_usage(*usage, context);
  const auto output = answer->find_present("output");
  const auto message = output ? output->find_present("message") : std::nullopt;
  const auto content = message ? message->find_present("content") : std::nullopt;
  if (!message || !message->is_object()) return billed(bad_response("no output"), reply);
  if (content) {
    for (const json::Member item : content->children()) read_block(item.value, draft);
  }

  const std::string_view word = text_of(*answer, "stopReason").value_or(Text()).escaped();
  reply.facts.stop_reason = clean_word(word);
  reply.facts.latency_ms = decode_latency_ms(*answer);
  if (is_cut_off(word) && draft.last_call_broken) reply.tool_calls.pop_back();
  const Stop stop =
      decode_stop_reason(word, reply.tool_calls.empty() ? ClientCalls::none : ClientCalls::some);
  if (stop.kind == StopKind::malformed) return billed(malformed_output(word), reply);
  if (stop.kind == StopKind::unknown) reply.facts.count(UnknownItem::stop_reason);
  shape_content(draft);
  reply.finish = client_finish(stop.finish, context);
  reply.legacy_functions = context.legacy_functions;
  reply.service_tier = decode_service_tier(*answer);
  return std::move(draft.reply);
}

}  // namespace oriel::convert::bedrock
