#include "convert/openai/chat_chunk.h"

#include <algorithm>

#include "convert/json/writer.h"
#include "convert/openai/error_body.h"

namespace oriel::convert {
namespace {

using json::Writer;
using Kind = ChatDelta::Kind;

constexpr std::string_view kEvent = "data: ";
constexpr std::string_view kEventEnd = "\n\n";

// Everything of a chunk up to the value of "choices".
void begin_chunk(const Envelope& envelope, Writer& writer) {
  writer.out().append(kEvent);
  writer.begin_object();
  openai::write_envelope(envelope, "chat.completion.chunk", writer);
  writer.key("choices");
}

// Everything of an event behind the last member of its delta; `finish` is null in all but one.
void end_delta(const FinishReason* finish, IncludeUsage include_usage, Writer& writer) {
  writer.end_object().key("logprobs").null().key("finish_reason");
  if (finish == nullptr) {
    writer.null();
  } else {
    writer.string(to_string(*finish));
  }
  writer.end_object().end_array();
  if (include_usage == IncludeUsage::yes) writer.key("usage").null();
  writer.end_object();
  writer.out().append(kEventEnd);
}

}  // namespace

ChunkWriter::ChunkWriter(const Envelope& envelope, IncludeUsage include_usage)
    : include_usage_(include_usage) {
  Writer head(delta_head_);
  begin_chunk(envelope, head);
  head.begin_array().begin_object().key("index").integer(0).key("delta").begin_object();
  Writer tail(delta_tail_);
  end_delta(nullptr, include_usage, tail);

  text_head_ = delta_head_;
  Writer(text_head_).key("content").begin_string();
  Writer(text_tail_).end_string();
  text_tail_.append(delta_tail_);

  Writer usage(usage_head_);
  begin_chunk(envelope, usage);
  usage.begin_array().end_array().key("usage");
  Writer(model_text_).text(envelope.model);
}

void ChunkWriter::write(const ChatDelta& delta, std::string& out) const {
  switch (delta.kind) {
    case Kind::text:
      if (delta.text.empty()) return;
      out.append(text_head_).append(delta.text.escaped()).append(text_tail_);
      return;
    case Kind::role: return write_role(out);
    case Kind::reasoning: return write_piece("reasoning_content", delta.text, out);
    case Kind::signature:
    case Kind::redacted: return write_thinking(delta, out);
    case Kind::tool_call_start:
    case Kind::tool_call_args: return write_tool_call(delta, out);
    case Kind::finish: return write_finish(delta.finish, out);
    case Kind::usage: return write_usage_chunk(delta, out);
    case Kind::source: return write_source(delta, out);
  }
}

void ChunkWriter::write_piece(std::string_view member, Text text, std::string& out) const {
  if (text.empty()) return;
  out.append(delta_head_);
  Writer(out).key(member).text(text);
  out.append(delta_tail_);
}

void ChunkWriter::write_role(std::string& out) const {
  out.append(delta_head_);
  Writer(out).key("role").string("assistant").key("content").string("").key("refusal").null();
  out.append(delta_tail_);
}

void ChunkWriter::write_thinking(const ChatDelta& delta, std::string& out) const {
  if (delta.text.empty()) return;
  out.append(delta_head_);
  Writer writer(out);
  writer.key("thinking_blocks").begin_array().begin_object();
  if (delta.kind == Kind::signature) {
    writer.key("type").string("thinking").key("thinking").string("");
    writer.key("signature").text(delta.text);
  } else {
    writer.key("type").string("redacted_thinking").key("data").text(delta.text);
  }
  writer.end_object().end_array();
  out.append(delta_tail_);
}

void ChunkWriter::write_tool_call(const ChatDelta& delta, std::string& out) const {
  const bool start = delta.kind == Kind::tool_call_start;
  if (!start && delta.text.empty()) return;
  out.append(delta_head_);
  Writer writer(out);
  writer.key("tool_calls").begin_array().begin_object();
  writer.key("index").unsigned_integer(delta.tool_index);
  if (start) writer.key("id").text(delta.id).key("type").string("function");
  writer.key("function").begin_object();
  if (start) writer.key("name").text(delta.name);
  writer.key("arguments").text(start ? Text() : delta.text);
  writer.end_object().end_object().end_array();
  out.append(delta_tail_);
}

void ChunkWriter::write_finish(FinishReason finish, std::string& out) const {
  out.append(delta_head_);
  Writer writer(out);
  end_delta(&finish, include_usage_, writer);
}

void ChunkWriter::write_usage_chunk(const ChatDelta& delta, std::string& out) const {
  if (include_usage_ == IncludeUsage::no || !delta.usage) return;
  out.append(usage_head_);
  Writer writer(out);
  openai::write_usage(*delta.usage, writer);
  if (!delta.service_tier.empty()) writer.key("service_tier").text(delta.service_tier);
  writer.end_object();
  out.append(kEventEnd);
}

void ChunkWriter::write_source(const ChatDelta& delta, std::string& out) const {
  const bool unasked = include_usage_ == IncludeUsage::no;
  if (unasked && delta.only_usage) return;
  out.append(kEvent);
  const std::size_t begin = out.size();
  openai::append_spliced({.source = delta.source.text,
                          .model = delta.source_model_span,
                          .removed = unasked ? delta.source_usage_span : SourceSpan{},
                          .model_text = model_text_},
                         out);
  // A line break may stand between JSON's tokens, but would end the event's line.
  const auto chunk = out.begin() + static_cast<std::ptrdiff_t>(begin);
  std::replace_if(
      chunk, out.end(), [](char c) { return c == '\n' || c == '\r'; }, ' ');
  out.append(kEventEnd);
}

void ChunkWriter::write_done(std::string& out) {
  out.append(kEvent).append("[DONE]").append(kEventEnd);
}

void ChunkWriter::write_error(const Error& error, std::string& out) {
  out.append(kEvent);
  write_error_body(error, out);
  out.append(kEventEnd);
}

}  // namespace oriel::convert
