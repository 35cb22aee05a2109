// Good requests: what the neutral model makes of them, and whose bytes it borrows.
#include "convert/openai/chat_request.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/convert/openai/parsed_request.h"

namespace oriel::convert {
namespace {

using Kind = ContentPart::Kind;

constexpr char kPng[] = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJ";
constexpr char kJpeg[] = "/9j/4AAQSkZJRgABAQAAAQABAAD/";

TEST(ChatRequest, TheSmallest) {
  const Parsed parsed(R"({"model":"m","messages":[{"role":"user","content":"hi"}]})");
  const ChatRequest& request = parsed.request;
  EXPECT_EQ(request.model.escaped(), "m");
  ASSERT_EQ(request.messages.size(), 1U);
  EXPECT_EQ(request.messages[0].role, Role::user);
  ASSERT_EQ(request.messages[0].parts.size(), 1U);
  EXPECT_EQ(request.messages[0].parts[0].text.escaped(), "hi");
  EXPECT_TRUE(parsed.borrows(request.messages[0].parts[0].text.escaped()));
  EXPECT_FALSE(request.stream);
  EXPECT_FALSE(request.include_usage);
  EXPECT_FALSE(request.sampling.max_tokens);
  EXPECT_FALSE(request.sampling.temperature);
  EXPECT_FALSE(request.sampling.top_p);
  EXPECT_FALSE(request.parallel_tool_calls);
  EXPECT_EQ(request.format.kind, ResponseFormat::Kind::text);
  EXPECT_FALSE(request.effort);
  EXPECT_EQ(request.choices, 1U);
  EXPECT_FALSE(request.legacy_functions);
  EXPECT_TRUE(request.sampling.stop.empty());
  EXPECT_TRUE(request.extras.empty());
  EXPECT_EQ(request.tool_choice.mode, ToolChoice::Mode::unset);
  EXPECT_EQ(request.source.data(), parsed.body.view().data());
  EXPECT_EQ(request.source, parsed.body.view());
  EXPECT_EQ(parsed.at(request.model_span), "\"m\"");
  EXPECT_FALSE(request.stream_options_span.present());
}

TEST(ChatRequest, EveryFieldOfTheModel) {
  const Parsed parsed(R"( {"stream_options" : {"include_usage":true,"include_obfuscation":false} ,
    "tool_choice":{"function":{"name":"g"},"type":"function"}, "stream":true,
    "max_tokens":5, "max_completion_tokens":7, "temperature":0.7, "top_p":1, "stop":["a","\n"],
    "parallel_tool_calls":false, "messages":[{"content":"hi","role":"user"}], "model" : "a\/b",
    "tools":[{"type":"function","function":{"name":"f"}},
      {"type":"function","function":{"name":"g","description":"d","parameters":{"type":"object"},
       "strict":true}}]} )");
  const ChatRequest& request = parsed.request;
  EXPECT_EQ(request.model.escaped(), R"(a\/b)");
  EXPECT_EQ(parsed.at(request.model_span), R"("a\/b")");
  EXPECT_EQ(parsed.at(request.stream_options_span),
            R"({"include_usage":true,"include_obfuscation":false})");
  EXPECT_TRUE(request.stream);
  EXPECT_TRUE(request.include_usage);
  EXPECT_EQ(request.sampling.max_tokens, 7);
  EXPECT_EQ(request.sampling.temperature, 0.7);
  EXPECT_EQ(request.sampling.top_p, 1.0);
  EXPECT_EQ(request.sampling.stop, (std::vector{Text::literal("a"), Text::from_escaped(R"(\n)")}));
  EXPECT_EQ(request.parallel_tool_calls, false);
  EXPECT_EQ(request.tool_choice.mode, ToolChoice::Mode::named);
  EXPECT_EQ(request.tool_choice.name.escaped(), "g");
  ASSERT_EQ(request.tools.size(), 2U);
  EXPECT_EQ(request.tools[0].name.escaped(), "f");
  EXPECT_FALSE(request.tools[0].description);
  EXPECT_TRUE(request.tools[0].parameters.empty());
  EXPECT_FALSE(request.tools[0].strict);
  EXPECT_EQ(request.tools[1].description->escaped(), "d");
  EXPECT_EQ(request.tools[1].parameters.text, R"({"type":"object"})");
  EXPECT_TRUE(request.tools[1].strict);
  EXPECT_TRUE(request.extras.empty());
}

TEST(ChatRequest, MaxTokensByEitherNameInEitherOrder) {
  const std::pair<const char*, std::int64_t> rows[] = {
      {R"("max_tokens":5)", 5},
      {R"("max_completion_tokens":7)", 7},
      {R"("max_tokens":5,"max_completion_tokens":7)", 7},
      {R"("max_completion_tokens":7,"max_tokens":5)", 7},
      {R"("max_completion_tokens":null,"max_tokens":5)", 5},
  };
  for (const auto& [members, expected] : rows) {
    EXPECT_EQ(Parsed(with(members)).request.sampling.max_tokens, expected) << members;
  }
}

TEST(ChatRequest, NullIsAbsent) {
  const Parsed parsed(with(
      R"("stream":null,"stream_options":null,"max_tokens":null,"temperature":null,"top_p":null,
      "stop":null,"tools":null,"tool_choice":null,"parallel_tool_calls":null,"n":null,"seed":null,
      "logprobs":null,"functions":null,"function_call":null,"response_format":null,"user":null,
      "reasoning_effort":null,"metadata":null,"something_new":null)"));
  EXPECT_TRUE(parsed.request.extras.empty());
  EXPECT_FALSE(parsed.request.stream);
  EXPECT_EQ(parsed.at(parsed.request.stream_options_span), "null");
}

TEST(ChatRequest, WhatSaysNothingIsNoExtra) {
  const Parsed parsed(with(
      R"("n":1,"logprobs":false,"top_logprobs":0,"logit_bias":{},"presence_penalty":0,
      "frequency_penalty":0.0,"store":false,"modalities":["text"],"service_tier":"auto",
      "response_format":{"type":"text"},"metadata":{},"user":"","tools":[],"tool_choice":"auto",
      "extra_body":{},"top_k":-1)"));
  EXPECT_EQ(parsed.extras(), std::vector<std::string>{});
  EXPECT_EQ(parsed.request.tool_choice.mode, ToolChoice::Mode::unset);
  EXPECT_EQ(Parsed(with(R"("tool_choice":"none")")).request.tool_choice.mode,
            ToolChoice::Mode::unset);
}

TEST(ChatRequest, TheRestIsExtra) {
  const std::vector<std::string> members = {R"("seed":-1)",
                                            R"("logprobs":true)",
                                            R"("top_logprobs":3)",
                                            R"("logit_bias":{"5":-100})",
                                            R"("presence_penalty":-2)",
                                            R"("frequency_penalty":0.5)",
                                            R"("store":true)",
                                            R"("modalities":["text","audio"])",
                                            R"("service_tier":"flex")",
                                            R"("metadata":{"a":1})",
                                            R"("user":"u")",
                                            R"("verbosity":"low")",
                                            R"("prediction":{"type":"content","content":"x"})",
                                            R"("prompt_cache_options":{"mode":"explicit"})",
                                            R"("prompt_cache_retention":"in_memory")",
                                            R"("moderation":{"model":"m","policy":null})",
                                            R"("web_search_options":{})",
                                            R"("safety_identifier":"s")",
                                            R"("reasoning_config":"low")",
                                            R"("reasoning":{"effort":"low"})",
                                            R"("thinking_budget_tokens":2048)",
                                            R"("guardrail_config":{})",
                                            R"("performanceConfig":{"latency":"optimized"})",
                                            R"("requestMetadata":{"a":"b"})",
                                            R"("promptVariables":{})",
                                            R"("additional_model_request_fields":{"a":1})",
                                            R"("additionalModelResponseFieldPaths":["/a"])",
                                            R"("top_k":40)",
                                            R"("min_p":0.1)",
                                            R"("thinking":{"type":"enabled"})",
                                            R"("enable_thinking":false)",
                                            R"("foo":[1, 2])",
                                            R"("":0)",
                                            R"("bar":false)"};
  std::string all;
  std::vector<std::string> expected;
  for (const std::string& member : members) {
    if (!all.empty()) all += ',';
    all += member;
    const std::size_t colon = member.find("\":");
    expected.push_back(member.substr(1, colon - 1) + "=" + member.substr(colon + 2));
  }
  const Parsed parsed(with(all));
  EXPECT_EQ(parsed.extras(), expected);
}

TEST(ChatRequest, UnknownNamesWithEscapesArePlainInExtras) {
  EXPECT_EQ(Parsed(with(R"("f\u006fo":1)")).extras(), std::vector<std::string>{"foo=1"});
}

TEST(ChatRequest, StopAsOneString) {
  EXPECT_EQ(Parsed(with(R"("stop":"END")")).request.sampling.stop,
            std::vector{Text::literal("END")});
  EXPECT_TRUE(Parsed(with(R"("stop":[])")).request.sampling.stop.empty());
  // More than OpenAI's four: what a model takes of them is the dialect's business.
  EXPECT_EQ(Parsed(with(R"("stop":["1","2","3","4","5","6"])")).request.sampling.stop.size(), 6U);
}

TEST(ChatRequest, Formats) {
  using FormatKind = ResponseFormat::Kind;
  EXPECT_EQ(Parsed(with(R"("response_format":{"type":"json_object"})")).request.format.kind,
            FormatKind::json_object);
  const Parsed bare(
      with(R"("response_format":{"type":"json_schema","json_schema":{"name":"n","schema":null}})"));
  EXPECT_EQ(bare.request.format.kind, FormatKind::json_schema);
  EXPECT_TRUE(bare.request.format.schema.empty());
  EXPECT_FALSE(bare.request.format.description);
  EXPECT_FALSE(bare.request.format.strict);
  const Parsed whole(with(
      R"("response_format":{"json_schema":{"strict":true,"schema":{"type": "object"},
      "description":"d\n","name":"\u006eame"},"type":"json_schema"})"));
  const ResponseFormat& format = whole.request.format;
  EXPECT_EQ(format.name.escaped(), "name");
  EXPECT_EQ(format.description->escaped(), R"(d\n)");
  EXPECT_EQ(format.schema.text, R"({"type": "object"})");
  EXPECT_TRUE(whole.borrows(format.schema.text));
  EXPECT_TRUE(format.strict);
  EXPECT_TRUE(whole.request.extras.empty());
}

TEST(ChatRequest, EffortsAndChoices) {
  for (const char* word : {"none", "minimal", "low", "medium", "high", "xhigh", "max"}) {
    const Parsed parsed(with("\"reasoning_effort\":\"" + std::string(word) + '"'));
    ASSERT_TRUE(parsed.request.effort) << word;
    EXPECT_EQ(to_string(*parsed.request.effort), word);
    EXPECT_TRUE(parsed.request.extras.empty());
  }
  EXPECT_EQ(Parsed(with(R"("reasoning_effort":"l\u006fw")")).request.effort, Effort::low);
  const Parsed many(with(R"("n":128)"));
  EXPECT_EQ(many.request.choices, 128U);
  EXPECT_TRUE(many.request.extras.empty());
}

TEST(ChatRequest, ExtraBodyHoldsFieldsOfTheRequest) {
  const Parsed parsed(
      R"({"extra_body":{"temperature":0.1,"top_p":0.5,"top_k":4,"n":3,"foo":1,"bar":2,"seed":1,
      "reasoning_effort":"low","messages":[{"role":"user","content":"inner"}],"model":"inner"},
      "temperature":0.9,"n":null,"f\u006fo":7,"model":"m",
      "messages":[{"role":"user","content":"outer"}]})");
  const ChatRequest& request = parsed.request;
  EXPECT_EQ(request.sampling.temperature, 0.9);
  EXPECT_EQ(request.sampling.top_p, 0.5);
  EXPECT_EQ(request.choices, 3U);
  EXPECT_EQ(request.effort, Effort::low);
  EXPECT_EQ(request.model.escaped(), "m");
  EXPECT_EQ(parsed.at(request.model_span), "\"m\"");
  ASSERT_EQ(request.messages.size(), 1U);
  EXPECT_EQ(request.messages[0].parts[0].text.escaped(), "outer");
  EXPECT_EQ(parsed.extras(), (std::vector<std::string>{"foo=7", "top_k=4", "bar=2", "seed=1"}));
  EXPECT_EQ(Parsed(R"({"extra_body":{"model":"m","messages":[{"role":"user","content":"a"}]}})")
                .request.model.escaped(),
            "m");
}

