// A picture that the model made: its format, and its bytes however they come. Source:
// spec/converse.md §12.3, §13.3.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "convert/chat.h"
#include "convert/json/reader.h"

namespace oriel::convert::bedrock {

// Converse's word for a picture's format as a literal; empty when it is none that we know.
std::string_view picture_format(json::Value image);
// The base64 text of `source.bytes`, unescaped; borrows `image` or `arena`. Empty when there is
// none or it is not base64.
std::string_view picture_bytes(json::Value image, Arena& arena);

// Joins base64 texts of which each was encoded for itself.
class Base64Joiner {
 public:
  void append(std::string_view canonical);
  std::size_t size() const { return text_.size(); }
  std::string_view text() const { return text_; }

 private:
  std::string text_;
};

}  // namespace oriel::convert::bedrock
