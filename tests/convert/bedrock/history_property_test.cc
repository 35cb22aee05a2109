// Whatever history a client sends, and for whatever model, Bedrock has no reason to refuse what
// comes out: spec/converse.md §5.2. Also: the same input gives the same bytes, and passes are
// idempotent.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <string>
#include <vector>

#include "convert/bedrock/constraints.h"
#include "convert/bedrock/converse_dialect.h"
#include "convert/bedrock/models.h"
#include "convert/bedrock/normalise.h"
#include "convert/json/writer.h"
#include "convert/openai/chat_request.h"

namespace oriel::convert {
namespace {

constexpr int kCases = 10'000;

constexpr std::string_view kModels[] = {
    "amazon.nova-lite-v1:0",
    "amazon.nova-micro-v1:0",
    "anthropic.claude-3-haiku-20240307-v1:0",
    "anthropic.claude-sonnet-4-5-20250929-v1:0",
    "anthropic.claude-opus-4-6-v1",
    "anthropic.claude-opus-4-7",
    "meta.llama3-1-70b-instruct-v1:0",
    "mistral.pixtral-large-2502-v1:0",
    "mistral.mistral-7b-instruct-v0:2",
    "deepseek.v3-v1:0",
    "openai.gpt-oss-120b-1:0",
    "newvendor.model-1:0",
};
constexpr std::string_view kTexts[] = {
    "a", "", " ", "\n\t", "b \n", "\xC2\xA0", "\xE2\x80\x8B", "x\"\\y", "\xF0\x9F\x98\x80 "};
constexpr std::string_view kIds[] = {
    "c1",
    "c2",
    "call_abc|fc_1",
    "call 1",
    "tooluse_kZJMlvQmRJ6eAyJE5GIl7Q",
    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx1",
    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx2"};
constexpr std::string_view kNames[] = {
    "f",        "g",
    "a.b/c",    "Complete Session",
    "\xC3\xA9", "mcp__long_long_long_long_long_long_long_long_long_long_long_long_long_long"};
constexpr std::string_view kArguments[] = {
    "{}", "", "null", "{\"a\":1}", "[1]", "{", "{\"a\":1,\"a\":2}", "\"\\ud83d\""};
constexpr std::string_view kRoles[] = {"system", "developer", "user", "assistant", "tool"};
constexpr std::string_view kPicture =
    "data:image/"
    "png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+"
    "M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

// Reads choices from random bytes; all zeros when they are used up.
class Choices {
 public:
  explicit Choices(const std::vector<std::uint8_t>& bytes) : bytes_(bytes) {}
  bool done() const { return at_ >= bytes_.size(); }
  std::size_t below(std::size_t count) { return done() ? 0 : bytes_[at_++] % count; }
  template <std::size_t N>
  std::string_view of(const std::string_view (&values)[N]) {
    return values[below(N)];
  }

 private:
  const std::vector<std::uint8_t>& bytes_;
  std::size_t at_ = 0;
};

void write_calls(Choices& choices, json::Writer& writer) {
  writer.key("tool_calls").begin_array();
  for (std::size_t left = choices.below(4); left > 0; --left) {
    writer.begin_object().key("id").string(choices.of(kIds));
    writer.key("type").string("function").key("function").begin_object();
    writer.key("name").string(choices.of(kNames));
    writer.key("arguments").string(choices.of(kArguments)).end_object().end_object();
  }
  writer.end_array();
}

void write_content(std::string_view role, Choices& choices, json::Writer& writer) {
  writer.key("content");
  const std::size_t form = choices.below(4);
  if (form == 0 && role == "assistant") {
    writer.null();
  } else if (form == 1) {
    writer.begin_array();
    for (std::size_t left = choices.below(4) + 1; left > 0; --left) {
      const bool picture = role == "user" && choices.below(3) == 0;
      writer.begin_object().key("type").string(picture ? "image_url" : "text");
      if (picture) {
        writer.key("image_url").begin_object().key("url").string(kPicture).end_object();
      } else {
        writer.key("text").string(choices.of(kTexts));
      }
      writer.end_object();
    }
    writer.end_array();
  } else {
    writer.string(choices.of(kTexts));
  }
}

void write_message(Choices& choices, json::Writer& writer) {
  const std::string_view role = choices.of(kRoles);
  writer.begin_object().key("role").string(role);
  write_content(role, choices, writer);
  if (role == "tool") writer.key("tool_call_id").string(choices.of(kIds));
  if (role == "assistant" && choices.below(2) == 1) write_calls(choices, writer);
  writer.end_object();
}

void write_tools(Choices& choices, json::Writer& writer) {
  const std::size_t count = choices.below(std::size(kNames) + 1);
  if (count == 0) return;
  writer.key("tools").begin_array();
  for (std::size_t i = 0; i < count; ++i) {
    writer.begin_object().key("type").string("function").key("function").begin_object();
    writer.key("name").string(kNames[i]).key("description").string(choices.of(kTexts));
    if (choices.below(2) == 1) writer.key("parameters").begin_object().end_object();
    writer.end_object().end_object();
  }
  writer.end_array();
  const std::size_t choice = choices.below(5);
  if (choice == 1) writer.key("tool_choice").string("required");
  if (choice == 2) writer.key("tool_choice").string("none");
  if (choice == 3) {
    writer.key("tool_choice").begin_object().key("type").string("function");
    writer.key("function").begin_object().key("name").string(kNames[0]).end_object().end_object();
  }
}

std::string random_request(Choices& choices) {
  std::string body;
  json::Writer writer(body);
  writer.begin_object().key("model").string(choices.of(kModels));
  if (choices.below(2) == 1) writer.key("temperature").number(1.5).key("top_p").number(0.5);
  if (choices.below(2) == 1) {
    writer.key("stop").begin_array().string(choices.of(kTexts)).string(choices.of(kTexts));
    writer.end_array();
  }
  write_tools(choices, writer);
  writer.key("messages").begin_array();
  do write_message(choices, writer);
  while (!choices.done());
  writer.end_array().end_object();
  return body;
}

bool may_be_refused(const Error& error) {
  return error.code == "too_many_images" || error.param == "tools" ||
         error.message == "Invalid 'messages': no user message has content.";
}

void check_history(const std::vector<std::uint8_t>& bytes) {
  Choices choices(bytes);
  const json::PaddedBuffer client{std::string_view(random_request(choices))};
  json::Reader reader;
  const auto request = parse_chat_request(client.view(), reader);
  RC_ASSERT(request.has_value());
  const std::string model = json::unescape(request->model);
  const auto encoded = converse_dialect().encode(*request, {model, model});
  if (!encoded) {
    RC_ASSERT(may_be_refused(encoded.error()));
    return;
  }
  const json::PaddedBuffer body{std::string_view(encoded->wire.body)};
  const auto value = reader.read(body);
  RC_ASSERT(value.has_value());
  const auto violation = bedrock::find_violation(*value, capabilities_of(model));
  if (violation)
    RC_FAIL(*violation + "\n" + std::string(client.view()) + "\n" + encoded->wire.body);
  RC_ASSERT(converse_dialect().encode(*request, {model, model})->wire.body == encoded->wire.body);
}

// Feeds the passes their own result; `rewritten` may not be set anew either.
void check_idempotence(const std::vector<std::uint8_t>& bytes) {
  using namespace bedrock;
  Choices choices(bytes);
  const json::PaddedBuffer client{std::string_view(random_request(choices))};
  json::Reader reader;
  const auto request = parse_chat_request(client.view(), reader);
  RC_ASSERT(request.has_value());
  const ModelCapabilities& model = capabilities_of(json::unescape(request->model));
  auto result = normalise(*request, model, ToolUse::declared);
  if (!result) return;
  Conversation& conversation = *result;
  const auto shape = [&] {
    std::string out;
    for (const Turn& turn : conversation.turns) {
      out.append(turn.role == Turn::Role::user ? "\nuser" : "\nassistant");
      for (const Block& block : turn.blocks) {
        out.append(" ").append(std::to_string(static_cast<int>(block.kind)));
        out.append(block.text.escaped()).append(block.id.escaped()).append(block.input.text);
        for (const Block& inner : block.content) out.append(inner.text.escaped());
      }
    }
    return out;
  };
  const std::string before = shape();
  conversation.rewritten = false;
  drop_blank_text(conversation);
  merge_turns(conversation);
  make_call_ids_unique(conversation);
  pair_tools(conversation, model);
  order_blocks(conversation);
  lead_with_user(conversation);
  finish_last_turn(conversation, model, ToolUse::declared);
  if (model.can(ModelFeature::split_tool_results)) split_tool_results(conversation);
  read_arguments(conversation);
  RC_ASSERT(shape() == before);
  RC_ASSERT(!conversation.rewritten);
}

template <class Property>
void expect_holds(Property property) {
  rc::detail::TestParams params = rc::detail::configuration().testParams;
  params.maxSuccess = kCases;
  const auto result = rc::detail::checkTestable(property, rc::detail::TestMetadata(), params);
  std::string report;
  if (result.template is<rc::detail::FailureResult>()) {
    report = result.template get<rc::detail::FailureResult>().description;
  }
  EXPECT_TRUE(result.template is<rc::detail::SuccessResult>()) << report;
}

TEST(RandomHistories, SatisfyEveryConstraint) { expect_holds(check_history); }
TEST(RandomHistories, PassesAreIdempotent) { expect_holds(check_idempotence); }

}  // namespace
}  // namespace oriel::convert
