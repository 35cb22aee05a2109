// A streamed answer as OpenAI's server-sent events, one chat.completion.chunk a delta: the exact
// text of spec/converse.md §13.4. Pure; one writer per stream, owned by the exchange, of one
// thread.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "convert/chat.h"
#include "convert/error.h"
#include "convert/openai/envelope.h"

namespace oriel::convert {

// The client's stream_options.include_usage.
enum class IncludeUsage : bool { no, yes };

class ChunkWriter {
 public:
  // Copies the envelope.
  ChunkWriter(const Envelope& envelope, IncludeUsage include_usage);

  // Appends the delta's event; nothing when the client should not see it (empty pieces, a usage
  // that was not asked for). Deltas come in the order in which they are to be written; of an answer
  // with several choices one usage, the sum, behind the last finish.
  void write(const ChatDelta& delta, std::string& out);
  // Appends the event that ends a complete answer.
  static void write_done(std::string& out);
  // Appends the event of an error in mid-stream (§13.6); nothing follows it.
  static void write_error(const Error& error, std::string& out);

 private:
  // Lists of a message that grow by entries.
  enum class List : std::uint8_t { thinking_blocks, annotations, citations, images };
  static constexpr std::size_t kLists = 4;
  // The index of the next entry of a choice's list.
  std::uint32_t next_index(List list, std::uint32_t choice);
  void begin_delta(std::uint32_t choice, std::string& out) const;
  void write_piece(std::string_view member, const ChatDelta& delta, std::string& out) const;
  void write_role(const ChatDelta& delta, std::string& out) const;
  void write_thinking(const ChatDelta& delta, std::string& out);
  void write_tool_call(const ChatDelta& delta, std::string& out) const;
  void write_function_call(const ChatDelta& delta, std::string& out) const;
  void write_citation(const ChatDelta& delta, std::string& out);
  void write_image(const ChatDelta& delta, std::string& out);
  void write_finish(const ChatDelta& delta, std::string& out) const;
  void write_usage_chunk(const ChatDelta& delta, std::string& out) const;
  void write_source(const ChatDelta& delta, std::string& out) const;

  IncludeUsage include_usage_;
  // The parts of an event that are the same all through the stream.
  std::string delta_head_;    // up to the delta's first member, of choice 0
  std::size_t index_at_ = 0;  // where the choice's index stands in delta_head_
  std::string delta_tail_;    // from the delta's end on
  std::string text_head_;     // up to the content's first character
  std::string text_tail_;
  std::string usage_head_;                                  // up to the usage object
  std::string model_text_;                                  // the model's name, quoted
  std::vector<std::array<std::uint32_t, kLists>> entries_;  // so far, by choice
};

}  // namespace oriel::convert
