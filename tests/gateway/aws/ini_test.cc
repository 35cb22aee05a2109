#include "gateway/aws/ini.h"

#include <gtest/gtest.h>

namespace oriel::gateway::aws {
namespace {

std::string setting(const IniFile& file, std::string_view section, std::string_view key,
                    std::string_view parent = {}) {
  const IniSection* found = file.find(section);
  const std::string* value = found == nullptr ? nullptr : found->find(key, parent);
  return value == nullptr ? "(none)" : *value;
}

TEST(Ini, ReadsWhatPeopleWrite) {
  const auto file = read_ini(
      "\xEF\xBB\xBF# comment\r\n"
      "[default]\r\n"
      "Region=us-east-1 ; behind\r\n"
      "  aws_access_key_id\t=  AKID  \n"
      "secret = a#b;c=d==\n"
      "; another\n"
      "\n"
      "[ profile   \"my team\" ]  # why\n"
      "region = eu-west-1\n"
      "region = eu-west-2\n"
      "s3 =\n"
      "  max_concurrent_requests = 20\n"
      "\tregion = inner\n"
      "output = json\n"
      " not_nested = yes\n"
      "[default]\n"
      "output=text",
      "f");
  ASSERT_TRUE(file.has_value());
  EXPECT_EQ(file->sections.size(), 2u);
  EXPECT_EQ(setting(*file, "default", "region"), "us-east-1");
  EXPECT_EQ(setting(*file, "default", "aws_access_key_id"), "AKID");
  EXPECT_EQ(setting(*file, "default", "secret"), "a#b;c=d==");
  EXPECT_EQ(setting(*file, "default", "output"), "text");
  EXPECT_EQ(setting(*file, "profile my team", "region"), "eu-west-2");
  EXPECT_EQ(setting(*file, "profile my team", "region", "s3"), "inner");
  EXPECT_EQ(setting(*file, "profile my team", "max_concurrent_requests", "s3"), "20");
  EXPECT_EQ(setting(*file, "profile my team", "not_nested"), "yes");
  EXPECT_EQ(setting(*file, "profile my team", "missing"), "(none)");
  EXPECT_EQ(setting(*file, "elsewhere", "region"), "(none)");
}

TEST(Ini, EmptyFilesAreEmpty) {
  for (const char* text : {"", "\n\n", "# only\n", "  \t\r\n"}) {
    const auto file = read_ini(text, "f");
    ASSERT_TRUE(file.has_value());
    EXPECT_TRUE(file->sections.empty());
  }
}

TEST(Ini, ErrorsNameTheLineAndNoContents) {
  const std::pair<const char*, const char*> cases[] = {
      {"[default]\nsecretive words\n", "f:2: neither a [section] nor a 'key = value'"},
      {"[default\n", "f:1: a section without ']'"},
      {"\nkey = secretive\n", "f:2: a setting in front of the first [section]"},
      {"[d]\n= secretive\n", "f:2: a setting without a key"},
  };
  for (const auto& [text, message] : cases) {
    const auto file = read_ini(text, "f");
    ASSERT_FALSE(file.has_value()) << text;
    EXPECT_EQ(file.error().message, message);
  }
}

TEST(Ini, IsBounded) {
  EXPECT_FALSE(read_ini(std::string(kMaxIniBytes + 1, '\n'), "f").has_value());
  EXPECT_TRUE(read_ini(std::string(kMaxIniBytes, '\n'), "f").has_value());
  std::string many = "[x]\n";
  for (std::size_t i = 0; i < kMaxIniSettings; ++i) many += "a=b\n";
  EXPECT_TRUE(read_ini(many, "f").has_value());
  EXPECT_FALSE(read_ini(many + "a=b\n", "f").has_value());
}

}  // namespace
}  // namespace oriel::gateway::aws
