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

// The upstream's name of a model, and the foundation model that its capabilities are looked up by.
struct Target {
  std::string upstream_model;    // id or ARN, as sent
  std::string foundation_model;  // id without geo prefix; empty when unknown
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
struct ReplyContext {
  // Names sent upstream and the client's own, where they differ.
  std::vector<std::pair<std::string, std::string>> tool_names;  // upstream, client (escaped)
};

struct Encoded {
  WireRequest wire;
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
  virtual Result<Encoded> encode(const ChatRequest& request, const Target& target) const = 0;
  // `body` stays alive and unchanged as long as the reply; `reader` is the worker's.
  virtual Result<ChatReply> decode(const ReplyContext& context, const json::PaddedBuffer& body,
                                   json::Reader& reader) const = 0;
  virtual Error decode_error(int status, std::span<const Header> headers,
                             const json::PaddedBuffer& body, json::Reader& reader) const = 0;
  virtual std::unique_ptr<StreamDecoder> stream(ReplyContext context) const = 0;
};

}  // namespace oriel::convert
