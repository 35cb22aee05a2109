#include "convert/openai/response_format.h"

#include <utility>

#include "convert/openai/chat_tools.h"
#include "convert/openai/field_table.h"

namespace oriel::convert::openai {
namespace {

using json::Type;
using json::Value;
using Kind = ResponseFormat::Kind;

constexpr std::string_view kFormatNames[] = {"json_object", "json_schema", "text"};
constexpr Kind kFormats[] = {Kind::json_object, Kind::json_schema, Kind::text};

}  // namespace

Result<ResponseFormat> parse_response_format(const Value& value, const Path& path, Arena& arena) {
  auto type = require_choice(value, path, "type", kFormatNames);
  if (!type) return Unexpected{std::move(type).error()};
  ResponseFormat format;
  format.kind = kFormats[*type];
  if (format.kind != Kind::json_schema) return format;

  auto object = require_object(value, path, "json_schema");
  if (!object) return Unexpected{std::move(object).error()};
  const Path at = path.member("json_schema");
  auto name = require_name(*object, at, "name");
  if (!name) return Unexpected{std::move(name).error()};
  auto allowed = allow(*object, at, "description", Type::string);
  if (allowed) allowed = allow(*object, at, "schema", Type::object);
  if (allowed) allowed = allow(*object, at, "strict", Type::boolean);
  if (!allowed) return Unexpected{std::move(allowed).error()};
  format.name = plain_spelling(*name, arena);
  if (const auto text = object->find_present("description")) format.description = text->as_text();
  if (const auto schema = object->find_present("schema")) format.schema = schema->raw();
  if (const auto strict = object->find_present("strict")) format.strict = *strict->as_boolean();
  return format;
}

}  // namespace oriel::convert::openai
