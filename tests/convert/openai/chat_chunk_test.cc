// Chunks byte for byte (spec/converse.md §13.4), and that the hot path allocates nothing.
#include "convert/openai/chat_chunk.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>

#include "tests/convert/openai/count_allocations.h"

namespace oriel::convert {
namespace {

using Kind = ChatDelta::Kind;

const Envelope kEnvelope{"chatcmpl-X", 1795222800, Text::literal("gpt-4o-mini")};
constexpr char kHead[] =
    R"(data: {"id":"chatcmpl-X","object":"chat.completion.chunk","created":1795222800,)"
    R"("model":"gpt-4o-mini",)";

std::string written(const ChatDelta& delta, IncludeUsage include_usage = IncludeUsage::no) {
  std::string out;
  ChunkWriter(kEnvelope, include_usage).write(delta, out);
  return out;
}

// The event around a delta object.
std::string event(const std::string& delta, const std::string& finish = "null",
                  const std::string& usage = "", const std::string& choice = "0") {
  return kHead + (R"("choices":[{"index":)" + choice + R"(,"delta":)" + delta) +
         R"(,"logprobs":null,"finish_reason":)" + finish + "}]" + usage + "}\n\n";
}

ChatDelta with_text(Kind kind, std::string_view escaped) {
  ChatDelta delta;
  delta.kind = kind;
  delta.text = Text::from_escaped(escaped);
  return delta;
}

TEST(ChatChunk, EveryKindOfDelta) {
  ChatDelta call = with_text(Kind::tool_call_start, "");
  call.tool_index = 2;
  call.id = Text::literal("tooluse_kZJM");
  call.name = Text::literal("top_song");
  ChatDelta arguments = with_text(Kind::tool_call_args, R"({\"sign\":)");
  arguments.tool_index = 2;
  ChatDelta finish = with_text(Kind::finish, "");
  finish.finish = FinishReason::tool_calls;
  ChatDelta custom = call;
  custom.custom_tool = true;
  ChatDelta custom_input = arguments;
  custom_input.custom_tool = true;
  ChatDelta legacy = call;
  legacy.tool_index = 0;
  legacy.legacy_function = true;
  ChatDelta legacy_arguments = arguments;
  legacy_arguments.tool_index = 0;
  legacy_arguments.legacy_function = true;
  ChatDelta web = with_text(Kind::citation, "");
  web.citation = {1, 4, Text::literal("T"), Text::literal("https://x/"), {R"({"title":"T"})"}};
  ChatDelta page = with_text(Kind::citation, "");
  page.citation = {0, 2, Text::literal("T"), Text(), {"{\r\n\"title\":\"T\"}"}};
  ChatDelta image = with_text(Kind::image, "");
  image.media.format = "png";
  image.media.base64 = "QUJD";
  const std::pair<ChatDelta, std::string> rows[] = {
      {custom, R"({"tool_calls":[{"index":2,"id":"tooluse_kZJM","type":"custom",)"
               R"("custom":{"name":"top_song","input":""}}]})"},
      {custom_input, R"({"tool_calls":[{"index":2,"custom":{"input":"{\"sign\":"}}]})"},
      {legacy, R"({"function_call":{"name":"top_song","arguments":""}})"},
      {legacy_arguments, R"({"function_call":{"arguments":"{\"sign\":"}})"},
      {web, R"({"annotations":[{"index":0,"type":"url_citation","url_citation":{"start_index":1,)"
            R"("end_index":4,"title":"T","url":"https://x/"}}]})"},
      {page,
       R"({"citations":[{"index":0,"start_index":0,"end_index":2,"source":{  "title":"T"}}]})"},
      {image, R"({"images":[{"index":0,"type":"image_url","image_url":)"
              R"({"url":"data:image/png;base64,QUJD"}}]})"},
      {with_text(Kind::role, ""), R"({"role":"assistant","content":"","refusal":null})"},
      {with_text(Kind::text, R"(I'll \"\n\u00e9)"), R"({"content":"I'll \"\n\u00e9"})"},
      {with_text(Kind::reasoning, "hm"), R"({"reasoning_content":"hm"})"},
      {with_text(Kind::signature, "S="),
       R"({"thinking_blocks":[{"index":0,"type":"thinking","thinking":"","signature":"S="}]})"},
      {with_text(Kind::redacted, "UkVE"),
       R"({"thinking_blocks":[{"index":0,"type":"redacted_thinking","data":"UkVE"}]})"},
      {call, R"({"tool_calls":[{"index":2,"id":"tooluse_kZJM","type":"function",)"
             R"("function":{"name":"top_song","arguments":""}}]})"},
      {arguments, R"({"tool_calls":[{"index":2,"function":{"arguments":"{\"sign\":"}}]})"},
  };
  for (const auto& [delta, expected] : rows) {
    EXPECT_EQ(written(delta), event(expected));
    EXPECT_EQ(written(delta, IncludeUsage::yes), event(expected, "null", R"(,"usage":null)"));
    ChatDelta other = delta;
    other.choice = 12;
    EXPECT_EQ(written(other), event(expected, "null", "", "12"));
  }
  EXPECT_EQ(written(finish), event("{}", R"("tool_calls")"));
  EXPECT_EQ(written(finish, IncludeUsage::yes), event("{}", R"("tool_calls")", R"(,"usage":null)"));
}

TEST(ChatChunk, EmptyPiecesAreNotWritten) {
  for (const Kind kind :
       {Kind::text, Kind::reasoning, Kind::signature, Kind::redacted, Kind::tool_call_args}) {
    EXPECT_EQ(written(with_text(kind, "")), "");
  }
}

