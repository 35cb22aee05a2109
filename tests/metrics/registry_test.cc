#include "metrics/registry.h"

#include <gtest/gtest.h>

#include <chrono>
#include <iostream>
#include <set>
#include <sstream>
#include <string>

#include "metrics/catalogue.h"
#include "tests/metrics/samples.h"

namespace oriel::metrics {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;

const BuildInfo kBuild = {"1.2.3", "abc", "gcc \"12\""};

TEST(Registry, EveryFamilyOfTheCatalogueIsExposedOnceItCounted) {
  Registry registry(kBuild);
  Shard& shard = registry.add_shard();
  Record record = good_stream(registry.labels());
  record.usage_missing = "absent";
  shard.record(record);
  shard.inter_token(record.model, record.provider, milliseconds(12));
  shard.loop_lag(microseconds(80));
  shard.event_stream_error(record.provider, "message_crc");
  const std::string text = registry.render("").body;
  for (const FamilyRow& row : catalogue()) {
    const std::string head = "# HELP " + std::string(row.name) + ' ' + std::string(row.help) +
                             "\n# TYPE " + std::string(row.name) + ' ' +
                             std::string(to_string(row.type)) + '\n' + std::string(row.name);
    const std::size_t at = text.find(head);
    EXPECT_NE(at, std::string::npos) << row.name;
    EXPECT_EQ(text.find("# TYPE " + std::string(row.name) + ' ', at + head.size()),
              std::string::npos)
        << row.name;
  }
}

TEST(Registry, CountsOneStreamedRequest) {
  Registry registry(kBuild);
  Shard& shard = registry.add_shard();
  const Record record = good_stream(registry.labels());
  shard.record(record);
  shard.record(record);
  auto samples = scrape(registry);
  const std::string who = R"(model="claude",provider="bedrock")";
  const std::string chat = R"(endpoint="chat_completions")";
  const std::string target = R"(provider="bedrock",upstream_model="anthropic.claude-v9")";
  const std::pair<std::string, double> kExpected[] = {
      {"oriel_requests_total{" + chat + ',' + who + R"(,code="200",outcome="ok"})", 2},
      {"oriel_request_duration_seconds_sum{" + chat + ',' + who + R"(,stream="true",class="ok"})",
       3},
      {"oriel_request_duration_seconds_bucket{" + chat + ',' + who +
           R"(,stream="true",class="ok",le="1.0"})",
       0},
      {"oriel_request_duration_seconds_bucket{" + chat + ',' + who +
           R"(,stream="true",class="ok",le="2.5"})",
       2},
      {"oriel_overhead_seconds_sum{" + chat + '}', 0.00024},
      {R"(oriel_stage_duration_seconds_sum{stage="upstream"})", 2.8},
      {R"(oriel_stage_duration_seconds_count{stage="parse"})", 2},
      {"oriel_request_body_bytes_sum{" + chat + '}', 1'330},
      {"oriel_response_body_bytes_bucket{" + chat + R"(,le="4096.0"})", 2},
      {"oriel_response_body_bytes_bucket{" + chat + R"(,le="1024.0"})", 0},
      {"oriel_time_to_first_token_seconds_sum{" + who + R"(,kind="visible"})", 0.4},
      {"oriel_time_to_first_token_seconds_sum{" + who + R"(,kind="reasoning"})", 0.18},
      {"oriel_time_per_output_token_seconds_sum{" + who + '}', 0.04},
      {"oriel_stream_max_stall_seconds_sum{" + who + '}', 0.06},
      {"oriel_streams_ended_total{" + who + R"(,reason="complete"})", 2},
      {"oriel_stream_chunks_total{" + who + '}', 128},
      {"oriel_client_backpressure_seconds_total{" + chat + '}', 0.5},
      {"oriel_tokens_total{" + who + R"(,kind="input",source="provider"})", 200},
      {"oriel_tokens_total{" + who + R"(,kind="output",source="provider"})", 102},
      {"oriel_tokens_total{" + who + R"(,kind="cache_read",source="provider"})", 14},
      {"oriel_tokens_total{" + who + R"(,kind="cache_write_5m",source="provider"})", 10},
      {"oriel_tokens_total{" + who + R"(,kind="cache_write_1h",source="provider"})", 6},
      {"oriel_reasoning_tokens_total{" + who + '}', 22},
      {"oriel_tokens_per_request_bucket{" + who + R"(,kind="output",le="64.0"})", 2},
      {"oriel_finish_reasons_total{" + who + R"(,finish_reason="stop"})", 2},
      {R"(oriel_adjusted_parameters_total{parameter="temperature",action="clamped",)"
       R"(provider="bedrock"})",
       2},
      {"oriel_upstream_attempts_total{" + target +
           R"(,region="eu-west-1",outcome="provider_throttled"})",
       2},
      {"oriel_upstream_attempt_duration_seconds_sum{" + target + R"(,class="provider"})", 0.04},
      {"oriel_upstream_first_byte_seconds_count{" + target + '}', 4},
      {R"(oriel_upstream_connect_seconds_sum{provider="bedrock"})", 0.004},
      {R"(oriel_upstream_tls_handshake_seconds_sum{provider="bedrock"})", 0.012},
      {R"(oriel_upstream_dns_seconds_sum{provider="bedrock"})", 0.002},
      {R"(oriel_upstream_connections_total{provider="bedrock",kind="opened"})", 2},
      {R"(oriel_upstream_connections_total{provider="bedrock",kind="reused"})", 2},
      {"oriel_provider_reported_latency_seconds_sum{" + who + '}', 2.7},
      {R"(oriel_unknown_upstream_items_total{provider="bedrock",kind="other"})", 4},
      {R"(oriel_metric_series{family="oriel_requests_total"})", 1},
      {R"(oriel_metric_series_overflow_total{family="oriel_requests_total"})", 0},
      {R"(oriel_build_info{commit="abc",compiler="gcc \"12\"",version="1.2.3"})", 1},
  };
  for (const auto& [name, value] : kExpected) {
    ASSERT_EQ(samples.count(name), 1U) << name;
    EXPECT_DOUBLE_EQ(samples[name], value) << name;
  }
  EXPECT_EQ(sum_of(samples, "oriel_usage_missing_total"), 0);
}

TEST(Registry, CountsOnlyWhatHappened) {
  Registry registry(kBuild);
  Shard& shard = registry.add_shard();
  Record refused;  // before routing: nothing is known but its end
  refused.status = 431;
  refused.outcome = Outcome::caller_too_large;
  shard.record(refused);
  Record cut = good_stream(registry.labels());  // a stream cut before usage came
  cut.usage_source = UsageSource::none;
  cut.usage_missing = "client_abort";
  cut.finish_reason = "not a finish reason";
  cut.stream_end = StreamEnd::client_abort;
  cut.outcome = Outcome::caller_cancelled;
  cut.status = 499;
  shard.record(cut);
  Record plain = good_stream(registry.labels());  // not streamed
  plain.stream = false;
  plain.stream_end.reset();
  shard.record(plain);
  Record odd;
  odd.status = 12'345;
  odd.total = nanoseconds(-5);
  shard.record(odd);

  const auto samples = scrape(registry);
  EXPECT_EQ(sum_of(samples, "oriel_requests_total"), 4);
  EXPECT_EQ(sum_of(samples, "oriel_requests_total", R"(code="431",outcome="caller_too_large")"), 1);
  EXPECT_EQ(sum_of(samples, "oriel_requests_total", R"(code="other",outcome="other")"), 1);
  EXPECT_EQ(sum_of(samples, "oriel_requests_total", R"(model="unknown",provider="unknown")"), 2);
  EXPECT_EQ(sum_of(samples, "oriel_usage_missing_total", R"(reason="client_abort")"), 1);
  EXPECT_EQ(sum_of(samples, "oriel_finish_reasons_total", R"(finish_reason="other")"), 1);
  EXPECT_EQ(sum_of(samples, "oriel_tokens_total", R"(kind="input")"), 100);
  EXPECT_EQ(sum_of(samples, "oriel_streams_ended_total"), 1);
  EXPECT_EQ(sum_of(samples, "oriel_time_per_output_token_seconds_count"), 0);
  EXPECT_EQ(sum_of(samples, "oriel_time_to_first_token_seconds_count", "visible"), 1);
  EXPECT_EQ(sum_of(samples, "oriel_request_duration_seconds_count", R"(class="gateway")"), 1);
}

TEST(Registry, BoundsOfBucketsBelongToTheBucket) {
  Registry registry(kBuild);
  Shard& shard = registry.add_shard();
  const LabelId model = registry.labels().intern("m");
  const LabelId provider = registry.labels().intern("p");
  shard.inter_token(model, provider, milliseconds(1));
  shard.inter_token(model, provider, milliseconds(1) + nanoseconds(1));
  shard.inter_token(model, provider, std::chrono::seconds(11));
  auto samples = scrape(registry);
  const std::string series = R"(oriel_inter_token_seconds_bucket{model="m",provider="p",le=")";
  EXPECT_EQ(samples[series + "0.001\"}"], 1);
  EXPECT_EQ(samples[series + "0.0025\"}"], 2);
  EXPECT_EQ(samples[series + "10.0\"}"], 2);
  EXPECT_EQ(samples[series + "+Inf\"}"], 3);
  EXPECT_DOUBLE_EQ(sum_of(samples, "oriel_inter_token_seconds_sum"), 11.002000001);
}

