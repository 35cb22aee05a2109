#include "convert/openai/chat_reply.h"

#include <algorithm>
#include <string_view>
#include <vector>

#include "convert/json/writer.h"

namespace oriel::convert {
namespace {

using json::Writer;

constexpr std::size_t kReplyOverhead = 768;  // envelope, usage, braces and keys

// Null when the answer is nothing but tool calls.
void write_content(const ChatReply& reply, Writer& writer) {
  const bool silent =
      std::all_of(reply.texts.begin(), reply.texts.end(), [](Text text) { return text.empty(); });
  writer.key("content");
  if (silent && !reply.tool_calls.empty()) {
    writer.null();
    return;
  }
  writer.begin_string();
  for (const Text text : reply.texts) writer.out().append(text.escaped());
  writer.end_string();
}

void write_tool_calls(const std::vector<ToolCall>& calls, Writer& writer) {
  if (calls.empty()) return;
  writer.key("tool_calls").begin_array();
  for (const ToolCall& call : calls) {
    writer.begin_object();
    writer.key("id").text(call.id);
    writer.key("type").string("function");
    writer.key("function").begin_object();
    writer.key("name").text(call.name);
    writer.key("arguments").text(call.arguments);
    writer.end_object().end_object();
  }
  writer.end_array();
}

void write_thinking_block(const ReasoningBlock& block, Writer& writer) {
  writer.begin_object();
  if (block.redacted.empty()) {
    writer.key("type").string("thinking");
    writer.key("thinking").text(block.text);
    if (!block.signature.empty()) writer.key("signature").text(block.signature);
  } else {
    writer.key("type").string("redacted_thinking");
    writer.key("data").text(block.redacted);
  }
  writer.end_object();
}

void write_reasoning(const std::vector<ReasoningBlock>& reasoning, Writer& writer) {
  if (reasoning.empty()) return;
  const bool spoken = std::any_of(reasoning.begin(), reasoning.end(),
                                  [](const ReasoningBlock& block) { return !block.text.empty(); });
  if (spoken) {
    writer.key("reasoning_content").begin_string();
    for (const ReasoningBlock& block : reasoning) writer.out().append(block.text.escaped());
    writer.end_string();
  }
  writer.key("thinking_blocks").begin_array();
  for (const ReasoningBlock& block : reasoning) write_thinking_block(block, writer);
  writer.end_array();
}

void write_choice(const ChatReply& reply, Writer& writer) {
  writer.begin_object();
  writer.key("index").integer(0);
  writer.key("message").begin_object();
  writer.key("role").string("assistant");
  write_content(reply, writer);
  writer.key("refusal").null();
  writer.key("annotations").begin_array().end_array();
  write_tool_calls(reply.tool_calls, writer);
  write_reasoning(reply.reasoning, writer);
  writer.end_object();
  writer.key("logprobs").null();
  writer.key("finish_reason").string(to_string(reply.finish));
  writer.end_object();
}

void append_source(const ChatReply& reply, Text model, std::string& out) {
  std::string model_text;
  Writer(model_text).text(model);
  openai::append_spliced({.source = reply.source.text,
                          .model = reply.source_model_span,
                          .removed = {},
                          .model_text = model_text},
                         out);
}

// Room for the whole answer but for tool calls and reasoning.
std::size_t estimate(const ChatReply& reply) {
  std::size_t size = kReplyOverhead;
  for (const Text text : reply.texts) size += text.escaped().size();
  return size;
}

}  // namespace

void write_chat_reply(const ChatReply& reply, const Envelope& envelope, std::string& out) {
  if (!reply.source.empty()) {
    append_source(reply, envelope.model, out);
    return;
  }
  out.reserve(out.size() + estimate(reply));
  Writer writer(out);
  writer.begin_object();
  openai::write_envelope(envelope, "chat.completion", writer);
  writer.key("choices").begin_array();
  write_choice(reply, writer);
  writer.end_array();
  if (reply.usage) {
    writer.key("usage");
    openai::write_usage(*reply.usage, writer);
  }
  if (!reply.service_tier.empty()) writer.key("service_tier").text(reply.service_tier);
  writer.end_object();
}

}  // namespace oriel::convert
