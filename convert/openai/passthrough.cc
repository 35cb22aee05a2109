#include "convert/openai/passthrough.h"

#include <array>

#include "convert/json/writer.h"
#include "convert/openai/passthrough_error.h"
#include "convert/openai/passthrough_facts.h"
#include "convert/openai/passthrough_stream.h"
#include "convert/wire/retry_after.h"

namespace oriel::convert {
namespace {

using json::Writer;

Error error_of(ErrorKind kind, std::string_view detail) {
  Error error;
  error.kind = kind;
  error.detail = detail;
  return error;
}

// A piece of the client's text and what stands there instead.
struct Edit {
  SourceSpan span;
  std::string text;
};

std::string_view text_at(std::string_view source, SourceSpan span) {
  return source.substr(span.begin, span.end - span.begin);
}

// The client's stream_options with include_usage on and the other members as they are.
Result<std::string> with_usage(std::string_view padded_options) {
  json::Reader reader;
  const auto options = reader.read(padded_options);
  if (!options) return Unexpected{error_of(ErrorKind::internal, "stream_options span")};
  std::string out;
  Writer writer(out);
  writer.begin_object();
  for (const json::Member member : options->children()) {
    if (member.key.escaped() != "include_usage") writer.key(member.key).raw(member.value.raw());
  }
  writer.key("include_usage").boolean(true).end_object();
  return out;
}

// The client's body with the upstream's name of the model, asking a stream for its usage.
Result<std::string> splice(const ChatRequest& request, const Target& target) {
  if (!request.model_span.present()) {
    return Unexpected{error_of(ErrorKind::internal, "request without source")};
  }
  Edit model{request.model_span, {}};
  Edit options{request.stream_options_span, {}};
  Writer writer(model.text);
  writer.string(target.upstream_model);
  if (request.stream && !options.span.present()) {
    writer.key("stream_options").begin_object().key("include_usage").boolean(true).end_object();
  } else if (request.stream && !request.include_usage) {
    auto rewritten = with_usage(text_at(request.source, options.span));
    if (!rewritten) return rewritten;
    options.text = std::move(*rewritten);
  }
  std::array<Edit*, 2> edits{&model, &options};
  if (options.span.begin < model.span.begin) std::swap(edits[0], edits[1]);
  std::string body;
  body.reserve(request.source.size() + model.text.size() + options.text.size());
  std::size_t copied = 0;
  for (const Edit* edit : edits) {
    if (edit->text.empty()) continue;
    body.append(request.source, copied, edit->span.begin - copied);
    body.append(edit->text);
    copied = edit->span.end;
  }
  body.append(request.source, copied);
  return body;
}

// The first choice of a chat.completion, or nullopt when it is none.
std::optional<json::Value> first_choice(const json::Value& root) {
  const auto choices = root.find("choices");
  if (!choices || !choices->is_array() || choices->children().empty()) return std::nullopt;
  const json::Value first = (*choices->children().begin()).value;
  const auto message = first.find("message");
  if (!message || !message->is_object()) return std::nullopt;
  return first;
}

class OpenAiDialect final : public Dialect {
 public:
  std::string_view name() const override { return "openai_chat"; }

  Result<Encoded> encode(const ChatRequest& request, const Target& target,
                         const EncodePolicy&) const override {
    auto body = splice(request, target);
    if (!body) return Unexpected{std::move(body).error()};
    Encoded encoded;
    encoded.wire.path = "/chat/completions";
    encoded.wire.headers = {{"content-type", "application/json"},
                            {"accept", request.stream ? "text/event-stream" : "application/json"}};
    encoded.wire.body = std::move(*body);
    encoded.streams = request.stream;
    return encoded;
  }

  Result<ChatReply> decode(const ReplyContext&, const json::PaddedBuffer& body,
                           json::Reader& reader) const override {
    const auto root = reader.read(body);
    if (!root) return Unexpected{error_of(ErrorKind::upstream_bad_response, "not JSON")};
    if (root->find_present("error")) return Unexpected{openai::map_error(0, *root)};
    const auto choice = first_choice(*root);
    if (!choice) {
      Error error = error_of(ErrorKind::upstream_bad_response, "no choices");
      error.usage = openai::read_usage(*root);
      return Unexpected{std::move(error)};
    }
    ChatReply reply;
    openai::read_names(*root, reply.facts);
    const auto word = choice->find("finish_reason");
    if (const auto finish = word ? word->as_text() : std::nullopt) {
      reply.finish = openai::read_finish(*finish, reply.facts);
    }
    reply.usage = openai::read_usage(*root);
    if (const auto tier = root->find("service_tier")) {
      reply.service_tier = tier->as_text().value_or(Text());
    }
    reply.source = root->raw();
    reply.source_model_span = openai::find_model_span(*root);
    return reply;
  }

  Error decode_error(int status, std::span<const Header> headers, const json::PaddedBuffer& body,
                     json::Reader& reader) const override {
    if (status < 400) {
      Error error = error_of(ErrorKind::upstream_bad_response, "unexpected status");
      error.upstream_status = status;
      return error;
    }
    const auto root = reader.read(body);
    Error error = openai::map_error(status, root ? *root : json::Value());
    error.upstream_status = status;
    error.retry_after = wire::read_retry_after(headers, kMaxRetryAfter);
    return error;
  }

  std::unique_ptr<StreamDecoder> stream(ReplyContext) const override {
    return std::make_unique<openai::PassthroughStream>();
  }
};

}  // namespace

const Dialect& openai_dialect() {
  static const OpenAiDialect dialect;
  return dialect;
}

}  // namespace oriel::convert
