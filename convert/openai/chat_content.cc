#include "convert/openai/chat_content.h"

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "convert/openai/field_table.h"
#include "convert/wire/base64.h"
#include "convert/wire/data_url.h"
#include "convert/wire/image_probe.h"
#include "convert/wire/percent.h"

namespace oriel::convert::openai {
namespace {

using json::Type;
using json::Value;
using Kind = ContentPart::Kind;

// ------------------------------------------------------------------------------------- pictures

constexpr std::size_t kProbedBytes = 32;  // of a picture, to know it by its magic number

bool same_letters(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; };
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (lower(a[i]) != lower(b[i])) return false;
  }
  return true;
}

bool has_scheme(std::string_view url, std::string_view scheme) {
  return same_letters(url.substr(0, scheme.size()), scheme);
}

std::optional<ImageFormat> format_of_media_type(std::string_view media_type) {
  static constexpr std::pair<std::string_view, ImageFormat> kTypes[] = {
      {"image/png", ImageFormat::png},   {"image/jpeg", ImageFormat::jpeg},
      {"image/jpg", ImageFormat::jpeg},  {"image/pjpeg", ImageFormat::jpeg},
      {"image/gif", ImageFormat::gif},   {"image/webp", ImageFormat::webp},
      {"image/x-png", ImageFormat::png},
  };
  for (const auto& [name, format] : kTypes) {
    if (same_letters(name, media_type)) return format;
  }
  return std::nullopt;
}

// By the bytes; the label is believed only where they say nothing.
std::optional<ImageFormat> format_of(std::string_view base64, std::string_view media_type) {
  std::array<unsigned char, kProbedBytes> first{};
  const std::size_t size = wire::decode_base64_prefix(base64, first);
  const auto probed = wire::probe_image(std::span<const unsigned char>(first.data(), size));
  return probed ? probed : format_of_media_type(media_type);
}

Error image_error(const Path& path, std::string_view reason, std::string_view code) {
  return invalid_parameter(path.str(), "Invalid image: " + std::string(reason), code);
}

// The data in canonical base64: as it stands where it already is, else repaired into the arena.
std::optional<std::string_view> canonical_data(std::string_view data, Arena& arena) {
  if (wire::is_canonical_base64(data)) return data;
  std::string& repaired = arena.make();
  if (wire::clean_base64(data, repaired)) return repaired;
  if (data.find('%') == std::string_view::npos) return std::nullopt;
  const auto decoded = wire::percent_decode(data);
  if (decoded && wire::clean_base64(*decoded, repaired)) return repaired;
  return std::nullopt;
}

Result<Image> parse_data_image(std::string_view plain_url, const Path& path, Arena& arena) {
  const auto url = wire::parse_data_url(plain_url);
  if (!url || !url->base64) {
    return Unexpected{
        image_error(path, "the data URL is not base64-encoded.", "invalid_image_url")};
  }
  const auto data = canonical_data(url->data, arena);
  if (!data || data->empty()) {
    return Unexpected{image_error(
        path,
        data ? "the data URL holds no data." : "the data URL holds data that is not valid base64.",
        "invalid_base64_image")};
  }
  const auto format = format_of(*data, url->media_type);
  if (!format) {
    return Unexpected{image_error(
        path, "unsupported media type. Supported formats are: 'png', 'jpeg', 'gif', and 'webp'.",
        "unsupported_image_media_type")};
  }
  return Image{.base64 = *data, .format = *format, .url = {}};
}

// ---------------------------------------------------------------------------------------- parts

using RoleSet = std::uint8_t;
constexpr RoleSet bit(Role role) { return static_cast<RoleSet>(1U << static_cast<unsigned>(role)); }
constexpr RoleSet kInstruction = bit(Role::system) | bit(Role::developer);
constexpr RoleSet kConversation = bit(Role::user) | bit(Role::assistant) | bit(Role::tool);

