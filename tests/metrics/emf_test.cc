#include "metrics/emf.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "convert/json/reader.h"
#include "tests/metrics/samples.h"

namespace oriel::metrics {
namespace {

using std::chrono::milliseconds;
using WallTime = std::chrono::system_clock::time_point;

constexpr WallTime kNow{milliseconds(1'767'323'045'123)};

std::vector<std::string> lines_of(EmfAggregate& emf, WallTime now = kNow) {
  std::vector<std::string> lines;
  emf.flush(now, [&](std::string_view line) { lines.emplace_back(line); });
  return lines;
}

Record health_probe() {
  Record record;
  record.endpoint = Endpoint::health;
  record.status = 200;
  record.outcome = Outcome::ok;
  record.total = std::chrono::microseconds(1'500);
  return record;
}

Record chat_of(LabelId model) {
  Record record = health_probe();
  record.endpoint = Endpoint::chat_completions;
  record.model = model;
  return record;
}

// What CloudWatch demands of a document (CloudWatch_Embedded_Metric_Format_Specification), by hand.
void check_document(const std::string& line) {
  SCOPED_TRACE(line);
  EXPECT_LT(line.size(), 256U * 1024);
  EXPECT_EQ(line.find_first_of("\r\n"), std::string::npos);
  json::Reader reader;
  const json::PaddedBuffer buffer(line);
  const auto root = reader.read(buffer);
  ASSERT_TRUE(root.has_value());
  const auto metadata = root->find("_aws");
  ASSERT_TRUE(metadata && metadata->find("Timestamp")->as_integer());
  const json::Value directives = *metadata->find("CloudWatchMetrics");
  ASSERT_EQ(directives.children().count(), 1U);
  const json::Value directive = (*directives.children().begin()).value;
  EXPECT_EQ(json::unescape(*directive.find("Namespace")->as_text()), "Oriel");
  const json::Value sets = *directive.find("Dimensions");
  ASSERT_EQ(sets.children().count(), 1U);
  std::set<std::string> members = {"_aws"};
  for (const json::Member name : (*sets.children().begin()).value.children()) {
    const std::string dimension = json::unescape(*name.value.as_text());
    EXPECT_TRUE(members.insert(dimension).second);
    const std::string value = json::unescape(*root->find(dimension)->as_text());
    EXPECT_NE(value.find_first_not_of(' '), std::string::npos);
    EXPECT_LE(value.size(), 1'024U);
    for (const char c : value) EXPECT_TRUE(c >= 0x20 && c < 0x7F) << value;
  }
  const json::Value metrics = *directive.find("Metrics");
  EXPECT_LE(metrics.children().count(), 100U);
  EXPECT_FALSE(metrics.children().empty());
  for (const json::Member metric : metrics.children()) {
    const std::string name = json::unescape(*metric.value.find("Name")->as_text());
    EXPECT_TRUE(members.insert(name).second);
    const json::Value target = *root->find(name);
    EXPECT_TRUE(target.as_number() || target.is_array()) << name;
    EXPECT_LE(target.children().count(), EmfAggregate::kMaxValues) << name;
    EXPECT_TRUE(!target.is_array() || !target.children().empty()) << name;
    for (const json::Member value : target.children()) EXPECT_TRUE(value.value.as_number());
  }
  // Nothing that nobody explains: above all no request's id.
  for (const json::Member member : root->children()) {
    EXPECT_TRUE(members.contains(json::unescape(member.key))) << json::unescape(member.key);
  }
}

TEST(Emf, WritesNothingWhereNothingHappened) {
  const LabelTable labels;
  EmfAggregate emf(labels, "Oriel");
  EXPECT_TRUE(lines_of(emf).empty());
  emf.add(health_probe());
  EXPECT_EQ(lines_of(emf).size(), 2U);
  EXPECT_TRUE(lines_of(emf).empty());
}

TEST(Emf, ADocumentHoldsWhatTheFormatDemands) {
  const LabelTable labels;
  EmfAggregate emf(labels, "Oriel");
  emf.add(health_probe());
  emf.add(health_probe());
  const auto lines = lines_of(emf);
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(lines[0],
            R"({"_aws":{"Timestamp":1767323045123,"CloudWatchMetrics":[{"Namespace":"Oriel",)"
            R"("Dimensions":[[]],"Metrics":[{"Name":"RequestCount","Unit":"Count"},)"
            R"({"Name":"ErrorCount","Unit":"Count"},)"
            R"({"Name":"ResponseTime","Unit":"Milliseconds"}]}]},)"
            R"("RequestCount":2,"ErrorCount":0,"ResponseTime":[1.5,1.5]})");
  EXPECT_EQ(lines[1],
            R"({"_aws":{"Timestamp":1767323045123,"CloudWatchMetrics":[{"Namespace":"Oriel",)"
            R"("Dimensions":[["Endpoint","StatusClass"]],)"
            R"("Metrics":[{"Name":"RequestCount","Unit":"Count"},)"
            R"({"Name":"ErrorCount","Unit":"Count"},)"
            R"({"Name":"ResponseTime","Unit":"Milliseconds"}]}]},)"
            R"("Endpoint":"health","StatusClass":"2xx",)"
            R"("RequestCount":2,"ErrorCount":0,"ResponseTime":[1.5,1.5]})");
}

TEST(Emf, TellsAllOfAStream) {
  LabelTable labels;
  EmfAggregate emf(labels, "Oriel");
  Record record = good_stream(labels);
  record.cost = 35;
  record.unpriced = true;
  record.attempts[0].wasted = WasteReason::retry;
  record.attempts[0].tokens = Tokens{30, 4, 0, 0, 0, 0};
  record.attempts[0].cost = 1'200'000'000;
  record.attempts[1].retry = RetryReason::lesson;
  emf.add(record);
  record.outcome = Outcome::caller_cancelled;
  record.status = 499;
  record.attempts.clear();
  emf.add(record);
  const auto lines = lines_of(emf);
  ASSERT_EQ(lines.size(), 4U);  // [], two classes of status, the model
  for (const std::string& line : lines) check_document(line);
  const std::string sums =
      R"("Model":"claude","RequestCount":2,"ErrorCount":1,"ClientAbortCount":1,"RetryCount":1,)"
      R"("ThrottleCount":1,"InputTokens":200,"OutputTokens":102,"CacheReadTokens":14,)"
      R"("CacheWriteTokens":16,"TokensUsed":332,"WastedTokens":34,"CostUSD":0.00000007,)"
      R"("WastedCostUSD":1.2,"UnpricedCount":2,"StreamingChunkCount":128,)"
      R"("ResponseTime":[1500,1500],"TimeToFirstToken":[200,200],)"
      R"("BedrockAPILatency":[1350,1350],"StreamingDuration":[1500,1500]})";
  EXPECT_TRUE(lines[3].ends_with(sums)) << lines[3];
}

TEST(Emf, RequestsOfNoKnownModelHaveNoModelDocument) {
  LabelTable labels;
  EmfAggregate emf(labels, "Oriel");
  emf.add(chat_of(kUnknownLabel));
  for (const std::string& line : lines_of(emf)) {
    EXPECT_EQ(line.find("Model"), std::string::npos) << line;
  }
}

TEST(Emf, StatusClassesAreHundreds) {
  const struct {
    int status;
    const char* name;
  } kCases[] = {{0, "none"},  {-7, "none"},  {99, "none"},  {100, "1xx"},
                {204, "2xx"}, {301, "3xx"},  {499, "4xx"},  {500, "5xx"},
                {599, "5xx"}, {600, "none"}, {9999, "none"}};
  const LabelTable labels;
  EmfAggregate emf(labels, "Oriel");
  for (const auto& c : kCases) {
    Record record = health_probe();
    record.status = c.status;
    emf.add(record);
    const auto lines = lines_of(emf);
    ASSERT_EQ(lines.size(), 2U);
    EXPECT_NE(lines[1].find(std::string(R"("Endpoint":"health","StatusClass":")") + c.name + '"'),
              std::string::npos)
        << c.status;
  }
}

TEST(Emf, DimensionValuesAreWhatCloudWatchTakes) {
  const struct {
    std::string model;
    std::string value;
  } kCases[] = {{"us.amazon.nova-lite-v1:0", "us.amazon.nova-lite-v1:0"},
                {"a\"b\\c", R"(a\"b\\c)"},
                {"mod\u00e8le", "mod?le"},
                {"\xF0\x9F\xA6\x89", "?"},
                {"line\nbreak\x7F", "line?break?"},
                {"bad\xFFutf8", "bad?utf8"},
                {"   ", "unknown"},
                {std::string(10'000, 'x'), std::string(LabelTable::kMaxBytes, 'x')}};
  LabelTable labels;
  EmfAggregate emf(labels, "Oriel");
  for (const auto& c : kCases) {
    emf.add(chat_of(labels.intern(c.model)));
    const auto lines = lines_of(emf);
    ASSERT_EQ(lines.size(), 3U);
    for (const std::string& line : lines) check_document(line);
    EXPECT_NE(lines[2].find(R"("Model":")" + c.value + '"'), std::string::npos) << lines[2];
  }
}

TEST(Emf, MoreValuesThanADocumentHoldsMakeFurtherOnes) {
  constexpr int kRequests = 250;
  const LabelTable labels;
  EmfAggregate emf(labels, "Oriel");
  for (int i = 0; i < kRequests; ++i) {
    Record record = health_probe();
    record.time = WallTime(milliseconds(i));
    record.total = milliseconds(i);
    emf.add(record);
  }
  const auto lines = lines_of(emf);
  ASSERT_EQ(lines.size(), 6U);  // 100, 100 and 50 values of each of two dimension sets
  std::multiset<std::int64_t> values;
  std::vector<std::int64_t> counts, times;
  for (const std::string& line : lines) {
    check_document(line);
    json::Reader reader;
    const json::PaddedBuffer buffer(line);
    const auto root = reader.read(buffer);
    if (root->find("Endpoint")) continue;
    counts.push_back(*root->find("RequestCount")->as_integer());
    times.push_back(*root->find("_aws")->find("Timestamp")->as_integer());
    for (const json::Member value : root->find("ResponseTime")->children()) {
      values.insert(*value.value.as_integer());
    }
  }
  EXPECT_EQ(counts, (std::vector<std::int64_t>{100, 100, 50}));
  EXPECT_EQ(times, (std::vector<std::int64_t>{99, 199, 1'767'323'045'123}));
  ASSERT_EQ(values.size(), static_cast<std::size_t>(kRequests));
  std::int64_t expected = 0;
  for (const std::int64_t value : values) EXPECT_EQ(value, expected++);
}

TEST(Emf, FullDocumentsCanGoBeforeTheFlush) {
  const LabelTable labels;
  EmfAggregate emf(labels, "Oriel");
  std::vector<std::string> lines;
  const auto write = [&](std::string_view line) { lines.emplace_back(line); };
  for (std::size_t i = 1; i < EmfAggregate::kMaxValues; ++i) emf.add(health_probe());
  emf.write_full(write);
  EXPECT_TRUE(lines.empty());
  emf.add(health_probe());
  emf.write_full(write);
  EXPECT_EQ(lines.size(), 2U);  // without dimensions, and of the endpoint
  emf.flush(kNow, write);
  EXPECT_EQ(lines.size(), 2U);
}

TEST(Emf, AFloodOfRequestsIsBoundedAndStillCounted) {
  constexpr std::int64_t kRequests = 300'000;
  const LabelTable labels;
  EmfAggregate emf(labels, "Oriel");
  Record record = health_probe();
  record.total = std::chrono::nanoseconds(123'456'789'012'345);
  for (std::int64_t i = 0; i < kRequests; ++i) emf.add(record);
  std::int64_t requests = 0;
  std::size_t bytes = 0;
  for (const std::string& line : lines_of(emf)) {
    bytes += line.size();
    json::Reader reader;
    const json::PaddedBuffer buffer(line);
    const auto root = reader.read(buffer);
    if (!root->find("Endpoint")) requests += *root->find("RequestCount")->as_integer();
    EXPECT_LE(root->find("ResponseTime")->children().count(), EmfAggregate::kMaxValues);
  }
  EXPECT_EQ(requests, kRequests);
  EXPECT_LT(bytes, EmfAggregate::kMaxWaitingBytes + 64 * 1024);
}

TEST(Emf, ModelsBeyondTheCapShareOneDocument) {
  constexpr std::size_t kMore = 50;
  LabelTable labels;
  EmfAggregate emf(labels, "Oriel");
  for (std::size_t i = 0; i < EmfAggregate::kMaxModels + kMore; ++i) {
    emf.add(chat_of(labels.intern("model-" + std::to_string(i))));
  }
  std::vector<std::string> lines = lines_of(emf);
  std::erase_if(lines,
                [](const auto& line) { return line.find("\"Model\":") == std::string::npos; });
  EXPECT_EQ(lines.size(), EmfAggregate::kMaxModels + 1);
  const std::string others = R"("Model":"other","RequestCount":)" + std::to_string(kMore) + ',';
  EXPECT_TRUE(std::any_of(lines.begin(), lines.end(), [&](const std::string& line) {
    return line.find(others) != std::string::npos;
  }));
}

}  // namespace
}  // namespace oriel::metrics
