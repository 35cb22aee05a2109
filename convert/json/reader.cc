#include "convert/json/reader.h"

#define SIMDJSON_EXCEPTIONS 0
#include <simdjson.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

namespace oriel::json {
namespace {

namespace sj = simdjson;
namespace od = simdjson::ondemand;
using detail::Node;

static_assert(PaddedBuffer::kPadding >= sj::SIMDJSON_PADDING);

// Objects with more keys than this are checked for duplicates by sorting.
constexpr std::size_t kLinearKeys = 12;

std::string_view trim_right(std::string_view token) {
  while (!token.empty() && (token.back() == ' ' || token.back() == '\n' || token.back() == '\r' ||
                            token.back() == '\t')) {
    token.remove_suffix(1);
  }
  return token;
}

const char* skip_space(const char* at) {
  while (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t') ++at;
  return at;
}

// The key that starts behind its quote at `start`, still escaped; nullopt: its escapes are not
// valid.
std::optional<std::string_view> read_key(const char* start) {
  const char* at = start;
  while (*at != '"' && *at != '\\') ++at;
  const bool plain = *at == '"';
  while (*at != '"') at += *at == '\\' ? 2 : 1;
  const std::string_view key(start, static_cast<std::size_t>(at - start));
  return plain || valid_escapes(key) ? std::optional(key) : std::nullopt;
}

}  // namespace

struct Reader::Impl {
  od::parser parser;
  std::vector<Node> nodes;
  std::vector<std::string_view> keys;  // scratch of the duplicate check

