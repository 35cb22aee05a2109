// What the tests of the traps stand on: a client's request all the way to Converse's body, and
// Converse's answers all the way to the client's text. spec/converse.md §21, §21.1.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "convert/bedrock/converse_dialect.h"
#include "convert/bedrock/resolve.h"
#include "convert/openai/chat_chunk.h"
#include "convert/openai/chat_reply.h"
#include "convert/openai/chat_request.h"
#include "tests/convert/bedrock/support.h"
#include "tests/convert/event_stream_encoder.h"
#include "tests/convert/pieces.h"

namespace oriel::test {

// ------------------------------------------------------------------------------- looking into JSON

// The compact text of the value at `path` ("choices.0.delta"); empty when there is none.
inline std::string at(std::string_view json, std::string_view path) {
  const json::PaddedBuffer buffer(json);
  json::Reader reader;
  const auto root = reader.read(buffer);
  if (!root) return "not JSON";
  json::Value value = *root;
  while (!path.empty()) {
    const std::string_view step = path.substr(0, path.find('.'));
    path.remove_prefix(std::min(path.size(), step.size() + 1));
    bool found = false;
    std::size_t index = 0;
    for (const json::Member member : value.children()) {
      const bool here =
          value.is_array() ? std::to_string(index++) == step : json::unescape(member.key) == step;
      if (!here) continue;
      value = member.value;
      found = true;
      break;
    }
    if (!found) return {};
  }
  return compact(value.raw().text);
}

// The characters of the string at `path`.
inline std::string text_at(std::string_view json, std::string_view path) {
  const std::string quoted = at(json, path);
  if (quoted.size() < 2 || quoted.front() != '"') return {};
  return json::unescape(
      json::Text::from_escaped(std::string_view(quoted).substr(1, quoted.size() - 2)));
}

inline std::size_t count_of(std::string_view text, std::string_view word) {
  std::size_t count = 0;
  for (std::size_t i = text.find(word); i != text.npos; i = text.find(word, i + word.size())) {
    ++count;
  }
  return count;
}

// "role[kinds]" per turn: "user[text,toolResult] assistant[toolUse]".
inline std::string shape(std::string_view body) {
  std::string out;
  for (int turn = 0;; ++turn) {
    const std::string path = "messages." + std::to_string(turn);
    const std::string role = text_at(body, path + ".role");
    if (role.empty()) return out;
    out.append(out.empty() ? "" : " ").append(role).append("[");
    for (int block = 0;; ++block) {
      const std::string object = at(body, path + ".content." + std::to_string(block));
      if (object.size() < 2) break;
      out.append(block == 0 ? "" : ",").append(object, 2, object.find('"', 2) - 2);
    }
    out.append("]");
  }
}

// ------------------------------------------------------------------------------ client to upstream

struct Sent {
  std::string body;  // empty when refused
  std::string path;
  std::string adjusted;  // "messages=rewritten top_p=dropped", sorted
  bool streams = false;
  convert::ReplyContext context;
  convert::Error error;  // when refused
  bool refused = false;

  std::string at(std::string_view path_in_body) const { return test::at(body, path_in_body); }
  std::string text(std::string_view path_in_body) const {
    return test::text_at(body, path_in_body);
  }
  std::string code() const {
    return error.code.empty() ? std::string(row_of(error.kind).code) : error.code;
  }
};

struct Route {
  std::vector<convert::Alias> aliases;
  convert::EncodePolicy policy;
  bool emulate_format = false;
};

inline std::string adjusted_words(const std::vector<convert::Adjustment>& adjusted) {
  std::vector<std::string> words;
  for (const convert::Adjustment& item : adjusted) {
    words.push_back(std::string(item.parameter) + "=" + std::string(to_string(item.action)));
  }
  std::sort(words.begin(), words.end());
  std::string line;
  for (const std::string& word : words) line.append(line.empty() ? "" : " ").append(word);
  return line;
}

inline Sent send(std::string_view client, const Route& route = {}) {
  Sent sent;
  const auto refuse = [&](convert::Error& error) {
    sent.refused = true;
    sent.error = std::move(error);
    return sent;
  };
  const json::PaddedBuffer buffer(client);
  json::Reader reader;
  auto request = convert::parse_chat_request(buffer.view(), reader);
  if (!request) return refuse(request.error());
  auto resolved =
      convert::resolve_bedrock_model(json::unescape(request->model), route.aliases, "us-east-1");
  EXPECT_TRUE(resolved.has_value()) << client.substr(0, 200);
  if (!resolved) return sent;
  resolved->target.emulate_format = route.emulate_format;
  auto encoded = convert::converse_dialect().encode(*request, resolved->target, route.policy);
  if (!encoded) return refuse(encoded.error());
  sent.body = std::move(encoded->wire.body);
  sent.path = std::move(encoded->wire.path);
  sent.adjusted = adjusted_words(encoded->adjusted);
  sent.streams = encoded->streams;
  sent.context = std::move(encoded->context);
  return sent;
}

// {"model":MODEL,"messages":[MESSAGES]MORE}; MORE begins with a comma.
inline std::string chat(std::string_view model, std::string_view messages,
                        std::string_view more = "") {
  return R"({"model":")" + std::string(model) + R"(","messages":[)" + std::string(messages) + "]" +
         std::string(more) + "}";
}

inline constexpr std::string_view kHi = R"({"role":"user","content":"Hi"})";
inline constexpr std::string_view kTools =
    R"(,"tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object","properties":{}}}},)"
    R"({"type":"function","function":{"name":"g","parameters":{"type":"object","properties":{}}}}])";

inline std::string call(std::string_view id, std::string_view name = "f",
                        std::string_view escaped_arguments = "{}") {
  return R"({"id":")" + std::string(id) + R"(","type":"function","function":{"name":")" +
         std::string(name) + R"(","arguments":")" + std::string(escaped_arguments) + R"("}})";
}
inline std::string calls(std::string_view list) {
  return R"({"role":"assistant","content":null,"tool_calls":[)" + std::string(list) + "]}";
}
inline std::string result(std::string_view id, std::string_view json_content = R"("done")") {
  return R"({"role":"tool","tool_call_id":")" + std::string(id) + R"(","content":)" +
         std::string(json_content) + "}";
}

