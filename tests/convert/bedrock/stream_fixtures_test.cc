// Recorded shapes of ConverseStream as the server-sent events that a client reads, byte for byte,
// each fed whole, byte by byte and at every split: spec/converse.md §22.
#include <gtest/gtest.h>

#include "convert/bedrock/converse_dialect.h"
#include "convert/openai/chat_chunk.h"
#include "tests/convert/bedrock/converse_frames.h"
#include "tests/convert/pieces.h"

namespace oriel::convert {
namespace {

using test::citation;
using test::delta;
using test::input;
using test::message_start;
using test::message_stop;
using test::metadata;
using test::picture;
using test::reasoning;
using test::start_picture;
using test::start_tool;
using test::stop_block;
using test::text;

// --- what the client reads

constexpr char kHead[] =
    R"(data: {"id":"chatcmpl-X","object":"chat.completion.chunk","created":1795222800,)"
    R"("model":"gpt-4o-mini","choices":)";

std::string chunk(const std::string& members, const std::string& finish = "null") {
  return kHead + (R"([{"index":0,"delta":{)" + members) + R"(},"logprobs":null,"finish_reason":)" +
         finish + R"(}],"usage":null})" + "\n\n";
}
std::string role() { return chunk(R"("role":"assistant","content":"","refusal":null)"); }
std::string said(const std::string& escaped) { return chunk(R"("content":")" + escaped + "\""); }
std::string thought(const std::string& escaped) {
  return chunk(R"("reasoning_content":")" + escaped + "\"");
}
std::string called(int index, const std::string& id, const std::string& name) {
  return chunk(R"("tool_calls":[{"index":)" + std::to_string(index) + R"(,"id":")" + id +
               R"(","type":"function","function":{"name":")" + name + R"(","arguments":""}}])");
}
std::string arguments(int index, const std::string& escaped) {
  return chunk(R"("tool_calls":[{"index":)" + std::to_string(index) +
               R"(,"function":{"arguments":")" + escaped + R"("}}])");
}
std::string finished(const std::string& reason) { return chunk("", "\"" + reason + "\""); }
std::string usage(const std::string& reasoning_tokens = R"("reasoning_tokens":0,)") {
  return kHead +
         (R"([],"usage":{"prompt_tokens":10,"completion_tokens":5,"total_tokens":15,)"
          R"("prompt_tokens_details":{"cached_tokens":0,"cache_write_tokens":0,"audio_tokens":0},)"
          R"("completion_tokens_details":{)" +
          reasoning_tokens) +
         R"("audio_tokens":0,"accepted_prediction_tokens":0,"rejected_prediction_tokens":0}}})" +
         "\n\n";
}
std::string done() { return "data: [DONE]\n\n"; }
std::string ended(const std::string& reason) { return finished(reason) + usage() + done(); }
std::string failed(const std::string& message, const std::string& type, const std::string& code) {
  return R"(data: {"error":{"message":")" + message + R"(","type":")" + type +
         R"(","param":null,"code":)" + (code.empty() ? "null" : "\"" + code + "\"") + "}}\n\n";
}

// --- running

class Printer final : public DeltaSink {
 public:
  void on_delta(const ChatDelta& delta) override { writer_.write(delta, out); }
  std::string out;

 private:
  ChunkWriter writer_{{"chatcmpl-X", 1795222800, Text::literal("gpt-4o-mini")}, IncludeUsage::yes};
};

std::string run(const test::Pieces& pieces, const ReplyContext& context) {
  const auto decoder = converse_dialect().stream(context);
  Printer sink;
  Result<void> result;
  for (const auto& piece : pieces) {
    result = decoder->feed(test::view(piece), sink);
    if (!result) break;
  }
  if (result) result = decoder->finish(sink);
  if (result) {
    ChunkWriter::write_done(sink.out);
  } else {
    ChunkWriter::write_error(result.error(), sink.out);
  }
  return sink.out;
}

struct Fixture {
  std::string_view name;
  std::string frames;
  std::string expected;
};