  // Each walk function appends the value's nodes; nullopt is success.
  template <class V>
  std::optional<ReadError> walk(V& value, int depth);
  std::optional<ReadError> walk_object(od::object object, std::uint32_t self, int depth);
  std::optional<ReadError> walk_array(od::array array, std::uint32_t self, int depth);
  template <class V>
  std::optional<ReadError> walk_scalar(V& value, sj::ondemand::json_type type, Node& node);
  std::optional<ReadError> check_keys(std::uint32_t self);
  void close(std::uint32_t self, const char* last_end);
  const char* end_of(const Node& node) const { return node.begin + node.size; }
};

template <class V>
std::optional<ReadError> Reader::Impl::walk(V& value, int depth) {
  if (nodes.size() >= kMaxValues) return ReadError::too_large;
  od::json_type type;
  if (value.type().get(type) != sj::SUCCESS) return ReadError::syntax;
  const auto self = static_cast<std::uint32_t>(nodes.size());
  nodes.emplace_back();
  if (type == od::json_type::object || type == od::json_type::array) {
    if (depth >= kMaxDepth) return ReadError::too_deep;
    const char* begin = nullptr;
    if (value.current_location().get(begin) != sj::SUCCESS) return ReadError::syntax;
    nodes[self].begin = begin;
    if (type == od::json_type::object) {
      od::object object;
      if (value.get_object().get(object) != sj::SUCCESS) return ReadError::syntax;
      return walk_object(object, self, depth);
    }
    od::array array;
    if (value.get_array().get(array) != sj::SUCCESS) return ReadError::syntax;
    return walk_array(array, self, depth);
  }
  auto error = walk_scalar(value, type, nodes[self]);
  nodes[self].next = static_cast<std::uint32_t>(nodes.size());
  return error;
}

std::optional<ReadError> Reader::Impl::walk_object(od::object object, std::uint32_t self,
                                                   int depth) {
  nodes[self].type = Type::object;
  const char* last_end = nodes[self].begin + 1;
  std::size_t members = 0;
  for (auto item : object) {
    od::field field;
    if (std::move(item).get(field) != sj::SUCCESS) return ReadError::syntax;
    const auto key = read_key(field.key().raw());
    if (!key) return ReadError::syntax;
    const std::size_t child = nodes.size();
    od::value value = field.value();
    if (auto error = walk(value, depth + 1)) return error;
    nodes[child].key = key->data();
    nodes[child].key_size = static_cast<std::uint32_t>(key->size());
    last_end = end_of(nodes[child]);
    ++members;
  }
  close(self, last_end);
  return members > 1 ? check_keys(self) : std::nullopt;
}

std::optional<ReadError> Reader::Impl::walk_array(od::array array, std::uint32_t self, int depth) {
  nodes[self].type = Type::array;
  const char* last_end = nodes[self].begin + 1;
  for (auto item : array) {
    od::value value;
    if (std::move(item).get(value) != sj::SUCCESS) return ReadError::syntax;
    const std::size_t child = nodes.size();
    if (auto error = walk(value, depth + 1)) return error;
    last_end = end_of(nodes[child]);
  }
  close(self, last_end);
  return std::nullopt;
}

template <class V>
std::optional<ReadError> Reader::Impl::walk_scalar(V& value, od::json_type type, Node& node) {
  std::string_view token;
  if constexpr (requires { token = value.raw_json_token(); }) {
    token = value.raw_json_token();
  } else {
    if (value.raw_json_token().get(token) != sj::SUCCESS) return ReadError::syntax;
  }
  token = trim_right(token);
  node.begin = token.data();
  node.size = static_cast<std::uint32_t>(token.size());
  switch (type) {
    case od::json_type::string: {
      node.type = Type::string;
      const bool whole = token.size() >= 2 && token.back() == '"';
      od::raw_json_string consumed;
      if (!whole || value.get_raw_json_string().get(consumed) != sj::SUCCESS ||
          !valid_escapes(token.substr(1, token.size() - 2))) {
        return ReadError::syntax;
      }
      return std::nullopt;
    }
    case od::json_type::number: {
      od::number number;
      if (value.get_number().get(number) != sj::SUCCESS) {
        // Integers beyond 64 bits are JSON all the same: they are kept as numbers.
        double wide = 0;
        if (value.get_double().get(wide) != sj::SUCCESS) return ReadError::syntax;
        node.type = Type::number;
        return std::nullopt;
      }
      const bool decimal = token.find_first_of(".eE") != std::string_view::npos;
      node.type = decimal ? Type::number : Type::integer;
      return std::nullopt;
    }
    case od::json_type::boolean: {
      bool flag = false;
      node.type = Type::boolean;
      if (value.get_bool().get(flag) != sj::SUCCESS) return ReadError::syntax;
      return std::nullopt;
    }
    case od::json_type::null:
    default: {
      node.type = Type::null;
      if (token != "null") return ReadError::syntax;
      (void)value.is_null();  // moves on; the token has said it all
      return std::nullopt;
    }
  }
}

void Reader::Impl::close(std::uint32_t self, const char* last_end) {
  // Behind the last child there is only white space and the closing bracket: the parser saw to it.
  Node& node = nodes[self];
  node.size = static_cast<std::uint32_t>(skip_space(last_end) + 1 - node.begin);
  node.next = static_cast<std::uint32_t>(nodes.size());
}

std::optional<ReadError> Reader::Impl::check_keys(std::uint32_t self) {
  keys.clear();
  for (std::uint32_t i = self + 1; i < nodes[self].next; i = nodes[i].next) {
    const std::string_view key{nodes[i].key, nodes[i].key_size};
    if (keys.size() < kLinearKeys && std::find(keys.begin(), keys.end(), key) != keys.end()) {
      return ReadError::duplicate_key;
    }
    keys.push_back(key);
  }
  if (keys.size() > kLinearKeys) {
    std::sort(keys.begin(), keys.end());
    if (std::adjacent_find(keys.begin(), keys.end()) != keys.end()) return ReadError::duplicate_key;
  }
  return std::nullopt;
}

Reader::Reader() = default;
Reader::~Reader() = default;
Reader::Reader(Reader&&) noexcept = default;
Reader& Reader::operator=(Reader&&) noexcept = default;

Expected<Value, ReadError> Reader::read(std::string_view padded) {
  if (padded.size() > std::numeric_limits<std::uint32_t>::max() - PaddedBuffer::kPadding) {
    return Unexpected{ReadError::too_large};
  }
  if (padded.empty()) return Unexpected{ReadError::syntax};
  if (impl_ == nullptr) impl_ = std::make_unique<Impl>();
  impl_->nodes.clear();
  od::document document;
  if (impl_->parser.iterate(padded.data(), padded.size(), padded.size() + PaddedBuffer::kPadding)
          .get(document) != sj::SUCCESS) {
    return Unexpected{ReadError::syntax};
  }
  if (auto error = impl_->walk(document, 0)) return Unexpected{*error};
  const Node& root = impl_->nodes.front();
  if (skip_space(impl_->end_of(root)) < padded.data() + padded.size()) {
    return Unexpected{ReadError::syntax};
  }
  return Value(impl_->nodes.data(), 0);
}

std::string_view type_name(Type type) {
  switch (type) {
    case Type::object: return "an object";
    case Type::array: return "an array";
    case Type::string: return "a string";
    case Type::integer: return "an integer";
    case Type::number: return "a decimal";
    case Type::boolean: return "a boolean";
    case Type::null: return "null";
  }
  return "null";
}

std::string_view to_string(ReadError error) {
  switch (error) {
    case ReadError::syntax: return "not valid JSON";
    case ReadError::too_deep: return "nested too deeply";
    case ReadError::duplicate_key: return "an object has a duplicate key";
    case ReadError::too_large: return "too large";
  }
  return "not valid JSON";
}

std::size_t Children::count() const {
  return static_cast<std::size_t>(std::distance(begin(), end()));
}

std::optional<Text> Value::as_text() const {
  if (!is_string()) return std::nullopt;
  return Text::from_escaped({node().begin + 1, node().size - 2U});
}

std::optional<std::int64_t> Value::as_integer() const {
  if (type() != Type::integer) return std::nullopt;
  std::int64_t value = 0;
  const char* end = node().begin + node().size;
  const auto [at, error] = std::from_chars(node().begin, end, value);
  return error == std::errc() && at == end ? std::optional(value) : std::nullopt;
}

std::optional<double> Value::as_number() const {
  if (type() != Type::integer && type() != Type::number) return std::nullopt;
  double value = 0;
  const auto [at, error] = std::from_chars(node().begin, node().begin + node().size, value);
  (void)at;
  return error == std::errc() && std::isfinite(value) ? std::optional(value) : std::nullopt;
}

std::optional<bool> Value::as_boolean() const {
  if (type() != Type::boolean) return std::nullopt;
  return *node().begin == 't';
}

Children Value::children() const {
  if (nodes_ == nullptr || (!is_object() && !is_array())) return {nodes_, 0, 0};
  return {nodes_, index_ + 1, node().next};
}

std::optional<Value> Value::find(std::string_view name) const {
  if (!is_object()) return std::nullopt;
  for (const Member member : children()) {
    if (member.key.escaped() == name) return member.value;
  }
  return std::nullopt;
}

std::optional<Value> Value::find_present(std::string_view name) const {
  auto found = find(name);
  if (found && found->is_null()) return std::nullopt;
  return found;
}

}  // namespace oriel::json
