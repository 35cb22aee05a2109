// Strict reading of JSON in place. A Reader walks a text once with simdjson's on-demand parser and
// leaves a flat index of its values; nothing is unescaped or copied. Every value is validated, also
// those nobody asks for: grammar, UTF-8, escapes, numbers, depth, duplicate keys, trailing bytes.
//
// Values and texts borrow both the buffer and the Reader: they are good until the buffer goes or
// the Reader reads again. One Reader per thread, reused; one that never reads owns no memory.
#pragma once

#include <cstdint>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "convert/json/expected.h"
#include "convert/json/padded_buffer.h"
#include "convert/json/text.h"

namespace oriel::json {

enum class Type : std::uint8_t { object, array, string, integer, number, boolean, null };
// As OpenAI's messages name it: "an object", "a string", "an integer", "a decimal", "null", …
std::string_view type_name(Type type);

enum class ReadError {
  syntax,         // not JSON: grammar, UTF-8, escapes, numbers, trailing bytes, nothing at all
  too_deep,       // nested deeper than kMaxDepth
  duplicate_key,  // one object names a key twice
  too_large,      // over 4 GiB or over kMaxValues values
};
std::string_view to_string(ReadError error);

inline constexpr int kMaxDepth = 128;
inline constexpr std::size_t kMaxValues = 4'000'000;  // bounds the index: 32 bytes a value

namespace detail {
struct Node {
  const char* begin = nullptr;  // of the value's text, quotes and braces included
  std::uint32_t size = 0;       // of that text
  std::uint32_t next = 0;       // index of the node behind this value's subtree
  const char* key = nullptr;    // escaped key, when the parent is an object
  std::uint32_t key_size = 0;
  Type type = Type::null;
};
}  // namespace detail

class Value;
struct Member;

// The children of an object or array, in the order of the text.
class Children {
 public:
  class Iterator {
   public:
    using difference_type = std::ptrdiff_t;
    using value_type = Member;
    Iterator() = default;
    Iterator(const detail::Node* nodes, std::uint32_t index) : nodes_(nodes), index_(index) {}
    Member operator*() const;
    Iterator& operator++() {
      index_ = nodes_[index_].next;
      return *this;
    }
    Iterator operator++(int) {
      Iterator old = *this;
      ++*this;
      return old;
    }
    bool operator==(const Iterator& other) const { return index_ == other.index_; }

   private:
    const detail::Node* nodes_ = nullptr;
    std::uint32_t index_ = 0;
  };
  Children(const detail::Node* nodes, std::uint32_t first, std::uint32_t end)
      : nodes_(nodes), first_(first), end_(end) {}
  Iterator begin() const { return {nodes_, first_}; }
  Iterator end() const { return {nodes_, end_}; }
  bool empty() const { return first_ == end_; }
  std::size_t count() const;

 private:
  const detail::Node* nodes_;
  std::uint32_t first_;
  std::uint32_t end_;
};

// A handle to one value; cheap to copy. The as_* functions answer nullopt for another type.
class Value {
 public:
  Value() = default;  // null
  Value(const detail::Node* nodes, std::uint32_t index) : nodes_(nodes), index_(index) {}

  Type type() const { return nodes_ == nullptr ? Type::null : node().type; }
  bool is_null() const { return type() == Type::null; }
  bool is_object() const { return type() == Type::object; }
  bool is_array() const { return type() == Type::array; }
  bool is_string() const { return type() == Type::string; }

  // The value's text as it stands in the buffer.
  Raw raw() const { return nodes_ == nullptr ? Raw{"null"} : Raw{{node().begin, node().size}}; }
  std::optional<Text> as_text() const;
  // Integers that fit; 1.0 and 1e3 are not integers.
  std::optional<std::int64_t> as_integer() const;
  // Integers and decimals; finite.
  std::optional<double> as_number() const;
  std::optional<bool> as_boolean() const;

  // Elements or members; empty for scalars.
  Children children() const;
  // The member with this name (names of ours never need escapes; a key spelled with escapes does
  // not match), or nullopt.
  std::optional<Value> find(std::string_view name) const;
  // As find(), with null counted as absent.
  std::optional<Value> find_present(std::string_view name) const;

 private:
  const detail::Node& node() const { return nodes_[index_]; }
  const detail::Node* nodes_ = nullptr;
  std::uint32_t index_ = 0;
};

struct Member {
  Text key;  // empty for an array's elements
  Value value;
};

class Reader {
 public:
  Reader();
  ~Reader();
  Reader(Reader&&) noexcept;
  Reader& operator=(Reader&&) noexcept;

  // `padded` must be readable for PaddedBuffer::kPadding bytes behind its end.
  Expected<Value, ReadError> read(std::string_view padded);
  Expected<Value, ReadError> read(const PaddedBuffer& buffer) { return read(buffer.view()); }

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

inline Member Children::Iterator::operator*() const {
  const detail::Node& node = nodes_[index_];
  return {Text::from_escaped({node.key, node.key_size}), Value(nodes_, index_)};
}

}  // namespace oriel::json
