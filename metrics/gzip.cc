#include "metrics/gzip.h"

#define ZLIB_CONST  // const input
#include <zlib.h>

#include <algorithm>
#include <thread>

namespace oriel::metrics {
namespace {

constexpr int kGzipWindow = 15 + 16;  // the largest window; 16 asks for gzip's frame
constexpr int kMemoryLevel = 8;       // zlib's default
constexpr std::size_t kRoom = 256 * 1024;

constexpr std::size_t kPart = 64 * 1024;  // of the text, at a time

}  // namespace

std::optional<std::string> gzip(std::string_view text) {
  z_stream stream{};
  if (deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, kGzipWindow, kMemoryLevel,
                   Z_DEFAULT_STRATEGY) != Z_OK) {
    return std::nullopt;
  }
  std::string out;
  std::size_t written = 0;
  int result = Z_OK;
  while (result == Z_OK) {
    out.resize(written + kRoom);
    std::this_thread::yield();  // to a request that waits for this core
    const auto offered = static_cast<uInt>(std::min(text.size(), kPart));
    stream.next_in = reinterpret_cast<const Bytef*>(text.data());
    stream.avail_in = offered;
    stream.next_out = reinterpret_cast<Bytef*>(out.data() + written);
    stream.avail_out = kRoom;
    result = deflate(&stream, offered == text.size() ? Z_FINISH : Z_NO_FLUSH);
    text.remove_prefix(offered - stream.avail_in);
    written = out.size() - stream.avail_out;
  }
  deflateEnd(&stream);
  if (result != Z_STREAM_END) return std::nullopt;
  out.resize(written);
  return out;
}

}  // namespace oriel::metrics
