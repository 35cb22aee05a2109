#include "gateway/exchange/tracer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace oriel::gateway {
namespace {

using convert::wire::HttpRequestHead;
using metrics::Endpoint;
using metrics::TraceContext;

// Draws what it is told, over and over.
class SetRandom final : public Random {
 public:
  explicit SetRandom(std::vector<std::uint8_t> bytes) : bytes_(std::move(bytes)) {}
  void fill(std::span<std::uint8_t> bytes) override {
    for (std::uint8_t& byte : bytes) byte = bytes_[next_++ % bytes_.size()];
  }

 private:
  std::vector<std::uint8_t> bytes_;
  std::size_t next_ = 0;
};

using Fields = std::vector<std::pair<std::string, std::string>>;

HttpRequestHead head_with(const Fields& fields) {
  HttpRequestHead head;
  for (const auto& [name, value] : fields) head.headers.push_back({name, value});
  return head;
}

TracingConfig exporting() {
  TracingConfig config;
  config.endpoint = "http://collector";
  return config;
}

TraceContext begin(const TracingConfig& config, const Fields& fields,
                   Endpoint endpoint = Endpoint::chat_completions) {
  SetRandom random({1, 2, 3, 4, 5, 6, 7});
  const HttpRequestHead head = head_with(fields);
  return Tracer(config, random).begin(&head, endpoint);
}

std::string trace_of(const TraceContext& trace) {
  std::string out;
  metrics::append_hex(trace.trace_id, out);
  return out;
}

const std::string kTrace = "4bf92f3577b34da6a3ce929d0e0e4736";
const std::string kParent = "00f067aa0ba902b7";
const std::string kGood = "00-" + kTrace + "-" + kParent + "-01";

TEST(Tracer, ContinuesACallersTrace) {
  const TraceContext trace = begin(exporting(), {{"Traceparent", kGood}, {"tracestate", "a=1"}});
  EXPECT_EQ(trace_of(trace), kTrace);
  std::string parent;
  metrics::append_hex(trace.parent_id, parent);
  EXPECT_EQ(parent, kParent);
  EXPECT_NE(trace.span_id, metrics::SpanId{});
  EXPECT_NE(trace.span_id, trace.parent_id);
  EXPECT_TRUE(trace.sampled);
  EXPECT_EQ(trace.state, "a=1");
}

TEST(Tracer, BeginsATraceWithoutAGoodParent) {
  const Fields cases[] = {
      {},
      {{"tracestate", "a=1"}},
      {{"traceparent", ""}, {"tracestate", "a=1"}},
      {{"traceparent", "00-" + kTrace + "-0000000000000000-01"}},
      {{"traceparent", kGood}, {"x", "y"}, {"TraceParent", kGood}},
  };
  for (const Fields& fields : cases) {
    const TraceContext trace = begin(exporting(), fields);
    EXPECT_TRUE(trace.present());
    EXPECT_NE(trace_of(trace), kTrace);
    EXPECT_EQ(trace.parent_id, metrics::SpanId{});
    EXPECT_EQ(trace.state, "");
    EXPECT_TRUE(trace.sampled);
  }
  SetRandom random({9});
  const TracingConfig config = exporting();
  EXPECT_TRUE(Tracer(config, random).begin(nullptr, Endpoint::other).present());
}

TEST(Tracer, JoinsTheCallersState) {
  const struct {
    std::vector<std::string> headers;
    std::string state;
  } cases[] = {
      {{"a=1", "b=2"}, "a=1,b=2"},
      {{"a=1,b=2", "c=3"}, "a=1,b=2,c=3"},
      {{"a=1", "\x01"}, ""},
      {{std::string("a=").append(300, 'x'), std::string("b=").append(300, 'x')}, ""},
  };
  for (const auto& c : cases) {
    Fields fields = {{"traceparent", kGood}};
    for (const std::string& header : c.headers) fields.emplace_back("TraceState", header);
    EXPECT_EQ(begin(exporting(), fields).state, c.state);
  }
}

TEST(Tracer, LeavesProbesAndScrapesAlone) {
  for (std::size_t i = 0; i < metrics::kEndpoints; ++i) {
    const auto endpoint = static_cast<Endpoint>(i);
    const bool alone = endpoint == Endpoint::health || endpoint == Endpoint::metrics ||
                       endpoint == Endpoint::status;
    const TraceContext trace = begin(exporting(), {{"traceparent", kGood}}, endpoint);
    EXPECT_EQ(trace.present(), !alone) << to_string(endpoint);
    EXPECT_EQ(trace.span_id == metrics::SpanId{}, alone) << to_string(endpoint);
    EXPECT_EQ(trace.sampled, !alone) << to_string(endpoint);
  }
}

TEST(Tracer, NeverDrawsAnIdOfZeros) {
  SetRandom random({0});
  const TracingConfig config = exporting();
  Tracer tracer(config, random);
  const TraceContext trace = tracer.begin(nullptr, Endpoint::other);
  EXPECT_TRUE(trace.present());
  EXPECT_NE(trace.span_id, metrics::SpanId{});
  EXPECT_NE(tracer.new_span(), metrics::SpanId{});
}

TEST(Tracer, SamplesByTheEndOfTheId) {
  const struct {
    std::string low;  // the id's last 64 bits
    std::uint32_t millionths;
    bool sampled;
  } cases[] = {
      {"0000000000000000", 0, false},
      {"0000000000000000", 1, true},
      {"000010c6f7a0b5ec", 1, true},
      {"000010c6f7a0b5ed", 1,
       false},  // 2^64 / 1'000'000, cut       {"7fffffffffffffff", 500'000, true},
      {"8000000000000000", 500'000, false},
      {"ffffffffffffffff", 999'999, false},
      {"ffffef39085f4a11", 999'999, true},
      {"ffffef39085f4a12", 999'999, false},
      {"ffffffffffffffff", 1'000'000, true},
  };
  for (const auto& c : cases) {
    TracingConfig config = exporting();
    config.follows_parent = false;
    config.sample_millionths = c.millionths;
    const std::string parent = "00-ffffffffffffffff" + c.low + "-" + kParent;
    for (const char* flags : {"-00", "-01"}) {
      EXPECT_EQ(begin(config, {{"traceparent", parent + flags}}).sampled, c.sampled)
          << c.low << ' ' << c.millionths;
    }
    config.follows_parent = true;
    EXPECT_TRUE(begin(config, {{"traceparent", parent + "-01"}}).sampled);
    EXPECT_FALSE(begin(config, {{"traceparent", parent + "-00"}}).sampled);
  }
}

// The share of evenly spread ids that are sampled is the one that is configured.
TEST(Tracer, SamplesTheShare) {
  TracingConfig config = exporting();
  for (const std::uint32_t share : {0U, 1'000U, 250'000U, 999'000U, 1'000'000U}) {
    config.sample_millionths = share;
    std::uint32_t sampled = 0;
    for (std::uint32_t i = 0; i < 1'000; ++i) {
      // Its last eight bytes begin with just over i/1000 of their range.
      const std::uint32_t high = i * 4'294'968U;
      const auto byte = [&](unsigned shift) { return static_cast<std::uint8_t>(high >> shift); };
      // A span id is drawn before the trace id.
      SetRandom random({1, 1, 1, 1, 1,        1,        1,       1,       1, 1, 1, 1,
                        1, 1, 1, 1, byte(24), byte(16), byte(8), byte(0), 0, 0, 0, 0});
      if (Tracer(config, random).begin(nullptr, Endpoint::other).sampled) ++sampled;
    }
    EXPECT_EQ(sampled, share / 1'000);
  }
}

TEST(Tracer, SamplesNothingThatNobodyExports) {
  const TracingConfig nowhere;
  EXPECT_FALSE(begin(nowhere, {}).sampled);
  EXPECT_TRUE(begin(nowhere, {}).present()) << "the log line names it";
  EXPECT_TRUE(begin(nowhere, {{"traceparent", kGood}}).sampled) << "others do export it";
  TracingConfig own = nowhere;
  own.follows_parent = false;
  own.sample_millionths = 0;
  EXPECT_TRUE(begin(own, {{"traceparent", kGood}}).sampled) << "it is only passed on";
}

}  // namespace
}  // namespace oriel::gateway
