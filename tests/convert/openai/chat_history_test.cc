// What messages and tools of good requests carry besides text: reasoning, calls in all their forms,
// names, cache marks. Spec: spec/converse.md §4.3, §4.4, §6, §9.
#include <gtest/gtest.h>

#include "tests/convert/openai/parsed_request.h"

namespace oriel::convert {
namespace {

std::string assistant(const std::string& members) {
  return messages(R"({"role":"assistant",)" + members + "}");
}

// A line a block: "text|signature|redacted".
std::vector<std::string> reasoning_of(const Parsed& parsed) {
  std::vector<std::string> lines;
  for (const ReasoningBlock& block : parsed.request.messages[0].reasoning) {
    lines.push_back(std::string(block.text.escaped()) + "|" +
                    std::string(block.signature.escaped()) + "|" +
                    std::string(block.redacted.escaped()));
  }
  return lines;
}

TEST(ChatHistory, ReasoningByOrderOfTrust) {
  const std::string blocks =
      R"("thinking_blocks":[{"type":"thinking","thinking":"a\n","signature":"s\/1"},)"
      R"({"type":"redacted_thinking","data":"_-8"},{"type":"thinking","thinking":"u"},)"
      R"({"type":"thinking","thinking":"","signature":"s2"}])";
  const std::string parts =
      R"("content":[{"type":"thinking","thinking":"p","signature":"sp"},{"type":"text","text":"t"},)"
      R"({"type":"redacted_thinking","data":"QQ=="}])";
  const std::string content = R"("reasoning_content":"r","reasoning_signature":"sr")";
  const std::vector<std::string> from_blocks{R"(a\n|s\/1|)", "||/+8=", "|s2|"};
  const std::vector<std::string> from_parts{"p|sp|", "||QQ=="};
  using Rows = std::vector<std::pair<std::string, std::vector<std::string>>>;
  const Rows rows = {
      {blocks + "," + parts + "," + content, from_blocks},
      {blocks, from_blocks},
      {parts + "," + content, from_parts},
      {R"("thinking_blocks":[],)" + parts, from_parts},
      {R"("thinking_blocks":[{"type":"thinking","thinking":"u"}],)" + parts, from_parts},
      {R"("content":"t",)" + content, {"r|sr|"}},
      {R"("content":"t","reasoning_signature":"sr")", {"|sr|"}},
      {R"("content":"t","reasoning_content":"r")", {}},
      {R"("content":"t","reasoning_content":null,"reasoning_signature":null)", {}},
      {R"("content":"t","thinking_blocks":null)", {}},
      {R"("content":[{"type":"thinking","thinking":"u","signature":""}])", {}},
  };
  for (const auto& [members, expected] : rows) {
    const Parsed parsed(assistant(members));
    EXPECT_EQ(reasoning_of(parsed), expected) << members;
  }
  const Parsed mixed(assistant(parts));
  ASSERT_EQ(mixed.request.messages[0].parts.size(), 1U);
  EXPECT_EQ(mixed.request.messages[0].parts[0].text.escaped(), "t");
}

TEST(ChatHistory, OnlyAssistantsReason) {
  const Parsed parsed(
      messages(R"({"role":"user","content":"a","thinking_blocks":7,"reasoning_content":7})"));
  EXPECT_TRUE(parsed.request.messages[0].reasoning.empty());
}

TEST(ChatHistory, NamesAndFailures) {
  const Parsed parsed(messages(R"(
      {"role":"user","content":"a","name":"\u0061nn"},
      {"role":"user","content":"a","name":""},
      {"role":"tool","tool_call_id":"c","content":"x","is_error":true,"name":"f"},
      {"role":"tool","tool_call_id":"c","content":"x","is_error":false},
      {"role":"tool","tool_call_id":"c","content":"x","is_error":null})"));
  const auto& list = parsed.request.messages;
  ASSERT_EQ(list.size(), 5U);
  EXPECT_EQ(list[0].name.escaped(), "ann");
  EXPECT_TRUE(list[1].name.empty());
  EXPECT_TRUE(list[2].failed);
  EXPECT_EQ(list[2].name.escaped(), "f");
  EXPECT_FALSE(list[3].failed);
  EXPECT_FALSE(list[4].failed);
}

TEST(ChatHistory, CustomCalls) {
  const Parsed parsed(assistant(R"("content":null,"tool_calls":[
      {"id":"a","type":"custom","custom":{"name":"sh\/","input":"ls\n"}},
      {"id":"b","type":"function","function":{"name":"f","arguments":"{}"}}])"));
  const auto& calls = parsed.request.messages[0].tool_calls;
  ASSERT_EQ(calls.size(), 2U);
  EXPECT_TRUE(calls[0].custom);
  EXPECT_EQ(calls[0].name.escaped(), "sh/");
  EXPECT_EQ(calls[0].arguments.escaped(), "ls\\n");
  EXPECT_TRUE(parsed.borrows(calls[0].arguments.escaped()));
  EXPECT_FALSE(calls[1].custom);
}

TEST(ChatHistory, FunctionCallsGetIdsThatTheirAnswersBear) {
  const Parsed parsed(messages(R"(
      {"role":"function","name":"f","content":"too early"},
      {"role":"assistant","content":null,"function_call":{"name":"f","arguments":"{}"}},
      {"role":"function","name":"\u0066","content":"1"},
      {"role":"assistant","function_call":{"name":"g","arguments":""}},
      {"role":"function","name":"g","content":null},
      {"role":"assistant","content":"x","function_call":{"name":"f","arguments":"{}"},
       "tool_calls":[{"id":"c","type":"function","function":{"name":"h","arguments":""}}]},
      {"role":"function","name":"f","content":"2"},
      {"role":"function","name":"h","content":"3"})"));
  const auto& list = parsed.request.messages;
  ASSERT_EQ(list.size(), 8U);
  EXPECT_EQ(list[0].role, Role::tool);
  EXPECT_EQ(list[0].tool_call_id.escaped(), "f");  // nothing called it yet
  EXPECT_EQ(list[1].tool_calls[0].id.escaped(), "fc_1");
  EXPECT_EQ(list[1].tool_calls[0].arguments.escaped(), "{}");
  EXPECT_EQ(list[2].tool_call_id.escaped(), "fc_1");
  EXPECT_EQ(list[3].tool_calls[0].id.escaped(), "fc_2");
  EXPECT_EQ(list[4].tool_call_id.escaped(), "fc_2");
  EXPECT_TRUE(list[4].parts.empty());
  ASSERT_EQ(list[5].tool_calls.size(), 2U);
  EXPECT_EQ(list[5].tool_calls[1].id.escaped(), "fc_3");
  EXPECT_EQ(list[6].tool_call_id.escaped(), "fc_3");
  EXPECT_EQ(list[7].tool_call_id.escaped(), "h");
  EXPECT_FALSE(parsed.request.legacy_functions);
}

TEST(ChatHistory, CacheMarks) {
  const std::pair<const char*, CacheMark> rows[] = {
      {R"("cache_control":{"type":"ephemeral"})", CacheMark::unspecified},
      {R"("cache_control":{"type":"ephemeral","ttl":"5m"})", CacheMark::five_minutes},
      {R"("cache_control":{"ttl":"1h","type":"ephemeral"})", CacheMark::one_hour},
      {R"("cache_control":{"type":"ephemeral","ttl":null})", CacheMark::unspecified},
      {R"("cache_control":null)", CacheMark::none},
      {R"("prompt_cache_breakpoint":{"mode":"explicit"})", CacheMark::unspecified},
      {R"("prompt_cache_breakpoint":{"mode":"explicit","ttl":"30m"})", CacheMark::one_hour},
      {R"("prompt_cache_breakpoint":{"mode":"explicit","ttl":"12h"})", CacheMark::one_hour},
      {R"("prompt_cache_breakpoint":{"mode":"explicit"},
          "cache_control":{"type":"ephemeral","ttl":"5m"})",
       CacheMark::five_minutes},
      {R"("other":1)", CacheMark::none},
  };
  const std::string image_part = R"({"type":"image_url","image_url":{"url":"https://x/y"},)";
  for (const auto& [members, mark] : rows) {
    const std::string text = R"([{"type":"text","text":"a",)" + std::string(members) + "}]";
    const Parsed parsed(R"({"model":"m","messages":[{"role":"system","content":)" + text +
                        R"(},{"role":"user","content":)" + text +
                        R"(},{"role":"user","content":[)" + image_part + members +
                        R"(}]},{"role":"assistant","content":)" + text +
                        R"(},{"role":"tool","tool_call_id":"c","content":)" + text +
                        R"(},{"role":"user","content":"a",)" + members +
                        R"(}],"tools":[{"type":"function","function":{"name":"f"},)" + members +
                        R"(},{"type":"function","function":{"name":"g",)" + members +
                        R"(}},{"type":"custom","custom":{"name":"h"},)" + members + "}]}");
    const auto& list = parsed.request.messages;
    ASSERT_EQ(list.size(), 6U) << members;
    for (std::size_t i = 0; i < 5; ++i) EXPECT_EQ(list[i].parts[0].cache, mark) << i << members;
    EXPECT_EQ(list[5].cache, mark) << members;
    EXPECT_EQ(list[5].parts[0].cache, CacheMark::none);
    for (const Tool& tool : parsed.request.tools) EXPECT_EQ(tool.cache, mark) << members;
  }
}

TEST(ChatHistory, MarksOnReasoningAreTheMessages) {
  const Parsed parsed(assistant(
      R"("content":[{"type":"thinking","thinking":"p","signature":"s",
      "cache_control":{"type":"ephemeral","ttl":"5m"}},{"type":"text","text":"t"}],
      "cache_control":{"type":"ephemeral"})"));
  EXPECT_EQ(parsed.request.messages[0].cache, CacheMark::five_minutes);
  EXPECT_EQ(parsed.request.messages[0].parts[0].cache, CacheMark::none);
}

TEST(ChatTools, CustomAndSystemTools) {
  const std::string grammar =
      R"({"type":"grammar","grammar":{"syntax":"lark","definition":"start: \"a\""}})";
  const Parsed parsed(with(R"("tools":[
      {"type":"custom","custom":{"name":"sh","description":"d","format":{"type":"text"}}},
      {"type":"custom","custom":{"name":"g","format":)" +
                           grammar + R"(}},
      {"type":"custom","custom":{"name":"h","format":)" +
                           grammar + R"(}},
      {"type":"systemTool","systemTool":{"name":"nova_grounding"}},
      {"type":"system","name":"nova_code_interpreter"}])"));
  const auto& tools = parsed.request.tools;
  ASSERT_EQ(tools.size(), 5U);
  EXPECT_EQ(tools[0].kind, Tool::Kind::custom);
  EXPECT_EQ(tools[0].name.escaped(), "sh");
  EXPECT_EQ(tools[0].description->escaped(), "d");
  EXPECT_TRUE(tools[0].parameters.empty());
  EXPECT_EQ(tools[2].kind, Tool::Kind::custom);
  EXPECT_EQ(tools[3].kind, Tool::Kind::system);
  EXPECT_EQ(tools[3].name.escaped(), "nova_grounding");
  EXPECT_EQ(tools[4].kind, Tool::Kind::system);
  EXPECT_EQ(parsed.extras(), std::vector<std::string>{"tools.format=" + grammar});
}

TEST(ChatTools, AllowedTools) {
  const std::string tools = R"("tools":[{"type":"function","function":{"name":"f"}},
      {"type":"custom","custom":{"name":"g"}},{"type":"function","function":{"name":"h"}}])";
  const auto choice = [](const std::string& mode) {
    return R"("tool_choice":{"type":"allowed_tools","allowed_tools":{"mode":")" + mode +
           R"(","tools":[{"type":"custom","custom":{"name":"\u0067"}},
           {"type":"function","function":{"name":"f"}}]}})";
  };
  const std::pair<const char*, ToolChoice::Mode> rows[] = {
      {"auto", ToolChoice::Mode::automatic},
      {"required", ToolChoice::Mode::required},
  };
  for (const auto& [mode, expected] : rows) {
    for (const std::string& body : {tools + "," + choice(mode), choice(mode) + "," + tools}) {
      const Parsed parsed(with(body));
      EXPECT_EQ(parsed.request.tool_choice.mode, expected);
      EXPECT_EQ(parsed.request.tool_choice.allowed,
                (std::vector{Text::literal("g"), Text::literal("f")}));
    }
  }
  const Parsed custom(with(tools + R"(,"tool_choice":{"type":"custom","custom":{"name":"g"}})"));
  EXPECT_EQ(custom.request.tool_choice.mode, ToolChoice::Mode::named);
  EXPECT_EQ(custom.request.tool_choice.name.escaped(), "g");
}

