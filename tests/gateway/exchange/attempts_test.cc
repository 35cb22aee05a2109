// What the record learns of each attempt besides its cost: its connection, its place in the trace,
// what upstream sent that is not known; and who asked and who answered.
#include "tests/gateway/exchange/rig.h"

namespace oriel::gateway {
namespace {

using http::Answer;
using http::Client;

TEST(Connection, OfACallThatIsCancelledIsCountedToo) {
  for (const bool reused : {false, true}) {
    ChatRig rig;
    Client client(rig.http);
    client.send(chat_request(Mode::whole));
    FakeCall& call = rig.call();
    call.times = {};
    if (reused) {
      call.times.reused_connection = true;
    } else {
      call.times.dns_us = 10;
      call.times.connect_us = 20;
      call.times.tls_us = 30;
    }
    client.reset();
    check(rig, {.outcome = "caller_cancelled",
                .status = 499,
                .usage_missing = "cancelled",
                .attempt = "caller_cancelled"});
    const Samples samples(rig.registry);
    const std::string kind = reused ? "reused" : "opened";
    EXPECT_EQ(samples.sum("oriel_upstream_connections_total", {label("kind", kind)}), 1);
    EXPECT_EQ(samples.sum("oriel_upstream_connections_total"), 1);
    for (const char* family :
         {"oriel_upstream_dns_seconds_count", "oriel_upstream_connect_seconds_count",
          "oriel_upstream_tls_handshake_seconds_count"}) {
      EXPECT_EQ(samples.sum(family), reused ? 0 : 1) << family;
    }
  }
}

// The record is closed when the client has all; the transport may end later, or never.
TEST(Connection, OfAStreamIsCountedWithItsAnswer) {
  ChatRig rig;
  Client client(rig.http);
  client.send(chat_request(Mode::stream));
  rig.call().head(200);
  rig.call().send(start_frame() + text_frame("a") + stop_frame() + metadata_frame());
  (void)client.read("POST");
  ASSERT_TRUE(rig.http.until([&] { return rig.lines.size() == 1; }));
  EXPECT_EQ(
      Samples(rig.registry).sum("oriel_upstream_connections_total", {label("kind", "opened")}), 1);
  rig.call().end();
  check(rig, {.stream_end = "complete", .chunks = 3, .tokens = 18});
}

TEST(Trace, GoesOnToOpenAiServersAndNotToAws) {
  for (const char* model : {"local", "gpt-4o-mini"}) {
    ChatRig rig;
    Client client(rig.http);
    client.send(http::post(
        "/v1/chat/completions",
        R"({"model":")" + std::string(model) + R"(","messages":[{"role":"user","content":"Hi"}]})",
        "x-request-id: the-request\r\n"
        "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\n"
        "tracestate: a=1,b=2\r\n"));
    const FakeCall& call = rig.call();
    const auto& headers = call.request.headers;
    const auto named = [](const auto& header) {
      return header.name == "traceparent" || header.name == "tracestate";
    };
    const auto count = std::count_if(headers.begin(), headers.end(), named);
    const std::string parent = call.header("traceparent");
    if (std::string_view(model) == "local") {
      EXPECT_EQ(count, 2);
      EXPECT_EQ(call.header("tracestate"), "a=1,b=2");
      EXPECT_TRUE(parent.starts_with("00-0af7651916cd43dd8448eb211c80319c-")) << parent;
      EXPECT_TRUE(parent.ends_with("-01")) << parent;
    } else {
      EXPECT_EQ(count, 0);
    }
    rig.call().end(TransferFault::reset);
    EXPECT_EQ(client.read("POST").status, 502);
    ASSERT_TRUE(rig.http.until([&] { return rig.lines.size() == 1; }));
    if (count == 0) continue;
    // What was sent is the span that is told.
    const Line line(rig.lines[0]);
    const json::Value attempt = (*line.root().find("attempts")->children().begin()).value;
    EXPECT_EQ(parent.substr(36, 16), Line::word(attempt, "span_id"));
  }
}

TEST(Attempts, HaveSpansOfTheirOwnAndStartOneAfterTheOther) {
  ChatRig rig;
  Client client(rig.http);
  client.send(chat_request(Mode::whole));
  answer(rig.call(0), malformed());
  answer(rig.call(1));
  (void)client.read("POST");
  check(rig, {.tokens = 36, .earlier = {"provider_malformed_output"}});
  const Line line(rig.lines[0]);
  std::vector<std::string> spans{line.word("span_id")};
  double end = 0;
  for (const json::Member attempt : line.root().find("attempts")->children()) {
    spans.push_back(Line::word(attempt.value, "span_id"));
    EXPECT_GT(Line::number(attempt.value, "start_ms"), end);
    end = Line::number(attempt.value, "start_ms") + Line::number(attempt.value, "duration_ms");
  }
  EXPECT_LT(end, line.number("duration_ms"));
  std::sort(spans.begin(), spans.end());
  EXPECT_EQ(std::unique(spans.begin(), spans.end()) - spans.begin(), 3);
}

TEST(UnknownItems, AreCountedByTheirKind) {
  ChatRig rig;
  Client client(rig.http);
  client.send(chat_request(Mode::stream));
  rig.call().head(200);
  rig.call().send(
      start_frame() + test::event_frame("hologram", "{}") +
      test::event_frame("contentBlockStart", R"({"contentBlockIndex":0,"start":{"hologram":{}}})") +
      test::event_frame("contentBlockDelta", R"({"contentBlockIndex":0,"delta":{"hologram":{}}})") +
      text_frame("a"));
  rig.http.pump();
  client.reset();  // of an answer that is cut they count as well
  ASSERT_TRUE(rig.http.until([&] { return rig.table.size() == 0; }));
  const Samples samples(rig.registry);
  for (const char* kind : {"event", "block", "member"}) {
    EXPECT_EQ(samples.sum("oriel_unknown_upstream_items_total", {label("kind", kind)}), 1) << kind;
  }
  EXPECT_EQ(samples.sum("oriel_unknown_upstream_items_total"), 3);
}

TEST(User, IsAHashAndNothingElse) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {R"(,"user":"alice@example.test")", "69b1145a03334875"},
      {R"(,"user":"alice\u0040example.test")", "69b1145a03334875"},
      {R"(,"user":"alice@example.test","safety_identifier":"id-7")", "c712f31d3eca788b"},
      {R"(,"user":"")", ""},
      {"", ""},
  };
  for (const auto& [more, hash] : cases) {
    ChatRig rig;
    Client client(rig.http);
    client.send(chat_request(Mode::whole, "gpt-4o-mini", more));
    answer(rig.call());
    EXPECT_EQ(client.read("POST").status, 200);
    check(rig, {.tokens = 18});
    EXPECT_EQ(Line(rig.lines[0]).word("user_hash"), hash) << more;
    rig.records.flush_spans();
    for (const std::string& told : {rig.lines[0], rig.spans.at(0).spans}) {
      EXPECT_FALSE(holds(told, "alice") || holds(told, "id-7")) << told;
    }
  }
}

