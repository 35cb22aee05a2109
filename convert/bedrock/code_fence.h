// Takes one Markdown code fence off a text that comes in pieces: models put it around JSON that was
// asked for bare. Source: spec/converse.md §7.1. One per text, owned by whoever passes it on.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace oriel::convert::bedrock {

// Texts are escaped, pieces end on the borders of escapes. A text that does not begin with a fence
// is passed on as it is; behind one that does, a fence that ends the text goes, too.
class CodeFence {
 public:
  static constexpr std::size_t kMaxHeld = 64;  // bytes kept back until it is clear what they are

  // Appends to `out` what is known not to be the fence.
  void push(std::string_view piece, std::string& out);
  void finish(std::string& out);

 private:
  enum class Where : std::uint8_t {
    head,   // at the start of the text
    start,  // in white space behind the opening fence
    body,
    before,  // in white space that may stand before the closing fence
    ticks,   // in what may be the closing fence
    behind,  // in white space behind it
    plain,   // there was no fence
  };
  void open(std::string& out);
  void step(std::string_view token, std::string& out);

  Where where_ = Where::head;
  std::size_t ticks_ = 0;
  std::string held_;
};

}  // namespace oriel::convert::bedrock
