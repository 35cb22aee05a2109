// Whatever history a client sends, and for whatever model, Bedrock has no reason to refuse what
// comes out: spec/converse.md §5.2. Also: the same input gives the same bytes, and passes are
// idempotent.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <functional>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "convert/bedrock/cache_points.h"
#include "convert/bedrock/constraints.h"
#include "convert/bedrock/converse_dialect.h"
#include "convert/bedrock/documents.h"
#include "convert/bedrock/models.h"
#include "convert/bedrock/normalise.h"
#include "convert/openai/chat_request.h"
#include "tests/convert/bedrock/random_history.h"

namespace oriel::convert {
namespace {

using Bytes = std::vector<std::uint8_t>;
// What is wrong with the case that the bytes make; nullopt when nothing is.
using Property = std::function<std::optional<std::string>(const Bytes&)>;

constexpr int kConstraintCases = 100'000;
constexpr int kIdempotenceCases = 20'000;
constexpr std::size_t kMaxBytes = 120;
constexpr std::uint64_t kSeed = 0x0123456789ABCDEF;

struct Case {
  explicit Case(const Bytes& bytes) {
    test::Choices choices(bytes);
    policy = test::RandomRequest::policy(choices);
    std::string body;
    test::RandomRequest(choices, body).write();
    client.append(body);
  }
  EncodePolicy policy;
  json::PaddedBuffer client;
};

bool may_be_refused(const Error& error) {
  static constexpr std::string_view kCodes[] = {"too_many_images", "too_many_documents"};
  static constexpr std::string_view kStarts[] = {
      "Invalid content type.",
      "Invalid 'messages': no user message has content.",
      "Invalid image URL: s3 locations are only supported by certain models.",
      "Unsupported parameter: 'tools' is not supported",
  };
  const bool strict = error.param.starts_with("messages.[");
  return strict || std::ranges::count(kCodes, std::string_view(error.code)) > 0 ||
         std::ranges::any_of(kStarts, [&](auto start) { return error.message.starts_with(start); });
}

int encoded_cases = 0;  // the rest was refused

std::optional<std::string> find_refused(const Bytes& bytes) {
  static json::Reader reader;
  const Case made(bytes);
  const std::string text(made.client.view());
  const auto request = parse_chat_request(made.client.view(), reader);
  if (!request) return "not parsed: " + request.error().message + "\n" + text;
  const std::string model = json::unescape(request->model);
  const Target target{model, model, {}};
  const auto encoded = converse_dialect().encode(*request, target, made.policy);
  if (!encoded) {
    if (may_be_refused(encoded.error())) return std::nullopt;
    return "refused: " + encoded.error().message + "\n" + text;
  }
  ++encoded_cases;
  const json::PaddedBuffer body{std::string_view(encoded->wire.body)};
  const auto value = reader.read(body);
  if (!value) return "not JSON: " + encoded->wire.body;
  if (const auto found = bedrock::find_violation(*value, capabilities_of(model))) {
    return *found + "\n" + text + "\n" + encoded->wire.body;
  }
  const bool again = bytes.size() % 8 == 0;
  if (again &&
      converse_dialect().encode(*request, target, made.policy)->wire.body != encoded->wire.body) {
    return "another body the second time\n" + text;
  }
  return std::nullopt;
}

// All that the writer prints, as far as passes change it.
std::string shape_of(const bedrock::Conversation& conversation) {
  std::string out;
  const auto mark = [&](CacheMark cache) { out.append(std::to_string(static_cast<int>(cache))); };
  for (const bedrock::SystemText& system : conversation.system) {
    out.append(system.text.escaped());
    mark(system.cache);
  }
  for (const bedrock::Turn& turn : conversation.turns) {
    out.append(turn.role == bedrock::Turn::Role::user ? "\nuser" : "\nassistant");
    for (const bedrock::Block& block : turn.blocks) {
      out.append(" ").append(std::to_string(static_cast<int>(block.kind)));
      out.append(block.text.escaped()).append(block.id.escaped()).append(block.input.text);
      out.append(block.name.escaped());
      for (const bedrock::Block& inner : block.content) {
        out.append(inner.text.escaped()).append(inner.name.escaped());
      }
      mark(block.cache);
    }
  }
  return out;
}

// Feeds the passes their own result; nothing may be reported anew either.
std::optional<std::string> find_instability(const Bytes& bytes) {
  using namespace bedrock;
  static json::Reader reader;
  const Case made(bytes);
  const auto request = parse_chat_request(made.client.view(), reader);
  if (!request) return "not parsed: " + request.error().message;
  const ModelCapabilities& model = capabilities_of(json::unescape(request->model));
  const ToolUse tools = bytes.size() % 2 == 0 ? ToolUse::declared : ToolUse::none;
  Adjustments adjusted;
  auto result = normalise(*request, model, tools, made.policy, adjusted);
  if (!result) return std::nullopt;
  Conversation& conversation = *result;
  std::vector<CacheMark> marks;
  for (const Tool& tool : request->tools) marks.push_back(tool.cache);
  plan_cache_points({made.policy.auto_cache}, model, marks, conversation, adjusted);

  const std::string before = shape_of(conversation);
  conversation.rewritten = false;
  Adjustments anew;
  if (tools == ToolUse::none) neutralise_tools(conversation);
  drop_blank_text(conversation);
  if (!model.can(ModelFeature::system)) inline_system(conversation);
  merge_turns(conversation);
  make_call_ids_unique(conversation);
  pair_tools(conversation, model);
  order_blocks(conversation);
  lead_with_user(conversation);
  finish_last_turn(conversation, model, tools);
  if (model.can(ModelFeature::split_tool_results)) split_tool_results(conversation);
  name_documents(conversation);
  introduce_documents(conversation);
  read_arguments(conversation);
  plan_cache_points({}, model, marks, conversation, anew);
  if (shape_of(conversation) != before) {
    return "changed again:\n" + before + "\nto\n" + shape_of(conversation);
  }
  if (conversation.rewritten || !anew.take().empty()) return "reported again:\n" + before;
  return std::nullopt;
}

// The smallest bytes, as far as leaving pieces out gets, that still fail.
Bytes shrink(Bytes bytes, const Property& property) {
  for (std::size_t piece = bytes.size(); piece > 0; piece /= 2) {
    for (std::size_t at = 0; at < bytes.size();) {
      const auto begin = bytes.begin() + static_cast<std::ptrdiff_t>(at);
      Bytes shorter(bytes.begin(), begin);
      const std::size_t rest = std::min(piece, bytes.size() - at);
      shorter.insert(shorter.end(), begin + static_cast<std::ptrdiff_t>(rest), bytes.end());
      if (property(shorter)) {
        bytes = std::move(shorter);
      } else {
        at += piece;
      }
    }
  }
  return bytes;
}

void expect_holds(const Property& property, int cases) {
  std::mt19937_64 random(kSeed);
  for (int i = 0; i < cases; ++i) {
    Bytes bytes(random() % (kMaxBytes + 1));
    for (auto& byte : bytes) byte = static_cast<std::uint8_t>(random());
    if (!property(bytes)) continue;
    const Bytes least = shrink(std::move(bytes), property);
    FAIL() << "case " << i << ", of " << least.size()
           << " bytes when shrunk: " << property(least).value_or("");
  }
}

TEST(RandomHistories, SatisfyEveryConstraint) {
  encoded_cases = 0;
  expect_holds(find_refused, kConstraintCases);
  EXPECT_GT(encoded_cases, kConstraintCases / 2);
}
TEST(RandomHistories, PassesAreIdempotent) { expect_holds(find_instability, kIdempotenceCases); }

// Other bytes in every run.
TEST(RandomHistories, SatisfyEveryConstraintAnew) {
  rc::detail::TestParams params = rc::detail::configuration().testParams;
  params.maxSuccess = kConstraintCases / 100;
  const auto property = [](const Bytes& bytes) {
    if (const auto found = find_refused(bytes)) RC_FAIL(*found);
  };
  const auto result = rc::detail::checkTestable(property, rc::detail::TestMetadata(), params);
  std::string report;
  if (result.template is<rc::detail::FailureResult>()) {
    report = result.template get<rc::detail::FailureResult>().description;
  }
  EXPECT_TRUE(result.template is<rc::detail::SuccessResult>()) << report;
}

}  // namespace
}  // namespace oriel::convert
