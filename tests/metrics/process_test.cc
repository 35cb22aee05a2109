#include "metrics/process.h"

#include <gtest/gtest.h>

#include <string>

namespace oriel::metrics {
namespace {

constexpr const char* kStat =
    "4242 (or) iel ) S 1 4242 4242 0 -1 4194560 900 0 0 0 150 25 0 0 20 0 5 0 12345 260046848 5000 "
    "18446744073709551615 1 1 0\n";
constexpr const char* kLimits =
    "Limit                     Soft Limit           Hard Limit           Units     \n"
    "Max open files            1024                 524288               files     \n"
    "Max locked memory         67108864             67108864             bytes     \n";
constexpr const char* kSystem =
    "cpu  1 2 3\nintr 7 btime 9\nctxt 1\nbtime 1700000000\nprocesses 9\n";

ProcTexts texts() {
  ProcTexts texts;
  texts.self_stat = kStat;
  texts.self_limits = kLimits;
  texts.system_stat = kSystem;
  texts.open_fds = 17;
  return texts;
}

TEST(Process, ReadsTheTexts) {
  const auto stats = process_stats(texts());
  ASSERT_TRUE(stats);
  EXPECT_DOUBLE_EQ(stats->cpu_seconds, 1.75);
  EXPECT_DOUBLE_EQ(stats->start_time_seconds, 1'700'000'123.45);
  EXPECT_EQ(stats->virtual_bytes, 260'046'848U);
  EXPECT_EQ(stats->resident_bytes, 5'000U * 4'096U);
  EXPECT_EQ(stats->open_fds, 17U);
  EXPECT_EQ(stats->max_fds, 1'024U);
}

TEST(Process, UnlimitedOrMissingLimits) {
  ProcTexts t = texts();
  t.self_limits = "Max open files            unlimited            unlimited            files\n";
  EXPECT_EQ(process_stats(t)->max_fds, std::nullopt);
  t.self_limits = "";
  t.system_stat = "";
  EXPECT_EQ(process_stats(t)->max_fds, std::nullopt);
  EXPECT_EQ(process_stats(t)->start_time_seconds, 0);
}

TEST(Process, RefusesCutTexts) {
  const std::string stat = kStat;
  const std::size_t enough = stat.find(" 5000") + 2;
  for (std::size_t size = 0; size < enough; ++size) {
    ProcTexts t = texts();
    t.self_stat = std::string_view(stat).substr(0, size);
    EXPECT_FALSE(process_stats(t)) << size;
  }
}

}  // namespace
}  // namespace oriel::metrics
