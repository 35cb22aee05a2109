#include "convert/bedrock/picture.h"

#include <array>
#include <span>

#include "convert/wire/base64.h"

namespace oriel::convert::bedrock {
namespace {

constexpr auto kFormats = std::to_array<std::string_view>({"png", "jpeg", "gif", "webp"});
constexpr std::size_t kGroup = 4;       // characters
constexpr std::size_t kGroupBytes = 3;  // that they stand for

}  // namespace

std::string_view picture_format(json::Value image) {
  const auto value = image.find("format");
  const auto text = value ? value->as_text() : std::nullopt;
  for (const std::string_view format : kFormats) {
    if (text && text->escaped() == format) return format;
  }
  return {};
}

std::string_view picture_bytes(json::Value image, Arena& arena) {
  const auto source = image.find_present("source");
  const auto bytes = source ? source->find("bytes") : std::nullopt;
  const auto text = bytes ? bytes->as_text() : std::nullopt;
  if (!text) return {};
  const std::string_view base64 =
      text->has_escapes() ? arena.keep(json::unescape(*text)) : text->escaped();
  return wire::is_canonical_base64(base64) ? base64 : std::string_view();
}

void Base64Joiner::append(std::string_view canonical) {
  if (!text_.ends_with('=')) {
    text_.append(canonical);
    return;
  }
  // The last group is not full: what it stands for and what follows are encoded anew.
  const std::string last = text_.substr(text_.size() - kGroup);
  text_.resize(text_.size() - kGroup);
  std::string bytes(kGroupBytes + canonical.size() / kGroup * kGroupBytes, '\0');
  const std::span space(reinterpret_cast<unsigned char*>(bytes.data()), bytes.size());
  std::size_t size = wire::decode_base64_prefix(last, space);
  size += wire::decode_base64_prefix(canonical, space.subspan(size));
  wire::append_base64(std::string_view(bytes).substr(0, size), text_);
}

}  // namespace oriel::convert::bedrock
