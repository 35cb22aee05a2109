// Workers write their shards while another thread scrapes: under TSan this shows that nothing
// races.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "metrics/registry.h"
#include "tests/metrics/samples.h"

namespace oriel::metrics {
namespace {

TEST(Concurrency, ScrapesWhileWorkersCountAndMeetNewLabelSets) {
  Registry registry({});
  constexpr int kWorkers = 2;
  constexpr int kRecords = 6'000;
  std::vector<Shard*> shards;
  for (int i = 0; i < kWorkers; ++i) shards.push_back(&registry.add_shard());
  std::atomic<int> running{kWorkers};
  std::vector<std::thread> workers;
  for (Shard* shard : shards) {
    workers.emplace_back([&registry, &running, shard] {
      Record record = good_stream(registry.labels());
      for (int i = 0; i < kRecords; ++i) {
        // New sets all the way past the cap, shared between the workers.
        record.model = registry.labels().intern("model-" + std::to_string(i / 2));
        shard->request_started(record.endpoint);
        shard->record(record);
        shard->request_ended(record.endpoint);
        shard->set_connections(1, static_cast<std::uint64_t>(i));
      }
      --running;
    });
  }
  double last = 0;
  int scrapes = 0;
  while (running.load() > 0) {
    const auto samples = scrape(registry);
    const double now = sum_of(samples, "oriel_requests_total");
    EXPECT_GE(now, last);
    EXPECT_EQ(sum_of(samples, "oriel_request_duration_seconds_bucket", "le=\"+Inf\""),
              sum_of(samples, "oriel_request_duration_seconds_count"));
    last = now;
    if (++scrapes == 3) {
      registry.preset(registry.labels().intern("late"), registry.labels().intern("bedrock"));
    }
  }
  for (std::thread& worker : workers) worker.join();
  auto samples = scrape(registry);
  EXPECT_EQ(sum_of(samples, "oriel_requests_total"), kWorkers * kRecords);
  EXPECT_EQ(sum_of(samples, "oriel_request_duration_seconds_count"), kWorkers * kRecords);
  EXPECT_EQ(sum_of(samples, "oriel_requests_in_flight"), 0);
  EXPECT_EQ(sum_of(samples, "oriel_tokens_total", "kind=\"input\""), kWorkers * kRecords * 100);
  EXPECT_LE(samples[R"(oriel_metric_series{family="oriel_requests_total"})"], kSeriesCap + 1);
}

}  // namespace
}  // namespace oriel::metrics
