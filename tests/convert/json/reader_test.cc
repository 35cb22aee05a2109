#include "convert/json/reader.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace oriel::json {
namespace {

bool reads(std::string_view text) {
  Reader reader;
  const PaddedBuffer buffer(text);
  return reader.read(buffer).has_value();
}

ReadError error_of(std::string_view text) {
  Reader reader;
  const PaddedBuffer buffer(text);
  auto value = reader.read(buffer);
  EXPECT_FALSE(value) << text;
  return value ? ReadError::syntax : value.error();
}

TEST(Reader, TakesEveryKindOfValue) {
  const PaddedBuffer buffer(
      R"( { "o" : { } , "a":[1, -2.5 ,true,false,null,[]], "s":"x\u00e9\n", "e":1e3 } )");
  Reader reader;
  auto root = reader.read(buffer);
  ASSERT_TRUE(root);
  EXPECT_EQ(root->find("o")->raw().text, "{ }");
  EXPECT_EQ(root->find("a")->raw().text, "[1, -2.5 ,true,false,null,[]]");
  EXPECT_EQ(root->find("a")->children().count(), 6U);
  EXPECT_EQ(root->find("s")->as_text()->escaped(), R"(x\u00e9\n)");
  EXPECT_EQ(unescape(*root->find("s")->as_text()), "x\xC3\xA9\n");
  EXPECT_EQ(root->find("e")->type(), Type::number);
  EXPECT_EQ(root->find("e")->as_number(), 1000.0);
  EXPECT_FALSE(root->find("e")->as_integer());
  EXPECT_FALSE(root->find("missing"));
  std::vector<Type> types;
  for (const Member element : root->find("a")->children()) types.push_back(element.value.type());
  EXPECT_EQ(types, (std::vector{Type::integer, Type::number, Type::boolean, Type::boolean,
                                Type::null, Type::array}));
}

TEST(Reader, TakesScalarsAtTheRoot) {
  for (const char* text : {"1", "-1.5", "\"x\"", "true", "null", " null ", "[]", "{}"}) {
    EXPECT_TRUE(reads(text)) << text;
  }
}

TEST(Reader, RefusesWhatIsNotJson) {
  const std::vector<std::string> bad = {"",
                                        " ",
                                        "{",
                                        "}",
                                        "[",
                                        "[1",
                                        "[1,",
                                        "[1,]",
                                        "[,1]",
                                        "{\"a\"}",
                                        "{\"a\":}",
                                        "{\"a\":1,}",
                                        "{a:1}",
                                        "{\"a\" 1}",
                                        "{\"a\":1 \"b\":2}",
                                        "{1:2}",
                                        "[1 2]",
                                        "nul",
                                        "tru",
                                        "truex",
                                        "nullx",
                                        "01",
                                        "1.",
                                        ".5",
                                        "+1",
                                        "1e",
                                        "-",
                                        "NaN",
                                        "Infinity",
                                        "0x10",
                                        "'a'",
                                        "\"a",
                                        "\"\\x\"",
                                        "\"\\u12\"",
                                        "\"\\ud800\"",
                                        "\"\\udc00\"",
                                        "\"\\ud800\\u0041\"",
                                        "\"\t\"",
                                        "{\"a\":1}x",
                                        "{} {}",
                                        "[1]]",
                                        "{\"a\":nul}",
                                        "{\"a\":[tru]}",
                                        "{\"a\":{\"b\":01}}",
                                        "{\"\\ud800\":1}",
                                        "[\"\xff\"]",
                                        "[\"\xc0\xaf\"]",
                                        "\xEF\xBB\xBF{}",
                                        "[1}",
                                        "{\"a\":1]",
                                        std::string("[\"\0\"]", 5)};
  for (const std::string& text : bad) EXPECT_FALSE(reads(text)) << text;
}

TEST(Reader, RefusesDuplicateKeysInSmallAndLargeObjects) {
  EXPECT_EQ(error_of(R"({"a":1,"a":2})"), ReadError::duplicate_key);
  std::string large = "{";
  for (int i = 0; i < 40; ++i) large += "\"k" + std::to_string(i) + "\":0,";
  EXPECT_TRUE(reads(large + "\"z\":0}"));
  EXPECT_EQ(error_of(large + "\"k39\":0}"), ReadError::duplicate_key);
  EXPECT_EQ(error_of(R"([{"x":{"a":1,"b":2,"a":3}}])"), ReadError::duplicate_key);
}

TEST(Reader, BoundsTheDepth) {
  const auto nested = [](int depth) {
    return std::string(static_cast<std::size_t>(depth), '[') +
           std::string(static_cast<std::size_t>(depth), ']');
  };
  EXPECT_TRUE(reads(nested(kMaxDepth)));
  EXPECT_EQ(error_of(nested(kMaxDepth + 1)), ReadError::too_deep);
  EXPECT_EQ(error_of(nested(100'000)), ReadError::too_deep);
}

TEST(Reader, KeepsIntegersBeyond64BitsAsNumbers) {
  const PaddedBuffer buffer(
      R"([9223372036854775807, 9223372036854775808, 123456789012345678901234567890])");
  Reader reader;
  auto root = reader.read(buffer);
  ASSERT_TRUE(root);
  auto at = root->children().begin();
  EXPECT_EQ((*at).value.as_integer(), 9223372036854775807LL);
  ++at;
  EXPECT_FALSE((*at).value.as_integer());
  ++at;
  EXPECT_FALSE((*at).value.as_integer());
  EXPECT_TRUE((*at).value.as_number());
}

TEST(Reader, EveryPrefixOfATextIsRefused) {
  const std::string text = R"({"a":[1,{"b":"c\n"}],"d":true,"e":null,"f":-1.5e3})";
  EXPECT_TRUE(reads(text));
  for (std::size_t size = 0; size < text.size(); ++size) EXPECT_FALSE(reads(text.substr(0, size)));
}

TEST(Reader, IsReusable) {
  Reader reader;
  const PaddedBuffer bad("[1,");
  const PaddedBuffer good("[1,2]");
  EXPECT_FALSE(reader.read(bad));
  auto root = reader.read(good);
  ASSERT_TRUE(root);
  EXPECT_EQ(root->children().count(), 2U);
}

}  // namespace
}  // namespace oriel::json
