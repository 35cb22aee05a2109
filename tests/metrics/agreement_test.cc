// The renderings of the same records agree: what the log lines and the spans say, summed, is what
// the exposition says, to the nanosecond and the nano-dollar.
#include <gtest/gtest.h>

#include <cmath>

#include "metrics/log_line.h"
#include "metrics/span.h"
#include "tests/metrics/sums.h"

namespace oriel::metrics {
namespace {

// --- What log lines say ---

void add_attempt(const json::Value& attempt, Sums& sums) {
  const std::string target = text_of(attempt, "target");
  const std::string provider = target.substr(0, target.rfind('/'));
  ++sums["attempts|" + target + '|' + text_of(attempt, "region") + '|' +
         text_of(attempt, "outcome")];
  sums["attempt_duration|" + target] += units_of(*attempt.find("duration_ms"), 6);
  if (attempt.find("retry")) ++sums["retries|" + provider + '|' + text_of(attempt, "retry")];
  const std::string wasted = provider + '|' + text_of(attempt, "wasted");
  sums["wasted_tokens|" + wasted] += integer_of(attempt, "tokens");
  if (const auto cost = attempt.find("cost_usd")) {
    sums["wasted_cost|" + wasted] += units_of(*cost, 9);
  }
}

void add_stream(const json::Value& line, const std::string& who, Sums& sums) {
  if (const auto first = line.find("ttft_ms")) sums["ttft|" + who] += units_of(*first, 6);
  if (const auto first = line.find("first_reasoning_ms")) {
    sums["reasoning|" + who] += units_of(*first, 6);
  }
  const auto end = line.find("stream_end");
  if (!end) return;
  ++sums["ended|" + who + '|' + text_of(line, "stream_end")];
  sums["stall|" + who] += units_of(*line.find("max_stall_ms"), 6);
  sums["chunks|" + who] += integer_of(line, "chunks");
}

void add_usage(const json::Value& line, const std::string& who, Sums& sums) {
  if (const auto tokens = line.find("tokens")) {
    for (const json::Member kind : tokens->children()) {
      sums["tokens|" + who + '|' + json::unescape(kind.key)] += units_of(kind.value, 0);
    }
  }
  if (line.find("usage_missing")) ++sums["missing|" + who + '|' + text_of(line, "usage_missing")];
  if (const auto cost = line.find("cost_usd")) sums["cost|" + who] += units_of(*cost, 9);
  if (line.find("unpriced")) ++sums["unpriced|" + who];
  if (line.find("finish_reason")) ++sums["finish|" + who + '|' + text_of(line, "finish_reason")];
}

void add_line(const json::Value& line, Sums& sums) {
  const std::string who = text_of(line, "model") + "|" + text_of(line, "provider");
  const std::string endpoint = text_of(line, "endpoint");
  const std::int64_t status = integer_of(line, "status");
  const std::string code = status == 0     ? "unknown"
                           : status == 999 ? "other"
                                           : std::to_string(status);
  ++sums["requests|" + endpoint + '|' + who + '|' + code + '|' + text_of(line, "outcome")];
  sums["duration"] += units_of(*line.find("duration_ms"), 6);
  sums["overhead|" + endpoint] += units_of(*line.find("overhead_us"), 3);
  for (const json::Member stage : line.find("stages_us")->children()) {
    sums["stage|" + json::unescape(stage.key)] += units_of(stage.value, 3);
  }
  sums["bytes_in|" + endpoint] += integer_of(line, "bytes_in");
  sums["bytes_out|" + endpoint] += integer_of(line, "bytes_out");
  if (const auto paused = line.find("backpressure_ms")) {
    sums["backpressure|" + endpoint] += units_of(*paused, 6);
  }
  if (const auto latency = line.find("provider_latency_ms")) {
    sums["latency|" + who] += units_of(*latency, 6);
  }
  add_stream(line, who, sums);
  add_usage(line, who, sums);
  std::int64_t retries = 0;
  for (const json::Member attempt : line.find("attempts").value_or(json::Value()).children()) {
    add_attempt(attempt.value, sums);
    retries += attempt.value.find("retry") ? 1 : 0;
  }
  RC_ASSERT(integer_of(line, "retries") == retries);
  for (const auto* list : {"adjusted", "learned"}) {
    const auto items = line.find(list);
    sums[list] += items ? static_cast<std::int64_t>(items->children().count()) : 0;
  }
  for (const json::Member item : line.find("unknown_items").value_or(json::Value()).children()) {
    sums["unknown|" + text_of(line, "provider") + '|' + json::unescape(item.key)] +=
        units_of(item.value, 0);
  }
}

void add_sample_as_line(const std::string& name, Labels label, double value, Sums& sums) {
  const std::string who = label["model"] + "|" + label["provider"];
  const std::string provider = label["provider"];
  const std::string endpoint = label["endpoint"];
  const std::string target = provider + "/" + label["upstream_model"];
  std::string kind = label["kind"];
  if (kind.starts_with("cache_write")) kind = "cache_write";
  const struct {
    std::string_view family;
    std::string key;
    double scale = 1;
  } kKeys[] = {
      {"requests_total",
       "requests|" + endpoint + '|' + who + '|' + label["code"] + '|' + label["outcome"]},
      {"request_duration_seconds_sum", "duration", 1e9},
      {"overhead_seconds_sum", "overhead|" + endpoint, 1e9},
      {"stage_duration_seconds_sum", "stage|" + label["stage"], 1e9},
      {"request_body_bytes_sum", "bytes_in|" + endpoint},
      {"response_body_bytes_sum", "bytes_out|" + endpoint},
      {"client_backpressure_seconds_total", "backpressure|" + endpoint, 1e9},
      {"provider_reported_latency_seconds_sum", "latency|" + who, 1e9},
      {"time_to_first_token_seconds_sum", (kind == "visible" ? "ttft|" : "reasoning|") + who, 1e9},
      {"streams_ended_total", "ended|" + who + '|' + label["reason"]},
      {"stream_max_stall_seconds_sum", "stall|" + who, 1e9},
      {"stream_chunks_total", "chunks|" + who},
      {"tokens_total", "tokens|" + who + '|' + kind},
      {"reasoning_tokens_total", "tokens|" + who + "|reasoning"},
      {"usage_missing_total", "missing|" + who + '|' + label["reason"]},
      {"cost_usd_total", "cost|" + who, 1e9},
      {"unpriced_requests_total", "unpriced|" + who},
      {"finish_reasons_total", "finish|" + who + '|' + label["finish_reason"]},
      {"upstream_attempts_total",
       "attempts|" + target + '|' + label["region"] + '|' + label["outcome"]},
      {"upstream_attempt_duration_seconds_sum", "attempt_duration|" + target, 1e9},
      {"retries_total", "retries|" + provider + '|' + label["reason"]},
      {"wasted_tokens_total", "wasted_tokens|" + provider + '|' + label["reason"]},
      {"wasted_cost_usd_total", "wasted_cost|" + provider + '|' + label["reason"], 1e9},
      {"adjusted_parameters_total", "adjusted"},
      {"learned_capabilities_total", "learned"},
      {"unknown_upstream_items_total", "unknown|" + provider + '|' + kind},
  };
  for (const auto& row : kKeys) {
    if (name == row.family) sums[row.key] += std::llround(value * row.scale);
  }
}

// --- What spans say ---

std::string attribute(const json::Value& span, std::string_view name) {
  for (const json::Member member : span.find("attributes")->children()) {
    if (text_of(member.value, "key") != name) continue;
    const json::Value value = (*member.value.find("value")->children().begin()).value;
    return value.as_text() ? json::unescape(*value.as_text()) : std::string(value.raw().text);
  }
  return "";
}
std::int64_t number_of(const json::Value& span, std::string_view name) {
  const std::string digits = attribute(span, name);
  return digits.empty() ? 0 : std::stoll(digits);
}

void add_span(const json::Value& span, Sums& sums) {
  const std::int64_t duration =
      std::stoll(text_of(span, "endTimeUnixNano")) - std::stoll(text_of(span, "startTimeUnixNano"));
  std::string outcome = attribute(span, "error.type");
  if (outcome.empty()) outcome = "ok";
  if (attribute(span, "oriel.outcome").empty()) {  // of an attempt
    ++sums["attempts|" + attribute(span, "gen_ai.request.model") + '|' + outcome];
    sums["attempt_duration"] += duration;
    const std::string retry = attribute(span, "oriel.attempt.retry");
    if (!retry.empty()) ++sums["retries|" + retry];
    const std::string wasted = attribute(span, "oriel.attempt.wasted");
    if (wasted.empty()) return;
    sums["wasted_tokens|" + wasted] += number_of(span, "oriel.attempt.input_tokens") +
                                       number_of(span, "oriel.attempt.output_tokens");
    sums["wasted_cost|" + wasted] += number_of(span, "oriel.attempt.cost_nano_usd");
    return;
  }
  std::string model = attribute(span, "gen_ai.request.model");
  if (model.empty()) model = "unknown";
  ++sums["requests|" + model + '|' + outcome];
  sums["duration"] += duration;
  sums["input|" + model] += number_of(span, "gen_ai.usage.input_tokens");
  sums["output|" + model] += number_of(span, "gen_ai.usage.output_tokens");
  sums["cost|" + model] += number_of(span, "oriel.cost_nano_usd");
}

void add_sample_as_span(const std::string& name, Labels label, double value, Sums& sums) {
  const bool output = label["kind"] == "output";
  const struct {
    std::string_view family;
    std::string key;
    double scale = 1;
  } kKeys[] = {
      {"requests_total", "requests|" + label["model"] + '|' + label["outcome"]},
      {"request_duration_seconds_sum", "duration", 1e9},
      {"tokens_total", (output ? "output|" : "input|") + label["model"]},
      {"cost_usd_total", "cost|" + label["model"], 1e9},
      {"upstream_attempts_total", "attempts|" + label["upstream_model"] + '|' + label["outcome"]},
      {"upstream_attempt_duration_seconds_sum", "attempt_duration", 1e9},
      {"retries_total", "retries|" + label["reason"]},
      {"wasted_tokens_total", "wasted_tokens|" + label["reason"]},
      {"wasted_cost_usd_total", "wasted_cost|" + label["reason"], 1e9},
  };
  for (const auto& row : kKeys) {
    if (name == row.family) sums[row.key] += std::llround(value * row.scale);
  }
}

// --- The tests ---

TEST(Agreement, OfLogLinesAndExposition) {
  const bool agree = rc::check([] {
    Registry registry({});
    Shard* const shards[] = {&registry.add_shard(), &registry.add_shard()};
    json::Reader reader;
    Sums told;
    std::size_t turn = 0;
    for (const Record& record : any_records(registry.labels())) {
      shards[turn++ % 2]->record(record);
      std::string line;
      append_log_line(record, registry.labels(), ClientAddress::hide, line);
      RC_LOG() << line << '\n';
      const json::PaddedBuffer buffer(line);
      const auto value = reader.read(buffer);
      RC_ASSERT(value.has_value());
      add_line(*value, told);
    }
    RC_ASSERT(difference(told, exposed(registry, add_sample_as_line)) == "");
  });
  EXPECT_TRUE(agree);
}

TEST(Agreement, OfSpansAndExposition) {
  const bool agree = rc::check([] {
    Registry registry({});
    Shard& shard = registry.add_shard();
    json::Reader reader;
    Sums told;
    for (const Record& record : any_records(registry.labels())) {
      shard.record(record);
      std::string spans = "[";
      const std::size_t count = append_spans(record, registry.labels(), {}, spans);
      RC_ASSERT(count == 1 + record.attempts.size());
      RC_LOG() << spans << '\n';
      const json::PaddedBuffer buffer(spans + ']');
      const auto value = reader.read(buffer);
      RC_ASSERT(value.has_value());
      RC_ASSERT(value->children().count() == count);
      for (const json::Member span : value->children()) add_span(span.value, told);
    }
    RC_ASSERT(difference(told, exposed(registry, add_sample_as_span)) == "");
  });
  EXPECT_TRUE(agree);
}

}  // namespace
}  // namespace oriel::metrics
