// Where log lines go: a bounded queue in front of one thread that writes to stdout or a file
// (spdlog's async logger; spec/observability.md §3). Any thread submits and none ever waits: a
// reader that does not read, a full disk or a closed stdout cost lines, which are counted. Owned by
// the app.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

#include "convert/error.h"
#include "gateway/clock.h"

namespace oriel::gateway {

enum class LogLevel : std::uint8_t { info, warn, error };
std::string_view to_string(LogLevel level);

struct LogField {
  std::string_view name;  // a literal that needs no escaping
  std::variant<std::string_view, std::int64_t, double, bool> value;
};

class LogSink {
 public:
  struct Options {
    std::string path;                 // appended to; empty: stdout
    std::size_t queue_lines = 4'096;  // past it the oldest are dropped
  };

  // Fails when the file cannot be opened. `clock` outlives the sink.
  static convert::Result<std::unique_ptr<LogSink>> open(const Options& options, const Clock& clock);
  // Writes what is queued; gives a reader that does not read half a second.
  ~LogSink();
  LogSink(const LogSink&) = delete;
  LogSink& operator=(const LogSink&) = delete;

  // One line of JSON, without its newline; copied.
  void submit(std::string_view line);
  // A line of the gateway's own life: start, ready, drain, a refused configuration.
  void log(LogLevel level, std::string_view event, std::initializer_list<LogField> fields = {});
  // Lines lost so far, for oriel_log_lines_dropped_total. Only ever grows.
  std::uint64_t dropped() const;

 private:
  struct Impl;
  LogSink(std::unique_ptr<Impl> impl, const Clock& clock);
  std::unique_ptr<Impl> impl_;
  const Clock& clock_;
};

}  // namespace oriel::gateway
