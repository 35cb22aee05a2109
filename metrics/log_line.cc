#include "metrics/log_line.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>

#include "convert/json/writer.h"
#include "metrics/decimal.h"

namespace oriel::metrics {
namespace {

using json::Text;
using json::Writer;

constexpr std::size_t kUsualLine = 2'048;  // bytes: most lines fit

std::string_view level_of(Outcome outcome) {
  const std::string_view fault = class_of(outcome);
  if (fault == "gateway") return "error";
  return fault == "provider" ? "warn" : "info";
}

void put(Writer& writer, std::string_view name, std::string_view value) {
  if (!value.empty()) writer.key(name).string(json::clip_utf8(value, kMaxLogText));
}

void put_label(Writer& writer, std::string_view name, LabelId id, const LabelTable& labels) {
  if (id != kUnknownLabel) writer.key(name).string(labels.name(id));
}

void append_digits(unsigned value, unsigned width, std::string& out) {
  std::array<char, 8> digits;  // no field is wider
  for (unsigned i = width; i > 0; --i, value /= 10) {
    digits[i - 1] = static_cast<char>('0' + value % 10);
  }
  out.append(digits.data(), width);
}

std::uint64_t nanos(std::chrono::nanoseconds time) {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(time.count(), 0));
}
void put_ms(Writer& writer, std::string_view name, std::chrono::nanoseconds time) {
  writer.key(name);
  write_decimal(writer, nanos(time), 6);
}
void put_us(Writer& writer, std::string_view name, std::chrono::nanoseconds time) {
  writer.key(name);
  write_decimal(writer, nanos(time), 3);
}

template <class Id>
void put_hex(Writer& writer, std::string_view name, const Id& id) {
  if (id == Id{}) return;
  writer.key(name).begin_string();
  append_hex(id, writer.out());
  writer.end_string();
}

void put_cost(Writer& writer, const std::optional<NanoDollars>& cost) {
  if (!cost) return;
  writer.key("cost_usd");
  write_decimal(writer, *cost, kDollarPlaces);
}

void put_count(Writer& writer, std::string_view name, std::uint64_t count) {
  if (count != 0) writer.key(name).unsigned_integer(count);
}

void put_stages(Writer& writer, const Record& record) {
  writer.key("stages_us").begin_object();
  for (std::size_t i = 0; i < kStages; ++i) {
    if (record.stages[i].count() > 0) {
      put_us(writer, to_string(static_cast<Stage>(i)), record.stages[i]);
    }
  }
  writer.end_object();
}

void put_stream(Writer& writer, const Record& record) {
  writer.key("stream").boolean(record.stream);
  if (!record.stream) return;
  if (record.time_to_first_token) put_ms(writer, "ttft_ms", *record.time_to_first_token);
  if (record.time_to_first_reasoning) {
    put_ms(writer, "first_reasoning_ms", *record.time_to_first_reasoning);
  }
  if (!record.stream_end) return;
  put(writer, "stream_end", to_string(*record.stream_end));
  put_ms(writer, "max_stall_ms", record.max_stall);
  writer.key("chunks").unsigned_integer(record.chunks);
}

void put_times(Writer& writer, const Record& record) {
  put_ms(writer, "duration_ms", record.total);
  put_us(writer, "overhead_us", record.overhead);
  if (record.provider_latency) put_ms(writer, "provider_latency_ms", *record.provider_latency);
  if (record.backpressure.count() > 0) put_ms(writer, "backpressure_ms", record.backpressure);
  put_stages(writer, record);
}

void put_usage(Writer& writer, const Record& record) {
  if (record.usage_source != UsageSource::none) {
    const Tokens& tokens = record.tokens;
    writer.key("tokens").begin_object();
    writer.key("input").unsigned_integer(tokens.input);
    writer.key("output").unsigned_integer(tokens.output);
    writer.key("cache_read").unsigned_integer(tokens.cache_read);
    writer.key("cache_write").unsigned_integer(tokens.cache_write_5m + tokens.cache_write_1h);
    writer.key("reasoning").unsigned_integer(tokens.reasoning);
    writer.end_object();
    put(writer, "usage_source", to_string(record.usage_source));
  }
  if (record.usage_missing) put(writer, "usage_missing", to_string(*record.usage_missing));
  put_count(writer, "images", record.images);
  put_cost(writer, record.cost);
  if (record.unpriced) writer.key("unpriced").boolean(true);
  put(writer, "finish_reason", record.finish_reason);
  put(writer, "stop_reason", record.stop_reason);
}

void put_attempt(Writer& writer, const Attempt& attempt, const LabelTable& labels) {
  writer.begin_object();
  writer.key("target").begin_string();
  json::append_escaped(labels.name(attempt.provider), writer.out());
  writer.out().push_back('/');
  json::append_escaped(labels.name(attempt.upstream_model), writer.out());
  writer.end_string();
  put_label(writer, "region", attempt.region, labels);
  put(writer, "outcome", to_string(attempt.outcome));
  if (attempt.status != 0) writer.key("status").integer(attempt.status);
  if (attempt.retry) put(writer, "retry", to_string(*attempt.retry));
  put_ms(writer, "start_ms", attempt.start);
  put_ms(writer, "duration_ms", attempt.duration);
  put(writer, "aws_request_id", attempt.request_id);
  put_hex(writer, "span_id", attempt.span_id);
  if (attempt.wasted) {
    put(writer, "wasted", to_string(*attempt.wasted));
    if (attempt.tokens) {
      writer.key("tokens").unsigned_integer(sum_of(*attempt.tokens));
      put_cost(writer, attempt.cost);
    }
  }
  writer.end_object();
}

void put_attempts(Writer& writer, const Record& record, const LabelTable& labels) {
  if (record.attempts.empty()) return;
  const auto retries =
      std::count_if(record.attempts.begin(), record.attempts.end(),
                    [](const Attempt& attempt) { return attempt.retry.has_value(); });
  put_count(writer, "retries", static_cast<std::uint64_t>(retries));
  writer.key("attempts").begin_array();
  const std::size_t attempts = std::min(record.attempts.size(), kMaxLogItems);
  for (std::size_t i = 0; i < attempts; ++i) put_attempt(writer, record.attempts[i], labels);
  writer.end_array();
}

void put_notes(Writer& writer, const Record& record) {
  if (!record.adjusted.empty()) {
    writer.key("adjusted").begin_array();
    const std::size_t adjusted = std::min(record.adjusted.size(), kMaxLogItems);
    for (std::size_t i = 0; i < adjusted; ++i) {
      writer.begin_object();
      put(writer, "parameter", record.adjusted[i].parameter);
      put(writer, "action", record.adjusted[i].action);
      writer.end_object();
    }
    writer.end_array();
  }
  if (!record.learned.empty()) {
    writer.key("learned").begin_array();
    for (const std::string_view feature : record.learned) writer.string(feature);
    writer.end_array();
  }
  if (record.unknown_items != decltype(record.unknown_items){}) {
    writer.key("unknown_items").begin_object();
    for (std::size_t i = 0; i < kUnknownItems; ++i) {
      put_count(writer, to_string(static_cast<UnknownItem>(i)), record.unknown_items[i]);
    }
    writer.end_object();
  }
}

void put_identity(Writer& writer, const Record& record, const LabelTable& labels) {
  put(writer, "request_id", record.request_id);
  if (record.trace.present()) {
    put_hex(writer, "trace_id", record.trace.trace_id);
    put_hex(writer, "span_id", record.trace.span_id);
  }
  put(writer, "endpoint", to_string(record.endpoint));
  put_label(writer, "model", record.model, labels);
  put_label(writer, "provider", record.provider, labels);
  put(writer, "upstream_model", record.upstream_model);
  put(writer, "response_model", record.response_model);
  put(writer, "response_id", record.response_id);
  put(writer, "region", record.region);
  if (!record.attempts.empty()) put(writer, "aws_request_id", record.attempts.back().request_id);
}

void put_content(Writer& writer, const Content& content) {
  writer.key("content").begin_object();
  writer.key("messages").unsigned_integer(content.messages);
  writer.key("tools").unsigned_integer(content.tools);
  writer.key("request_bytes").unsigned_integer(content.request_bytes);
  writer.key("answer_bytes").unsigned_integer(content.answer_bytes);
  if (!content.request.empty()) writer.key("request").string(content.request);
  if (!content.answer.empty()) writer.key("answer").string(content.answer);
  writer.end_object();
}

}  // namespace

