// The record of a streamed chat, as an exchange leaves it: traced, priced, answered at once.
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
  record.response_model = "anthropic.claude-v9";
  record.response_id = "chatcmpl-0f8fad5bd9cb469fa16570867728950e";
  record.region = "eu-west-1";
  record.client_addr = "192.0.2.17";
  record.trace.trace_id = {0x4b, 0xf9, 0x2f, 0x35, 0x77, 0xb3, 0x4d, 0xa6,
                           0xa3, 0xce, 0x92, 0x9d, 0x0e, 0x0e, 0x47, 0x36};
  record.trace.span_id = {0x00, 0xf0, 0x67, 0xaa, 0x0b, 0xa9, 0x02, 0xb7};
  record.trace.parent_id = {0x53, 0x99, 0x5c, 0x3f, 0x42, 0xcd, 0x8a, 0xd8};
  record.trace.sampled = true;
  record.start = std::chrono::system_clock::time_point(milliseconds(1'700'000'000'000));
  record.time = record.start + milliseconds(1'500);
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
  record.cost = 1'065'000;
  record.finish_reason = "stop";
  record.stop_reason = "end_turn";
  metrics::Attempt& attempt = record.attempts.emplace_back();
  attempt.provider = record.provider;
  attempt.upstream_model = labels.intern(record.upstream_model);
  attempt.region = labels.intern(record.region);
  attempt.status = 200;
  attempt.span_id = {0x9a, 0x1c, 0x27, 0xde, 0x5b, 0x80, 0x3f, 0x64};
  attempt.tokens = record.tokens;
  attempt.cost = record.cost;
  attempt.duration = milliseconds(1'400);
  attempt.first_byte = milliseconds(150);
  attempt.reused_connection = true;
  attempt.request_id = "7b1c2f6e-1111-2222-3333-444455556666";
  return record;
}

}  // namespace oriel::bench
