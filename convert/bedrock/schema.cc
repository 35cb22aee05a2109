#include "convert/bedrock/schema.h"

#include <algorithm>
#include <array>
#include <utility>

#include "convert/bedrock/refusals.h"

namespace oriel::convert::bedrock {
namespace {

using json::Text;
using json::Value;

constexpr auto kCombinators =
    std::to_array<std::string_view>({"properties", "$ref", "oneOf", "anyOf", "allOf"});

bool is_definitions(std::string_view key) { return key == "$defs" || key == "definitions"; }

bool is_dropped_at_root(std::string_view key, SchemaRefs refs) {
  return key == "$schema" || key == "$id" || (refs == SchemaRefs::inlined && is_definitions(key));
}

bool is_word(Value value, std::string_view word) {
  const auto text = value.as_text();
  return text && text->escaped() == word;
}

// A type that leaves no room for an object.
bool is_no_object(Value schema) {
  const auto type = schema.find("type");
  if (!type) return false;
  if (!type->is_array()) return type->is_string() && !is_word(*type, "object");
  const auto types = type->children();
  return std::none_of(types.begin(), types.end(),
                      [](const json::Member& item) { return is_word(item.value, "object"); });
}

// Copies a schema with the targets of its $refs in their place. Bounded in depth and in size.
class RefInliner {
 public:
  RefInliner(Value root, json::Writer& writer)
      : root_(root), writer_(writer), limit_(writer.out().size() + kMaxInlinedSchemaBytes) {}

  // False when the result would be too large.
  bool write(Value value, int depth) {
    if (writer_.out().size() > limit_) return false;
    if (value.is_array()) {
      writer_.begin_array();
      for (const json::Member item : value.children()) {
        if (!write(item.value, depth)) return false;
      }
      writer_.end_array();
      return true;
    }
    if (!value.is_object()) {
      writer_.raw(value.raw());
      return true;
    }
    const auto target = target_of(value);
    if (target && depth < kMaxRefDepth) return write(*target, depth + 1);
    writer_.begin_object();
    if (!target && !write_members(value, depth)) return false;  // a cycle ends in {}: anything
    writer_.end_object();
    return true;
  }

  bool write_members(Value object, int depth) {
    for (const json::Member member : object.children()) {
      writer_.key(member.key);
      if (!write(member.value, depth)) return false;
    }
    return true;
  }

  // What `{"$ref":"#/…"}` points at; nullopt when the value is no reference into this schema.
  std::optional<Value> target_of(Value value) const {
    const auto ref = value.find("$ref");
    const auto text = ref ? ref->as_text() : std::nullopt;
    if (!text || !text->escaped().starts_with("#/")) return std::nullopt;
    std::string_view pointer = text->escaped().substr(2);
    Value at = root_;
    for (;;) {
      const std::size_t slash = pointer.find('/');
      const auto next = at.find(pointer.substr(0, slash));
      if (!next) return std::nullopt;
      at = *next;
      if (slash == std::string_view::npos) return at;
      pointer.remove_prefix(slash + 1);
    }
  }

 private:
  Value root_;
  json::Writer& writer_;
  std::size_t limit_;
};

Unexpected<Error> refuse_schema(std::string_view param, std::string_view why) {
  std::string message = "Invalid schema for '";
  message.append(param).append("': ").append(why);
  return refuse(ErrorKind::invalid_request, std::move(message), param,
                "invalid_function_parameters");
}

bool is_plain_object_schema(Value schema) {
  const auto type = schema.find("type");
  return type && is_word(*type, "object") && schema.find("properties") && !schema.find("$schema") &&
         !schema.find("$id");
}

// The members of the root, but for those that `skipped` names.
template <class Skip>
bool write_root(Value schema, SchemaRefs refs, RefInliner& inliner, json::Writer& writer,
                Skip skipped) {
  for (const json::Member member : schema.children()) {
    if (is_dropped_at_root(member.key.escaped(), refs) || skipped(member.key.escaped())) continue;
    writer.key(member.key);
    if (refs == SchemaRefs::kept) {
      writer.raw(member.value.raw());
    } else if (!inliner.write(member.value, 0)) {
      return false;
    }
  }
  return true;
}

// {"type":"object","properties":{"value":S},"required":["value"]}: what S refers to stays at the
// root.
bool write_wrapped(Value schema, SchemaRefs refs, RefInliner& inliner, json::Writer& writer) {
  writer.begin_object().key("type").text(Text::literal("object"));
  writer.key("properties").begin_object().key("value").begin_object();
  if (!write_root(schema, refs, inliner, writer, is_definitions)) return false;
  writer.end_object().end_object();
  writer.key("required").begin_array().text(Text::literal("value")).end_array();
  const auto others = [](std::string_view key) { return !is_definitions(key); };
  if (!write_root(schema, refs, inliner, writer, others)) return false;
  writer.end_object();
  return true;
}

bool write_object(Value schema, SchemaRefs refs, RefInliner& inliner, json::Writer& writer) {
  writer.begin_object().key("type").text(Text::literal("object"));
  const bool shaped =
      std::any_of(kCombinators.begin(), kCombinators.end(),
                  [&](std::string_view key) { return schema.find(key).has_value(); });
  const auto type = [](std::string_view key) { return key == "type"; };
  if (!write_root(schema, refs, inliner, writer, type)) return false;
  if (!shaped) writer.key("properties").begin_object().end_object();
  writer.end_object();
  return true;
}

}  // namespace

bool wants_wrapping(json::Raw parameters, json::Reader& reader) {
  if (parameters.empty()) return false;
  const auto schema = reader.read(parameters.text);
  return schema && schema->is_object() && is_no_object(*schema);
}

Result<SchemaRoot> write_tool_schema(json::Raw parameters, SchemaRefs refs, std::string_view param,
                                     json::Reader& reader, json::Writer& writer) {
  if (parameters.text.find("\"$ref\"") == std::string_view::npos) refs = SchemaRefs::kept;
  Value schema;
  if (!parameters.empty()) {
    const auto read = reader.read(parameters.text);
    if (!read) return refuse_schema(param, std::string(to_string(read.error())) + ".");
    schema = *read;
    if (!schema.is_null() && !schema.is_object())
      return refuse_schema(param, "expected an object.");
    if (refs == SchemaRefs::kept && is_plain_object_schema(schema)) {
      writer.raw(parameters);
      return SchemaRoot::object;
    }
  }
  RefInliner inliner(schema, writer);
  if (refs == SchemaRefs::inlined) {
    if (const auto target = inliner.target_of(schema)) schema = *target;
  }
  const bool wraps = is_no_object(schema);
  const bool written = wraps ? write_wrapped(schema, refs, inliner, writer)
                             : write_object(schema, refs, inliner, writer);
  if (!written) return refuse_schema(param, "its references expand to too much.");
  return wraps ? SchemaRoot::wrapped : SchemaRoot::object;
}

}  // namespace oriel::convert::bedrock
