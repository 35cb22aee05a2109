// What the first bytes of a base64 picture say. Pure; any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace oriel::sim {

struct ImageFacts {
  std::string_view format;  // png, jpeg, gif, webp; empty when none of them.
  int width = 0;            // 0 when not found.
  int height = 0;
  std::size_t bytes = 0;
};

ImageFacts read_image(std::string_view base64);
std::string decode_base64(std::string_view base64);

}  // namespace oriel::sim
