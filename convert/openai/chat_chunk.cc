#include "convert/openai/chat_chunk.h"

#include <algorithm>

#include "convert/json/writer.h"
#include "convert/openai/error_body.h"
#include "convert/openai/message_parts.h"

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

// A line break may stand between the tokens of upstream's JSON, but would end the event's line.
void keep_on_one_line(std::size_t begin, std::size_t end, std::string& out) {
  std::replace_if(
      out.data() + begin, out.data() + end, [](char c) { return c == '\n' || c == '\r'; }, ' ');
}

}  // namespace

ChunkWriter::ChunkWriter(const Envelope& envelope, IncludeUsage include_usage)
    : include_usage_(include_usage) {
  Writer head(delta_head_);
  begin_chunk(envelope, head);
  head.begin_array().begin_object().key("index");
  index_at_ = delta_head_.size();
  head.integer(0).key("delta").begin_object();
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

void ChunkWriter::write(const ChatDelta& delta, std::string& out) {
  switch (delta.kind) {
    case Kind::text:
      if (delta.choice != 0) return write_piece("content", delta, out);
      if (delta.text.empty()) return;
      out.append(text_head_).append(delta.text.escaped()).append(text_tail_);
      return;
    case Kind::role: return write_role(delta, out);
    case Kind::reasoning: return write_piece("reasoning_content", delta, out);
    case Kind::signature:
    case Kind::redacted: return write_thinking(delta, out);
    case Kind::tool_call_start:
    case Kind::tool_call_args:
      return delta.legacy_function ? write_function_call(delta, out) : write_tool_call(delta, out);
    case Kind::citation: return write_citation(delta, out);
    case Kind::image: return write_image(delta, out);
    case Kind::finish: return write_finish(delta, out);
    case Kind::usage: return write_usage_chunk(delta, out);
    case Kind::source: return write_source(delta, out);
  }
}

std::uint32_t ChunkWriter::next_index(List list, std::uint32_t choice) {
  if (entries_.size() <= choice) entries_.resize(choice + 1);
  return entries_[choice][static_cast<std::size_t>(list)]++;
}

void ChunkWriter::begin_delta(std::uint32_t choice, std::string& out) const {
  if (choice == 0) {
    out.append(delta_head_);
    return;
  }
  out.append(delta_head_, 0, index_at_);
  Writer(out).unsigned_integer(choice);
  out.append(delta_head_, index_at_ + 1);  // behind the digit of choice 0
}

void ChunkWriter::write_piece(std::string_view member, const ChatDelta& delta,
                              std::string& out) const {
  if (delta.text.empty()) return;
  begin_delta(delta.choice, out);
  Writer(out).key(member).text(delta.text);
  out.append(delta_tail_);
}

void ChunkWriter::write_role(const ChatDelta& delta, std::string& out) const {
  begin_delta(delta.choice, out);
  Writer(out).key("role").string("assistant").key("content").string("").key("refusal").null();
  out.append(delta_tail_);
}

void ChunkWriter::write_thinking(const ChatDelta& delta, std::string& out) {
  if (delta.text.empty()) return;
  begin_delta(delta.choice, out);
  Writer writer(out);
  writer.key("thinking_blocks").begin_array().begin_object();
  writer.key("index").unsigned_integer(next_index(List::thinking_blocks, delta.choice));
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
  const std::string_view type = delta.custom_tool ? "custom" : "function";
  begin_delta(delta.choice, out);
  Writer writer(out);
  writer.key("tool_calls").begin_array().begin_object();
  writer.key("index").unsigned_integer(delta.tool_index);
  if (start) writer.key("id").text(delta.id).key("type").string(type);
  writer.key(type).begin_object();
  if (start) writer.key("name").text(delta.name);
  writer.key(delta.custom_tool ? "input" : "arguments").text(start ? Text() : delta.text);
  writer.end_object().end_object().end_array();
  out.append(delta_tail_);
}

void ChunkWriter::write_function_call(const ChatDelta& delta, std::string& out) const {
  const bool start = delta.kind == Kind::tool_call_start;
  if (delta.tool_index != 0) return;  // the old form has room for one
  if (!start && delta.text.empty()) return;
  begin_delta(delta.choice, out);
  Writer writer(out);
  writer.key("function_call").begin_object();
  if (start) writer.key("name").text(delta.name);
  writer.key("arguments").text(start ? Text() : delta.text).end_object();
  out.append(delta_tail_);
}

void ChunkWriter::write_citation(const ChatDelta& delta, std::string& out) {
  const std::size_t begin = out.size();
  begin_delta(delta.choice, out);
  Writer writer(out);
  const bool web = !delta.citation.url.empty();
  writer.key(web ? "annotations" : "citations").begin_array();
  openai::write_citation(
      delta.citation, next_index(web ? List::annotations : List::citations, delta.choice), writer);
  writer.end_array();
  out.append(delta_tail_);
  keep_on_one_line(begin, out.size() - kEventEnd.size(), out);
}

void ChunkWriter::write_image(const ChatDelta& delta, std::string& out) {
  begin_delta(delta.choice, out);
  Writer writer(out);
  writer.key("images").begin_array();
  openai::write_image(delta.media, next_index(List::images, delta.choice), writer);
  writer.end_array();
  out.append(delta_tail_);
}

void ChunkWriter::write_finish(const ChatDelta& delta, std::string& out) const {
  begin_delta(delta.choice, out);
  Writer writer(out);
  end_delta(&delta.finish, include_usage_, writer);
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
  keep_on_one_line(begin, out.size(), out);
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
