#include "gateway/telemetry/process_source.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <string>
#include <system_error>

namespace oriel::gateway {
namespace {

// The files asked for say what is needed in their first pages, /proc/stat apart: a row per
// processor and one per interrupt stand before its boot time.
constexpr std::size_t kMaxFileBytes = 1'048'576;

std::string read_file(const char* path) {
  std::string text;
  const int file = ::open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return text;
  char piece[16'384];
  while (text.size() < kMaxFileBytes) {
    const ssize_t got = ::read(file, piece, sizeof piece);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    text.append(piece, static_cast<std::size_t>(got));
  }
  ::close(file);
  return text;
}

std::uint64_t count_open_fds() {
  std::uint64_t count = 0;
  std::error_code error;
  std::filesystem::directory_iterator entry("/proc/self/fd", error);
  while (!error && entry != std::filesystem::directory_iterator()) {
    ++count;
    entry.increment(error);
  }
  return count == 0 ? 0 : count - 1;  // without the one that reads the folder
}

}  // namespace

std::optional<metrics::ProcessStats> read_process_stats() {
  const std::string self_stat = read_file("/proc/self/stat");
  const std::string self_limits = read_file("/proc/self/limits");
  const std::string system_stat = read_file("/proc/stat");
  metrics::ProcTexts texts;
  texts.self_stat = self_stat;
  texts.self_limits = self_limits;
  texts.system_stat = system_stat;
  texts.open_fds = count_open_fds();
  texts.ticks_per_second = static_cast<std::uint64_t>(::sysconf(_SC_CLK_TCK));
  texts.page_bytes = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  return metrics::process_stats(texts);
}

}  // namespace oriel::gateway
