// Requests of OpenAI clients to bodies of Converse, case by case: golden/<case>/client.json in,
// upstream.json (or error.json), path.txt and adjusted.txt out; policy.txt, lines `field=value`,
// sets EncodePolicy's fields. spec/converse.md §3 to §10, §21.
#include <gtest/gtest.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <sstream>

#include "convert/bedrock/constraints.h"
#include "convert/bedrock/converse_dialect.h"
#include "convert/bedrock/models.h"
#include "convert/bedrock/resolve.h"
#include "convert/openai/chat_request.h"
#include "tests/convert/bedrock/support.h"

namespace oriel::convert {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> golden_cases() {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(ORIEL_TEST_DATA "/golden")) {
    names.push_back(entry.path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

// The fields of EncodePolicy by name; each setter returns whether it could read the value.
bool set_flag(bool& field, std::string_view value) {
  field = value == "true";
  return field || value == "false";
}
bool set_number(std::uint32_t& field, std::string_view value) {
  const char* end = value.data() + value.size();
  return std::from_chars(value.data(), end, field).ptr == end && !value.empty();
}
bool set_unknown_params(EncodePolicy::UnknownParams& field, std::string_view value) {
  using enum EncodePolicy::UnknownParams;
  field = value == "pass" ? pass : value == "reject" ? reject : drop;
  return field != drop || value == "drop";
}

struct PolicyField {
  std::string_view name;
  bool (*set)(EncodePolicy& policy, std::string_view value);
};
constexpr PolicyField kPolicyFields[] = {
    {"strict_params", [](auto& p, auto v) { return set_flag(p.strict_params, v); }},
    {"unknown_params", [](auto& p, auto v) { return set_unknown_params(p.unknown_params, v); }},
    {"strict_history", [](auto& p, auto v) { return set_flag(p.strict_history, v); }},
    {"auto_cache", [](auto& p, auto v) { return set_flag(p.auto_cache, v); }},
    {"inline_system", [](auto& p, auto v) { return set_flag(p.inline_system, v); }},
    {"prefix_user_names", [](auto& p, auto v) { return set_flag(p.prefix_user_names, v); }},
    {"placeholder_tool", [](auto& p, auto v) { return set_flag(p.placeholder_tool, v); }},
    {"user_id_to_model", [](auto& p, auto v) { return set_flag(p.user_id_to_model, v); }},
    {"nova_grounding", [](auto& p, auto v) { return set_flag(p.nova_grounding, v); }},
    {"default_max_tokens", [](auto& p, auto v) { return set_number(p.default_max_tokens, v); }},
    {"max_choices", [](auto& p, auto v) { return set_number(p.max_choices, v); }},
    {"guardrail_id", [](auto& p, auto v) { return p.guardrail_id = v, true; }},
    {"guardrail_version", [](auto& p, auto v) { return p.guardrail_version = v, true; }},
    {"guardrail_trace", [](auto& p, auto v) { return p.guardrail_trace = v, true; }},
    {"client_guardrail", [](auto& p, auto v) { return set_flag(p.client_guardrail, v); }},
};

bool set_policy_field(EncodePolicy& policy, std::string_view name, std::string_view value) {
  for (const PolicyField& field : kPolicyFields) {
    if (field.name == name) return field.set(policy, value);
  }
  return false;
}

EncodePolicy parse_policy(const std::string& lines) {
  EncodePolicy policy;
  std::istringstream in(lines);
  for (std::string line; std::getline(in, line);) {
    const std::size_t equals = line.find('=');
    EXPECT_TRUE(equals != std::string::npos &&
                set_policy_field(policy, line.substr(0, equals), line.substr(equals + 1)))
        << "policy.txt: " << line;
  }
  return policy;
}

class GoldenRequest : public testing::TestWithParam<std::string> {
 protected:
  std::string file(std::string_view name) const {
    return test::read_text(ORIEL_TEST_DATA "/golden/" + GetParam() + "/" + std::string(name));
  }
  Target target_of(const ChatRequest& request) const {
    const std::string model = json::unescape(request.model);
    std::vector<Alias> aliases;
    if (const std::string base = file("base_model.txt"); !base.empty()) {
      aliases.push_back({model, model, base});
    }
    auto resolved = resolve_bedrock_model(model, aliases, "us-east-1");
    EXPECT_TRUE(resolved.has_value()) << model;
    return resolved ? resolved->target : Target{};
  }
};

std::string adjusted_lines(std::vector<Adjustment> adjusted) {
  std::vector<std::string> lines;
  for (const Adjustment& item : adjusted) {
    lines.push_back(std::string(item.parameter) + "=" + std::string(to_string(item.action)));
  }
  std::sort(lines.begin(), lines.end());
  std::string text;
  for (const std::string& line : lines) text += (text.empty() ? "" : "\n") + line;
  return text;
}

void expect_error(const Error& error, const std::string& expected) {
  json::Reader reader;
  const json::PaddedBuffer buffer{std::string_view(expected)};
  const auto value = reader.read(buffer);
  ASSERT_TRUE(value) << "error.json";
  EXPECT_EQ(status_of(error), value->find("status")->as_integer());
  EXPECT_EQ(error.param, json::unescape(*value->find("param")->as_text()));
  const auto code = value->find("code")->as_text();
  const std::string_view got =
      error.code.empty() ? row_of(error.kind).code : std::string_view(error.code);
  EXPECT_EQ(got, code ? code->escaped() : "");
  if (const auto message = value->find("message")) {
    EXPECT_EQ(error.message, json::unescape(*message->as_text()));
  }
}

TEST_P(GoldenRequest, IsEncodedExactly) {
  const json::PaddedBuffer client{std::string_view(file("client.json"))};
  json::Reader reader;
  auto request = parse_chat_request(client.view(), reader);
  ASSERT_TRUE(request) << request.error().message;
  const Target target = target_of(*request);
  const auto encoded =
      converse_dialect().encode(*request, target, parse_policy(file("policy.txt")));
  if (const std::string error = file("error.json"); !error.empty()) {
    ASSERT_FALSE(encoded);
    expect_error(encoded.error(), error);
    return;
  }
  ASSERT_TRUE(encoded) << encoded.error().message;
  EXPECT_EQ(test::compact(encoded->wire.body), test::compact(file("upstream.json")));
  EXPECT_EQ(adjusted_lines(encoded->adjusted), file("adjusted.txt"));
  if (const std::string path = file("path.txt"); !path.empty()) {
    EXPECT_EQ(encoded->wire.path, path);
  }
  const json::PaddedBuffer body{std::string_view(encoded->wire.body)};
  const auto value = reader.read(body);
  ASSERT_TRUE(value);
  EXPECT_EQ(bedrock::find_violation(*value, capabilities_of(target.foundation_model)),
            std::nullopt);
}

INSTANTIATE_TEST_SUITE_P(Cases, GoldenRequest, testing::ValuesIn(golden_cases()),
                         [](const auto& row) { return row.param; });

}  // namespace
}  // namespace oriel::convert
