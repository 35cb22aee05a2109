// The small text forms: percent-encoding, base64, data URLs, checksums, picture headers.
#include <gtest/gtest.h>

#include <random>

#include "convert/wire/base64.h"
#include "convert/wire/crc32.h"
#include "convert/wire/data_url.h"
#include "convert/wire/image_probe.h"
#include "convert/wire/percent.h"
#include "tests/convert/event_stream_encoder.h"

namespace oriel::convert::wire {
namespace {

using namespace std::string_literals;

std::string percent(std::string_view plain) {
  std::string out;
  append_percent_encoded(plain, out);
  return out;
}

TEST(Percent, EncodesAllButTheUnreserved) {
  const std::string unreserved =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~";
  EXPECT_EQ(percent(unreserved), unreserved);
  EXPECT_EQ(percent("anthropic.claude-v1:0"), "anthropic.claude-v1%3A0");
  EXPECT_EQ(percent("a/b c+d%\xFF\0"s), "a%2Fb%20c%2Bd%25%FF%00");
}

TEST(Percent, DecodesWhatItEncodes) {
  std::string all;
  for (int c = 0; c < 256; ++c) all.push_back(static_cast<char>(c));
  EXPECT_EQ(percent_decode(percent(all)), all);
  EXPECT_EQ(percent_decode("a%2fb+c"), "a/b+c");
  for (const char* broken : {"%", "%4", "a%4", "%4g", "%g4", "%%41", "% 41", "%+4"}) {
    EXPECT_FALSE(percent_decode(broken)) << broken;
    EXPECT_FALSE(valid_percent_encoding(broken)) << broken;
  }
  EXPECT_TRUE(valid_percent_encoding(""));
}

TEST(Base64, KnowsTheCanonicalForm) {
  for (const char* good : {"", "AA==", "AAA=", "AAAA", "ab+/", "Zm9vYmFy", "TWE=", "TQ=="}) {
    EXPECT_TRUE(is_canonical_base64(good)) << good;
  }
  for (const char* bad : {"A",    "AA",     "AAA",   "A===",    "====",     "=",
                          "AB==", "AAB=",   "AA=A",  "AAAA=",   "AAAA====", "AA-_",
                          "AA A", "AAAA\n", " AAAA", "AAA\xC3", "AA\0A",    "AA@A",
                          "AA[A", "AA`A",   "AA{A",  "AA:A"}) {
    EXPECT_FALSE(is_canonical_base64(bad)) << bad;
  }
}

TEST(Base64, FindsOneBadByteAnywhereInALongText) {
  const std::string good(1000, 'Q');
  ASSERT_TRUE(is_canonical_base64(good));
  for (std::size_t at = 0; at < good.size(); ++at) {
    std::string bad = good;
    bad[at] = at % 2 == 0 ? '-' : '\x80';
    ASSERT_FALSE(is_canonical_base64(bad)) << at;
  }
}

TEST(Base64, AgreesWithTheAlphabetOnEveryByte) {
  for (int c = 0; c < 256; ++c) {
    const bool letter = std::isalnum(c) && c < 128;
    const std::string text = std::string(63, 'A') + static_cast<char>(c) + "AAAA";
    EXPECT_EQ(is_canonical_base64(text), letter || c == '+' || c == '/') << c;
  }
}

TEST(Base64, CleansWhatIsLax) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"", ""},
      {"Zm9vYmFy", "Zm9vYmFy"},
      {"_-8", "/+8="},
      {"TQ", "TQ=="},
      {"TWE", "TWE="},
      {"TQ==", "TQ=="},
      {" T\nQ\r\n=\t= ", "TQ=="},
      {"TR==", "TQ=="},
      {"TWF=", "TWE="},
      {"Zm9v\r\nYmFy\r\n", "Zm9vYmFy"},
  };
  for (const auto& [lax, canonical] : cases) {
    std::string out = "kept:";
    EXPECT_TRUE(clean_base64(lax, out)) << lax;
    EXPECT_EQ(out, "kept:" + canonical) << lax;
    EXPECT_TRUE(is_canonical_base64(std::string_view(out).substr(5)));
  }
  for (const char* bad : {"A", "AAAAA", "A=", "AA=A", "AAA==", "AAAA=", "=", "A*AA", "AA.A", "\x80",
                          "AA===", "data:AAAA"}) {
    std::string out = "kept";
    EXPECT_FALSE(clean_base64(bad, out)) << bad;
    EXPECT_EQ(out, "kept");
  }
}