TEST(ChatTools, LegacyFunctions) {
  const std::string functions =
      R"("functions":[{"name":"f","description":"d","parameters":{"type":"object"}},{"name":"g"}])";
  const std::pair<const char*, ToolChoice::Mode> rows[] = {
      {R"("function_call":"auto")", ToolChoice::Mode::automatic},
      {R"("function_call":"none")", ToolChoice::Mode::none},
      {R"("function_call":{"name":"g"})", ToolChoice::Mode::named},
      {R"("function_call":null)", ToolChoice::Mode::unset},
      {R"("tool_choice":"none")", ToolChoice::Mode::none},
      {R"("tool_choice":"none","function_call":"auto")", ToolChoice::Mode::automatic},
  };
  for (const auto& [choice, mode] : rows) {
    for (const std::string& body : {functions + "," + choice, choice + ("," + functions)}) {
      const Parsed parsed(with(body));
      EXPECT_TRUE(parsed.request.legacy_functions);
      EXPECT_EQ(parsed.request.tool_choice.mode, mode) << body;
      ASSERT_EQ(parsed.request.tools.size(), 2U);
      EXPECT_EQ(parsed.request.tools[0].kind, Tool::Kind::function);
      EXPECT_EQ(parsed.request.tools[0].description->escaped(), "d");
      EXPECT_EQ(parsed.request.tools[0].parameters.text, R"({"type":"object"})");
      EXPECT_EQ(parsed.request.tools[1].name.escaped(), "g");
    }
  }
  const Parsed none(with(R"("functions":[],"function_call":"none")"));
  EXPECT_FALSE(none.request.legacy_functions);
  EXPECT_EQ(none.request.tool_choice.mode, ToolChoice::Mode::unset);
  const Parsed beside(with(
      R"("functions":[],"function_call":"none","tools":[{"type":"function","function":{"name":"f"}}])"));
  EXPECT_FALSE(beside.request.legacy_functions);
  EXPECT_EQ(beside.request.tool_choice.mode, ToolChoice::Mode::none);
}

}  // namespace
}  // namespace oriel::convert
