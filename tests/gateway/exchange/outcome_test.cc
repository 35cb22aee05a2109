#include "gateway/exchange/outcome.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "gateway/exchange/throttles.h"

namespace oriel::gateway {
namespace {

using convert::Error;
using convert::ErrorKind;
using metrics::FrameFault;

class FixedRandom final : public Random {
 public:
  void fill(std::span<std::uint8_t> bytes) override { std::fill(bytes.begin(), bytes.end(), 0xFF); }
};

std::string header(const std::vector<convert::Header>& headers, std::string_view name) {
  return std::string(convert::find_header(headers, name));
}

TEST(Outcome, EveryErrorKindHasOneOfItsOwnDomain) {
  for (std::size_t i = 0; i < convert::kErrorKinds; ++i) {
    const auto kind = static_cast<ErrorKind>(i);
    const auto outcome = outcome_of(kind);
    EXPECT_NE(outcome, metrics::Outcome::ok);
    EXPECT_NE(outcome, metrics::Outcome::other);
    const int status = convert::row_of(kind).status;
    if (status < 500 && kind < ErrorKind::rate_limited) {
      EXPECT_NE(metrics::class_of(outcome), "gateway") << i;
    }
  }
}

TEST(Retry, HintsAreCappedAndOnlyWhereTheyHelp) {
  FixedRandom random;
  Error throttled{.kind = ErrorKind::upstream_throttled};
  auto headers = retry_headers(throttled, random);
  EXPECT_EQ(header(headers, "retry-after-ms"), "1499");
  EXPECT_EQ(header(headers, "retry-after"), "2");
  throttled.retry_after = std::chrono::hours(2);
  EXPECT_EQ(header(retry_headers(throttled, random), "retry-after-ms"), "60000");
  EXPECT_EQ(header(retry_headers({.kind = ErrorKind::upstream_quota}, random), "x-should-retry"),
            "false");
  EXPECT_EQ(header(retry_headers({.kind = ErrorKind::upstream_auth}, random), "x-should-retry"),
            "false");
  EXPECT_TRUE(retry_headers({.kind = ErrorKind::invalid_request}, random).empty());
  EXPECT_TRUE(retry_headers({.kind = ErrorKind::upstream_server_error}, random).empty());
  EXPECT_EQ(header(retry_headers({.kind = ErrorKind::draining}, random), "retry-after"), "2");
}

// The delay doubles with each time that the model was throttled of late, up to half a minute.
TEST(Retry, ModelsThatAreThrottledOftenAreLeftAloneLonger) {
  FixedRandom random;
  const Error throttled{.kind = ErrorKind::upstream_throttled};
  const std::pair<std::uint32_t, std::string> cases[] = {
      {0, "1499"}, {1, "2999"}, {2, "5999"}, {4, "23999"}, {5, "29999"}, {1000, "29999"}};
  for (const auto& [times, delay] : cases) {
    EXPECT_EQ(header(retry_headers(throttled, random, times), "retry-after-ms"), delay) << times;
  }
}

TEST(Retry, ThrottlesAreForgottenAfterAnAnswerOrAQuietMinute) {
  Throttles throttles;
  const SteadyTime now{std::chrono::hours(1)};
  EXPECT_EQ(throttles.note(7, now), 0U);
  EXPECT_EQ(throttles.note(7, now + std::chrono::seconds(59)), 1U);
  EXPECT_EQ(throttles.note(8, now), 0U);
  EXPECT_EQ(throttles.note(7, now + std::chrono::seconds(120)), 0U);
  throttles.note(7, now + std::chrono::seconds(121));
  throttles.clear(7);
  EXPECT_EQ(throttles.note(7, now + std::chrono::seconds(122)), 0U);
}

TEST(Retry, WhatWasPaidForIsNotAskedAgain) {
  FixedRandom random;
  for (const ErrorKind kind : {ErrorKind::upstream_malformed_output, ErrorKind::upstream_timeout,
                               ErrorKind::upstream_stream_truncated}) {
    EXPECT_EQ(header(retry_headers({.kind = kind}, random), "x-should-retry"), "false");
  }
}

TEST(Retry, AQuotaIsNotWaitedForWhateverUpstreamSays) {
  FixedRandom random;
  Error quota{.kind = ErrorKind::upstream_quota};
  quota.retry_after = std::chrono::seconds(1);
  EXPECT_EQ(header(retry_headers(quota, random), "x-should-retry"), "false");
}

TEST(Frames, FaultsAreWordsOfTheMetricsOwn) {
  const auto word = [](ErrorKind kind, std::string detail) {
    return frame_fault_of({.kind = kind, .detail = std::move(detail)});
  };
  EXPECT_EQ(word(ErrorKind::upstream_stream_corrupt, "prelude_crc"), FrameFault::prelude_crc);
  EXPECT_EQ(word(ErrorKind::upstream_stream_corrupt, "whatever upstream wrote"),
            FrameFault::malformed);
  EXPECT_EQ(word(ErrorKind::upstream_stream_truncated, "inside a frame"), FrameFault::truncated);
  EXPECT_EQ(word(ErrorKind::upstream_timeout, "prelude_crc"), std::nullopt);
}

TEST(Transfer, FaultsBecomeTypedErrors) {
  const std::vector<std::pair<TransferFault, int>> cases = {
      {TransferFault::resolve, 502},
      {TransferFault::connect, 502},
      {TransferFault::tls, 502},
      {TransferFault::reset, 502},
      {TransferFault::connect_timeout, 504},
      {TransferFault::first_byte_timeout, 504},
      {TransferFault::idle_timeout, 504},
      {TransferFault::total_timeout, 504},
      {TransferFault::protocol, 502},
      {TransferFault::local, 500},
  };
  for (const auto& [fault, status] : cases) {
    TransferResult result;
    result.fault = fault;
    EXPECT_EQ(convert::status_of(error_of(result)), status);
  }
}

}  // namespace
}  // namespace oriel::gateway
