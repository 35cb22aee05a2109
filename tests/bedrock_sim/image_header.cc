#include "tests/bedrock_sim/image_header.h"

#include <openssl/evp.h>

namespace oriel::sim {
namespace {

// Enough for every header but those of photographs with huge metadata, whose size stays unknown.
constexpr std::size_t kHeadBase64 = 64 * 1024;

int byte_at(const std::string& data, std::size_t at) {
  return at < data.size() ? static_cast<unsigned char>(data[at]) : 0;
}
int big16(const std::string& data, std::size_t at) {
  return byte_at(data, at) * 256 + byte_at(data, at + 1);
}
int little16(const std::string& data, std::size_t at) {
  return byte_at(data, at) + byte_at(data, at + 1) * 256;
}

void read_jpeg_size(const std::string& data, ImageFacts& facts) {
  std::size_t at = 2;
  while (at + 9 < data.size() && byte_at(data, at) == 0xFF) {
    const int marker = byte_at(data, at + 1);
    const bool frame =
        marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC;
    if (frame) {
      facts.height = big16(data, at + 5);
      facts.width = big16(data, at + 7);
      return;
    }
    at += 2 + static_cast<std::size_t>(big16(data, at + 2));
  }
}

void read_webp_size(const std::string& data, ImageFacts& facts) {
  const std::string chunk = data.substr(12, 4);
  if (chunk == "VP8 ") {
    facts.width = little16(data, 26) & 0x3FFF;
    facts.height = little16(data, 28) & 0x3FFF;
  } else if (chunk == "VP8X") {
    facts.width = 1 + little16(data, 24) + byte_at(data, 26) * 65536;
    facts.height = 1 + little16(data, 27) + byte_at(data, 29) * 65536;
  }
}

}  // namespace

std::string decode_base64(std::string_view base64) {
  std::string out(base64.size() / 4 * 3, '\0');
  const int size = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                                   reinterpret_cast<const unsigned char*>(base64.data()),
                                   static_cast<int>(base64.size()));
  if (size < 0) return {};
  std::size_t length = static_cast<std::size_t>(size);
  for (int pad = 0; pad < 2 && !base64.empty() && base64.back() == '='; ++pad) {
    base64.remove_suffix(1);
    --length;
  }
  out.resize(length);
  return out;
}

ImageFacts read_image(std::string_view base64) {
  ImageFacts facts;
  facts.bytes = base64.size() / 4 * 3;
  if (!base64.empty() && base64.back() == '=') {
    facts.bytes -= base64[base64.size() - 2] == '=' ? 2u : 1u;
  }
  const std::string data = decode_base64(base64.substr(0, kHeadBase64));
  const auto starts = [&data](std::string_view magic) {
    return data.compare(0, magic.size(), magic) == 0;
  };
  if (starts("\x89PNG\r\n\x1a\n")) {
    facts.format = "png";
    facts.width = big16(data, 16) * 65536 + big16(data, 18);
    facts.height = big16(data, 20) * 65536 + big16(data, 22);
  } else if (starts("\xFF\xD8\xFF")) {
    facts.format = "jpeg";
    read_jpeg_size(data, facts);
  } else if (starts("GIF87a") || starts("GIF89a")) {
    facts.format = "gif";
    facts.width = little16(data, 6);
    facts.height = little16(data, 8);
  } else if (data.size() > 16 && starts("RIFF") && data.compare(8, 4, "WEBP") == 0) {
    facts.format = "webp";
    read_webp_size(data, facts);
  }
  return facts;
}

}  // namespace oriel::sim
