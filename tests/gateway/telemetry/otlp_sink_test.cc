#include "gateway/telemetry/otlp_sink.h"

#include <event2/event.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "convert/json/reader.h"
#include "gateway/telemetry/otlp_body.h"

namespace oriel::gateway {
namespace {

using std::chrono::milliseconds;
using Health = OtlpSink::Health;

class SetClock final : public Clock {
 public:
  SteadyTime now() const override { return now_; }
  WallTime wall() const override { return {}; }
  void advance(milliseconds by) { now_ += by; }

 private:
  SteadyTime now_{std::chrono::hours(1)};
};

class NoRandom final : public Random {
 public:
  void fill(std::span<std::uint8_t> bytes) override {
    std::fill(bytes.begin(), bytes.end(), std::uint8_t{0});
  }
};

// A call as the test sees it; outlives the handle that the sink holds.
struct Call {
  UpstreamRequest request;
  std::string body;
  UpstreamObserver* observer = nullptr;
  bool destroyed = false;

  void answer(int status, std::vector<convert::Header> headers = {}, std::string_view text = "{}") {
    observer->on_head(status, headers);
    if (!destroyed) observer->on_body(text);
    if (!destroyed) observer->on_done({});
  }
  void break_off() {
    TransferResult result;
    result.fault = TransferFault::reset;
    result.detail = "the connection broke";
    observer->on_done(result);
  }
  std::string header(std::string_view name) const {
    return std::string(convert::find_header(request.headers, name));
  }
};

class FakeCollector final : public UpstreamClient {
 public:
  std::unique_ptr<UpstreamCall> start(UpstreamRequest request,
                                      UpstreamObserver& observer) override {
    auto call = std::make_shared<Call>();
    call->body = request.body;
    call->request = std::move(request);
    call->observer = &observer;
    calls.push_back(call);
    return std::make_unique<Handle>(std::move(call));
  }
  std::vector<std::shared_ptr<Call>> calls;

 private:
  class Handle final : public UpstreamCall {
   public:
    explicit Handle(std::shared_ptr<Call> call) : call_(std::move(call)) {}
    ~Handle() override { call_->destroyed = true; }
    void pause() override {}
    void resume() override {}
    TransferTimes times() const override { return {}; }

   private:
    std::shared_ptr<Call> call_;
  };
};

TracingConfig usual() {
  TracingConfig config;
  config.endpoint = "http://collector/v1/traces";
  config.delay = milliseconds(1);
  config.max_batch = 4;
  config.max_queue = 8;
  return config;
}

class Rig {
 public:
  explicit Rig(const TracingConfig& config = usual()) {
    OtlpSink::Options options{config, "1.2.3", {}};
    options.on_health = [this](Health health, std::string_view detail) {
      told.emplace_back(health == Health::working ? "works" : std::string(detail));
    };
    sink = std::make_unique<OtlpSink>(base.get(), clock, random, collector, std::move(options));
  }

