#include "tests/bedrock_sim/stream_frames.h"

#include <algorithm>

#include "tests/bedrock_sim/answer_json.h"
#include "tests/bedrock_sim/block_deltas.h"
#include "tests/bedrock_sim/frames.h"
#include "tests/bedrock_sim/json_out.h"

namespace oriel::sim {
namespace {

constexpr std::string_view kPadding =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

class FrameMaker {
 public:
  FrameMaker(const Answer& answer, std::size_t chunk, std::int64_t latency_ms,
             std::mt19937_64& random)
      : answer_(answer),
        chunk_(chunk),
        latency_ms_(latency_ms),
        random_(random),
        header_(answer.directives.has("no_message_type") ? MessageType::kAbsent
                                                         : MessageType::kPresent) {}

  StreamFrames make() {
    const Directives& directives = answer_.directives;
    for (const Block& block : answer_.blocks) {
      deltas_.push_back(deltas_of(block, chunk_, directives));
    }
    if (!directives.has("no_message_start")) {
      emit("messageStart", [](JsonOut& json) { json.field("role", "assistant"); });
    }
    if (directives.has("interleave")) {
      interleaved();
    } else {
      in_turn();
    }
    out_.message_stop = out_.frames.size();
    emit("messageStop", [this](JsonOut& json) {
      if (!answer_.directives.has("no_stop_reason")) {
        json.field("stopReason", answer_.stop_reason);
      }
      if (answer_.stop_sequence_wanted) {
        json.key("additionalModelResponseFields").open();
        json.field("stop_sequence", answer_.stop_sequence).close();
      }
    });
    if (!directives.has("no_metadata")) metadata();
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
    append_event(out_.bytes, type, payload_, header_);
    out_.frames.push_back({out_.bytes.size(), is_delta});
    if (is_delta && answer_.directives.has("unknown_event") && !unknown_sent_) {
      unknown_sent_ = true;
      append_event(out_.bytes, "somethingNew", R"({"of":"the future"})");
      out_.frames.push_back({out_.bytes.size(), false});
    }
  }

  // contentBlockIndex, which need not be dense.
  std::int64_t number_of(std::size_t index) const {
    const auto dense = static_cast<std::int64_t>(index);
    return answer_.directives.has("sparse") ? 2 * dense + 1 : dense;
  }

  // A block of which a stream knows nothing.
  bool silent(std::size_t index) const { return answer_.blocks[index].kind == Block::Kind::kAudio; }

  void start(std::size_t index) {
    const std::string what = start_of(answer_.blocks[index]);
    if (what.empty() || answer_.directives.has("no_block_start")) return;
    emit("contentBlockStart", [&](JsonOut& json) {
      json.field("contentBlockIndex", number_of(index)).key("start").raw(what);
    });
  }

  void delta(std::size_t index, const std::string& what) {
    emit(
        "contentBlockDelta",
        [&](JsonOut& json) {
          json.field("contentBlockIndex", number_of(index)).key("delta").raw(what);
        },
        true);
  }

  void stop(std::size_t index) {
    if (answer_.directives.has("missing_stop")) {
      const std::string_view which = answer_.directives.text("missing_stop");
      const bool last = index + 1 == answer_.blocks.size();
      if (which == "all" || (which == "first" ? index == 0 : last)) return;
    }
    emit("contentBlockStop",
         [this, index](JsonOut& json) { json.field("contentBlockIndex", number_of(index)); });
  }

  void in_turn() {
    for (std::size_t i = 0; i < answer_.blocks.size(); ++i) {
      if (silent(i)) continue;
      start(i);
      for (const std::string& what : deltas_[i]) delta(i, what);
      stop(i);
    }
  }

  // All blocks open, their deltas in turn, then all stops.
  void interleaved() {
    std::size_t longest = 0;
    for (std::size_t i = 0; i < answer_.blocks.size(); ++i) {
      start(i);
      longest = std::max(longest, deltas_[i].size());
    }
    for (std::size_t round = 0; round < longest; ++round) {
      for (std::size_t i = 0; i < deltas_.size(); ++i) {
        if (round < deltas_[i].size()) delta(i, deltas_[i][round]);
      }
    }
    for (std::size_t i = 0; i < answer_.blocks.size(); ++i) stop(i);
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
  MessageType header_;
  StreamFrames out_;
  std::vector<std::vector<std::string>> deltas_;  // Of each block.
  std::string payload_;
  bool unknown_sent_ = false;
};

}  // namespace

StreamFrames make_frames(const Answer& answer, std::size_t chunk, std::int64_t latency_ms,
                         std::mt19937_64& random) {
  return FrameMaker(answer, chunk, latency_ms, random).make();
}

}  // namespace oriel::sim
