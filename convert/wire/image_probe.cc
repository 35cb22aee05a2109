#include "convert/wire/image_probe.h"

namespace oriel::convert::wire {
namespace {

using namespace std::string_view_literals;

std::uint32_t byte_at(std::string_view bytes, std::size_t at) {
  return static_cast<unsigned char>(bytes[at]);
}
std::uint32_t big16(std::string_view bytes, std::size_t at) {
  return byte_at(bytes, at) << 8 | byte_at(bytes, at + 1);
}
std::uint32_t big32(std::string_view bytes, std::size_t at) {
  return big16(bytes, at) << 16 | big16(bytes, at + 2);
}
std::uint32_t little16(std::string_view bytes, std::size_t at) {
  return byte_at(bytes, at) | byte_at(bytes, at + 1) << 8;
}
std::uint32_t little24(std::string_view bytes, std::size_t at) {
  return little16(bytes, at) | byte_at(bytes, at + 2) << 16;
}

std::optional<ImageInfo> sized(ImageFormat format, std::uint32_t width, std::uint32_t height) {
  if (width == 0 || height == 0) return std::nullopt;
  return ImageInfo{format, width, height};
}

std::optional<ImageInfo> probe_png(std::string_view bytes) {
  if (bytes.size() < 24 || bytes.substr(12, 4) != "IHDR") return std::nullopt;
  return sized(ImageFormat::png, big32(bytes, 16), big32(bytes, 20));
}

std::optional<ImageInfo> probe_gif(std::string_view bytes) {
  if (bytes.size() < 10) return std::nullopt;
  return sized(ImageFormat::gif, little16(bytes, 6), little16(bytes, 8));
}

bool is_start_of_frame(std::uint32_t marker) {
  return marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC;
}

bool stands_alone(std::uint32_t marker) {
  return marker == 0x01 || (marker >= 0xD0 && marker <= 0xD8);
}

// Walks the segments from marker to marker until the frame header.
std::optional<ImageInfo> probe_jpeg(std::string_view bytes) {
  std::size_t at = 2;
  while (at + 4 <= bytes.size()) {
    if (byte_at(bytes, at) != 0xFF) return std::nullopt;
    const std::uint32_t marker = byte_at(bytes, at + 1);
    if (marker == 0xFF) {  // a fill byte
      ++at;
      continue;
    }
    if (stands_alone(marker)) {
      at += 2;
      continue;
    }
    const std::uint32_t length = big16(bytes, at + 2);
    if (length < 2) return std::nullopt;
    if (is_start_of_frame(marker)) {
      if (length < 8 || at + 9 > bytes.size()) return std::nullopt;
      return sized(ImageFormat::jpeg, big16(bytes, at + 7), big16(bytes, at + 5));
    }
    at += 2 + length;
  }
  return std::nullopt;
}

std::optional<ImageInfo> probe_webp(std::string_view bytes) {
  if (bytes.size() < 30) return std::nullopt;
  const std::string_view chunk = bytes.substr(12, 4);
  if (chunk == "VP8X") {
    return sized(ImageFormat::webp, little24(bytes, 24) + 1, little24(bytes, 27) + 1);
  }
  if (chunk == "VP8L") {
    if (byte_at(bytes, 20) != 0x2F) return std::nullopt;
    const std::uint32_t bits = little16(bytes, 21) | little16(bytes, 23) << 16;
    return sized(ImageFormat::webp, (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1);
  }
  if (chunk == "VP8 " && bytes.substr(23, 3) == "\x9D\x01\x2A"sv) {
    return sized(ImageFormat::webp, little16(bytes, 26) & 0x3FFF, little16(bytes, 28) & 0x3FFF);
  }
  return std::nullopt;
}

std::string_view as_text(std::span<const unsigned char> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

std::optional<ImageFormat> probe_image(std::string_view bytes) {
  if (bytes.substr(0, 8) == "\x89PNG\r\n\x1A\n"sv) return ImageFormat::png;
  if (bytes.substr(0, 3) == "\xFF\xD8\xFF"sv) return ImageFormat::jpeg;
  if (bytes.substr(0, 6) == "GIF87a" || bytes.substr(0, 6) == "GIF89a") return ImageFormat::gif;
  if (bytes.substr(0, 4) == "RIFF" && bytes.size() >= 12 && bytes.substr(8, 4) == "WEBP") {
    return ImageFormat::webp;
  }
  return std::nullopt;
}

std::optional<ImageFormat> probe_image(std::span<const unsigned char> first_bytes) {
  return probe_image(as_text(first_bytes));
}

std::optional<ImageInfo> probe_image_info(std::string_view bytes) {
  const std::optional<ImageFormat> format = probe_image(bytes);
  if (!format) return std::nullopt;
  switch (*format) {
    case ImageFormat::png: return probe_png(bytes);
    case ImageFormat::jpeg: return probe_jpeg(bytes);
    case ImageFormat::gif: return probe_gif(bytes);
    case ImageFormat::webp: return probe_webp(bytes);
  }
  return std::nullopt;
}

std::optional<ImageInfo> probe_image_info(std::span<const unsigned char> first_bytes) {
  return probe_image_info(as_text(first_bytes));
}

}  // namespace oriel::convert::wire
