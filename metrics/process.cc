#include "metrics/process.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace oriel::metrics {
namespace {

// Takes the next word off `text`; empty at its end.
std::string_view take_word(std::string_view& text) {
  const std::size_t begin = text.find_first_not_of(" \t\n");
  if (begin == std::string_view::npos) return text = {};
  const std::size_t end = std::min(text.find_first_of(" \t\n", begin), text.size());
  const std::string_view word = text.substr(begin, end - begin);
  text.remove_prefix(end);
  return word;
}

std::optional<std::uint64_t> number(std::string_view word) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  if (error != std::errc{} || end != word.data() + word.size()) return std::nullopt;
  return value;
}

// The number behind `name` where it starts a line.
std::optional<std::uint64_t> number_behind(std::string_view name, std::string_view text) {
  std::size_t at = text.find(name);
  while (at != std::string_view::npos && at != 0 && text[at - 1] != '\n') {
    at = text.find(name, at + 1);
  }
  if (at == std::string_view::npos) return std::nullopt;
  text.remove_prefix(at + name.size());
  return number(take_word(text));
}

}  // namespace

std::optional<ProcessStats> process_stats(const ProcTexts& texts) {
  // The command's name, in parentheses, may hold anything: fields are counted from its last ")".
  const std::size_t name_end = texts.self_stat.rfind(')');
  if (name_end == std::string_view::npos || texts.ticks_per_second == 0) return std::nullopt;
  std::string_view rest = texts.self_stat.substr(name_end + 1);
  std::array<std::string_view, 25> fields;  // by proc(5)'s numbers; 3 is the first behind the name
  for (std::size_t i = 3; i < fields.size(); ++i) fields[i] = take_word(rest);
  const auto user = number(fields[14]);
  const auto system = number(fields[15]);
  const auto start = number(fields[22]);
  const auto virtual_bytes = number(fields[23]);
  const auto resident_pages = number(fields[24]);
  if (!user || !system || !start || !virtual_bytes || !resident_pages) return std::nullopt;

  const auto ticks = static_cast<double>(texts.ticks_per_second);
  const auto boot = number_behind("btime", texts.system_stat);
  ProcessStats stats;
  stats.cpu_seconds = static_cast<double>(*user + *system) / ticks;
  stats.start_time_seconds =
      boot ? static_cast<double>(*boot) + static_cast<double>(*start) / ticks : 0;
  stats.resident_bytes = *resident_pages * texts.page_bytes;
  stats.virtual_bytes = *virtual_bytes;
  stats.open_fds = texts.open_fds;
  stats.max_fds = number_behind("Max open files", texts.self_limits);
  return stats;
}

}  // namespace oriel::metrics