void check(const std::vector<Fixture>& fixtures, const ReplyContext& context = {}) {
  for (const Fixture& fixture : fixtures) {
    EXPECT_EQ(run(test::whole(fixture.frames), context), fixture.expected) << fixture.name;
    std::size_t differing = 0;
    test::for_each_way(fixture.frames, [&](const test::Pieces& pieces) {
      if (run(pieces, context) != fixture.expected) ++differing;
    });
    EXPECT_EQ(differing, 0U) << fixture.name;
  }
}

std::string end(std::string_view reason = "end_turn") { return message_stop(reason) + metadata(); }

TEST(StreamFixtures, TextAndTools) {
  check({
      {"text only", message_start() + text(0, "Hel") + text(0, "lo") + stop_block(0) + end(),
       role() + said("Hel") + said("lo") + ended("stop")},
      {"text and two tools, a stop missing",
       message_start() + text(0, "Both.") + stop_block(0) + start_tool(1, "tooluse_a", "f") +
           input(1, R"({\"a\":)") + input(1, "1}") + start_tool(2, "tooluse_b", "g") +
           input(2, "{}") + stop_block(2) + end("tool_use"),
       role() + said("Both.") + called(0, "tooluse_a", "f") + arguments(0, R"({\"a\":)") +
           arguments(0, "1}") + called(1, "tooluse_b", "g") + arguments(1, "{}") +
           ended("tool_calls")},
      {"tool first, nothing to give it",
       message_start() + start_tool(0, "t", "f") + stop_block(0) + end("tool_use"),
       role() + called(0, "t", "f") + arguments(0, "{}") + ended("tool_calls")},
      {"start that says nothing",
       message_start() +
           test::event_frame("contentBlockStart", R"({"contentBlockIndex":0,"start":{}})") +
           text(0, "a") + end(),
       role() + said("a") + ended("stop")},
      {"text inside a tool", message_start() + start_tool(0, "t", "f") + text(0, "x") + end(),
       role() + called(0, "t", "f") + arguments(0, "{}") + ended("tool_calls")},
      {"surrogates over two deltas",
       message_start() + text(0, R"(a\ud83d)") + text(0, R"(\ude00)") + end(),
       role() + said("a") + said(R"(\ud83d\ude00)") + ended("stop")},
      {"metadata missing", message_start() + text(0, "a") + message_stop("end_turn"),
       role() + said("a") + finished("stop") + done()},
  });
}

TEST(StreamFixtures, Reasoning) {
  const std::string signature =
      R"("thinking_blocks":[{"index":0,"type":"thinking","thinking":"","signature":"S=="}])";
  const std::string redacted =
      R"("thinking_blocks":[{"index":0,"type":"redacted_thinking","data":"QQ=="}])";
  const std::vector<Fixture> fixtures = {
      {"signed",
       message_start() + reasoning(0, "text", "R1") + reasoning(0, "text", "R2") +
           reasoning(0, "signature", "S==") + stop_block(0) + text(1, "T") + end(),
       role() + thought("R1") + thought("R2") + chunk(signature) + said("T") + finished("stop") +
           usage("") + done()},
      {"signature only", message_start() + reasoning(0, "signature", "S==") + text(1, "T") + end(),
       role() + chunk(signature) + said("T") + finished("stop") + usage("") + done()},
      {"redacted", message_start() + reasoning(0, "redactedContent", "QQ==") + text(1, "T") + end(),
       role() + chunk(redacted) + said("T") + finished("stop") + usage("") + done()},
  };
  ReplyContext context;
  context.may_reason = true;
  check(fixtures, context);
}

