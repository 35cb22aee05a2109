#include "metrics/span.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "convert/json/writer.h"
#include "metrics/decimal.h"
#include "metrics/log_line.h"
#include "metrics/otlp_attributes.h"

namespace oriel::metrics {
namespace {

using json::Writer;
using std::chrono::nanoseconds;
using WallTime = std::chrono::system_clock::time_point;

constexpr std::size_t kUsualSpans = 3'072;  // bytes: most records' spans fit

// Numbers of OTLP's enumerations and flags.
constexpr int kServer = 2;
constexpr int kClient = 3;
constexpr int kStatusError = 2;
constexpr std::uint64_t kSampled = 1;
constexpr std::uint64_t kParentKnown = 0x100;   // whether the parent is remote is known,
constexpr std::uint64_t kParentRemote = 0x200;  // and it is

constexpr int kServerErrors = 500;  // HTTP statuses from here on

// Empty: none is known.
std::string_view route_of(Endpoint endpoint) {
  switch (endpoint) {
    case Endpoint::chat_completions: return "/v1/chat/completions";
    case Endpoint::models: return "/v1/models";
    case Endpoint::model: return "/v1/models/{model}";
    default: return {};
  }
}

bool is_fault(Outcome outcome) {
  const std::string_view fault = class_of(outcome);
  return fault == "provider" || fault == "gateway";
}

std::uint64_t nanos_of(nanoseconds time) {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(time.count(), 0));
}

// 64-bit integers are strings in OTLP's JSON.
void put_digits(Writer& writer, std::string_view name, std::uint64_t value) {
  writer.key(name).begin_string();
  append_decimal(value, 0, writer.out());
  writer.end_string();
}

void put_time(Writer& writer, std::string_view name, WallTime start, nanoseconds since) {
  const auto at = std::chrono::duration_cast<nanoseconds>(start.time_since_epoch());
  put_digits(writer, name, nanos_of(at + since));
}

template <class Id>
void put_id(Writer& writer, std::string_view name, const Id& id) {
  writer.key(name).begin_string();
  append_hex(id, writer.out());
  writer.end_string();
}

class Spans {
 public:
  Spans(const Record& record, const LabelTable& labels, const ProviderNames& providers, Writer& out)
      : record_(record), labels_(labels), providers_(providers), writer_(out) {}

  void put_server() {
    const bool has_parent = record_.trace.parent_id != SpanId{};
    begin(record_.trace.span_id, has_parent ? &record_.trace.parent_id : nullptr,
          has_parent ? kParentRemote : 0);
    const bool chat = record_.endpoint == Endpoint::chat_completions;
    chat ? put_chat_name(record_.model) : put_http_name();
    writer_.key("kind").integer(kServer);
    put_times(nanoseconds(0), record_.total);
    {
      OtlpAttributes attributes(writer_);
      if (chat) put_chat(attributes);
      put_http(attributes);
      put_ours(attributes);
    }
    put_first_token();
    put_status(is_fault(record_.outcome) || record_.sent_status >= kServerErrors);
    writer_.end_object();
  }

  void put_attempt(const Attempt& attempt, std::uint64_t resends) {
    begin(attempt.span_id, &record_.trace.span_id, 0);
    put_chat_name(attempt.upstream_model);
    writer_.key("kind").integer(kClient);
    put_times(attempt.start, attempt.duration);
    {
      OtlpAttributes attributes(writer_);
      attributes.text("gen_ai.operation.name", "chat");
      attributes.text("gen_ai.provider.name", provider_name(attempt.provider));
      attributes.text("gen_ai.request.model", name_of(attempt.upstream_model));
      put_call(attributes, attempt, resends);
      put_used(attributes, attempt);
    }
    put_status(attempt.outcome != Outcome::ok);
    writer_.end_object();
  }

 private:
  void begin(const SpanId& id, const SpanId* parent, std::uint64_t remote) {
    writer_.begin_object();
    put_id(writer_, "traceId", record_.trace.trace_id);
    put_id(writer_, "spanId", id);
    if (!record_.trace.state.empty()) writer_.key("traceState").string(record_.trace.state);
    if (parent != nullptr) put_id(writer_, "parentSpanId", *parent);
    const std::uint64_t sampled = record_.trace.sampled ? kSampled : 0;
    writer_.key("flags").unsigned_integer(kParentKnown | remote | sampled);
  }

  void put_chat_name(LabelId model) {
    writer_.key("name").begin_string();
    writer_.out().append("chat");
    if (model != kUnknownLabel) {
      writer_.out().push_back(' ');
      json::append_escaped(labels_.name(model), writer_.out());
    }
    writer_.end_string();
  }

  void put_http_name() {
    const std::string_view route = route_of(record_.endpoint);
    writer_.key("name").begin_string();
    writer_.out().append(record_.method == Method::other ? "HTTP" : to_string(record_.method));
    if (!route.empty()) writer_.out().append(" ").append(route);
    writer_.end_string();
  }

  void put_times(nanoseconds since, nanoseconds duration) {
    put_time(writer_, "startTimeUnixNano", record_.start, since);
    put_time(writer_, "endTimeUnixNano", record_.start, since + duration);
  }

