// Golden chat.completion bodies, model objects and error bodies, byte for byte.
#include "convert/openai/chat_reply.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "convert/json/padded_buffer.h"
#include "convert/json/reader.h"
#include "convert/json/writer.h"
#include "convert/openai/chat_request.h"
#include "convert/openai/error_body.h"
#include "convert/openai/models.h"

namespace oriel::convert {
namespace {

const Envelope kEnvelope{"chatcmpl-1f", 1795222800, Text::literal("gpt-4o-mini")};
constexpr char kHead[] =
    R"({"id":"chatcmpl-1f","object":"chat.completion","created":1795222800,"model":"gpt-4o-mini",)";

std::string written(const ChatReply& reply) {
  std::string out;
  write_chat_reply(reply, kEnvelope, out);
  return out;
}

// The body around a message's members behind "role" and a finish reason.
std::string body(const std::string& message, const std::string& finish) {
  return kHead + (R"("choices":[{"index":0,"message":{"role":"assistant",)" + message) +
         R"(},"logprobs":null,"finish_reason":")" + finish + R"("}]})";
}

TEST(ChatReply, ReasoningTextAndTools) {
  ChatReply reply;
  reply.texts = {Text::literal("Let me "), Text::literal("check.")};
  reply.tool_calls = {{Text::literal("tooluse_k1"), Text::literal("get_weather"),
                       Text::from_escaped(R"({\"city\":\"Oslo\"})")}};
  reply.reasoning = {{Text::literal("Need weather."), Text::literal("SIG=="), Text()}};
  reply.finish = FinishReason::tool_calls;
  reply.usage.emplace();
  reply.usage->input = 20;
  reply.usage->output = 46;
  reply.usage->cache_read = 1000;
  reply.usage->cache_write_5m = 20;
  reply.usage->cache_write_1h = 4;
  reply.usage->reasoning = 0;
  reply.service_tier = Text::literal("default");
  EXPECT_EQ(
      written(reply),
      std::string(kHead) +
          R"("choices":[{"index":0,"message":{"role":"assistant","content":"Let me check.",)"
          R"("refusal":null,"annotations":[],"tool_calls":[{"id":"tooluse_k1","type":"function",)"
          R"("function":{"name":"get_weather","arguments":"{\"city\":\"Oslo\"}"}}],)"
          R"("reasoning_content":"Need weather.","thinking_blocks":[{"type":"thinking",)"
          R"("thinking":"Need weather.","signature":"SIG=="}]},"logprobs":null,)"
          R"("finish_reason":"tool_calls"}],"usage":{"prompt_tokens":1044,"completion_tokens":46,)"
          R"("total_tokens":1090,"prompt_tokens_details":{"cached_tokens":1000,)"
          R"("cache_write_tokens":24,"audio_tokens":0},"completion_tokens_details":{)"
          R"("reasoning_tokens":0,"audio_tokens":0,"accepted_prediction_tokens":0,)"
          R"("rejected_prediction_tokens":0}},"service_tier":"default"})");
}

TEST(ChatReply, ContentIsNullOnlyBesideToolCalls) {
  ChatReply reply;
  EXPECT_EQ(written(reply), body(R"("content":"","refusal":null,"annotations":[])", "stop"));
  reply.texts = {Text(), Text()};
  EXPECT_EQ(written(reply), body(R"("content":"","refusal":null,"annotations":[])", "stop"));
  reply.tool_calls = {{Text::literal("a"), Text::literal("f"), Text::literal("{}")}};
  EXPECT_EQ(written(reply),
            body(R"("content":null,"refusal":null,"annotations":[],"tool_calls":[{"id":"a",)"
                 R"("type":"function","function":{"name":"f","arguments":"{}"}}])",
                 "stop"));
}

