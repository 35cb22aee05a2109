#include "convert/bedrock/converse_stream.h"

#include <algorithm>
#include <utility>

#include "convert/bedrock/citations.h"
#include "convert/bedrock/errors.h"
#include "convert/bedrock/surrogates.h"

namespace oriel::convert::bedrock {
namespace {

using Kind = ChatDelta::Kind;
using json::Value;

constexpr std::string_view kReplacement = "\\ufffd";
constexpr std::size_t kPerCitation = 64;  // bytes that a kept one costs besides its text

Unexpected<Error> fail(ErrorKind kind, std::string_view why) {
  Error error;
  error.kind = kind;
  error.detail = why;
  return Unexpected{std::move(error)};
}

Unexpected<Error> fail_corrupt(std::string_view why) {
  return fail(ErrorKind::upstream_stream_corrupt, why);
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
  return end(sink);
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
    return fail_corrupt("an event is not a JSON object");
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
    return on_metadata(event, sink);
  } else {
    facts_.count(UnknownItem::event);
  }
  return {};
}

Result<void> ConverseStream::on_block_start(Value event, DeltaSink& sink) {
  emit_role(sink);
  const auto start = event.find_present("start");
  if (!start) return {};
  BlockState* block = block_at(event, BlockState::Kind::ignored);
  if (block == nullptr) return fail_corrupt("too many content blocks");
  if (const auto tool = start->find_present("toolUse")) {
    const auto type = text_of(*tool, "type");
    if (type && type->escaped() == "server_tool_use") return {};
    start_tool(*block, text_of(*tool, "toolUseId").value_or(Text()),
               text_of(*tool, "name").value_or(Text()), sink);
  } else if (const auto image = start->find_present("image")) {
    block->kind = BlockState::Kind::picture;
    kept(*block).picture_format = picture_format(*image);
  } else if (!start->find("toolResult") && !start->children().empty()) {
    facts_.count(UnknownItem::block);
  }
  return {};
}

Result<void> ConverseStream::on_block_delta(Value event, DeltaSink& sink) {
  emit_role(sink);
  const auto delta = event.find_present("delta");
  if (!delta) return {};
  BlockState* block = block_at(event, BlockState::Kind::text);
  if (block == nullptr) return fail_corrupt("too many content blocks");
  if (const auto text = text_of(*delta, "text")) {
    if (become(BlockState::Kind::text, *block, sink)) return emit_text(*text, *block, sink);
    return {};
  }
  if (const auto tool = delta->find_present("toolUse")) return on_tool_delta(*tool, *block, sink);
  if (const auto reasoning = delta->find_present("reasoningContent")) {
    on_reasoning_delta(*reasoning, *block, sink);
  } else if (const auto citation = delta->find_present("citation")) {
    return on_citation_delta(*citation, *block);
  } else if (const auto image = delta->find_present("image")) {
    return on_picture_delta(*image, *block);
  } else if (!delta->find("toolResult")) {
    facts_.count(UnknownItem::member);
  }
  return {};
}

Result<void> ConverseStream::on_tool_delta(Value delta, BlockState& block, DeltaSink& sink) {
  if (block.kind == BlockState::Kind::ignored) return {};
  if (block.kind != BlockState::Kind::tool) {
    // Some proxies leave the start out.
    const std::string id = "tooluse_" + std::to_string(next_tool_);
    start_tool(block, Text::from_escaped(id), Text(), sink);
  }
  return emit_text(text_of(delta, "input").value_or(Text()), block, sink);
}

void ConverseStream::on_reasoning_delta(Value delta, BlockState& block, DeltaSink& sink) {
  if (!become(BlockState::Kind::reasoning, block, sink)) return;
  if (const auto text = text_of(delta, "text")) {
    (void)emit_text(*text, block, sink);  // reasoning is not kept and can not fail
  } else if (const auto signature = text_of(delta, "signature")) {
    flush_held(block, sink);  // what is held comes before its signature
    emit(Kind::signature, *signature, sink);
  } else if (const auto redacted = text_of(delta, "redactedContent")) {
    emit(Kind::redacted, *redacted, sink);
  } else {
    facts_.count(UnknownItem::member);
  }
}

bool ConverseStream::become(BlockState::Kind kind, BlockState& block, DeltaSink& sink) {
  if (block.kind == kind) return true;
  if (block.kind == BlockState::Kind::tool) {
    facts_.count(UnknownItem::member);
    return false;
  }
  flush_held(block, sink);
  block.kind = kind;
  return true;
}

Result<void> ConverseStream::on_picture_delta(Value delta, BlockState& block) {
  if (block.kind != BlockState::Kind::picture) {
    facts_.count(UnknownItem::member);
    return {};
  }
  Arena arena;
  const std::string_view bytes = picture_bytes(delta, arena);
  if (bytes.empty()) facts_.count(UnknownItem::member);  // an error, or no base64
  if (auto kept_too = keep(bytes.size()); !kept_too) return kept_too;
  kept(block).picture.append(bytes);
  return {};
}

Result<void> ConverseStream::on_citation_delta(Value delta, BlockState& block) {
  const std::string_view object = delta.raw().text;
  if (auto kept_too = keep(object.size() + kPerCitation); !kept_too) return kept_too;
  kept(block).citations.emplace_back(object);
  return {};
}

void ConverseStream::on_block_stop(Value event, DeltaSink& sink) {
  emit_role(sink);
  const auto index = event.find("contentBlockIndex");
  const auto number = index ? index->as_integer() : std::nullopt;
  const auto block = std::find_if(blocks_.begin(), blocks_.end(), [&](const BlockState& state) {
    return state.index == number.value_or(0);
  });
  if (block != blocks_.end()) end_block(*block, Ending::whole, sink);
}

Result<void> ConverseStream::on_message_stop(Value event, DeltaSink& sink) {
  emit_role(sink);
  if (saw_stop_) return {};
  const Text word = text_of(event, "stopReason").value_or(Text());
  const Stop stop =
      decode_stop_reason(word.escaped(), next_tool_ == 0 ? ClientCalls::none : ClientCalls::some);
  facts_.stop_reason = clean_word(word.escaped());
  malformed_ = stop.kind == StopKind::malformed;
  if (stop.kind == StopKind::unknown) facts_.count(UnknownItem::stop_reason);
  saw_stop_ = true;
  if (malformed_) return saw_metadata_ ? end(sink) : Result<void>();
  // Recorded streams leave contentBlockStop out; an answer that was cut off is not completed.
  const Ending ending = is_cut_off(word.escaped()) ? Ending::cut_off : Ending::whole;
  for (BlockState& block : blocks_) end_block(block, ending, sink);
  content_.finish(sink);
  finish_ = client_finish(stop.finish, context_);
  return saw_metadata_ ? end(sink) : Result<void>();
}

Result<void> ConverseStream::on_metadata(Value event, DeltaSink& sink) {
  emit_role(sink);
  saw_metadata_ = true;
  if (const auto usage = event.find_present("usage")) usage_ = decode_usage(*usage, context_);
  facts_.latency_ms = decode_latency_ms(event);
  service_tier_ = decode_service_tier(event).escaped();
  return saw_stop_ ? end(sink) : Result<void>();
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
  block.begin = content_.points();
  return &block;
}

ConverseStream::Kept& ConverseStream::kept(BlockState& block) {
  if (!block.kept) block.kept = std::make_unique<Kept>();
  return *block.kept;
}

Result<void> ConverseStream::keep(std::size_t size) {
  kept_size_ += size;
  if (kept_size_ > kMaxKept) return fail_corrupt("too much to keep");
  return {};
}

void ConverseStream::start_tool(BlockState& block, Text id, Text name, DeltaSink& sink) {
  if (block.kind == BlockState::Kind::tool) return;  // a start that came twice
  const ToolRole role = tool_role(context_, name);
  block.kind = role == ToolRole::none ? BlockState::Kind::ignored : BlockState::Kind::tool;
  block.role = role;
  if (!is_client_call(role)) return;
  block.tool_index = next_tool_++;
  ChatDelta delta;
  delta.kind = Kind::tool_call_start;
  delta.tool_index = block.tool_index;
  delta.custom_tool = role == ToolRole::custom;
  delta.legacy_function = context_.legacy_functions;
  delta.id = id;
  delta.name = client_tool_name(context_, name);
  sink.on_delta(delta);
}

void ConverseStream::end_block(BlockState& block, Ending ending, DeltaSink& sink) {
  if (block.ended) return;
  block.ended = true;
  flush_held(block, sink);
  if (block.kind == BlockState::Kind::tool) end_tool(block, ending, sink);
  if (!block.kept) return;
  if (block.kind == BlockState::Kind::picture && !block.kept->picture.text().empty()) {
    ChatDelta delta;
    delta.kind = Kind::image;
    delta.media.format = block.kept->picture_format;
    delta.media.base64 = block.kept->picture.text();
    if (delta.media.format.empty()) {
      facts_.count(UnknownItem::member);
    } else {
      sink.on_delta(delta);
    }
  }
  end_citations(block, sink);
  block.kept.reset();
}

void ConverseStream::end_tool(BlockState& block, Ending ending, DeltaSink& sink) {
  const bool whole = ending == Ending::whole;
  if (!block.has_arguments) {
    const bool object = block.role == ToolRole::client || block.role == ToolRole::wrapped;
    if (object && whole) emit_arguments(Text::literal("{}"), block, sink);
    return;
  }
  if (!is_wrapped(block.role)) return;
  Arena arena;
  const Text sent = Text::from_escaped(block.kept->input);
  const json::PaddedBuffer input(json::unescape(sent));
  const auto value = kept_reader_.read(input);
  const bool content = block.role == ToolRole::wrapped_format;
  if (!value && !whole && !content) return;
  const Text text = value ? client_input(*value, block.role, arena) : sent;
  if (!content) {
    emit_arguments(text, block, sink);
  } else if (next_tool_ == 0) {
    content_.format(text, sink);
  }
}

void ConverseStream::end_citations(const BlockState& block, DeltaSink& sink) {
  ChatDelta delta;
  delta.kind = Kind::citation;
  for (const std::string& object : block.kept->citations) {
    const json::PaddedBuffer copy(object);
    const auto value = kept_reader_.read(copy);
    if (!value) continue;  // it was read once, as a part of its event
    delta.citation = read_citation(*value);
    delta.citation.begin = block.begin;
    delta.citation.end = content_.points();
    sink.on_delta(delta);
  }
}

void ConverseStream::flush_held(BlockState& block, DeltaSink& sink) {
  if (block.held.empty()) return;
  block.held.clear();
  (void)emit_piece(Text::from_escaped(kReplacement), block, sink);  // too small to fail
}

void ConverseStream::emit_role(DeltaSink& sink) {
  if (role_sent_) return;
  role_sent_ = true;
  ChatDelta delta;
  delta.kind = Kind::role;
  sink.on_delta(delta);
}

void ConverseStream::emit(ChatDelta::Kind kind, Text text, DeltaSink& sink) {
  if (text.empty()) return;
  ChatDelta delta;
  delta.kind = kind;
  delta.text = text;
  sink.on_delta(delta);
}

void ConverseStream::emit_arguments(Text text, const BlockState& block, DeltaSink& sink) {
  if (text.empty()) return;
  ChatDelta delta;
  delta.kind = Kind::tool_call_args;
  delta.text = text;
  delta.tool_index = block.tool_index;
  delta.custom_tool = block.role == ToolRole::custom;
  delta.legacy_function = context_.legacy_functions;
  sink.on_delta(delta);
}

Result<void> ConverseStream::emit_input(Text text, BlockState& block, DeltaSink& sink) {
  block.has_arguments = true;
  if (is_wrapped(block.role)) {
    std::string& input = kept(block).input;
    if (input.size() + text.escaped().size() > kMaxInput) return fail_corrupt("a tool's input");
    if (auto kept_too = keep(text.escaped().size()); !kept_too) return kept_too;
    input.append(text.escaped());
  } else if (block.role == ToolRole::client) {
    emit_arguments(text, block, sink);
  } else if (next_tool_ == 0) {  // beside real calls the format's tool does not count
    content_.format(text, sink);
  }
  return {};
}

Result<void> ConverseStream::emit_piece(Text text, BlockState& block, DeltaSink& sink) {
  switch (block.kind) {
    case BlockState::Kind::text: content_.text(text, sink); break;
    case BlockState::Kind::reasoning: emit(Kind::reasoning, text, sink); break;
    case BlockState::Kind::tool: return emit_input(text, block, sink);
    case BlockState::Kind::picture:
    case BlockState::Kind::ignored: break;
  }
  return {};
}

Result<void> ConverseStream::emit_text(Text text, BlockState& block, DeltaSink& sink) {
  if (text.empty()) return {};
  if (masked_.empty() && block.held.empty()) return emit_piece(text, block, sink);
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
  if (joined_.empty()) return {};
  return emit_piece(Text::from_escaped(joined_), block, sink);
}

// Everything was said, what it cost as well; or upstream does not say that.
Result<void> ConverseStream::end(DeltaSink& sink) {
  if (malformed_) {
    Error error = malformed_output(facts_.stop_reason);
    error.usage = usage_;
    return Unexpected{std::move(error)};
  }
  complete_ = true;
  ChatDelta delta;
  delta.kind = Kind::finish;
  delta.finish = finish_;
  delta.service_tier = Text::from_escaped(service_tier_);
  sink.on_delta(delta);
  if (!usage_) return {};
  delta.kind = Kind::usage;
  delta.usage = usage_;
  sink.on_delta(delta);
  return {};
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
