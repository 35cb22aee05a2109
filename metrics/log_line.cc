#include "metrics/log_line.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "convert/json/writer.h"

namespace oriel::metrics {
namespace {

using json::Text;
using json::Writer;

constexpr std::size_t kUsualLine = 1'024;  // bytes: most lines fit

std::string_view level_of(Outcome outcome) {
  const std::string_view fault = class_of(outcome);
  if (fault == "gateway") return "error";
  return fault == "provider" ? "warn" : "info";
}

std::string_view clip(std::string_view text) {
  if (text.size() <= kMaxLogText) return text;
  std::size_t end = kMaxLogText;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
  return text.substr(0, end);
}

void put(Writer& writer, std::string_view name, std::string_view value) {
  if (!value.empty()) writer.key(name).string(clip(value));
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

// The time in units of 10^`kExponent` nanoseconds, exactly: integers and tens are all it takes.
template <unsigned kExponent>
void put_time(Writer& writer, std::string_view name, std::chrono::nanoseconds time) {
  constexpr std::uint64_t kUnit = [] {
    std::uint64_t power = 1;
    for (unsigned i = 0; i < kExponent; ++i) power *= 10;
    return power;
  }();
  const auto nanos = static_cast<std::uint64_t>(std::max<std::int64_t>(time.count(), 0));
  writer.key(name).unsigned_integer(nanos / kUnit);
  if (nanos % kUnit == 0) return;
  std::string& out = writer.out();
  out.push_back('.');
  append_digits(static_cast<unsigned>(nanos % kUnit), kExponent, out);
  while (out.back() == '0') out.pop_back();
}
void put_ms(Writer& writer, std::string_view name, std::chrono::nanoseconds time) {
  put_time<6>(writer, name, time);
}
void put_us(Writer& writer, std::string_view name, std::chrono::nanoseconds time) {
  put_time<3>(writer, name, time);
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
  put(writer, "outcome", to_string(attempt.outcome));
  if (attempt.status != 0) writer.key("status").integer(attempt.status);
  put_ms(writer, "duration_ms", attempt.duration);
  put(writer, "aws_request_id", attempt.request_id);
  writer.end_object();
}

void put_attempts(Writer& writer, const Record& record, const LabelTable& labels) {
  if (!record.attempts.empty()) {
    writer.key("attempts").begin_array();
    const std::size_t attempts = std::min(record.attempts.size(), kMaxLogItems);
    for (std::size_t i = 0; i < attempts; ++i) put_attempt(writer, record.attempts[i], labels);
    writer.end_array();
  }
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
  put(writer, "request_id", record.request_id);
  put(writer, "endpoint", to_string(record.endpoint));
  put_label(writer, "model", record.model, labels);
  put_label(writer, "provider", record.provider, labels);
  put(writer, "upstream_model", record.upstream_model);
  put(writer, "region", record.region);
  if (!record.attempts.empty()) put(writer, "aws_request_id", record.attempts.back().request_id);
  writer.key("status").integer(record.status);
  put(writer, "outcome", to_string(record.outcome));
  put(writer, "error", record.error);
  writer.key("stream").boolean(record.stream);
  put_ms(writer, "duration_ms", record.total);
  put_us(writer, "overhead_us", record.overhead);
  if (record.stream && record.time_to_first_token) {
    put_ms(writer, "ttft_ms", *record.time_to_first_token);
  }
  put_stages(writer, record);
  put_usage(writer, record);
  put_attempts(writer, record, labels);
  writer.key("bytes_in").unsigned_integer(record.bytes_in);
  writer.key("bytes_out").unsigned_integer(record.bytes_out);
  if (client_address == ClientAddress::show) put(writer, "client_addr", record.client_addr);
  writer.end_object();
}

}  // namespace oriel::metrics