TEST(ChatReply, EscapedTextGoesThroughUntouched) {
  ChatReply reply;
  reply.texts = {Text::from_escaped(R"(\"\u00e9)"), Text::from_escaped(R"(\n\\)")};
  reply.finish = FinishReason::length;
  EXPECT_EQ(written(reply),
            body(R"("content":"\"\u00e9\n\\","refusal":null,"annotations":[])", "length"));
}

TEST(ChatReply, ReasoningBlocksOfEveryForm) {
  ChatReply reply;
  reply.texts = {Text::literal("x")};
  reply.reasoning = {{Text::literal("a"), Text(), Text()},
                     {Text(), Text(), Text::literal("UkVE")},
                     {Text(), Text::literal("S"), Text()},
                     {Text::literal("b"), Text(), Text()}};
  EXPECT_EQ(written(reply),
            body(R"("content":"x","refusal":null,"annotations":[],"reasoning_content":"ab",)"
                 R"("thinking_blocks":[{"type":"thinking","thinking":"a"},)"
                 R"({"type":"redacted_thinking","data":"UkVE"},)"
                 R"({"type":"thinking","thinking":"","signature":"S"},)"
                 R"({"type":"thinking","thinking":"b"}])",
                 "stop"));
  reply.reasoning.resize(3);
  reply.reasoning.erase(reply.reasoning.begin());
  EXPECT_EQ(written(reply).find("reasoning_content"), std::string::npos);
}

TEST(ChatReply, CitationsAndImages) {
  ChatReply reply;
  reply.texts = {Text::literal("x")};
  reply.citations = {
      {0, 1, Text::literal("T"), Text::from_escaped(R"(https:\/\/x\/)"), {R"({"title":"T"})"}},
      {0, 1, Text::literal("P"), Text(), {R"({"title":"P"})"}},
      {0, 1, Text(), Text(), {}}};
  Media image;
  image.format = "webp";
  image.base64 = "QUJD";
  reply.images = {image};
  EXPECT_EQ(written(reply),
            body(R"("content":"x","refusal":null,"annotations":[{"type":"url_citation",)"
                 R"("url_citation":{"start_index":0,"end_index":1,"title":"T",)"
                 R"("url":"https:\/\/x\/"}}],"citations":[{"start_index":0,"end_index":1,)"
                 R"("source":{"title":"P"}},{"start_index":0,"end_index":1,"source":null}],)"
                 R"("images":[{"type":"image_url","image_url":)"
                 R"({"url":"data:image/webp;base64,QUJD"}}])",
                 "stop"));
}

TEST(ChatReply, CallsOfOtherForms) {
  ChatReply reply;
  reply.tool_calls = {{Text::literal("a"), Text::literal("f"), Text::from_escaped(R"(\n)"), true}};
  EXPECT_EQ(written(reply),
            body(R"("content":null,"refusal":null,"annotations":[],"tool_calls":[{"id":"a",)"
                 R"("type":"custom","custom":{"name":"f","input":"\n"}}])",
                 "stop"));
  reply.tool_calls[0].custom = false;
  reply.tool_calls.push_back(reply.tool_calls[0]);
  reply.legacy_functions = true;
  reply.finish = FinishReason::function_call;
  EXPECT_EQ(written(reply),
            body(R"("content":null,"refusal":null,"annotations":[],"function_call":)"
                 R"({"name":"f","arguments":"\n"})",
                 "function_call"));
}

TEST(ChatReply, SeveralChoices) {
  std::vector<ChatReply> replies(2);
  for (ChatReply& reply : replies) {
    reply.usage.emplace();
    reply.usage->input = 10;
    reply.usage->output = 5;
    reply.usage->reasoning = 1;
  }
  replies[1].finish = FinishReason::length;
  std::string out;
  write_chat_reply(replies, kEnvelope, out);
  const auto choice = [](const std::string& index, const std::string& finish) {
    return R"({"index":)" + index +
           R"(,"message":{"role":"assistant","content":"","refusal":null,"annotations":[]},)"
           R"("logprobs":null,"finish_reason":")" +
           finish + "\"}";
  };
  EXPECT_EQ(out, kHead + (R"("choices":[)" + choice("0", "stop")) + "," + choice("1", "length") +
                     R"(],"usage":{"prompt_tokens":20,"completion_tokens":10,"total_tokens":30,)"
                     R"("prompt_tokens_details":{"cached_tokens":0,"cache_write_tokens":0,)"
                     R"("audio_tokens":0},"completion_tokens_details":{"reasoning_tokens":2,)"
                     R"("audio_tokens":0,"accepted_prediction_tokens":0,)"
                     R"("rejected_prediction_tokens":0}}})");
}

TEST(ChatReply, UnknownReasoningTokensAreNotWritten) {
  ChatReply reply;
  reply.usage.emplace();
  const std::string out = written(reply);
  EXPECT_EQ(out.find("reasoning_tokens"), std::string::npos);
  EXPECT_NE(out.find(R"("completion_tokens_details":{"audio_tokens":0,)"), std::string::npos);
}

TEST(ChatReply, ASourceIsPassedOnWithTheClientsModel) {
  ChatReply reply;
  const std::string source = R"({"id":"up","model":"upstream-name", "x":1})";
  reply.source = {source};
  const auto begin = static_cast<std::uint32_t>(source.find("\"upstream-name\""));
  reply.source_model_span = {begin, begin + 15};
  EXPECT_EQ(written(reply), R"({"id":"up","model":"gpt-4o-mini", "x":1})");
  reply.source_model_span = {};
  EXPECT_EQ(written(reply), source);
  reply.source_model_span = {begin, 4000};  // not inside: nothing to replace
  EXPECT_EQ(written(reply), source);
}

std::string printed(ErrorKind kind, std::string_view message, std::string_view param = "",
                    std::string_view code = "", std::string_view type = "") {
  Error error;
  error.kind = kind;
  error.message = message;
  error.detail = "for the log only";
  error.param = param;
  error.code = code;
  error.type = type;
  std::string out;
  write_error_body(error, out);
  return out;
}