TEST(Registry, GaugesAddUpOverWorkers) {
  Registry registry(kBuild);
  Shard& one = registry.add_shard();
  Shard& two = registry.add_shard();
  one.request_started(Endpoint::chat_completions);
  one.request_started(Endpoint::chat_completions);
  two.request_started(Endpoint::chat_completions);
  one.request_ended(Endpoint::chat_completions);
  two.request_started(Endpoint::metrics);
  two.request_ended(Endpoint::metrics);
  one.set_connections(3, 10);
  two.set_connections(4, 20);
  one.set_connections(2, 11);
  one.set_buffered_bytes(500);
  two.set_buffered_bytes(70);
  two.request_shed("memory");
  two.loop_lag(milliseconds(3));
  auto samples = scrape(registry);
  EXPECT_EQ(samples[R"(oriel_requests_in_flight{endpoint="chat_completions"})"], 2);
  EXPECT_EQ(samples[R"(oriel_requests_in_flight{endpoint="metrics"})"], 0);
  EXPECT_EQ(samples["oriel_connections_open"], 6);
  EXPECT_EQ(samples["oriel_connections_total"], 31);
  EXPECT_EQ(samples["oriel_client_buffered_bytes"], 570);
  EXPECT_EQ(samples[R"(oriel_requests_shed_total{reason="memory"})"], 1);
  EXPECT_EQ(samples[R"(oriel_requests_shed_total{reason="connections"})"], 0);
  EXPECT_EQ(samples[R"(oriel_event_loop_lag_seconds_count{worker="1"})"], 1);
}

