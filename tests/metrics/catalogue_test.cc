#include "metrics/catalogue.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <set>
#include <sstream>
#include <string>

#include "metrics/label_words.h"

namespace oriel::metrics {
namespace {

std::string listed(const FamilyRow& row) {
  std::ostringstream line;
  line << row.name << ' ' << to_string(row.type);
  line << " {";
  for (const Label& label : row.labels) {
    line << (&label == row.labels.data() ? "" : ",") << to_string(label);
  }
  line << "}";
  for (const std::uint64_t bound : row.buckets) {
    line << ' ';
    if (row.unit == Unit::seconds) {
      line << static_cast<double>(bound) / kNanosPerSecond;
    } else {
      line << bound;
    }
  }
  return line.str();
}

// Names, labels and buckets are what dashboards and alerts are built on: a change of this list is a
// change of the interface.
TEST(Catalogue, IsTheGoldenList) {
  std::ifstream golden(ORIEL_TEST_DATA "/golden/families.txt");
  std::string line;
  for (const FamilyRow& row : catalogue()) {
    ASSERT_TRUE(std::getline(golden, line)) << "not in the list: " << listed(row);
    EXPECT_EQ(listed(row), line);
  }
  EXPECT_FALSE(std::getline(golden, line)) << "only in the list: " << line;
}

TEST(Catalogue, NamesFollowTheConventions) {
  std::set<std::string_view> names;
  for (const FamilyRow& row : catalogue()) {
    EXPECT_TRUE(names.insert(row.name).second) << row.name << " twice";
    EXPECT_TRUE(row.name.starts_with("oriel_") || row.name.starts_with("process_")) << row.name;
    EXPECT_EQ(row.name.ends_with("_total"), row.type == Type::counter) << row.name;
    if (row.unit == Unit::seconds) {
      EXPECT_NE(row.name.find("_seconds"), std::string_view::npos) << row.name;
    }
    if (row.unit == Unit::bytes) {
      EXPECT_TRUE(row.name.ends_with("_bytes")) << row.name;
    }
    if (row.unit == Unit::dollars) {
      EXPECT_NE(row.name.find("_usd"), std::string_view::npos) << row.name;
    }
    EXPECT_FALSE(row.exemplars && row.type != Type::histogram) << row.name;
    EXPECT_FALSE(row.help.empty());
    EXPECT_TRUE(row.help.ends_with('.')) << row.name;
    EXPECT_TRUE(std::is_sorted(row.buckets.begin(), row.buckets.end())) << row.name;
  }
}

TEST(Catalogue, ClosedLabelsHaveAVocabulary) {
  static const std::set<Label> kClosed = {Label::endpoint, Label::outcome,       Label::class_,
                                          Label::stream,   Label::stage,         Label::kind,
                                          Label::reason,   Label::finish_reason, Label::source,
                                          Label::action,   Label::result};
  for (const FamilyRow& row : catalogue()) {
    for (const Label label : row.labels) {
      const auto words = label_words(row.family, label);
      EXPECT_EQ(!words.empty(), kClosed.count(label) == 1) << row.name << ' ' << to_string(label);
      const std::set<std::string_view> distinct(words.begin(), words.end());
      EXPECT_EQ(distinct.size(), words.size()) << row.name << ' ' << to_string(label);
      EXPECT_EQ(distinct.count(""), 0U) << row.name << ' ' << to_string(label);
    }
  }
}

TEST(Catalogue, NoLabelIsFreeText) {
  static const std::set<std::string_view> kBanned = {
      "user", "path", "ip", "client", "request_id", "trace_id", "user_agent", "prompt", "error"};
  for (const FamilyRow& row : catalogue()) {
    std::set<Label> seen;
    for (const Label label : row.labels) {
      EXPECT_EQ(kBanned.count(to_string(label)), 0U) << row.name;
      EXPECT_TRUE(seen.insert(label).second) << row.name;
    }
  }
}

}  // namespace
}  // namespace oriel::metrics
