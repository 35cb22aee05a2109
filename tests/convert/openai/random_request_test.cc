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

constexpr char kRich[] =
    R"({"model":"m","messages":[{"role":"system","content":"s"},{"role":"user","content":[)"
    R"({"type":"text","text":"a\u00e9\ud83d\ude00"},{"type":"image_url","image_url":{"url":)"
    R"("data:image/png;base64,iVBORw0KGgo=","detail":"auto"}}]},{"role":"assistant",)"
    R"("content":null,"tool_calls":[{"id":"c","type":"function","function":{"name":"f",)"
    R"("arguments":"{}"}}]},{"role":"tool","tool_call_id":"c","content":"1"}],"tools":[{)"
    R"("type":"function","function":{"name":"f","parameters":{"type":"object"}}}],)"
    R"("tool_choice":"auto","stream":true,"stream_options":{"include_usage":true},)"
    R"("stop":["x"],"temperature":1.5,"seed":7,"n":1,"response_format":{"type":"text"}})";

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

TEST(RandomRequest, TheRichOneIsGood) {
  json::Reader reader;
  const json::PaddedBuffer body(kRich);
  EXPECT_TRUE(parse_chat_request(body.view(), reader));
}

TEST(RandomRequest, EveryPrefixIsRefused) {
  json::Reader reader;
  const std::string_view rich = kRich;
  for (std::size_t size = 0; size < rich.size(); ++size) {
    const json::PaddedBuffer body(rich.substr(0, size));
    ASSERT_FALSE(parse_chat_request(body.view(), reader)) << size;
  }
}

TEST(RandomRequest, EveryByteReplaced) {
  json::Reader reader;
  const std::string rich = kRich;
  for (std::size_t at = 0; at < rich.size(); ++at) {
    for (const char c : {'"', '\\', '{', '[', '0', ',', ' ', 'x', '\n', '\xff', '\0'}) {
      std::string changed = rich;
      changed[at] = c;
      ASSERT_TRUE(sound(changed, reader)) << changed;
    }
  }
}

// Every JSON value of the text replaced by one of another type.
TEST(RandomRequest, EveryValueReplaced) {
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
  const std::string rich = kRich;
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
  EXPECT_GT(values.size(), 40U);
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
  const std::string text = R"({"model":"m","messages":[{"role":"user","content":)" + make.value(3) +
                           R"(},{"role":"assistant","content":)" + make.value(2) +
                           R"(,"tool_calls":)" + make.value(4) + R"(}],"tools":)" + make.value(4) +
                           R"(,"tool_choice":)" + make.value(3) + R"(,"stop":)" + make.value(2) +
                           R"(,"response_format":)" + make.value(3) + "}";
  RC_ASSERT(sound(text, reader));
}

RC_GTEST_PROP(RandomRequest, AnyBytesAreTakenOrRefused, (const std::string& bytes)) {
  json::Reader reader;
  RC_ASSERT(sound(bytes, reader));
}

}  // namespace
}  // namespace oriel::convert
