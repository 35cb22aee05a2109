// Exemplars end to end in metrics/: which trace a bucket names, and that it is never a torn one.
#include "metrics/exemplar.h"

#include <gtest/gtest.h>

#include <atomic>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "metrics/registry.h"
#include "tests/metrics/samples.h"

namespace oriel::metrics {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;

constexpr const char* kOpenMetrics = "application/openmetrics-text; version=1.0.0";

// All fields say `number`, so that one of another write would show.
Exemplar exemplar(std::uint8_t number) {
  Exemplar out;
  out.mark.trace_id.fill(number);
  out.mark.span_id.fill(number);
  out.mark.time = nanoseconds(number);
  out.value = number;
  return out;
}

bool is_whole(const Exemplar& found) {
  const Exemplar same = exemplar(static_cast<std::uint8_t>(found.value));
  return found.mark.trace_id == same.mark.trace_id && found.mark.span_id == same.mark.span_id &&
         found.mark.time == same.mark.time;
}

TEST(ExemplarSlot, GivesWhatWasStoredLast) {
  ExemplarSlot slot;
  EXPECT_FALSE(slot.load());
  slot.store(exemplar(3));
  slot.store(exemplar(9));
  const auto found = slot.load();
  ASSERT_TRUE(found);
  EXPECT_EQ(found->value, 9U);
  EXPECT_TRUE(is_whole(*found));
}

TEST(ExemplarSlot, ReadersNeverSeeHalfOfOne) {
  ExemplarSlot slot;
  std::atomic<bool> done{false};
  std::thread writer([&] {
    for (int i = 0; i < 300'000; ++i) slot.store(exemplar(static_cast<std::uint8_t>(i)));
    done = true;
  });
  std::size_t seen = 0;
  while (!done || seen == 0) {
    if (const auto found = slot.load()) {
      ASSERT_TRUE(is_whole(*found));
      ++seen;
    }
  }
  writer.join();
  EXPECT_TRUE(is_whole(*slot.load()));
}

Record traced(LabelTable& labels, std::uint8_t number) {
  Record record = good_stream(labels);
  record.trace.trace_id.fill(number);
  record.trace.span_id.fill(number);
  record.trace.sampled = true;
  record.time += seconds(number);
  return record;
}

// Lines of the family that carry an exemplar.
std::vector<std::string> marked(Registry& registry, const std::string& name) {
  std::vector<std::string> found;
  std::istringstream lines(registry.render(kOpenMetrics).body);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with(name + '_') && line.find(" # ") != std::string::npos)
      found.push_back(line);
  }
  return found;
}

TEST(Exemplars, NameTheLastSampledTraceOfTheirBucket) {
  Registry registry({});
  Shard& shard = registry.add_shard();
  shard.record(traced(registry.labels(), 0x11));
  shard.record(traced(registry.labels(), 0x22));
  Record quick = traced(registry.labels(), 0x33);
  quick.total = milliseconds(7);
  shard.record(quick);
  const std::vector<std::string> lines = marked(registry, "oriel_request_duration_seconds");
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_TRUE(lines[0].ends_with(R"(,le="0.01"} 1 # {trace_id="33333333333333333333333333333333",)"
                                 R"(span_id="3333333333333333"} 0.007 1714564851.123)"))
      << lines[0];
  EXPECT_TRUE(lines[1].ends_with(R"(,le="2.5"} 3 # {trace_id="22222222222222222222222222222222",)"
                                 R"(span_id="2222222222222222"} 1.5 1714564834.123)"))
      << lines[1];
}

TEST(Exemplars, AnAttemptNamesItsOwnSpan) {
  Registry registry({});
  Record record = traced(registry.labels(), 0x11);
  record.attempts[0].span_id.fill(0xA0);  // the other keeps the request's
  registry.add_shard().record(record);
  const std::vector<std::string> lines =
      marked(registry, "oriel_upstream_attempt_duration_seconds");
  ASSERT_EQ(lines.size(), 2U);
  std::string spans;
  for (const std::string& line : lines) spans += line.substr(line.find("span_id=") + 9, 2);
  EXPECT_TRUE(spans == "a011" || spans == "11a0") << spans;
}

