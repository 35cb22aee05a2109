#include "convert/openai/passthrough_facts.h"

#include <algorithm>

namespace oriel::convert::openai {
namespace {

constexpr std::size_t kMaxWord = 64;   // bytes of a finish reason that are kept
constexpr std::size_t kMaxName = 256;  // bytes of a name; a longer one is none

// A count of tokens; nullopt unless it is an integer that is not negative.
std::optional<std::uint64_t> count_of(const json::Value& object, std::string_view name) {
  const auto value = object.find(name);
  const auto count = value ? value->as_integer() : std::nullopt;
  if (!count || *count < 0) return std::nullopt;
  return static_cast<std::uint64_t>(*count);
}

std::optional<std::uint64_t> count_in(const json::Value& usage, std::string_view details,
                                      std::string_view name) {
  const auto object = usage.find(details);
  return object ? count_of(*object, name) : std::nullopt;
}

void read_name(const json::Value& root, std::string_view member, std::string& kept) {
  if (!kept.empty()) return;
  const auto value = root.find(member);
  const auto name = value ? value->as_text() : std::nullopt;
  if (name && name->escaped().size() <= kMaxName) kept = json::unescape(*name);
}

}  // namespace

SourceSpan span_in(std::string_view source, std::string_view part) {
  const auto begin = static_cast<std::uint32_t>(part.data() - source.data());
  return {begin, begin + static_cast<std::uint32_t>(part.size())};
}

SourceSpan find_model_span(const json::Value& root) {
  const auto model = root.find("model");
  return model ? span_in(root.raw().text, model->raw().text) : SourceSpan{};
}

SourceSpan find_removable_span(const json::Value& object, std::string_view name) {
  const std::string_view source = object.raw().text;
  SourceSpan span;
  SourceSpan before;  // the member in front
  for (const json::Member member : object.children()) {
    const SourceSpan value = span_in(source, member.value.raw().text);
    // The key with its opening quote.
    const std::uint32_t begin = span_in(source, member.key.escaped()).begin - 1;
    if (span.present()) return {span.begin, begin};  // the first of several: up to the next
    if (member.key.escaped() == name) {
      if (before.present()) return {before.end, value.end};
      span = {begin, value.end};
    }
    before = value;
  }
  return span;
}

std::optional<Usage> read_usage(const json::Value& root) {
  const auto usage = root.find("usage");
  if (!usage) return std::nullopt;
  const auto prompt = count_of(*usage, "prompt_tokens");
  const auto completion = count_of(*usage, "completion_tokens");
  if (!prompt || !completion) return std::nullopt;
  // prompt_tokens counts what was cached too.
  Usage kinds;
  kinds.cache_read =
      std::min(count_in(*usage, "prompt_tokens_details", "cached_tokens").value_or(0), *prompt);
  kinds.cache_write_5m =
      std::min(count_in(*usage, "prompt_tokens_details", "cache_write_tokens").value_or(0),
               *prompt - kinds.cache_read);
  kinds.input = *prompt - kinds.cache_read - kinds.cache_write_5m;
  kinds.output = *completion;
  kinds.reasoning = count_in(*usage, "completion_tokens_details", "reasoning_tokens");
  return kinds;
}

void read_names(const json::Value& root, UpstreamFacts& facts) {
  read_name(root, "model", facts.model);
  read_name(root, "id", facts.id);
}

FinishReason read_finish(json::Text word, UpstreamFacts& facts) {
  facts.stop_reason = word.escaped().substr(0, kMaxWord);
  for (const FinishReason reason :
       {FinishReason::stop, FinishReason::length, FinishReason::tool_calls,
        FinishReason::content_filter, FinishReason::function_call}) {
    if (word.escaped() == to_string(reason)) return reason;
  }
  facts.count(UnknownItem::stop_reason);
  return FinishReason::stop;
}

}  // namespace oriel::convert::openai
