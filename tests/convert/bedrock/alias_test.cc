// Ids, names and schemas in the form that Converse takes: spec/converse.md §6.
#include "convert/bedrock/alias.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "convert/bedrock/schema.h"
#include "convert/bedrock/surrogates.h"
#include "convert/json/padded_buffer.h"

namespace oriel::convert::bedrock {
namespace {

constexpr Text text(std::string_view escaped) { return Text::from_escaped(escaped); }

TEST(ToolIds, ValidOnesStay) {
  for (const std::string_view id : {"a", "tooluse_k1", "get_weather:0", "a.b-c_d:e"}) {
    EXPECT_EQ(alias_tool_id(id, ToolIdRule::converse), id);
  }
  EXPECT_EQ(alias_tool_id("abcDEF012", ToolIdRule::nine), "abcDEF012");
  EXPECT_EQ(alias_tool_id("tooluse_kZJMlvQ", ToolIdRule::nine), "tooluse_kZJMlvQ");
}

TEST(ToolIds, OthersAreHashed) {
  // "a_" and the head of SHA-256(id): FIPS 180's examples.
  EXPECT_EQ(alias_tool_id("abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmn"
                          "hijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
                          ToolIdRule::converse),
            "a_cf5b16a778af8380");
  EXPECT_EQ(alias_tool_id("", ToolIdRule::converse), "a_e3b0c44298fc1c14");
  EXPECT_EQ(alias_tool_id(std::string(65, 'x'), ToolIdRule::converse).size(), 18U);
  EXPECT_NE(alias_tool_id(std::string(64, 'x') + "1", ToolIdRule::converse),
            alias_tool_id(std::string(64, 'x') + "2", ToolIdRule::converse));
  EXPECT_NE(repeated_tool_id("c", 2), repeated_tool_id("c", 3));
  for (const std::string_view id : {"a", "b", "has_under", "12345678"}) {
    const std::string alias = alias_tool_id(id, ToolIdRule::nine);
    EXPECT_EQ(alias.size(), 9U);
    EXPECT_TRUE(is_valid_tool_id(alias, ToolIdRule::nine));
    EXPECT_EQ(alias.find_first_of("_-.:"), std::string::npos);
  }
}

TEST(ToolNames, RoundTrip) {
  ToolNames names;
  names.reserve(text("ok"));
  EXPECT_EQ(names.alias(text("ok")).escaped(), "ok");
  const std::string first(names.alias(text("a.b")).escaped());
  EXPECT_TRUE(is_valid_tool_name(first));
  EXPECT_TRUE(first.starts_with("a_b_")) << first;
  EXPECT_EQ(names.alias(text("a.b")).escaped(), first);
  EXPECT_EQ(names.alias(text("a\\u002eb")).escaped(), first);  // the same name in another spelling
  EXPECT_NE(names.alias(text("a/b")).escaped(), first);
  EXPECT_LE(names.alias(text(std::string(80, 'n'))).escaped().size(), kMaxToolName);
  const auto pairs = names.aliased();
  EXPECT_EQ(pairs.size(), 3U);
  EXPECT_TRUE(std::any_of(pairs.begin(), pairs.end(), [&](const auto& pair) {
    return pair.first == first && pair.second == "a.b";
  }));
}

TEST(ToolNames, AnAliasNeverTakesARealName) {
  ToolNames probe;
  const std::string alias(probe.alias(text("a.b")).escaped());
  ToolNames names;
  names.reserve(text(alias));  // a client's tool that happens to be called so
  const Text other = names.alias(text("a.b"));
  EXPECT_NE(other.escaped(), alias);
  EXPECT_TRUE(is_valid_tool_name(other.escaped()));
}

// --- schemas

std::string schema(std::string_view parameters, SchemaRefs refs) {
  const json::PaddedBuffer buffer(parameters);
  json::Reader reader;
  std::string out;
  json::Writer writer(out);
  const auto written = write_tool_schema({buffer.view()}, refs, "p", reader, writer);
  return written ? out : "error: " + written.error().message;
}

TEST(Schemas, Roots) {
  const std::pair<std::string_view, std::string_view> rows[] = {
      {"", R"({"type":"object","properties":{}})"},
      {"{}", R"({"type":"object","properties":{}})"},
      {R"({"type":"object"})", R"({"type":"object","properties":{}})"},
      {R"({"type":["object","null"]})", R"({"type":"object","properties":{}})"},
      {R"({"type":"string"})",
       R"({"type":"object","properties":{"value":{"type":"string"}},"required":["value"]})"},
      {R"({"type":["array","null"],"items":{"$ref":"#/$defs/A"},"$defs":{"A":{}},"$schema":"s"})",
       R"({"type":"object","properties":{"value":{"type":["array","null"],"items":{"$ref":"#/$defs/A"}}},"required":["value"],"$defs":{"A":{}}})"},
      {R"({"anyOf":[{}]})", R"({"type":"object","anyOf":[{}]})"},
      {R"({"type": "object", "properties": {}})", R"({"type": "object", "properties": {}})"},
      {R"({"required":["a"],"type":"object","properties":{"a":{}},"$schema":"s"})",
       R"({"type":"object","required":["a"],"properties":{"a":{}}})"},
      {"[1]", "error: Invalid schema for 'p': expected an object."},
      {R"({"a":1,"a":2})", "error: Invalid schema for 'p': an object has a duplicate key."},
  };
  for (const auto& [from, to] : rows) EXPECT_EQ(schema(from, SchemaRefs::kept), to) << from;
}

TEST(Schemas, References) {
  const std::string_view tree =
      R"({"type":"object","properties":{"n":{"$ref":"#/$defs/N"}},"$defs":{"N":{"properties":{"next":{"$ref":"#/$defs/N"}}}}})";
  EXPECT_EQ(schema(tree, SchemaRefs::kept), tree);
  const std::string inlined = schema(tree, SchemaRefs::inlined);
  EXPECT_EQ(inlined.find("$ref"), std::string::npos);
  EXPECT_EQ(inlined.find("$defs"), std::string::npos);
  EXPECT_NE(inlined.find(R"({"next":{}})"), std::string::npos)
      << inlined;  // where the cycle is cut
  EXPECT_EQ(schema(R"({"$ref":"#/$defs/R","$defs":{"R":{"type":"object","properties":{"a":{}}}}})",
                   SchemaRefs::inlined),
            R"({"type":"object","properties":{"a":{}}})");
  EXPECT_EQ(
      schema(R"({"properties":{"a":{"$ref":"#/$defs/none"},"b":{"$ref":"http://x"}}})",
             SchemaRefs::inlined),
      R"({"type":"object","properties":{"a":{"$ref":"#/$defs/none"},"b":{"$ref":"http://x"}}})");
  // Doubles with every level: bounded by size long before depth.
  EXPECT_EQ(schema(R"({"properties":{"a":{"$ref":"#/$defs/B"}},"$defs":{"B":{"anyOf":[)"
                   R"({"$ref":"#/$defs/B"},{"$ref":"#/$defs/B"},{"$ref":"#/$defs/B"}]}}})",
                   SchemaRefs::inlined),
            "error: Invalid schema for 'p': its references expand to too much.");
}

// --- surrogates

TEST(Surrogates, MaskedInPlace) {
  const std::pair<std::string_view, std::string_view> rows[] = {
      {R"("\ud83d\ude00")", ""},
      {R"("a\\ud83d")", ""},
      {R"("\u0041\n")", ""},
      {R"("\ud83d")", R"("\ufffd")"},
      {R"("\uDE00x")", R"("\ufffdx")"},
      {R"("\ud83d\ud83d\ude00")", R"("\ufffd\ud83d\ude00")"},
      {R"("\ud83d\u0041")", R"("\ufffd\u0041")"},
      {R"("\\\ud83d")", R"("\\\ufffd")"},
      {R"("\ud8)", ""},
  };
  for (const auto& [from, to] : rows) {
    std::string json(from);
    EXPECT_EQ(mask_lone_surrogates(json), !to.empty()) << from;
    EXPECT_EQ(json, to.empty() ? from : to);
  }
}

TEST(Surrogates, Ends) {
  EXPECT_TRUE(ends_with_high_surrogate(R"(a\ud83d)"));
  EXPECT_TRUE(ends_with_high_surrogate(R"(\\\uDBFF)"));
  EXPECT_FALSE(ends_with_high_surrogate(R"(\\ud83d)"));
  EXPECT_FALSE(ends_with_high_surrogate(R"(\ude00)"));
  EXPECT_FALSE(ends_with_high_surrogate("ud83d"));
  EXPECT_TRUE(starts_with_low_surrogate(R"(\ude00a)"));
  EXPECT_FALSE(starts_with_low_surrogate(R"(\ud83d)"));
  EXPECT_FALSE(starts_with_low_surrogate(""));
}

}  // namespace
}  // namespace oriel::convert::bedrock
