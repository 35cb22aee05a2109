#include "tests/bedrock_sim/stream_frames.h"

#include "tests/bedrock_sim/frames.h"
#include "tests/bedrock_sim/json_out.h"
#include "tests/bedrock_sim/reply.h"

namespace oriel::sim {
namespace {

constexpr std::string_view kPadding =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

class FrameMaker {
 public:
  FrameMaker(const Answer& answer, std::size_t chunk, std::int64_t latency_ms,
             std::mt19937_64& random)
      : answer_(answer), chunk_(chunk), latency_ms_(latency_ms), random_(random) {}

  StreamFrames make() {
    emit("messageStart", [](JsonOut& json) { json.field("role", "assistant"); });
    if (answer_.directives.has("interleave")) {
      interleaved();
    } else {
      for (std::size_t i = 0; i < answer_.blocks.size(); ++i) {
        start(i);
        std::size_t at = 0;
        while (delta(i, at)) {
        }
        if (!answer_.directives.has("missing_stop") || i + 1 < answer_.blocks.size()) stop(i);
      }
    }
    out_.message_stop = out_.frames.size();
    emit("messageStop", [this](JsonOut& json) {
      json.field("stopReason", answer_.stop_reason);
      if (answer_.stop_sequence_wanted) {
        json.key("additionalModelResponseFields").open();
        json.field("stop_sequence", answer_.stop_sequence).close();
      }
    });
    if (!answer_.directives.has("no_metadata")) metadata();
    return std::move(out_);
  }

 private:
  template <typename Fill>
  void emit(std::string_view type, Fill fill, bool is_delta = false) {
    payload_.clear();
    JsonOut json(payload_);
    json.open();
    fill(json);
    json.field("p", kPadding.substr(0, 1 + random_() % kPadding.size()));
    json.close();
    append_event(out_.bytes, type, payload_);
    out_.frames.push_back({out_.bytes.size(), is_delta});
    if (is_delta && answer_.directives.has("unknown_event") && !unknown_sent_) {
      unknown_sent_ = true;
      append_event(out_.bytes, "somethingNew", R"({"of":"the future"})");
      out_.frames.push_back({out_.bytes.size(), false});
    }
  }

  void start(std::size_t index) {
    const Block& block = answer_.blocks[index];
    if (block.kind != Block::Kind::kToolUse) return;
    emit("contentBlockStart", [&](JsonOut& json) {
      json.field("contentBlockIndex", static_cast<std::int64_t>(index));
      json.key("start").open().key("toolUse").open();
      json.field("toolUseId", block.id).field("name", block.name).close().close();
    });
  }

  void stop(std::size_t index) {
    emit("contentBlockStop", [index](JsonOut& json) {
      json.field("contentBlockIndex", static_cast<std::int64_t>(index));
    });
  }

  // Emits the delta that starts at byte `at` of the block's text and moves `at` on. False: none was
  // left. The signature of a reasoning block is a delta of its own, after the text.
  bool delta(std::size_t index, std::size_t& at) {
    const Block& block = answer_.blocks[index];
    // A call without arguments streams no input at all.
    if (block.kind == Block::Kind::kToolUse && block.text == "{}") return false;
    if (at > block.text.size()) return false;
    if (at == block.text.size()) {
      ++at;
      if (block.signature.empty()) return false;
      emit_delta(index, [&](JsonOut& json) {
        json.key("reasoningContent").open().field("signature", block.signature).close();
      });
      return false;
    }
    std::size_t end = std::min(at + chunk_, block.text.size());
    if (block.kind == Block::Kind::kRedacted) end = block.text.size();
    while (end < block.text.size() &&
           (static_cast<unsigned char>(block.text[end]) & 0xC0) == 0x80) {
      ++end;
    }
    const std::string_view piece = std::string_view(block.text).substr(at, end - at);
    at = end;
    emit_delta(index, [&](JsonOut& json) {
      switch (block.kind) {
        case Block::Kind::kText: json.field("text", piece); break;
        case Block::Kind::kToolUse: json.key("toolUse").open().field("input", piece).close(); break;
        case Block::Kind::kReasoning:
          json.key("reasoningContent").open().field("text", piece).close();
          break;
        case Block::Kind::kRedacted:
          json.key("reasoningContent").open().field("redactedContent", piece).close();
          break;
      }
    });
    return true;
  }

  template <typename Fill>
  void emit_delta(std::size_t index, Fill fill) {
    emit(
        "contentBlockDelta",
        [&](JsonOut& json) {
          json.field("contentBlockIndex", static_cast<std::int64_t>(index));
          json.key("delta").open();
          fill(json);
          json.close();
        },
        true);
  }

  // All blocks open, their deltas in turn, then all stops.
  void interleaved() {
    std::vector<std::size_t> at(answer_.blocks.size(), 0);
    for (std::size_t i = 0; i < at.size(); ++i) start(i);
    bool any = true;
    while (any) {
      any = false;
      for (std::size_t i = 0; i < at.size(); ++i) any = delta(i, at[i]) || any;
    }
    for (std::size_t i = 0; i < at.size(); ++i) stop(i);
  }

  void metadata() {
    out_.has_usage = !answer_.directives.has("no_usage");
    emit("metadata", [this](JsonOut& json) {
      if (out_.has_usage) {
        std::string usage;
        append_usage(usage, answer_.usage);
        json.key("usage").raw(usage);
      }
      json.key("metrics").open().field("latencyMs", latency_ms_).close();
      const std::string more = closing_fields(answer_);
      if (!more.empty()) json.raw(more);
    });
  }

  const Answer& answer_;
  std::size_t chunk_;
  std::int64_t latency_ms_;
  std::mt19937_64& random_;
  StreamFrames out_;
  std::string payload_;
  bool unknown_sent_ = false;
};

}  // namespace

StreamFrames make_frames(const Answer& answer, std::size_t chunk, std::int64_t latency_ms,
                         std::mt19937_64& random) {
  return FrameMaker(answer, chunk, latency_ms, random).make();
}

}  // namespace oriel::sim
