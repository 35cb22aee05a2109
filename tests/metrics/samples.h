// A small reader of the classic text format, and makers of records, for the tests of metrics/.
#pragma once

#include <rapidcheck.h>

#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "metrics/registry.h"

namespace oriel::metrics {

// "name{labels}" -> value, exactly as exposed.
inline std::map<std::string, double> samples_of(const std::string& exposition) {
  std::map<std::string, double> samples;
  std::istringstream lines(exposition);
  for (std::string line; std::getline(lines, line);) {
    if (line.empty() || line[0] == '#') continue;
    const std::size_t space = line.rfind(' ');
    samples.emplace(line.substr(0, space), std::stod(line.substr(space + 1)));
  }
  return samples;
}

// The sum over all samples whose name is `name` and whose labels hold `part`.
inline double sum_of(const std::map<std::string, double>& samples, const std::string& name,
                     const std::string& part = "") {
  double sum = 0;
  for (const auto& [key, value] : samples) {
    if (key.substr(0, key.find('{')) == name && key.find(part) != std::string::npos) sum += value;
  }
  return sum;
}

inline std::map<std::string, double> scrape(Registry& registry) {
  return samples_of(registry.render("").body);
}

// A streamed chat that went well, with every number set.
inline Record good_stream(LabelTable& labels) {
  using std::chrono::microseconds;
  using std::chrono::milliseconds;
  Record record;
  record.request_id = "req-1";
  record.endpoint = Endpoint::chat_completions;
  record.method = Method::post;
  record.model = labels.intern("claude");
  record.provider = labels.intern("bedrock");
  record.upstream_model = "anthropic.claude-v9";
  record.region = "eu-west-1";
  record.client_addr = "192.0.2.7";
  record.status = record.sent_status = 200;
  record.outcome = Outcome::ok;
  record.stream = true;
  record.stream_end = StreamEnd::complete;
  record.time = std::chrono::system_clock::time_point(milliseconds(1'714'564'800'123));
  record.total = milliseconds(1'500);
  record.overhead = microseconds(120);
  record.stages[static_cast<std::size_t>(Stage::parse)] = microseconds(12);
  record.stages[static_cast<std::size_t>(Stage::upstream)] = milliseconds(1'400);
  record.time_to_first_token = milliseconds(200);
  record.time_to_first_reasoning = milliseconds(90);
  record.first_to_last_token = milliseconds(1'000);
  record.max_stall = milliseconds(30);
  record.backpressure = milliseconds(250);
  record.bytes_in = 665;
  record.bytes_out = 4'096;
  record.chunks = 64;
  record.usage_source = UsageSource::provider;
  record.tokens = {100, 51, 7, 5, 3, 11};
  record.finish_reason = "stop";
  record.stop_reason = "end_turn";
  record.provider_latency = milliseconds(1'350);
  record.unknown_items[static_cast<std::size_t>(UnknownItem::member)] = 2;
  Attempt& failed = record.attempts.emplace_back();
  failed.provider = record.provider;
  failed.upstream_model = labels.intern("anthropic.claude-v9");
  failed.region = labels.intern("eu-west-1");
  failed.outcome = Outcome::provider_throttled;
  failed.status = 429;
  failed.duration = milliseconds(20);
  failed.first_byte = milliseconds(19);
  failed.dns = milliseconds(1);
  failed.connect = milliseconds(2);
  failed.tls = milliseconds(6);
  failed.request_id = "aws-1";
  Attempt& good = record.attempts.emplace_back(failed);
  good.outcome = Outcome::ok;
  good.status = 200;
  good.duration = milliseconds(1'400);
  good.first_byte = milliseconds(150);
  good.reused_connection = true;
  good.request_id = "aws-2";
  good.tokens = record.tokens;
  record.adjusted.push_back({"temperature", "clamped"});
  record.learned.push_back("top_p");
  return record;
}

// Any record that a gateway may make, with few label values.
class AnyRecord {
 public:
  explicit AnyRecord(LabelTable& labels) : labels_(labels) {}

  Record operator()() const {
    Record record;
    record.endpoint = static_cast<Endpoint>(below(kEndpoints));
    record.outcome = static_cast<Outcome>(below(kOutcomes));
    record.status = *rc::gen::element(0, 200, 204, 301, 400, 404, 429, 499, 500, 503, 999);
    record.time += time();
    record.total = time();
    record.overhead = time();
    for (auto& stage : record.stages) {
      if (yes()) stage = time();
    }
    record.bytes_in = below(1'000'000);
    record.bytes_out = below(1'000'000);
    if (yes()) record.backpressure = time();
    record.trace.trace_id[0] = record.trace.span_id[0] = 1;
    if (record.endpoint == Endpoint::chat_completions) add_chat(record);
    return record;
  }

 private:
  void add_chat(Record& record) const {
    static const std::string kModels[] = {"", "model-1", "mod\u00e8le \"2\"", "a\\b"};
    record.model = labels_.intern(kModels[below(4)]);
    record.provider = labels_.intern("provider \"" + std::to_string(below(3)) + "\\");
    record.finish_reason = *rc::gen::element("", "stop", "length", "tool_calls");
    if (yes()) record.provider_latency = std::chrono::milliseconds(below(100'000));
    for (auto& items : record.unknown_items) items = static_cast<std::uint32_t>(below(3));
    for (std::uint64_t i = below(4); i > 0; --i) add_attempt(record);
    for (std::uint64_t i = below(3); i > 0; --i) record.adjusted.push_back({"top_k", "dropped"});
    for (std::uint64_t i = below(3); i > 0; --i) record.learned.push_back("temperature");
    if (record.usage_source == UsageSource::none && yes()) {
      record.usage_missing = static_cast<UsageMissing>(below(kUsageMissings));
    }
    record.stream = yes();
    if (record.stream) add_stream(record);
  }

  void add_stream(Record& record) const {
    if (yes()) record.time_to_first_token = time();
    if (yes()) record.time_to_first_reasoning = time();
    if (!yes()) return;
    record.stream_end = static_cast<StreamEnd>(below(kStreamEnds));
    record.max_stall = time();
    record.chunks = below(1'000);
  }

  void add_attempt(Record& record) const {
    Attempt& attempt = record.attempts.emplace_back();
    attempt.provider = record.provider;
    attempt.upstream_model = labels_.intern("upstream-" + std::to_string(below(3)));
    attempt.region = labels_.intern("region-" + std::to_string(below(2)));
    attempt.outcome = yes() ? Outcome::provider_throttled : static_cast<Outcome>(below(kOutcomes));
    attempt.span_id[0] = static_cast<std::uint8_t>(record.attempts.size());
    attempt.start = time();
    attempt.duration = time();
    if (record.attempts.size() > 1 && yes()) {
      attempt.retry = static_cast<RetryReason>(below(kRetryReasons));
    }
    if (yes()) attempt.wasted = static_cast<WasteReason>(below(kWasteReasons));
    if (!yes()) return;
    const std::uint64_t output = below(9'999);
    attempt.tokens = Tokens{below(9'999), output, below(3), below(3), below(3), below(output + 1)};
    record.usage_source = UsageSource::provider;
    record.tokens.input += attempt.tokens->input;
    record.tokens.output += attempt.tokens->output;
    record.tokens.cache_read += attempt.tokens->cache_read;
    record.tokens.cache_write_5m += attempt.tokens->cache_write_5m;
    record.tokens.cache_write_1h += attempt.tokens->cache_write_1h;
    record.tokens.reasoning += attempt.tokens->reasoning;
    if (yes()) attempt.cost = below(1'000'000'000'000);
    record.unpriced = record.unpriced || !attempt.cost;
    if (attempt.cost) record.cost = record.cost.value_or(0) + *attempt.cost;
  }

  static std::uint64_t below(std::uint64_t limit) {
    return *rc::gen::inRange<std::uint64_t>(0, limit);
  }
  static bool yes() { return below(2) == 0; }
  static std::chrono::nanoseconds time() {
    return std::chrono::nanoseconds(below(std::uint64_t{1} << (1 + below(37))));
  }

  LabelTable& labels_;
};

inline std::vector<Record> any_records(LabelTable& labels) {
  constexpr std::size_t kMost = 40;
  const auto any = rc::gen::resize(rc::kNominalSize, rc::gen::exec(AnyRecord(labels)));
  return *rc::gen::container<std::vector<Record>>(*rc::gen::inRange<std::size_t>(0, kMost), any);
}

}  // namespace oriel::metrics
