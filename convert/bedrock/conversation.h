// A conversation in Converse's shape: what the message passes work on and the writer prints.
// Texts borrow the client's body, or the conversation's own arena. Owned by one encode().
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "convert/chat.h"

namespace oriel::convert::bedrock {

struct Block {
  enum class Kind : std::uint8_t {
    text,
    image,
    document,
    audio,
    video,
    guarded_text,
    reasoning,
    tool_use,
    tool_result,
  };
  Kind kind = Kind::text;
  bool failed = false;                // tool_result: status "error"
  bool custom = false;                // tool_use: its arguments are any text
  std::uint8_t guard_qualifiers = 0;  // guarded_text: bits of GuardQualifier
  CacheMark cache = CacheMark::none;  // a cache point behind this block
  std::string_view format;            // media: Converse's word, a literal
  Text text;                          // text, guarded_text, reasoning
  Text signature;                     // reasoning
  Text redacted;                      // reasoning: base64, in place of text and signature
  std::string_view base64;            // media
  Text uri;                           // media: s3://…, in place of base64
  Text id;                            // tool_use, tool_result
  Text name;                          // tool_use, document
  Text arguments;                     // tool_use: as the client wrote them
  Raw input;                          // tool_use: the JSON object that is sent; empty until read
  std::vector<Block> content;         // tool_result: text and media blocks

  static Block of_text(Text text) {
    Block block;
    block.text = text;
    return block;
  }
  bool is_tool() const { return kind == Kind::tool_use || kind == Kind::tool_result; }
};

struct Turn {
  enum class Role : std::uint8_t { user, assistant };
  Role role = Role::user;
  std::vector<Block> blocks;
};

struct SystemText {
  Text text;
  CacheMark cache = CacheMark::none;  // a cache point behind it

  SystemText(Text said, CacheMark mark = CacheMark::none)  // NOLINT(google-explicit-constructor)
      : text(said), cache(mark) {}
};

struct Conversation {
  std::vector<SystemText> system;
  std::vector<Turn> turns;
  // Whether a repair changed what the model reads, beyond what Converse's form asks for anyway.
  bool rewritten = false;
  Arena arena;
};

}  // namespace oriel::convert::bedrock
