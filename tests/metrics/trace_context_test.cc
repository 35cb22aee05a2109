#include "metrics/trace_context.h"

#include <gtest/gtest.h>

#include <string>

namespace oriel::metrics {
namespace {

const std::string kTrace = "4bf92f3577b34da6a3ce929d0e0e4736";
const std::string kParent = "00f067aa0ba902b7";
const std::string kGood = "00-" + kTrace + "-" + kParent + "-01";

std::string hex_of(const auto& id) {
  std::string out;
  append_hex(id, out);
  return out;
}

TEST(TraceParentHeader, IsRead) {
  const auto parent = parse_traceparent(kGood);
  ASSERT_TRUE(parent.has_value());
  EXPECT_EQ(hex_of(parent->trace_id), kTrace);
  EXPECT_EQ(hex_of(parent->parent_id), kParent);
  EXPECT_TRUE(parent->sampled);
}

TEST(TraceParentHeader, IsTakenOrNot) {
  enum class Expect { none, sampled, unsampled };
  const std::string zeros(32, '0');
  const std::string body = "-" + kTrace + "-" + kParent + "-";
  const struct {
    std::string header;
    Expect expect;
  } cases[] = {
      {"00" + body + "00", Expect::unsampled},
      {"00" + body + "01", Expect::sampled},
      {"00" + body + "02", Expect::unsampled},  // level 2: a random trace id
      {"00" + body + "03", Expect::sampled},
      {"00" + body + "ff", Expect::sampled},
      {"00" + body + "fe", Expect::unsampled},
      {"01" + body + "01", Expect::sampled},
      {"cc" + body + "01-what-the-future-will-be-like", Expect::sampled},
      {"cc" + body + "01-", Expect::sampled},
      {"fe" + body + "00", Expect::unsampled},
      {"", Expect::none},
      {"00", Expect::none},
      {"ff" + body + "01", Expect::none},
      {"00" + body + "01-", Expect::none},
      {"00" + body + "01-more", Expect::none},
      {"00" + body + "011", Expect::none},
      {"cc" + body + "01.what", Expect::none},
      {"cc" + body + "011", Expect::none},
      {"00" + body + "0", Expect::none},
      {"00" + body + "1", Expect::none},
      {"00" + body + "0G", Expect::none},
      {"0" + body + "01", Expect::none},
      {"000" + body + "01", Expect::none},
      {"0A" + body + "01", Expect::none},
      {" " + kGood, Expect::none},
      {kGood + " ", Expect::none},
      {"00-" + zeros + "-" + kParent + "-01", Expect::none},
      {"00-" + kTrace + "-0000000000000000-01", Expect::none},
      {"00-" + zeros.substr(1) + "1-" + kParent + "-01", Expect::sampled},
      {"00-" + kTrace + "-0000000000000001-01", Expect::sampled},
      {"00-4BF92F3577B34DA6A3CE929D0E0E4736-" + kParent + "-01", Expect::none},
      {"00-" + kTrace + "-00F067AA0BA902B7-01", Expect::none},
      {"00_" + kTrace + "-" + kParent + "-01", Expect::none},
      {kGood + "," + kGood, Expect::none},
  };
  for (const auto& c : cases) {
    const auto parent = parse_traceparent(c.header);
    EXPECT_EQ(parent.has_value(), c.expect != Expect::none) << c.header;
    if (!parent) continue;
    EXPECT_EQ(parent->sampled, c.expect == Expect::sampled) << c.header;
  }
}

// Whatever single byte is changed: the header is refused, or it is another good one, and says what
// its own text says.
TEST(TraceParentHeader, HoldsNoMoreThanItsBytesSay) {
  constexpr std::string_view kHex = "0123456789abcdef";
  for (std::size_t at = 0; at < kGood.size(); ++at) {
    for (int byte = 0; byte < 256; ++byte) {
      std::string header = kGood;
      header[at] = static_cast<char>(byte);
      const bool dash = at == 2 || at == 35 || at == 52;
      const bool good = dash ? byte == '-' : kHex.find(static_cast<char>(byte)) != kHex.npos;
      const auto parent = parse_traceparent(header);
      ASSERT_EQ(parent.has_value(), good) << header;
      if (!parent) continue;
      TraceContext trace;
      trace.trace_id = parent->trace_id;
      trace.sampled = parent->sampled;
      ASSERT_EQ(traceparent(trace, parent->parent_id).substr(3, 49), header.substr(3, 49));
    }
  }
}

TEST(TraceParentHeader, IsPrintedForTheNext) {
  const auto parent = parse_traceparent(kGood);
  ASSERT_TRUE(parent.has_value());
  TraceContext trace;
  EXPECT_FALSE(trace.present());
  trace.trace_id = parent->trace_id;
  EXPECT_TRUE(trace.present());
  const SpanId span = {0, 1, 2, 3, 4, 5, 0xAB, 0xFF};
  EXPECT_EQ(traceparent(trace, span), "00-" + kTrace + "-000102030405abff-00");
  trace.sampled = true;
  EXPECT_EQ(traceparent(trace, span), "00-" + kTrace + "-000102030405abff-01");
}

std::string members(std::size_t count) {
  std::string state;
  for (std::size_t i = 0; i < count; ++i) {
    state.append(i == 0 ? "" : ",").append("k").append(std::to_string(i)).append("=v");
  }
  return state;
}

TEST(TraceState, IsPassedOnOrDropped) {
  const struct {
    std::string header;
    bool good;
  } cases[] = {
      {"congo=t61rcWkgMzE", true},
      {"rojo=00f067aa0ba902b7,congo=t61rcWkgMzE", true},
      {"a=1 , b=2,\tc=3", true},
      {"a=1,,b=2", true},
      {"fw529a3039@dt=FfffW~`!", true},
      {"a==", true},
      {"a=", true},
      {members(32), true},
      {members(33), false},
      {"a=" + std::string(510, 'x'), true},
      {"a=" + std::string(511, 'x'), false},
      {"", false},
      {",", false},
      {"  ", false},
      {"a", false},
      {"=1", false},
      {"a=1,b", false},
      {"a=\x01", false},
      {"a=\x7F", false},
      {"a=\xC3\xA9", false},
      {std::string("a=\0", 3), false},
      {"a=1\r\nx: y", false},
  };
  for (const auto& c : cases) EXPECT_EQ(is_tracestate(c.header), c.good) << c.header;
}

}  // namespace
}  // namespace oriel::metrics
