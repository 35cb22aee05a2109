// The record of a streamed chat, as an exchange leaves it.
#pragma once

#include <string>

#include "metrics/labels.h"
#include "metrics/record.h"

namespace oriel::bench {

inline metrics::Record chat_record(metrics::LabelTable& labels, int model) {
  using std::chrono::microseconds;
  using std::chrono::milliseconds;
  metrics::Record record;
  record.request_id = "0f8fad5b-d9cb-469f-a165-70867728950e";
  record.endpoint = metrics::Endpoint::chat_completions;
  record.model = labels.intern("model-" + std::to_string(model));
  record.provider = labels.intern("bedrock");
  record.upstream_model = "anthropic.claude-v9";
  record.region = "eu-west-1";
  record.status = 200;
  record.outcome = metrics::Outcome::ok;
  record.stream = true;
  record.stream_end = metrics::StreamEnd::complete;
  record.total = milliseconds(1'500);
  record.overhead = microseconds(120);
  for (auto& stage : record.stages) stage = microseconds(12);
  record.time_to_first_token = milliseconds(200);
  record.first_to_last_token = milliseconds(1'000);
  record.bytes_in = 665;
  record.bytes_out = 4'096;
  record.chunks = 64;
  record.usage_source = metrics::UsageSource::provider;
  record.tokens.input = 100;
  record.tokens.output = 51;
  record.finish_reason = "stop";
  record.stop_reason = "end_turn";
  metrics::Attempt& attempt = record.attempts.emplace_back();
  attempt.provider = record.provider;
  attempt.upstream_model = labels.intern(record.upstream_model);
  attempt.region = labels.intern(record.region);
  attempt.status = 200;
  attempt.duration = milliseconds(1'400);
  attempt.first_byte = milliseconds(150);
  attempt.reused_connection = true;
  attempt.request_id = "7b1c2f6e-1111-2222-3333-444455556666";
  return record;
}

}  // namespace oriel::bench
