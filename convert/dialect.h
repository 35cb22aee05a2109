// Dialect: a wire format that an upstream speaks. Stateless and shared by all threads; what one
// request must remember until its answer (tool aliases, legacy forms) travels in a ReplyContext.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "convert/chat.h"
#include "convert/error.h"
#include "convert/json/padded_buffer.h"
#include "convert/json/reader.h"
#include "convert/lesson.h"

namespace oriel::convert {

struct Header {
  std::string name;
  std::string value;
};
// Case-insensitive; empty when absent.
std::string_view find_header(std::span<const Header> headers, std::string_view name);

// A request to an upstream, without host, credentials or transport.
struct WireRequest {
  std::string method = "POST";
  std::string path;  // percent-encoded, with query; relative to the provider's base URL
  std::vector<Header> headers;
  std::string body;
};

// The upstream's name of a model, and what is known of it.
struct Target {
  std::string upstream_model;    // id or ARN, as sent
  std::string foundation_model;  // id without geo prefix, which capabilities are looked up by;
                                 // empty when unknown
  CapabilityPatch patch;         // what is known better than the catalogue says
  bool emulate_format = false;   // the model has refused this request's response format
};

// How a deployment wants a model's requests treated. Owned by the configuration, immutable.
// Source: spec/converse.md §3 to §10.
struct EncodePolicy {
  bool strict_params = false;  // what would be dropped, clamped or degraded is a 400 instead
  enum class UnknownParams : std::uint8_t { drop, pass, reject };
  UnknownParams unknown_params = UnknownParams::drop;  // pass: into additionalModelRequestFields
  bool strict_history = false;     // unanswered tool calls are OpenAI's 400, not repaired
  bool auto_cache = false;         // cache points where the client set none
  bool inline_system = false;      // system messages between turns stay where they are
  bool prefix_user_names = false;  // `name: ` before user texts when there are several authors
  bool placeholder_tool = false;   // history with tools but none sent: a tool that does nothing
  bool user_id_to_model = false;   // Claude: `user` as metadata.user_id
  bool nova_grounding = false;     // web_search_options become Nova's system tool
  std::uint32_t default_max_tokens = 0;  // where the client says nothing; 0: the model's own
  std::uint32_t max_choices = 1;         // `n` above is a 400
  // The operator's guardrail; empty id: none. The client's own counts only where allowed and where
  // there is none of the operator's.
  std::string guardrail_id;
  std::string guardrail_version;
  std::string guardrail_trace;  // "disabled", "enabled", "enabled_full"; empty: AWS's default
  bool client_guardrail = false;
};

// Something asked for that was not sent as asked: goes to x-oriel-adjusted and to
// oriel_adjusted_parameters_total.
struct Adjustment {
  enum class Action : std::uint8_t { dropped, clamped, rewritten };
  std::string_view parameter;  // a literal
  Action action = Action::dropped;
};
std::string_view to_string(Adjustment::Action action);

// What encode() leaves for decode() and stream(). Owns its strings: the request may go before it.
// Tools are named as upstream knows them.
struct ReplyContext {
  // Names sent upstream and the client's own, where they differ.
  std::vector<std::pair<std::string, std::string>> tool_names;  // upstream, client (escaped)
  std::vector<std::string> custom_tools;   // their input's member "input" is the client's text
  std::vector<std::string> wrapped_tools;  // their input's member "value" is the client's arguments
  std::string format_tool;                 // stands for response_format: its input is the content
  bool wrapped_format = false;             // of its input the member "value"
  std::string placeholder_tool;            // calls of it are left out
  bool legacy_functions = false;
  bool json_object = false;  // one code fence around the content is taken off
  bool may_reason = false;   // the model can reason: unsaid reasoning tokens are unknown, not 0
};

struct Encoded {
  WireRequest wire;
  bool streams = false;  // the answer comes as a stream; else it is decoded whole, and a client
                         // that wants a stream gets one made of it
  std::vector<Adjustment> adjusted;
  ReplyContext context;
};

// Takes the deltas of a stream in order, on the thread that feeds the decoder.
class DeltaSink {
 public:
  virtual ~DeltaSink() = default;
  virtual void on_delta(const ChatDelta& delta) = 0;
};

// Decodes one stream. Owns its partial frame; every buffer is bounded.
class StreamDecoder {
 public:
  virtual ~StreamDecoder() = default;
  // Decodes what it can of the bytes so far. An error is final: nothing may be fed after it.
  virtual Result<void> feed(std::string_view bytes, DeltaSink& sink) = 0;
  // The transport says that the stream is over: the last deltas, or the error of a truncated
  // stream.
  virtual Result<void> finish(DeltaSink& sink) = 0;
  // Whether the answer is complete, so that the transport's end is no longer awaited ([DONE],
  // metadata).
  virtual bool complete() const = 0;
  // Whether all content was seen and only usage may follow: no reason to wait for it long.
  virtual bool content_complete() const = 0;
  virtual const UpstreamFacts& facts() const = 0;
};

class Dialect {
 public:
  virtual ~Dialect() = default;
  virtual std::string_view name() const = 0;  // "bedrock_converse", "openai_chat"
  virtual Result<Encoded> encode(const ChatRequest& request, const Target& target,
                                 const EncodePolicy& policy) const = 0;
  // `body` stays alive and unchanged as long as the reply; `reader` is the worker's.
  virtual Result<ChatReply> decode(const ReplyContext& context, const json::PaddedBuffer& body,
                                   json::Reader& reader) const = 0;
  virtual Error decode_error(int status, std::span<const Header> headers,
                             const json::PaddedBuffer& body, json::Reader& reader) const = 0;
  virtual std::unique_ptr<StreamDecoder> stream(ReplyContext context) const = 0;
};

}  // namespace oriel::convert
