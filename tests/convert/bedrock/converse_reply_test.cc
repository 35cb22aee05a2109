// Converse's answers into the neutral reply: spec/converse.md §12.
#include <gtest/gtest.h>

#include "convert/bedrock/answer.h"
#include "convert/bedrock/code_fence.h"
#include "convert/bedrock/converse_dialect.h"
#include "tests/convert/bedrock/support.h"

namespace oriel::convert {
namespace {

// By kind: event, block, stop_reason, member.
using UnknownItems = decltype(UpstreamFacts::unknown_items);

std::string answer(std::string_view blocks, std::string_view stop = "end_turn",
                   std::string_view rest = "") {
  std::string text = R"({"output":{"message":{"role":"assistant","content":[)";
  text.append(blocks).append(R"(]}},"stopReason":")").append(stop).append("\"");
  return text.append(rest).append("}");
}

// One line for all of a reply that a client can see.
std::string summary(const ChatReply& reply) {
  std::string out;
  for (const Text text : reply.texts) out.append("text ").append(text.escaped()).append("; ");
  for (const ReasoningBlock& block : reply.reasoning) {
    out.append("reasoning ").append(block.text.escaped());
    out.append("|").append(block.signature.escaped());
    out.append("|").append(block.redacted.escaped()).append("; ");
  }
  for (const ToolCall& call : reply.tool_calls) {
    out.append(call.custom ? "custom " : "call ").append(call.id.escaped());
    out.append(" ").append(call.name.escaped());
    out.append(" ").append(call.arguments.escaped()).append("; ");
  }
  for (const Citation& citation : reply.citations) {
    out.append("citation ").append(std::to_string(citation.begin)).append("-");
    out.append(std::to_string(citation.end)).append(" ").append(citation.url.escaped());
    out.append("|").append(citation.title.escaped()).append("; ");
  }
  for (const Media& image : reply.images) {
    out.append("image ").append(image.format).append(" ").append(image.base64).append("; ");
  }
  return out.append(to_string(reply.finish));
}

Result<ChatReply> decode(const json::PaddedBuffer& body, const ReplyContext& context = {}) {
  json::Reader reader;
  return converse_dialect().decode(context, body, reader);
}

struct Row {
  std::string_view name;
  std::string body;
  std::string_view expected;  // the summary, or "error CODE"
};

TEST(ConverseReply, Blocks) {
  const std::string tool =
      R"({"toolUse":{"toolUseId":"t1","name":"f","input":{"a": [1, "x \" y"]}}})";
  const Row rows[] = {
      {"text", answer(R"({"text":"Hi"})"), "text Hi; stop"},
      {"texts", answer(R"({"text":"a"},{"text":""},{"text":"\n"})"), R"(text a; text \n; stop)"},
      {"empty", answer(""), "stop"},
      {"tool", answer(tool, "tool_use"), R"(call t1 f {\"a\":[1,\"x \\\" y\"]}; tool_calls)"},
      {"trap 14: end_turn with a call", answer(tool),
       R"(call t1 f {\"a\":[1,\"x \\\" y\"]}; tool_calls)"},
      {"trap 13: max_tokens with a call", answer(tool, "max_tokens"),
       R"(call t1 f {\"a\":[1,\"x \\\" y\"]}; length)"},
      {"trap 13: cut call",
       answer(R"({"text":"a"},{"toolUse":{"toolUseId":"t","name":"f","input":"{\"a"}})",
              "max_tokens"),
       "text a; length"},
      {"no input", answer(R"({"toolUse":{"toolUseId":"t","name":"f"}})", "tool_use"),
       "call t f {}; tool_calls"},
      {"null input", answer(R"({"toolUse":{"toolUseId":"t","name":"f","input":null}})", "tool_use"),
       "call t f {}; tool_calls"},
      {"trap 28: alias",
       answer(R"({"toolUse":{"toolUseId":"t","name":"a_b_1","input":{}}})", "tool_use"),
       "call t a.b {}; tool_calls"},
      {"invented name",
       answer(R"({"toolUse":{"toolUseId":"t","name":"functions g","input":{}}})", "tool_use"),
       "call t functions g {}; tool_calls"},
      {"server tool",
       answer(R"({"toolUse":{"toolUseId":"t","name":"s","input":{},"type":"server_tool_use"}},)"
              R"({"toolResult":{"toolUseId":"t","content":[{"text":"r"}]}},{"text":"a"})",
              "tool_use"),
       "text a; stop"},
      {"reasoning",
       answer(
           R"({"reasoningContent":{"reasoningText":{"text":"T","signature":"S"}}},{"text":"a"})"),
       "text a; reasoning T|S|; stop"},
      {"signature only",
       answer(R"({"reasoningContent":{"reasoningText":{"text":"","signature":"S"}}})"),
       "reasoning |S|; stop"},
      {"redacted only", answer(R"({"reasoningContent":{"redactedContent":"QQ=="}})"),
       "reasoning ||QQ==; stop"},
      {"citations",
       answer(R"({"citationsContent":{"content":[{"text":"a"},{"text":"b"}],"citations":[]}})"),
       "text a; text b; stop"},
      {"citations of the web and of a page",
       answer(R"({"text":"\ud83d\ude00\n"},{"citationsContent":{"content":[{"text":"abc"}],)"
              R"("citations":[{"title":"T","location":{"web":{"url":"https://x/","domain":"x"}}},)"
              R"({"title":"P","location":{"documentPage":{"documentIndex":0,"start":1}}}]}},)"
              R"({"text":"z"},{"citationsContent":{"content":[{"text":"é"}],"citations":[{}]}})"),
       R"(text \ud83d\ude00\n; text abc; text z; text é; citation 2-5 https://x/|T; )"
       R"(citation 2-5 |P; citation 6-7 |; stop)"},
      {"pictures",
       answer(R"({"image":{"format":"png","source":{"bytes":"QUJD"}}},)"
              R"({"image":{"format":"jpeg","source":{"bytes":"\/\/8="}}},)"
              R"({"image":{"format":"png","error":{"message":"no"}}},)"
              R"({"image":{"format":"bmp","source":{"bytes":"QUJD"}}},)"
              R"({"image":{"format":"png","source":{"bytes":"\"<script>"}}})"),
       "image png QUJD; image jpeg //8=; stop"},
      {"unknown block", answer(R"({"hologram":{}},{"text":"a"})"), "text a; stop"},
      {"padding key", answer(R"({"text":"a"})", "end_turn", R"(,"p":"abcd")"), "text a; stop"},
      {"lone surrogate at the end", answer(R"({"text":"a\ud83d"})", "max_tokens"),
       R"(text a\ufffd; length)"},
      {"trap 38: 200 that is an error",
       R"({"Output":{"__type":"com.amazon#UnknownOperationException"},"Version":"1.0"})",
       "error upstream_bad_response"},
      {"null output", R"({"output":null,"stopReason":"end_turn"})", "error upstream_bad_response"},
      {"array", "[]", "error upstream_bad_response"},
      {"cut", R"({"output":{"message")", "error upstream_bad_response"},
      {"nothing", "", "error upstream_bad_response"},
      {"trap 12: malformed", answer("", "malformed_tool_use"), "error malformed_tool_use"},
      {"trap 12: malformed output", answer(R"({"text":"x"})", "malformed_model_output"),
       "error malformed_model_output"},
  };
  const ReplyContext context{{{"a_b_1", "a.b"}}};
  for (const Row& row : rows) {
    const json::PaddedBuffer body{std::string_view(row.body)};
    const auto reply = decode(body, context);
    if (reply) {
      EXPECT_EQ(summary(*reply), row.expected) << row.name;
    } else {
      const Error& error = reply.error();
      EXPECT_EQ(status_of(error), 502) << row.name;
      const std::string_view code =
          error.code.empty() ? row_of(error.kind).code : std::string_view(error.code);
      EXPECT_EQ("error " + std::string(code), row.expected) << row.name;
    }
  }
}

