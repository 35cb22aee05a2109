// The traps of histories and tools, from what clients send to the body that Converse takes.
// spec/converse.md §21.
#include "tests/convert/traps/support.h"

namespace oriel::test {
namespace {

std::string user(std::string_view text) {
  return R"({"role":"user","content":")" + std::string(text) + R"("})";
}
std::string assistant(std::string_view text) {
  return R"({"role":"assistant","content":")" + std::string(text) + R"("})";
}
std::string list(const std::vector<std::string>& messages) {
  std::string out;
  for (const std::string& message : messages) out.append(out.empty() ? "" : ",").append(message);
  return out;
}

TEST(Traps, trap_08_empty_arguments_in_history) {
  const std::pair<std::string_view, std::string_view> rows[] = {
      {"", "{}"},
      {"  ", "{}"},
      {"null", "{}"},
      {R"({\"a\":[1,2]})", R"({"a":[1,2]})"},
      {R"({\"a\)", R"({"_raw":"{\"a\\"})"},
      {"[1]", R"({"_raw":"[1]"})"},
      {"plain", R"({"_raw":"plain"})"},
  };
  for (const auto& [arguments, input] : rows) {
    // The escape at the end of the cut one must itself be whole.
    const std::string escaped = arguments == R"({\"a\)" ? R"({\"a\\)" : std::string(arguments);
    const Sent sent = send(chat(
        "gpt-4o-mini", list({user("Hi"), calls(call("c1", "f", escaped)), result("c1")}), kTools));
    ASSERT_FALSE(sent.refused) << sent.error.message;
    EXPECT_EQ(sent.at("messages.1.content.0.toolUse.input"), input);
    const bool raw = input.starts_with(R"({"_raw")");
    EXPECT_EQ(count_of(sent.adjusted, "=rewritten"), raw ? 1U : 0U) << sent.adjusted;
  }
}

TEST(Traps, trap_17_two_turns_of_one_role) {
  const Sent sent = send(
      chat("gpt-4o-mini", list({user("a"), user("b"), assistant("c"), assistant("d"), user("e")})));
  EXPECT_EQ(shape(sent.body), "user[text,text] assistant[text,text] user[text]");
}

TEST(Traps, trap_18_blank_text) {
  const Sent sent = send(chat(
      "gpt-4o-mini",
      list({user(""), user("  \\n"), user("\\u3000\\u00a0"),
            R"({"role":"user","content":[{"type":"text","text":""},{"type":"text","text":"x"}]})",
            assistant(""), user("y"), calls(call("c1")), result("c1"), user("z")}),
      kTools));
  ASSERT_FALSE(sent.refused) << sent.error.message;
  EXPECT_EQ(shape(sent.body), "user[text,text] assistant[toolUse] user[toolResult,text]");
  EXPECT_EQ(count_of(sent.body, R"("text":"")"), 0U);
}

TEST(Traps, trap_19_space_is_no_placeholder) {
  const Sent sent =
      send(chat("gpt-4o-mini",
                list({assistant(" "), user("Hi"), assistant("  "), user(" "), user("there")})));
  ASSERT_FALSE(sent.refused) << sent.error.message;
  EXPECT_EQ(shape(sent.body), "user[text,text]");
  for (const std::string_view blank : {R"("text":" ")", R"("text":"  ")"}) {
    EXPECT_EQ(count_of(sent.body, blank), 0U);
  }
  EXPECT_TRUE(send(chat("gpt-4o-mini", user(" "))).refused);
}

TEST(Traps, trap_20_empty_tool_result) {
  for (const std::string_view content :
       {R"("")", R"("  \n")", "[]", R"([{"type":"text","text":""}])"}) {
    const Sent sent = send(
        chat("gpt-4o-mini", list({user("Hi"), calls(call("c1")), result("c1", content)}), kTools));
    ASSERT_FALSE(sent.refused) << sent.error.message;
    EXPECT_EQ(sent.at("messages.2.content.0.toolResult.content"), R"_([{"text":"(no output)"}])_");
  }
}

TEST(Traps, trap_21_trailing_white_space) {
  const Sent trimmed = send(chat("anthropic.claude-3-5-sonnet-20240620-v1:0",
                                 list({user("Hi"), assistant("Answer: \\n")})));
  EXPECT_EQ(trimmed.text("messages.1.content.0.text"), "Answer:");
  const Sent blank = send(
      chat("anthropic.claude-3-5-sonnet-20240620-v1:0", list({user("Hi"), assistant(" \\n ")})));
  EXPECT_EQ(shape(blank.body), "user[text]");
}

TEST(Traps, trap_22_prefill_where_it_is_forbidden) {
  const std::string history = list({user("Hi"), assistant("The answer is")});
  const Sent forbidden = send(chat("us.anthropic.claude-opus-4-6-v1", history));
  EXPECT_EQ(shape(forbidden.body), "user[text] assistant[text] user[text]");
  EXPECT_FALSE(forbidden.adjusted.empty());
  const Sent allowed = send(chat("anthropic.claude-3-haiku-20240307-v1:0", history));
  EXPECT_EQ(shape(allowed.body), "user[text] assistant[text]");
}

TEST(Traps, trap_23_tool_config_missing) {
  const std::string history =
      list({user("Hi"), calls(call("c1", "f", R"({\"a\":1})")), result("c1"), user("And?")});
  for (const std::string& more :
       {std::string(), std::string(kTools) + R"(,"tool_choice":"none")"}) {
    const Sent sent = send(chat("gpt-4o-mini", history, more));
    ASSERT_FALSE(sent.refused) << sent.error.message;
    EXPECT_TRUE(sent.at("toolConfig").empty());
    EXPECT_EQ(count_of(sent.body, "toolUse") + count_of(sent.body, "toolResult"), 0U);
    EXPECT_EQ(sent.text("messages.1.content.0.text"), R"([called f with {"a":1}])");
    EXPECT_EQ(sent.text("messages.2.content.0.text"), "[result of f] done");
  }
  Route route;
  route.policy.placeholder_tool = true;
  const Sent placeholder = send(chat("gpt-4o-mini", history), route);
  ASSERT_FALSE(placeholder.refused) << placeholder.error.message;
  EXPECT_FALSE(placeholder.context.placeholder_tool.empty());
  EXPECT_EQ(placeholder.text("toolConfig.tools.0.toolSpec.name"),
            placeholder.context.placeholder_tool);
  EXPECT_EQ(shape(placeholder.body), "user[text] assistant[toolUse] user[toolResult,text]");
  // A model that calls the phantom all the same has only stopped.
  const Received got =
      receive(start_frame() + tool_start(0, "t", placeholder.context.placeholder_tool) +
                  input_frame(0, "{}") + stop_frame(0) + end_frames("tool_use"),
              placeholder.context);
  EXPECT_TRUE(got.calls.empty());
  EXPECT_EQ(got.finish, "stop");
}

TEST(Traps, trap_24_tool_result_pairing) {
  const std::string two = calls(call("a") + "," + call("b", "g"));
  const std::string paired =
      "user[text] assistant[toolUse,toolUse] user[toolResult,toolResult,text]";
  struct Row {
    std::string_view name;
    std::vector<std::string> tail;
  };
  const Row rows[] = {
      {"two messages, wrong order", {result("b"), result("a"), user("And?")}},
      {"one missing", {result("a"), user("And?")}},
      {"interleaved", {user("And?"), result("b"), result("a")}},
      {"repeated", {result("a", R"("old")"), result("a"), result("b"), user("And?")}},
  };
  for (const Row& row : rows) {
    std::vector<std::string> messages = {user("Hi"), two};
    messages.insert(messages.end(), row.tail.begin(), row.tail.end());
    const Sent sent = send(chat("gpt-4o-mini", list(messages), kTools));
    ASSERT_FALSE(sent.refused) << row.name << sent.error.message;
    EXPECT_EQ(shape(sent.body), paired) << row.name;
    EXPECT_EQ(sent.text("messages.2.content.0.toolResult.toolUseId"), "a") << row.name;
    EXPECT_EQ(sent.text("messages.2.content.1.toolResult.toolUseId"), "b") << row.name;
    EXPECT_EQ(sent.text("messages.2.content.0.toolResult.content.0.text"), "done") << row.name;
    const bool missing = row.name == "one missing";
    EXPECT_EQ(sent.text("messages.2.content.1.toolResult.status"), missing ? "error" : "");
    EXPECT_EQ(sent.text("messages.2.content.1.toolResult.content.0.text"),
              missing ? "Tool call was not executed." : "done");
  }
  const Sent extra = send(
      chat("gpt-4o-mini", list({user("Hi"), calls(call("a")), result("a"), result("zz")}), kTools));
  ASSERT_FALSE(extra.refused) << extra.error.message;
  EXPECT_EQ(shape(extra.body), "user[text] assistant[toolUse] user[toolResult,text]");
  EXPECT_EQ(extra.text("messages.2.content.1.text"), "[tool result zz] done");

  Route strict;
  strict.policy.strict_history = true;
  const Sent refused =
      send(chat("gpt-4o-mini", list({user("Hi"), calls(call("call_x"))}), kTools), strict);
  ASSERT_TRUE(refused.refused);
  EXPECT_EQ(refused.error.message,
            "An assistant message with 'tool_calls' must be followed by tool messages responding "
            "to each 'tool_call_id'. The following tool_call_ids did not have response messages: "
            "call_x");
}

TEST(Traps, trap_25_tool_result_json) {
  for (const std::string_view content : {"[1,2]", R"(\"x\")", "3", "null", R"({\"a\":1})"}) {
    const Sent sent = send(chat(
        "gpt-4o-mini",
        list({user("Hi"), calls(call("c1")), result("c1", "\"" + std::string(content) + "\"")}),
        kTools));
    ASSERT_FALSE(sent.refused) << sent.error.message;
    EXPECT_EQ(sent.at("messages.2.content.0.toolResult.content"),
              R"([{"text":")" + std::string(content) + R"("}])");
  }
}

bool is_converse_id(const std::string& id) {
  return !id.empty() && id.size() <= 64 &&
         id.find_first_not_of(
             "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.:-") ==
             std::string::npos;
}

TEST(Traps, trap_26_tool_ids_of_other_vendors) {
  const std::string head(70, 'x');
  const std::vector<std::string> ids = {
      "call_abc|fc_0123456789012345678901234567890123456789012345678901234567890123456789012345678",
      "gemini call/7",
      head + "1",
      head + "2",
      "get_weather:0",
      "a.b-c"};
  std::string use;
  std::vector<std::string> messages = {user("Hi")};
  for (const std::string& id : ids) use += (use.empty() ? "" : ",") + call(id);
  messages.push_back(calls(use));
  for (const std::string& id : ids) messages.push_back(result(id));
  const std::string body = chat("gpt-4o-mini", list(messages), kTools);
  const Sent sent = send(body);
  ASSERT_FALSE(sent.refused) << sent.error.message;
  std::vector<std::string> seen;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    const std::string place = std::to_string(i);
    const std::string id = sent.text("messages.1.content." + place + ".toolUse.toolUseId");
    EXPECT_TRUE(is_converse_id(id)) << ids[i] << " -> " << id;
    EXPECT_EQ(id, sent.text("messages.2.content." + place + ".toolResult.toolUseId"));
    EXPECT_EQ(std::count(seen.begin(), seen.end(), id), 0) << "two ids became one";
    if (is_converse_id(ids[i])) {
      EXPECT_EQ(id, ids[i]) << "valid ids stay as they are";
    }
    seen.push_back(id);
  }
  EXPECT_EQ(send(body).body, sent.body) << "the same in every turn and replica";
}

TEST(Traps, trap_27_mistral_ids) {
  const std::string messages =
      list({user("Hi"), calls(call("a") + "," + call("b")), result("a"), result("b")});
  const Sent sent = send(chat("us.mistral.pixtral-large-2502-v1:0", messages, kTools));
  ASSERT_FALSE(sent.refused) << sent.error.message;
  std::vector<std::string> ids;
  for (const std::string_view place : {"0", "1"}) {
    const std::string id =
        sent.text("messages.1.content." + std::string(place) + ".toolUse.toolUseId");
    EXPECT_EQ(id.size(), 9U);
    EXPECT_TRUE(std::all_of(id.begin(), id.end(), [](unsigned char c) { return std::isalnum(c); }));
    EXPECT_EQ(id, sent.text("messages.2.content." + std::string(place) + ".toolResult.toolUseId"));
    ids.push_back(id);
  }
  EXPECT_NE(ids[0], ids[1]);
}

TEST(Traps, trap_28_tool_names) {
  const std::string long_name = "mcp__server__" + std::string(67, 'n');
  const std::vector<std::string> names = {"Complete Session", "a.b/c", long_name, "plain"};
  std::string tools;
  for (const std::string& name : names) {
    tools += (tools.empty() ? "" : ",") +
             std::string(R"({"type":"function","function":{"name":")") + name + R"("}})";
  }
  const std::string history =
      list({user("Hi"), calls(call("c1", "a.b/c") + "," + call("c2", R"(click(url=\"..\"))")),
            result("c1"), result("c2")});
  const Sent sent =
      send(chat("gpt-4o-mini", history,
                R"(,"tools":[)" + tools +
                    R"(],"tool_choice":{"type":"function","function":{"name":"a.b/c"}})"));
  ASSERT_FALSE(sent.refused) << sent.error.message;
  std::vector<std::string> sent_names;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const std::string name = sent.text("toolConfig.tools." + std::to_string(i) + ".toolSpec.name");
    EXPECT_FALSE(name.empty() || name.size() > 64) << name;
    EXPECT_EQ(
        name.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-"),
        std::string::npos)
        << name;
    sent_names.push_back(name);
  }
  EXPECT_EQ(sent_names[3], "plain");
  EXPECT_EQ(sent.text("toolConfig.toolChoice.tool.name"), sent_names[1]);
  EXPECT_EQ(sent.text("messages.1.content.0.toolUse.name"), sent_names[1]);
  EXPECT_EQ(sent.text("messages.1.content.1.toolUse.name").find_first_of("(=\"."),
            std::string::npos);
  // Back to the client: its own names, whole and streamed; a name that nobody sent as it is.
  for (std::size_t i = 0; i < names.size(); ++i) {
    const Received got = receive(
        start_frame() + tool_start(0, "t", sent_names[i]) + stop_frame(0) + end_frames("tool_use"),
        sent.context);
    ASSERT_EQ(got.calls.size(), 1U);
    EXPECT_EQ(got.calls[0].name, names[i]);
    const std::string body = answer(
        converse(R"({"toolUse":{"toolUseId":"t","name":")" + sent_names[i] + R"(","input":{}}})",
                 "tool_use"),
        sent.context);
    EXPECT_EQ(text_at(body, "choices.0.message.tool_calls.0.function.name"), names[i]);
  }
  const Received invented = receive(start_frame() + tool_start(0, "t", "functions read_file") +
                                        stop_frame(0) + end_frames("tool_use"),
                                    sent.context);
  EXPECT_EQ(invented.calls.at(0).name, "functions read_file");
}

TEST(Traps, trap_29_schema_root) {
  struct Row {
    std::string_view parameters;  // a member with its comma, or nothing
    std::string_view schema;      // what must be sent; empty: only its type is told
  };
  const Row rows[] = {
      {"", R"({"type":"object","properties":{}})"},
      {R"(,"parameters":null)", R"({"type":"object","properties":{}})"},
      {R"(,"parameters":{})", R"({"type":"object","properties":{}})"},
      {R"(,"parameters":{"oneOf":[{"properties":{"a":{"type":"string"}}}]})", ""},
      {R"(,"parameters":{"type":["object","null"],"properties":{"a":{"type":"string"}}})", ""},
      {R"(,"parameters":{"properties":{"a":{"type":"string"}},"required":["a"],)"
       R"("additionalProperties":false})",
       ""},
  };
  for (const Row& row : rows) {
    const Sent sent = send(chat("gpt-4o-mini", kHi,
                                R"(,"tools":[{"type":"function","function":{"name":"f")" +
                                    std::string(row.parameters) + "}}]"));
    ASSERT_FALSE(sent.refused) << sent.error.message;
    const std::string schema = sent.at("toolConfig.tools.0.toolSpec.inputSchema.json");
    EXPECT_EQ(at(schema, "type"), "\"object\"") << row.parameters;
    if (!row.schema.empty()) {
      EXPECT_EQ(schema, row.schema);
    }
    EXPECT_EQ(count_of(schema, R"("a":{"type":"string"})"),
              count_of(row.parameters, R"("a":{"type":"string"})"));
  }
  // A root that is no object is wrapped, and unwrapped on the way back.
  const Sent wrapped = send(chat(
      "gpt-4o-mini", kHi,
      R"(,"tools":[{"type":"function","function":{"name":"f","parameters":{"type":"array","items":{"type":"string"}}}}])"));
  ASSERT_FALSE(wrapped.refused) << wrapped.error.message;
  EXPECT_EQ(wrapped.at("toolConfig.tools.0.toolSpec.inputSchema.json.properties.value.type"),
            "\"array\"");
  const Received got =
      receive(start_frame() + tool_start(0, "t") + input_frame(0, R"({\"value\":[\"x\"]})") +
                  stop_frame(0) + end_frames("tool_use"),
              wrapped.context);
  EXPECT_EQ(got.call_line(), R"(t:f["x"])");
  const std::string body = answer(
      converse(R"({"toolUse":{"toolUseId":"t","name":"f","input":{"value":["x"]}}})", "tool_use"),
      wrapped.context);
  EXPECT_EQ(text_at(body, "choices.0.message.tool_calls.0.function.arguments"), R"(["x"])");
}

}  // namespace
}  // namespace oriel::test
