// A streamed answer's text on its way to the client: as it comes, unless a format was asked for
// that has to be made good. Source: spec/converse.md §7. One per stream.
#pragma once

#include <cstdint>
#include <string>

#include "convert/bedrock/code_fence.h"
#include "convert/chat.h"
#include "convert/dialect.h"

namespace oriel::convert::bedrock {

class Content {
 public:
  static constexpr std::size_t kMaxHeld = 1U << 20;  // bytes

  explicit Content(const ReplyContext& context)
      : awaits_format_(!context.format_tool.empty()),
        plain_(!awaits_format_ && !context.json_object) {}

  // What the model said. Where a tool stands for the format it is kept until it is clear that the
  // tool is not called; what is too much to keep goes out.
  void text(Text text, DeltaSink& sink);
  // What the tool that stands for the format was given: the content, as it comes. A real call that
  // follows can not take it back.
  void format(Text text, DeltaSink& sink);
  void finish(DeltaSink& sink);

  // Code points that went out.
  std::uint32_t points() const { return points_; }

 private:
  void emit(Text text, DeltaSink& sink);
  void through_fence(std::string_view text, DeltaSink& sink);

  bool awaits_format_;
  bool plain_;
  bool formatted_ = false;
  std::uint32_t points_ = 0;
  ChatDelta delta_;  // of the text that goes out; the rest of it is never set
  CodeFence fence_;
  std::string held_;
  std::string scratch_;
};

}  // namespace oriel::convert::bedrock
