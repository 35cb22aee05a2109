// Makes a JSON value that fits a JSON schema, always the same one. Pure; any thread.
#pragma once

#include <string>
#include <string_view>

namespace simdjson::dom {
class element;
}

namespace oriel::sim {

// `name` is the property's name: a string becomes "value of <name>".
std::string value_of_schema(const simdjson::dom::element& schema, std::string_view name);

}  // namespace oriel::sim