// ------------------------------------------------------------------------------ upstream to client

inline convert::Envelope envelope() {
  return {"chatcmpl-1", 1'795'222'800, convert::Text::literal("m")};
}

// The error's body as a client reads it.
inline std::string words_of(const convert::Error& error) {
  const convert::ErrorRow& row = row_of(error.kind);
  return std::to_string(status_of(error)) + " " +
         (error.type.empty() ? std::string(row.type) : error.type) + " " +
         (error.code.empty() ? std::string(row.code) : error.code);
}

// A whole answer as the client's chat.completion, or "STATUS type code" of the error.
inline std::string answer(std::string_view converse, const convert::ReplyContext& context = {}) {
  const json::PaddedBuffer body(converse);
  json::Reader reader;
  const auto reply = convert::converse_dialect().decode(context, body, reader);
  if (!reply) return words_of(reply.error());
  std::string out;
  write_chat_reply(*reply, envelope(), out);
  return out;
}

// {"output":{"message":…[BLOCKS]},"stopReason":STOP,REST}; REST begins with a comma.
inline std::string converse(std::string_view blocks, std::string_view stop = "end_turn",
                            std::string_view rest = R"(,"usage":{"inputTokens":10,)"
                                                    R"("outputTokens":5,"totalTokens":15})") {
  return R"({"output":{"message":{"role":"assistant","content":[)" + std::string(blocks) +
         R"(]}},"stopReason":")" + std::string(stop) + "\"" + std::string(rest) + "}";
}

// What a client that follows OpenAI's rules makes of a stream.
struct Received {
  std::vector<std::string> events;  // the data of each
  std::string content;
  std::string reasoning;
  struct Call {
    std::string id;
    std::string name;
    std::string arguments;
  };
  std::vector<Call> calls;
  std::string finish;  // the word
  std::string error;   // "STATUS type code" of the decoder's
  bool done = false;

  std::string call_line() const {
    std::string out;
    for (const Call& item : calls) {
      out.append(out.empty() ? "" : " ").append(item.id).append(":").append(item.name);
      out.append(item.arguments);
    }
    return out;
  }
};

struct ChunkSink final : convert::DeltaSink {
  explicit ChunkSink(convert::IncludeUsage usage) : writer(envelope(), usage) {}
  void on_delta(const convert::ChatDelta& delta) override { writer.write(delta, out); }
  convert::ChunkWriter writer;
  std::string out;
};

// The event stream's bytes as the client's server-sent events, fed in these pieces. The decoder's
// error goes to `error`.
inline std::string chunks_of(const Pieces& pieces, const convert::ReplyContext& context,
                             convert::IncludeUsage usage, std::string& error) {
  const auto decoder = convert::converse_dialect().stream(context);
  ChunkSink sink(usage);
  convert::Result<void> result;
  for (const auto& piece : pieces) {
    result = decoder->feed(view(piece), sink);
    if (!result) break;
  }
  if (result) result = decoder->finish(sink);
  if (result) {
    EXPECT_TRUE(decoder->complete());
    convert::ChunkWriter::write_done(sink.out);
  } else {
    error = words_of(result.error());
    convert::ChunkWriter::write_error(result.error(), sink.out);
  }
  return sink.out;
}

