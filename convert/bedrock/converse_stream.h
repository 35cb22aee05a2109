// Decodes a ConverseStream: event-stream frames to deltas of the neutral model.
// Source: spec/converse.md §13.1 to §13.3, §13.6. One per stream, owned by its exchange.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "convert/bedrock/answer.h"
#include "convert/dialect.h"
#include "convert/json/padded_buffer.h"
#include "convert/json/reader.h"
#include "convert/wire/event_stream.h"

namespace oriel::convert::bedrock {

class ConverseStream final : public StreamDecoder {
 public:
  static constexpr std::size_t kMaxBlocks = 4096;  // content blocks in one answer

  explicit ConverseStream(ReplyContext context) : context_(std::move(context)) {}

  Result<void> feed(std::string_view bytes, DeltaSink& sink) override;
  Result<void> finish(DeltaSink& sink) override;
  bool complete() const override { return complete_; }
  bool content_complete() const override { return saw_stop_; }
  const UpstreamFacts& facts() const override { return facts_; }

 private:
  // What must be known of a content block until its end.
  struct BlockState {
    enum class Kind : std::uint8_t { text, reasoning, client_tool, ignored };
    std::int64_t index = 0;  // contentBlockIndex
    Kind kind = Kind::text;
    std::uint32_t tool_index = 0;  // client_tool
    bool has_arguments = false;    // client_tool
    std::string held;              // high half of a surrogate pair whose low half may follow
  };

  Result<void> on_message(const wire::EventMessage& message, DeltaSink& sink);
  Result<void> on_event(std::string_view type, json::Value event, DeltaSink& sink);
  Result<void> on_block_start(json::Value event, DeltaSink& sink);
  Result<void> on_block_delta(json::Value event, DeltaSink& sink);
  void on_block_stop(json::Value event, DeltaSink& sink);
  Result<void> on_message_stop(json::Value event, DeltaSink& sink);
  void on_metadata(json::Value event, DeltaSink& sink);
  void on_reasoning_delta(json::Value delta, BlockState& block, DeltaSink& sink);
  void on_tool_delta(json::Value delta, BlockState& block, DeltaSink& sink);

  // nullptr when there are too many blocks.
  BlockState* block_at(json::Value event, BlockState::Kind kind);
  void start_tool(BlockState& block, Text id, Text name, DeltaSink& sink);
  void flush_held(BlockState& block, DeltaSink& sink);
  void emit_role(DeltaSink& sink);
  void emit_text(ChatDelta::Kind kind, Text text, BlockState& block, DeltaSink& sink);
  void emit_piece(ChatDelta::Kind kind, Text text, const BlockState& block, DeltaSink& sink);
  void emit_end(DeltaSink& sink);

  // The payload's JSON; lone halves of surrogate pairs are masked in a copy.
  std::optional<json::Value> read_payload(std::string_view payload);
  // The bytes that upstream sent for `text`, before any masking.
  std::string_view original(Text text) const;

  ReplyContext context_;
  wire::EventStreamDecoder frames_;
  json::Reader reader_;
  UpstreamFacts facts_;
  std::vector<BlockState> blocks_;
  std::uint32_t next_tool_ = 0;
  bool role_sent_ = false;
  bool saw_stop_ = false;
  bool saw_metadata_ = false;
  bool complete_ = false;
  FinishReason finish_ = FinishReason::stop;  // held until metadata, or the end
  std::optional<Usage> usage_;
  std::string service_tier_;

  std::string_view payload_;   // of the current frame
  json::PaddedBuffer masked_;  // its masked copy, or empty
  std::string joined_;         // scratch of a text with its held half
};

std::unique_ptr<StreamDecoder> make_converse_stream(ReplyContext context);

}  // namespace oriel::convert::bedrock
