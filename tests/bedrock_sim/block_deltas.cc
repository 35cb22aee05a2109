#include "tests/bedrock_sim/block_deltas.h"

#include <algorithm>

#include "tests/bedrock_sim/json_out.h"

namespace oriel::sim {
namespace {

// `{"text":"..."}`, or with an outer member `{"reasoningContent":{"text":"..."}}`.
std::string text_delta(std::string_view outer, std::string_view inner, std::string_view text) {
  std::string out;
  JsonOut json(out);
  json.open();
  if (!outer.empty()) json.key(outer).open();
  json.field(inner, text);
  if (!outer.empty()) json.close();
  json.close();
  return out;
}

class Pieces {
 public:
  Pieces(const Block& block, std::size_t chunk, const Directives& directives)
      : block_(block), chunk_(chunk), directives_(directives) {}

  std::vector<std::string> make() {
    switch (block_.kind) {
      case Block::Kind::kText: texts("", "text"); break;
      case Block::Kind::kCitations:
        texts("", "text");
        for (const std::string& citation : block_.citations) {
          out_.push_back("{\"citation\":" + citation + "}");
        }
        break;
      case Block::Kind::kToolUse:
      case Block::Kind::kServerCall:
        // A call without arguments streams no input at all.
        if (block_.text != "{}" && !directives_.has("no_input")) texts("toolUse", "input");
        break;
      case Block::Kind::kReasoning:
        texts("reasoningContent", "text");
        if (!block_.signature.empty()) {
          out_.push_back(text_delta("reasoningContent", "signature", block_.signature));
        }
        break;
      case Block::Kind::kRedacted:
        out_.push_back(text_delta("reasoningContent", "redactedContent", block_.text));
        break;
      case Block::Kind::kServerResult:
        out_.push_back("{\"toolResult\":[" + text_delta("", "text", block_.text) + "]}");
        break;
      case Block::Kind::kImage: images(); break;
      case Block::Kind::kAudio: break;  // ConverseStream has no audio.
      case Block::Kind::kUnknown: out_.emplace_back(R"({"hologram":{"depth":3}})"); break;
    }
    return std::move(out_);
  }

 private:
  void texts(std::string_view outer, std::string_view inner) {
    const std::string_view text = block_.text;
    std::size_t at = 0;
    while (at < text.size()) {
      std::size_t end = std::min(at + chunk_, text.size());
      while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) ++end;
      if (directives_.has("empty_deltas")) out_.push_back(text_delta(outer, inner, ""));
      out_.push_back(text_delta(outer, inner, text.substr(at, end - at)));
      at = end;
    }
    if (!outer.empty() || !directives_.has("surrogates")) return;
    // The halves of an emoji, in a delta each; a lone one has no second half.
    const bool lone = directives_.is("surrogates", "lone");
    out_.emplace_back(R"({"text":"\ud83d"})");
    out_.emplace_back(lone ? R"({"text":"!"})" : R"({"text":"\ude00"})");
  }

  void images() {
    if (block_.failed) {
      out_.emplace_back(R"({"image":{"error":{"message":"The image could not be made."}}})");
      return;
    }
    // Each piece is base64 by itself.
    const std::size_t size = (chunk_ + 3) / 4 * 4;
    for (std::size_t at = 0; at < block_.text.size(); at += size) {
      const std::string source =
          text_delta("source", "bytes", std::string_view(block_.text).substr(at, size));
      out_.push_back("{\"image\":" + source + "}");
    }
  }

  const Block& block_;
  std::size_t chunk_;
  const Directives& directives_;
  std::vector<std::string> out_;
};

}  // namespace

std::string start_of(const Block& block) {
  std::string out;
  JsonOut json(out);
  switch (block.kind) {
    case Block::Kind::kToolUse:
    case Block::Kind::kServerCall:
      json.open().key("toolUse").open().field("toolUseId", block.id).field("name", block.name);
      if (block.kind == Block::Kind::kServerCall) json.field("type", "server_tool_use");
      json.close().close();
      break;
    case Block::Kind::kServerResult:
      json.open().key("toolResult").open().field("toolUseId", block.id);
      json.field("type", block.name).field("status", "success").close().close();
      break;
    case Block::Kind::kImage:
      json.open().key("image").open().field("format", block.name).close().close();
      break;
    case Block::Kind::kUnknown: json.open().key("hologram").open().close().close(); break;
    default: break;
  }
  return out;
}

std::vector<std::string> deltas_of(const Block& block, std::size_t chunk,
                                   const Directives& directives) {
  return Pieces(block, chunk, directives).make();
}

}  // namespace oriel::sim