inline void take_call(std::string_view event, const std::string& path, Received& received) {
  const std::string index = at(event, path + ".index");
  ASSERT_FALSE(index.empty()) << event;
  const std::string id = text_at(event, path + ".id");
  // Dense: an index is the next one, or one that has begun; only the first piece names the call.
  const auto place = static_cast<std::size_t>(std::stoul(index));
  ASSERT_LE(place, received.calls.size()) << event;
  ASSERT_EQ(place == received.calls.size(), !id.empty()) << event;
  if (!id.empty()) {
    EXPECT_EQ(text_at(event, path + ".type"), "function");
    EXPECT_EQ(at(event, path + ".function.arguments"), "\"\"");
    received.calls.push_back({id, text_at(event, path + ".function.name"), {}});
  }
  received.calls[place].arguments += text_at(event, path + ".function.arguments");
}

inline Received receive_events(std::string_view events) {
  Received received;
  while (!events.empty()) {
    const std::size_t end = events.find("\n\n");
    EXPECT_TRUE(events.starts_with("data: ") && end != events.npos) << events.substr(0, 80);
    if (end == events.npos) break;
    const std::string event(events.substr(6, end - 6));
    events.remove_prefix(end + 2);
    EXPECT_FALSE(received.done) << "something follows [DONE]";
    if (event == "[DONE]") {
      received.done = true;
      continue;
    }
    received.events.push_back(event);
    if (at(event, "choices.0").empty()) continue;
    EXPECT_EQ(at(event, "choices.0.index"), "0") << event;
    EXPECT_TRUE(at(event, "choices.1").empty()) << event;
    received.content += text_at(event, "choices.0.delta.content");
    received.reasoning += text_at(event, "choices.0.delta.reasoning_content");
    for (int i = 0;; ++i) {
      const std::string path = "choices.0.delta.tool_calls." + std::to_string(i);
      if (at(event, path).empty()) break;
      take_call(event, path, received);
    }
    if (const std::string word = text_at(event, "choices.0.finish_reason"); !word.empty()) {
      EXPECT_TRUE(received.finish.empty()) << "a second finish_reason";
      received.finish = word;
    }
  }
  return received;
}

// Fed whole, byte by byte and at every split: the client's text is always the same.
inline Received receive(std::string_view frames, const convert::ReplyContext& context = {},
                        convert::IncludeUsage usage = convert::IncludeUsage::no) {
  std::string error;
  const std::string expected = chunks_of(whole(frames), context, usage, error);
  for_each_way(frames, [&](const Pieces& pieces) {
    std::string its_error;
    EXPECT_EQ(chunks_of(pieces, context, usage, its_error), expected);
    EXPECT_EQ(its_error, error);
  });
  Received received = receive_events(expected);
  received.error = error;
  EXPECT_EQ(received.done, error.empty());
  return received;
}

// --- the frames of an answer

inline std::string start_frame() {
  return event_frame("messageStart", R"({"role":"assistant","p":"abcdefgh"})");
}
inline std::string block_start(int block, std::string_view start) {
  return event_frame("contentBlockStart", R"({"contentBlockIndex":)" + std::to_string(block) +
                                              R"(,"start":)" + std::string(start) + "}");
}
inline std::string tool_start(int block, std::string_view id, std::string_view name = "f") {
  return block_start(block, R"({"toolUse":{"toolUseId":")" + std::string(id) + R"(","name":")" +
                                std::string(name) + R"("}})");
}
inline std::string delta_frame(int block, std::string_view delta) {
  return event_frame("contentBlockDelta", R"({"contentBlockIndex":)" + std::to_string(block) +
                                              R"(,"delta":)" + std::string(delta) +
                                              R"(,"p":"ab"})");
}
inline std::string text_frame(int block, std::string_view escaped) {
  return delta_frame(block, R"({"text":")" + std::string(escaped) + R"("})");
}
inline std::string input_frame(int block, std::string_view escaped) {
  return delta_frame(block, R"({"toolUse":{"input":")" + std::string(escaped) + R"("}})");
}
inline std::string reasoning_frame(int block, std::string_view member, std::string_view value) {
  return delta_frame(block, R"({"reasoningContent":{")" + std::string(member) + R"(":")" +
                                std::string(value) + R"("}})");
}
inline std::string stop_frame(int block) {
  return event_frame("contentBlockStop", R"({"contentBlockIndex":)" + std::to_string(block) + "}");
}
inline std::string end_frames(std::string_view reason = "end_turn") {
  return event_frame("messageStop", R"({"stopReason":")" + std::string(reason) + R"("})") +
         event_frame("metadata", R"({"usage":{"inputTokens":10,"outputTokens":5,"totalTokens":15},)"
                                 R"("metrics":{"latencyMs":7}})");
}

}  // namespace oriel::test
