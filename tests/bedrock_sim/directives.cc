#include "tests/bedrock_sim/directives.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "tests/bedrock_sim/http_request.h"

namespace oriel::sim {
namespace {

constexpr std::array<std::string_view, 37> kKnown = {
    "ttft_ms",    "gap_ms",          "latency_ms",        "chars",         "chunk",
    "status",     "exception",       "message",           "times",         "retry_after",
    "reset",      "stall",           "close_after_bytes", "truncate",      "corrupt",
    "at",         "exception_after", "error_frame",       "no_metadata",   "no_usage",
    "stop",       "unknown_event",   "missing_stop",      "interleave",    "html200",
    "badjson",    "no_output",       "dribble",           "redacted",      "preamble",
    "guardrail",  "no_type",         "type_plain",        "upper_message", "html",
    "cache_read", "cache_write"};

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
    words_.emplace_back(word.substr(0, equals), value);
  }
}

Fault Directives::check() const {
  for (const auto& [key, value] : words_) {
    if (std::find(kKnown.begin(), kKnown.end(), key) == kKnown.end()) {
      return {"SimulatorException", "No directive is named '" + key + "'."};
    }
  }
  return {};
}

void Directives::drop_faults() {
  static constexpr std::array<std::string_view, 10> kHarmless = {
      "ttft_ms", "gap_ms",   "latency_ms", "chars",      "chunk",
      "dribble", "preamble", "redacted",   "cache_read", "cache_write"};
  words_.erase(std::remove_if(words_.begin(), words_.end(),
                              [](const auto& word) {
                                return std::find(kHarmless.begin(), kHarmless.end(), word.first) ==
                                       kHarmless.end();
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
