// Decodes a ConverseStream: event-stream frames to deltas of the neutral model.
// Source: spec/converse.md §13.1 to §13.3, §13.6. One per stream, owned by its exchange.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "convert/bedrock/answer.h"
#include "convert/bedrock/content.h"
#include "convert/bedrock/picture.h"
#include "convert/bedrock/tool_role.h"
#include "convert/dialect.h"
#include "convert/json/padded_buffer.h"
#include "convert/json/reader.h"
#include "convert/wire/event_stream.h"

namespace oriel::convert::bedrock {

class ConverseStream final : public StreamDecoder {
 public:
  static constexpr std::size_t kMaxBlocks = 4096;             // content blocks in one answer
  static constexpr std::size_t kMaxInput = 1U << 20;          // bytes of one tool input kept
  static constexpr std::size_t kMaxKept = 32U * 1024 * 1024;  // bytes kept of all blocks together

  explicit ConverseStream(ReplyContext context)
      : context_(std::move(context)), content_(context_) {}

  Result<void> feed(std::string_view bytes, DeltaSink& sink) override;
  Result<void> finish(DeltaSink& sink) override;
  bool complete() const override { return complete_; }
  bool content_complete() const override { return saw_stop_; }
  const UpstreamFacts& facts() const override { return facts_; }

 private:
  // What can not go out before its block has ended.
  struct Kept {
    std::string input;  // of a tool whose input is unwrapped
    std::string_view picture_format;
    Base64Joiner picture;
    std::vector<std::string> citations;  // each an object of upstream's
  };
  // What must be known of a content block until its end.
  struct BlockState {
    enum class Kind : std::uint8_t { text, reasoning, tool, picture, ignored };
    std::int64_t index = 0;  // contentBlockIndex
    Kind kind = Kind::text;
    ToolRole role = ToolRole::client;  // tool
    std::uint32_t tool_index = 0;      // tool, of a client call
    bool has_arguments = false;        // tool
    bool ended = false;
    std::uint32_t begin = 0;     // code points of the content before it
    std::string held;            // high half of a surrogate pair whose low half may follow
    std::unique_ptr<Kept> kept;  // where there is any
  };
  // How an answer ends for its blocks.
  enum class Ending : std::uint8_t { whole, cut_off };

  Result<void> on_message(const wire::EventMessage& message, DeltaSink& sink);
  Result<void> on_event(std::string_view type, json::Value event, DeltaSink& sink);
  Result<void> on_block_start(json::Value event, DeltaSink& sink);
  Result<void> on_block_delta(json::Value event, DeltaSink& sink);
  void on_block_stop(json::Value event, DeltaSink& sink);
  Result<void> on_message_stop(json::Value event, DeltaSink& sink);
  Result<void> on_metadata(json::Value event, DeltaSink& sink);
  Result<void> on_tool_delta(json::Value delta, BlockState& block, DeltaSink& sink);
  void on_reasoning_delta(json::Value delta, BlockState& block, DeltaSink& sink);
  Result<void> on_picture_delta(json::Value delta, BlockState& block);
  Result<void> on_citation_delta(json::Value delta, BlockState& block);

  // nullptr when there are too many blocks.
  BlockState* block_at(json::Value event, BlockState::Kind kind);
  // What a block is, its deltas tell; a tool stays one: false.
  bool become(BlockState::Kind kind, BlockState& block, DeltaSink& sink);
  Kept& kept(BlockState& block);
  // Books `size` more bytes that are kept.
  Result<void> keep(std::size_t size);
  void start_tool(BlockState& block, Text id, Text name, DeltaSink& sink);
  void end_block(BlockState& block, Ending ending, DeltaSink& sink);
  void end_tool(BlockState& block, Ending ending, DeltaSink& sink);
  void end_citations(const BlockState& block, DeltaSink& sink);
  void flush_held(BlockState& block, DeltaSink& sink);
  void emit_role(DeltaSink& sink);
  // Tool input, text or reasoning by the block's kind, with the halves of pairs joined.
  Result<void> emit_text(Text text, BlockState& block, DeltaSink& sink);
  Result<void> emit_piece(Text text, BlockState& block, DeltaSink& sink);
  Result<void> emit_input(Text text, BlockState& block, DeltaSink& sink);
  void emit_arguments(Text text, const BlockState& block, DeltaSink& sink);
  static void emit(ChatDelta::Kind kind, Text text, DeltaSink& sink);
  Result<void> end(DeltaSink& sink);

  // The payload's JSON; lone halves of surrogate pairs are masked in a copy.
  std::optional<json::Value> read_payload(std::string_view payload);
  // The bytes that upstream sent for `text`, before any masking.
  std::string_view original(Text text) const;

  ReplyContext context_;
  wire::EventStreamDecoder frames_;
  json::Reader reader_;
  json::Reader kept_reader_;  // of what was kept, while an event is read
  UpstreamFacts facts_;
  std::vector<BlockState> blocks_;
  Content content_;
  std::size_t kept_size_ = 0;
  std::uint32_t next_tool_ = 0;
  bool role_sent_ = false;
  bool saw_stop_ = false;
  bool malformed_ = false;  // so said messageStop: an error, held until metadata or the end
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
