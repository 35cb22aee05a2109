// Requests of OpenAI clients made from bytes: whatever the bytes are, the request is well formed,
// and its history as untidy as clients' histories get. The same bytes make the same request.
#pragma once

#include <cstdint>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "convert/dialect.h"
#include "convert/json/writer.h"

namespace oriel::test {

// One or two of each family and of each peculiarity.
inline constexpr std::string_view kModels[] = {
    "amazon.nova-lite-v1:0",
    "amazon.nova-micro-v1:0",
    "amazon.nova-2-omni-v1:0",
    "anthropic.claude-v2:1",
    "anthropic.claude-3-haiku-20240307-v1:0",
    "anthropic.claude-3-7-sonnet-20250219-v1:0",
    "anthropic.claude-sonnet-4-5-20250929-v1:0",
    "anthropic.claude-opus-4-6-v1",
    "anthropic.claude-opus-4-7",
    "meta.llama3-1-70b-instruct-v1:0",
    "meta.llama4-scout-17b-instruct-v1:0",
    "mistral.pixtral-large-2502-v1:0",
    "mistral.mistral-7b-instruct-v0:2",
    "mistral.mistral-large-3-675b-instruct",
    "deepseek.v3-v1:0",
    "openai.gpt-oss-120b-1:0",
    "ai21.jamba-1-5-large-v1:0",
    "newvendor.model-1:0",
};
inline constexpr std::string_view kTexts[] = {
    "a", "", " ", "\n\t", "b \n", "\xC2\xA0", "\xE2\x80\x8B", "x\"\\y", "\xF0\x9F\x98\x80 "};
inline constexpr std::string_view kIds[] = {
    "c1",
    "c2",
    "call_abc|fc_1",
    "call 1",
    "tooluse_kZJMlvQmRJ6eAyJE5GIl7Q",
    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx1",
    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx2"};
inline constexpr std::string_view kNames[] = {
    "f",        "g",
    "a.b/c",    "Complete Session",
    "\xC3\xA9", "mcp__long_long_long_long_long_long_long_long_long_long_long_long_long_long"};
inline constexpr std::string_view kArguments[] = {
    "{}", "", "null", "{\"a\":1}", "[1]", "{", "{\"a\":1,\"a\":2}", "\"\\ud83d\""};
inline constexpr std::string_view kRoles[] = {"user",      "assistant", "tool", "user",
                                              "assistant", "system",    "tool", "developer"};
inline constexpr std::string_view kAuthors[] = {"ann", "bob", ""};
inline constexpr std::string_view kSchemas[] = {
    "", "{}", R"({"type":"object","properties":{"a":{"type":["string","null"]}}})",
    R"({"type":"array","items":{"type":"string"}})",
    R"({"anyOf":[{"type":"object"},{"type":"null"}]})"};
inline constexpr std::string_view kFileNames[] = {
    "a.pdf", "a.pdf", "", "b_\xC3\xA9.txt", ".md", "x  y.csv", "\xE6\x96\x87.pdf"};
inline constexpr std::string_view kPicture =
    "data:image/"
    "png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+"
    "M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

// Reads choices from bytes; all zeros when they are used up.
class Choices {
 public:
  explicit Choices(const std::vector<std::uint8_t>& bytes) : bytes_(bytes) {}
  bool done() const { return at_ >= bytes_.size(); }
  std::size_t below(std::size_t count) { return done() ? 0 : bytes_[at_++] % count; }
  bool one_in(std::size_t count) { return below(count) == count - 1; }
  template <std::size_t N>
  std::string_view of(const std::string_view (&values)[N]) {
    return values[below(N)];
  }

 private:
  const std::vector<std::uint8_t>& bytes_;
  std::size_t at_ = 0;
};

class RandomRequest {
 public:
  RandomRequest(Choices& choices, std::string& out) : choices_(choices), writer_(out) {}

  void write() {
    writer_.begin_object().key("model").string(choices_.of(kModels));
    write_settings();
    write_tools();
    writer_.key("messages").begin_array();
    do write_message();
    while (!choices_.done());
    writer_.end_array().end_object();
  }

  static convert::EncodePolicy policy(Choices& choices) {
    convert::EncodePolicy policy;
    const std::size_t bits = choices.below(64);
    policy.auto_cache = (bits & 1U) != 0;
    policy.inline_system = (bits & 2U) != 0;
    policy.prefix_user_names = (bits & 4U) != 0;
    policy.placeholder_tool = (bits & 8U) != 0;
    policy.strict_history = (bits & 48U) == 48;
    return policy;
  }

 private:
  void write_settings() {
    static constexpr std::string_view kEfforts[] = {"none", "minimal", "low", "high", "max"};
    const std::size_t bits = choices_.below(64);
    if ((bits & 1U) != 0) writer_.key("temperature").number(1.5).key("top_p").number(0.5);
    if ((bits & 2U) != 0) {
      writer_.key("stop").begin_array();
      writer_.string(choices_.of(kTexts)).string(choices_.of(kTexts)).end_array();
    }
    if ((bits & 4U) != 0) writer_.key("reasoning_effort").string(choices_.of(kEfforts));
    if ((bits & 8U) != 0) {
      writer_.key("max_tokens").unsigned_integer(1 + 1000 * choices_.below(20));
    }
    if ((bits & 48U) == 48) write_format();
  }

  void write_format() {
    writer_.key("response_format").begin_object();
    const std::string_view schema = choices_.of(kSchemas);
    if (schema.empty()) {
      writer_.key("type").string("json_object");
    } else {
      writer_.key("type").string("json_schema").key("json_schema").begin_object();
      writer_.key("name").string("answer").key("schema").raw({schema}).end_object();
    }
    writer_.end_object();
  }

  void write_tools() {
    const std::size_t count = choices_.below(std::size(kNames) + 1);
    if (count == 0) return;
    writer_.key("tools").begin_array();
    for (std::size_t i = 0; i < count; ++i) {
      const bool custom = choices_.one_in(5);
      const std::string_view type = custom ? "custom" : "function";
      writer_.begin_object().key("type").string(type).key(type).begin_object();
      writer_.key("name").string(kNames[i]).key("description").string(choices_.of(kTexts));
      const std::string_view schema = choices_.of(kSchemas);
      if (!custom && !schema.empty()) writer_.key("parameters").raw({schema});
      if (!custom && choices_.one_in(4)) writer_.key("strict").boolean(true);
      writer_.end_object();
      write_mark(8);
      writer_.end_object();
    }
    writer_.end_array();
    write_choice();
  }

  void write_choice() {
    const std::size_t choice = choices_.below(6);
    if (choice == 1) writer_.key("tool_choice").string("required");
    if (choice == 2) writer_.key("tool_choice").string("none");
    if (choice == 3) writer_.key("parallel_tool_calls").boolean(false);
  }

  // A cache mark, one time in `odds`.
  void write_mark(std::size_t odds) {
    static constexpr std::string_view kTimes[] = {"", "5m", "1h"};
    if (!choices_.one_in(odds)) return;
    const std::string_view time = choices_.of(kTimes);
    writer_.key("cache_control").begin_object().key("type").string("ephemeral");
    if (!time.empty()) writer_.key("ttl").string(time);
    writer_.end_object();
  }

  void write_calls() {
    writer_.key("tool_calls").begin_array();
    for (std::size_t left = choices_.below(4); left > 0; --left) {
      const bool custom = choices_.one_in(5);
      const std::string_view type = custom ? "custom" : "function";
      writer_.begin_object().key("id").string(choices_.of(kIds));
      writer_.key("type").string(type).key(type).begin_object();
      writer_.key("name").string(choices_.of(kNames));
      writer_.key(custom ? "input" : "arguments").string(choices_.of(kArguments));
      writer_.end_object().end_object();
    }
    writer_.end_array();
  }

  void write_reasoning() {
    writer_.key("thinking_blocks").begin_array();
    for (std::size_t left = choices_.below(3); left > 0; --left) {
      writer_.begin_object();
      if (choices_.one_in(3)) {
        writer_.key("type").string("redacted_thinking").key("data").string("AAAA");
      } else {
        writer_.key("type").string("thinking").key("thinking").string(choices_.of(kTexts));
        if (!choices_.one_in(4)) writer_.key("signature").string("S+/=");
      }
      writer_.end_object();
    }
    writer_.end_array();
  }

  void write_url_part(std::string_view type, std::string_view url) {
    writer_.key("type").string(type).key(type).begin_object();
    writer_.key("url").string(url).end_object();
  }

  void write_file_part() {
    static constexpr std::string_view kData[] = {
        "data:application/pdf;base64,JVBERi0xLjQ=", "data:text/plain;base64,YWJj",
        "data:text/markdown;base64,YWJj"};
    writer_.key("type").string("file").key("file").begin_object();
    writer_.key("file_data").string(choices_.of(kData));
    const std::string_view name = choices_.of(kFileNames);
    if (!name.empty()) writer_.key("filename").string(name);
    writer_.end_object();
  }

  void write_part(std::string_view role) {
    const bool speaks = role == "user" || role == "assistant" || role == "tool";
    const std::size_t kind = speaks ? choices_.below(12) : 0;
    writer_.begin_object();
    if (kind == 6) {
      write_url_part("image_url", kPicture);
    } else if (kind == 7 || kind == 8) {
      write_file_part();
    } else if (kind == 9 && choices_.one_in(3)) {
      write_url_part("video_url", "data:video/mp4;base64,AAAAGGZ0eXA=");
    } else if (kind == 10 && choices_.one_in(3)) {
      write_url_part("image_url", "s3://bucket/a.png");
    } else if (kind == 11 && role == "user") {
      writer_.key("type").string("guarded_text").key("text").string(choices_.of(kTexts));
    } else {
      writer_.key("type").string("text").key("text").string(choices_.of(kTexts));
    }
    write_mark(8);
    writer_.end_object();
  }

  void write_content(std::string_view role) {
    writer_.key("content");
    const std::size_t form = choices_.below(4);
    if (form == 0 && role == "assistant") {
      writer_.null();
    } else if (form == 1 || form == 2) {
      writer_.begin_array();
      for (std::size_t left = choices_.below(4) + 1; left > 0; --left) write_part(role);
      writer_.end_array();
    } else {
      writer_.string(choices_.of(kTexts));
    }
  }

  void write_message() {
    const std::string_view role = choices_.of(kRoles);
    writer_.begin_object().key("role").string(role);
    write_content(role);
    if (role == "user" && choices_.one_in(4)) writer_.key("name").string(choices_.of(kAuthors));
    if (role == "tool") {
      writer_.key("tool_call_id").string(choices_.of(kIds));
      if (choices_.one_in(4)) writer_.key("is_error").boolean(true);
    }
    if (role == "assistant" && choices_.below(2) == 1) write_calls();
    if (role == "assistant" && choices_.one_in(3)) write_reasoning();
    write_mark(8);
    writer_.end_object();
  }

  Choices& choices_;
  json::Writer writer_;
};

}  // namespace oriel::test
