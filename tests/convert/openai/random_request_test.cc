// Properties: no text crashes the parser, every refusal is well-formed, and what the pieces of a
// good request are, cut short or with one value changed, never goes unnoticed by the sanitizers.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cstdint>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "convert/json/padded_buffer.h"
#include "convert/json/reader.h"
#include "convert/openai/chat_request.h"
#include "convert/openai/error_body.h"

namespace oriel::convert {
namespace {

// Every form of everything, once.
constexpr char kRich[] =
    R"({"model":"m","messages":[{"role":"system","content":[{"type":"text","text":"s",)"
    R"("cache_control":{"type":"ephemeral","ttl":"1h"}}]},{"role":"user","name":"n","content":[)"
    R"({"type":"text","text":"a\u00e9\ud83d\ude00"},{"type":"image_url","image_url":{"url":)"
    R"("data:image/png;base64,iVBORw0KGgo=","detail":"auto"}},{"type":"file","file":{)"
    R"("file_data":"JVBERi0x","filename":"a.pdf"}},{"type":"input_audio","input_audio":{)"
    R"("data":"UklGRg==","format":"wav"}},{"type":"video_url","video_url":{"url":"s3://b/k.mp4"}},)"
    R"({"type":"guarded_text","text":"g","qualifiers":["query"]}]},{"role":"assistant",)"
    R"("content":[{"type":"thinking","thinking":"t","signature":"s"}],"thinking_blocks":[)"
    R"({"type":"redacted_thinking","data":"QQ=="}],"reasoning_content":"r",)"
    R"("function_call":{"name":"f","arguments":""},"tool_calls":[{"id":"c","type":"function",)"
    R"("function":{"name":"f","arguments":"{}"}},{"id":"d","type":"custom","custom":{)"
    R"("name":"h","input":"x"}}]},{"role":"tool","tool_call_id":"c","content":"1",)"
    R"("is_error":true},{"role":"function","name":"f","content":null}],"tools":[{)"
    R"("type":"function","function":{"name":"f","parameters":{"type":"object"}}},{)"
    R"("type":"custom","custom":{"name":"h","format":{"type":"grammar","grammar":{)"
    R"("definition":"a","syntax":"regex"}}}},{"type":"system","name":"k"}],)"
    R"("tool_choice":{"type":"allowed_tools","allowed_tools":{"mode":"auto","tools":[{)"
    R"("type":"function","function":{"name":"f"}},{"type":"custom","custom":{"name":"h"}}]}},)"
    R"("stream":true,"stream_options":{"include_usage":true},"stop":["x"],"temperature":1.5,)"
    R"("seed":7,"n":2,"reasoning_effort":"high","response_format":{"type":"json_schema",)"
    R"("json_schema":{"name":"j","schema":{},"strict":true}},"prediction":{"type":"content",)"
    R"("content":"p"},"prompt_cache_options":{"ttl":"30m"},"moderation":{"model":"o",)"
    R"("policy":{"input":{"mode":"block"}}},"web_search_options":{"search_context_size":"low"},)"
    R"("extra_body":{"top_k":1,"top_p":0.5}})";
// The deprecated forms, which the others exclude.
constexpr char kLegacy[] =
    R"({"model":"m","messages":[{"role":"assistant","function_call":{"name":"f",)"
    R"("arguments":"{}"}},{"role":"function","name":"f","content":"1"}],"functions":[{"name":"f",)"
    R"("description":"d","parameters":{}}],"function_call":{"name":"f"}})";

// Parses; a refusal must be a client's error that has something to say and prints as JSON.
bool sound(std::string_view text, json::Reader& reader) {
  const json::PaddedBuffer body(text);
  const auto parsed = parse_chat_request(body.view(), reader);
  if (parsed) return !parsed->messages.empty() && !parsed->model.empty();
  std::string printed;
  write_error_body(parsed.error(), printed);
  const json::PaddedBuffer error(printed);
  json::Reader other;
  return status_of(parsed.error()) == 400 && !parsed.error().message.empty() &&
         other.read(error).has_value();
}

TEST(RandomRequest, TheRichOnesAreGood) {
  json::Reader reader;
  for (const char* rich : {kRich, kLegacy}) {
    const json::PaddedBuffer body(rich);
    const auto parsed = parse_chat_request(body.view(), reader);
    EXPECT_TRUE(parsed) << parsed.error().message;
  }
}

TEST(RandomRequest, EveryPrefixIsRefused) {
  json::Reader reader;
  const std::string_view rich = kRich;
  for (std::size_t size = 0; size < rich.size(); ++size) {
    const json::PaddedBuffer body(rich.substr(0, size));
    ASSERT_FALSE(parse_chat_request(body.view(), reader)) << size;
  }
}

void replace_every_byte(const std::string& rich, std::string_view others) {
  json::Reader reader;
  for (std::size_t at = 0; at < rich.size(); ++at) {
    for (const char c : others) {
      std::string changed = rich;
      changed[at] = c;
      ASSERT_TRUE(sound(changed, reader)) << changed;
    }
  }
}

TEST(RandomRequest, EveryByteReplaced) {
  replace_every_byte(kRich, "\"x");
  replace_every_byte(kLegacy, std::string_view("\"\\{[0, x\n\xff\0", 11));
}

// Every JSON value of the text replaced by one of another type.
void replace_every_value(const std::string& rich) {
  const char* others[] = {"null",
                          "0",
                          "-1",
                          "1.5",
                          "true",
                          "\"\"",
                          "\"x\"",
                          "[]",
                          "{}",
                          "[null]",
                          "{\"type\":\"text\"}",
                          "[{}]",
                          "18446744073709551616"};
  json::Reader walker;
  const json::PaddedBuffer body(rich);
  const auto root = walker.read(body);
  ASSERT_TRUE(root);
  std::vector<std::string_view> values;
  const auto collect = [&](const auto& self, const json::Value& value) -> void {
    values.push_back(value.raw().text);
    for (const json::Member member : value.children()) self(self, member.value);
  };
  collect(collect, *root);
  EXPECT_GT(values.size(), 15U);
  json::Reader reader;
  for (const std::string_view value : values) {
    for (const char* other : others) {
      std::string changed = rich;
      changed.replace(static_cast<std::size_t>(value.data() - body.view().data()), value.size(),
                      other);
      ASSERT_TRUE(sound(changed, reader)) << changed;
    }
  }
}

TEST(RandomRequest, EveryValueReplaced) {
  replace_every_value(kRich);
  replace_every_value(kLegacy);
}

// Random JSON out of the words that mean something in a request.
class JsonMaker {
 public:
  explicit JsonMaker(std::uint32_t seed) : random_(seed) {}

