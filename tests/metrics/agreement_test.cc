// Renderings of the same records agree: what the log lines say, summed, is what the exposition
// says.
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "convert/json/reader.h"
#include "metrics/log_line.h"
#include "metrics/registry.h"
#include "tests/metrics/samples.h"

namespace oriel::metrics {
namespace {

class Maker {
 public:
  explicit Maker(LabelTable& labels) : labels_(labels) {}

  Record make() {
    Record record;
    record.endpoint = static_cast<Endpoint>(below(kEndpoints));
    record.outcome = static_cast<Outcome>(below(kOutcomes));
    record.status = 200 + static_cast<int>(record.outcome);
    const std::string target = std::to_string(below(3));  // few: all label sets stay below the cap
    record.model = labels_.intern("model-" + target);
    record.provider = labels_.intern("provider \"" + target + "\\");
    record.stream = below(2) == 0;
    record.total = time();
    record.overhead = time();
    for (auto& stage : record.stages) {
      if (below(2) == 0) stage = time();
    }
    if (below(2) == 0) record.time_to_first_token = time();
    record.bytes_in = below(1'000'000);
    record.bytes_out = below(1'000'000);
    if (below(3) != 0) {
      record.usage_source = UsageSource::provider;
      record.tokens = {below(9'999), below(9'999), below(3), below(3), below(3), below(9'999)};
    }
    static constexpr std::string_view kFinish[] = {"", "stop", "length", "tool_calls"};
    record.finish_reason = kFinish[below(4)];
    for (std::uint64_t i = below(4); i > 0; --i) {
      Attempt& attempt = record.attempts.emplace_back();
      attempt.provider = record.provider;
      attempt.upstream_model = labels_.intern("upstream-" + std::to_string(below(3)));
      attempt.outcome = static_cast<Outcome>(below(kOutcomes));
      attempt.duration = time();
    }
    for (std::uint64_t i = below(3); i > 0; --i) record.adjusted.push_back({"top_k", "dropped"});
    for (std::uint64_t i = below(3); i > 0; --i) record.learned.push_back("temperature");
    return record;
  }
  std::uint64_t below(std::uint64_t limit) {
    return std::uniform_int_distribution<std::uint64_t>(0, limit - 1)(random_);
  }

 private:
  std::chrono::nanoseconds time() {
    return std::chrono::nanoseconds(below(std::uint64_t{1} << (1 + below(37))));
  }
  LabelTable& labels_;
  std::mt19937_64 random_{20'240'501};
};

using Sums = std::map<std::string, std::int64_t>;

std::string text_of(const json::Value& line, std::string_view name) {
  const auto value = line.find(name);
  return value ? json::unescape(*value->as_text()) : "unknown";
}

// A time of the line in nanoseconds.
std::int64_t nanos_of(const json::Value& value, double per_unit) {
  return std::llround(*value.as_number() * per_unit);
}

void add_line(const json::Value& line, Sums& sums) {
  const std::string who = text_of(line, "model") + "|" + text_of(line, "provider");
  const std::string endpoint = text_of(line, "endpoint");
  const std::string status = std::to_string(*line.find("status")->as_integer());
  ++sums["requests|" + endpoint + '|' + who + '|' + status + '|' + text_of(line, "outcome")];
  sums["duration"] += nanos_of(*line.find("duration_ms"), 1e6);
  sums["overhead|" + endpoint] += nanos_of(*line.find("overhead_us"), 1e3);
  if (const auto first = line.find("ttft_ms")) sums["ttft|" + who] += nanos_of(*first, 1e6);
  for (const json::Member stage : line.find("stages_us")->children()) {
    sums["stage|" + json::unescape(stage.key)] += nanos_of(stage.value, 1e3);
  }
  sums["bytes_in|" + endpoint] += *line.find("bytes_in")->as_integer();
  sums["bytes_out|" + endpoint] += *line.find("bytes_out")->as_integer();
  if (const auto tokens = line.find("tokens")) {
    for (const json::Member kind : tokens->children()) {
      sums["tokens|" + who + '|' + json::unescape(kind.key)] += *kind.value.as_integer();
    }
  }
  if (line.find("finish_reason")) ++sums["finish|" + who + '|' + text_of(line, "finish_reason")];
  if (const auto attempts = line.find("attempts")) {
    for (const json::Member attempt : attempts->children()) {
      ++sums["attempts|" + text_of(attempt.value, "target") + '|' +
             text_of(attempt.value, "outcome")];
      sums["attempt_duration|" + text_of(attempt.value, "target")] +=
          nanos_of(*attempt.value.find("duration_ms"), 1e6);
    }
  }
  if (const auto adjusted = line.find("adjusted")) {
    sums["adjusted"] += static_cast<std::int64_t>(adjusted->children().count());
  }
  if (const auto learned = line.find("learned")) {
    sums["learned"] += static_cast<std::int64_t>(learned->children().count());
  }
}

// One sample's labels, unescaped.
std::map<std::string, std::string> labels_of(const std::string& sample) {
  std::map<std::string, std::string> labels;
  std::size_t at = sample.find('{');
  while (at != std::string::npos && sample[at] != '}') {
    const std::size_t equals = sample.find('=', ++at);
    const std::string name = sample.substr(at, equals - at);
    std::string value;
    for (at = equals + 2; sample[at] != '"'; ++at) {
      if (sample[at] == '\\') ++at;
      value.push_back(sample[at]);
    }
    labels[name] = value;
    ++at;
  }
  return labels;
}

void add_sample(const std::string& sample, double value, Sums& sums) {
  const std::string name = sample.substr(0, sample.find('{'));
  auto label = labels_of(sample);
  const std::string who = label["model"] + "|" + label["provider"];
  const std::string endpoint = label["endpoint"];
  const std::string target = label["provider"] + "/" + label["upstream_model"];
  const auto add = [&](const std::string& key, double scale) {
    sums[key] += std::llround(value * scale);
  };
  std::string kind = label["kind"];
  if (kind.starts_with("cache_write")) kind = "cache_write";
  if (name == "oriel_requests_total") {
    add("requests|" + endpoint + '|' + who + '|' + label["code"] + '|' + label["outcome"], 1);
  }
  if (name == "oriel_request_duration_seconds_sum") add("duration", 1e9);
  if (name == "oriel_overhead_seconds_sum") add("overhead|" + endpoint, 1e9);
  if (name == "oriel_time_to_first_token_seconds_sum") add("ttft|" + who, 1e9);
  if (name == "oriel_stage_duration_seconds_sum") add("stage|" + label["stage"], 1e9);
  if (name == "oriel_request_body_bytes_sum") add("bytes_in|" + endpoint, 1);
  if (name == "oriel_response_body_bytes_sum") add("bytes_out|" + endpoint, 1);
  if (name == "oriel_tokens_total") add("tokens|" + who + '|' + kind, 1);
  if (name == "oriel_reasoning_tokens_total") add("tokens|" + who + "|reasoning", 1);
  if (name == "oriel_finish_reasons_total") add("finish|" + who + '|' + label["finish_reason"], 1);
  if (name == "oriel_upstream_attempts_total") {
    add("attempts|" + target + '|' + label["outcome"], 1);
  }
  if (name == "oriel_upstream_attempt_duration_seconds_sum") {
    add("attempt_duration|" + target, 1e9);
  }
  if (name == "oriel_adjusted_parameters_total") add("adjusted", 1);
  if (name == "oriel_learned_capabilities_total") add("learned", 1);
}

void drop_zeros(Sums& sums) {
  for (auto at = sums.begin(); at != sums.end();) at = at->second == 0 ? sums.erase(at) : ++at;
}

TEST(Agreement, LogLinesAndExpositionSayTheSame) {
  Registry registry({});
  Shard* const shards[] = {&registry.add_shard(), &registry.add_shard()};
  Maker maker(registry.labels());
  json::Reader reader;
  Sums logged;
  for (int i = 0; i < 5'000; ++i) {
    const Record record = maker.make();
    shards[i % 2]->record(record);
    std::string line;
    append_log_line(record, registry.labels(), ClientAddress::hide, line);
    const json::PaddedBuffer buffer(line);
    const auto value = reader.read(buffer);
    ASSERT_TRUE(value.has_value()) << line;
    add_line(*value, logged);
  }
  Sums exposed;
  for (const auto& [sample, value] : scrape(registry)) add_sample(sample, value, exposed);
  drop_zeros(logged);
  drop_zeros(exposed);
  EXPECT_GT(logged.size(), 500U);
  for (const auto& [key, sum] : logged) EXPECT_EQ(exposed[key], sum) << key;
  EXPECT_EQ(logged.size(), exposed.size());
}

}  // namespace
}  // namespace oriel::metrics
