// ConverseStream's events into deltas, each case fed whole, byte by byte and at every split.
// spec/converse.md §13, §21.
#include <gtest/gtest.h>

#include "convert/bedrock/converse_dialect.h"
#include "tests/convert/bedrock/converse_frames.h"
#include "tests/convert/bedrock/support.h"
#include "tests/convert/pieces.h"

namespace oriel::convert {
namespace {

using test::delta;
using test::input;
using test::Lines;
using test::message_start;
using test::message_stop;
using test::metadata;
using test::reasoning;
using test::start_tool;
using test::stop_block;
using test::text;
using test::throttled;

// By kind: event, block, stop_reason, member.
using UnknownItems = decltype(UpstreamFacts::unknown_items);

// --- running a stream

struct Outcome {
  Lines lines;
  bool complete = false;
  std::string code;  // of the error
  bool operator==(const Outcome&) const = default;
};

Outcome run(const test::Pieces& pieces, const ReplyContext& context) {
  const auto decoder = converse_dialect().stream(context);
  test::Collector sink;
  Outcome outcome;
  Result<void> result;
  for (const auto& piece : pieces) {
    result = decoder->feed(test::view(piece), sink);
    if (!result) break;
  }
  if (result) result = decoder->finish(sink);
  outcome.lines = sink.lines;
  outcome.complete = decoder->complete();
  if (!result) {
    const Error& error = result.error();
    outcome.code = error.code.empty() ? row_of(error.kind).code : error.code;
  }
  return outcome;
}

struct Case {
  std::string_view name;
  std::string bytes;
  Lines expected;
  std::string_view code = "";  // of the error; empty: the stream is complete
};

std::vector<Case> cases() {
  const std::string end = message_stop("end_turn") + metadata();
  const std::string tools_end = message_stop("tool_use") + metadata();
  const Lines stop_lines = {"finish stop", "usage 10+5"};
  std::vector<Case> all;
  const auto add = [&](std::string_view name, std::string bytes, Lines lines,
                       std::string_view code = "") {
    lines.insert(lines.begin(), "role");
    all.push_back({name, std::move(bytes), std::move(lines), code});
  };
  add("text",
      message_start() + text(0, "Hel") + text(0, "") + text(0, "lo\\n") + stop_block(0) + end,
      {"text Hel", "text lo\\n", "finish stop", "usage 10+5"});
  add("no messageStart", text(0, "a") + end, {"text a", "finish stop", "usage 10+5"});
  add("trap 1: tool first",
      message_start() + start_tool(0, "t1", "f") + input(0, R"({\"a\":)") + input(0, "") +
          input(0, "1}") + stop_block(0) + tools_end,
      {"start 0 t1 f", R"(args 0 {\"a\":)", "args 0 1}", "finish tool_calls", "usage 10+5"});
  add("trap 2 and 3: dense tool index",
      message_start() + reasoning(0, "text", "R") + reasoning(0, "signature", "S") + stop_block(0) +
          text(1, "T") + stop_block(1) + start_tool(2, "a", "f") + input(2, "{}") + stop_block(2) +
          start_tool(7, "b", "g") + input(7, "{}") + stop_block(7) + tools_end,
      {"reasoning R", "signature S", "text T", "start 0 a f", "args 0 {}", "start 1 b g",
       "args 1 {}", "finish tool_calls", "usage 10+5"});
  add("trap 4: a stop is missing",
      message_start() + text(0, "T") + start_tool(1, "a", "f") + input(1, "{}") +
          start_tool(2, "b", "g") + input(2, "{}") + stop_block(2) + tools_end,
      {"text T", "start 0 a f", "args 0 {}", "start 1 b g", "args 1 {}", "finish tool_calls",
       "usage 10+5"});
  add("trap 5: interleaved blocks",
      message_start() + start_tool(1, "a", "f") + start_tool(2, "b", "g") + input(2, "{") +
          input(1, "[") + input(2, "}") + input(1, "]") + stop_block(1) + stop_block(2) + tools_end,
      {"start 0 a f", "start 1 b g", "args 1 {", "args 0 [", "args 1 }", "args 0 ]",
       "finish tool_calls", "usage 10+5"});
  add("trap 7: no arguments", message_start() + start_tool(0, "a", "f") + stop_block(0) + tools_end,
      {"start 0 a f", "args 0 {}", "finish tool_calls", "usage 10+5"});
  add("trap 7: no arguments, no stop", message_start() + start_tool(0, "a", "f") + tools_end,
      {"start 0 a f", "args 0 {}", "finish tool_calls", "usage 10+5"});
  add("cut call is not completed",
      message_start() + start_tool(0, "a", "f") + message_stop("max_tokens") + metadata(),
      {"start 0 a f", "finish length", "usage 10+5"});
  add("trap 13: cut arguments",
      message_start() + start_tool(0, "a", "f") + input(0, "{") + message_stop("max_tokens") +
          metadata(),
      {"start 0 a f", "args 0 {", "finish length", "usage 10+5"});
  add("trap 14: end_turn with a call",
      message_start() + start_tool(0, "a", "f") + input(0, "{}") + stop_block(0) + end,
      {"start 0 a f", "args 0 {}", "finish tool_calls", "usage 10+5"});
  add("trap 28: alias restored",
      message_start() + start_tool(0, "a", "x_y_1") + stop_block(0) + tools_end,
      {"start 0 a x.y", "args 0 {}", "finish tool_calls", "usage 10+5"});
  add("server tool",
      message_start() + start_tool(0, "a", "s", R"(,"type":"server_tool_use")") + input(0, "{}") +
          stop_block(0) +
          test::event_frame("contentBlockStart",
                            R"({"contentBlockIndex":1,"start":{"toolResult":{"toolUseId":"a"}}})") +
          delta(1, R"("toolResult":[{"text":"r"}])") + text(2, "T") + tools_end,
      {"text T", "finish stop", "usage 10+5"});
  add("call without a start", message_start() + input(3, "{}") + tools_end,
      {"start 0 tooluse_0 ", "args 0 {}", "finish tool_calls", "usage 10+5"});
  add("redacted", message_start() + reasoning(0, "redactedContent", "QQ==") + text(1, "T") + end,
      {"redacted QQ==", "text T", "finish stop", "usage 10+5"});
  add("signature only", message_start() + reasoning(0, "signature", "S") + end,
      {"signature S", "finish stop", "usage 10+5"});
  add("unknown things",
      message_start() + test::event_frame("hologram", R"({"x":1})") +
          delta(0, R"("scent":"rose")") +
          test::event_frame("contentBlockStart",
                            R"({"contentBlockIndex":4,"start":{"image":{}}})") +
          text(0, "T") + end,
      {"text T", "finish stop", "usage 10+5"});
  add("guardrail",
      message_start() + text(0, "No.") + message_stop("guardrail_intervened") + metadata(),
      {"text No.", "finish content_filter", "usage 10+5"});
  add("metadata without usage",
      message_start() + text(0, "T") + message_stop("end_turn") +
          test::event_frame("metadata", R"({"metrics":{}})"),
      {"text T", "finish stop"});
  add("metadata missing", message_start() + text(0, "T") + message_stop("end_turn"),
      {"text T", "finish stop"});
  add("metadata early", message_start() + metadata() + text(0, "T") + message_stop("end_turn"),
      {"text T", "finish stop", "usage 10+5"});
  add("bytes behind the end", message_start() + text(0, "T") + end + "garbage that is no frame",
      {"text T", "finish stop", "usage 10+5"});
  // surrogates
  add("pair over two deltas", message_start() + text(0, "a\\ud83d") + text(0, "\\ude00b") + end,
      {"text a", "text \\ud83d\\ude00b", "finish stop", "usage 10+5"});
  add("pair over two interleaved blocks",
      message_start() + text(0, "\\ud83d") + reasoning(1, "text", "R") + text(0, "\\uDE00") + end,
      {"reasoning R", "text \\ud83d\\uDE00", "finish stop", "usage 10+5"});
  add("high half alone", message_start() + text(0, "a\\ud83d") + text(0, "b") + end,
      {"text a", "text \\ufffdb", "finish stop", "usage 10+5"});
  add("high half at the end", message_start() + text(0, "a\\ud83d") + stop_block(0) + end,
      {"text a", "text \\ufffd", "finish stop", "usage 10+5"});
  add("high half before messageStop", message_start() + reasoning(0, "text", "a\\ud83d") + end,
      {"reasoning a", "reasoning \\ufffd", "finish stop", "usage 10+5"});
  add("halves in the middle", message_start() + text(0, "a\\ude00b\\ud83dc\\\\ud83d") + end,
      {"text a\\ufffdb\\ufffdc\\\\ud83d", "finish stop", "usage 10+5"});
  add("high half twice",
      message_start() + text(0, "\\ud83d") + text(0, "\\ud83d") + text(0, "\\ude00") + end,
      {"text \\ufffd", "text \\ud83d\\ude00", "finish stop", "usage 10+5"});
  add("low half first", message_start() + text(0, "\\ude00b") + end,
      {"text \\ufffdb", "finish stop", "usage 10+5"});
  add("pair in arguments",
      message_start() + start_tool(0, "a", "f") + input(0, R"({\"x\":\"\ud83d)") +
          input(0, R"(\ude00\"})") + stop_block(0) + tools_end,
      {"start 0 a f", R"(args 0 {\"x\":\")", R"(args 0 \ud83d\ude00\"})", "finish tool_calls",
       "usage 10+5"});
  // failures
  add("trap 9: truncated", message_start() + text(0, "T") + stop_block(0), {"text T"},
      "stream_truncated");
  add("truncated inside a frame", message_start() + text(0, "T") + end.substr(0, 20), {"text T"},
      "stream_truncated");
  add("truncated metadata",
      message_start() + text(0, "T") + message_stop("end_turn") + metadata().substr(0, 40),
      {"text T"}, "stream_truncated");
  add("trap 10: exception after deltas",
      message_start() + text(0, "a") + text(0, "b") + throttled(), {"text a", "text b"},
      "rate_limit_exceeded");
  add("exception behind messageStop",
      message_start() + text(0, "a") + message_stop("end_turn") +
          test::exception_frame("internalServerException", R"({"message":"x"})"),
      {"text a"}, "upstream_internal_error");
  add("unmodelled error", message_start() + test::error_frame("InternalError", "boom"), {},
      "upstream_internal_error");
  add("trap 12: malformed", message_start() + text(0, "a") + message_stop("malformed_tool_use"),
      {"text a"}, "malformed_tool_use");
  add("payload is not JSON", message_start() + test::event_frame("contentBlockDelta", "{"), {},
      "stream_corrupt");
  return all;
}

TEST(ConverseStream, CasesFedInEveryWay) {
  const ReplyContext context{{{"x_y_1", "x.y"}}};
  for (const Case& row : cases()) {
    const Outcome expected{row.expected, row.code.empty(), std::string(row.code)};
    const Outcome whole = run(test::whole(row.bytes), context);
    EXPECT_EQ(whole.lines, expected.lines) << row.name;
    EXPECT_EQ(whole.code, expected.code) << row.name;
    EXPECT_EQ(whole.complete, expected.complete) << row.name;
    std::size_t differing = 0;
    test::for_each_way(row.bytes, [&](const test::Pieces& pieces) {
      if (run(pieces, context) != whole) ++differing;
    });
    EXPECT_EQ(differing, 0U) << row.name;
  }
}

TEST(ConverseStream, NothingBeforeAnExceptionThatComesFirst) {
  const Outcome outcome = run(test::whole(throttled()), {});
  EXPECT_TRUE(outcome.lines.empty());
  EXPECT_EQ(outcome.code, "rate_limit_exceeded");
}

// Each exception at each border between events ends the stream with its own error.
TEST(ConverseStream, ExceptionsAtEveryBorder) {
  const std::vector<std::string> events = {message_start(), text(0, "a"), stop_block(0),
                                           message_stop("end_turn")};
  const std::pair<std::string_view, std::string_view> exceptions[] = {
      {"throttlingException", "rate_limit_exceeded"},
      {"modelStreamErrorException", "model_stream_error"},
      {"internalServerException", "upstream_internal_error"},
      {"serviceUnavailableException", "upstream_unavailable"},
      {"validationException", ""},
  };
  for (const auto& [type, code] : exceptions) {
    std::string before;
    for (std::size_t i = 0; i <= events.size(); ++i) {
      const std::string bytes = before + test::exception_frame(type, R"({"message":"m"})");
      const Outcome outcome = run(test::whole(bytes), {});
      EXPECT_EQ(outcome.code, code) << type << " behind " << i;
      EXPECT_FALSE(outcome.complete);
      if (i < events.size()) before += events[i];
    }
  }
}

TEST(ConverseStream, EndAtEveryBorder) {
  const std::vector<std::string> events = {message_start(), text(0, "a"), stop_block(0),
                                           message_stop("end_turn"), metadata()};
  std::string bytes;
  for (std::size_t i = 0; i < events.size(); ++i) {
    EXPECT_EQ(run(test::whole(bytes), {}).complete, i == 4) << i;
    bytes += events[i];
  }
  EXPECT_TRUE(run(test::whole(bytes), {}).complete);
}

TEST(ConverseStream, Facts) {
  const auto decoder = converse_dialect().stream({});
  test::Collector sink;
  ASSERT_TRUE(decoder->feed(
      message_start() + test::event_frame("hologram", "{}") + message_stop("tool_use") + metadata(),
      sink));
  EXPECT_TRUE(decoder->complete());
  EXPECT_EQ(decoder->facts().stop_reason, "tool_use");
  EXPECT_EQ(decoder->facts().latency_ms, 7U);
  EXPECT_EQ(decoder->facts().unknown_items, (UnknownItems{1, 0, 0, 0}));
}

TEST(ConverseStream, CountsWhatItDoesNotKnowByKind) {
  const auto decoder = converse_dialect().stream({});
  test::Collector sink;
  ASSERT_TRUE(
      decoder->feed(message_start() + test::event_frame("hologram", "{}") +
                        test::event_frame("contentBlockStart",
                                          R"({"contentBlockIndex":0,"start":{"hologram":{}}})") +
                        delta(0, R"("hologram":{})") + delta(0, R"("hologram":{})") +
                        reasoning(1, "mood", "good") + message_stop("brand_new") + metadata(),
                    sink));
  EXPECT_EQ(decoder->facts().unknown_items, (UnknownItems{1, 1, 1, 3}));
}

// What is malformed was made and is billed: the error waits for what it cost.
TEST(ConverseStream, MalformedOutputTellsWhatItCost) {
  const std::string said = message_start() + text(0, "a") + message_stop("malformed_tool_use");
  test::for_each_way(said + metadata(), [](const test::Pieces& pieces) {
    const auto decoder = converse_dialect().stream({});
    test::Collector sink;
    Result<void> result;
    for (const auto& piece : pieces) {
      result = decoder->feed(test::view(piece), sink);
      if (!result) break;
    }
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, "malformed_tool_use");
    ASSERT_TRUE(result.error().usage);
    EXPECT_EQ(result.error().usage->input, 10U);
    EXPECT_EQ(result.error().usage->output, 5U);
    EXPECT_EQ(sink.lines, (Lines{"role", "text a"}));
    EXPECT_FALSE(decoder->complete());
  });
  const auto decoder = converse_dialect().stream({});
  test::Collector sink;
  ASSERT_TRUE(decoder->feed(said, sink));
  EXPECT_TRUE(decoder->content_complete());
  const Result<void> result = decoder->finish(sink);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, ErrorKind::upstream_malformed_output);
  EXPECT_FALSE(result.error().usage);
}

TEST(ConverseStream, BlocksAreBounded) {
  const auto decoder = converse_dialect().stream({});
  test::Collector sink;
  Result<void> result;
  int blocks = 0;
  while (result && blocks < 5000) result = decoder->feed(text(blocks++, "a"), sink);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, ErrorKind::upstream_stream_corrupt);
  EXPECT_EQ(blocks, 4097);
}

}  // namespace
}  // namespace oriel::convert
