// The cardinality guard: whatever labels arrive, the number of series is bounded, and no sample is
// lost.
#include <gtest/gtest.h>

#include "metrics/registry.h"
#include "tests/metrics/samples.h"

namespace oriel::metrics {
namespace {

TEST(Guard, AMillionModelNamesDoNotGrowTheExposition) {
  Registry registry({});
  Shard& shard = registry.add_shard();
  Record record;
  record.endpoint = Endpoint::chat_completions;
  record.status = 200;
  record.outcome = Outcome::ok;
  constexpr int kNames = 1'000'000;
  std::size_t early = 0;
  for (int i = 0; i < kNames; ++i) {
    record.model = registry.labels().intern("model-" + std::to_string(i));
    shard.record(record);
    if (i == 5'000) early = scrape(registry).size();
  }
  auto samples = scrape(registry);
  EXPECT_EQ(samples.size(), early);
  EXPECT_EQ(samples[R"(oriel_metric_series{family="oriel_requests_total"})"], kSeriesCap + 1);
  EXPECT_EQ(samples[R"(oriel_metric_series_overflow_total{family="oriel_requests_total"})"],
            kNames - static_cast<int>(kSeriesCap));
  EXPECT_EQ(sum_of(samples, "oriel_requests_total"), kNames);
  EXPECT_EQ(sum_of(samples, "oriel_requests_total", R"(model="other",provider="other")"),
            kNames - static_cast<int>(kSeriesCap));
  EXPECT_EQ(sum_of(samples, "oriel_request_duration_seconds_count"), kNames);
  EXPECT_EQ(registry.labels().size(), LabelTable::kMaxLabels);
}

TEST(Guard, TheCapHoldsOverAllWorkersAndAdmittedSetsStayTheirOwn) {
  Registry registry({});
  Shard& one = registry.add_shard();
  Shard& two = registry.add_shard();
  const auto gap = std::chrono::milliseconds(1);
  const auto model = [&](std::size_t i) {
    return registry.labels().intern("model-" + std::to_string(i));
  };
  for (std::size_t i = 0; i < kSeriesCap; ++i) one.inter_token(model(i), kUnknownLabel, gap);
  // The other worker meets sets that are admitted, and sets that are not.
  for (std::size_t i = kSeriesCap - 10; i < kSeriesCap + 10; ++i) {
    two.inter_token(model(i), kUnknownLabel, gap);
  }
  auto samples = scrape(registry);
  EXPECT_EQ(samples[R"(oriel_metric_series{family="oriel_inter_token_seconds"})"], kSeriesCap + 1);
  EXPECT_EQ(samples[R"(oriel_metric_series_overflow_total{family="oriel_inter_token_seconds"})"],
            10);
  EXPECT_EQ(sum_of(samples, "oriel_inter_token_seconds_count", R"(model="model-1999")"), 2);
  EXPECT_EQ(sum_of(samples, "oriel_inter_token_seconds_count", R"(model="other")"), 10);
}

TEST(Guard, OverflowKeepsClosedLabelsWhileThereIsRoomThenNone) {
  SeriesDirectory directory;
  SeriesTable table(Family::upstream_attempts, directory);
  const auto key = [](LabelId model, LabelId outcome) {
    const LabelId ids[] = {7, model, 8, outcome};
    return SeriesKey::of(ids, 4);
  };
  for (LabelId i = 0; i < kSeriesCap; ++i) SeriesTable::add(*table.cells(key(100 + i, 9)), 1);
  for (LabelId i = 0; i < 1'000; ++i) {
    SeriesTable::add(*table.cells(key(60'000, 10'000 + i)), 1);
  }
  std::size_t series = 0;
  std::uint64_t sum = 0;
  std::uint64_t all_other = 0;
  table.for_each([&](const SeriesKey& seen, const SeriesTable::Cell* cells, const ExemplarSlot*) {
    ++series;
    sum += cells[0];
    if (seen.at(3) == LabelTable::kOverflowLabel) all_other += cells[0];
  });
  EXPECT_EQ(series, kMaxSeries);
  EXPECT_EQ(sum, kSeriesCap + 1'000);
  EXPECT_EQ(all_other, 1'000 - kOverflowRoom);
  EXPECT_EQ(table.overflowed(), 1'000U);
}

}  // namespace
}  // namespace oriel::metrics
