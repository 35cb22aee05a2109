// The JSON log line of one record (spec/observability.md §3). Pure. It never holds content.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

#include "metrics/labels.h"
#include "metrics/record.h"

namespace oriel::metrics {

enum class ClientAddress : bool { hide, show };

// Texts that came from outside are cut to this many bytes, so that a line is bounded.
inline constexpr std::size_t kMaxLogText = 1'024;
inline constexpr std::size_t kMaxLogItems = 32;  // attempts, adjustments: the first of them

// Appends one line, without the newline. Fields that the record does not have are absent.
void append_log_line(const Record& record, const LabelTable& labels, ClientAddress client_address,
                     std::string& out);

// RFC 3339 in UTC with milliseconds: 2024-05-01T12:00:00.123Z
void append_time(std::chrono::system_clock::time_point time, std::string& out);

}  // namespace oriel::metrics