TEST(ChatChunk, UsageOnlyWhenAsked) {
  ChatDelta delta = with_text(Kind::usage, "");
  EXPECT_EQ(written(delta, IncludeUsage::yes), "");  // upstream did not say
  delta.usage.emplace();
  delta.usage->input = 150;
  delta.usage->output = 45;
  delta.usage->reasoning = 5;
  EXPECT_EQ(written(delta), "");
  const std::string usage =
      std::string(kHead) +
      R"("choices":[],"usage":{"prompt_tokens":150,"completion_tokens":45,"total_tokens":195,)"
      R"("prompt_tokens_details":{"cached_tokens":0,"cache_write_tokens":0,"audio_tokens":0},)"
      R"("completion_tokens_details":{"reasoning_tokens":5,"audio_tokens":0,)"
      R"("accepted_prediction_tokens":0,"rejected_prediction_tokens":0}})";
  EXPECT_EQ(written(delta, IncludeUsage::yes), usage + "}\n\n");
  delta.service_tier = Text::literal("flex");
  EXPECT_EQ(written(delta, IncludeUsage::yes), usage + R"(,"service_tier":"flex"})" + "\n\n");
}

TEST(ChatChunk, TheEnds) {
  std::string out;
  ChunkWriter::write_done(out);
  EXPECT_EQ(out, "data: [DONE]\n\n");
  out.clear();
  Error error;
  error.kind = ErrorKind::upstream_throttled;
  ChunkWriter::write_error(error, out);
  EXPECT_EQ(out,
            R"(data: {"error":{"message":"Too many requests, please wait before trying again.",)"
            R"("type":"requests","param":null,"code":"rate_limit_exceeded"}})"
            "\n\n");
}

TEST(ChatChunk, TheEnvelopeIsCopied) {
  std::string id = "chatcmpl-gone";
  std::string model = "m\\u00e9";
  ChunkWriter writer({id, 1, Text::from_escaped(model)}, IncludeUsage::no);
  id.assign(id.size(), '!');
  model.assign(model.size(), '!');
  std::string out;
  writer.write(with_text(Kind::text, "x"), out);
  EXPECT_NE(out.find(R"("id":"chatcmpl-gone")"), std::string::npos);
  EXPECT_NE(out.find(R"("model":"m\u00e9")"), std::string::npos);
}

SourceSpan span_of(std::string_view text, std::string_view piece) {
  const auto begin = static_cast<std::uint32_t>(text.find(piece));
  return {begin, begin + static_cast<std::uint32_t>(piece.size())};
}

ChatDelta source(std::string_view text, std::string_view usage) {
  ChatDelta delta;
  delta.kind = Kind::source;
  delta.source = {text};
  delta.source_model_span = span_of(text, R"("up")");
  if (!usage.empty()) delta.source_usage_span = span_of(text, usage);
  return delta;
}

TEST(ChatChunk, ASourceKeepsWhatTheClientMaySee) {
  const std::string before = R"({"usage":null,"id":"1","model":"up","choices":[{}]})";
  const std::string after = R"({"id":"1","model":"up","choices":[{}],"usage":{"a":1}})";
  const std::string pretty = "{\n  \"model\": \"up\",\r\n  \"choices\": [{}]\n}";
  EXPECT_EQ(written(source(before, R"("usage":null,)")),
            "data: {\"id\":\"1\",\"model\":\"gpt-4o-mini\",\"choices\":[{}]}\n\n");
  EXPECT_EQ(written(source(before, R"("usage":null,)"), IncludeUsage::yes),
            "data: {\"usage\":null,\"id\":\"1\",\"model\":\"gpt-4o-mini\",\"choices\":[{}]}\n\n");
  EXPECT_EQ(written(source(after, R"(,"usage":{"a":1})")),
            "data: {\"id\":\"1\",\"model\":\"gpt-4o-mini\",\"choices\":[{}]}\n\n");
  EXPECT_EQ(
      written(source(after, R"(,"usage":{"a":1})"), IncludeUsage::yes),
      "data: {\"id\":\"1\",\"model\":\"gpt-4o-mini\",\"choices\":[{}],\"usage\":{\"a\":1}}\n\n");
  EXPECT_EQ(written(source(pretty, "")),
            "data: {   \"model\": \"gpt-4o-mini\",    \"choices\": [{}] }\n\n");
  ChatDelta only_usage = source(after, R"(,"usage":{"a":1})");
  only_usage.only_usage = true;
  EXPECT_EQ(written(only_usage), "");
  EXPECT_NE(written(only_usage, IncludeUsage::yes), "");
}

TEST(ChatChunk, ATextDeltaAllocatesNothing) {
  ChunkWriter writer(kEnvelope, IncludeUsage::yes);
  const ChatDelta text = with_text(Kind::text, "some words that are longer than a small string");
  ChatDelta arguments = text;
  arguments.kind = Kind::tool_call_args;
  ChatDelta reasoning = text;
  reasoning.kind = Kind::reasoning;
  std::string out;
  out.reserve(1U << 20);
  const std::size_t before = allocations();
  for (int i = 0; i < 1000; ++i) {
    writer.write(text, out);
    writer.write(arguments, out);
    writer.write(reasoning, out);
    out.clear();
  }
  EXPECT_EQ(allocations(), before);
  std::string counted(100, 'x');
  EXPECT_EQ(counted.size(), 100U);
  EXPECT_GT(allocations(), before);  // the count counts
}

}  // namespace
}  // namespace oriel::convert
