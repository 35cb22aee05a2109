// A conversation in Converse's shape: what the message passes work on and the writer prints.
// Texts borrow the client's body, or the conversation's own arena. Owned by one encode().
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "convert/chat.h"

namespace oriel::convert::bedrock {

struct Block {
  enum class Kind : std::uint8_t { text, image, tool_use, tool_result };
  Kind kind = Kind::text;
  bool failed = false;  // tool_result: status "error"
  ImageFormat format = ImageFormat::png;
  Text text;                   // text
  std::string_view base64;     // image
  Text id;                     // tool_use, tool_result
  Text name;                   // tool_use
  Text arguments;              // tool_use: as the client wrote them
  Raw input;                   // tool_use: the JSON object that is sent; empty until read
  std::vector<Block> content;  // tool_result: text and image blocks

  static Block of_text(Text text) {
    Block block;
    block.text = text;
    return block;
  }
};

struct Turn {
  enum class Role : std::uint8_t { user, assistant };
  Role role = Role::user;
  std::vector<Block> blocks;
};

struct Conversation {
  std::vector<Text> system;
  std::vector<Turn> turns;
  // Whether a repair changed what the model reads, beyond what Converse's form asks for anyway.
  bool rewritten = false;
  Arena arena;
};

}  // namespace oriel::convert::bedrock
