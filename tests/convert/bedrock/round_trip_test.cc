// An answer that a client sends back in its next request is, to Bedrock, the answer that it gave:
// the same blocks with the same ids, names, inputs and signatures. spec/converse.md §6.4, §8.4,
// §22.
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "convert/bedrock/constraints.h"
#include "convert/bedrock/converse_dialect.h"
#include "convert/bedrock/models.h"
#include "convert/openai/chat_reply.h"
#include "convert/openai/chat_request.h"
#include "tests/convert/bedrock/support.h"

namespace oriel::convert {
namespace {

constexpr int kCases = 5'000;
constexpr std::string_view kModels[] = {
    "anthropic.claude-sonnet-4-5-20250929-v1:0", "anthropic.claude-opus-4-7",
    "anthropic.claude-3-haiku-20240307-v1:0",    "amazon.nova-lite-v1:0",
    "mistral.pixtral-large-2502-v1:0",           "openai.gpt-oss-120b-1:0",
};
constexpr std::string_view kTexts[] = {R"(a)", R"( b \n)", R"(\"\\ \u00e9)", R"(\ud83d\ude00)"};
constexpr std::string_view kInputs[] = {R"({})", R"({"a":1})", R"({"b":[1,{"c":null}],"a":"\"x"})"};
// The tools, as clients name them; the first takes a text, the second a list.
constexpr std::string_view kTools =
    R"([{"type":"custom","custom":{"name":"run it"}},)"
    R"({"type":"function","function":{"name":"list","parameters":{"type":"array"}}},)"
    R"({"type":"function","function":{"name":"a.b/c"}},)"
    R"({"type":"function","function":{"name":"ok-1"}}])";
constexpr std::size_t kToolCount = 4;

class RoundTrip {
 public:
  explicit RoundTrip(std::uint64_t seed)
      : random_(seed), model_(kModels[below(std::size(kModels))]) {}

  void check() {
    first_request();
    answer();
    second_request();
  }

 private:
  std::size_t below(std::size_t count) { return random_() % count; }

  Encoded encode(const std::string& messages) {
    std::string body;
    json::Writer writer(body);
    writer.begin_object().key("model").string(model_).key("tools").raw({kTools});
    writer.key("messages").raw({messages}).end_object();
    buffers_.emplace_back(std::string_view(body));
    auto request = parse_chat_request(buffers_.back().view(), reader_);
    EXPECT_TRUE(request) << body;
    if (!request) return {};
    auto encoded =
        converse_dialect().encode(*request, {std::string(model_), std::string(model_)}, {});
    EXPECT_TRUE(encoded) << encoded.error().message << body;
    return encoded ? *std::move(encoded) : Encoded();
  }

  json::Value read(const std::string& text) {
    buffers_.emplace_back(std::string_view(text));
    const auto value = reader_.read(buffers_.back());
    EXPECT_TRUE(value) << text;
    return value ? *value : json::Value();
  }

  void first_request() {
    Encoded encoded = encode(R"([{"role":"user","content":"q"}])");
    context_ = std::move(encoded.context);
    const json::Value body = read(encoded.wire.body);
    for (const json::Member tool : body.find("toolConfig")->find("tools")->children()) {
      names_.emplace_back(tool.value.find("toolSpec")->find("name")->as_text()->escaped());
    }
    ASSERT_EQ(names_.size(), kToolCount);
  }

  void write_reasoning(json::Writer& writer) {
    writer.begin_object().key("reasoningContent").begin_object();
    if (below(3) == 0) {
      writer.key("redactedContent").string("AAAA");
    } else {
      writer.key("reasoningText").begin_object();
      writer.key("text").text(Text::from_escaped(below(2) == 0 ? "" : kTexts[below(4)]));
      writer.key("signature").string("S+/" + std::to_string(below(100)) + "==").end_object();
    }
    writer.end_object().end_object();
  }

  void write_call(std::size_t index, json::Writer& writer) {
    const std::size_t tool = below(kToolCount);
    ids_.push_back("tooluse_" + std::to_string(index) + "_kZJMlvQmRJ6eAyJE5G");
    writer.begin_object().key("toolUse").begin_object();
    writer.key("toolUseId").string(ids_.back()).key("name").string(names_[tool]);
    writer.key("input");
    if (tool == 0) {
      writer.begin_object().key("input").text(Text::from_escaped(kTexts[below(4)])).end_object();
    } else if (tool == 1) {
      writer.begin_object().key("value").raw({R"([1,"a"])"}).end_object();
    } else {
      writer.raw({kInputs[below(std::size(kInputs))]});
    }
    writer.end_object().end_object();
  }

  void answer() {
    json::Writer writer(blocks_);
    writer.begin_array();
    const bool claude = model_.starts_with("anthropic.claude-") &&
                        model_.find("claude-3") == std::string_view::npos;
    for (std::size_t left = claude ? below(3) : 0; left > 0; --left) write_reasoning(writer);
    const std::size_t calls = below(4);
    if (calls == 0 || below(2) == 0) {
      writer.begin_object().key("text").text(Text::from_escaped(kTexts[below(4)])).end_object();
    }
    for (std::size_t i = 0; i < calls; ++i) write_call(i, writer);
    writer.end_array();

    std::string body;
    json::Writer whole(body);
    whole.begin_object().key("output").begin_object().key("message").begin_object();
    whole.key("role").string("assistant").key("content").raw({blocks_}).end_object().end_object();
    whole.key("stopReason").string(calls == 0 ? "end_turn" : "tool_use").end_object();
    buffers_.emplace_back(std::string_view(body));
    auto reply = converse_dialect().decode(context_, buffers_.back(), reader_);
    ASSERT_TRUE(reply) << reply.error().detail;
    const Envelope envelope{"chatcmpl-1", 1, Text::literal("m")};
    write_chat_reply({&*reply, 1}, envelope, reply_);
  }

  void second_request() {
    const json::Value reply = read(reply_);
    const json::Value choice = (*reply.find("choices")->children().begin()).value;
    std::string messages;
    json::Writer writer(messages);
    writer.begin_array().raw({R"({"role":"user","content":"q"})"});
    writer.raw(choice.find("message")->raw());
    for (const std::string& id : ids_) {
      writer.begin_object().key("role").string("tool").key("tool_call_id").string(id);
      writer.key("content").string("done").end_object();
    }
    if (ids_.empty()) writer.raw({R"({"role":"user","content":"next"})"});
    writer.end_array();
    const Encoded encoded = encode(messages);
    EXPECT_TRUE(encoded.adjusted.empty()) << encoded.adjusted.front().parameter;
    const json::Value body = read(encoded.wire.body);
    EXPECT_EQ(bedrock::find_violation(body, capabilities_of(model_)), std::nullopt);
    auto turn = body.find("messages")->children().begin();
    ++turn;
    EXPECT_EQ((*turn).value.find("content")->raw().text, blocks_) << reply_;
  }

  std::mt19937_64 random_;
  std::string_view model_;
  json::Reader reader_;
  std::vector<json::PaddedBuffer> buffers_;
  ReplyContext context_;
  std::vector<std::string> names_;  // upstream's, in the order of kTools
  std::vector<std::string> ids_;
  std::string blocks_;  // the answer's content
  std::string reply_;
};

TEST(RoundTrips, AnAnswerComesBackAsItWas) {
  for (std::uint64_t seed = 0; seed < kCases; ++seed) {
    RoundTrip(seed).check();
    if (testing::Test::HasFailure()) FAIL() << "seed " << seed;
  }
}

}  // namespace
}  // namespace oriel::convert
