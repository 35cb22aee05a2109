// What a picture is, by its first bytes: the magic numbers and headers of PNG (ISO 15948), JPEG
// (ITU-T T.81 B.2), GIF (89a) and WebP (RFC 9649). Pure; reads only the prefix it is given.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "convert/chat.h"

namespace oriel::convert::wire {

struct ImageInfo {
  ImageFormat format = ImageFormat::png;
  std::uint32_t width = 0;  // pixels
  std::uint32_t height = 0;
};

// The format by magic bytes; 12 bytes suffice.
std::optional<ImageFormat> probe_image(std::string_view first_bytes);
std::optional<ImageFormat> probe_image(std::span<const unsigned char> first_bytes);
// Format and size; nullopt also when the size stands behind the prefix. 32 bytes suffice but for
// JPEG, whose size follows its metadata.
std::optional<ImageInfo> probe_image_info(std::string_view first_bytes);
std::optional<ImageInfo> probe_image_info(std::span<const unsigned char> first_bytes);

}  // namespace oriel::convert::wire
