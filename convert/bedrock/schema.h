// Tool schemas in the form that Converse takes. Source: spec/converse.md §6.1, C13.
#pragma once

#include <string>
#include <string_view>

#include "convert/error.h"
#include "convert/json/reader.h"
#include "convert/json/writer.h"

namespace oriel::convert::bedrock {

inline constexpr std::size_t kMaxInlinedSchemaBytes = 256UL * 1024;  // what $ref may expand to
inline constexpr int kMaxRefDepth = 16;  // how deep $ref may lead into $ref; deeper is "anything"

enum class SchemaRefs : unsigned char {
  kept,
  inlined,  // for models that do not follow $ref
};

// What became of the root.
enum class SchemaRoot : unsigned char {
  object,   // it is an object's, or was made one
  wrapped,  // it is no object's: it is now the schema of the member "value"
};

// Whether write_tool_schema() would wrap these parameters. They are valid JSON, or empty.
bool wants_wrapping(json::Raw parameters, json::Reader& reader);

// Writes the schema's JSON as the next value of `writer`: an object whose root type is "object".
// `parameters` is empty or JSON with readable padding behind it; `param` names it in errors.
Result<SchemaRoot> write_tool_schema(json::Raw parameters, SchemaRefs refs, std::string_view param,
                                     json::Reader& reader, json::Writer& writer);

}  // namespace oriel::convert::bedrock
