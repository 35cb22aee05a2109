// What telemetry costs a request: the record's samples and its log line; and what a scrape costs.
#include <benchmark/benchmark.h>

#include "bench/micro/record_sample.h"
#include "metrics/log_line.h"
#include "metrics/registry.h"

namespace oriel::bench {
namespace {

using metrics::LabelTable;
using metrics::Record;
using metrics::Registry;
using metrics::Shard;

// Arguments: models in use.
void BM_Record(benchmark::State& state) {
  Registry registry({});
  Shard& shard = registry.add_shard();
  std::vector<Record> records;
  for (int i = 0; i < static_cast<int>(state.range(0)); ++i) {
    records.push_back(chat_record(registry.labels(), i));
  }
  std::size_t next = 0;
  for (auto _ : state) {
    shard.record(records[next]);
    if (++next == records.size()) next = 0;
  }
}
BENCHMARK(BM_Record)->Arg(1)->Arg(10)->Arg(300);

void BM_InterToken(benchmark::State& state) {
  Registry registry({});
  Shard& shard = registry.add_shard();
  const Record record = chat_record(registry.labels(), 0);
  for (auto _ : state) {
    shard.inter_token(record.model, record.provider, std::chrono::milliseconds(20));
  }
}
BENCHMARK(BM_InterToken);

void BM_LogLine(benchmark::State& state) {
  LabelTable labels;
  const Record record = chat_record(labels, 0);
  std::string line;
  for (auto _ : state) {
    line.clear();
    append_log_line(record, labels, metrics::ClientAddress::show, line);
    benchmark::DoNotOptimize(line.data());
  }
  state.counters["bytes"] = static_cast<double>(line.size());
}
BENCHMARK(BM_LogLine);

// Arguments: models with series.
void BM_Scrape(benchmark::State& state) {
  Registry registry({});
  Shard* const shards[] = {&registry.add_shard(), &registry.add_shard()};
  for (int i = 0; i < static_cast<int>(state.range(0)); ++i) {
    const Record record = chat_record(registry.labels(), i);
    for (Shard* shard : shards) shard->record(record);
  }
  std::size_t bytes = 0;
  for (auto _ : state) bytes = registry.render("").body.size();
  state.counters["bytes"] = static_cast<double>(bytes);
}
BENCHMARK(BM_Scrape)->Arg(1)->Arg(100)->Arg(1'000)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace oriel::bench