  // Runs the loop until it holds; timers may fire.
  bool until(const std::function<bool()>& holds) {
    for (int i = 0; i < 5'000; ++i) {
      if (holds()) return true;
      event_base_loop(base.get(), EVLOOP_NONBLOCK);
      const timeval tick{0, 1'000};
      event_base_loopexit(base.get(), &tick);
      event_base_loop(base.get(), EVLOOP_ONCE);
    }
    return false;
  }
  bool called(std::size_t times) {
    return until([&] { return collector.calls.size() >= times; }) &&
           collector.calls.size() == times;
  }
  // Of `count` spans, all with this text.
  bool send(std::size_t count, const std::string& text) {
    if (!sink->admit(count)) return false;
    SpanBatch batch{R"({"n":")" + text + R"("})", count};
    for (std::size_t i = 1; i < count; ++i) batch.spans += R"(,{"n":")" + text + R"("})";
    sink->submit(std::move(batch));
    return true;
  }
  Call& last() { return *collector.calls.back(); }

  struct Free {
    void operator()(event_base* made) const { event_base_free(made); }
  };
  std::unique_ptr<event_base, Free> base{event_base_new()};
  SetClock clock;
  NoRandom random;
  FakeCollector collector;
  std::vector<std::string> told;
  std::unique_ptr<OtlpSink> sink;
};

// How often a text of send() is in a body.
std::size_t times(const std::string& body, const std::string& text) {
  std::size_t count = 0;
  const std::string span = R"({"n":")" + text + R"("})";
  for (std::size_t at = body.find(span); at != std::string::npos; at = body.find(span, at + 1)) {
    ++count;
  }
  return count;
}

TEST(OtlpSink, SendsAnEnvelopeOfSpans) {
  TracingConfig config = usual();
  config.service_name = "our \"gateway\"";
  config.resource = {{"team", "a"}, {"service.version", "mine"}};
  config.headers.emplace_back("authorization", aws::Secret("Bearer abc"));
  Rig rig(config);
  EXPECT_TRUE(rig.send(1, "x"));
  ASSERT_TRUE(rig.called(1));
  const Call& call = rig.last();
  EXPECT_EQ(call.request.method, "POST");
  EXPECT_EQ(call.request.url, "http://collector/v1/traces");
  EXPECT_EQ(call.header("content-type"), "application/json");
  EXPECT_EQ(call.header("content-encoding"), "");
  EXPECT_EQ(call.header("authorization"), "Bearer abc");
  EXPECT_EQ(call.header("user-agent"), "oriel/1.2.3");
  EXPECT_EQ(call.request.deadlines.total, config.timeout);
  const auto text = [](const std::string& name, const std::string& value) {
    return R"({"key":")" + name + R"(","value":{"stringValue":")" + value + R"("}})";
  };
  EXPECT_EQ(call.body, R"({"resourceSpans":[{"resource":{"attributes":[)" +
                           text("service.name", R"(our \"gateway\")") + "," + text("team", "a") +
                           "," + text("service.version", "mine") + "," +
                           text("telemetry.sdk.language", "cpp") + "," +
                           text("telemetry.sdk.name", "oriel") + "," +
                           text("telemetry.sdk.version", "1.2.3") +
                           R"(]},"scopeSpans":[{"scope":{"name":"oriel","version":"1.2.3"},)"
                           R"("spans":[{"n":"x"}]}]}]})");
  rig.last().answer(200);
  EXPECT_TRUE(call.destroyed);
  EXPECT_EQ(rig.sink->dropped(), 0U);
  EXPECT_TRUE(rig.told.empty());
}

TEST(OtlpSink, FillsBatchesAndSendsOneAtATime) {
  TracingConfig config = usual();
  config.delay = std::chrono::hours(1);
  config.max_queue = 100;
  Rig rig(config);
  rig.send(3, "a");
  rig.until([] { return true; });
  EXPECT_EQ(rig.collector.calls.size(), 0U) << "it waits for company";
  rig.send(2, "b");
  ASSERT_EQ(rig.collector.calls.size(), 1U) << "a batch is full";
  EXPECT_EQ(times(rig.last().body, "a"), 3U);
  EXPECT_EQ(times(rig.last().body, "b"), 2U);
  rig.send(9, "c");  // passes as it is
  rig.send(3, "d");
  EXPECT_EQ(rig.collector.calls.size(), 1U) << "one at a time";
  rig.last().answer(200);
  ASSERT_EQ(rig.collector.calls.size(), 2U);
  EXPECT_EQ(times(rig.last().body, "c"), 9U);
  rig.last().answer(200);
  EXPECT_EQ(rig.collector.calls.size(), 2U) << "what is left waits for company again";
  rig.send(1, "e");
  ASSERT_EQ(rig.collector.calls.size(), 3U);
  EXPECT_EQ(times(rig.last().body, "d") + times(rig.last().body, "e"), 4U);
}

TEST(OtlpSink, SendsWhatHasWaitedLongEnough) {
  Rig rig;
  rig.send(1, "a");
  ASSERT_TRUE(rig.called(1));
  rig.send(1, "b");
  rig.last().answer(200);
  ASSERT_TRUE(rig.called(2));
  EXPECT_EQ(times(rig.last().body, "b"), 1U);
}

TEST(OtlpSink, IsBounded) {
  Rig rig;
  EXPECT_TRUE(rig.send(4, "a"));
  EXPECT_TRUE(rig.send(4, "b"));
  EXPECT_FALSE(rig.send(1, "c")) << "what is under way counts, too";
  EXPECT_EQ(rig.sink->dropped(), 1U);
  rig.last().answer(200);
  EXPECT_TRUE(rig.send(4, "d"));
  EXPECT_FALSE(rig.send(1, "e"));
  EXPECT_EQ(rig.sink->dropped(), 2U);
  rig.last().answer(200);
  rig.last().answer(200);
  EXPECT_TRUE(rig.send(99, "f")) << "nothing waits: it passes, however large";
  EXPECT_EQ(rig.sink->dropped(), 2U);
}

TEST(OtlpSink, TriesAgainWhatMayBe) {
  for (const int status : {429, 502, 503, 504}) {
    Rig rig;
    rig.send(2, "a");
    ASSERT_TRUE(rig.called(1));
    const std::string body = rig.last().body;
    rig.last().answer(status, {{"Retry-After", "0"}});
    ASSERT_TRUE(rig.called(2)) << status;
    EXPECT_EQ(rig.last().body, body);
    rig.last().answer(200);
    EXPECT_EQ(rig.sink->dropped(), 0U);
    EXPECT_TRUE(rig.told.empty()) << "nothing was lost";
  }
}

TEST(OtlpSink, TriesAgainAfterABrokenConnection) {
  Rig rig;
  rig.send(2, "a");
  ASSERT_TRUE(rig.called(1));
  rig.last().break_off();
  EXPECT_EQ(rig.collector.calls.size(), 1U) << "not at once";
  rig.clock.advance(milliseconds(9'000));
  ASSERT_TRUE(rig.called(2)) << "after half a second at least";
  EXPECT_EQ(rig.last().request.deadlines.total, milliseconds(1'000)) << "what is left of ten";
  rig.last().answer(200);
  EXPECT_EQ(rig.sink->dropped(), 0U);
}

TEST(OtlpSink, GivesUpInTime) {
  const struct {
    std::string what;
    milliseconds took;
    std::string retry_after;
  } cases[] = {
      {"the time is over", milliseconds(10'000), ""},
      {"the pause would take it", milliseconds(9'600), ""},
      {"it is told to wait longer", milliseconds(0), "11"},
      {"for years", milliseconds(0), "99999999"},
  };
  for (const auto& c : cases) {
    Rig rig;
    rig.send(2, "a");
    ASSERT_TRUE(rig.called(1));
    rig.clock.advance(c.took);
    rig.last().answer(503, {{"retry-after", c.retry_after}});
    EXPECT_EQ(rig.sink->dropped(), 2U) << c.what;
    EXPECT_EQ(rig.told, std::vector<std::string>{"the collector answered HTTP 503"}) << c.what;
    rig.send(1, "b");
    ASSERT_TRUE(rig.called(2)) << c.what;
    EXPECT_EQ(times(rig.last().body, "a"), 0U);
  }
}

TEST(OtlpSink, DropsWhatIsRefusedForGood) {
  for (const int status : {301, 400, 401, 404, 413, 500, 501}) {
    Rig rig;
    rig.send(3, "a");
    ASSERT_TRUE(rig.called(1));
    rig.last().answer(status, {{"retry-after", "0"}});
    EXPECT_EQ(rig.sink->dropped(), 3U) << status;
    EXPECT_EQ(rig.told.size(), 1U);
  }
}

TEST(OtlpSink, SaysOnceThatItFailsAndOnceThatItWorks) {
  Rig rig;
  const auto export_with = [&](int status) {
    const std::size_t calls = rig.collector.calls.size();
    rig.send(1, "a");
    ASSERT_TRUE(rig.called(calls + 1));
    rig.last().answer(status);
  };
  for (const int status : {200, 400, 404, 400, 200, 200, 400}) export_with(status);
  EXPECT_EQ(rig.told, (std::vector<std::string>{"the collector answered HTTP 400", "works",
                                                "the collector answered HTTP 400"}));
}

TEST(OtlpSink, CountsWhatTheCollectorRejects) {
  const struct {
    std::string answer;
    std::uint64_t dropped;
  } cases[] = {
      {"", 0},
      {"{}", 0},
      {"null", 0},
      {"<html>", 0},
      {R"({"partialSuccess":{}})", 0},
      {R"({"partialSuccess":null})", 0},
      {R"({"partialSuccess":{"errorMessage":"be careful"}})", 0},
      {R"({"partialSuccess":{"rejectedSpans":"2"}})", 2},
      {R"({"partialSuccess":{"rejectedSpans":2,"errorMessage":"no"}})", 2},
      {R"({"partialSuccess":{"rejectedSpans":"-1"}})", 0},
      {R"({"partialSuccess":{"rejectedSpans":"many"}})", 0},
      {R"({"partialSuccess":{"rejectedSpans":[]}})", 0},
      {R"({"partialSuccess":{"rejectedSpans":"99999"}})", 3},  // there were no more
      {std::string(100'000, ' ') + R"({"partialSuccess":{"rejectedSpans":"2"}})", 0},
  };
  for (const auto& c : cases) {
    Rig rig;
    rig.send(3, "a");
    ASSERT_TRUE(rig.called(1));
    rig.last().answer(200, {}, c.answer);
    EXPECT_EQ(rig.sink->dropped(), c.dropped) << c.answer.substr(0, 80);
    EXPECT_EQ(rig.told.size(), c.dropped == 0 ? 0U : 1U);
  }
}

std::string inflated(const std::string& packed) {
  std::string plain(1 << 16, '\0');
  z_stream stream = {};
  std::string input = packed;
  stream.next_in = reinterpret_cast<Bytef*>(input.data());
  stream.avail_in = static_cast<uInt>(input.size());
  stream.next_out = reinterpret_cast<Bytef*>(plain.data());
  stream.avail_out = static_cast<uInt>(plain.size());
  EXPECT_EQ(inflateInit2(&stream, 15 + 16), Z_OK);
  EXPECT_EQ(inflate(&stream, Z_FINISH), Z_STREAM_END);
  plain.resize(stream.total_out);
  inflateEnd(&stream);
  return plain;
}

TEST(OtlpSink, Compresses) {
  TracingConfig config = usual();
  config.compression = TracingConfig::Compression::gzip;
  Rig rig(config);
  rig.send(3, "a");
  ASSERT_TRUE(rig.called(1));
  EXPECT_EQ(rig.last().header("content-encoding"), "gzip");
  EXPECT_EQ(times(inflated(rig.last().body), "a"), 3U);
}

TEST(OtlpSink, FlushesEverything) {
  TracingConfig config = usual();
  config.delay = std::chrono::hours(1);
  config.max_batch = 2;
  Rig rig(config);
  rig.send(1, "a");
  rig.send(2, "b");
  rig.send(1, "c");
  bool done = false;
  rig.sink->flush(std::chrono::hours(1), [&] { done = true; });
  for (std::size_t i = 1; i <= 2; ++i) {
    ASSERT_TRUE(rig.called(i));
    EXPECT_FALSE(done);
    rig.last().answer(200);
  }
  EXPECT_FALSE(done) << "from a clean stack";
  EXPECT_TRUE(rig.until([&] { return done; }));
  EXPECT_EQ(rig.collector.calls.size(), 2U);
  EXPECT_EQ(rig.sink->dropped(), 0U);
}

TEST(OtlpSink, FlushesNothingAtOnce) {
  Rig rig;
  bool done = false;
  rig.sink->flush(std::chrono::hours(1), [&] { done = true; });
  EXPECT_FALSE(done);
  EXPECT_TRUE(rig.until([&] { return done; }));
}

TEST(OtlpSink, FlushesNoLongerThanItMay) {
  Rig rig;
  rig.send(4, "a");
  ASSERT_TRUE(rig.called(1));
  rig.send(3, "b");
  bool done = false;
  rig.sink->flush(milliseconds(5), [&] { done = true; });
  EXPECT_TRUE(rig.until([&] { return done; }));
  EXPECT_TRUE(rig.last().destroyed);
  EXPECT_EQ(rig.sink->dropped(), 7U);
}

TEST(OtlpSink, FlushesWhileItWaitsToTryAgain) {
  Rig rig;
  rig.send(4, "a");
  ASSERT_TRUE(rig.called(1));
  rig.last().answer(503, {{"retry-after", "9"}});
  bool done = false;
  rig.sink->flush(milliseconds(5), [&] { done = true; });
  EXPECT_TRUE(rig.until([&] { return done; }));
  EXPECT_EQ(rig.collector.calls.size(), 1U);
  EXPECT_EQ(rig.sink->dropped(), 4U);
}

TEST(OtlpSink, MayGoAtAnyTime) {
  Rig rig;
  rig.send(4, "a");
  ASSERT_TRUE(rig.called(1));
  rig.send(1, "b");
  rig.sink.reset();
  EXPECT_TRUE(rig.last().destroyed);
}

}  // namespace
}  // namespace oriel::gateway
