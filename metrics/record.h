// The record: what happened to one request, as a plain value that is filled while the request lives
// and closed exactly once. Prometheus samples, the log line, the spans, the EMF documents and the
// response headers are pure renderings of it, so they cannot disagree (spec/observability.md).
//
// A record borrows the strings of the exchange that owns it until it has been rendered.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "metrics/pricing.h"
#include "metrics/tokens.h"
#include "metrics/trace_context.h"
#include "metrics/vocabulary.h"

namespace oriel::metrics {

// An interned label value: an index into the process's LabelTable (labels.h). 0 is "unknown".
using LabelId = std::uint32_t;
inline constexpr LabelId kUnknownLabel = 0;

// One call to one target.
struct Attempt {
  LabelId provider = kUnknownLabel;
  LabelId upstream_model = kUnknownLabel;
  LabelId region = kUnknownLabel;
  Outcome outcome = Outcome::ok;
  int status = 0;                     // HTTP status of upstream, 0: none came
  SpanId span_id{};                   // of the attempt's client span
  std::optional<RetryReason> retry;   // why it was made; nullopt: the first of its choice
  std::optional<WasteReason> wasted;  // why what it cost bought nothing; nullopt: it was used
  std::optional<Tokens> tokens;       // nullopt: upstream did not say
  std::optional<NanoDollars> cost;    // nullopt: no tokens, or no price for them
  std::chrono::nanoseconds start{0};  // since the request's first byte
  std::chrono::nanoseconds duration{0};
  std::optional<std::chrono::nanoseconds> first_byte;
  bool reused_connection = false;
  std::optional<std::chrono::nanoseconds> dns, connect, tls;  // new connections only
  std::string request_id;                                     // x-amzn-RequestId
};

struct Adjusted {
  std::string_view parameter;  // literals
  std::string_view action;
};

// What was said, as far as the operator wants it in the log (log.content); nowhere else.
struct Content {
  std::uint32_t messages = 0;
  std::uint32_t tools = 0;
  std::uint64_t request_bytes = 0;  // of the body
  std::uint64_t answer_bytes = 0;
  std::string request;  // the beginning of each, at most kMaxLogContent bytes; empty: not wanted
  std::string answer;
};
inline constexpr std::size_t kMaxLogContent = 8 * 1024;

struct Record {
  // Identity.
  std::string request_id;
  Endpoint endpoint = Endpoint::other;
  Method method = Method::other;  // span only
  LabelId model = kUnknownLabel;  // the configured name clients use
  LabelId provider = kUnknownLabel;
  std::string upstream_model;  // as sent; log and span only
  std::string response_model;  // as upstream names itself; log and span only
  std::string response_id;     // of the answer, as its client sees it; log and span only
  std::string region;          // log only
  std::string client_addr;     // log only
  std::string user_hash;       // of the request's end user; log only
  TraceContext trace;          // all zero: the request has no trace

  // End.
  int status = 0;  // what the end amounts to: a stream that broke behind its 200 has its error's
  int sent_status = 0;  // what the client was sent, 0: nothing; span only
  Outcome outcome = Outcome::other;
  std::string error;  // internal detail, log only: no prompts, no secrets
  bool stream = false;
  std::optional<StreamEnd> stream_end;

  // Time. Durations in nanoseconds of the steady clock.
  std::chrono::system_clock::time_point start;  // wall clock at the first byte
  std::chrono::system_clock::time_point time;   // wall clock at the end
  std::chrono::nanoseconds total{0};            // first byte read to last byte handed over
  // Total minus the union of waits (upstream, client's socket); 0: turned away while it was read.
  std::chrono::nanoseconds overhead{0};
  std::array<std::chrono::nanoseconds, kStages> stages{};
  std::optional<std::chrono::nanoseconds> time_to_first_token;  // visible text or tool calls
  std::optional<std::chrono::nanoseconds> time_to_first_reasoning;
  std::optional<std::chrono::nanoseconds> first_to_last_token;
  std::chrono::nanoseconds max_stall{0};
  std::chrono::nanoseconds backpressure{0};  // upstream reads paused for the client

  // Volume.
  std::uint64_t bytes_in = 0;
  std::uint64_t bytes_out = 0;
  std::uint64_t chunks = 0;

  // Usage: the sum of the attempts'.
  UsageSource usage_source = UsageSource::none;
  Tokens tokens;
  std::uint32_t images = 0;                   // that the model made
  std::optional<NanoDollars> cost;            // nullopt: nothing was used, or it has no price
  bool unpriced = false;                      // something was used that has no price
  std::optional<UsageMissing> usage_missing;  // why, when an answer came without usage
  std::string_view finish_reason;             // OpenAI's word; empty: none
  std::string stop_reason;                    // upstream's word
  std::optional<std::chrono::milliseconds> provider_latency;
  std::array<std::uint32_t, kUnknownItems> unknown_items{};

  std::optional<Content> content;  // nullopt: off
  std::vector<Attempt> attempts;
  std::vector<Adjusted> adjusted;
  std::vector<std::string_view> learned;  // what a refusal taught of the model; literals
};

}  // namespace oriel::metrics
