#include "convert/replay.h"

#include <algorithm>
#include <string_view>

namespace oriel::convert {
namespace {

using Kind = ChatDelta::Kind;

constexpr std::size_t kUnicodeEscape = 6;  // \uXXXX

// Length of the valid escape at `at`; both halves of a surrogate pair are one.
std::size_t escape_length(std::string_view text, std::size_t at) {
  if (text[at + 1] != 'u') return 2;
  const bool high = (text[at + 2] == 'd' || text[at + 2] == 'D') &&
                    std::string_view("89abAB").find(text[at + 3]) != std::string_view::npos;
  return high ? 2 * kUnicodeEscape : kUnicodeEscape;
}

// How much of `text` is one piece: whole characters and whole escapes.
std::size_t piece_length(std::string_view text) {
  if (text.size() <= kReplayPiece) return text.size();
  const std::size_t cut = json::clip_utf8(text, kReplayPiece).size();
  for (std::size_t at = text.find('\\'); at < cut; at = text.find('\\', at)) {
    const std::size_t end = at + escape_length(text, at);
    if (end > cut) return at;
    at = end;
  }
  return cut;
}

class Replay {
 public:
  Replay(const ChatReply& reply, std::uint32_t choice, DeltaSink& sink)
      : reply_(reply), sink_(sink) {
    delta_.choice = choice;
  }

  void run() {
    send(Kind::role);
    for (const ReasoningBlock& block : reply_.reasoning) {
      send_pieces(Kind::reasoning, block.text);
      send_text(Kind::signature, block.signature);
      send_text(Kind::redacted, block.redacted);
    }
    for (const Text text : reply_.texts) send_pieces(Kind::text, text);
    for (const Citation& citation : reply_.citations) {
      delta_.citation = citation;
      send(Kind::citation);
    }
    for (const Media& image : reply_.images) {
      delta_.media = image;
      send(Kind::image);
    }
    send_calls();
    delta_.finish = reply_.finish;
    delta_.service_tier = reply_.service_tier;
    send(Kind::finish);
  }

 private:
  void send(Kind kind) {
    delta_.kind = kind;
    sink_.on_delta(delta_);
  }
  void send_text(Kind kind, Text text) {
    if (text.empty()) return;
    delta_.text = text;
    send(kind);
  }
  void send_pieces(Kind kind, Text text) {
    for (std::string_view rest = text.escaped(); !rest.empty();) {
      const std::size_t length = piece_length(rest);
      send_text(kind, Text::from_escaped(rest.substr(0, length)));
      rest.remove_prefix(length);
    }
  }
  void send_calls() {
    std::uint32_t index = 0;
    for (const ToolCall& call : reply_.tool_calls) {
      delta_.tool_index = index++;
      delta_.custom_tool = call.custom;
      delta_.legacy_function = reply_.legacy_functions;
      delta_.id = call.id;
      delta_.name = call.name;
      send(Kind::tool_call_start);
      send_text(Kind::tool_call_args, call.arguments);
    }
  }

  const ChatReply& reply_;
  DeltaSink& sink_;
  ChatDelta delta_;
};

void send_usage(const std::optional<Usage>& usage, const ChatReply& reply, DeltaSink& sink) {
  if (!usage) return;
  ChatDelta delta;
  delta.kind = Kind::usage;
  delta.usage = usage;
  delta.service_tier = reply.service_tier;
  sink.on_delta(delta);
}

}  // namespace

void replay(const ChatReply& reply, std::uint32_t choice, DeltaSink& sink) {
  Replay(reply, choice, sink).run();
  send_usage(reply.usage, reply, sink);
}

void replay(std::span<const ChatReply> replies, DeltaSink& sink) {
  if (replies.empty()) return;
  std::uint32_t choice = 0;
  for (const ChatReply& reply : replies) Replay(reply, choice++, sink).run();
  send_usage(usage_of(replies), replies.front(), sink);
}

}  // namespace oriel::convert
