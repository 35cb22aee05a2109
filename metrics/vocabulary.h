// The words that closed labels may take (spec/observability.md §2), by family. Shards preset series
// with them, docs/metrics.md lists them, and tests hold every exposed sample to them.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "metrics/catalogue.h"

namespace oriel::metrics {

// "other" besides, for what is none of these.
inline constexpr std::string_view kFinishReasons[] = {"stop", "length", "tool_calls",
                                                      "content_filter", "function_call"};
inline constexpr std::string_view kShedReasons[] = {"connections", "concurrency", "memory"};
inline constexpr std::string_view kUsageMissingReasons[] = {"absent", "cancelled", "failed"};
inline constexpr std::string_view kRetryReasons[] = {"lesson", "malformed_output"};
inline constexpr std::string_view kWasteReasons[] = {"retry", "client_abort", "failed"};
inline constexpr std::string_view kFrameFaults[] = {"prelude_crc", "message_crc",    "oversize",
                                                    "undersize",   "headers_length", "message_type",
                                                    "truncated"};

// All words of the family's label; empty: its values are names or numbers. Past a family's series
// cap a variable label is "other" besides.
std::span<const std::string_view> vocabulary_of(Family family, Label label);

}  // namespace oriel::metrics