  void put_chat(OtlpAttributes& attributes) {
    attributes.text("gen_ai.operation.name", "chat");
    attributes.text("gen_ai.provider.name", provider_name(record_.provider));
    attributes.text("gen_ai.request.model", name_of(record_.model));
    attributes.boolean("gen_ai.request.stream", record_.stream);
    attributes.text("gen_ai.response.model", record_.response_model);
    attributes.text("gen_ai.response.id", record_.response_id);
    attributes.texts("gen_ai.response.finish_reasons", record_.finish_reason);
    if (const auto first = first_chunk()) {
      attributes.decimal("gen_ai.response.time_to_first_chunk", nanos_of(*first), 9);
    }
    if (record_.usage_source == UsageSource::none) return;
    const Tokens& tokens = record_.tokens;
    const std::uint64_t written = tokens.cache_write_5m + tokens.cache_write_1h;
    attributes.integer("gen_ai.usage.input_tokens", tokens.input + tokens.cache_read + written);
    attributes.integer("gen_ai.usage.output_tokens", tokens.output);
    attributes.integer("gen_ai.usage.cache_read.input_tokens", tokens.cache_read);
    attributes.integer("gen_ai.usage.cache_write.input_tokens", written);
    attributes.integer("gen_ai.usage.reasoning.output_tokens", tokens.reasoning);
  }

  void put_http(OtlpAttributes& attributes) {
    attributes.text("http.request.method", to_string(record_.method));
    attributes.text("http.route", route_of(record_.endpoint));
    put_answer(attributes, record_.sent_status, record_.outcome);
  }

  void put_ours(OtlpAttributes& attributes) {
    attributes.text("oriel.request_id", record_.request_id);
    attributes.text("oriel.outcome", to_string(record_.outcome));
    attributes.integer("oriel.attempts", record_.attempts.size());
    attributes.decimal("oriel.overhead_us", nanos_of(record_.overhead), 3);
    if (const auto token = first_token()) {
      attributes.decimal("oriel.time_to_first_token_ms", nanos_of(*token), 6);
    }
    if (record_.cost) {
      attributes.decimal("oriel.cost_usd", *record_.cost, kDollarPlaces);
      attributes.integer("oriel.cost_nano_usd", *record_.cost);
    }
  }

  void put_call(OtlpAttributes& attributes, const Attempt& attempt, std::uint64_t resends) {
    attributes.text("http.request.method", "POST");
    put_answer(attributes, attempt.status, attempt.outcome);
    if (attempt.retry) {
      attributes.integer("http.request.resend_count", resends);
      attributes.text("oriel.attempt.retry", to_string(*attempt.retry));
    }
    attributes.text("cloud.region", name_of(attempt.region));
    attributes.text("aws.request_id", attempt.request_id);
  }

  void put_used(OtlpAttributes& attributes, const Attempt& attempt) {
    if (attempt.wasted) attributes.text("oriel.attempt.wasted", to_string(*attempt.wasted));
    if (attempt.tokens) {
      const std::uint64_t input = sum_of(*attempt.tokens) - attempt.tokens->output;
      attributes.integer("oriel.attempt.input_tokens", input);
      attributes.integer("oriel.attempt.output_tokens", attempt.tokens->output);
    }
    if (attempt.cost) attributes.integer("oriel.attempt.cost_nano_usd", *attempt.cost);
  }

  static void put_answer(OtlpAttributes& attributes, int status, Outcome outcome) {
    if (status > 0) {
      attributes.integer("http.response.status_code", static_cast<std::uint64_t>(status));
    }
    if (outcome != Outcome::ok) attributes.text("error.type", to_string(outcome));
  }

  void put_first_token() {
    const auto token = first_token();
    if (!token) return;
    writer_.key("events").begin_array().begin_object();
    put_time(writer_, "timeUnixNano", record_.start, *token);
    writer_.key("name").string("first token");
    writer_.end_object().end_array();
  }

  // Without words: they may hold what is for the log alone.
  void put_status(bool failed) {
    if (failed) writer_.key("status").begin_object().key("code").integer(kStatusError).end_object();
  }

  std::optional<nanoseconds> first_token() const {
    return record_.stream ? record_.time_to_first_token : std::nullopt;
  }
  std::optional<nanoseconds> first_chunk() const {
    const auto reasoning = record_.stream ? record_.time_to_first_reasoning : std::nullopt;
    const auto token = first_token();
    return reasoning && (!token || *reasoning < *token) ? reasoning : token;
  }

  std::string_view name_of(LabelId id) const {
    return id == kUnknownLabel ? std::string_view() : labels_.name(id);
  }
  std::string_view provider_name(LabelId id) const {
    const auto named = providers_.find(id);
    return named == providers_.end() ? name_of(id) : std::string_view(named->second);
  }

  const Record& record_;
  const LabelTable& labels_;
  const ProviderNames& providers_;
  Writer& writer_;
};

}  // namespace

bool keeps_trace(const Record& record, const TailRule& rule) {
  if (!record.trace.present()) return false;
  if (record.trace.sampled || is_fault(record.outcome)) return true;
  return rule.slow.count() > 0 && record.total > rule.slow;
}

std::size_t append_spans(const Record& record, const LabelTable& labels,
                         const ProviderNames& providers, std::string& out) {
  out.reserve(out.size() + kUsualSpans);
  Writer writer(out);
  Spans spans(record, labels, providers, writer);
  spans.put_server();
  std::size_t count = 1;
  std::uint64_t resends = 0;
  const std::size_t attempts = std::min(record.attempts.size(), kMaxLogItems);
  for (std::size_t i = 0; i < attempts; ++i) {
    const Attempt& attempt = record.attempts[i];
    if (attempt.retry) ++resends;
    if (attempt.span_id == SpanId{}) continue;
    spans.put_attempt(attempt, resends);
    ++count;
  }
  return count;
}

}  // namespace oriel::metrics