TEST(Exemplars, OnlySampledTracesOnlyWhereTheCatalogueSaysSo) {
  Registry registry({});
  Shard& shard = registry.add_shard();
  Record unsampled = traced(registry.labels(), 0x11);
  unsampled.trace.sampled = false;
  shard.record(unsampled);
  Record untraced = good_stream(registry.labels());
  untraced.trace.sampled = true;
  shard.record(untraced);
  EXPECT_EQ(registry.render(kOpenMetrics).body.find(" # "), std::string::npos);
  shard.record(traced(registry.labels(), 0x22));
  for (const FamilyRow& row : catalogue()) {
    EXPECT_EQ(!marked(registry, std::string(row.name)).empty(), row.exemplars) << row.name;
  }
  EXPECT_EQ(registry.render("").body.find(" # "), std::string::npos);
}

TEST(Exemplars, TracesThatAreKeptWithoutBeingSampled) {
  Registry registry({});
  Record record = traced(registry.labels(), 0x11);
  record.trace.sampled = false;
  registry.add_shard().record(record, TraceKept::yes);
  EXPECT_FALSE(marked(registry, "oriel_request_duration_seconds").empty());
}

TEST(Exemplars, TheNewestOfAllWorkersWinsAndStandardNamesShowItToo) {
  Registry registry({});
  Shard& one = registry.add_shard();
  Shard& two = registry.add_shard();
  one.record(traced(registry.labels(), 0x33));
  two.record(traced(registry.labels(), 0x22));
  for (const char* name :
       {"oriel_request_duration_seconds", "gen_ai_server_request_duration_seconds"}) {
    const std::vector<std::string> lines = marked(registry, name);
    ASSERT_EQ(lines.size(), 1U) << name;
    EXPECT_NE(lines[0].find("trace_id=\"3333"), std::string::npos) << lines[0];
  }
}

TEST(Exemplars, OverflowingLabelSetsMarkOther) {
  Registry registry({});
  Shard& shard = registry.add_shard();
  Record record = good_stream(registry.labels());
  for (std::size_t i = 0; i < kSeriesCap; ++i) {
    record.model = registry.labels().intern("model-" + std::to_string(i));
    shard.record(record);
  }
  Record late = traced(registry.labels(), 0x44);
  shard.record(late);
  shard.record(late);
  const std::vector<std::string> lines = marked(registry, "oriel_request_duration_seconds");
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_NE(lines[0].find(R"(model="other")"), std::string::npos) << lines[0];
}

// Under load: what an exemplar says lies in its bucket, which has counted it.
TEST(Exemplars, LieInTheirBucketsWhileWorkersWrite) {
  Registry registry({});
  std::atomic<int> running{2};
  std::vector<std::thread> workers;
  for (int w = 0; w < 2; ++w) {
    workers.emplace_back([&, shard = &registry.add_shard()] {
      Record record = traced(registry.labels(), 1);
      for (int i = 0; i < 20'000; ++i) {
        record.trace.trace_id.fill(static_cast<std::uint8_t>(i % 255 + 1));
        record.trace.span_id.fill(static_cast<std::uint8_t>(i % 255 + 1));
        record.total = milliseconds(i * 7 % 3'000);
        shard->record(record);
      }
      --running;
    });
  }
  std::size_t checked = 0;
  while (running.load() > 0 || checked == 0) {
    double below = 0;
    double counted_below = 0;
    std::istringstream lines(registry.render(kOpenMetrics).body);
    for (std::string line; std::getline(lines, line);) {
      if (!line.starts_with("oriel_request_duration_seconds_bucket{")) continue;
      const std::size_t le = line.find("le=\"") + 4;
      const double bound = line.compare(le, 4, "+Inf") == 0 ? 1e9 : std::stod(line.substr(le));
      const std::size_t sample = line.find("} ") + 2;
      const double count = std::stod(line.substr(sample));
      const std::size_t mark = line.find(" # {trace_id=\"");
      if (mark != std::string::npos) {
        const std::string trace = line.substr(mark + 14, 32);
        const std::string span = line.substr(line.find("span_id=\"") + 9, 16);
        const double value = std::stod(line.substr(line.rfind("\"} ") + 3));
        EXPECT_EQ(trace, span + span) << line;
        EXPECT_TRUE(value <= bound && (value > below || value == 0)) << line;
        EXPECT_GT(count, counted_below) << line;
        ++checked;
      }
      below = bound;
      counted_below = count;
    }
  }
  for (std::thread& worker : workers) worker.join();
  EXPECT_GT(checked, 0U);
}

}  // namespace
}  // namespace oriel::metrics
