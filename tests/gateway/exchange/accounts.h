// What the spans say that was paid for, by request and by attempt. Tests hold it against the
// counters: whatever happens, the attempts' tokens and costs add up to the request's.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "convert/json/reader.h"
#include "gateway/telemetry/otlp_sink.h"

namespace oriel::gateway {

struct Accounts {
  std::uint64_t tokens = 0;  // of the requests, input and output
  std::uint64_t cost = 0;    // nano-dollars
  std::uint64_t attempts_tokens = 0;
  std::uint64_t attempts_cost = 0;
  std::uint64_t wasted_tokens = 0;
  std::uint64_t wasted_cost = 0;
};

// 0 where the span does not say.
inline std::uint64_t number_in(json::Value span, std::string_view name) {
  for (const json::Member attribute : span.find("attributes")->children()) {
    if (attribute.value.find("key")->as_text()->escaped() != name) continue;
    return std::stoull(json::unescape(*attribute.value.find("value")->find("intValue")->as_text()));
  }
  return 0;
}

inline bool is_wasted(json::Value span) {
  for (const json::Member attribute : span.find("attributes")->children()) {
    if (attribute.value.find("key")->as_text()->escaped() == "oriel.attempt.wasted") return true;
  }
  return false;
}

inline Accounts accounts_in(const std::vector<SpanBatch>& batches) {
  constexpr std::int64_t kServer = 2;
  Accounts sums;
  for (const SpanBatch& batch : batches) {
    const json::PaddedBuffer text("[" + batch.spans + "]");
    json::Reader reader;
    const auto spans = reader.read(text);
    EXPECT_TRUE(spans.has_value()) << batch.spans;
    if (!spans) continue;
    for (const json::Member span : spans->children()) {
      if (span.value.find("kind")->as_integer() == kServer) {
        sums.tokens += number_in(span.value, "gen_ai.usage.input_tokens") +
                       number_in(span.value, "gen_ai.usage.output_tokens");
        sums.cost += number_in(span.value, "oriel.cost_nano_usd");
        continue;
      }
      const std::uint64_t tokens = number_in(span.value, "oriel.attempt.input_tokens") +
                                   number_in(span.value, "oriel.attempt.output_tokens");
      const std::uint64_t cost = number_in(span.value, "oriel.attempt.cost_nano_usd");
      sums.attempts_tokens += tokens;
      sums.attempts_cost += cost;
      if (!is_wasted(span.value)) continue;
      sums.wasted_tokens += tokens;
      sums.wasted_cost += cost;
    }
  }
  return sums;
}

}  // namespace oriel::gateway
