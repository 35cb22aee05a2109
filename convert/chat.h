// The neutral chat model: what a chat request, its answer and its stream are, whatever formats meet
// in it. Front ends (OpenAI, later Anthropic) parse into it and print it; dialects (Converse,
// OpenAI passthrough) encode it and decode into it.
//
// Texts are json::Text: views of escaped JSON text. A ChatRequest's views borrow the request body's
// buffer, a reply's views borrow the upstream bytes; a view made from neither borrows the object's
// own `arena`. Values are plain, single-threaded, and owned by the exchange.
#pragma once

#include <array>
#include <cstdint>
#include <forward_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "convert/json/text.h"
#include "convert/usage.h"

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

// A picture, document, sound or film: its bytes, or where they are.
struct Media {
  // Inline data: standard alphabet, padded, no white space; borrows. Empty when `url` is set.
  std::string_view base64;
  // Converse's word for it, a literal: "jpeg", "pdf", "wav", "three_gp"; by the bytes where they
  // tell. Of a `url`: by its extension, empty where that does not tell.
  std::string_view format;
  Text url;        // http, https or s3, as the client wrote it
  Text file_name;  // a document's, as the client wrote it
};

// Asks that the conversation up to here be kept in the prompt cache.
enum class CacheMark : std::uint8_t { none, unspecified, five_minutes, one_hour };

// What a guarded text is to a guardrail: bits of ContentPart::guard_qualifiers.
enum class GuardQualifier : std::uint8_t { grounding_source = 1, query = 2, guard_content = 4 };

struct ContentPart {
  enum class Kind : std::uint8_t { text, refusal, image, document, audio, video, guarded_text };
  Kind kind = Kind::text;
  CacheMark cache = CacheMark::none;  // behind this part
  std::uint8_t guard_qualifiers = 0;  // guarded_text
  Text text;                          // text, refusal, guarded_text
  Media media;                        // image, document, audio, video
};

// A piece of reasoning in its order: text (with or without signature) or redacted data.
struct ReasoningBlock {
  Text text;
  Text signature;
  Text redacted;  // base64; then the others are empty
};

// Ids and names are not empty and have one spelling each (front ends see to it), so that equal ones
// compare equal.
struct ToolCall {
  Text id;
  Text name;
  // The content of OpenAI's `arguments` string: JSON text, escaped, unchecked. Of a custom tool:
  // its `input`, any text.
  Text arguments;
  bool custom = false;
};

struct Message {
  Role role = Role::user;
  bool failed = false;                // tool: the result is an error
  CacheMark cache = CacheMark::none;  // behind the message
  std::vector<ContentPart> parts;
  std::vector<ReasoningBlock> reasoning;  // assistant: replayed, signed or redacted blocks
  std::vector<ToolCall> tool_calls;       // assistant
  Text tool_call_id;                      // tool
  Text name;                              // the author's, where the client gave one
  std::uint32_t index = 0;                // in the client's `messages`, for error paths
};

struct Tool {
  enum class Kind : std::uint8_t {
    function,
    custom,  // takes one text
    system,  // a tool of the model's own side, such as nova_grounding
  };
  Kind kind = Kind::function;
  CacheMark cache = CacheMark::none;  // behind this tool
  Text name;                          // no other tool of the request has it
  std::optional<Text> description;
  Raw parameters;  // JSON Schema as given; empty when absent or null
  bool strict = false;
};

struct ToolChoice {
  enum class Mode : std::uint8_t { unset, automatic, none, required, named };
  Mode mode = Mode::unset;
  Text name;                  // named: that of one of the tools
  std::vector<Text> allowed;  // of the tools, those that may be called; empty: all
};

// What the answer's text must be.
struct ResponseFormat {
  enum class Kind : std::uint8_t { text, json_object, json_schema };
  Kind kind = Kind::text;
  Text name;                        // json_schema
  std::optional<Text> description;  // json_schema
  Raw schema;                       // json_schema: as given; empty when absent
  bool strict = false;
};

// OpenAI's reasoning_effort.
enum class Effort : std::uint8_t { none, minimal, low, medium, high, xhigh, max };
std::string_view to_string(Effort effort);

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
  ResponseFormat format;
  std::optional<Effort> effort;
  std::uint32_t choices = 1;      // `n`
  bool legacy_functions = false;  // tools came as `functions`: calls go back as `function_call`
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

enum class FinishReason : std::uint8_t { stop, length, tool_calls, content_filter, function_call };
std::string_view to_string(FinishReason reason);

// A source that the answer names, for the part of its text that it supports.
struct Citation {
  std::uint32_t begin = 0;  // in Unicode code points of the whole content
  std::uint32_t end = 0;
  Text title;
  Text url;    // of a page of the web; empty: the source is something else, told by `source` alone
  Raw source;  // upstream's own object
};

// What upstream sent that is not known here: skipped, never fatal. A member is one of a union
// inside a block or a delta.
enum class UnknownItem : std::uint8_t { event, block, stop_reason, member };
inline constexpr std::size_t kUnknownItems = static_cast<std::size_t>(UnknownItem::member) + 1;

// What only the log and the metrics see.
struct UpstreamFacts {
  std::string stop_reason;                  // upstream's own word
  std::string model;                        // as upstream names itself; empty: it does not
  std::string id;                           // of an answer that is passed on; empty: it has none
  std::optional<std::uint64_t> latency_ms;  // Converse metrics.latencyMs
  std::array<std::uint32_t, kUnknownItems> unknown_items{};

  void count(UnknownItem item) { ++unknown_items[static_cast<std::size_t>(item)]; }
};

struct ChatReply {
  std::vector<Text> texts;  // concatenated without separator they are the content
  std::vector<ToolCall> tool_calls;
  std::vector<ReasoningBlock> reasoning;
  std::vector<Citation> citations;
  std::vector<Media> images;      // made by the model
  bool legacy_functions = false;  // the call is printed as `function_call`
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
// Of all together; nullopt unless every one says it.
std::optional<Usage> usage_of(std::span<const ChatReply> replies);

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
    citation,         // citation
    image,            // media
    finish,           // finish
    usage,            // usage, facts, service_tier
    source,           // passthrough: upstream's own chunk, to be spliced
  };
  Kind kind = Kind::text;
  std::uint32_t choice = 0;  // of an answer with several choices
  Text text;
  std::uint32_t tool_index = 0;  // dense, from 0, per choice
  bool custom_tool = false;      // tool_call_start, tool_call_args: of a custom tool
  bool legacy_function = false;  // the same two: printed as `function_call`
  Text id;
  Text name;
  Citation citation;
  Media media;
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
