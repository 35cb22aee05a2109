#include "convert/openai/parameter_error.h"

#include <initializer_list>
#include <utility>

namespace oriel::convert::openai {
namespace {

std::string join(std::initializer_list<std::string_view> pieces) {
  std::string out;
  for (const std::string_view piece : pieces) out.append(piece);
  return out;
}

Error error_at(const Path& path, std::string message, std::string_view code) {
  return invalid_parameter(path.str(), std::move(message), code);
}

std::string_view name_of(NumberKind kind) {
  return kind == NumberKind::integer ? "integer" : "decimal";
}

}  // namespace

void Path::append_to(std::string& out) const {
  if (parent_ != nullptr) parent_->append_to(out);
  if (parent_ != nullptr && name_.empty()) {
    out.push_back('[');
    out.append(std::to_string(index_));
    out.push_back(']');
    return;
  }
  if (parent_ != nullptr) out.push_back('.');
  out.append(name_);
}

std::string Path::str() const {
  std::string out;
  append_to(out);
  return out;
}

Error invalid_parameter(std::string param, std::string message, std::string_view code) {
  Error error;
  error.kind = ErrorKind::invalid_request;
  error.message = std::move(message);
  error.param = std::move(param);
  error.code = code;
  return error;
}

Error missing_parameter(const Path& path) {
  return error_at(path, join({"Missing required parameter: '", path.str(), "'."}),
                  "missing_required_parameter");
}

Error wrong_type(const Path& path, std::string_view expected, json::Type got) {
  return error_at(path,
                  join({"Invalid type for '", path.str(), "': expected ", expected, ", but got ",
                        json::type_name(got), " instead."}),
                  "invalid_type");
}

Error empty_string(const Path& path) {
  return error_at(path,
                  join({"Invalid '", path.str(),
                        "': empty string. Expected a string with minimum length 1, but got an "
                        "empty string instead."}),
                  "empty_string");
}

Error empty_array(const Path& path) {
  return error_at(path,
                  join({"Invalid '", path.str(),
                        "': empty array. Expected an array with minimum length 1, but got an "
                        "empty array instead."}),
                  "empty_array");
}

Error array_too_long(const Path& path, std::size_t maximum, std::size_t got) {
  return error_at(
      path,
      join({"Invalid '", path.str(), "': array too long. Expected an array with maximum length ",
            std::to_string(maximum), ", but got an array with length ", std::to_string(got),
            " instead."}),
      "array_above_max_length");
}

Error unknown_value(const Path& path, json::Text got, std::span<const std::string_view> supported) {
  return error_at(path,
                  join({"Invalid value: '", quotable(got),
                        "'. Supported values are: ", quoted_list(supported), "."}),
                  "invalid_value");
}

Error unknown_parameter(const Path& path) {
  return error_at(path, join({"Unknown parameter: '", path.str(), "'."}), "unknown_parameter");
}

Error below_minimum(const Path& path, NumberKind kind, std::int64_t minimum, json::Raw got) {
  const std::string_view name = name_of(kind);
  return error_at(path,
                  join({"Invalid '", path.str(), "': ", name,
                        " below minimum value. Expected a value >= ", std::to_string(minimum),
                        ", but got ", got.text.substr(0, kMaxQuoted), " instead."}),
                  join({name, "_below_min_value"}));
}

Error above_maximum(const Path& path, NumberKind kind, std::int64_t maximum, json::Raw got) {
  const std::string_view name = name_of(kind);
  return error_at(path,
                  join({"Invalid '", path.str(), "': ", name,
                        " above maximum value. Expected a value <= ", std::to_string(maximum),
                        ", but got ", got.text.substr(0, kMaxQuoted), " instead."}),
                  join({name, "_above_max_value"}));
}

Error unreadable_body(json::ReadError error) {
  switch (error) {
    case json::ReadError::syntax:
      return invalid_parameter(
          "",
          "We could not parse the JSON body of your request. (HINT: This likely means you aren't "
          "using your HTTP library correctly. The OpenAI API expects a JSON payload, but what was "
          "sent was not valid JSON.)",
          "");
    case json::ReadError::too_deep:
    case json::ReadError::duplicate_key:
      return invalid_parameter(
          "",
          join({"We could not parse the JSON body of your request: ", json::to_string(error), "."}),
          "");
    case json::ReadError::too_large: break;
  }
  Error large;
  large.kind = ErrorKind::too_large;
  large.message = "The JSON body of your request has too many values.";
  return large;
}

Error body_not_object() {
  return invalid_parameter("", "Invalid type for request body: expected an object.",
                           "invalid_type");
}

Result<json::Value> require(const json::Value& object, const Path& path, std::string_view name) {
  auto found = object.find_present(name);
  if (!found) return Unexpected{missing_parameter(path.member(name))};
  return *found;
}

Result<json::Value> require_object(const json::Value& object, const Path& path,
                                   std::string_view name) {
  auto found = require(object, path, name);
  if (found && !found->is_object()) {
    return Unexpected{wrong_type(path.member(name), "an object", found->type())};
  }
  return found;
}

Result<json::Text> expect_text(const json::Value& value, const Path& path) {
  const auto text = value.as_text();
  if (!text) return Unexpected{wrong_type(path, "a string", value.type())};
  return *text;
}

Result<json::Text> require_text(const json::Value& object, const Path& path,
                                std::string_view name) {
  auto value = require(object, path, name);
  if (!value) return Unexpected{std::move(value).error()};
  return expect_text(*value, path.member(name));
}

Result<json::Text> require_name(const json::Value& object, const Path& path,
                                std::string_view name) {
  auto text = require_text(object, path, name);
  if (text && text->empty()) return Unexpected{empty_string(path.member(name))};
  return text;
}

Result<void> allow(const json::Value& object, const Path& path, std::string_view name,
                   json::Type type) {
  const auto found = object.find_present(name);
  if (!found || found->type() == type) return {};
  return Unexpected{wrong_type(path.member(name), json::type_name(type), found->type())};
}

std::string quoted_list(std::span<const std::string_view> words) {
  std::string list;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i != 0 && words.size() > 2) list.append(",");
    if (i != 0) list.append(i + 1 == words.size() ? " and " : " ");
    list.append(join({"'", words[i], "'"}));
  }
  return list;
}

std::string quotable(json::Text text) {
  std::string plain = json::unescape(text);
  if (plain.size() <= kMaxQuoted) return plain;
  plain.resize(json::clip_utf8(plain, kMaxQuoted).size());
  plain.append("...");
  return plain;
}

}  // namespace oriel::convert::openai