// The message of an answer is one that a client may send back as history.
TEST(ChatReply, AnAnswerIsGoodHistory) {
  ChatReply reply;
  reply.tool_calls = {{Text::literal("c1"), Text::literal("f"), Text::from_escaped(R"({\"a\":1})")},
                      {Text::literal("c2"), Text::literal("g"), Text::literal("{}")}};
  reply.reasoning = {{Text::literal("hm"), Text::literal("S"), Text()}};
  json::Reader reader;
  const json::PaddedBuffer answer(written(reply));
  const auto root = reader.read(answer);
  ASSERT_TRUE(root);
  const json::Member choice = *root->find("choices")->children().begin();
  std::string request;
  json::Writer writer(request);
  writer.begin_object().key("model").string("m").key("messages").begin_array();
  writer.raw(choice.value.find("message")->raw()).end_array().end_object();
  const json::PaddedBuffer body(request);
  const auto parsed = parse_chat_request(body.view(), reader);
  ASSERT_TRUE(parsed) << parsed.error().message;
  ASSERT_EQ(parsed->messages[0].tool_calls.size(), 2U);
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(parsed->messages[0].tool_calls[i].id, reply.tool_calls[i].id);
    EXPECT_EQ(parsed->messages[0].tool_calls[i].name, reply.tool_calls[i].name);
    EXPECT_EQ(parsed->messages[0].tool_calls[i].arguments, reply.tool_calls[i].arguments);
  }
}

TEST(ErrorBody, AllFourKeysAlways) {
  using enum ErrorKind;
  EXPECT_EQ(printed(invalid_request, "a \"b\"\n", "x[0].y", "c"),
            R"({"error":{"message":"a \"b\"\n","type":"invalid_request_error",)"
            R"("param":"x[0].y","code":"c"}})");
  EXPECT_EQ(printed(invalid_request, ""),
            R"({"error":{"message":"Invalid request.","type":"invalid_request_error",)"
            R"("param":null,"code":null}})");
  EXPECT_EQ(printed(rate_limited, "m", "", "", "tokens"),
            R"({"error":{"message":"m","type":"tokens","param":null,)"
            R"("code":"rate_limit_exceeded"}})");
  EXPECT_EQ(printed(internal, ""),
            R"({"error":{"message":"The server had an error while processing your request. )"
            R"(Sorry about that!","type":"server_error","param":null,"code":null}})");
  EXPECT_EQ(printed(invalid_request, "\xff"),
            "{\"error\":{\"message\":\"\xEF\xBF\xBD\",\"type\":\"invalid_request_error\","
            "\"param\":null,\"code\":null}}");
}

TEST(Models, OnlyWhatIsKnown) {
  ModelInfo plain;
  plain.id = "m/a:0";
  plain.owned_by = "amazon";
  std::string out;
  write_model(plain, out);
  EXPECT_EQ(out, R"({"id":"m/a:0","object":"model","created":0,"owned_by":"amazon","gateway":{}})");
}

TEST(Models, EverythingThatIsKnown) {
  ModelInfo full;
  full.id = "m";
  full.created = 17;
  full.owned_by = "anthropic";
  full.context_length = 200000;
  full.max_output_tokens = 8192;
  full.provider = "bedrock";
  full.model_id = "up:0";
  full.profile = "us.up:0";
  full.regions = {"us-east-1", "us-west-2"};
  full.input_modalities = {"TEXT", "IMAGE"};
  full.output_modalities = {"TEXT"};
  full.streaming = true;
  full.tools = true;
  full.structured_output = false;
  full.prompt_cache = true;
  full.lifecycle = "ACTIVE";
  full.aliases = {"a"};
  std::string out;
  write_model(full, out);
  EXPECT_EQ(
      out,
      R"({"id":"m","object":"model","created":17,"owned_by":"anthropic",)"
      R"("context_length":200000,"max_model_len":200000,"gateway":{"provider":"bedrock",)"
      R"("model_id":"up:0","profile":"us.up:0","regions":["us-east-1","us-west-2"],)"
      R"("context_length":200000,"max_output_tokens":8192,"input_modalities":["TEXT","IMAGE"],)"
      R"("output_modalities":["TEXT"],"streaming":true,"tools":true,)"
      R"("structured_output":false,"prompt_cache":true,"lifecycle":"ACTIVE","aliases":["a"]}})");
}

TEST(Models, Lists) {
  std::string out;
  write_model_list({}, out);
  EXPECT_EQ(out, R"({"object":"list","data":[]})");
  out.clear();
  ModelInfo a;
  a.id = "a\"";
  ModelInfo b;
  b.id = "b";
  write_model_list(std::vector{a, b}, out);
  EXPECT_EQ(
      out, R"({"object":"list","data":[{"id":"a\"","object":"model","created":0,"owned_by":"",)"
           R"("gateway":{}},{"id":"b","object":"model","created":0,"owned_by":"","gateway":{}}]})");
}

}  // namespace
}  // namespace oriel::convert