TEST(StreamFixtures, CitationsAndPictures) {
  const std::string web =
      R"({"title":"Oslo","location":{"web":{"url":"https://o.example/","domain":"o.example"}}})";
  const std::string page =
      R"({"title":"P","location":{"documentPage":{"documentIndex":0,"start":1,"end":2}}})";
  const auto annotation = [](const std::string& span) {
    return chunk(R"("annotations":[{"index":0,"type":"url_citation","url_citation":{)" + span +
                 R"(,"title":"Oslo","url":"https://o.example/"}}])");
  };
  check({
      {"of the web, in code points",
       message_start() + text(0, R"(\u00e9\n\ud83d\ude00é)") + stop_block(0) + text(1, "abc") +
           citation(1, web) + stop_block(1) + text(2, "z") + end(),
       role() + said(R"(\u00e9\n\ud83d\ude00é)") + said("abc") +
           annotation(R"("start_index":4,"end_index":7)") + said("z") + ended("stop")},
      {"of a page, and no stop",
       message_start() + text(0, "abc") + citation(0, page) + citation(0, web) + end(),
       role() + said("abc") +
           chunk(R"("citations":[{"index":0,"start_index":0,"end_index":3,"source":)" + page +
                 "}]") +
           annotation(R"("start_index":0,"end_index":3)") + ended("stop")},
      {"picture in pieces",
       message_start() + start_picture(0, "png") + picture(0, "QQ==") + picture(0, "QkM=") +
           picture(0, "REVG") + stop_block(0) + end(),
       role() +
           chunk(R"("images":[{"index":0,"type":"image_url","image_url":)"
                 R"({"url":"data:image/png;base64,QUJDREVG"}}])") +
           ended("stop")},
      {"picture that failed, sound",
       message_start() + start_picture(0, "png") +
           delta(0, R"("image":{"error":{"message":"no"}})") + stop_block(0) +
           delta(1, R"("audio":{"source":{"bytes":"QQ=="}})") + text(2, "T") + end(),
       role() + said("T") + ended("stop")},
  });
}

TEST(StreamFixtures, ToolsOfOtherKinds) {
  ReplyContext context;
  context.tool_names = {{"ps_1", "run ps"}};
  context.custom_tools = {"ps_1"};
  context.wrapped_tools = {"list"};
  context.placeholder_tool = "no_op";
  const std::string custom_start = chunk(R"("tool_calls":[{"index":0,"id":"t","type":"custom",)"
                                         R"("custom":{"name":"run ps","input":""}}])");
  const auto custom_input = [](const std::string& escaped) {
    return chunk(R"("tool_calls":[{"index":0,"custom":{"input":")" + escaped + R"("}}])");
  };
  check(
      {
          {"custom",
           message_start() + start_tool(0, "t", "ps_1") + input(0, R"({\"input\": \"a )") +
               input(0, R"(\\\"b\\\"\\n\ud83d)") + input(0, R"(\ude00\"})") + stop_block(0) +
               end("tool_use"),
           role() + custom_start + custom_input(R"(a \"b\"\n😀)") + ended("tool_calls")},
          {"custom, not wrapped as asked, no stop",
           message_start() + start_tool(0, "t", "ps_1") + input(0, R"({\"x\": 1})") +
               end("tool_use"),
           role() + custom_start + custom_input(R"({\"x\":1})") + ended("tool_calls")},
          {"custom, cut off",
           message_start() + start_tool(0, "t", "ps_1") + input(0, R"({\"input\": \"a)") +
               end("max_tokens"),
           role() + custom_start + ended("length")},
          {"custom, nothing given",
           message_start() + start_tool(0, "t", "ps_1") + stop_block(0) + end("tool_use"),
           role() + custom_start + ended("tool_calls")},
          {"wrapped",
           message_start() + start_tool(0, "t", "list") + input(0, R"({\"value\":)") +
               input(0, R"( [1, \"x\"]})") + stop_block(0) + end("tool_use"),
           role() + called(0, "t", "list") + arguments(0, R"([1,\"x\"])") + ended("tool_calls")},
          {"placeholder",
           message_start() + text(0, "T") + start_tool(1, "t", "no_op") + input(1, "{}") +
               stop_block(1) + end("tool_use"),
           role() + said("T") + ended("stop")},
          {"trap 5: both, interleaved",
           message_start() + start_tool(1, "t", "ps_1") + start_tool(2, "u", "f") +
               input(1, R"({\"input\":)") + input(2, "{") + input(1, R"(\"i\"})") + input(2, "}") +
               stop_block(2) + stop_block(1) + end("tool_use"),
           role() + custom_start + called(1, "u", "f") + arguments(1, "{") + arguments(1, "}") +
               custom_input("i") + ended("tool_calls")},
      },
      context);
}

TEST(StreamFixtures, LegacyFunctions) {
  ReplyContext context;
  context.legacy_functions = true;
  check({{"one, and one too many",
          message_start() + start_tool(0, "t", "f") + input(0, "{}") + stop_block(0) +
              start_tool(1, "u", "g") + stop_block(1) + end("tool_use"),
          role() + chunk(R"("function_call":{"name":"f","arguments":""})") +
              chunk(R"("function_call":{"arguments":"{}"})") + ended("function_call")}},
        context);
}

TEST(StreamFixtures, FormatByTool) {
  ReplyContext context;
  context.format_tool = "json_response";
  const std::string json = R"({\"a\":1})";
  const std::string tool = start_tool(1, "t", "json_response");
  check(
      {
          {"what it was given is the content",
           message_start() + text(0, "Here:") + stop_block(0) + tool + input(1, R"({\"a\":)") +
               input(1, "1}") + stop_block(1) + end("tool_use"),
           role() + said(R"({\"a\":)") + said("1}") + ended("stop")},
          {"not called: its text, without a fence",
           message_start() + text(0, R"(```json\n)") + text(0, json + R"(\n```)") + end(),
           role() + said(json) + ended("stop")},
          {"cut off", message_start() + tool + input(1, R"({\"a\":)") + end("max_tokens"),
           role() + said(R"({\"a\":)") + ended("length")},
          {"beside a call: the call counts",
           message_start() + start_tool(0, "u", "f") + tool + input(0, "{") + input(1, json) +
               input(0, "}") + end("tool_use"),
           role() + called(0, "u", "f") + arguments(0, "{") + arguments(0, "}") +
               ended("tool_calls")},
          {"trap 5: before a call, what went out stays",
           message_start() + tool + input(1, json) + start_tool(2, "u", "f") + input(2, "{}") +
               input(1, " ") + end("tool_use"),
           role() + said(json) + called(0, "u", "f") + arguments(0, "{}") + ended("tool_calls")},
          {"text beside a call",
           message_start() + text(0, "Wait.") + start_tool(2, "u", "f") + input(2, "{}") +
               end("tool_use"),
           role() + called(0, "u", "f") + arguments(0, "{}") + said("Wait.") + ended("tool_calls")},
      },
      context);
  context.wrapped_format = true;
  check(
      {
          {"wrapped",
           message_start() + tool + input(1, R"({\"value\": [1,)") + input(1, " 2]}") +
               stop_block(1) + end("tool_use"),
           role() + said("[1,2]") + ended("stop")},
          {"wrapped, cut off",
           message_start() + tool + input(1, R"({\"value\": [1,)") + end("max_tokens"),
           role() + said(R"({\"value\": [1,)") + ended("length")},
          {"wrapped, beside a call",
           message_start() + tool + input(1, R"({\"value\": [1]})") + start_tool(2, "u", "f") +
               end("tool_use"),
           role() + called(0, "u", "f") + arguments(0, "{}") + ended("tool_calls")},
      },
      context);
}

// trap 31: the client asked for JSON and nothing else.
TEST(StreamFixtures, Trap31JsonObject) {
  ReplyContext context;
  context.json_object = true;
  check(
      {
          {"bare", message_start() + text(0, "{ ") + text(0, "}") + end(),
           role() + said("{ ") + said("}") + ended("stop")},
          {"fenced, in pieces",
           message_start() + text(0, R"(\n``)") + text(0, "`js") + text(0, R"(on\n{\n)") +
               text(0, R"(}\n`)") + text(0, R"(``\n)") + end(),
           role() + said("{") + said(R"(\n})") + ended("stop")},
      },
      context);
}

TEST(StreamFixtures, EveryStopReason) {
  const std::pair<std::string_view, std::string> rows[] = {
      {"end_turn", ended("stop")},
      {"stop_sequence", ended("stop")},
      {"tool_use", ended("stop")},
      {"max_tokens", ended("length")},
      {"model_context_window_exceeded", ended("length")},
      {"content_filtered", ended("content_filter")},
      {"guardrail_intervened", ended("content_filter")},
      {"brand_new", ended("stop")},
      {"malformed_model_output",
       failed("The model produced malformed output.", "server_error", "malformed_model_output")},
      {"malformed_tool_use",
       failed("The model produced malformed output.", "server_error", "malformed_tool_use")},
  };
  for (const auto& [reason, expected] : rows) {
    const std::string frames = message_start() + text(0, "T") + end(reason);
    EXPECT_EQ(run(test::whole(frames), {}), role() + said("T") + expected) << reason;
  }
}

const std::string kTruncated = failed("The upstream stream ended before the answer was complete.",
                                      "server_error", "stream_truncated");

// An end, an exception, an unmodelled error or an unknown event at every border between two events.
TEST(StreamFixtures, WhatComesAtEveryBorder) {
  struct Step {
    std::string frame;
    std::string text;
  };
  const std::vector<Step> steps = {
      {message_start(), role()},
      {text(0, "a"), said("a")},
      {stop_block(0), ""},
      {start_tool(1, "t", "f"), called(0, "t", "f")},
      {input(1, "{}"), arguments(0, "{}")},
      {stop_block(1), ""},
      {message_stop("tool_use"), ""},
      {metadata(), ended("tool_calls")},
  };
  const std::pair<std::string, std::string> faults[] = {
      {test::throttled(), failed("Too many requests, please wait before trying again.", "requests",
                                 "rate_limit_exceeded")},
      {test::exception_frame("modelStreamErrorException",
                             R"({"message":"m","originalStatusCode":500})"),
       failed("m", "server_error", "model_stream_error")},
      {test::exception_frame("internalServerException", R"({"message":"m"})"),
       failed("The upstream service had an internal error.", "server_error",
              "upstream_internal_error")},
      {test::exception_frame("serviceUnavailableException", R"({"message":"m"})"),
       failed("The upstream service is unavailable.", "server_error", "upstream_unavailable")},
      {test::exception_frame("validationException", R"({"message":"m"})"),
       failed("m", "invalid_request_error", "")},
      {test::error_frame("InternalError", "boom"),
       failed("The upstream service had an internal error.", "server_error",
              "upstream_internal_error")},
  };
  std::string frames;
  std::string seen;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const bool stopped = i + 1 == steps.size();
    EXPECT_EQ(run(test::whole(frames), {}),
              seen + (stopped ? finished("tool_calls") + done() : kTruncated))
        << i;
    for (const auto& [fault, error] : faults) {
      EXPECT_EQ(run(test::whole(frames + fault), {}), seen + error) << i;
    }
    const std::string unknown = test::event_frame("hologram", R"({"x":{}})");
    std::string all = frames + unknown;
    for (std::size_t j = i; j < steps.size(); ++j) all += steps[j].frame;
    EXPECT_TRUE(run(test::whole(all), {}).ends_with(ended("tool_calls"))) << i;
    frames += steps[i].frame;
    seen += steps[i].text;
  }
  EXPECT_EQ(run(test::whole(frames), {}), seen);
}

TEST(StreamFixtures, WhatIsKeptIsBounded) {
  ReplyContext context;
  context.custom_tools = {"c"};
  const auto corrupt = [&](const std::string& start, const std::string& frame) {
    const auto decoder = converse_dialect().stream(context);
    Printer sink;
    Result<void> result = decoder->feed(start, sink);
    for (int i = 0; result && i < 36; ++i) result = decoder->feed(frame, sink);
    return !result && result.error().kind == ErrorKind::upstream_stream_corrupt;
  };
  const std::string large(1'000'000, 'A');
  EXPECT_TRUE(corrupt(start_tool(0, "t", "c"), input(0, large)));
  EXPECT_TRUE(corrupt(start_picture(0, "png"), picture(0, large)));
  EXPECT_TRUE(corrupt(text(0, "a"), citation(0, R"({"title":")" + large + "\"}")));
  EXPECT_FALSE(corrupt(start_tool(0, "t", "f"), input(0, large)));
  EXPECT_FALSE(corrupt(text(0, "a"), text(0, large)));
}

}  // namespace
}  // namespace oriel::convert
