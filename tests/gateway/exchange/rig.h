// A chat exchange with everything real around it but the upstream client and the clock: the HTTP
// server over loopback, the dialects, the router, the registry and the log line. The test plays the
// client and the upstream; when the exchange has retired, check() holds its record against what
// both of them saw.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "convert/json/reader.h"
#include "gateway/exchange/chat_exchange.h"
#include "metrics/registry.h"
#include "tests/convert/event_stream_encoder.h"
#include "tests/gateway/exchange/accounts.h"
#include "tests/gateway/http/rig.h"
#include "tests/metrics/closed_labels.h"

namespace oriel::gateway {

// Every look takes a microsecond, so that no stage is empty by accident.
class ManualClock final : public Clock {
 public:
  SteadyTime now() const override { return now_ += std::chrono::microseconds(1); }
  WallTime wall() const override { return WallTime(std::chrono::seconds(1'795'222'800)); }
  void advance(std::chrono::nanoseconds by) { now_ += by; }

 private:
  mutable SteadyTime now_{std::chrono::hours(1)};
};

class CountingRandom final : public Random {
 public:
  void fill(std::span<std::uint8_t> bytes) override {
    for (std::uint8_t& byte : bytes) byte = next_++;
  }

 private:
  std::uint8_t next_ = 0;
};

// One call as the test sees it; outlives the handle that the exchange holds.
struct FakeCall {
  UpstreamRequest request;
  std::string body;
  UpstreamObserver* observer = nullptr;
  TransferTimes times{.connect_us = 70};
  bool destroyed = false;
  bool paused = false;
  int pauses = 0;

  void head(int status, std::vector<convert::Header> headers = {}) const {
    if (!destroyed) observer->on_head(status, headers);
  }
  void send(std::string_view bytes) const {
    if (!destroyed) observer->on_body(bytes);
  }
  void end(TransferFault fault = TransferFault::none) const {
    TransferResult result;
    result.fault = fault;
    result.detail = fault == TransferFault::none ? "" : "as the test wants";
    if (!destroyed) observer->on_done(result);
  }
  std::string header(std::string_view name) const {
    return std::string(convert::find_header(request.headers, name));
  }
};

class FakeUpstream final : public UpstreamClient {
 public:
  std::unique_ptr<UpstreamCall> start(UpstreamRequest request,
                                      UpstreamObserver& observer) override {
    auto call = std::make_shared<FakeCall>();
    call->body = request.body;
    call->request = std::move(request);
    call->observer = &observer;
    calls.push_back(call);
    return std::make_unique<Handle>(std::move(call));
  }
  std::vector<std::shared_ptr<FakeCall>> calls;

 private:
  class Handle final : public UpstreamCall {
   public:
    explicit Handle(std::shared_ptr<FakeCall> call) : call_(std::move(call)) {}
    ~Handle() override { call_->destroyed = true; }
    void pause() override {
      call_->paused = true;
      ++call_->pauses;
    }
    void resume() override { call_->paused = false; }
    TransferTimes times() const override { return call_->times; }

   private:
    std::shared_ptr<FakeCall> call_;
  };
};

struct RigOptions {
  bool credentials = true;
  std::string bearer_token;
  std::string api_key = "sk-upstream-key";
  std::chrono::milliseconds usage_patience{600'000};
  std::chrono::milliseconds transfer_patience{600'000};
  std::size_t max_reply = 1024 * 1024;
  ChatConfig chat{};
  std::uint32_t max_choices = 1;
  std::vector<ModelConfig> models{};  // besides
  MediaFetcher* media = nullptr;
  ReasoningCache* reasoning_cache = nullptr;
  std::function<void(http::ServerOptions&)> change;  // has the last word
};

class ChatRig {
 public:
  explicit ChatRig(const RigOptions& options = {})
      : http(http::Scheme::http, [&](http::ServerOptions& made) { join(made, options); }),
        shard(registry.add_shard()),
        table(base_),
        records({.shard = &shard,
                 .labels = &registry.labels(),
                 .log = [this](std::string_view line) { lines.emplace_back(line); },
                 .spans = [this](SpanBatch batch) { spans.push_back(std::move(batch)); }}) {
    config.max_reply = options.max_reply;
    config.chat = options.chat;
    config.tracing.endpoint = "http://collector.test/v1/traces";
    config.defaults.max_choices = options.max_choices;
    config.providers.push_back({.name = "bedrock", .type = ProviderConfig::Type::bedrock});
    config.providers.push_back({.name = "other",
                                .type = ProviderConfig::Type::openai,
                                .base_url = "http://other.test/v1",
                                .api_key = aws::Secret(options.api_key)});
    config.models.push_back({.name = "local", .provider = "other", .model = "local-7b"});
    config.models.insert(config.models.end(), options.models.begin(), options.models.end());
    auto made = Router::make(
        config, "us-east-1",
        [](std::string_view region) -> convert::Result<std::string> {
          return "https://bedrock-runtime." + std::string(region) + ".amazonaws.com";
        },
        registry);
    EXPECT_TRUE(made.has_value());
    router = std::move(*made);
    if (options.credentials) {
      aws::Credentials credentials;
      credentials.access_key_id = "AKIDEXAMPLE";
      credentials.secret_access_key = aws::Secret("very-secret");
      credentials.bearer_token = aws::Secret(options.bearer_token);
      chat.credentials = std::make_shared<const aws::Credentials>(std::move(credentials));
    }
    context.base = base_;
    context.clock = &clock;
    context.random = &random;
    context.config = &config;
    context.reader = &reader;
    context.table = &table;
    context.records = &records;
    context.tracer = &tracer;
    chat.upstream = &upstream;
    chat.signer = &signer;
    chat.router = router.get();
    chat.media = options.media;
    chat.reasoning_cache = options.reasoning_cache;
    chat.usage_patience = options.usage_patience;
    chat.transfer_patience = options.transfer_patience;
  }
  ~ChatRig() { table.clear(); }

  // The call of the only exchange, once it was made; of several, in their order.
  FakeCall& call(std::size_t index = 0) {
    EXPECT_TRUE(http.until([&] { return upstream.calls.size() > index; }));
    return *upstream.calls.at(index);
  }

 private:
  event_base* base_ = nullptr;  // http's; set while http is made

 public:
  CountingRandom random;
  ManualClock clock;
  Config config;
  http::Rig http;
  metrics::Registry registry{{"1.0", "commit", "compiler"}};
  metrics::Shard& shard;
  std::unique_ptr<Router> router;
  json::Reader reader;
  aws::Signer signer;
  FakeUpstream upstream;
  std::vector<std::string> lines;
  std::vector<SpanBatch> spans;
  ExchangeTable table;
  RecordSink records;
  CountingRandom trace_random;
  Tracer tracer{config.tracing, trace_random};
  ExchangeContext context;
  ChatContext chat;

 private:
  void join(http::ServerOptions& made, const RigOptions& options) {
    base_ = made.base;
    made.clock = &clock;
    made.limits.write_stall_timeout = std::chrono::milliseconds(20);
    made.serve = [this](http::Request&& request, http::Reply& reply) {
      table.add(std::make_unique<ChatExchange>(context, chat, std::move(request), reply)).start();
    };
    if (options.change) options.change(made);
  }
};

// ---------------------------------------------------------------------------------- what went over

enum class Mode : bool { whole, stream };

inline std::string chat_request(Mode mode, const std::string& model = "gpt-4o-mini",
                                const std::string& more = "") {
  const std::string stream = mode == Mode::stream ? R"(,"stream":true)" : "";
  return http::post("/v1/chat/completions",
                    R"({"model":")" + model + R"(","messages":[{"role":"user","content":"Hi"}])" +
                        stream + more + "}",
                    "x-request-id: the-request\r\n");
}

inline const std::string kConverseAnswer =
    R"({"output":{"message":{"role":"assistant","content":[{"text":"Hello."}]}},)"
    R"("stopReason":"end_turn","usage":{"inputTokens":11,"outputTokens":7,"totalTokens":18},)"
    R"("metrics":{"latencyMs":321}})";

// The same, found malformed by upstream.
inline std::string malformed(std::string answer = kConverseAnswer) {
  return answer.replace(answer.find("end_turn"), 8, "malformed_model_output");
}
// Upstream answers with it.
inline void answer(const FakeCall& call, const std::string& body = kConverseAnswer) {
  call.head(200);
  call.send(body);
  call.end();
}

inline std::string text_frame(const std::string& text) {
  return test::event_frame("contentBlockDelta",
                           R"({"contentBlockIndex":0,"delta":{"text":")" + text + R"("}})");
}
inline std::string start_frame() {
  return test::event_frame("messageStart", R"({"role":"assistant"})");
}
inline std::string stop_frame() {
  return test::event_frame("messageStop", R"({"stopReason":"end_turn"})");
}
inline std::string metadata_frame() {
  return test::event_frame("metadata",
                           R"({"usage":{"inputTokens":11,"outputTokens":7,"totalTokens":18},)"
                           R"("metrics":{"latencyMs":321}})");
}

// Fills the client's socket and the gateway's buffer with a stream's texts, until upstream is
// paused; how many it took.
inline int fill(ChatRig& rig, const std::string& frame = text_frame(std::string(16 * 1024, 'x'))) {
  int sent = 0;
  while (!rig.call().paused && sent < 10'000) {
    rig.call().send(frame);
    ++sent;
    rig.http.pump();
  }
  EXPECT_TRUE(rig.call().paused);
  return sent;
}

// The data of the server-sent events in an answer's bytes, chunked framing and all: an event is
// never split by it.
inline std::vector<std::string> events_in(const std::string& bytes) {
  std::vector<std::string> events;
  for (std::size_t at = bytes.find("data: "); at != std::string::npos;
       at = bytes.find("data: ", at + 1)) {
    const std::size_t end = bytes.find("\n\n", at);
    if (end == std::string::npos) break;
    events.push_back(bytes.substr(at + 6, end - at - 6));
  }
  return events;
}

inline bool holds(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// ------------------------------------------------------------------------------- what was recorded

// The exposition's samples, summed over the labels that a test does not name.
class Samples {
 public:
  explicit Samples(metrics::Registry& registry) {
    const std::string page = registry.render("").body;
    for (std::size_t at = 0; at < page.size();) {
      const std::size_t end = page.find('\n', at);
      const std::string line = page.substr(at, end - at);
      at = end + 1;
      const std::size_t space = line.rfind(' ');
      if (line.empty() || line[0] == '#' || space == std::string::npos) continue;
      samples_.emplace_back(line.substr(0, space), std::stod(line.substr(space + 1)));
    }
  }
  double sum(const std::string& family, const std::vector<std::string>& labels = {}) const {
    double sum = 0;
    for (const auto& sample : samples_) {
      const std::string& name = sample.first;
      if (name.compare(0, family.size(), family) != 0) continue;
      if (name.size() > family.size() && name[family.size()] != '{') continue;
      const bool all = std::all_of(labels.begin(), labels.end(),
                                   [&](const std::string& label) { return holds(name, label); });
      if (all) sum += sample.second;
    }
    return sum;
  }

 private:
  std::vector<std::pair<std::string, double>> samples_;
};

inline std::string label(const std::string& name, const std::string& value) {
  return name + "=\"" + value + '"';
}

struct Expected {
  std::string outcome = "ok";
  int status = 200;
  std::string stream_end;            // empty: no stream began
  double chunks = 0;                 // events without [DONE] and without an error
  double tokens = 0;                 // input and output
  std::string usage_missing;         // empty: not counted
  std::string attempt = "ok";        // empty: upstream was not called
  std::vector<std::string> earlier;  // how the attempts before it ended
};

// Numbers and words of a log line.
class Line {
 public:
  explicit Line(const std::string& text) : buffer_(text) {
    const auto read = reader_.read(buffer_);
    EXPECT_TRUE(read.has_value()) << text;
    if (read) root_ = *read;
  }
  json::Value root() const { return root_; }
  std::string word(std::string_view name) const { return word(root_, name); }
  double number(std::string_view name) const { return number(root_, name); }
  static std::string word(json::Value object, std::string_view name) {
    const auto value = object.find(name);
    const auto text = value ? value->as_text() : std::nullopt;
    return text ? json::unescape(*text) : "";
  }
  static double number(json::Value object, std::string_view name) {
    const auto value = object.find(name);
    return value ? value->as_number().value_or(-1) : 0;
  }
  double stages_us() const {
    double sum = 0;
    for (const json::Member stage : root_.find("stages_us")->children()) {
      sum += stage.value.as_number().value_or(-1);
    }
    return sum;
  }

 private:
  json::PaddedBuffer buffer_;
  json::Reader reader_;
  json::Value root_;
};

inline void check_line(const Line& line, const Samples& samples, const Expected& expected) {
  EXPECT_EQ(line.word("outcome"), expected.outcome);
  EXPECT_EQ(line.number("status"), expected.status);
  EXPECT_EQ(line.word("request_id"), "the-request");
  EXPECT_NEAR(line.stages_us(), line.number("duration_ms") * 1000, 1);
  EXPECT_LE(line.number("overhead_us"), line.number("duration_ms") * 1000);
  EXPECT_GT(line.number("overhead_us"), 0);
  EXPECT_NEAR(samples.sum("oriel_stage_duration_seconds_sum"),
              samples.sum("oriel_request_duration_seconds_sum"), 1e-6);
  EXPECT_NEAR(samples.sum("oriel_request_duration_seconds_sum"), line.number("duration_ms") / 1000,
              1e-6);
  EXPECT_NEAR(samples.sum("oriel_overhead_seconds_sum"), line.number("overhead_us") / 1e6, 1e-6);
  double logged = 0;
  if (const auto tokens = line.root().find("tokens")) {
    logged = Line::number(*tokens, "input") + Line::number(*tokens, "output");
  }
  EXPECT_EQ(logged, expected.tokens);
  EXPECT_EQ(samples.sum("oriel_tokens_total"), expected.tokens);
}

inline void check_attempts(const Line& line, const Samples& samples, const Expected& expected) {
  std::vector<std::string> attempts = expected.earlier;
  if (!expected.attempt.empty()) attempts.push_back(expected.attempt);
  EXPECT_EQ(samples.sum("oriel_upstream_attempts_total"), static_cast<double>(attempts.size()));
  EXPECT_EQ(line.root().find("attempts").has_value(), !attempts.empty());
  for (const std::string& outcome : attempts) {
    EXPECT_EQ(samples.sum("oriel_upstream_attempts_total", {label("outcome", outcome)}),
              static_cast<double>(std::count(attempts.begin(), attempts.end(), outcome)))
        << "attempt: " << outcome;
  }
  if (attempts.empty()) return;
  std::size_t i = 0;
  for (const json::Member attempt : line.root().find("attempts")->children()) {
    ASSERT_LT(i, attempts.size());
    EXPECT_EQ(Line::word(attempt.value, "outcome"), attempts[i++]);
    EXPECT_GT(Line::number(attempt.value, "duration_ms"), 0);
  }
}

// Every token and every nano-dollar of the requests is one attempt's, and the counters know it.
inline void check_accounts(ChatRig& rig, const Samples& samples) {
  rig.records.flush_spans();
  const Accounts accounts = accounts_in(rig.spans);
  EXPECT_EQ(accounts.attempts_tokens, accounts.tokens);
  EXPECT_EQ(accounts.attempts_cost, accounts.cost);
  EXPECT_EQ(samples.sum("oriel_tokens_total"), static_cast<double>(accounts.tokens));
  EXPECT_EQ(samples.sum("oriel_wasted_tokens_total"), static_cast<double>(accounts.wasted_tokens));
  EXPECT_NEAR(samples.sum("oriel_cost_usd_total") * 1e9, static_cast<double>(accounts.cost), 0.5);
  EXPECT_NEAR(samples.sum("oriel_wasted_cost_usd_total") * 1e9,
              static_cast<double>(accounts.wasted_cost), 0.5);
}

// The exchange has ended, was recorded once, and line and counters say what was expected.
inline void check(ChatRig& rig, const Expected& expected) {
  ASSERT_TRUE(rig.http.until([&] { return rig.table.size() == 0; }));
  rig.http.pump();
  for (const auto& call : rig.upstream.calls) EXPECT_TRUE(call->destroyed);
  ASSERT_EQ(rig.lines.size(), 1U);
  const Line line(rig.lines[0]);
  const Samples samples(rig.registry);
  metrics::expect_closed_labels(rig.registry.render("").body);
  EXPECT_EQ(samples.sum("oriel_requests_total"), 1);
  EXPECT_EQ(samples.sum("oriel_requests_total", {label("outcome", expected.outcome),
                                                 label("code", std::to_string(expected.status))}),
            1);
  EXPECT_EQ(samples.sum("oriel_requests_in_flight"), 0);
  check_line(line, samples, expected);
  check_attempts(line, samples, expected);
  check_accounts(rig, samples);
  const double ends = expected.stream_end.empty() ? 0 : 1;
  EXPECT_EQ(samples.sum("oriel_streams_ended_total"), ends);
  if (ends == 1) {
    EXPECT_EQ(samples.sum("oriel_streams_ended_total", {label("reason", expected.stream_end)}), 1)
        << expected.stream_end;
  }
  EXPECT_EQ(samples.sum("oriel_stream_chunks_total"), expected.chunks);
  EXPECT_EQ(samples.sum("oriel_usage_missing_total"), expected.usage_missing.empty() ? 0 : 1);
  if (!expected.usage_missing.empty()) {
    EXPECT_EQ(samples.sum("oriel_usage_missing_total", {label("reason", expected.usage_missing)}),
              1);
  }
  for (const char* secret : {"very-secret", "sk-upstream-key", "\"Hi\""}) {
    EXPECT_FALSE(holds(rig.lines[0], secret)) << secret;
  }
}

}  // namespace oriel::gateway
