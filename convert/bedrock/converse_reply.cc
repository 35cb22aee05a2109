#include "convert/bedrock/converse_reply.h"

#include <array>
#include <utility>

#include "convert/bedrock/answer.h"
#include "convert/bedrock/surrogates.h"

namespace oriel::convert::bedrock {
namespace {

using json::Value;

Unexpected<Error> bad_response(std::string_view why) {
  Error error;
  error.kind = ErrorKind::upstream_bad_response;
  error.detail = why;
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
  bool last_call_broken = false;  // its input is no object
};

using BlockReader = void (*)(Value block, Draft& draft);

void read_text(Value block, Draft& draft) {
  if (const auto text = block.as_text(); text && !text->empty()) draft.reply.texts.push_back(*text);
}

void read_tool_use(Value block, Draft& draft) {
  const auto type = text_of(block, "type");
  if (type && type->escaped() == "server_tool_use") return;
  ToolCall call;
  call.id = text_of(block, "toolUseId").value_or(Text());
  const Text name = text_of(block, "name").value_or(Text());
  const Text client = client_tool_name(draft.context, name);
  call.name = client == name
                  ? name
                  : Text::from_escaped(draft.reply.arena.keep(std::string(client.escaped())));
  const auto input = block.find_present("input");
  draft.last_call_broken = input && !input->is_object();
  std::string& arguments = draft.reply.arena.make();
  append_compact_escaped(input ? input->raw() : Raw{"{}"}, arguments);
  call.arguments = Text::from_escaped(arguments);
  draft.reply.tool_calls.push_back(call);
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
  const auto content = block.find("content");
  if (!content) return;
  for (const json::Member item : content->children()) {
    if (const auto text = item.value.find("text")) read_text(*text, draft);
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
    {"toolResult", read_server_result},
});

void read_block(Value block, Draft& draft) {
  for (const BlockRow& row : kBlocks) {
    if (const auto value = block.find_present(row.name)) return row.read(*value, draft);
  }
  ++draft.reply.facts.unknown_items;
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
  Draft draft{context, {}};
  ChatReply& reply = draft.reply;
  const auto answer = read_body(body, reader, reply.arena);
  if (!answer || !answer->is_object()) return bad_response("not a JSON object");
  const auto output = answer->find_present("output");
  const auto message = output ? output->find_present("message") : std::nullopt;
  const auto content = message ? message->find_present("content") : std::nullopt;
  if (!message || !message->is_object()) return bad_response("no output");
  if (content) {
    for (const json::Member item : content->children()) read_block(item.value, draft);
  }

  const std::string_view word = text_of(*answer, "stopReason").value_or(Text()).escaped();
  reply.facts.stop_reason = clean_word(word);
  reply.facts.latency_ms = decode_latency_ms(*answer);
  if (is_cut_off(word) && draft.last_call_broken) reply.tool_calls.pop_back();
  const Stop stop =
      decode_stop_reason(word, reply.tool_calls.empty() ? ClientCalls::none : ClientCalls::some);
  if (stop.kind == StopKind::malformed) return Unexpected{malformed_output(word)};
  if (stop.kind == StopKind::unknown) ++reply.facts.unknown_items;
  reply.finish = stop.finish;
  if (const auto usage = answer->find_present("usage")) reply.usage = decode_usage(*usage);
  reply.service_tier = decode_service_tier(*answer);
  return std::move(draft.reply);
}

}  // namespace oriel::convert::bedrock