TEST(Base64, DecodesAPrefix) {
  unsigned char bytes[8];
  const auto decode = [&](std::string_view text, std::size_t room) {
    const std::size_t count = decode_base64_prefix(text, std::span(bytes, room));
    return std::string(reinterpret_cast<char*>(bytes), count);
  };
  EXPECT_EQ(decode("Zm9vYmFy", 8), "foobar");
  EXPECT_EQ(decode("Zm9vYmFy", 4), "foob");
  EXPECT_EQ(decode("Zm9vYmFy", 0), "");
  EXPECT_EQ(decode("TQ==", 8), "M");
  EXPECT_EQ(decode("TQ", 8), "M");
  EXPECT_EQ(decode("_-8=", 8), "\xFF\xEF");
  EXPECT_EQ(decode("Zm9v*Zm9v", 8), "foo");
  EXPECT_EQ(decode("", 8), "");
}

// RFC 4648 §10.
TEST(Base64, Encodes) {
  const std::pair<std::string_view, std::string_view> cases[] = {{"", ""},
                                                                 {"f", "Zg=="},
                                                                 {"fo", "Zm8="},
                                                                 {"foo", "Zm9v"},
                                                                 {"foob", "Zm9vYg=="},
                                                                 {"fooba", "Zm9vYmE="},
                                                                 {"foobar", "Zm9vYmFy"},
                                                                 {"\xFB\xFF", "+/8="}};
  for (const auto& [bytes, text] : cases) {
    std::string out = "before ";
    append_base64(bytes, out);
    EXPECT_EQ(out, "before " + std::string(text));
  }
}

TEST(Base64, DecodesWhatItEncodes) {
  std::string bytes;
  for (int i = 0; i < 700; ++i) {
    bytes.push_back(static_cast<char>(i * 37));
    std::string text;
    append_base64(bytes, text);
    ASSERT_TRUE(is_canonical_base64(text));
    std::string back(bytes.size(), '\0');
    const std::span<unsigned char> room(reinterpret_cast<unsigned char*>(back.data()), back.size());
    ASSERT_EQ(decode_base64_prefix(text, room), bytes.size());
    ASSERT_EQ(back, bytes);
  }
}

TEST(DataUrl, Parts) {
  struct Row {
    const char* url;
    const char* type;
    bool base64;
    const char* data;
  };
  for (const Row& row : std::initializer_list<Row>{
           {"data:image/png;base64,AAAA", "image/png", true, "AAAA"},
           {"DATA:image/png;BASE64,AAAA", "image/png", true, "AAAA"},
           {"data:;base64,AA", "", true, "AA"},
           {"data:image/png;charset=binary;base64,AA", "image/png", true, "AA"},
           {"data:image/png; base64,AA", "image/png", true, "AA"},
           {"data:image/png,AA", "image/png", false, "AA"},
           {"data:image/png;base64;x=y,AA", "image/png", false, "AA"},
           {"data:base64,AA", "base64", false, "AA"},
           {"data:,", "", false, ""},
           {"data:,a,b", "", false, "a,b"},
       }) {
    const auto parsed = parse_data_url(row.url);
    ASSERT_TRUE(parsed) << row.url;
    EXPECT_EQ(parsed->media_type, row.type) << row.url;
    EXPECT_EQ(parsed->base64, row.base64) << row.url;
    EXPECT_EQ(parsed->data, row.data) << row.url;
  }
  for (const char* other :
       {"", "data", "data:", "data:image/png;base64", "http://a,b", "xdata:,a"}) {
    EXPECT_FALSE(parse_data_url(other)) << other;
  }
}

TEST(Crc32, IsZlibs) {
  EXPECT_EQ(crc32("123456789"), 0xCBF43926U);
  EXPECT_EQ(crc32(""), 0U);
  EXPECT_EQ(crc32("6789", crc32("12345")), 0xCBF43926U);
  EXPECT_EQ(crc32("any text"), test::crc32_bitwise("any text"));
}