  std::string value(int depth) {
    const std::size_t kind = depth == 0 ? 0 : below(3);
    if (kind == 0) return pick(kScalars);
    std::string out = kind == 1 ? "[" : "{";
    const std::size_t count = below(5);
    const std::size_t first_key = below(std::size(kKeys));
    for (std::size_t i = 0; i < count; ++i) {
      if (i != 0) out += ',';
      // Neighbours in the list of keys: different ones, and often those that belong together.
      if (kind == 2) out += '"' + std::string(kKeys[(first_key + i) % std::size(kKeys)]) + "\":";
      out += value(depth - 1);
    }
    return out + (kind == 1 ? "]" : "}");
  }

 private:
  static constexpr const char* kScalars[] = {"null",       "true",
                                             "false",      "0",
                                             "-3",         "2.5",
                                             "1e2",        "\"\"",
                                             "\"user\"",   "\"assistant\"",
                                             "\"text\"",   "\"function\"",
                                             "\"auto\"",   "\"data:image/png;base64,iVBORw0KGgo=\"",
                                             "\"\\u00e9\""};
  static constexpr const char* kKeys[] = {"model",
                                          "messages",
                                          "role",
                                          "content",
                                          "tool_calls",
                                          "id",
                                          "type",
                                          "function",
                                          "name",
                                          "arguments",
                                          "tool_call_id",
                                          "type",
                                          "image_url",
                                          "url",
                                          "type",
                                          "text",
                                          "tools",
                                          "tool_choice",
                                          "stop",
                                          "stream",
                                          "stream_options",
                                          "include_usage",
                                          "n",
                                          "logit_bias",
                                          "response_format",
                                          "type",
                                          "json_schema",
                                          "modalities",
                                          "type",
                                          "custom",
                                          "name",
                                          "input",
                                          "format",
                                          "type",
                                          "file",
                                          "file_data",
                                          "filename",
                                          "input_audio",
                                          "data",
                                          "format",
                                          "thinking_blocks",
                                          "type",
                                          "thinking",
                                          "signature",
                                          "cache_control",
                                          "type",
                                          "ttl",
                                          "functions",
                                          "function_call",
                                          "allowed_tools",
                                          "mode",
                                          "tools",
                                          "extra_body",
                                          "zzz"};

  std::size_t below(std::size_t limit) { return random_() % limit; }
  template <std::size_t size>
  const char* pick(const char* const (&list)[size]) {
    return list[below(size)];
  }
  std::mt19937 random_;
};

RC_GTEST_PROP(RandomRequest, AnyJsonIsTakenOrRefused, (std::uint32_t seed)) {
  json::Reader reader;
  RC_ASSERT(sound(JsonMaker(seed).value(6), reader));
}

RC_GTEST_PROP(RandomRequest, AnyMembersAreTakenOrRefused, (std::uint32_t seed)) {
  json::Reader reader;
  JsonMaker make(seed);
  const std::string text =
      R"({"model":"m","messages":[{"role":"user","content":)" + make.value(3) +
      R"(},{"role":"assistant","content":)" + make.value(2) + R"(,"tool_calls":)" + make.value(4) +
      R"(,"thinking_blocks":)" + make.value(3) + R"(,"function_call":)" + make.value(2) +
      R"(},{"role":"function","name":"f","content":)" + make.value(2) + R"(,"cache_control":)" +
      make.value(2) + R"(}],"tools":)" + make.value(4) + R"(,"functions":)" + make.value(3) +
      R"(,"extra_body":)" + make.value(3) + R"(,"tool_choice":)" + make.value(3) + R"(,"stop":)" +
      make.value(2) + R"(,"response_format":)" + make.value(3) + "}";
  RC_ASSERT(sound(text, reader));
}

RC_GTEST_PROP(RandomRequest, AnyBytesAreTakenOrRefused, (const std::string& bytes)) {
  json::Reader reader;
  RC_ASSERT(sound(bytes, reader));
}

}  // namespace
}  // namespace oriel::convert
