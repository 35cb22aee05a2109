#include "gateway/exchange/stage_clock.h"

#include <gtest/gtest.h>

#include <numeric>

namespace oriel::gateway {
namespace {

using metrics::Stage;
using std::chrono::microseconds;
using std::chrono::nanoseconds;

class ManualClock final : public Clock {
 public:
  SteadyTime now() const override { return time; }
  WallTime wall() const override { return {}; }
  SteadyTime time{};
};

nanoseconds sum(const StageClock& stages) {
  return std::accumulate(stages.stages().begin(), stages.stages().end(), nanoseconds(0));
}

TEST(StageClock, StagesAddUpToTheTotalAndWaitsAreNotOverhead) {
  ManualClock clock;
  StageClock stages(clock, clock.time);  // reading: a wait for the client
  clock.time += microseconds(100);
  stages.enter(Stage::parse);
  clock.time += microseconds(7);
  stages.enter(Stage::upstream, Waiting::yes);
  clock.time += microseconds(1000);
  stages.enter(Stage::decode);
  clock.time += microseconds(3);
  stages.enter(Stage::write);
  clock.time += microseconds(5);
  stages.enter(Stage::upstream, Waiting::yes);
  clock.time += microseconds(50);
  stages.settle(clock.time);
  EXPECT_EQ(stages.total(), microseconds(1165));
  EXPECT_EQ(sum(stages), stages.total());
  EXPECT_EQ(stages.overhead(), microseconds(15));
  EXPECT_EQ(stages.stages()[static_cast<std::size_t>(Stage::read)], microseconds(100));
  EXPECT_EQ(stages.stages()[static_cast<std::size_t>(Stage::upstream)], microseconds(1050));
}

TEST(StageClock, SettlingTwiceBooksNothingTwice) {
  ManualClock clock;
  StageClock stages(clock, clock.time);
  clock.time += microseconds(10);
  stages.settle(clock.time);
  stages.settle(clock.time);
  EXPECT_EQ(stages.total(), microseconds(10));
  EXPECT_EQ(sum(stages), microseconds(10));
}

}  // namespace
}  // namespace oriel::gateway
