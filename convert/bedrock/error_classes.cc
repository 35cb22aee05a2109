#include "convert/bedrock/error_classes.h"

#include <algorithm>
#include <array>

#include "convert/bedrock/models.h"

namespace oriel::convert::bedrock {
namespace {

using enum ErrorKind;
using Feature = ModelFeature;

consteval Lesson without(ModelFeatures features, std::string_view name) {
  return {Lesson::Kind::capability, name, {.remove = features.bits()}};
}
consteval Lesson with(ModelFeatures features, std::string_view name) {
  return {Lesson::Kind::capability, name, {.add = features.bits()}};
}

constexpr Lesson kProfile{Lesson::Kind::profile, "inference_profile", {}};
constexpr Lesson kFormat{Lesson::Kind::format, "structured_output", {}};
constexpr Lesson kNoSampling =
    without(Feature::temperature | Feature::top_p | Feature::top_k, "temperature");
constexpr Lesson kNoStreaming = without(Feature::streaming, "streaming");
constexpr Lesson kNoStreamingTools = without(Feature::streaming_tools, "streaming_tools");
constexpr Lesson kNoTools = without(Feature::tools, "tools");
constexpr Lesson kNoAny = without(Feature::choice_any, "choice_any");
constexpr Lesson kNoNamed = without(Feature::choice_named, "choice_named");
constexpr Lesson kNoAuto = without(Feature::choice_auto, "choice_auto");
constexpr Lesson kNoForce = without(Feature::choice_any | Feature::choice_named, "choice_any");
constexpr Lesson kNoSystem = without(Feature::system, "system");
constexpr Lesson kNoStatus = without(Feature::status_field, "status_field");
constexpr Lesson kNoStrict = without(Feature::strict_tools, "strict_tools");
constexpr Lesson kNoTemperature = without(Feature::temperature, "temperature");
constexpr Lesson kNoTopP = without(Feature::top_p, "top_p");
constexpr Lesson kNoTopK = without(Feature::top_k, "top_k");
constexpr Lesson kOneOfBoth = with(Feature::temp_top_p_exclusive, "temp_top_p_exclusive");
constexpr Lesson kNoBudget = without(Feature::thinking_budget, "thinking_budget");
constexpr Lesson kNoPrefill = without(Feature::prefill, "prefill");
constexpr Lesson kNoTier = without(Feature::service_tier, "service_tier");

constexpr auto kTooLong = context_length_exceeded;
constexpr auto kRefused = upstream_rejected;
constexpr auto kCannot = unsupported_parameter;
constexpr std::string_view kField = "doesn't support the";
constexpr std::string_view kChoice = "toolconfig.toolchoice";

constexpr auto kClasses = std::to_array<ErrorClass>({
    // Throttling and length share words: what asks to wait is throttling.
    {{"too many tokens, please wait"}, upstream_throttled, "", ""},
    {{"input is too long for requested model"}, kTooLong, "", "messages"},
    {{"prompt is too long"}, kTooLong, "", "messages"},
    {{"maximum context length is"}, kTooLong, "", "messages"},
    {{"exceed context limit"}, kTooLong, "", "messages"},
    {{"too many input tokens"}, kTooLong, "", "messages"},
    {{"prompt tokens (", "exceed model maximum"}, kTooLong, "", "messages"},
    {{"the maximum tokens you requested exceeds the model limit of"},
     kRefused,
     "integer_above_max_value",
     "max_tokens"},
    // The model as such.
    {{"the provided model identifier is invalid"}, upstream_model_not_found, "", ""},
    {{"on-demand throughput isn"}, kRefused, "inference_profile_required", "model", kProfile},
    {{"you don't have access to the model"}, upstream_access_denied, "", ""},
    {{"access to this model is not available"}, upstream_access_denied, "", ""},
    {{"model use case details have not been submitted"}, upstream_access_denied, "", ""},
    {{"end of its life"}, upstream_model_not_found, "", ""},
    {{"legacy", "model"}, upstream_model_not_found, "", ""},
    // What it can not do.
    {{"stream", "tool", "not support"}, kCannot, "", "tools", kNoStreamingTools},
    {{"stream", "tool", "n't support"}, kCannot, "", "tools", kNoStreamingTools},
    {{"streaming", "not support"}, kCannot, "", "stream", kNoStreaming},
    {{"streaming", "n't support"}, kCannot, "", "stream", kNoStreaming},
    {{"streaming", "unsupported"}, kCannot, "", "stream", kNoStreaming},
    {{"doesn't support tool use"}, kCannot, "", "tools", kNoTools},
    {{"toolconfig.toolchoice.any", "support"}, kCannot, "", "tool_choice", kNoAny},
    {{"toolconfig.toolchoice.tool", "support"}, kCannot, "", "tool_choice", kNoNamed},
    {{"toolconfig.toolchoice.auto", "support"}, kCannot, "", "tool_choice", kNoAuto},
    {{kChoice, "support"}, kCannot, "", "tool_choice", kNoForce},
    {{kChoice}, kCannot, "", "tool_choice"},
    {{kField, "toolconfig field"}, kCannot, "", "tools", kNoTools},
    {{kField, "system field"}, kCannot, "", "messages", kNoSystem},
    {{kField, "status field"}, kCannot, "", "", kNoStatus},
    {{kField, "strict field"}, kCannot, "", "tools", kNoStrict},
    {{kField, "temperature field"}, kCannot, "", "temperature", kNoTemperature},
    {{kField, "topp field"}, kCannot, "", "top_p", kNoTopP},
    {{kField, "servicetier field"}, kCannot, "", "service_tier", kNoTier},
    {{kField, "outputconfig"}, kCannot, "", "response_format", kFormat},
    {{kField, "field"}, kCannot, "", ""},
    {{"temperature", "is deprecated"}, kCannot, "", "temperature", kNoSampling},
    {{"top_p", "is deprecated"}, kCannot, "", "top_p", kNoTopP},
    {{"top_k", "is deprecated"}, kCannot, "", "top_k", kNoTopK},
    {{"temperature", "cannot both be specified"}, kCannot, "", "top_p", kOneOfBoth},
    {{"thinking.type.enabled", "not supported"}, kCannot, "", "reasoning_effort", kNoBudget},
    {{"does not support assistant message prefill"}, kCannot, "", "messages", kNoPrefill},
    // Pictures and documents.
    {{"image exceeds"}, kRefused, "image_too_large", "messages"},
    {{"image dimensions"}, kRefused, "image_too_large", "messages"},
    {{"image exceed max allowed size"}, kRefused, "image_too_large", "messages"},
    {{"could not process image"}, kRefused, "invalid_image", "messages"},
    {{"too many images and documents"}, kRefused, "too_many_images", "messages"},
    {{"document file name"}, kRefused, "invalid_document", "messages"},
    {{"duplicate document names"}, kRefused, "invalid_document", "messages"},
    // What surrounds the call.
    {{"guardrail", "interven"}, content_filtered, "", ""},
    {{"guardrail", "blocked"}, content_filtered, "", ""},
    {{"guardrail"}, kRefused, "guardrail_config", ""},
    {{"reservation not found"}, kRefused, "", "service_tier", kNoTier},
    {{"service tier provided is invalid"}, kRefused, "", "service_tier", kNoTier},
    // Schemas: a tool's own is the client's, any other the response format's.
    {{"schema", "toolconfig"}, kRefused, "", "tools"},
    {{"input_schema"}, kRefused, "", "tools"},
    {{"inputschema"}, kRefused, "", "tools"},
    {{"grammar"}, kRefused, "", "", kFormat},
    {{"union types"}, kRefused, "", "", kFormat},
    {{"schema"}, kRefused, "", "", kFormat},
});

bool fits(const ErrorClass& row, std::string_view words) {
  return std::all_of(std::begin(row.words), std::end(row.words), [&](std::string_view word) {
    return words.find(word) != std::string_view::npos;
  });
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// The first number behind `anchor`; empty when there is none.
std::string_view number_after(std::string_view text, std::string_view anchor) {
  const std::size_t found = text.find(anchor);
  if (found == std::string_view::npos) return {};
  std::size_t begin = found + anchor.size();
  while (begin < text.size() && !is_digit(text[begin])) ++begin;
  std::size_t end = begin;
  while (end < text.size() && is_digit(text[end])) ++end;
  return text.substr(begin, end - begin);
}

// OpenAI's words for a conversation that is too long, when upstream gave both numbers.
std::string context_length_message(std::string_view words) {
  std::string_view limit = number_after(words, "maximum context length is");
  std::string_view used = number_after(words, "resulted in");
  if (words.find("prompt is too long") != std::string_view::npos) {
    used = number_after(words, "prompt is too long");
    limit = number_after(words, ">");
  } else if (words.find("prompt tokens (") != std::string_view::npos) {
    used = number_after(words, "prompt tokens (");
    limit = number_after(words, "exceed model maximum");
  }
  if (limit.empty() || used.empty()) return {};
  return "This model's maximum context length is " + std::string(limit) +
         " tokens. However, your messages resulted in " + std::string(used) +
         " tokens. Please reduce the length of the messages.";
}

}  // namespace

std::span<const ErrorClass> error_classes() { return kClasses; }

std::string plain_words(std::string_view message) {
  std::string out(message);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  // Bedrock writes both apostrophes.
  constexpr std::string_view kCurly = "\xE2\x80\x99";
  for (std::size_t at = out.find(kCurly); at != std::string::npos; at = out.find(kCurly, at)) {
    out.replace(at, kCurly.size(), "'");
  }
  return out;
}

void classify_validation(std::string_view plain_words, Error& error) {
  const auto row = std::find_if(kClasses.begin(), kClasses.end(), [&](const ErrorClass& candidate) {
    return fits(candidate, plain_words);
  });
  if (row == kClasses.end()) return;
  error.kind = row->kind;
  if (row->kind != kRefused) error.type.clear();  // what the model said is not what it is
  if (!row->code.empty() || row->kind != kRefused) error.code = row->code;
  if (error.param.empty()) error.param = row->param;
  error.lesson = row->lesson;
  if (row->kind == kTooLong) {
    if (std::string text = context_length_message(plain_words); !text.empty()) error.message = text;
  } else if (row->kind == upstream_access_denied || row->kind == upstream_model_not_found) {
    error.message.clear();  // the kind's own words
  }
}

}  // namespace oriel::convert::bedrock