struct PartType {
  std::string_view name;
  Kind kind;
  RoleSet roles;  // whose messages may hold it
};
constexpr PartType kPartTypes[] = {
    {"text", Kind::text, kInstruction | kConversation},
    {"image_url", Kind::image, kConversation},
    {"input_audio", Kind::other, bit(Role::user)},
    {"refusal", Kind::refusal, bit(Role::assistant)},
    {"file", Kind::other, kConversation},
};

const PartType* find_part_type(Text name, Role role) {
  for (const PartType& type : kPartTypes) {
    if ((type.roles & bit(role)) != 0 && type.name == name.escaped()) return &type;
  }
  return nullptr;
}

Error unknown_part_type(const Path& path, Text got, Role role) {
  std::vector<std::string_view> supported;
  for (const PartType& type : kPartTypes) {
    if ((type.roles & bit(role)) != 0) supported.push_back(type.name);
  }
  return unknown_value(path, got, supported);
}

// The object that carries what a part of this type is about: part["image_url"].
Result<Value> payload_of(const Value& part, const Path& path, std::string_view type) {
  auto payload = require(part, path, type);
  if (payload && !payload->is_object()) {
    return Unexpected{wrong_type(path.member(type), "an object", payload->type())};
  }
  return payload;
}

Result<ContentPart> parse_part(const Value& value, const Path& path, Role role, Arena& arena) {
  if (!value.is_object()) return Unexpected{wrong_type(path, "an object", value.type())};
  auto name = require_text(value, path, "type");
  if (!name) return Unexpected{std::move(name).error()};
  const PartType* type = find_part_type(*name, role);
  if (type == nullptr) return Unexpected{unknown_part_type(path.member("type"), *name, role)};

  ContentPart part;
  part.kind = type->kind;
  if (type->kind == Kind::text || type->kind == Kind::refusal) {
    auto text = require_text(value, path, type->name);
    if (!text) return Unexpected{std::move(text).error()};
    part.text = *text;
    return part;
  }
  auto payload = payload_of(value, path, type->name);
  if (!payload) return Unexpected{std::move(payload).error()};
  if (type->kind == Kind::other) {
    part.type_name = type->name;
    return part;
  }
  auto image = parse_image(*payload, path.member(type->name), arena);
  if (!image) return Unexpected{std::move(image).error()};
  part.image = *image;
  return part;
}

}  // namespace

Result<Image> parse_image(const Value& image_url, const Path& path, Arena& arena) {
  auto url = require_name(image_url, path, "url");
  if (!url) return Unexpected{std::move(url).error()};
  auto allowed = allow(image_url, path, "detail", Type::string);
  if (!allowed) return Unexpected{std::move(allowed).error()};
  const std::string_view plain =
      url->has_escapes() ? arena.keep(json::unescape(*url)) : url->escaped();
  if (has_scheme(plain, "data:")) return parse_data_image(plain, path, arena);
  for (const std::string_view scheme : {"https://", "http://", "s3://"}) {
    if (has_scheme(plain, scheme)) return Image{.base64 = {}, .format = {}, .url = *url};
  }
  return Unexpected{
      image_error(path, "expected a data URL with base64 data, or an http, https or s3 URL.",
                  "invalid_image_url")};
}

Result<void> parse_content(const Value& content, const Path& path, Message& message, Arena& arena) {
  if (const auto text = content.as_text()) {
    ContentPart part;
    part.text = *text;
    message.parts.push_back(part);
    return {};
  }
  if (!content.is_array()) {
    return Unexpected{wrong_type(path, "one of a string or array of objects", content.type())};
  }
  message.parts.reserve(content.children().count());
  for (const json::Member element : content.children()) {
    auto part = parse_part(element.value, path.element(message.parts.size()), message.role, arena);
    if (!part) return Unexpected{std::move(part).error()};
    message.parts.push_back(*part);
  }
  return {};
}

}  // namespace oriel::convert::openai
