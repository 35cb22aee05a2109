#include "metrics/registry.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <set>
#include <sstream>
#include <string>

#include "metrics/catalogue.h"
#include "metrics/semconv.h"
#include "tests/metrics/closed_labels.h"
#include "tests/metrics/samples.h"

namespace oriel::metrics {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;

const BuildInfo kBuild = {"1.2.3", "abc", "gcc \"12\""};

// A stream of which the first attempt was paid for in vain, and part of which has no price.
Record costly_stream(LabelTable& labels) {
  Record record = good_stream(labels);
  record.cost = 1'250;
  record.unpriced = true;
  Attempt& wasted = record.attempts.front();
  wasted.wasted = WasteReason::retry;
  wasted.tokens = Tokens{40, 2, 0, 0, 0, 0};
  wasted.cost = 250;
  record.attempts.back().retry = RetryReason::lesson;
  return record;
}

TEST(Registry, EveryFamilyOfTheCatalogueIsExposedOnceItCounted) {
  Registry registry(kBuild);
  Shard& shard = registry.add_shard();
  Record record = costly_stream(registry.labels());
  record.usage_missing = UsageMissing::absent;
  shard.record(record);
  registry.count_model_list_refresh("eu-west-1", Registry::Refresh::ok);
  registry.set_credentials_expiry("bedrock", {});
  shard.inter_token(record.model, record.provider, milliseconds(12));
  shard.loop_lag(microseconds(80));
  shard.event_stream_error(record.provider, FrameFault::message_crc);
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
  const Record record = costly_stream(registry.labels());
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
      {"oriel_cost_usd_total{" + who + '}', 0.0000025},
      {"oriel_unpriced_requests_total{" + who + '}', 2},
      {R"(oriel_retries_total{provider="bedrock",reason="lesson"})", 2},
      {R"(oriel_wasted_tokens_total{provider="bedrock",reason="retry"})", 84},
      {R"(oriel_wasted_cost_usd_total{provider="bedrock",reason="retry"})", 0.0000005},
      {R"(oriel_unknown_upstream_items_total{provider="bedrock",kind="member"})", 4},
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
  for (Attempt& attempt : cut.attempts) attempt.tokens.reset();
  cut.usage_missing = UsageMissing::cancelled;
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
  EXPECT_EQ(sum_of(samples, "oriel_usage_missing_total", R"(reason="cancelled")"), 1);
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
  two.request_shed(ShedReason::concurrency);
  two.loop_lag(milliseconds(3));
  auto samples = scrape(registry);
  EXPECT_EQ(samples[R"(oriel_requests_in_flight{endpoint="chat_completions"})"], 2);
  EXPECT_EQ(samples[R"(oriel_requests_in_flight{endpoint="metrics"})"], 0);
  EXPECT_EQ(samples["oriel_connections_open"], 6);
  EXPECT_EQ(samples["oriel_connections_total"], 31);
  EXPECT_EQ(samples["oriel_client_buffered_bytes"], 570);
  EXPECT_EQ(samples[R"(oriel_requests_shed_total{reason="concurrency"})"], 1);
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
  registry.set_spans_dropped(3);
  registry.set_spans_dropped(4);
  registry.set_config(1, std::chrono::system_clock::time_point(milliseconds(1'700'000'000'500)));
  registry.count_model_list_refresh("eu-west-1", Registry::Refresh::failed);
  registry.count_model_list_refresh("eu-west-1", Registry::Refresh::failed);
  registry.count_model_list_refresh("us-east-1", Registry::Refresh::ok);
  registry.set_credentials_expiry(
      "bedrock", std::chrono::system_clock::time_point(std::chrono::seconds(1'800'000'000)));
  registry.set_scrape_duration(milliseconds(2));
  auto samples = scrape(registry);
  EXPECT_EQ(samples["process_cpu_seconds_total"], 1.75);
  EXPECT_EQ(samples["process_start_time_seconds"], 1'700'000'000.25);
  EXPECT_EQ(samples["process_resident_memory_bytes"], 4'096);
  EXPECT_EQ(samples["process_virtual_memory_bytes"], 8'192);
  EXPECT_EQ(samples["process_open_fds"], 7);
  EXPECT_EQ(samples["process_max_fds"], 1'024);
  EXPECT_EQ(samples["oriel_log_lines_dropped_total"], 9);
  EXPECT_EQ(samples["oriel_spans_dropped_total"], 4);
  EXPECT_EQ(samples[R"(oriel_credentials_expiry_timestamp_seconds{provider="bedrock"})"],
            1'800'000'000);
  EXPECT_EQ(samples["oriel_config_generation"], 1);
  EXPECT_EQ(samples["oriel_config_last_reload_successful"], 1);
  EXPECT_EQ(samples["oriel_config_last_reload_timestamp_seconds"], 1'700'000'000.5);
  EXPECT_EQ(samples["oriel_price_table_timestamp_seconds"], kPriceTableTimestamp);
  const std::string refreshes = "oriel_model_list_refreshes_total";
  EXPECT_EQ(samples[refreshes + R"({region="eu-west-1",result="failed"})"], 2);
  EXPECT_EQ(samples.count(refreshes + R"({region="eu-west-1",result="ok"})"), 1U);
  EXPECT_EQ(samples[refreshes + R"({region="us-east-1",result="ok"})"], 1);
  EXPECT_EQ(samples["oriel_scrape_duration_seconds"], 0.002);
}

TEST(Registry, PresetSeriesAreZeroAndTheSameOnesThatCountLater) {
  Registry registry(kBuild);
  Shard& shard = registry.add_shard();
  Record record = costly_stream(registry.labels());
  record.usage_missing = UsageMissing::failed;
  registry.preset(record.model, record.provider);
  registry.preset_end(record.model, record.provider, 429, Outcome::provider_throttled);
  const auto before = scrape(registry);
  const std::string who = R"(model="claude",provider="bedrock")";
  EXPECT_EQ(before.count(R"(oriel_requests_total{endpoint="chat_completions",)" + who +
                         R"(,code="200",outcome="ok"})"),
            1U);
  EXPECT_EQ(before.count(R"(oriel_requests_total{endpoint="chat_completions",)" + who +
                         R"(,code="429",outcome="provider_throttled"})"),
            1U);
  shard.record(record);
  shard.event_stream_error(record.provider, FrameFault::message_crc);
  shard.request_shed(ShedReason::concurrency);
  const auto after = scrape(registry);
  for (const Family family :
       {Family::requests, Family::tokens, Family::streams_ended, Family::finish_reasons,
        Family::stream_chunks, Family::reasoning_tokens, Family::usage_missing, Family::cost,
        Family::unpriced_requests, Family::upstream_connections, Family::unknown_upstream_items,
        Family::event_stream_errors, Family::retries, Family::wasted_tokens, Family::wasted_cost,
        Family::requests_shed, Family::client_backpressure}) {
    const std::string name(row_of(family).name);
    const std::string series = "oriel_metric_series{family=\"" + name + "\"}";
    EXPECT_EQ(sum_of(before, name), 0) << name;
    EXPECT_GT(sum_of(after, name), 0) << name;
    EXPECT_EQ(before.at(series), after.at(series)) << name;
  }
}

// What a closed label says stands in its vocabulary, which docs/metrics.md lists.
TEST(Registry, ClosedLabelsKeepToTheirVocabularies) {
  Registry registry(kBuild);
  Shard& shard = registry.add_shard();
  Record record = costly_stream(registry.labels());
  for (std::size_t i = 0; i < kOutcomes; ++i) {
    record.outcome = static_cast<Outcome>(i);
    record.endpoint = static_cast<Endpoint>(i % kEndpoints);
    record.stream_end = static_cast<StreamEnd>(i % kStreamEnds);
    record.usage_missing = static_cast<UsageMissing>(i % kUsageMissings);
    record.attempts.back().retry = static_cast<RetryReason>(i % kRetryReasons);
    record.attempts.back().wasted = static_cast<WasteReason>(i % kWasteReasons);
    shard.event_stream_error(record.provider, static_cast<FrameFault>(i % kFrameFaults));
    shard.request_shed(static_cast<ShedReason>(i % kShedReasons));
    shard.record(record);
  }
  record.finish_reason = "a word of upstream's own";
  shard.record(record);
  registry.preset(record.model, record.provider);
  EXPECT_GT(expect_closed_labels(registry.render("").body), 500U);
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
  const std::string model = R"(gen_ai_provider_name="aws.bedrock",gen_ai_request_model="claude")";
  EXPECT_EQ(samples["gen_ai_server_request_duration_seconds_count" + who + model + "}"], 2);
  EXPECT_EQ(samples["gen_ai_server_request_duration_seconds_count" + who + model +
                    R"(,error_type="provider"})"],
            1);
  EXPECT_EQ(samples["gen_ai_server_time_to_first_token_seconds_count" + who + model + "}"], 1);
  EXPECT_EQ(samples["gen_ai_server_time_per_output_token_seconds_count" + who + model + "}"], 1);
  EXPECT_EQ(
      samples["gen_ai_client_token_usage_sum" + who + model + R"(,gen_ai_token_type="input"})"],
      400);
  for (const auto& [key, value] : samples) EXPECT_EQ(key.find("response_model"), std::string::npos);
}

TEST(Registry, NamesTheModelThatAnswersWhereItIsKnown) {
  Registry registry(kBuild);
  Shard& shard = registry.add_shard();
  Record record = good_stream(registry.labels());
  registry.set_response_model(record.model, record.provider,
                              registry.labels().intern("anthropic.claude-v9"));
  shard.record(record);
  record.provider = registry.labels().intern("elsewhere");
  shard.record(record);
  auto samples = scrape(registry);
  for (const SemconvRow& row : semconv_rows()) {
    const std::string name = std::string(row.name) + "_count";
    EXPECT_GT(
        sum_of(samples, name,
               R"({gen_ai_operation_name="chat",gen_ai_provider_name="bedrock",)"
               R"(gen_ai_request_model="claude",gen_ai_response_model="anthropic.claude-v9")"),
        0)
        << name;
    EXPECT_EQ(sum_of(samples, name, R"(gen_ai_provider_name="elsewhere")") * 2,
              sum_of(samples, name))
        << name;
    EXPECT_EQ(sum_of(samples, name, "gen_ai_response_model") * 2, sum_of(samples, name)) << name;
  }
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

}  // namespace
}  // namespace oriel::metrics
