#include "tests/bedrock_sim/directives.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "tests/bedrock_sim/http_request.h"

namespace oriel::sim {
namespace {

// Faults stop after `times`; the rest shapes and paces every answer.
enum class Sort { kShape, kFault };

struct Row {
  std::string_view key;
  Sort sort;
};

constexpr std::array kKnown = {
    // Pacing.
    Row{"ttft_ms", Sort::kShape},
    Row{"gap_ms", Sort::kShape},
    Row{"latency_ms", Sort::kShape},
    Row{"chunk", Sort::kShape},
    Row{"dribble", Sort::kShape},
    // The model's nature.
    Row{"as", Sort::kShape},
    Row{"with", Sort::kShape},
    Row{"without", Sort::kShape},
    Row{"dialect", Sort::kShape},
    // What it says.
    Row{"chars", Sort::kShape},
    Row{"text", Sort::kShape},
    Row{"preamble", Sort::kShape},
    Row{"fenced", Sort::kShape},
    Row{"think", Sort::kShape},
    Row{"redacted", Sort::kShape},
    Row{"citations", Sort::kShape},
    Row{"image", Sort::kShape},
    Row{"audio", Sort::kShape},
    Row{"server_tool", Sort::kShape},
    Row{"no_input", Sort::kShape},
    Row{"cache_read", Sort::kShape},
    Row{"cache_write", Sort::kShape},
    Row{"cache_write_1h", Sort::kShape},
    Row{"total", Sort::kShape},
    Row{"tier", Sort::kShape},
    // How a stream is made.
    Row{"interleave", Sort::kShape},
    Row{"sparse", Sort::kShape},
    Row{"surrogates", Sort::kShape},
    Row{"empty_deltas", Sort::kShape},
    Row{"unknown_event", Sort::kShape},
    Row{"unknown_block", Sort::kShape},
    Row{"no_message_type", Sort::kShape},
    // Faults.
    Row{"times", Sort::kFault},
    Row{"key", Sort::kFault},
    Row{"stop", Sort::kFault},
    Row{"no_stop_reason", Sort::kFault},
    Row{"cut_tool", Sort::kFault},
    Row{"guardrail", Sort::kFault},
    Row{"says", Sort::kFault},
    Row{"status", Sort::kFault},
    Row{"exception", Sort::kFault},
    Row{"message", Sort::kFault},
    Row{"original_status", Sort::kFault},
    Row{"no_type", Sort::kFault},
    Row{"type_plain", Sort::kFault},
    Row{"upper_message", Sort::kFault},
    Row{"html", Sort::kFault},
    Row{"retry_after", Sort::kFault},
    Row{"reset", Sort::kFault},
    Row{"stall", Sort::kFault},
    Row{"close_after_bytes", Sort::kFault},
    Row{"html200", Sort::kFault},
    Row{"badjson", Sort::kFault},
    Row{"no_output", Sort::kFault},
    Row{"null_output", Sort::kFault},
    Row{"no_usage", Sort::kFault},
    Row{"no_metadata", Sort::kFault},
    Row{"no_message_start", Sort::kFault},
    Row{"no_block_start", Sort::kFault},
    Row{"missing_stop", Sort::kFault},
    Row{"at", Sort::kFault},
    Row{"corrupt", Sort::kFault},
    Row{"truncate", Sort::kFault},
    Row{"end_after", Sort::kFault},
    Row{"error_frame", Sort::kFault},
    Row{"exception_after", Sort::kFault},
};

const Row* find_row(std::string_view key) {
  const auto found =
      std::find_if(kKnown.begin(), kKnown.end(), [key](const Row& row) { return row.key == key; });
  return found == kKnown.end() ? nullptr : &*found;
}

void trim(std::string& text) {
  const std::size_t first = text.find_first_not_of(" \n");
  if (first == std::string::npos) return text.clear();
  text = text.substr(first, text.find_last_not_of(" \n") - first + 1);
}

}  // namespace

std::string Directives::take(std::string_view text) {
  std::string rest;
  bool any = false;
  while (true) {
    const std::size_t open = std::min(text.find("[sim "), text.find("[cache "));
    const std::size_t close = open == std::string_view::npos ? open : text.find(']', open);
    if (close == std::string_view::npos) break;
    const std::string_view inside = text.substr(open + 1, close - open - 1);
    rest += text.substr(0, open);
    text.remove_prefix(close + 1);
    any = true;
    if (inside.substr(0, 4) == "sim ") {
      add(inside.substr(4));
      continue;
    }
    const std::string_view counts = inside.substr(6);
    const std::size_t slash = std::min(counts.find('/'), counts.size());
    words_.emplace_back("cache_read", counts.substr(0, slash));
    words_.emplace_back("cache_write", counts.substr(std::min(slash + 1, counts.size())));
  }
  rest += text;
  if (any) trim(rest);
  return rest;
}

void Directives::add(std::string_view words) {
  while (!words.empty()) {
    const std::size_t end = std::min(words.find(' '), words.size());
    const std::string_view word = words.substr(0, end);
    words.remove_prefix(std::min(end + 1, words.size()));
    if (word.empty()) continue;
    const std::size_t equals = std::min(word.find('='), word.size());
    std::string value(word.substr(std::min(equals + 1, word.size())));
    std::string decoded;
    if (percent_decode(value, decoded)) value = decoded;
    if (word.substr(0, equals) == "malformed_once") {
      words_.emplace_back("stop", "malformed_model_output");
      words_.emplace_back("times", "1");
      words_.emplace_back("key", value);
    } else {
      words_.emplace_back(word.substr(0, equals), value);
    }
  }
}

Fault Directives::check() const {
  for (const auto& [key, value] : words_) {
    if (!find_row(key)) {
      return {"SimulatorException", "No directive is named '" + key + "'."};
    }
  }
  return {};
}

void Directives::drop_faults() {
  words_.erase(std::remove_if(words_.begin(), words_.end(),
                              [](const auto& word) {
                                const Row* row = find_row(word.first);
                                return row && row->sort == Sort::kFault;
                              }),
               words_.end());
}

const std::string* Directives::find(std::string_view key) const {
  for (const auto& [name, value] : words_) {
    if (name == key) return &value;
  }
  return nullptr;
}

std::string_view Directives::text(std::string_view key) const {
  const std::string* value = find(key);
  return value ? std::string_view(*value) : std::string_view();
}

std::int64_t Directives::number(std::string_view key, std::int64_t otherwise) const {
  const std::string_view value = text(key);
  std::int64_t out = 0;
  const auto parsed = std::from_chars(value.data(), value.data() + value.size(), out);
  if (value.empty() || parsed.ec != std::errc() || parsed.ptr != value.data() + value.size()) {
    return otherwise;
  }
  return std::clamp<std::int64_t>(out, 0, 100'000'000);
}

}  // namespace oriel::sim
