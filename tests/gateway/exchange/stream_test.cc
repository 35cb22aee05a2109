// Streams: what the client reads of good ones and of all that go wrong.
#include <set>
#include <string>

#include "tests/gateway/exchange/rig.h"

namespace oriel::gateway {
namespace {

using http::Answer;
using http::Client;

const std::string kUsageAsked = R"(,"stream_options":{"include_usage":true})";

std::string good_stream() {
  return start_frame() + text_frame("Hel") + text_frame("lo.") + stop_frame() + metadata_frame();
}

// Role, two texts, finish.
Expected complete() { return {.stream_end = "complete", .chunks = 4, .tokens = 18}; }

void check_good(const Answer& answer) {
  EXPECT_EQ(answer.status, 200);
  EXPECT_TRUE(answer.complete);
  const auto events = events_in(answer.body);
  ASSERT_EQ(events.size(), 5U);
  EXPECT_TRUE(holds(events[0], R"("role":"assistant")"));
  EXPECT_TRUE(holds(events[1], R"("content":"Hel")"));
  EXPECT_TRUE(holds(events[2], R"("content":"lo.")"));
  EXPECT_TRUE(holds(events[3], R"("finish_reason":"stop")"));
  EXPECT_EQ(events[4], "[DONE]");
}

// What the spans say of HTTP's statuses: the client's, the attempts'.
std::set<std::string> sent_statuses(const ChatRig& rig) {
  const std::string name = R"("http.response.status_code","value":{"intValue":")";
  std::set<std::string> statuses;
  for (const SpanBatch& batch : rig.spans) {
    for (std::size_t at = batch.spans.find(name); at != std::string::npos;
         at = batch.spans.find(name, at + 1)) {
      statuses.insert(batch.spans.substr(at + name.size(), 3));
    }
  }
  return statuses;
}

TEST(Stream, IsForwardedAndCounted) {
  ChatRig rig;
  Client client(rig.http);
  client.send(chat_request(Mode::stream));
  EXPECT_TRUE(holds(rig.call().request.url, "/converse-stream"));
  rig.call().head(200, {{"x-amzn-requestid", "0a1b2c3d"}});
  rig.http.pump();
  client.receive();
  EXPECT_EQ(client.input(), "");  // nothing leaves before the first frame
  rig.call().send(good_stream());
  const Answer answer = client.read("POST");
  check_good(answer);
  EXPECT_EQ(answer.field("content-type"), "text/event-stream; charset=utf-8");
  EXPECT_EQ(answer.field("cache-control"), "no-cache");
  EXPECT_EQ(answer.field("x-oriel-model"), "gpt-4o-mini");
  EXPECT_EQ(answer.field("x-amzn-requestid"), "0a1b2c3d");
  EXPECT_TRUE(holds(answer.body, R"("id":"chatcmpl-0a1b2c3d")"));
  rig.call().end();
  check(rig, complete());
  const Line line(rig.lines[0]);
  EXPECT_GT(line.number("ttft_ms"), 0);
  EXPECT_EQ(line.word("stop_reason"), "end_turn");
}

TEST(Stream, CutsOfUpstreamsBytesDoNotMatter) {
  const std::string bytes = good_stream();
  for (std::size_t cut = 1; cut < bytes.size(); cut += 7) {
    ChatRig rig;
    Client client(rig.http);
    client.send(chat_request(Mode::stream));
    rig.call().head(200);
    rig.call().send(std::string_view(bytes).substr(0, cut));
    rig.http.pump();
    rig.call().send(std::string_view(bytes).substr(cut));
    rig.call().end();
    check_good(client.read("POST"));
    check(rig, complete());
    if (HasFailure()) return;
  }
}

TEST(Stream, OctetByOctet) {
  ChatRig rig;
  Client client(rig.http);
  client.send(chat_request(Mode::stream));
  rig.call().head(200);
  for (const char c : good_stream()) rig.call().send({&c, 1});
  rig.call().end();
  check_good(client.read("POST"));
  check(rig, complete());
}

TEST(Stream, UsageIsSentWhereItWasAskedFor) {
  ChatRig rig;
  Client client(rig.http);
  client.send(chat_request(Mode::stream, "gpt-4o-mini", kUsageAsked));
  rig.call().head(200);
  rig.call().send(good_stream());
  rig.call().end();
  const auto events = events_in(client.read("POST").body);
  ASSERT_EQ(events.size(), 6U);
  EXPECT_TRUE(holds(events[4], R"("prompt_tokens":11)"));
  Expected expected = complete();
  expected.chunks = 5;
  check(rig, expected);
}

// The connection outlives a stream.
TEST(Stream, TheNextRequestGoesOverTheSameConnection) {
  ChatRig rig;
  Client client(rig.http);
  client.send(chat_request(Mode::stream));
  rig.call().head(200);
  rig.call().send(good_stream());
  rig.call().end();
  check_good(client.read("POST"));
  check(rig, complete());
  client.send(chat_request(Mode::stream, "no-such-model"));
  EXPECT_EQ(client.read("POST").status, 404);
}

TEST(Stream, ErrorsBeforeTheFirstFrameAreHttpErrors) {
  struct Case {
    std::string bytes;
    int status;
    std::string outcome, code;
  };
  std::string corrupt = start_frame();
  corrupt[9] ^= 1;
  const Case cases[] = {
      {test::exception_frame("throttlingException", R"({"message":"Too many requests"})"), 429,
       "provider_throttled", "rate_limit_exceeded"},
      {test::exception_frame("internalServerException", R"({"message":"x"})"), 500,
       "provider_server_error", "upstream_internal_error"},
      {corrupt, 502, "provider_stream_corrupt", "stream_corrupt"},
      {"<html>Hello, this is a proxy</html>", 502, "provider_stream_corrupt", "stream_corrupt"},
      {start_frame().substr(0, 30), 502, "provider_stream_truncated", "stream_truncated"},
      {"", 502, "provider_stream_truncated", "stream_truncated"},
      // What was decoded in the same turn was not sent either.
      {start_frame() + text_frame("a") + text_frame("b") +
           test::exception_frame("throttlingException", "{}"),
       429, "provider_throttled", "rate_limit_exceeded"},
  };
  for (const Case& row : cases) {
    SCOPED_TRACE(row.code);
    ChatRig rig;
    Client client(rig.http);
    client.send(chat_request(Mode::stream));
    rig.call().head(200);
    rig.call().send(row.bytes);
    rig.call().end();
    const Answer answer = client.read("POST");
    EXPECT_EQ(answer.status, row.status);
    EXPECT_EQ(answer.field("Content-Type"), "application/json");
    EXPECT_TRUE(holds(answer.body, R"("code":")" + row.code + '"')) << answer.body;
    EXPECT_EQ(!answer.field("retry-after").empty(), row.status == 429);
    check(rig, {.outcome = row.outcome, .status = row.status, .attempt = row.outcome});
    EXPECT_EQ(sent_statuses(rig), (std::set<std::string>{"200", std::to_string(row.status)}));
    EXPECT_EQ(Samples(rig.registry).sum("oriel_time_to_first_token_seconds_count"), 0);
  }
}

struct Break {
  std::string name, bytes;
  TransferFault fault = TransferFault::none;
  std::string outcome;
  int status = 502;
  std::string end, code, frame_error;
};

std::vector<Break> breaks() {
  std::string corrupt = text_frame("never seen");
  corrupt[40] ^= 1;
  const std::string stop =
      test::event_frame("messageStop", R"({"stopReason":"malformed_model_output"})");
  return {
      {.name = "exception",
       .bytes = test::exception_frame("throttlingException", R"({"message":"Too many requests"})"),
       .outcome = "provider_throttled",
       .status = 429,
       .end = "upstream_error",
       .code = "rate_limit_exceeded"},
      {.name = "unmodelled error",
       .bytes = test::error_frame("InternalError", "boom"),
       .outcome = "provider_server_error",
       .status = 500,
       .end = "upstream_error",
       .code = "upstream_internal_error"},
      {.name = "checksum",
       .bytes = corrupt,
       .outcome = "provider_stream_corrupt",
       .end = "corrupt",
       .code = "stream_corrupt",
       .frame_error = "message_crc"},
      {.name = "no JSON",
       .bytes = test::event_frame("contentBlockDelta", "]"),
       .outcome = "provider_stream_corrupt",
       .end = "corrupt",
       .code = "stream_corrupt",
       .frame_error = "malformed"},
      {.name = "malformed output",
       .bytes = stop,
       .outcome = "provider_malformed_output",
       .end = "upstream_error",
       .code = "malformed_model_output"},
      {.name = "ends inside a frame",
       .bytes = text_frame("x").substr(0, 50),
       .outcome = "provider_stream_truncated",
       .end = "truncated",
       .code = "stream_truncated",
       .frame_error = "truncated"},
      {.name = "ends before messageStop",
       .outcome = "provider_stream_truncated",
       .end = "truncated",
       .code = "stream_truncated",
       .frame_error = "truncated"},
      {.name = "reset",
       .fault = TransferFault::reset,
       .outcome = "provider_unreachable",
       .end = "truncated",
       .code = "upstream_unreachable"},
      {.name = "reset behind messageStop",
       .bytes = stop_frame(),
       .fault = TransferFault::reset,
       .outcome = "provider_unreachable",
       .end = "truncated",
       .code = "upstream_unreachable"},
      {.name = "idle",
       .fault = TransferFault::idle_timeout,
       .outcome = "provider_timeout",
       .status = 504,
       .end = "idle_timeout",
       .code = "gateway_timeout"},
  };
}

TEST(Stream, WhatBreaksInTheMiddleEndsWithAnErrorAndWithoutDone) {
  for (const Break& row : breaks()) {
    SCOPED_TRACE(row.name);
    ChatRig rig;
    Client client(rig.http);
    client.send(chat_request(Mode::stream));
    rig.call().head(200);
    rig.call().send(start_frame() + text_frame("a"));
    rig.http.pump();
    rig.call().send(row.bytes);
    rig.call().end(row.fault);
    const std::string bytes = client.read_to_end();
    EXPECT_EQ(bytes.compare(0, 12, "HTTP/1.1 200"), 0);
    EXPECT_FALSE(holds(bytes, "[DONE]"));
    EXPECT_FALSE(holds(bytes, "\r\n0\r\n\r\n")) << "a broken stream ends like a whole one";
    const auto events = events_in(bytes);
    ASSERT_EQ(events.size(), 3U);
    EXPECT_TRUE(holds(events[2], R"("code":")" + row.code + '"')) << events[2];
    EXPECT_FALSE(holds(bytes, R"("finish_reason":")"));
    check(rig, {.outcome = row.outcome,
                .status = row.status,
                .stream_end = row.end,
                .chunks = 2,
                .usage_missing = "failed",
                .attempt = row.outcome});
    EXPECT_EQ(sent_statuses(rig), std::set<std::string>{"200"});
    const Samples samples(rig.registry);
    EXPECT_EQ(samples.sum("oriel_event_stream_errors_total"), row.frame_error.empty() ? 0 : 1);
    if (!row.frame_error.empty()) {
      EXPECT_EQ(samples.sum("oriel_event_stream_errors_total", {label("kind", row.frame_error)}),
                1);
    }
  }
}

// The chunks of the turn in which a stream breaks are sent, and counted.
TEST(Stream, ChunksInFrontOfAnErrorAreDelivered) {
  ChatRig rig;
  Client client(rig.http);
  client.send(chat_request(Mode::stream));
  rig.call().head(200);
  rig.call().send(start_frame());
  rig.call().send(text_frame("a") + text_frame("b") + test::exception_frame("x", "{}"));
  EXPECT_EQ(events_in(client.read_to_end()).size(), 4U);
  check(rig, {.outcome = "provider_server_error",
              .status = 500,
              .stream_end = "upstream_error",
              .chunks = 3,
              .usage_missing = "failed",
              .attempt = "provider_server_error"});
}

TEST(Stream, EndsWellWithoutUsage) {
  ChatRig rig;
  Client client(rig.http);
  client.send(chat_request(Mode::stream, "gpt-4o-mini", kUsageAsked));
  rig.call().head(200);
  rig.call().send(start_frame() + text_frame("Hel") + text_frame("lo.") + stop_frame());
  rig.call().end();
  EXPECT_TRUE(rig.call().destroyed);
  check_good(client.read("POST"));
  check(rig, {.stream_end = "complete", .chunks = 4, .usage_missing = "absent"});
}

TEST(Stream, UsageIsNotWaitedForLong) {
  ChatRig rig({.usage_patience = std::chrono::milliseconds(5)});
  Client client(rig.http);
  client.send(chat_request(Mode::stream));
  rig.call().head(200);
  rig.call().send(start_frame() + text_frame("Hel") + text_frame("lo.") + stop_frame());
  check_good(client.read("POST"));
  rig.call().end();
  check(rig, {.stream_end = "complete", .chunks = 4, .usage_missing = "absent"});
}

// Bytes that say nothing are no reason to wait longer.
TEST(Stream, ATrickleBehindTheContentDoesNotProlongIt) {
  ChatRig rig({.usage_patience = std::chrono::milliseconds(30)});
  Client client(rig.http);
  client.send(chat_request(Mode::stream));
  rig.call().head(200);
  rig.call().send(start_frame() + text_frame("Hel") + text_frame("lo.") + stop_frame());
  ASSERT_TRUE(rig.http.until([&] {
    rig.call().send(test::event_frame("somethingNew", "{}"));
    client.receive();
    return holds(client.input(), "[DONE]");
  }));
  rig.call().end();
  check(rig, {.stream_end = "complete", .chunks = 4, .usage_missing = "absent"});
}

// The client is served; only the transport's end is awaited, and not for ever.
TEST(Stream, AnOpenTransportIsLetGo) {
  ChatRig rig({.transfer_patience = std::chrono::milliseconds(5)});
  Client client(rig.http);
  client.send(chat_request(Mode::stream));
  rig.call().head(200);
  rig.call().send(good_stream());
  EXPECT_FALSE(rig.call().destroyed);
  check_good(client.read("POST"));
  check(rig, complete());
}

TEST(Stream, BytesBehindTheAnswerAreIgnored) {
  ChatRig rig;
  Client client(rig.http);
  client.send(chat_request(Mode::stream));
  rig.call().head(200);
  rig.call().send(good_stream() + text_frame("late") + "garbage");
  rig.call().send("more garbage");
  rig.call().end(TransferFault::reset);
  check_good(client.read("POST"));
  check(rig, complete());
}

TEST(Passthrough, IsForwardedWithTheClientsModelName) {
  ChatRig rig;
  Client client(rig.http);
  client.send(chat_request(Mode::stream, "local"));
  rig.call().head(200);
  const std::string chunk =
      R"(data: {"id":"c1","object":"chat.completion.chunk","created":1,"model":"local-7b","choices":)";
  rig.call().send(chunk + R"([{"index":0,"delta":{"role":"assistant","content":"Hi"}}]})" + "\n\n");
  rig.call().send(chunk + R"([{"index":0,"delta":{},"finish_reason":"stop"}]})" + "\n\n");
  rig.call().send(chunk + R"([],"usage":{"prompt_tokens":11,"completion_tokens":7}})" + "\n\n");
  rig.call().send("data: [DONE]\n\n");
  rig.call().end();
  const auto events = events_in(client.read("POST").body);
  ASSERT_EQ(events.size(), 3U);
  EXPECT_TRUE(holds(events[0], R"("model":"local")"));
  EXPECT_EQ(events[2], "[DONE]");
  check(rig, {.stream_end = "complete", .chunks = 2, .tokens = 18});
}

TEST(Passthrough, WithoutDoneItIsTruncatedUnlessItFinished) {
  for (const bool finished : {false, true}) {
    ChatRig rig;
    Client client(rig.http);
    client.send(chat_request(Mode::stream, "local"));
    rig.call().head(200);
    rig.call().send(R"(data: {"model":"m","choices":[{"index":0,"delta":{"content":"Hi"})" +
                    std::string(finished ? R"(,"finish_reason":"stop")" : "") + "}]}\n\n");
    rig.call().end();
    const std::string bytes = finished ? client.read("POST").body : client.read_to_end();
    EXPECT_EQ(holds(bytes, "[DONE]"), finished);
    if (finished) {
      check(rig, {.stream_end = "complete", .chunks = 1, .usage_missing = "absent"});
    } else {
      check(rig, {.outcome = "provider_stream_truncated",
                  .status = 502,
                  .stream_end = "truncated",
                  .chunks = 1,
                  .usage_missing = "failed",
                  .attempt = "provider_stream_truncated"});
    }
  }
}

}  // namespace
}  // namespace oriel::gateway