std::string call_of(std::string_view name, std::string_view input) {
  return R"({"toolUse":{"toolUseId":"t","name":")" + std::string(name) + R"(","input":)" +
         std::string(input) + "}}";
}

// What the request asked for by means of tools comes back as what it is.
TEST(ConverseReply, ToolsThatStandForSomethingElse) {
  ReplyContext context;
  context.tool_names = {{"ps_1", "run ps"}};
  context.custom_tools = {"ps_1"};
  context.wrapped_tools = {"list"};
  context.placeholder_tool = "no_op";
  context.format_tool = "json_response";
  const std::string format = call_of("json_response", R"({"a": 1})");
  const Row rows[] = {
      {"custom", answer(call_of("ps_1", R"({"input":"a \"b\"\n"})"), "tool_use"),
       R"(custom t run ps a \"b\"\n; tool_calls)"},
      {"custom, not as asked", answer(call_of("ps_1", R"({"x": 1})"), "tool_use"),
       R"(custom t run ps {\"x\":1}; tool_calls)"},
      {"custom, an object for a text", answer(call_of("ps_1", R"({"input": {}})"), "tool_use"),
       "custom t run ps {}; tool_calls"},
      {"wrapped", answer(call_of("list", R"({"value": [1, "x"]})"), "tool_use"),
       R"(call t list [1,\"x\"]; tool_calls)"},
      {"placeholder", answer(R"({"text":"a"},)" + call_of("no_op", "{}"), "tool_use"),
       "text a; stop"},
      {"format", answer(R"({"text":"Here:"},)" + format, "tool_use"), R"(text {\"a\":1}; stop)"},
      {"format, cut off",
       answer(call_of("f", "{}") + "," + call_of("json_response", R"("{\"a")"), "max_tokens"),
       "call t f {}; length"},
      {"format alone, cut off", answer(call_of("json_response", R"("{\"a")"), "max_tokens"),
       R"(text {\"a; length)"},
      {"format not called", answer(R"({"text":"```json\n{}\n```"})"), "text {}; stop"},
      {"format beside a call", answer(format + "," + call_of("f", "{}"), "tool_use"),
       "call t f {}; tool_calls"},
  };
  for (const Row& row : rows) {
    const json::PaddedBuffer body{std::string_view(row.body)};
    const auto reply = decode(body, context);
    ASSERT_TRUE(reply) << row.name;
    EXPECT_EQ(summary(*reply), row.expected) << row.name;
  }
  context.wrapped_format = true;
  const json::PaddedBuffer wrapped{
      std::string_view(answer(call_of("json_response", R"({"value": [1, 2]})"), "tool_use"))};
  const auto reply = decode(wrapped, context);
  ASSERT_TRUE(reply);
  EXPECT_EQ(summary(*reply), "text [1,2]; stop");
}

TEST(ConverseReply, LegacyFunctions) {
  ReplyContext context;
  context.legacy_functions = true;
  const json::PaddedBuffer body{std::string_view(answer(call_of("f", "{}"), "tool_use"))};
  const auto reply = decode(body, context);
  ASSERT_TRUE(reply);
  EXPECT_TRUE(reply->legacy_functions);
  EXPECT_EQ(reply->finish, FinishReason::function_call);
  const json::PaddedBuffer said{std::string_view(answer(R"({"text":"a"})"))};
  EXPECT_EQ(decode(said, context)->finish, FinishReason::stop);
}

// trap 31: one fence around JSON goes, everything else stays.
TEST(ConverseReply, Trap31Fences) {
  ReplyContext context;
  context.json_object = true;
  const std::pair<std::string_view, std::string_view> rows[] = {
      {"{}", "{}"},
      {R"(```json\n{\n}\n```)", R"({\n})"},
      {R"( \n```\r\n{}\r\n``` \n)", "{}"},
      {"```JSON {}```", "{}"},
      {"```{}```", "{}"},
      {R"(```json\n[1]\n)", R"([1]\n)"},
      {R"(```json\n{\"a\":\"```\"}\n```)", R"({\"a\":\"```\"})"},
      {R"(```json\n{}\n```\nThere.)", R"({}\n```\nThere.)"},
      {R"(```json\n{}\n````)", R"({}\n````)"},
      {R"(```json\n{}\n``)", R"({}\n``)"},
      {"```", "```"},
      {"``` is a fence", "``` is a fence"},
      {"``", "``"},
      {R"(Here:\n```json\n{}\n```)", R"(Here:\n```json\n{}\n```)"},
      {"", ""},
  };
  for (const auto& [from, to] : rows) {
    const std::string block = R"({"text":")" + std::string(from) + "\"}";
    const json::PaddedBuffer body{std::string_view(answer(block))};
    const auto reply = decode(body, context);
    ASSERT_TRUE(reply);
    std::string content;
    for (const Text text : reply->texts) content.append(text.escaped());
    EXPECT_EQ(content, to) << from;
    for (std::size_t cut = 0; cut <= from.size(); ++cut) {
      if (cut > 0 && from[cut - 1] == '\\') continue;  // pieces hold whole escapes
      bedrock::CodeFence fence;
      std::string out;
      fence.push(from.substr(0, cut), out);
      fence.push(from.substr(cut), out);
      fence.finish(out);
      EXPECT_EQ(out, to) << from << " at " << cut;
    }
  }
  // What may be a fence is kept back for so long, not longer.
  bedrock::CodeFence fence;
  std::string out;
  fence.push("```{", out);
  for (int i = 0; i < 1000; ++i) fence.push(" ", out);
  EXPECT_GE(out.size(), 1001 - bedrock::CodeFence::kMaxHeld - 1);
}

struct StopRow {
  std::string_view word;
  FinishReason plain;
  FinishReason with_call;
};

// trap 11: no vendor word reaches a client, and no filter looks like an ordinary end.
TEST(ConverseReply, Trap11StopReasons) {
  using enum FinishReason;
  const StopRow rows[] = {
      {"end_turn", stop, tool_calls},
      {"stop_sequence", stop, stop},
      {"tool_use", stop, tool_calls},
      {"max_tokens", length, length},
      {"model_context_window_exceeded", length, length},
      {"content_filtered", content_filter, content_filter},
      {"guardrail_intervened", content_filter, content_filter},
      {"brand_new", stop, tool_calls},
      {"", stop, tool_calls},
  };
  for (const StopRow& row : rows) {
    EXPECT_EQ(bedrock::decode_stop_reason(row.word, bedrock::ClientCalls::none).finish, row.plain);
    EXPECT_EQ(bedrock::decode_stop_reason(row.word, bedrock::ClientCalls::some).finish,
              row.with_call);
  }
  EXPECT_EQ(bedrock::known_stop_reasons().size(), 9U);
  const json::PaddedBuffer body{std::string_view(answer(R"({"text":"a"})", "brand_new"))};
  const auto reply = decode(body);
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->facts.stop_reason, "brand_new");
  EXPECT_EQ(reply->facts.unknown_items, (UnknownItems{0, 0, 1, 0}));
}

TEST(ConverseReply, CountsWhatItDoesNotKnowByKind) {
  const std::string_view blocks = R"({"text":"a"},{"hologram":{}},{"video":{}},)"
                                  R"({"image":{"format":"png","source":{"teapot":1}}})";
  const json::PaddedBuffer body{std::string_view(answer(blocks, "brand_new"))};
  const auto reply = decode(body);
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->facts.unknown_items, (UnknownItems{0, 2, 1, 1}));
}

// What is malformed was made and is billed.
TEST(ConverseReply, AnAnswerWithoutUseTellsWhatItCost) {
  const std::string usage = R"(,"usage":{"inputTokens":3,"outputTokens":4,"totalTokens":7})";
  for (const std::string& text :
       {answer(R"({"text":"x"})", "malformed_model_output", usage),
        answer("", "malformed_tool_use", usage), R"({"stopReason":"end_turn")" + usage + "}"}) {
    const json::PaddedBuffer body{std::string_view(text)};
    const auto reply = decode(body);
    ASSERT_FALSE(reply);
    ASSERT_TRUE(reply.error().usage) << text;
    EXPECT_EQ(reply.error().usage->input, 3U);
    EXPECT_EQ(reply.error().usage->output, 4U);
  }
  const json::PaddedBuffer silent{std::string_view(answer("", "malformed_tool_use"))};
  EXPECT_FALSE(decode(silent).error().usage);
}

TEST(ConverseReply, Trap15And16Usage) {
  const json::PaddedBuffer body{std::string_view(answer(
      R"({"text":"a"})", "end_turn",
      R"(,"usage":{"inputTokens":20,"outputTokens":46,"totalTokens":1090,"cacheReadInputTokens":1000,)"
      R"("cacheWriteInputTokens":24,"cacheDetails":[{"ttl":"1h","inputTokens":4},{"ttl":"5m","inputTokens":20}]},)"
      R"("metrics":{"latencyMs":2083},"serviceTier":{"type":"reserved"})"))};
  const auto reply = decode(body);
  ASSERT_TRUE(reply && reply->usage);
  EXPECT_EQ(reply->usage->input, 20U);
  EXPECT_EQ(reply->usage->output, 46U);
  EXPECT_EQ(reply->usage->cache_read, 1000U);
  EXPECT_EQ(reply->usage->cache_write_5m, 20U);
  EXPECT_EQ(reply->usage->cache_write_1h, 4U);
  EXPECT_EQ(reply->usage->prompt(), 1044U);
  EXPECT_EQ(reply->usage->total(), 1090U);
  EXPECT_EQ(reply->usage->reasoning, 0U);  // a model that can not reason
  ReplyContext reasons;
  reasons.may_reason = true;
  const auto reasoned = decode(body, reasons);
  ASSERT_TRUE(reasoned && reasoned->usage);
  EXPECT_FALSE(reasoned->usage->reasoning);  // nobody says
  EXPECT_EQ(reply->facts.latency_ms, 2083U);
  EXPECT_EQ(reply->service_tier.escaped(), "default");
}

TEST(ConverseReply, MissingUsageIsNotZero) {
  for (const std::string_view usage : {"", R"(,"usage":null)", R"(,"usage":{"inputTokens":1})",
                                       R"(,"usage":{"inputTokens":-1,"outputTokens":2})"}) {
    const json::PaddedBuffer body{std::string_view(answer(R"({"text":"a"})", "end_turn", usage))};
    const auto reply = decode(body);
    ASSERT_TRUE(reply);
    EXPECT_FALSE(reply->usage) << usage;
  }
}

}  // namespace
}  // namespace oriel::convert