TEST(ChatRequest, ToolChoices) {
  const std::string tools = R"("tools":[{"type":"function","function":{"name":"f\u002d"}}],)";
  const std::pair<const char*, ToolChoice::Mode> rows[] = {
      {R"("auto")", ToolChoice::Mode::automatic},
      {R"("none")", ToolChoice::Mode::none},
      {R"("required")", ToolChoice::Mode::required},
      {R"({"type":"function","function":{"name":"f-"}})", ToolChoice::Mode::named},
      {"null", ToolChoice::Mode::unset},
  };
  for (const auto& [choice, mode] : rows) {
    const Parsed after(with(tools + "\"tool_choice\":" + choice));
    EXPECT_EQ(after.request.tool_choice.mode, mode) << choice;
    const std::string swapped = std::string("\"tool_choice\":") + choice + ',' + tools;
    const Parsed before(with(swapped.substr(0, swapped.size() - 1)));
    EXPECT_EQ(before.request.tool_choice.mode, mode) << choice;
    EXPECT_EQ(before.request.tools[0].name.escaped(), "f-");
  }
}

TEST(ChatRequest, AConversation) {
  const Parsed parsed(messages(R"(
    {"role":"system","content":[{"type":"text","text":"A"},{"type":"text","text":"B"}]},
    {"role":"developer","content":"D"},
    {"role":"user","content":"Q\u00e9","name":"ann"},
    {"role":"assistant","content":null,"refusal":null,"tool_calls":[
      {"id":"c\/1","type":"function","function":{"name":"f","arguments":"{\"a\":1}"}},
      {"id":"c2","type":"function","function":{"name":"g","arguments":""}}]},
    {"role":"tool","tool_call_id":"c/1","content":""},
    {"role":"tool","tool_call_id":"c2","content":[{"type":"text","text":"r"}]},
    {"role":"assistant","content":[{"type":"text","text":"T"},{"type":"refusal","refusal":"R"}]},
    {"role":"assistant","refusal":"no"},
    {"role":"assistant","content":null},
    {"role":"assistant","content":"x","tool_calls":[]},
    {"role":"user","content":[]})"));
  const auto& list = parsed.request.messages;
  ASSERT_EQ(list.size(), 11U);
  for (std::size_t i = 0; i < list.size(); ++i) EXPECT_EQ(list[i].index, i);
  EXPECT_EQ(list[0].role, Role::system);
  ASSERT_EQ(list[0].parts.size(), 2U);
  EXPECT_EQ(list[0].parts[1].text.escaped(), "B");
  EXPECT_EQ(list[1].role, Role::developer);
  EXPECT_EQ(list[2].parts[0].text.escaped(), R"(Q\u00e9)");
  EXPECT_TRUE(list[3].parts.empty());
  ASSERT_EQ(list[3].tool_calls.size(), 2U);
  EXPECT_EQ(list[3].tool_calls[0].id.escaped(), "c/1");
  EXPECT_EQ(list[3].tool_calls[0].name.escaped(), "f");
  EXPECT_EQ(list[3].tool_calls[0].arguments.escaped(), R"({\"a\":1})");
  EXPECT_TRUE(list[3].tool_calls[1].arguments.empty());
  EXPECT_EQ(list[4].role, Role::tool);
  EXPECT_EQ(list[4].tool_call_id, list[3].tool_calls[0].id);
  EXPECT_TRUE(list[4].parts[0].text.empty());
  EXPECT_EQ(list[5].parts[0].text.escaped(), "r");
  EXPECT_EQ(list[6].parts[1].kind, Kind::refusal);
  EXPECT_EQ(list[6].parts[1].text.escaped(), "R");
  ASSERT_EQ(list[7].parts.size(), 1U);
  EXPECT_EQ(list[7].parts[0].kind, Kind::refusal);
  EXPECT_TRUE(list[8].parts.empty());
  EXPECT_TRUE(list[9].tool_calls.empty());
  EXPECT_TRUE(list[10].parts.empty());
}

TEST(ChatRequest, ImagesAreBorrowedWhereTheyAreCanonical) {
  const Parsed parsed(image(std::string("data:image/png;base64,") + kPng));
  const ContentPart& part = parsed.request.messages[0].parts[0];
  EXPECT_EQ(part.kind, Kind::image);
  EXPECT_EQ(part.media.base64, kPng);
  EXPECT_EQ(part.media.format, "png");
  EXPECT_TRUE(part.media.url.empty());
  EXPECT_TRUE(parsed.borrows(part.media.base64));
}

TEST(ChatRequest, ImagesAreRepairedWhereTheyAreNot) {
  const std::string jpeg = kJpeg;
  const std::string url_safe = "_9j_4AAQSkZJRgABAQAAAQABAAD_";
  std::string slashes;
  for (const char c : jpeg) slashes += c == '/' ? std::string("\\/") : std::string(1, c);
  const std::pair<std::string, std::string> rows[] = {
      {"data:image\\/jpeg;base64," + slashes, jpeg},
      {"data:image/jpeg;base64," + url_safe, jpeg},
      {"data:image/jpeg;base64," + jpeg.substr(0, 8) + "\\r\\n " + jpeg.substr(8), jpeg},
      {"data:image/jpeg;base64,%2F9j%2F" + jpeg.substr(4), jpeg},
      {"DATA:IMAGE/JPG;charset=binary;BASE64," + jpeg, jpeg},
      {"data:;base64," + jpeg, jpeg},
      {"data:image/png;base64," + jpeg, jpeg},  // the bytes decide
      {"data:image/jpeg;base64," + jpeg + "QQ", jpeg + "QQ=="},
  };
  for (const auto& [url, base64] : rows) {
    const Parsed parsed(image(url));
    ASSERT_EQ(parsed.request.messages.size(), 1U) << url;
    const Media& picture = parsed.request.messages[0].parts[0].media;
    EXPECT_EQ(picture.base64, base64) << url;
    EXPECT_EQ(picture.format, "jpeg") << url;
  }
}

TEST(ChatRequest, TheLabelDecidesWhereTheBytesSayNothing) {
  const Parsed parsed(image("data:Image/X-PNG;base64,AAAAAAAA"));
  EXPECT_EQ(parsed.request.messages[0].parts[0].media.format, "png");
}

TEST(ChatRequest, ImageUrlsStay) {
  for (const char* url : {"https://x/y.png?a=b", "HTTP://x", R"(https:\/\/x\/y)", "s3://b/k"}) {
    const Parsed parsed(image(url));
    const Media& picture = parsed.request.messages[0].parts[0].media;
    EXPECT_EQ(picture.url.escaped(), url);
    EXPECT_TRUE(picture.base64.empty());
  }
}

TEST(ChatRequest, MovesWithoutLosingWhatItKeeps) {
  Parsed parsed(image(std::string("data:image\\/png;base64,") + kPng));
  const ChatRequest moved = std::move(parsed.request);
  EXPECT_EQ(moved.messages[0].parts[0].media.base64, kPng);
}

TEST(ChatRequest, TheReaderMayGo) {
  const json::PaddedBuffer body(with(R"("foo":{"a":[1]},"stop":["x"])"));
  auto reader = std::make_unique<json::Reader>();
  auto parsed = parse_chat_request(body.view(), *reader);
  ASSERT_TRUE(parsed);
  const json::PaddedBuffer other(R"({"something":"else"})");
  ASSERT_TRUE(reader->read(other));
  reader.reset();
  EXPECT_EQ(parsed->extras[0].value.text, R"({"a":[1]})");
  EXPECT_EQ(parsed->sampling.stop[0].escaped(), "x");
}

}  // namespace
}  // namespace oriel::convert
