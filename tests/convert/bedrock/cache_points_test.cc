// Which cache points are sent: spec/converse.md §9, §5.2 C24, trap 45.
#include "convert/bedrock/cache_points.h"

#include <gtest/gtest.h>

#include <string>

namespace oriel::convert::bedrock {
namespace {

using enum CacheMark;
using Kind = Block::Kind;
using Action = Adjustment::Action;

constexpr ModelFeatures kAll =
    ModelFeature::cache | ModelFeature::cache_1h | ModelFeature::cache_tools;

ModelCapabilities model_of(ModelFamily family, ModelFeatures features) {
  ModelCapabilities model;
  model.family = family;
  model.features = features;
  return model;
}
const ModelCapabilities kClaude = model_of(ModelFamily::claude, kAll);
const ModelCapabilities kNova = model_of(ModelFamily::nova, ModelFeature::cache);

Block block_of(CacheMark mark, Kind kind = Kind::text, std::string_view format = {}) {
  Block block = Block::of_text(Text::literal("t"));
  block.kind = kind;
  block.format = format;
  block.cache = mark;
  return block;
}

struct Plan {
  std::vector<CacheMark> tools;
  Conversation conversation;
  std::string reported;
};

// '.' none, '-' without ttl, '5', '1'; sections and turns apart.
std::string marks_of(const Plan& plan) {
  const auto letter = [](CacheMark mark) { return ".-51"[static_cast<std::size_t>(mark)]; };
  std::string out;
  for (const CacheMark mark : plan.tools) out.push_back(letter(mark));
  out.push_back('|');
  for (const SystemText& system : plan.conversation.system) out.push_back(letter(system.cache));
  for (const Turn& turn : plan.conversation.turns) {
    out.push_back('|');
    for (const Block& block : turn.blocks) out.push_back(letter(block.cache));
  }
  return out;
}

void apply(Plan& plan, const ModelCapabilities& model, const CacheWishes& wishes = {}) {
  Adjustments adjusted;
  plan_cache_points(wishes, model, plan.tools, plan.conversation, adjusted);
  plan.reported.clear();
  for (const Adjustment& item : adjusted.take()) {
    EXPECT_EQ(item.parameter, "cache_control");
    plan.reported += item.action == Action::dropped ? "dropped" : "clamped";
  }
}

Plan plan_of(std::vector<CacheMark> tools, std::vector<CacheMark> system,
             std::vector<std::vector<CacheMark>> turns) {
  Plan plan;
  plan.tools = std::move(tools);
  for (const CacheMark mark : system) {
    plan.conversation.system.emplace_back(Text::literal("s"), mark);
  }
  for (std::size_t i = 0; i < turns.size(); ++i) {
    Turn& turn = plan.conversation.turns.emplace_back();
    turn.role = i % 2 == 0 ? Turn::Role::user : Turn::Role::assistant;
    for (const CacheMark mark : turns[i]) turn.blocks.push_back(block_of(mark));
  }
  return plan;
}

TEST(CachePoints, FourAtMostAndLongestFirst) {
  struct Row {
    Plan plan;
    std::string_view marks;
    std::string_view reported;
  };
  const CacheMark u = unspecified;
  Row rows[] = {
      {plan_of({none}, {none}, {{none}}), ".|.|.", ""},
      {plan_of({u}, {u}, {{u}, {u}}), "-|-|-|-", ""},
      {plan_of({u}, {u}, {{u}, {u}, {u}}), "-|-|.|-|-", "clamped"},
      {plan_of({u, u, u}, {u, u, u}, {{}}), "..-|---|", "clamped"},
      {plan_of({u, u}, {}, {{u}, {u}, {u}, {u}}), ".-||.|-|-|-", "clamped"},
      {plan_of({}, {u, u, u}, {{u}}), "|---|-", ""},
      {plan_of({u, u, u, u, u}, {}, {{none}}), ".----||.", "clamped"},
      {plan_of({one_hour}, {one_hour}, {{one_hour}, {five_minutes}}), "1|1|1|5", ""},
      {plan_of({five_minutes}, {one_hour}, {{one_hour}}), "5|5|5", "clamped"},
      {plan_of({u}, {}, {{one_hour}}), "-||-", "clamped"},
      {plan_of({one_hour}, {u}, {{one_hour}}), "1|-|-", "clamped"},
  };
  for (Row& row : rows) {
    const std::string before = marks_of(row.plan);
    apply(row.plan, kClaude);
    EXPECT_EQ(marks_of(row.plan), row.marks) << before;
    EXPECT_EQ(row.plan.reported, row.reported) << before;
    apply(row.plan, kClaude);  // once more, without effect
    EXPECT_EQ(marks_of(row.plan), row.marks) << before;
    EXPECT_EQ(row.plan.reported, "") << before;
  }
}

TEST(CachePoints, WhatModelsDoNotTake) {
  Plan plan = plan_of({one_hour}, {one_hour}, {{five_minutes}});
  apply(plan, model_of(ModelFamily::other, {}));
  EXPECT_EQ(marks_of(plan), ".|.|.");
  EXPECT_EQ(plan.reported, "dropped");

  plan = plan_of({}, {one_hour}, {{five_minutes}});
  apply(plan, model_of(ModelFamily::claude, ModelFeature::cache | ModelFeature::cache_tools));
  EXPECT_EQ(marks_of(plan), "|-|-");
  EXPECT_EQ(plan.reported, "clamped");

  plan = plan_of({unspecified}, {unspecified}, {{unspecified}});
  plan.conversation.turns[0].blocks.push_back(block_of(none, Kind::tool_result));
  apply(plan, kNova);
  EXPECT_EQ(marks_of(plan), ".|-|..");
  EXPECT_EQ(plan.reported, "dropped");

  plan = plan_of({}, {}, {{}});
  plan.conversation.turns[0].blocks.push_back(block_of(unspecified, Kind::image));
  apply(plan, kNova);
  EXPECT_EQ(marks_of(plan), "||.");
  EXPECT_EQ(plan.reported, "dropped");
}

TEST(CachePoints, NotBehindReasoning) {
  Plan plan = plan_of({}, {}, {{none}, {}});
  plan.conversation.turns[1].blocks = {block_of(unspecified, Kind::reasoning), block_of(none)};
  apply(plan, kClaude);
  EXPECT_EQ(marks_of(plan), "||.|..");
  EXPECT_EQ(plan.reported, "dropped");
}

TEST(CachePoints, NotRightBehindTextDocuments) {
  for (const std::string_view format : {"csv", "html", "md", "txt"}) {
    Plan plan = plan_of({}, {}, {{}});
    plan.conversation.turns[0].blocks = {block_of(unspecified, Kind::document, format)};
    apply(plan, kClaude);
    EXPECT_EQ(marks_of(plan), "||.-") << format;
    apply(plan, kClaude);
    EXPECT_EQ(marks_of(plan), "||.-") << format;
  }
  Plan plan = plan_of({}, {}, {{}});
  plan.conversation.turns[0].blocks = {block_of(unspecified, Kind::document, "pdf")};
  apply(plan, kClaude);
  EXPECT_EQ(marks_of(plan), "||-");
}

TEST(CachePoints, Automatic) {
  const auto fresh = [] {
    return plan_of({none, none}, {none, none}, {{none}, {none}, {none, none}});
  };
  Plan plan = fresh();
  apply(plan, kClaude, {.automatic = true});
  EXPECT_EQ(marks_of(plan), ".-|.-|.|-|.-");
  plan = fresh();
  apply(plan, kClaude, {.automatic = true, .ttl = one_hour});
  EXPECT_EQ(marks_of(plan), ".1|.1|.|1|.1");
  plan = fresh();
  apply(plan, kNova, {.automatic = true});
  EXPECT_EQ(marks_of(plan), "..|.-|.|-|.-");
  plan = fresh();
  apply(plan, model_of(ModelFamily::llama, {}), {.automatic = true});
  EXPECT_EQ(marks_of(plan), "..|..|.|.|..");
  EXPECT_EQ(plan.reported, "");
  // Before a prefill stands the last user turn.
  plan = plan_of({}, {}, {{none}, {none}, {none}, {none}});
  apply(plan, kClaude, {.automatic = true});
  EXPECT_EQ(marks_of(plan), "||.|-|-|.");
  // What the client asked for is enough.
  plan = plan_of({none}, {none}, {{unspecified}, {none}});
  apply(plan, kClaude, {.automatic = true});
  EXPECT_EQ(marks_of(plan), ".|.|-|.");
}

TEST(CachePoints, Written) {
  std::string out;
  json::Writer writer(out);
  writer.begin_array();
  for (const CacheMark mark : {none, unspecified, five_minutes, one_hour}) {
    write_cache_point(mark, writer);
  }
  writer.end_array();
  EXPECT_EQ(out,
            R"([{"cachePoint":{"type":"default"}},{"cachePoint":{"type":"default","ttl":"5m"}},)"
            R"({"cachePoint":{"type":"default","ttl":"1h"}}])");
}

}  // namespace
}  // namespace oriel::convert::bedrock
