// What telemetry costs a request: each rendering of its record, all of them together, and what else
// is done for them; and what a scrape costs.
#include <benchmark/benchmark.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bench/micro/allocations.h"
#include "bench/micro/record_sample.h"
#include "gateway/exchange/exchange.h"
#include "gateway/exchange/tracer.h"
#include "gateway/random.h"
#include "metrics/emf.h"
#include "metrics/log_line.h"
#include "metrics/pricing.h"
#include "metrics/registry.h"
#include "metrics/span.h"

namespace oriel::bench {
namespace {

using gateway::SpanBatch;
using metrics::EmfAggregate;
using metrics::LabelTable;
using metrics::Record;
using metrics::Registry;
using metrics::Shard;

// Runs `once` as the bench's body and counts what it allocates.
template <class Once>
void measure(benchmark::State& state, Once once) {
  once();  // label sets are met for the first time, buffers grow
  const std::uint64_t before = allocations();
  for (auto _ : state) once();
  state.counters["allocations"] =
      static_cast<double>(allocations() - before) / static_cast<double>(state.iterations());
}

std::vector<Record> chat_records(LabelTable& labels, benchmark::State& state) {
  std::vector<Record> records;
  for (int i = 0; i < static_cast<int>(state.range(0)); ++i) {
    records.push_back(chat_record(labels, i));
  }
  return records;
}

// Arguments: models in use.
void BM_Record(benchmark::State& state) {
  Registry registry({});
  Shard& shard = registry.add_shard();
  const std::vector<Record> records = chat_records(registry.labels(), state);
  for (const Record& record : records) shard.record(record);
  std::size_t next = 0;
  measure(state, [&] {
    shard.record(records[next]);
    if (++next == records.size()) next = 0;
  });
}
BENCHMARK(BM_Record)->Arg(1)->Arg(10)->Arg(300);

void BM_InterToken(benchmark::State& state) {
  Registry registry({});
  Shard& shard = registry.add_shard();
  const Record record = chat_record(registry.labels(), 0);
  measure(state,
          [&] { shard.inter_token(record.model, record.provider, std::chrono::milliseconds(20)); });
}
BENCHMARK(BM_InterToken);

void BM_LogLine(benchmark::State& state) {
  LabelTable labels;
  const Record record = chat_record(labels, 0);
  std::string line;
  measure(state, [&] {
    line.clear();
    append_log_line(record, labels, metrics::ClientAddress::show, line);
    benchmark::DoNotOptimize(line.data());
  });
  state.counters["bytes"] = static_cast<double>(line.size());
}
BENCHMARK(BM_LogLine);

void BM_Spans(benchmark::State& state) {
  LabelTable labels;
  const Record record = chat_record(labels, 0);
  const metrics::ProviderNames providers;
  std::string spans;
  measure(state, [&] {
    spans.clear();
    append_spans(record, labels, providers, spans);
    benchmark::DoNotOptimize(spans.data());
  });
  state.counters["bytes"] = static_cast<double>(spans.size());
}
BENCHMARK(BM_Spans);

void BM_EmfAdd(benchmark::State& state) {
  LabelTable labels;
  const Record record = chat_record(labels, 0);
  EmfAggregate emf(labels, "Oriel");
  measure(state, [&] { emf.add(record); });
}
BENCHMARK(BM_EmfAdd);

// Arguments: models in use since the last flush, each with 100 requests. On a worker's thread.
void BM_EmfFlush(benchmark::State& state) {
  LabelTable labels;
  const std::vector<Record> records = chat_records(labels, state);
  EmfAggregate emf(labels, "Oriel");
  std::size_t bytes = 0;
  for (auto _ : state) {
    state.PauseTiming();
    for (int i = 0; i < 100; ++i) {
      for (const Record& record : records) emf.add(record);
    }
    bytes = 0;
    state.ResumeTiming();
    emf.flush(records.front().time, [&](std::string_view line) { bytes += line.size(); });
  }
  state.counters["bytes"] = static_cast<double>(bytes);
}
BENCHMARK(BM_EmfFlush)->Arg(1)->Arg(100)->Unit(benchmark::kMicrosecond);

convert::wire::HttpRequestHead traced_head() {
  convert::wire::HttpRequestHead head;
  for (const auto& [name, value] : {
           std::pair("host", "gateway.example"),
           std::pair("content-type", "application/json"),
           std::pair("authorization", "Bearer sk-0123456789"),
           std::pair("user-agent", "OpenAI/Python 1.2.3"),
           std::pair("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"),
       }) {
    head.headers.push_back({name, value});
  }
  return head;
}

// A request's place in its caller's trace, and its attempt's span.
void BM_TraceBegin(benchmark::State& state) {
  const gateway::TracingConfig config;
  gateway::Tracer tracer(config, gateway::system_random());
  const convert::wire::HttpRequestHead head = traced_head();
  measure(state, [&] {
    benchmark::DoNotOptimize(tracer.begin(&head, metrics::Endpoint::chat_completions));
    benchmark::DoNotOptimize(tracer.new_span());
  });
}
BENCHMARK(BM_TraceBegin);

void BM_CostOf(benchmark::State& state) {
  LabelTable labels;
  Record record = chat_record(labels, 0);
  const metrics::Price price{3'000'000, 15'000'000, 300'000, 3'750'000, 6'000'000, {}};
  measure(state, [&] {
    benchmark::DoNotOptimize(record.tokens);
    benchmark::DoNotOptimize(metrics::cost_of(price, record.tokens, record.images));
  });
}
BENCHMARK(BM_CostOf);

// What a worker does for telemetry per request with everything on: its place in a trace, its cost,
// every rendering of its record. The lines and spans are thrown away.
void BM_AllTelemetry(benchmark::State& state) {
  Registry registry({});
  const Record record = chat_record(registry.labels(), 0);
  const metrics::Price price{3'000'000, 15'000'000, 300'000, 3'750'000, 6'000'000, {}};
  const gateway::TracingConfig config;
  gateway::Tracer tracer(config, gateway::system_random());
  const convert::wire::HttpRequestHead head = traced_head();
  EmfAggregate emf(registry.labels(), "Oriel");
  gateway::RecordOutputs outputs;
  outputs.shard = &registry.add_shard();
  outputs.labels = &registry.labels();
  outputs.log = [](std::string_view line) { benchmark::DoNotOptimize(line.data()); };
  outputs.emf = &emf;
  outputs.spans = [](SpanBatch batch) { benchmark::DoNotOptimize(batch.spans.data()); };
  gateway::RecordSink sink(std::move(outputs));
  measure(state, [&] {
    benchmark::DoNotOptimize(tracer.begin(&head, metrics::Endpoint::chat_completions));
    benchmark::DoNotOptimize(tracer.new_span());
    benchmark::DoNotOptimize(metrics::cost_of(price, record.tokens, record.images));
    sink.close(record);
  });
}
BENCHMARK(BM_AllTelemetry);

constexpr std::string_view kClassic;
constexpr std::string_view kOpenMetrics = "application/openmetrics-text; version=1.0.0";

// Arguments: models with series.
void scrape(benchmark::State& state, std::string_view accept, std::string_view encoding) {
  Registry registry({});
  Shard* const shards[] = {&registry.add_shard(), &registry.add_shard()};
  for (const Record& record : chat_records(registry.labels(), state)) {
    for (Shard* shard : shards) shard->record(record);
  }
  std::size_t bytes = 0;
  for (auto _ : state) bytes = registry.render(accept, encoding).body.size();
  state.counters["bytes"] = static_cast<double>(bytes);
}
void BM_Scrape(benchmark::State& state) { scrape(state, kClassic, ""); }
void BM_ScrapeOpenMetrics(benchmark::State& state) { scrape(state, kOpenMetrics, ""); }
void BM_ScrapeGzip(benchmark::State& state) { scrape(state, kOpenMetrics, "gzip"); }
BENCHMARK(BM_Scrape)->Arg(1)->Arg(100)->Arg(1'000)->Unit(benchmark::kMillisecond);
BENCHMARK(BM_ScrapeOpenMetrics)->Arg(100)->Arg(1'000)->Unit(benchmark::kMillisecond);
BENCHMARK(BM_ScrapeGzip)->Arg(100)->Arg(1'000)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace oriel::bench