TEST(Registry, ProcessFamiliesAreSet) {
  Registry registry(kBuild);
  ProcessStats stats{1.5, 1'700'000'000.25, 4'096, 8'192, 7, 1'024};
  registry.set_process(stats);
  stats.cpu_seconds = 1.75;
  registry.set_process(stats);
  registry.set_log_lines_dropped(5);
  registry.set_log_lines_dropped(9);
  registry.set_scrape_duration(milliseconds(2));
  auto samples = scrape(registry);
  EXPECT_EQ(samples["process_cpu_seconds_total"], 1.75);
  EXPECT_EQ(samples["process_start_time_seconds"], 1'700'000'000.25);
  EXPECT_EQ(samples["process_resident_memory_bytes"], 4'096);
  EXPECT_EQ(samples["process_virtual_memory_bytes"], 8'192);
  EXPECT_EQ(samples["process_open_fds"], 7);
  EXPECT_EQ(samples["process_max_fds"], 1'024);
  EXPECT_EQ(samples["oriel_log_lines_dropped_total"], 9);
  EXPECT_EQ(samples["oriel_scrape_duration_seconds"], 0.002);
}

TEST(Registry, PresetSeriesAreZeroAndTheSameOnesThatCountLater) {
  Registry registry(kBuild);
  Shard& shard = registry.add_shard();
  const Record record = good_stream(registry.labels());
  registry.preset(record.model, record.provider);
  registry.preset_end(record.model, record.provider, 429, Outcome::provider_throttled);
  const auto before = scrape(registry);
  EXPECT_EQ(before.count(R"(oriel_requests_total{endpoint="chat_completions",model="claude",)"
                         R"(provider="bedrock",code="200",outcome="ok"})"),
            1U);
  EXPECT_EQ(before.count(R"(oriel_requests_total{endpoint="chat_completions",model="claude",)"
                         R"(provider="bedrock",code="429",outcome="provider_throttled"})"),
            1U);
  for (const char* family : {"oriel_requests_total", "oriel_tokens_total",
                             "oriel_streams_ended_total", "oriel_finish_reasons_total"}) {
    EXPECT_EQ(sum_of(before, family), 0) << family;
  }
  shard.record(record);
  const auto after = scrape(registry);
  for (const char* family : {"oriel_requests_total", "oriel_tokens_total",
                             "oriel_streams_ended_total", "oriel_finish_reasons_total"}) {
    EXPECT_GT(sum_of(after, family), 0) << family;
  }
  const std::string series = R"(oriel_metric_series{family="oriel_tokens_total"})";
  EXPECT_EQ(before.at(series), after.at(series));
}

TEST(Registry, SpeaksTheOpenTelemetryNames) {
  Registry registry(kBuild);
  Shard& shard = registry.add_shard();
  Record record = good_stream(registry.labels());
  registry.set_semconv_provider(record.provider, "aws.bedrock");
  shard.record(record);
  record.stream = false;
  shard.record(record);
  record.outcome = Outcome::provider_timeout;
  shard.record(record);
  record.endpoint = Endpoint::models;
  shard.record(record);
  auto samples = scrape(registry);
  const std::string who = R"({gen_ai_operation_name="chat",)";
  const std::string model = R"(gen_ai_request_model="claude",gen_ai_provider_name="aws.bedrock")";
  EXPECT_EQ(samples["gen_ai_server_request_duration_seconds_count" + who + model + "}"], 2);
  EXPECT_EQ(samples["gen_ai_server_request_duration_seconds_count" + who + model +
                    R"(,error_type="provider"})"],
            1);
  EXPECT_EQ(samples["gen_ai_server_time_to_first_token_seconds_count" + who + model + "}"], 1);
  EXPECT_EQ(samples["gen_ai_server_time_per_output_token_seconds_count" + who + model + "}"], 1);
  EXPECT_EQ(
      samples["gen_ai_client_token_usage_sum" + who + model + R"(,gen_ai_token_type="input"})"],
      400);
}

TEST(Registry, LeavesTheOpenTelemetryNamesOutWhenToldTo) {
  Registry registry(kBuild, Semconv::off);
  registry.add_shard().record(good_stream(registry.labels()));
  EXPECT_EQ(registry.render("").body.find("gen_ai_"), std::string::npos);
}

TEST(Registry, AnswersOpenMetricsWhenAskedTo) {
  Registry registry(kBuild);
  registry.add_shard().record(good_stream(registry.labels()));
  const Exposition classic = registry.render("text/plain");
  const Exposition open = registry.render("application/openmetrics-text; version=1.0.0");
  EXPECT_EQ(classic.content_type, "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_EQ(open.content_type, "application/openmetrics-text; version=1.0.0; charset=utf-8");
  EXPECT_TRUE(open.body.ends_with("\n# EOF\n"));
  EXPECT_NE(open.body.find("# TYPE oriel_requests counter\noriel_requests_total{"),
            std::string::npos);
  EXPECT_EQ(samples_of(classic.body), samples_of(open.body));
}

// Every series appears once, and no line is anything but a comment or a sample.
TEST(Registry, ExpositionIsWellFormed) {
  Registry registry(kBuild);
  Shard& shard = registry.add_shard();
  shard.record(good_stream(registry.labels()));
  Record nasty = good_stream(registry.labels());
  nasty.model = registry.labels().intern("a\"b\\c\xFF\n# TYPE");
  shard.record(nasty);
  std::istringstream lines(registry.render("").body);
  std::set<std::string> seen;
  for (std::string line; std::getline(lines, line);) {
    ASSERT_FALSE(line.empty());
    if (line.starts_with("# HELP ") || line.starts_with("# TYPE ")) continue;
    EXPECT_TRUE(line.starts_with("oriel_") || line.starts_with("process_") ||
                line.starts_with("gen_ai_"))
        << line;
    EXPECT_TRUE(seen.insert(line.substr(0, line.rfind(' '))).second) << line;
  }
}

TEST(Registry, PrintsItsSpeed) {
  Registry registry(kBuild);
  Shard& shard = registry.add_shard();
  const Record record = good_stream(registry.labels());
  shard.record(record);
  constexpr int kRounds = 20'000;
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < kRounds; ++i) shard.record(record);
  const auto took = std::chrono::steady_clock::now() - start;
  std::cout << "record(): " << nanoseconds(took).count() / kRounds << " ns\n";
  EXPECT_EQ(sum_of(scrape(registry), "oriel_requests_total"), kRounds + 1);
}

}  // namespace
}  // namespace oriel::metrics
