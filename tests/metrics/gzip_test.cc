#include "metrics/gzip.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <string>

namespace oriel::metrics {
namespace {

// With zlib's own reader, which checks the frame's checksum and length.
std::string gunzip(const std::string& coded, std::size_t size) {
  z_stream stream{};
  EXPECT_EQ(inflateInit2(&stream, 15 + 16), Z_OK);
  std::string text(size + 1, '\0');
  std::string in = coded;
  stream.next_in = reinterpret_cast<Bytef*>(in.data());
  stream.avail_in = static_cast<uInt>(in.size());
  stream.next_out = reinterpret_cast<Bytef*>(text.data());
  stream.avail_out = static_cast<uInt>(text.size());
  EXPECT_EQ(inflate(&stream, Z_FINISH), Z_STREAM_END);
  EXPECT_EQ(stream.avail_in, 0U);
  text.resize(stream.total_out);
  inflateEnd(&stream);
  return text;
}

TEST(Gzip, ComesBackAsItWas) {
  std::string noise;
  std::uint64_t state = 1;
  for (int i = 0; i < 1'000'000; ++i) {
    state = state * 6'364'136'223'846'793'005U + 1'442'695'040'888'963'407U;
    noise.push_back(static_cast<char>(state >> 56));
  }
  for (const std::string& text :
       {std::string(), std::string("x"), std::string(3'000'000, 'a'), noise}) {
    const auto coded = gzip(text);
    ASSERT_TRUE(coded);
    EXPECT_EQ(gunzip(*coded, text.size()), text);
  }
  EXPECT_LT(gzip(std::string(3'000'000, 'a'))->size(), 30'000U);
}

}  // namespace
}  // namespace oriel::metrics