std::string png() { return "\x89PNG\r\n\x1A\n\0\0\0\rIHDR\0\0\1\0\0\0\0\2\x08\6\0\0\0"s; }
std::string gif() { return "GIF89a\x0A\0\x14\0\0\0\0"s; }
std::string jpeg() {
  return "\xFF\xD8\xFF\xE0\0\x10JFIF\0\1\1\0\0\1\0\1\0\0\xFF\xFF\xC2\0\x11\x08\1\2\3\4\3\1\x22\0"s;
}
std::string webp(const std::string& chunk) { return "RIFF\x40\0\0\0WEBP"s + chunk; }
std::string webp_lossy() { return webp("VP8 \x30\0\0\0\x10\2\0\x9D\x01\x2A\x40\x41\x20\x80\0\0"s); }
std::string webp_lossless() {
  return webp("VP8L\x30\0\0\0\x2F\x3F\xC0\x07\0"s + std::string(8, '\0'));
}
std::string webp_extended() { return webp("VP8X\x0A\0\0\0\0\0\0\0\xFF\1\0\x0F\0\0"s); }

TEST(ImageProbe, ReadsFormatAndSize) {
  struct Row {
    std::string bytes;
    ImageFormat format;
    std::uint32_t width;
    std::uint32_t height;
  };
  for (const Row& row : std::initializer_list<Row>{
           {png(), ImageFormat::png, 256, 2},
           {gif(), ImageFormat::gif, 10, 20},
           {jpeg(), ImageFormat::jpeg, 0x0304, 0x0102},
           {webp_lossy(), ImageFormat::webp, 0x0140, 0x0020},
           {webp_lossless(), ImageFormat::webp, 64, 32},
           {webp_extended(), ImageFormat::webp, 512, 16},
       }) {
    const auto info = probe_image_info(row.bytes);
    ASSERT_TRUE(info) << to_string(row.format);
    EXPECT_EQ(info->format, row.format);
    EXPECT_EQ(info->width, row.width) << to_string(row.format);
    EXPECT_EQ(info->height, row.height) << to_string(row.format);
    // A shorter prefix is never read beyond, and never changes the answer.
    for (std::size_t size = 0; size < row.bytes.size(); ++size) {
      const std::vector<unsigned char> prefix(row.bytes.data(), row.bytes.data() + size);
      const auto cut = probe_image_info(prefix);
      EXPECT_EQ(cut ? cut->width : row.width, row.width);
    }
    EXPECT_EQ(probe_image(std::string_view(row.bytes).substr(0, 12)), row.format);
  }
}

TEST(ImageProbe, RefusesWhatIsNone) {
  for (const std::string& none :
       {""s, "BM"s, "%PDF-1.7"s, "GIF88a\1\0\1\0"s, "RIFF\0\0\0\0WAVEfmt "s, "\xFF\xD8\x00"s,
        "\x89PNG\n\n\n\n    "s, "<svg></svg>"s}) {
    EXPECT_FALSE(probe_image(none)) << none;
    EXPECT_FALSE(probe_image_info(none)) << none;
  }
  std::string zero = png();
  zero[18] = 0;
  EXPECT_FALSE(probe_image_info(zero));  // no width
  EXPECT_TRUE(probe_image(zero));
  EXPECT_FALSE(
      probe_image_info("\xFF\xD8\xFF\xE0\0\1xxxxxxxxxxxx"s));  // segment shorter than itself
}

TEST(ImageProbe, SurvivesRandomBytesBehindEveryMagic) {
  std::mt19937 random(7);
  for (const std::string& magic : {png(), gif(), jpeg(), webp_lossy(), webp_lossless()}) {
    for (int round = 0; round < 2000; ++round) {
      std::vector<unsigned char> bytes(magic.begin(), magic.begin() + 3 + round % 10);
      for (int i = 0; i < round % 64; ++i) bytes.push_back(static_cast<unsigned char>(random()));
      const auto info = probe_image_info(bytes);
      EXPECT_TRUE(!info || info->width > 0);
    }
  }
}

}  // namespace
}  // namespace oriel::convert::wire
