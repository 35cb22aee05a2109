// The neutral chat model: what a chat request, its answer and its stream are, whatever formats meet
// in it. Front ends (OpenAI, later Anthropic) parse into it and print it; dialects (Converse,
// OpenAI passthrough) encode it and decode into it.
//
// Texts are json::Text: views of escaped JSON text. A ChatRequest's views borrow the request body's
// buffer, a reply's views borrow the upstream bytes; a view made from neither borrows the object's
// own `arena`. Values are plain, single-threaded, and owned by the exchange.
#pragma once

#include <cstdint>
#include <forward_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "convert/json/text.h"

namespace oriel::convert {

using json::Raw;
using json::Text;

// Strings made while converting; their addresses stay good as long as the arena lives, wherever it
// moves. An empty one owns no memory: most requests and answers need none.
class Arena {
 public:
  std::string& make() { return strings_.emplace_front(); }
  std::string_view keep(std::string text) { return strings_.emplace_front(std::move(text)); }
  // Keeps `plain` in escaped form.
  Text keep_escaped(std::string_view plain) {
    json::append_escaped(plain, make());
    return Text::from_escaped(strings_.front());
  }

 private:
  std::forward_list<std::string> strings_;
};

// ---------------------------------------------------------------------------------- the request

enum class Role : std::uint8_t { system, developer, user, assistant, tool };

enum class ImageFormat : std::uint8_t { png, jpeg, gif, webp };
std::string_view to_string(ImageFormat format);  // "png", …: also Converse's enum

struct Image {
  // Inline data: standard alphabet, padded, no white space; borrows. Empty when `url` is set.
  std::string_view base64;
  ImageFormat format = ImageFormat::png;  // by the magic bytes
  Text url;                               // http, https or s3, as the client wrote it
};

struct ContentPart {
  enum class Kind : std::uint8_t {
    text,
    refusal,
    image,
    other,  // a part type of OpenAI's that the neutral model has no form for: file, input_audio
  };
  Kind kind = Kind::text;
  Text text;                   // text, refusal
  Image image;                 // image
  std::string_view type_name;  // other: the part's "type"
};

// Ids and names are not empty and have one spelling each (front ends see to it), so that equal ones
// compare equal.
struct ToolCall {
  Text id;
  Text name;
  Text arguments;  // the content of OpenAI's `arguments` string: JSON text, escaped, unchecked
};

struct Message {
  Role role = Role::user;
  std::vector<ContentPart> parts;
  std::vector<ToolCall> tool_calls;  // assistant
  Text tool_call_id;                 // tool
  std::uint32_t index = 0;           // in the client's `messages`, for error paths
};

struct Tool {
  Text name;  // no other tool of the request has it
  std::optional<Text> description;
  Raw parameters;  // JSON Schema as given; empty when absent or null
  bool strict = false;
};

struct ToolChoice {
  enum class Mode : std::uint8_t { unset, automatic, none, required, named };
  Mode mode = Mode::unset;
  Text name;  // named: that of one of the tools
};

struct Sampling {
  std::optional<std::int64_t> max_tokens;  // max_completion_tokens, else max_tokens
  std::optional<double> temperature;       // 0..2
  std::optional<double> top_p;             // 0..1
  std::vector<Text> stop;
};

// Where things stand in the client's own text, for a dialect that splices instead of writing anew.
struct SourceSpan {
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
  bool present() const { return end != 0; }
};

// A request field that the neutral model does not carry: a dialect that cannot pass it on reports
// it.
struct ExtraField {
  std::string_view name;  // borrows the body (top-level key, without escapes)
  Raw value;
};

struct ChatRequest {
  Text model;  // as the client wrote it
  std::vector<Message> messages;
  std::vector<Tool> tools;
  ToolChoice tool_choice;
  std::optional<bool> parallel_tool_calls;
  Sampling sampling;
  bool stream = false;
  bool include_usage = false;  // stream_options.include_usage

  // Top-level fields set to something other than their neutral value (`null`, `false`, 0, {}).
  std::vector<ExtraField> extras;

  std::string_view source;         // the whole body
  SourceSpan model_span;           // the value of "model", quotes included
  SourceSpan stream_options_span;  // the value of "stream_options", also when it is null
  Arena arena;
};

// ---------------------------------------------------------------------------------- the answer

// Tokens as upstream counts them: the kinds are disjoint, their sum is what was processed.
struct Usage {
  std::uint64_t input = 0;  // without cached
  std::uint64_t output = 0;
  std::uint64_t cache_read = 0;
  std::uint64_t cache_write_5m = 0;
  std::uint64_t cache_write_1h = 0;
  std::optional<std::uint64_t> reasoning;  // part of output; nullopt: upstream does not say
  std::uint64_t cache_write() const { return cache_write_5m + cache_write_1h; }
  // OpenAI's prompt_tokens: cached tokens included.
  std::uint64_t prompt() const { return input + cache_read + cache_write(); }
  std::uint64_t total() const { return prompt() + output; }
};

enum class FinishReason : std::uint8_t { stop, length, tool_calls, content_filter, function_call };
std::string_view to_string(FinishReason reason);

// A piece of reasoning in its order: text (with or without signature) or redacted data.
struct ReasoningBlock {
  Text text;
  Text signature;
  Text redacted;  // base64; then the others are empty
};

// What only the log and the metrics see.
struct UpstreamFacts {
  std::string stop_reason;                  // upstream's own word
  std::optional<std::uint64_t> latency_ms;  // Converse metrics.latencyMs
  std::uint32_t unknown_items = 0;          // blocks, events, members that we do not know
};

struct ChatReply {
  std::vector<Text> texts;  // concatenated without separator they are the content
  std::vector<ToolCall> tool_calls;
  std::vector<ReasoningBlock> reasoning;
  FinishReason finish = FinishReason::stop;
  std::optional<Usage> usage;  // nullopt: upstream did not say; never zeros
  Text service_tier;
  UpstreamFacts facts;
  // Set by the passthrough dialect: upstream's own chat.completion, to be spliced. The other fields
  // above are then only for metrics.
  Raw source;
  SourceSpan source_model_span;  // of "model"'s value in source, quotes included
  Arena arena;
};

// ---------------------------------------------------------------------------------- the stream

// One step of a streamed answer. Views are good only during the call that delivers it.
struct ChatDelta {
  enum class Kind : std::uint8_t {
    role,             // the answer starts
    text,             // text
    reasoning,        // text
    signature,        // text: closes the reasoning so far
    redacted,         // text: base64 of redacted reasoning
    tool_call_start,  // tool_index, id, name
    tool_call_args,   // tool_index, text: a piece of the arguments, escaped
    finish,           // finish
    usage,            // usage, facts, service_tier
    source,           // passthrough: upstream's own chunk, to be spliced
  };
  Kind kind = Kind::text;
  Text text;
  std::uint32_t tool_index = 0;  // dense, from 0, per answer
  Text id;
  Text name;
  FinishReason finish = FinishReason::stop;
  std::optional<Usage> usage;
  Text service_tier;

  // source: the chunk's JSON and where "model"'s value and the "usage" member stand in it.
  Raw source;
  SourceSpan source_model_span;
  SourceSpan source_usage_span;  // from the comma or brace side that makes removal leave valid JSON
  std::optional<FinishReason> source_finish;  // of a source chunk that ends its first choice
  bool carries_content = false;               // of a source chunk: text, reasoning or tool calls
  bool only_usage = false;                    // of a source chunk: choices is empty
};

}  // namespace oriel::convert
