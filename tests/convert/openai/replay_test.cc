// A whole answer as a stream: what a client puts together from the chunks is what it would have
// read whole. spec/converse.md §13.7.
#include "convert/replay.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "convert/json/padded_buffer.h"
#include "convert/json/reader.h"
#include "convert/json/writer.h"
#include "convert/openai/chat_chunk.h"
#include "convert/openai/chat_reply.h"

namespace oriel::convert {
namespace {

const Envelope kEnvelope{"chatcmpl-X", 1795222800, Text::literal("m")};

struct Printer final : DeltaSink {
  void on_delta(const ChatDelta& delta) override { writer.write(delta, out); }
  ChunkWriter writer{kEnvelope, IncludeUsage::yes};
  std::string out;
};

// A message as OpenAI's clients put it together: strings are joined, lists get longer.
struct Message {
  std::map<std::string, std::string> strings;                       // member, content
  std::map<std::string, std::vector<std::string>> lists;            // member, elements
  std::map<std::string, std::map<std::string, std::string>> calls;  // index or "function_call"
  std::string finish;
  bool operator==(const Message&) const = default;
};

void add_call(json::Value call, std::map<std::string, std::string>& parts) {
  for (const json::Member member : call.children()) {
    if (member.value.is_object()) {
      add_call(member.value, parts);
    } else if (const auto text = member.value.as_text()) {
      parts[std::string(member.key.escaped())].append(text->escaped());
    }
  }
}

// The entries of a streamed list are numbered: it is by the number that clients join them.
void expect_place(json::Value entry, std::size_t place) {
  if (const auto index = entry.find("index")) {
    EXPECT_EQ(*index->as_integer(), static_cast<std::int64_t>(place));
  }
}

// The entry without its number, which a whole answer does not have.
std::string unnumbered(json::Value entry) {
  std::string text(entry.raw().text);
  if (const auto index = entry.find("index")) {
    text.erase(1, std::string_view(R"("index":,)").size() + index->raw().text.size());
  }
  return text;
}

void add_thinking(json::Value block, Message& message) {
  auto& blocks = message.lists["thinking_blocks"];
  expect_place(block, blocks.size());
  auto& open = message.strings["open thinking"];
  const auto text_of = [&](std::string_view name) {
    const auto value = block.find(name);
    return std::string(value ? value->as_text()->escaped() : std::string_view());
  };
  if (block.find("data")) {
    blocks.push_back("redacted " + text_of("data"));
  } else {
    blocks.push_back("thinking " + open + text_of("thinking") + "|" + text_of("signature"));
    open.clear();
  }
}

void add_member(const json::Member& member, Message& message) {
  const std::string name(member.key.escaped());
  if (const auto text = member.value.as_text()) {
    message.strings[name].append(text->escaped());
  } else if (name == "function_call") {
    add_call(member.value, message.calls[name]);
  } else if (name == "tool_calls") {
    std::size_t position = 0;
    for (const json::Member call : member.value.children()) {
      const auto index = call.value.find("index");
      const auto key = index ? static_cast<std::size_t>(*index->as_integer()) : position++;
      add_call(call.value, message.calls[std::to_string(key)]);
    }
  } else if (name == "thinking_blocks") {
    for (const json::Member block : member.value.children()) add_thinking(block.value, message);
  } else if (!member.value.is_null()) {
    for (const json::Member item : member.value.children()) {
      auto& list = message.lists[name];
      expect_place(item.value, list.size());
      list.push_back(unnumbered(item.value));
    }
  }
}

struct Answer {
  std::map<std::int64_t, Message> choices;
  std::string usage;
  bool operator==(const Answer&) const = default;
};

void add_choices(json::Value object, std::string_view part, Answer& answer) {
  for (const json::Member item : object.find("choices")->children()) {
    Message& message = answer.choices[*item.value.find("index")->as_integer()];
    for (const json::Member member : item.value.find(part)->children()) {
      const bool reasons = member.key.escaped() == "reasoning_content";
      if (reasons && part == "delta") {
        message.strings["open thinking"].append(member.value.as_text()->escaped());
      }
      add_member(member, message);
    }
    if (const auto finish = item.value.find_present("finish_reason")) {
      message.finish = finish->as_text()->escaped();
    }
  }
  if (const auto usage = object.find_present("usage")) answer.usage = usage->raw().text;
}

// What stays open at the end of a stream is a block without a signature.
void close(Answer& answer) {
  for (auto& [index, message] : answer.choices) {
    if (const std::string open = message.strings["open thinking"]; !open.empty()) {
      message.lists["thinking_blocks"].push_back("thinking " + open + "|");
    }
    message.strings.erase("open thinking");
    std::erase_if(message.lists, [](const auto& list) { return list.second.empty(); });
    std::erase_if(message.strings, [](const auto& member) { return member.second.empty(); });
    for (auto& [key, call] : message.calls) {
      std::erase_if(call, [](const auto& part) { return part.second.empty(); });
    }
  }
}

Answer whole(std::span<const ChatReply> replies) {
  std::string out;
  write_chat_reply(replies, kEnvelope, out);
  json::Reader reader;
  const json::PaddedBuffer body{std::string_view(out)};
  Answer answer;
  add_choices(*reader.read(body), "message", answer);
  close(answer);
  return answer;
}

Answer streamed(std::string_view events) {
  Answer answer;
  json::Reader reader;
  constexpr std::string_view kData = "data: ";
  while (!events.empty()) {
    const std::size_t end = events.find("\n\n");
    const json::PaddedBuffer chunk(events.substr(kData.size(), end - kData.size()));
    const auto value = reader.read(chunk);
    EXPECT_TRUE(value) << chunk.view();
    add_choices(*value, "delta", answer);
    events.remove_prefix(end + 2);
  }
  close(answer);
  return answer;
}

Answer replayed(std::span<const ChatReply> replies) {
  Printer printer;
  replay(replies, printer);
  return streamed(printer.out);
}

ChatReply full_reply() {
  ChatReply reply;
  reply.texts = {Text::literal("Let me "), Text(), Text::from_escaped(R"(\"check\"\n)")};
  reply.reasoning = {{Text::literal("Need weather."), Text::literal("SIG=="), Text()},
                     {Text(), Text(), Text::literal("UkVE")},
                     {Text(), Text::literal("S"), Text()},
                     {Text::literal("rest"), Text(), Text()}};
  reply.tool_calls = {{Text::literal("a"), Text::literal("f"), Text::from_escaped(R"({\"x\":1})")},
                      {Text::literal("b"), Text::literal("g"), Text::literal("some text"), true}};
  reply.citations = {{0, 3, Text::literal("T"), Text::literal("https://x/"), {"{}"}},
                     {1, 2, Text::literal("P"), Text(), {"{\n\"a\":1}"}}};
  Media image;
  image.format = "png";
  image.base64 = "QUJD";
  reply.images = {image};
  reply.finish = FinishReason::tool_calls;
  reply.usage.emplace();
  reply.usage->input = 10;
  reply.usage->output = 5;
  return reply;
}

TEST(Replay, EverythingComesThrough) {
  ChatReply reply = full_reply();
  // A line break in upstream's own JSON would end the event: it becomes a space.
  Answer expected = whole({&reply, 1});
  expected.choices[0].lists["citations"] = {R"({"start_index":1,"end_index":2,"source":{ "a":1}})"};
  EXPECT_EQ(replayed({&reply, 1}), expected);
  EXPECT_EQ(expected.choices[0].calls["1"]["input"], "some text");
  EXPECT_EQ(expected.choices[0].lists["thinking_blocks"].size(), 4U);

  Printer single;
  replay(reply, 0, single);
  EXPECT_EQ(streamed(single.out), expected);
}

TEST(Replay, NothingButAFinish) {
  ChatReply reply;
  EXPECT_EQ(replayed({&reply, 1}), whole({&reply, 1}));
  Printer printer;
  replay(reply, 0, printer);
  EXPECT_EQ(printer.out.find(R"("choices":[])"), std::string::npos);  // no usage, no usage chunk
}

TEST(Replay, LegacyFunctions) {
  ChatReply reply = full_reply();
  reply.tool_calls[1].custom = false;
  reply.citations.clear();
  reply.legacy_functions = true;
  const Answer expected = whole({&reply, 1});
  EXPECT_EQ(replayed({&reply, 1}), expected);
  EXPECT_EQ(expected.choices.at(0).calls.size(), 1U);
  EXPECT_EQ(expected.choices.at(0).calls.at("function_call").at("name"), "f");
}

TEST(Replay, SeveralChoicesHaveOneUsage) {
  std::vector<ChatReply> replies;
  replies.push_back(full_reply());
  replies.push_back(full_reply());
  for (ChatReply& reply : replies) reply.citations.clear();
  replies[1].texts = {Text::literal("Other")};
  const Answer expected = whole(replies);
  EXPECT_EQ(expected.choices.size(), 2U);
  EXPECT_NE(expected.usage.find(R"("prompt_tokens":20,"completion_tokens":10)"), std::string::npos);
  EXPECT_EQ(replayed(replies), expected);
  Printer printer;
  replay(replies, printer);
  EXPECT_EQ(printer.out.find("\"choices\":[]"), printer.out.rfind("\"choices\":[]"));
  replies[0].usage.reset();  // a sum of what is not known is not known
  EXPECT_EQ(whole(replies).usage, "");
  EXPECT_EQ(replayed(replies).usage, "");
}

struct Pieces final : DeltaSink {
  void on_delta(const ChatDelta& delta) override {
    if (delta.kind == ChatDelta::Kind::text) pieces.emplace_back(delta.text.escaped());
  }
  std::vector<std::string> pieces;
};

// Whatever the text: pieces of whole characters and whole escapes, none too long, and nearly full.
RC_GTEST_PROP(Replay, PiecesAreCutBetweenCharacters, ()) {
  const std::vector<std::string> atoms = {"a",    "\\\\", "\\n", "\\u00e9", "\\ud83d\\ude00",
                                          "\\\"", "é",    "€",   "😀",       "\\uD83D\\uDE00"};
  std::string escaped;
  for (const std::size_t atom :
       *rc::gen::container<std::vector<std::size_t>>(3000, rc::gen::inRange<std::size_t>(0, 10))) {
    escaped += atoms[atom];
  }
  ChatReply reply;
  reply.texts = {Text::from_escaped(escaped)};
  Pieces sink;
  replay(reply, 0, sink);
  std::string joined;
  for (std::size_t i = 0; i < sink.pieces.size(); ++i) {
    const std::string& piece = sink.pieces[i];
    RC_ASSERT(piece.size() <= kReplayPiece);
    RC_ASSERT(i + 1 == sink.pieces.size() || piece.size() > kReplayPiece - 12);
    RC_ASSERT(json::valid_escapes(piece));
    RC_ASSERT((static_cast<unsigned char>(piece[0]) & 0xC0U) != 0x80U);
    joined += piece;
  }
  RC_ASSERT(joined == escaped);
}

}  // namespace
}  // namespace oriel::convert
