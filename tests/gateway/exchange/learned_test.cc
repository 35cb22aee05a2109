// What a worker remembers of refusals.
#include "gateway/exchange/learned.h"

#include <gtest/gtest.h>

#include <string>

namespace oriel::gateway {
namespace {

using convert::Lesson;
using convert::Target;

Lesson lesson(Lesson::Kind kind, std::uint64_t removed = 0) {
  return {.kind = kind, .name = "something", .patch = {.remove = removed}};
}
Target target(const std::string& model) {
  Target made;
  made.upstream_model = model;
  return made;
}

TEST(LearnedTest, PatchesTheModelThatRefused) {
  Learned learned;
  EXPECT_TRUE(learned.empty());
  EXPECT_TRUE(learned.keep(lesson(Lesson::Kind::capability, 4), "m", "r", 0));
  EXPECT_FALSE(learned.keep(lesson(Lesson::Kind::capability, 4), "m", "r", 0));
  EXPECT_TRUE(learned.keep(lesson(Lesson::Kind::capability, 8), "m", "r", 0));
  Target known = target("m");
  learned.apply(known, 0);
  EXPECT_EQ(known.patch.remove, 12U);
  Target other = target("n");
  learned.apply(other, 0);
  EXPECT_TRUE(other.patch.empty());
}

TEST(LearnedTest, EmulatesTheSchemaThatWasRefusedAndNoOther) {
  Learned learned;
  const std::size_t refused = Learned::hash_of(R"({"type":"object"})");
  EXPECT_TRUE(learned.keep(lesson(Lesson::Kind::format), "m", "r", refused));
  EXPECT_FALSE(learned.keep(lesson(Lesson::Kind::format), "m", "r", refused));
  Target known = target("m");
  learned.apply(known, Learned::hash_of("{}"));
  EXPECT_FALSE(known.emulate_format);
  learned.apply(known, refused);
  EXPECT_TRUE(known.emulate_format);
}

TEST(LearnedTest, WantsAProfileInThatRegion) {
  Learned learned;
  EXPECT_TRUE(learned.keep(lesson(Lesson::Kind::profile), "m", "us-east-1", 0));
  EXPECT_TRUE(learned.wants_profile("m", "us-east-1"));
  EXPECT_FALSE(learned.wants_profile("m", "eu-west-1"));
  EXPECT_FALSE(learned.wants_profile("n", "us-east-1"));
}

TEST(LearnedTest, HasBounds) {
  Learned learned(2);
  for (const char* model : {"a", "b", "c"}) {
    learned.keep(lesson(Lesson::Kind::profile), model, "r", 0);
  }
  EXPECT_FALSE(learned.wants_profile("a", "r"));
  EXPECT_TRUE(learned.wants_profile("b", "r"));
  for (std::size_t schema = 1; schema <= 1'000; ++schema) {
    learned.keep(lesson(Lesson::Kind::format), "b", "r", schema);
  }
  Target old = target("b");
  learned.apply(old, 1);
  EXPECT_FALSE(old.emulate_format);
  learned.apply(old, 1'000);
  EXPECT_TRUE(old.emulate_format);
  learned.keep(lesson(Lesson::Kind::none), "d", "r", 0);
  EXPECT_TRUE(learned.wants_profile("c", "r"));
}

}  // namespace
}  // namespace oriel::gateway
