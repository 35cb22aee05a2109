#include "convert/json/text.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "convert/json/padded_buffer.h"
#include "convert/json/reader.h"
#include "convert/json/writer.h"

namespace oriel::json {
namespace {

TEST(Text, Unescapes) {
  EXPECT_EQ(unescape(Text::from_escaped(R"(a\"\\\/\b\f\n\r\t\u0041\ud83d\ude00)")),
            "a\"\\/\b\f\n\r\tA\xF0\x9F\x98\x80");
}

TEST(Text, EscapesAndMendsUtf8) {
  std::string out;
  append_escaped(std::string_view("q\"b\\n\n\x01\xff z\xC3\xA9", 12), out);
  EXPECT_EQ(out, "q\\\"b\\\\n\\n\\u0001\xEF\xBF\xBD z\xC3\xA9");
}

TEST(Text, EscapesAByteWhereverItStands) {
  const std::string plain = "0123456789abcdefg";
  for (int byte = 0; byte < 256; ++byte) {
    std::string alone;
    append_escaped(std::string(1, static_cast<char>(byte)), alone);
    for (std::size_t at = 0; at < plain.size(); ++at) {
      std::string text = plain;
      text[at] = static_cast<char>(byte);
      std::string escaped;
      append_escaped(text, escaped);
      EXPECT_EQ(escaped, plain.substr(0, at) + alone + plain.substr(at + 1)) << byte;
    }
  }
}

TEST(Text, KnowsBlank) {
  for (const char* blank : {"", " ", "\\n\\t", "\\u00a0", "\xC2\xA0", "\xE3\x80\x80", "\\u200b "}) {
    EXPECT_TRUE(is_blank(Text::from_escaped(blank))) << blank;
  }
  for (const char* text : {"a", " a", "\\n.", "\xC3\xA9", "\\u0041"}) {
    EXPECT_FALSE(is_blank(Text::from_escaped(text))) << text;
  }
}

TEST(Text, IsClippedBetweenCharacters) {
  const std::string_view text = "a\xC3\xA9\xE2\x98\x83";  // of 1, 2 and 3 bytes
  const std::size_t expected[] = {0, 1, 1, 3, 3, 3, 6, 6};
  for (std::size_t limit = 0; limit < std::size(expected); ++limit) {
    EXPECT_EQ(clip_utf8(text, limit), text.substr(0, expected[limit])) << limit;
  }
}

TEST(Text, EscapeThenUnescapeIsTheIdentity) {
  EXPECT_TRUE(rc::check("escape, read, unescape", [](const std::string& bytes) {
    std::string plain;
    for (const char c : bytes) plain.push_back(static_cast<char>(c & 0x7F));
    std::string json;
    Writer(json).string(plain);
    const PaddedBuffer buffer(json);
    Reader reader;
    auto value = reader.read(buffer);
    RC_ASSERT(value.has_value());
    RC_ASSERT(unescape(*value->as_text()) == plain);
  }));
}

TEST(Writer, PutsCommas) {
  std::string out;
  Writer w(out);
  w.begin_object().key("a").begin_array().integer(1).boolean(true).null().number(0.7).end_array();
  w.key("b").begin_object().end_object().key("c").string("x").key("d").raw(Raw{"[ ]"}).end_object();
  EXPECT_EQ(out, R"({"a":[1,true,null,0.7],"b":{},"c":"x","d":[ ]})");
}

}  // namespace
}  // namespace oriel::json