TEST(ResponseModel, IsWhatUpstreamNamesItself) {
  ChatRig rig;
  Client whole(rig.http);
  whole.send(chat_request(Mode::whole, "local"));
  answer(rig.call(0), R"({"model":"local-7b-2026","choices":[{"message":{"content":"Hi"}}]})");
  (void)whole.read("POST");
  Client stream(rig.http);
  stream.send(chat_request(Mode::stream, "local"));
  rig.call(1).head(200);
  rig.call(1).send(
      "data: {\"model\":\"local-7b-q4\",\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n"
      "data: {\"model\":\"later\",\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n"
      "data: [DONE]\n\n");
  (void)stream.read("POST");
  Client bedrock(rig.http);
  bedrock.send(chat_request(Mode::whole));
  answer(rig.call(2));
  (void)bedrock.read("POST");
  ASSERT_TRUE(rig.http.until([&] { return rig.lines.size() == 3; }));
  EXPECT_TRUE(holds(rig.lines[0], "\"local-7b-2026\"")) << rig.lines[0];
  EXPECT_TRUE(holds(rig.lines[1], "\"local-7b-q4\"")) << rig.lines[1];
  EXPECT_TRUE(holds(rig.lines[2], R"("response_model":"amazon.nova-lite-v1:0")")) << rig.lines[2];
}

}  // namespace
}  // namespace oriel::gateway
