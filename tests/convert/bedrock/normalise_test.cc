// What the message passes do that no golden case shows: spec/converse.md §5, §8.4, §9, §16.
#include "convert/bedrock/normalise.h"

#include <gtest/gtest.h>

namespace oriel::convert::bedrock {
namespace {

using Kind = Block::Kind;

Block block_of(Kind kind, std::string_view text = "t", CacheMark mark = CacheMark::none) {
  Block block = Block::of_text(Text::from_escaped(text));
  block.kind = kind;
  block.cache = mark;
  return block;
}

TEST(Reasoning, OfTheLastTurnThatCalls) {
  const Turn user{Turn::Role::user, {block_of(Kind::text)}};
  const Turn silent{Turn::Role::assistant, {block_of(Kind::text)}};
  const Turn calls{Turn::Role::assistant, {block_of(Kind::text), block_of(Kind::tool_use)}};
  const Turn reasoned{Turn::Role::assistant, {block_of(Kind::reasoning), block_of(Kind::tool_use)}};
  const std::pair<std::vector<Turn>, bool> rows[] = {
      {{user}, false},
      {{user, silent, user}, false},
      {{user, calls, user}, true},
      {{user, reasoned, user}, false},
      {{user, calls, user, reasoned, user}, false},
      {{user, reasoned, user, calls, user, silent}, true},
  };
  for (const auto& [turns, lacks] : rows) {
    Conversation conversation;
    conversation.turns = turns;
    EXPECT_EQ(last_tool_turn_lacks_reasoning(conversation), lacks) << turns.size();
  }
}

TEST(Passes, EndWithUser) {
  Conversation conversation;
  conversation.turns = {{Turn::Role::user, {block_of(Kind::text)}},
                        {Turn::Role::assistant, {block_of(Kind::text)}}};
  for (int round = 0; round < 2; ++round) {
    end_with_user(conversation);
    ASSERT_EQ(conversation.turns.size(), 3U);
    EXPECT_EQ(conversation.turns[2].blocks[0].text.escaped(), "Please continue.");
  }
  EXPECT_TRUE(conversation.rewritten);
}

// A mark behind text that goes is one behind what stands before it.
TEST(Passes, MarksSurviveBlankText) {
  Conversation conversation;
  conversation.system.emplace_back(Text::literal("s"));
  const Block blank = block_of(Kind::text, " ", CacheMark::five_minutes);
  conversation.turns = {
      {Turn::Role::user, {blank, block_of(Kind::text), block_of(Kind::image)}},
      {Turn::Role::assistant, {block_of(Kind::reasoning), blank, block_of(Kind::text)}},
  };
  drop_blank_text(conversation);
  EXPECT_EQ(conversation.system[0].cache, CacheMark::five_minutes);
  EXPECT_EQ(conversation.turns[0].blocks[0].cache, CacheMark::none);
  EXPECT_EQ(conversation.turns[0].blocks[1].cache, CacheMark::five_minutes);
  EXPECT_EQ(conversation.turns[1].blocks[0].cache, CacheMark::none);
  EXPECT_EQ(conversation.turns[1].blocks.size(), 2U);
}

TEST(Passes, WrappedArguments) {
  Conversation conversation;
  Block call = block_of(Kind::tool_use);
  call.name = Text::literal("list");
  call.arguments = Text::literal("[1, 2]");
  conversation.turns = {{Turn::Role::assistant, {call, call}}};
  conversation.turns[0].blocks[1].name = Text::literal("other");
  const Text wrapped[] = {Text::literal("list")};
  read_arguments(conversation, wrapped);
  EXPECT_EQ(conversation.turns[0].blocks[0].input.text, R"({"value":[1, 2]})");
  EXPECT_EQ(conversation.turns[0].blocks[1].input.text, R"({"_raw":"[1, 2]"})");
}

ChatRequest history_of(std::vector<std::pair<Role, std::vector<std::string_view>>> messages) {
  ChatRequest request;
  for (auto& [role, ids] : messages) {
    Message& message = request.messages.emplace_back();
    message.role = role;
    message.index = static_cast<std::uint32_t>(request.messages.size() - 1);
    for (const std::string_view id : ids) {
      const Text text = Text::from_escaped(id);
      if (role == Role::tool) message.tool_call_id = text;
      if (role == Role::assistant) message.tool_calls.push_back({text, Text::literal("f"), {}});
    }
  }
  return request;
}

TEST(StrictHistory, V16AndV17) {
  using enum Role;
  EXPECT_TRUE(check_tool_history(
      history_of({{user, {}}, {assistant, {"a", "b"}}, {tool, {"b"}}, {tool, {"a"}}, {user, {}}})));
  const std::pair<ChatRequest, std::string_view> rows[] = {
      {history_of({{user, {}}, {tool, {"a"}}}), "messages.[1].role"},
      {history_of({{assistant, {"a"}}, {tool, {"a"}}, {tool, {"b"}}}), "messages.[2].role"},
      {history_of({{assistant, {"a"}}, {tool, {"a"}}, {user, {}}, {tool, {"a"}}}),
       "messages.[3].role"},
      {history_of({{assistant, {"a"}}, {user, {}}}), "messages.[0].role"},
      {history_of({{user, {}}, {assistant, {"a"}}}), "messages.[1].role"},
  };
  for (const auto& [request, param] : rows) {
    const auto checked = check_tool_history(request);
    ASSERT_FALSE(checked) << param;
    EXPECT_EQ(checked.error().param, param);
    EXPECT_EQ(checked.error().code, "");
  }
}

TEST(StrictHistory, NamesBoundedIds) {
  const std::string accents = [] {
    std::string text;
    for (int i = 0; i < 40; ++i) text += "x\xC3\xA9";
    return text;
  }();
  const std::vector<std::string_view> ids(100, accents);
  const auto checked = check_tool_history(history_of({{Role::assistant, ids}}));
  ASSERT_FALSE(checked);
  EXPECT_LT(checked.error().message.size(), 900U);
  std::string escaped;
  json::append_escaped(checked.error().message, escaped);
  EXPECT_EQ(escaped.find("\xEF\xBF\xBD"), std::string::npos);  // cut between characters
}

}  // namespace
}  // namespace oriel::convert::bedrock
