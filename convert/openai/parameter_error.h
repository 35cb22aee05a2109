// What is wrong with a parameter, in OpenAI's words: message, param and code of spec/converse.md
// §16. Pure. Clients' own text is quoted in messages only, and only its first kMaxQuoted bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "convert/error.h"
#include "convert/json/reader.h"

namespace oriel::convert::openai {

inline constexpr std::size_t kMaxQuoted = 64;  // bytes of a client's value in a message

// Where a value stands in the request: "messages[4].content[0].type". A chain of steps on the
// stack, spelled out only when an error wants it: a Path must not outlive the one it was made from.
class Path {
 public:
  constexpr explicit Path(std::string_view name) : name_(name) {}
  constexpr Path member(std::string_view name) const { return Path(this, name, 0); }
  constexpr Path element(std::size_t index) const { return Path(this, {}, index); }
  std::string str() const;

 private:
  constexpr Path(const Path* parent, std::string_view name, std::size_t index)
      : parent_(parent), name_(name), index_(index) {}
  void append_to(std::string& out) const;

  const Path* parent_ = nullptr;
  std::string_view name_;  // of a member; empty for an element
  std::size_t index_ = 0;
};

// V3 to V15 and the like. `expected` completes "expected …": "a string", "an array of objects".
Error missing_parameter(const Path& path);
Error wrong_type(const Path& path, std::string_view expected, json::Type got);
Error empty_string(const Path& path);
Error empty_array(const Path& path);
Error array_too_long(const Path& path, std::size_t maximum, std::size_t got);
Error unknown_value(const Path& path, json::Text got, std::span<const std::string_view> supported);
Error unknown_parameter(const Path& path);
// A message of its own; `code` may be empty.
Error invalid_parameter(std::string param, std::string message, std::string_view code);

enum class NumberKind : std::uint8_t { integer, decimal };
Error below_minimum(const Path& path, NumberKind kind, std::int64_t minimum, json::Raw got);
Error above_maximum(const Path& path, NumberKind kind, std::int64_t maximum, json::Raw got);

// The body as a whole: V1 and V2.
Error unreadable_body(json::ReadError error);
Error body_not_object();

// The member `name` of `object`: null counts as absent, and absent is an error.
Result<json::Value> require(const json::Value& object, const Path& path, std::string_view name);
Result<json::Value> require_object(const json::Value& object, const Path& path,
                                   std::string_view name);
Result<json::Text> require_text(const json::Value& object, const Path& path, std::string_view name);
// As require_text(), and not empty.
Result<json::Text> require_name(const json::Value& object, const Path& path, std::string_view name);
// A text where the value is one, else the type error.
Result<json::Text> expect_text(const json::Value& value, const Path& path);
// Checks an optional member's type; null counts as absent.
Result<void> allow(const json::Value& object, const Path& path, std::string_view name,
                   json::Type type);

// "'a', 'b', and 'c'".
std::string quoted_list(std::span<const std::string_view> words);
// The client's text as it may be quoted in a message: unescaped, cut at a character's border.
std::string quotable(json::Text text);

}  // namespace oriel::convert::openai
