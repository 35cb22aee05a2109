#include "convert/bedrock/answer.h"

#include <algorithm>
#include <array>

namespace oriel::convert::bedrock {
namespace {

using enum FinishReason;
using enum StopKind;

struct StopRow {
  std::string_view word;
  StopKind kind;
  FinishReason without_calls;
  FinishReason with_calls;
};

constexpr auto kStops = std::to_array<StopRow>({
    {"end_turn", finished, stop, tool_calls},
    {"stop_sequence", finished, stop, stop},
    {"tool_use", finished, stop, tool_calls},
    {"max_tokens", finished, length, length},
    {"model_context_window_exceeded", finished, length, length},
    {"content_filtered", finished, content_filter, content_filter},
    {"guardrail_intervened", finished, content_filter, content_filter},
    {"malformed_model_output", malformed, stop, stop},
    {"malformed_tool_use", malformed, stop, stop},
});

constexpr auto kStopWords = [] {
  std::array<std::string_view, kStops.size()> words;
  for (std::size_t i = 0; i < kStops.size(); ++i) words[i] = kStops[i].word;
  return words;
}();

constexpr std::size_t kMaxWord = 64;

}  // namespace

Stop decode_stop_reason(std::string_view stop_reason, ClientCalls calls) {
  const bool called = calls == ClientCalls::some;
  for (const StopRow& row : kStops) {
    if (row.word == stop_reason) return {row.kind, called ? row.with_calls : row.without_calls};
  }
  return {unknown, called ? tool_calls : stop};
}

std::span<const std::string_view> known_stop_reasons() { return kStopWords; }

Error malformed_output(std::string_view stop_reason) {
  Error error;
  error.kind = ErrorKind::upstream_malformed_output;
  error.code = stop_reason;
  error.detail = stop_reason;
  return error;
}

bool is_cut_off(std::string_view stop_reason) {
  return stop_reason == "max_tokens" || stop_reason == "model_context_window_exceeded";
}

FinishReason client_finish(FinishReason finish, const ReplyContext& context) {
  return finish == tool_calls && context.legacy_functions ? function_call : finish;
}

std::string clean_word(std::string_view word) {
  std::string out(word.substr(0, kMaxWord));
  std::erase_if(out, [](char c) {
    return !((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
             c == '_' || c == '-' || c == '.');
  });
  return out;
}

std::optional<std::uint64_t> as_count(std::optional<json::Value> value) {
  const auto integer = value ? value->as_integer() : std::nullopt;
  if (!integer || *integer < 0) return std::nullopt;
  return static_cast<std::uint64_t>(*integer);
}

std::optional<Usage> decode_usage(json::Value value, const ReplyContext& context) {
  const auto input = as_count(value.find("inputTokens"));
  const auto output = as_count(value.find("outputTokens"));
  if (!input || !output) return std::nullopt;
  Usage usage;
  usage.input = *input;
  usage.output = *output;
  usage.cache_read = as_count(value.find("cacheReadInputTokens")).value_or(0);
  const std::uint64_t written = as_count(value.find("cacheWriteInputTokens")).value_or(0);
  if (const auto details = value.find("cacheDetails")) {
    for (const json::Member item : details->children()) {
      const auto ttl = item.value.find("ttl");
      const auto text = ttl ? ttl->as_text() : std::nullopt;
      if (!text || text->escaped() != "1h") continue;
      usage.cache_write_1h += as_count(item.value.find("inputTokens")).value_or(0);
    }
  }
  usage.cache_write_1h = std::min(usage.cache_write_1h, written);
  usage.cache_write_5m = written - usage.cache_write_1h;
  if (!context.may_reason) usage.reasoning = 0;
  return usage;
}

Text decode_service_tier(json::Value answer) {
  const auto tier = answer.find("serviceTier");
  const auto type = tier ? tier->find("type") : std::nullopt;
  const auto text = type ? type->as_text() : std::nullopt;
  if (!text) return {};
  const std::string_view word = text->escaped();
  if (word == "reserved") return Text::literal("default");
  return word == "default" || word == "priority" || word == "flex" ? *text : Text();
}

std::optional<std::uint64_t> decode_latency_ms(json::Value answer) {
  const auto metrics = answer.find("metrics");
  return metrics ? as_count(metrics->find("latencyMs")) : std::nullopt;
}

void append_compact_escaped(json::Raw raw, std::string& out) {
  out.reserve(out.size() + raw.text.size() + raw.text.size() / 4);
  bool in_string = false;
  for (std::size_t i = 0; i < raw.text.size(); ++i) {
    const char c = raw.text[i];
    if (c == '\\') {  // only in strings; what it escapes is no end of the string
      out.append("\\\\");
      const char next = raw.text[++i];
      if (next == '"' || next == '\\') out.push_back('\\');
      out.push_back(next);
    } else if (c == '"') {
      in_string = !in_string;
      out.append("\\\"");
    } else if (in_string || (c != ' ' && c != '\n' && c != '\r' && c != '\t')) {
      out.push_back(c);
    }
  }
}

Text client_tool_name(const ReplyContext& context, Text name) {
  for (const auto& [upstream, client] : context.tool_names) {
    if (upstream == name.escaped()) return Text::from_escaped(client);
  }
  return name;
}

}  // namespace oriel::convert::bedrock