void append_time(std::chrono::system_clock::time_point time, std::string& out) {
  const auto at = std::chrono::floor<std::chrono::milliseconds>(time);
  const auto day = std::chrono::floor<std::chrono::days>(at);
  const std::chrono::year_month_day date(day);
  auto rest = static_cast<unsigned>((at - day).count());
  const unsigned millis = rest % 1'000;
  rest /= 1'000;
  append_digits(static_cast<unsigned>(static_cast<int>(date.year())), 4, out);
  out.push_back('-');
  append_digits(static_cast<unsigned>(date.month()), 2, out);
  out.push_back('-');
  append_digits(static_cast<unsigned>(date.day()), 2, out);
  out.push_back('T');
  append_digits(rest / 3'600, 2, out);
  out.push_back(':');
  append_digits(rest / 60 % 60, 2, out);
  out.push_back(':');
  append_digits(rest % 60, 2, out);
  out.push_back('.');
  append_digits(millis, 3, out);
  out.push_back('Z');
}

void append_log_line(const Record& record, const LabelTable& labels, ClientAddress client_address,
                     std::string& out) {
  out.reserve(out.size() + kUsualLine);
  Writer writer(out);
  writer.begin_object();
  writer.key("time").begin_string();
  append_time(record.time, out);
  writer.end_string();
  put(writer, "level", level_of(record.outcome));
  put(writer, "event", "request");
  put_identity(writer, record, labels);
  writer.key("status").integer(record.status);
  put(writer, "outcome", to_string(record.outcome));
  put(writer, "error", record.error);
  put_times(writer, record);
  put_stream(writer, record);
  put_usage(writer, record);
  put_attempts(writer, record, labels);
  put_notes(writer, record);
  writer.key("bytes_in").unsigned_integer(record.bytes_in);
  writer.key("bytes_out").unsigned_integer(record.bytes_out);
  if (client_address == ClientAddress::show) put(writer, "client_addr", record.client_addr);
  if (record.content) put_content(writer, *record.content);
  put(writer, "user_hash", record.user_hash);
  writer.end_object();
}

}  // namespace oriel::metrics
