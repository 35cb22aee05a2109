// What the standard process_* families say, from the texts of /proc. Pure: the gateway reads the
// files.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace oriel::metrics {

struct ProcTexts {
  std::string_view self_stat;    // /proc/self/stat
  std::string_view self_limits;  // /proc/self/limits
  std::string_view system_stat;  // /proc/stat
  std::uint64_t open_fds = 0;    // entries of /proc/self/fd
  std::uint64_t ticks_per_second = 100;
  std::uint64_t page_bytes = 4'096;
};

struct ProcessStats {
  double cpu_seconds = 0;
  double start_time_seconds = 0;  // since the Unix epoch
  std::uint64_t resident_bytes = 0;
  std::uint64_t virtual_bytes = 0;
  std::uint64_t open_fds = 0;
  std::optional<std::uint64_t> max_fds;  // nullopt: unlimited
};

// nullopt when /proc/self/stat is not in its documented form (proc(5)).
std::optional<ProcessStats> process_stats(const ProcTexts& texts);

}  // namespace oriel::metrics
