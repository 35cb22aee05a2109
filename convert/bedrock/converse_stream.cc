#include "convert/bedrock/converse_stream.h"

#include <algorithm>
#include <utility>

#include "convert/bedrock/errors.h"
#include "convert/bedrock/surrogates.h"

namespace oriel::convert::bedrock {
namespace {

using Kind = ChatDelta::Kind;
using json::Value;

constexpr std::string_view kReplacement = "\\ufffd";

Unexpected<Error> fail(ErrorKind kind, std::string_view why) {
  Error error;
  error.kind = kind;
  error.detail = why;
  return Unexpected{std::move(error)};
}

std::optional<Text> text_of(Value object, std::string_view name) {
  const auto value = object.find(name);
  return value ? value->as_text() : std::nullopt;
}

}  // namespace

Result<void> ConverseStream::feed(std::string_view bytes, DeltaSink& sink) {
  if (complete_) return {};
  auto fed = frames_.feed(
      bytes, [&](const wire::EventMessage& message) { return on_message(message, sink); });
  if (complete_) return {};  // whatever came behind the answer
  return fed;
}

Result<void> ConverseStream::finish(DeltaSink& sink) {
  if (complete_) return {};
  if (!frames_.at_boundary()) return fail(ErrorKind::upstream_stream_truncated, "inside a frame");
  if (!saw_stop_) return fail(ErrorKind::upstream_stream_truncated, "before messageStop");
  emit_end(sink);
  return {};
}

Result<void> ConverseStream::on_message(const wire::EventMessage& message, DeltaSink& sink) {
  if (complete_) return {};
  switch (message.kind) {
    case wire::EventMessage::Kind::exception:
      return Unexpected{decode_stream_exception(message.exception_type, message.payload, reader_)};
    case wire::EventMessage::Kind::error:
      return Unexpected{decode_stream_error(message.error_code, message.error_message, reader_)};
    case wire::EventMessage::Kind::event: break;
  }
  const auto event = read_payload(message.payload);
  if (!event || !event->is_object()) {
    return fail(ErrorKind::upstream_stream_corrupt, "an event is not a JSON object");
  }
  return on_event(message.event_type, *event, sink);
}

Result<void> ConverseStream::on_event(std::string_view type, Value event, DeltaSink& sink) {
  if (type == "contentBlockDelta") return on_block_delta(event, sink);
  if (type == "contentBlockStart") return on_block_start(event, sink);
  if (type == "contentBlockStop") {
    on_block_stop(event, sink);
  } else if (type == "messageStart") {
    emit_role(sink);
  } else if (type == "messageStop") {
    return on_message_stop(event, sink);
  } else if (type == "metadata") {
    on_metadata(event, sink);
  } else {
    ++facts_.unknown_items;
  }
  return {};
}

Result<void> ConverseStream::on_block_start(Value event, DeltaSink& sink) {
  emit_role(sink);
  const auto start = event.find_present("start");
  if (!start) return {};
  const auto tool = start->find_present("toolUse");
  const auto type = tool ? text_of(*tool, "type") : std::nullopt;
  const bool client = tool && !(type && type->escaped() == "server_tool_use");
  BlockState* block = block_at(event, BlockState::Kind::ignored);
  if (block == nullptr) return fail(ErrorKind::upstream_stream_corrupt, "too many content blocks");
  if (client) {
    start_tool(*block, text_of(*tool, "toolUseId").value_or(Text()),
               text_of(*tool, "name").value_or(Text()), sink);
  } else if (!tool && !start->find("toolResult") && !start->children().empty()) {
    ++facts_.unknown_items;
  }
  return {};
}

Result<void> ConverseStream::on_block_delta(Value event, DeltaSink& sink) {
  emit_role(sink);
  const auto delta = event.find_present("delta");
  if (!delta) return {};
  BlockState* block = block_at(event, BlockState::Kind::text);
  if (block == nullptr) return fail(ErrorKind::upstream_stream_corrupt, "too many content blocks");
  if (const auto text = text_of(*delta, "text")) {
    emit_text(Kind::text, *text, *block, sink);
  } else if (const auto tool = delta->find_present("toolUse")) {
    on_tool_delta(*tool, *block, sink);
  } else if (const auto reasoning = delta->find_present("reasoningContent")) {
    on_reasoning_delta(*reasoning, *block, sink);
  } else if (!delta->find("toolResult") && !delta->find("citation")) {
    ++facts_.unknown_items;
  }
  return {};
}

void ConverseStream::on_tool_delta(Value delta, BlockState& block, DeltaSink& sink) {
  if (block.kind == BlockState::Kind::ignored) return;
  if (block.kind != BlockState::Kind::client_tool) {
    // Some proxies leave the start out.
    const std::string id = "tooluse_" + std::to_string(next_tool_);
    start_tool(block, Text::from_escaped(id), Text(), sink);
  }
  const auto input = text_of(delta, "input");
  if (!input || input->empty()) return;
  block.has_arguments = true;
  emit_text(Kind::tool_call_args, *input, block, sink);
}

void ConverseStream::on_reasoning_delta(Value delta, BlockState& block, DeltaSink& sink) {
  block.kind = BlockState::Kind::reasoning;
  if (const auto text = text_of(delta, "text")) {
    emit_text(Kind::reasoning, *text, block, sink);
  } else if (const auto signature = text_of(delta, "signature")) {
    flush_held(block, sink);  // what is held comes before its signature
    emit_piece(Kind::signature, *signature, block, sink);
  } else if (const auto redacted = text_of(delta, "redactedContent")) {
    emit_piece(Kind::redacted, *redacted, block, sink);
  } else {
    ++facts_.unknown_items;
  }
}

void ConverseStream::on_block_stop(Value event, DeltaSink& sink) {
  emit_role(sink);
  const auto index = event.find("contentBlockIndex");
  const auto number = index ? index->as_integer() : std::nullopt;
  const auto block = std::find_if(blocks_.begin(), blocks_.end(), [&](const BlockState& state) {
    return state.index == number.value_or(0);
  });
  if (block == blocks_.end()) return;
  flush_held(*block, sink);
  if (block->kind == BlockState::Kind::client_tool && !block->has_arguments) {
    block->has_arguments = true;
    emit_piece(Kind::tool_call_args, Text::literal("{}"), *block, sink);
  }
}

Result<void> ConverseStream::on_message_stop(Value event, DeltaSink& sink) {
  emit_role(sink);
  if (saw_stop_) return {};
  const Text word = text_of(event, "stopReason").value_or(Text());
  const Stop stop =
      decode_stop_reason(word.escaped(), next_tool_ == 0 ? ClientCalls::none : ClientCalls::some);
  facts_.stop_reason = clean_word(word.escaped());
  if (stop.kind == StopKind::malformed) return Unexpected{malformed_output(word.escaped())};
  if (stop.kind == StopKind::unknown) ++facts_.unknown_items;
  for (BlockState& block : blocks_) {
    // Recorded streams leave contentBlockStop out; an answer that was cut off is not completed.
    const bool bare = block.kind == BlockState::Kind::client_tool && !block.has_arguments;
    flush_held(block, sink);
    if (bare && !is_cut_off(word.escaped())) {
      block.has_arguments = true;
      emit_piece(Kind::tool_call_args, Text::literal("{}"), block, sink);
    }
  }
  saw_stop_ = true;
  finish_ = stop.finish;
  if (saw_metadata_) emit_end(sink);
  return {};
}

void ConverseStream::on_metadata(Value event, DeltaSink& sink) {
  emit_role(sink);
  saw_metadata_ = true;
  if (const auto usage = event.find_present("usage")) usage_ = decode_usage(*usage);
  facts_.latency_ms = decode_latency_ms(event);
  service_tier_ = decode_service_tier(event).escaped();
  if (saw_stop_) emit_end(sink);
}

ConverseStream::BlockState* ConverseStream::block_at(Value event, BlockState::Kind kind) {
  const auto value = event.find("contentBlockIndex");
  const std::int64_t index = value ? value->as_integer().value_or(0) : 0;
  // The latest blocks are the likeliest.
  const auto found = std::find_if(blocks_.rbegin(), blocks_.rend(),
                                  [&](const BlockState& state) { return state.index == index; });
  if (found != blocks_.rend()) return &*found;
  if (blocks_.size() == kMaxBlocks) return nullptr;
  BlockState& block = blocks_.emplace_back();
  block.index = index;
  block.kind = kind;
  return &block;
}

void ConverseStream::start_tool(BlockState& block, Text id, Text name, DeltaSink& sink) {
  if (block.kind == BlockState::Kind::client_tool) return;  // a start that came twice
  block.kind = BlockState::Kind::client_tool;
  block.tool_index = next_tool_++;
  ChatDelta delta;
  delta.kind = Kind::tool_call_start;
  delta.tool_index = block.tool_index;
  delta.id = id;
  delta.name = client_tool_name(context_, name);
  sink.on_delta(delta);
}

void ConverseStream::flush_held(BlockState& block, DeltaSink& sink) {
  if (block.held.empty()) return;
  block.held.clear();
  const Kind kind = block.kind == BlockState::Kind::client_tool ? Kind::tool_call_args
                    : block.kind == BlockState::Kind::reasoning ? Kind::reasoning
                                                                : Kind::text;
  emit_piece(kind, Text::from_escaped(kReplacement), block, sink);
}

void ConverseStream::emit_role(DeltaSink& sink) {
  if (role_sent_) return;
  role_sent_ = true;
  ChatDelta delta;
  delta.kind = Kind::role;
  sink.on_delta(delta);
}

void ConverseStream::emit_piece(ChatDelta::Kind kind, Text text, const BlockState& block,
                                DeltaSink& sink) {
  if (text.empty()) return;
  ChatDelta delta;
  delta.kind = kind;
  delta.text = text;
  delta.tool_index = block.tool_index;
  sink.on_delta(delta);
}

void ConverseStream::emit_text(ChatDelta::Kind kind, Text text, BlockState& block,
                               DeltaSink& sink) {
  if (text.empty()) return;
  if (masked_.empty() && block.held.empty()) return emit_piece(kind, text, block, sink);
  // A half at either end of this text may belong to one of the texts beside it.
  const std::string_view sent = original(text);
  std::string_view rest = text.escaped();
  joined_.clear();
  if (!block.held.empty()) {
    const bool pair = starts_with_low_surrogate(sent);
    joined_.append(pair ? std::string_view(block.held) : kReplacement);
    if (pair) {
      joined_.append(sent.substr(0, kSurrogateEscape));
      rest.remove_prefix(kSurrogateEscape);
    }
    block.held.clear();
  }
  if (ends_with_high_surrogate(sent)) {
    block.held = sent.substr(sent.size() - kSurrogateEscape);
    rest.remove_suffix(kSurrogateEscape);
  }
  joined_.append(rest);
  emit_piece(kind, Text::from_escaped(joined_), block, sink);
}

void ConverseStream::emit_end(DeltaSink& sink) {
  complete_ = true;
  ChatDelta delta;
  delta.kind = Kind::finish;
  delta.finish = finish_;
  delta.service_tier = Text::from_escaped(service_tier_);
  sink.on_delta(delta);
  if (!usage_) return;
  delta.kind = Kind::usage;
  delta.usage = usage_;
  sink.on_delta(delta);
}

std::optional<Value> ConverseStream::read_payload(std::string_view payload) {
  payload_ = payload;
  masked_.clear();
  if (const auto value = reader_.read(payload)) return *value;
  std::string copy(payload);
  if (!mask_lone_surrogates(copy)) return std::nullopt;
  masked_.append(copy);
  const auto value = reader_.read(masked_);
  return value ? std::optional(*value) : std::nullopt;
}

std::string_view ConverseStream::original(Text text) const {
  if (masked_.empty()) return text.escaped();
  // The masked copy has every byte where the payload has it.
  const auto offset = static_cast<std::size_t>(text.escaped().data() - masked_.view().data());
  return payload_.substr(offset, text.escaped().size());
}

std::unique_ptr<StreamDecoder> make_converse_stream(ReplyContext context) {
  return std::make_unique<ConverseStream>(std::move(context));
}

}  // namespace oriel::convert::bedrock
