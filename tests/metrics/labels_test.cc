#include "metrics/labels.h"

#include <gtest/gtest.h>

#include <string>

namespace oriel::metrics {
namespace {

TEST(LabelTable, GivesOneIdPerValue) {
  LabelTable labels;
  const LabelId claude = labels.intern("claude");
  EXPECT_EQ(labels.intern("claude"), claude);
  EXPECT_NE(labels.intern("claude-2"), claude);
  EXPECT_EQ(labels.name(claude), "claude");
  EXPECT_EQ(labels.intern(""), kUnknownLabel);
  EXPECT_EQ(labels.intern("unknown"), kUnknownLabel);
  EXPECT_EQ(labels.intern("other"), LabelTable::kOverflowLabel);
  EXPECT_EQ(labels.name(60'000), "unknown");
}

TEST(LabelTable, MakesValuesSafe) {
  const std::string long_ascii(300, 'a');
  std::string straddling(255, 'a');
  straddling += "\xC3\xA9";
  const struct {
    std::string value, name;
  } kCases[] = {
      {"caf\xC3\xA9", "caf\xC3\xA9"},
      {"\xFFx", "\xEF\xBF\xBDx"},
      {"cut\xE2\x82", "cut\xEF\xBF\xBD\xEF\xBF\xBD"},
      {std::string("a\0b", 3),
       "a\xEF\xBF\xBD"
       "b"},
      {"a\nb",
       "a\xEF\xBF\xBD"
       "b"},
      {"say \"hi\" \\", "say \"hi\" \\"},
      {long_ascii, std::string(256, 'a')},
      {straddling, std::string(255, 'a')},
  };
  LabelTable labels;
  for (const auto& c : kCases) EXPECT_EQ(labels.name(labels.intern(c.value)), c.name);
  std::string noise(5'000, '\xFF');
  EXPECT_LE(labels.name(labels.intern(noise)).size(), LabelTable::kMaxBytes);
}

TEST(LabelTable, IsBounded) {
  LabelTable labels;
  for (std::size_t i = 0; i < 1'000'000; i += 1) {
    const LabelId id = labels.intern(std::to_string(i));
    if (i >= LabelTable::kMaxLabels) {
      ASSERT_EQ(id, LabelTable::kOverflowLabel);
    }
  }
  EXPECT_EQ(labels.size(), LabelTable::kMaxLabels);
  EXPECT_EQ(labels.name(LabelTable::kMaxLabels - 1), std::to_string(LabelTable::kMaxLabels - 3));
}

}  // namespace
}  // namespace oriel::metrics
