// Schemas for a model's grammar: nothing that it refuses is left, names of properties are no
// keywords, and limits hold together over a request. spec/converse.md §7.2, C25, trap 30.
#include "convert/bedrock/schema_sanitiser.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "convert/json/padded_buffer.h"
#include "convert/json/writer.h"

namespace oriel::convert::bedrock {
namespace {

std::optional<SanitisedSchema> sanitise(std::string_view text, SchemaBudget& budget) {
  const json::PaddedBuffer buffer{text};
  json::Reader reader;
  const auto value = reader.read(buffer);
  EXPECT_TRUE(value) << text;
  return value ? sanitise_schema(*value, budget) : std::nullopt;
}

std::string sanitised(std::string_view text) {
  SchemaBudget budget;
  const auto result = sanitise(text, budget);
  return result ? result->text : "refused";
}

TEST(SchemaSanitiser, Rows) {
  const std::pair<std::string_view, std::string_view> rows[] = {
      {R"({"type":"array"})", "refused"},
      {R"({"type":["object","null"],"properties":{}})", "refused"},
      {R"({"anyOf":[{"type":"object"}]})", "refused"},
      {R"({"type":"object"})", R"({"type":"object","additionalProperties":false})"},
      {R"({ "properties" : { } })",
       R"({"type":"object","properties":{},"additionalProperties":false})"},
      // A property may have a keyword's name.
      {R"({"type":"object","properties":{"default":{"type":"string","default":"x"},"pattern":{}}})",
       R"({"type":"object","properties":{"default":{"type":"string"},"pattern":{}},"additionalProperties":false})"},
      // Values are no schemas.
      {R"({"type":"object","properties":{"a":{"enum":[{"default":1}],"const":{"minimum":1}}}})",
       R"({"type":"object","properties":{"a":{"enum":[{"default":1}],"const":{"minimum":1}}},"additionalProperties":false})"},
      {R"({"type":"object","properties":{"a":{"type":"array","minItems":2,"maxItems":3,"uniqueItems":true}}})",
       R"({"type":"object","properties":{"a":{"type":"array","description":"[min 2 items] [max 3 items] [unique items]"}},"additionalProperties":false})"},
      {R"({"type":"object","properties":{"a":{"uniqueItems":false,"minItems":0}}})",
       R"({"type":"object","properties":{"a":{"minItems":0}},"additionalProperties":false})"},
      {R"({"type":"object","properties":{"a":{"minimum":{"$data":"x"}}}})",
       R"({"type":"object","properties":{"a":{"description":"[min ?]"}},"additionalProperties":false})"},
      {R"({"type":"object","properties":{"a":{"allOf":[{"properties":{"b":{}}}],"not":{"type":"object"}}}})",
       R"({"type":"object","properties":{"a":{"allOf":[{"type":"object","properties":{"b":{}},"additionalProperties":false}],"not":{"type":"object","additionalProperties":false}}},"additionalProperties":false})"},
  };
  for (const auto& [from, to] : rows) EXPECT_EQ(sanitised(from), to) << from;
}

TEST(SchemaSanitiser, ChangedOnlyWhereValuesAre) {
  SchemaBudget budget;
  EXPECT_FALSE(sanitise(R"({"type":"object","properties":{"a":{"default":1}}})", budget)->changed);
  EXPECT_FALSE(sanitise(R"({"type":"object","additionalProperties":false})", budget)->changed);
  EXPECT_TRUE(sanitise(R"({"type":"object","additionalProperties":{}})", budget)->changed);
  EXPECT_TRUE(sanitise(R"({"type":"object","properties":{"a":{"maximum":1}}})", budget)->changed);
}

TEST(SchemaSanitiser, ACollapsedObjectKeepsBothDescriptions) {
  SchemaBudget one{1, 24};
  EXPECT_EQ(
      sanitise(
          R"({"type":"object","properties":{"b":{"type":["integer","string"]},"a":{"anyOf":[{"type":"null"},{"type":"object","properties":{"x":{}},"minProperties":1}],"description":"d"}}})",
          one)
          ->text,
      R"({"type":"object","properties":{"b":{"type":["integer","string"]},"a":{"description":"d [min 1 properties]","type":"object","properties":{"x":{}},"additionalProperties":false}},"additionalProperties":false})");
}

TEST(SchemaSanitiser, UnionsOfNullInsideEachOtherAllCollapse) {
  SchemaBudget none{0, 24};
  EXPECT_EQ(
      sanitise(
          R"({"type":"object","properties":{"a":{"anyOf":[{"type":"null"},{"title":"t","anyOf":[{"type":["string","null"]},{"type":"null"}]}]}}})",
          none)
          ->text,
      R"({"type":"object","properties":{"a":{"title":"t","type":"string"}},"additionalProperties":false})");
  EXPECT_FALSE(
      sanitise(R"({"type":"object","properties":{"a":{"anyOf":[true,{"type":"null"}]}}})", none));
}

TEST(SchemaSanitiser, ATypeIsWrittenOnce) {
  SchemaBudget none{0, 24};
  EXPECT_EQ(
      sanitise(
          R"({"type":"object","properties":{"a":{"properties":{},"anyOf":[{"type":"object"},{"type":"null"}]}}})",
          none)
          ->text,
      R"({"type":"object","properties":{"a":{"properties":{},"type":"object","additionalProperties":false}},"additionalProperties":false})");
}

TEST(SchemaSanitiser, ABudgetIsShared) {
  SchemaBudget budget{2, 3};
  constexpr std::string_view kOne =
      R"({"type":"object","properties":{"a":{"type":["string","integer"]},"b":{}},"required":["a"]})";
  EXPECT_TRUE(sanitise(kOne, budget));
  EXPECT_EQ(budget.unions, 1U);
  EXPECT_EQ(budget.optionals, 2U);
  EXPECT_TRUE(sanitise(kOne, budget));
  EXPECT_FALSE(sanitise(kOne, budget));
  EXPECT_EQ(budget.unions, 0U);
  EXPECT_EQ(budget.optionals, 1U);
}

TEST(SchemaSanitiser, Bounds) {
  std::string deep;
  for (int i = 0; i < kMaxSanitisedDepth + 1; ++i) deep += R"({"type":"object","items":)";
  deep += "{}";
  for (int i = 0; i < kMaxSanitisedDepth + 1; ++i) deep += "}";
  EXPECT_EQ(sanitised(deep), "refused");
  const std::string large =
      R"({"type":"object","title":")" + std::string(kMaxSanitisedBytes, 'x') + R"("})";
  EXPECT_EQ(sanitised(large), "refused");
}

// --- random schemas

constexpr std::string_view kBanned[] = {
    "minLength",        "maxLength",        "pattern",    "minimum",       "maximum",
    "exclusiveMinimum", "maxItems",         "multipleOf", "minProperties", "maxProperties",
    "default",          "exclusiveMaximum", "examples",   "$schema",       "uniqueItems"};

void write_random(const std::vector<std::uint8_t>& bytes, std::size_t& at, int depth,
                  json::Writer& writer) {
  const auto next = [&] { return at < bytes.size() ? bytes[at++] : std::uint8_t{0}; };
  writer.begin_object();
  const bool object = next() % 2 == 0;
  if (depth == 0 || object) writer.key("type").string("object");
  for (const std::string_view keyword : kBanned) {
    if (next() % 4 == 1) writer.key(keyword).integer(next());
  }
  if (depth < 4 && next() % 2 == 1) {
    writer.key("properties").begin_object();
    for (int i = next() % 3; i > 0; --i) {
      writer.key(kBanned[static_cast<std::size_t>(i)]);
      write_random(bytes, at, depth + 1, writer);
    }
    writer.end_object();
  }
  if (depth < 4 && next() % 3 == 1) {
    writer.key("anyOf").begin_array();
    write_random(bytes, at, depth + 1, writer);
    writer.begin_object().key("type").string("null").end_object().end_array();
  }
  writer.end_object();
}

void check_clean(json::Value schema) {
  bool object = false;
  bool closed = false;
  for (const json::Member member : schema.children()) {
    const std::string_view key = member.key.escaped();
    for (const std::string_view banned : kBanned) RC_ASSERT(key != banned);
    object = object || key == "properties" ||
             (key == "type" && member.value.raw().text == R"("object")");
    closed = closed || (key == "additionalProperties" && member.value.as_boolean() == false);
    if (key != "properties" && key != "anyOf") continue;
    for (const json::Member child : member.value.children()) check_clean(child.value);
  }
  RC_ASSERT(object == closed);
}

TEST(SchemaSanitiser, RandomSchemasComeOutClean) {
  EXPECT_TRUE(rc::check([](const std::vector<std::uint8_t>& bytes) {
    std::string text;
    std::size_t at = 0;
    json::Writer writer(text);
    write_random(bytes, at, 0, writer);
    SchemaBudget budget{1, 24};
    const json::PaddedBuffer buffer{std::string_view(text)};
    json::Reader reader;
    const auto value = reader.read(buffer);
    RC_ASSERT(value.has_value());
    const auto result = sanitise_schema(*value, budget);
    if (!result) return;
    const json::PaddedBuffer clean{std::string_view(result->text)};
    const auto again = reader.read(clean);
    RC_ASSERT(again.has_value());  // also: no key twice
    check_clean(*again);
    SchemaBudget wide{100, 100};
    const auto twice = sanitise_schema(*again, wide);
    RC_ASSERT(twice.has_value() && twice->text == result->text);
  }));
}

}  // namespace
}  // namespace oriel::convert::bedrock
