#include "convert/bedrock/converse_messages.h"

#include <utility>

#include "convert/bedrock/cache_points.h"

namespace oriel::convert::bedrock {
namespace {

using json::Writer;

constexpr std::size_t kBlockOverhead = 96;  // braces, keys and quotes around one block
constexpr std::size_t kCachePoint = 48;     // with its braces

std::size_t size_of(const Block& block) {
  std::size_t size = kBlockOverhead + block.text.escaped().size() + block.base64.size() +
                     block.input.text.size() + block.id.escaped().size() +
                     block.name.escaped().size() + block.uri.escaped().size() +
                     block.signature.escaped().size() + block.redacted.escaped().size();
  if (block.cache != CacheMark::none) size += kCachePoint;
  for (const Block& inner : block.content) size += size_of(inner);
  return size;
}

// {"image":{"format":…,"source":{"bytes":…}}}; documents have a name besides.
void write_media(std::string_view key, const Block& block, Writer& writer) {
  writer.key(key).begin_object();
  writer.key("format").text(Text::from_escaped(block.format));
  if (block.kind == Block::Kind::document) writer.key("name").text(block.name);
  writer.key("source").begin_object();
  if (block.uri.empty()) {
    // Base64 needs no escapes.
    writer.key("bytes").text(Text::from_escaped(block.base64));
  } else {
    writer.key("s3Location").begin_object().key("uri").text(block.uri).end_object();
  }
  writer.end_object().end_object();
}

void write_guarded_text(const Block& block, Writer& writer) {
  constexpr std::pair<GuardQualifier, Text> kQualifiers[] = {
      {GuardQualifier::grounding_source, Text::literal("grounding_source")},
      {GuardQualifier::query, Text::literal("query")},
      {GuardQualifier::guard_content, Text::literal("guard_content")},
  };
  writer.key("guardContent").begin_object().key("text").begin_object();
  writer.key("text").text(block.text);
  if (block.guard_qualifiers != 0) {
    writer.key("qualifiers").begin_array();
    for (const auto& [bit, word] : kQualifiers) {
      if ((block.guard_qualifiers & static_cast<unsigned>(bit)) != 0) writer.text(word);
    }
    writer.end_array();
  }
  writer.end_object().end_object();
}

void write_reasoning_content(const Block& block, Writer& writer) {
  writer.key("reasoningContent").begin_object();
  if (block.redacted.empty()) {
    writer.key("reasoningText").begin_object();
    writer.key("text").text(block.text).key("signature").text(block.signature);
    writer.end_object();
  } else {
    writer.key("redactedContent").text(block.redacted);
  }
  writer.end_object();
}

void write_block(const Block& block, Writer& writer) {
  writer.begin_object();
  switch (block.kind) {
    case Block::Kind::text: writer.key("text").text(block.text); break;
    case Block::Kind::image: write_media("image", block, writer); break;
    case Block::Kind::document: write_media("document", block, writer); break;
    case Block::Kind::audio: write_media("audio", block, writer); break;
    case Block::Kind::video: write_media("video", block, writer); break;
    case Block::Kind::guarded_text: write_guarded_text(block, writer); break;
    case Block::Kind::reasoning: write_reasoning_content(block, writer); break;
    case Block::Kind::tool_use:
      writer.key("toolUse").begin_object();
      writer.key("toolUseId").text(block.id).key("name").text(block.name);
      writer.key("input").raw(block.input).end_object();
      break;
    case Block::Kind::tool_result:
      writer.key("toolResult").begin_object().key("toolUseId").text(block.id);
      writer.key("content").begin_array();
      for (const Block& inner : block.content) write_block(inner, writer);
      writer.end_array();
      if (block.failed) writer.key("status").text(Text::literal("error"));
      writer.end_object();
      break;
  }
  writer.end_object();
  write_cache_point(block.cache, writer);
}

}  // namespace

std::size_t size_of(const Conversation& conversation) {
  std::size_t size = 0;
  for (const SystemText& system : conversation.system) {
    size += kBlockOverhead + system.text.escaped().size();
  }
  for (const Turn& turn : conversation.turns) {
    size += kBlockOverhead;
    for (const Block& block : turn.blocks) size += size_of(block);
  }
  return size;
}

void write_messages(const Conversation& conversation, Writer& writer) {
  writer.key("messages").begin_array();
  for (const Turn& turn : conversation.turns) {
    const bool user = turn.role == Turn::Role::user;
    writer.begin_object().key("role");
    writer.text(user ? Text::literal("user") : Text::literal("assistant"));
    writer.key("content").begin_array();
    for (const Block& block : turn.blocks) write_block(block, writer);
    writer.end_array().end_object();
  }
  writer.end_array();
}

void write_system(const Conversation& conversation, Writer& writer) {
  if (conversation.system.empty()) return;
  writer.key("system").begin_array();
  for (const SystemText& system : conversation.system) {
    writer.begin_object().key("text").text(system.text).end_object();
    write_cache_point(system.cache, writer);
  }
  writer.end_array();
}

}  // namespace oriel::convert::bedrock
