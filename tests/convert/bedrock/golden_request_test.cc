// Requests of OpenAI clients to bodies of Converse, case by case: golden/<case>/client.json in,
// upstream.json (or error.json), path.txt and adjusted.txt out. spec/converse.md §3 to §6, §21.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

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
  const auto encoded = converse_dialect().encode(*request, target);
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
