#include "convert/openai/chat_reply.h"

#include <algorithm>
#include <string_view>
#include <vector>

#include "convert/json/writer.h"
#include "convert/openai/message_parts.h"

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

void write_tool_call(const ToolCall& call, Writer& writer) {
  writer.begin_object();
  writer.key("id").text(call.id);
  writer.key("type").string(call.custom ? "custom" : "function");
  writer.key(call.custom ? "custom" : "function").begin_object();
  writer.key("name").text(call.name);
  writer.key(call.custom ? "input" : "arguments").text(call.arguments);
  writer.end_object().end_object();
}

void write_tool_calls(const ChatReply& reply, Writer& writer) {
  if (reply.tool_calls.empty()) return;
  if (reply.legacy_functions) {  // the old form has room for one
    const ToolCall& call = reply.tool_calls.front();
    writer.key("function_call").begin_object();
    writer.key("name").text(call.name).key("arguments").text(call.arguments);
    writer.end_object();
    return;
  }
  writer.key("tool_calls").begin_array();
  for (const ToolCall& call : reply.tool_calls) write_tool_call(call, writer);
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

// Pages of the web are OpenAI's annotations; other sources are told as upstream tells them.
void write_citations(const std::vector<Citation>& citations, Writer& writer) {
  const auto of_web = [](const Citation& citation) { return !citation.url.empty(); };
  writer.key("annotations").begin_array();
  for (const Citation& citation : citations) {
    if (of_web(citation)) openai::write_citation(citation, std::nullopt, writer);
  }
  writer.end_array();
  if (std::all_of(citations.begin(), citations.end(), of_web)) return;
  writer.key("citations").begin_array();
  for (const Citation& citation : citations) {
    if (!of_web(citation)) openai::write_citation(citation, std::nullopt, writer);
  }
  writer.end_array();
}

void write_images(const std::vector<Media>& images, Writer& writer) {
  if (images.empty()) return;
  writer.key("images").begin_array();
  for (const Media& image : images) openai::write_image(image, std::nullopt, writer);
  writer.end_array();
}

void write_choice(const ChatReply& reply, std::int64_t index, Writer& writer) {
  writer.begin_object();
  writer.key("index").integer(index);
  writer.key("message").begin_object();
  writer.key("role").string("assistant");
  write_content(reply, writer);
  writer.key("refusal").null();
  write_citations(reply.citations, writer);
  write_tool_calls(reply, writer);
  write_reasoning(reply.reasoning, writer);
  write_images(reply.images, writer);
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
std::size_t estimate(std::span<const ChatReply> replies) {
  std::size_t size = 0;
  for (const ChatReply& reply : replies) {
    size += kReplyOverhead;
    for (const Text text : reply.texts) size += text.escaped().size();
    for (const Media& image : reply.images) size += image.base64.size();
  }
  return size;
}

}  // namespace

void write_chat_reply(const ChatReply& reply, const Envelope& envelope, std::string& out) {
  write_chat_reply({&reply, 1}, envelope, out);
}

void write_chat_reply(std::span<const ChatReply> replies, const Envelope& envelope,
                      std::string& out) {
  if (!replies.front().source.empty()) {
    append_source(replies.front(), envelope.model, out);
    return;
  }
  out.reserve(out.size() + estimate(replies));
  Writer writer(out);
  writer.begin_object();
  openai::write_envelope(envelope, "chat.completion", writer);
  writer.key("choices").begin_array();
  std::int64_t index = 0;
  for (const ChatReply& reply : replies) write_choice(reply, index++, writer);
  writer.end_array();
  if (const auto usage = usage_of(replies)) {
    writer.key("usage");
    openai::write_usage(*usage, writer);
  }
  const Text tier = replies.front().service_tier;
  if (!tier.empty()) writer.key("service_tier").text(tier);
  writer.end_object();
}

}  // namespace oriel::convert
