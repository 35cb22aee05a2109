// What the EMF documents of several workers say, summed, is what the exposition says.
#include <gtest/gtest.h>

#include "metrics/emf.h"
#include "tests/metrics/sums.h"

namespace oriel::metrics {
namespace {

unsigned places_of(const std::string& metric, const std::string& unit) {
  if (unit == "Milliseconds") return 6;
  return metric.find("USD") == std::string::npos ? 0 : 9;
}

// Keys are "Model=claude|RequestCount"; "#" behind a metric counts the values that it has.
void add_document(const json::Value& document, Sums& sums) {
  const json::Value directive =
      (*document.find("_aws")->find("CloudWatchMetrics")->children().begin()).value;
  std::string who;
  for (const json::Member name :
       (*directive.find("Dimensions")->children().begin()).value.children()) {
    const std::string dimension = json::unescape(*name.value.as_text());
    who += dimension + '=' + text_of(document, dimension) + '|';
  }
  for (const json::Member metric : directive.find("Metrics")->children()) {
    const std::string name = text_of(metric.value, "Name");
    const unsigned places = places_of(name, text_of(metric.value, "Unit"));
    const json::Value target = *document.find(name);
    if (!target.is_array()) sums[who + name] += units_of(target, places);
    for (const json::Member value : target.children()) {
      sums[who + name] += units_of(value.value, places);
      ++sums[who + name + '#'];
    }
  }
}

std::string status_class(const std::string& code) {
  return code == "unknown" || code == "other" ? "none" : code.substr(0, 1) + "xx";
}

// CloudWatch takes ASCII only.
std::string dimension_of(const std::string& model) {
  return model == "modèle \"2\"" ? "mod?le \"2\"" : model;
}

void add_requests(const Labels& label, std::int64_t requests, Sums& sums) {
  const std::string& outcome = label.at("outcome");
  const auto add = [&](const std::string& who) {
    sums[who + "RequestCount"] += requests;
    if (outcome != "ok") sums[who + "ErrorCount"] += requests;
    if (outcome == "caller_cancelled") sums[who + "ClientAbortCount"] += requests;
  };
  add("");
  add("Endpoint=" + label.at("endpoint") + "|StatusClass=" + status_class(label.at("code")) + '|');
  if (label.at("model") != "unknown") add("Model=" + dimension_of(label.at("model")) + '|');
}

// Families that know the model tell its documents, too.
void add_sample_as_document(const std::string& family, Labels label, double value, Sums& sums) {
  if (family == "requests_total") return add_requests(label, std::llround(value), sums);
  const bool throttled = label["outcome"] == "provider_throttled";
  const bool visible = label["kind"] == "visible";
  const std::string kind = label["kind"].substr(0, 7);
  const struct {
    std::string_view family;
    std::string_view metric;
    double scale = 1;
    bool counts = true;
  } kRows[] = {
      {"request_duration_seconds_sum", "ResponseTime", 1e9},
      {"request_duration_seconds_count", "ResponseTime#"},
      {"time_to_first_token_seconds_sum", "TimeToFirstToken", 1e9, visible},
      {"time_to_first_token_seconds_count", "TimeToFirstToken#", 1, visible},
      {"provider_reported_latency_seconds_sum", "BedrockAPILatency", 1e9},
      {"provider_reported_latency_seconds_count", "BedrockAPILatency#"},
      {"streams_ended_total", "StreamingDuration#"},
      {"stream_chunks_total", "StreamingChunkCount"},
      {"tokens_total", "TokensUsed"},
      {"tokens_total", "InputTokens", 1, kind == "input"},
      {"tokens_total", "OutputTokens", 1, kind == "output"},
      {"tokens_total", "CacheReadTokens", 1, kind == "cache_r"},
      {"tokens_total", "CacheWriteTokens", 1, kind == "cache_w"},
      {"cost_usd_total", "CostUSD", 1e9},
      {"unpriced_requests_total", "UnpricedCount"},
      {"retries_total", "RetryCount"},
      {"upstream_attempts_total", "ThrottleCount", 1, throttled},
      {"wasted_tokens_total", "WastedTokens"},
      {"wasted_cost_usd_total", "WastedCostUSD", 1e9},
  };
  const std::string model = label["model"];
  for (const auto& row : kRows) {
    if (family != row.family || !row.counts) continue;
    const std::string metric(row.metric);
    sums[metric] += std::llround(value * row.scale);
    if (model.empty() || model == "unknown") continue;
    sums["Model=" + dimension_of(model) + '|' + metric] += std::llround(value * row.scale);
  }
}

// The sums of all documents of a dimension set, by metric.
Sums within(const Sums& sums, const std::string& dimension) {
  Sums found;
  for (const auto& [key, sum] : sums) {
    const bool has =
        dimension.empty() ? key.find('|') == std::string::npos : key.starts_with(dimension);
    if (has) found[key.substr(key.rfind('|') + 1)] += sum;
  }
  return found;
}

// Only what both tell.
void keep_keys_of(const Sums& wanted, Sums& sums) {
  std::erase_if(sums, [&](const auto& sum) { return !wanted.contains(sum.first); });
}

TEST(Agreement, OfDocumentsAndExposition) {
  const bool agree = rc::check([] {
    constexpr int kRounds = 5;  // more values than one document holds
    Registry registry({});
    EmfAggregate first(registry.labels(), "Oriel");
    EmfAggregate second(registry.labels(), "Oriel");
    Shard& shard = registry.add_shard();
    json::Reader reader;
    Sums told;
    const auto read = [&](std::string_view line) {
      RC_LOG() << line << '\n';
      const json::PaddedBuffer buffer(line);
      const auto document = reader.read(buffer);
      RC_ASSERT(document.has_value());
      add_document(*document, told);
    };
    for (const Record& record : any_records(registry.labels())) {
      for (int i = 0; i < kRounds; ++i) {
        shard.record(record);
        (i == 0 ? first : second).add(record);
      }
      if (record.bytes_in % 64 == 0) first.flush(record.time, read);
    }
    first.flush({}, read);
    second.flush({}, read);

    // Every dimension set is a partition of the whole, but for requests of no known model.
    RC_ASSERT(difference(within(told, "Endpoint="), within(told, "")) == "");
    const Sums expected = exposed(registry, add_sample_as_document);
    Sums shared = told;
    keep_keys_of(expected, shared);
    RC_ASSERT(difference(shared, expected) == "");
  });
  EXPECT_TRUE(agree);
}

}  // namespace
}  // namespace oriel::metrics
