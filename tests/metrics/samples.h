// A small reader of the classic text format, and record makers, for the tests of metrics/.
#pragma once

#include <map>
#include <sstream>
#include <string>

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
  record.model = labels.intern("claude");
  record.provider = labels.intern("bedrock");
  record.upstream_model = "anthropic.claude-v9";
  record.region = "eu-west-1";
  record.client_addr = "192.0.2.7";
  record.status = 200;
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
  record.unknown_items = 2;
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
  record.adjusted.push_back({"temperature", "clamped"});
  record.learned.push_back("top_p");
  return record;
}

}  // namespace oriel::metrics
