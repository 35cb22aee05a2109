// The traps of streams, from ConverseStream's frames to what an OpenAI client rebuilds from the
// chunks, fed in every way. spec/converse.md §21.
#include "tests/convert/traps/support.h"

namespace oriel::test {
namespace {

TEST(Traps, trap_01_negative_tool_index) {
  const Received got = receive(start_frame() + tool_start(0, "t1") + input_frame(0, R"({\"a\":)") +
                               input_frame(0, "1}") + stop_frame(0) + end_frames("tool_use"));
  EXPECT_EQ(got.call_line(), R"(t1:f{"a":1})");
  EXPECT_EQ(got.finish, "tool_calls");
  ASSERT_FALSE(got.events.empty());
  EXPECT_EQ(count_of(got.events[1], R"("index":-)"), 0U);
  EXPECT_EQ(at(got.events[1], "choices.0.delta.tool_calls.0.index"), "0");
}

TEST(Traps, trap_02_block_index_is_no_choice_index) {
  const Received got =
      receive(start_frame() + text_frame(0, "Let me look.") + stop_frame(0) + tool_start(1, "t1") +
              input_frame(1, "{}") + stop_frame(1) + end_frames("tool_use"));
  // receive() asserts that every choice has index 0.
  EXPECT_EQ(got.content, "Let me look.");
  EXPECT_EQ(got.call_line(), "t1:f{}");
  for (const std::string& event : got.events) {
    EXPECT_EQ(at(event, "choices.0.index"), "0") << event;
  }
}

TEST(Traps, trap_03_dense_tool_index) {
  const Received got = receive(
      start_frame() + reasoning_frame(0, "text", "Hm.") + reasoning_frame(0, "signature", "S") +
      stop_frame(0) + text_frame(1, "Both.") + stop_frame(1) + tool_start(2, "a") +
      input_frame(2, R"({\"n\":1})") + stop_frame(2) + tool_start(3, "b", "g") +
      input_frame(3, R"({\"n\":2})") + stop_frame(3) + end_frames("tool_use"));
  EXPECT_EQ(got.call_line(), R"(a:f{"n":1} b:g{"n":2})");
  EXPECT_EQ(got.reasoning, "Hm.");
  EXPECT_EQ(got.content, "Both.");
}

TEST(Traps, trap_04_parallel_calls_without_stop) {
  const Received got =
      receive(start_frame() + text_frame(0, "I'll call both tools.") + stop_frame(0) +
              tool_start(1, "tooluse_k1") + input_frame(1, R"({\"sign\":)") +
              input_frame(1, R"(\"WZPZ\"})") + tool_start(2, "tooluse_k2", "g") +
              input_frame(2, R"({\"c\":2})") + stop_frame(2) + end_frames("tool_use"));
  EXPECT_EQ(got.call_line(), R"(tooluse_k1:f{"sign":"WZPZ"} tooluse_k2:g{"c":2})");
  EXPECT_EQ(got.finish, "tool_calls");
}

constexpr std::string_view kFormat =
    R"(,"response_format":{"type":"json_schema","json_schema":{"name":"person","schema":)"
    R"({"type":"object","properties":{"name":{"type":"string"}},"required":["name"]}}})";

TEST(Traps, trap_05_interleaved_blocks) {
  const Received plain =
      receive(start_frame() + tool_start(1, "a") + tool_start(2, "b", "g") + input_frame(2, "{") +
              input_frame(1, R"({\"x\":)") + input_frame(2, R"(\"y\":2})") + input_frame(1, "1}") +
              stop_frame(1) + stop_frame(2) + end_frames("tool_use"));
  EXPECT_EQ(plain.call_line(), R"(a:f{"x":1} b:g{"y":2})");

  // One of the two is the tool that stands for response_format: it wins or loses whole, and never
  // leaks into the other.
  const Sent sent = send(chat("gpt-4o-mini", kHi, std::string(kTools) + std::string(kFormat)));
  ASSERT_FALSE(sent.refused) << sent.error.message;
  ASSERT_FALSE(sent.context.format_tool.empty());
  const std::string tool = sent.context.format_tool;
  const Received got = receive(start_frame() + tool_start(1, "a") + tool_start(2, "s", tool) +
                                   input_frame(2, R"({\"name\":)") + input_frame(1, R"({\"x\":)") +
                                   input_frame(2, R"(\"Ada\"})") + input_frame(1, "1}") +
                                   stop_frame(1) + stop_frame(2) + end_frames("tool_use"),
                               sent.context);
  EXPECT_EQ(got.call_line(), R"(a:f{"x":1})");
  EXPECT_EQ(count_of(got.content, "\"x\""), 0U) << got.content;
  EXPECT_EQ(got.finish, "tool_calls");

  const Received alone =
      receive(start_frame() + tool_start(0, "s", tool) + input_frame(0, R"({\"name\":)") +
                  input_frame(0, R"(\"Ada\"})") + stop_frame(0) + end_frames("tool_use"),
              sent.context);
  EXPECT_EQ(alone.content, R"({"name":"Ada"})");
  EXPECT_TRUE(alone.calls.empty());
  EXPECT_EQ(alone.finish, "stop");
}

TEST(Traps, trap_06_arguments_start_empty) {
  const Received got =
      receive(start_frame() + tool_start(0, "t1") + input_frame(0, R"({\"a\":1})") + stop_frame(0) +
              end_frames("tool_use"));
  EXPECT_EQ(got.call_line(), R"(t1:f{"a":1})");  // not {}{"a":1}
  ASSERT_GE(got.events.size(), 3U);
  EXPECT_EQ(at(got.events[1], "choices.0.delta.tool_calls.0.function.arguments"), "\"\"");
  EXPECT_TRUE(at(got.events[2], "choices.0.delta.tool_calls.0.id").empty());
}

TEST(Traps, trap_07_no_argument_call) {
  const Received stopped =
      receive(start_frame() + tool_start(0, "t1") + stop_frame(0) + end_frames("tool_use"));
  EXPECT_EQ(stopped.call_line(), "t1:f{}");
  const Received open = receive(start_frame() + tool_start(0, "t1") + end_frames("tool_use"));
  EXPECT_EQ(open.call_line(), "t1:f{}");
  const Received blank = receive(start_frame() + tool_start(0, "t1") + input_frame(0, "") +
                                 stop_frame(0) + end_frames("tool_use"));
  EXPECT_EQ(blank.call_line(), "t1:f{}");
}

TEST(Traps, trap_09_truncated_stream_is_no_success) {
  const std::vector<std::string> frames = {start_frame(), text_frame(0, "Hel"), text_frame(0, "lo"),
                                           stop_frame(0)};
  std::string bytes;
  for (const std::string& frame : frames) {
    bytes += frame;
    const Received got = receive(bytes);
    EXPECT_EQ(got.error, "502 server_error stream_truncated");
    EXPECT_FALSE(got.done);
    EXPECT_TRUE(got.finish.empty());
    ASSERT_FALSE(got.events.empty());
    EXPECT_EQ(text_at(got.events.back(), "error.code"), "stream_truncated");
  }
  const std::string cut = end_frames();
  for (const std::size_t size : {std::size_t{1}, cut.size() / 4}) {
    const Received got = receive(bytes + cut.substr(0, size));
    EXPECT_EQ(got.error, "502 server_error stream_truncated") << size;
  }
}

TEST(Traps, trap_10_exception_in_mid_stream) {
  const std::string begin = start_frame() + text_frame(0, "Hel") + text_frame(0, "lo");
  const std::string throttled =
      exception_frame("throttlingException",
                      R"({"message":"Too many requests, please wait before trying again."})");
  const Received got = receive(begin + throttled);
  EXPECT_EQ(got.content, "Hello");
  EXPECT_TRUE(got.finish.empty());
  EXPECT_FALSE(got.done);
  EXPECT_TRUE(got.error.starts_with("429 ")) << got.error;
  const std::string& last = got.events.back();
  EXPECT_EQ(text_at(last, "error.code"), "rate_limit_exceeded");
  EXPECT_EQ(text_at(last, "error.message"), "Too many requests, please wait before trying again.");
  EXPECT_EQ(at(last, "error.param"), "null");
  EXPECT_FALSE(text_at(last, "error.type").empty());

  const std::pair<std::string, std::string_view> rows[] = {
      {exception_frame("internalServerException", R"({"message":"x"})"), "upstream_internal_error"},
      {exception_frame("modelStreamErrorException", R"({"message":"x"})"), "model_stream_error"},
      {exception_frame("serviceUnavailableException", R"({"message":"x"})"),
       "upstream_unavailable"},
      {error_frame("InternalError", "boom"), "upstream_internal_error"},
  };
  for (const auto& [frame, code] : rows) {
    const Received other = receive(begin + frame);
    EXPECT_EQ(text_at(other.events.back(), "error.code"), code);
    EXPECT_FALSE(other.done);
  }
}

TEST(Traps, trap_12_new_stop_reasons_of_streams) {
  for (const std::string_view word : {"malformed_model_output", "malformed_tool_use"}) {
    const Received got = receive(start_frame() + text_frame(0, "x") + end_frames(word));
    EXPECT_EQ(got.error, "502 server_error " + std::string(word));
    EXPECT_EQ(text_at(got.events.back(), "error.code"), word);
    EXPECT_FALSE(got.done);
  }
  const Received plain = receive(start_frame() + text_frame(0, "x") + end_frames("brand_new"));
  EXPECT_EQ(plain.finish, "stop");
  const Received with_call =
      receive(start_frame() + tool_start(0, "t") + stop_frame(0) + end_frames("brand_new"));
  EXPECT_EQ(with_call.finish, "tool_calls");
}

std::string big_endian(std::uint32_t value) {
  std::string out;
  append_big(out, value, 4);
  return out;
}

TEST(Traps, trap_40_frame_decoder) {
  const std::string good = start_frame() + text_frame(0, "ok") + stop_frame(0) + end_frames();
  EXPECT_EQ(receive(good).content, "ok");  // one byte at a time, and all frames in one piece

  const auto error_of = [](std::string bytes) { return receive(bytes).error; };
  const std::string begin = start_frame() + text_frame(0, "ok");
  const std::string frame = text_frame(0, "more");
  for (const std::size_t broken : {std::size_t{9}, frame.size() - 1, frame.size() / 2}) {
    std::string bad = frame;
    bad[broken] = static_cast<char>(bad[broken] ^ 1);
    EXPECT_EQ(error_of(begin + bad), "502 server_error stream_corrupt") << broken;
  }
  // A length of 4 GiB: refused by its prelude, before anything is allocated.
  std::string huge = big_endian(0xFFFFFFFF) + big_endian(0);
  huge += big_endian(crc32_bitwise(huge));
  EXPECT_EQ(error_of(begin + huge), "502 server_error stream_corrupt");
  std::string tiny = big_endian(15) + big_endian(0);
  tiny += big_endian(crc32_bitwise(tiny));
  EXPECT_EQ(error_of(begin + tiny), "502 server_error stream_corrupt");
  for (const std::size_t size : {std::size_t{3}, std::size_t{11}, frame.size() - 1}) {
    EXPECT_EQ(error_of(begin + frame.substr(0, size)), "502 server_error stream_truncated");
  }
}

TEST(Traps, trap_49_usage_only_when_asked) {
  const std::string frames = start_frame() + text_frame(0, "ok") + stop_frame(0) + end_frames();
  const Received unasked = receive(frames);
  for (const std::string& event : unasked.events) {
    EXPECT_EQ(count_of(event, "\"usage\""), 0U) << event;
    EXPECT_NE(at(event, "choices"), "[]") << event;
  }
  const Received asked = receive(frames, {}, convert::IncludeUsage::yes);
  ASSERT_EQ(asked.events.size(), unasked.events.size() + 1);
  for (std::size_t i = 0; i < unasked.events.size(); ++i) {
    EXPECT_EQ(at(asked.events[i], "usage"), "null") << asked.events[i];
  }
  const std::string& last = asked.events.back();
  EXPECT_EQ(at(last, "choices"), "[]");
  EXPECT_EQ(at(last, "usage.prompt_tokens"), "10");
  EXPECT_EQ(at(last, "usage.completion_tokens"), "5");
  EXPECT_EQ(at(last, "usage.total_tokens"), "15");

  const Received silent = receive(start_frame() + text_frame(0, "ok") +
                                      event_frame("messageStop", R"({"stopReason":"end_turn"})"),
                                  {}, convert::IncludeUsage::yes);
  EXPECT_EQ(silent.finish, "stop");
  EXPECT_TRUE(silent.done);
  for (const std::string& event : silent.events) {
    EXPECT_EQ(count_of(event, "prompt_tokens"), 0U) << "zeros would be a lie: " << event;
  }
}

}  // namespace
}  // namespace oriel::test
