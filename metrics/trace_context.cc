#include "metrics/trace_context.h"

#include <algorithm>
#include <array>
#include <span>

#include "metrics/blanks.h"

namespace oriel::metrics {
namespace {

constexpr std::size_t kVersion00 = 55;  // bytes: "00-" trace "-" parent "-" flags
constexpr std::size_t kMaxState = 512;
constexpr std::size_t kMaxMembers = 32;
constexpr unsigned kSampled = 1;  // of the flags

void append_bytes(std::span<const std::uint8_t> bytes, std::string& out) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::array<char, 2 * sizeof(TraceId)> digits;  // no id is longer
  char* next = digits.data();
  for (const std::uint8_t byte : bytes) {
    *next++ = kDigits[byte >> 4];
    *next++ = kDigits[byte & 0x0F];
  }
  out.append(digits.data(), next);
}

// Lower case only, as the specification has it.
int digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool read_bytes(std::string_view hex, std::span<std::uint8_t> bytes) {
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const int high = digit(hex[2 * i]);
    const int low = digit(hex[2 * i + 1]);
    if (high < 0 || low < 0) return false;
    bytes[i] = static_cast<std::uint8_t>(high * 16 + low);
  }
  return true;
}

}  // namespace

std::optional<TraceParent> parse_traceparent(std::string_view header) {
  if (header.size() < kVersion00) return std::nullopt;
  if (header[2] != '-' || header[35] != '-' || header[52] != '-') return std::nullopt;
  TraceParent parent;
  std::array<std::uint8_t, 1> version{};
  std::array<std::uint8_t, 1> flags{};
  const bool hex = read_bytes(header.substr(0, 2), version) &&
                   read_bytes(header.substr(3, 32), parent.trace_id) &&
                   read_bytes(header.substr(36, 16), parent.parent_id) &&
                   read_bytes(header.substr(53, 2), flags);
  if (!hex || version[0] == 0xFF) return std::nullopt;
  // Later versions may say more, behind a dash.
  const bool more = header.size() > kVersion00;
  if (more && (version[0] == 0 || header[kVersion00] != '-')) return std::nullopt;
  if (parent.trace_id == TraceId{} || parent.parent_id == SpanId{}) return std::nullopt;
  parent.sampled = (flags[0] & kSampled) != 0;
  return parent;
}

bool is_tracestate(std::string_view header) {
  if (header.size() > kMaxState) return false;
  const bool printable = std::all_of(header.begin(), header.end(),
                                     [](char c) { return (c >= ' ' && c <= '~') || c == '\t'; });
  if (!printable) return false;
  std::size_t members = 0;
  for (std::size_t at = 0; at <= header.size();) {
    const std::size_t comma = std::min(header.find(',', at), header.size());
    const std::string_view member = trim_blanks(header.substr(at, comma - at));
    at = comma + 1;
    if (member.empty()) continue;  // allowed, and means nothing
    const std::size_t equals = member.find('=');
    if (equals == 0 || equals == std::string_view::npos) return false;
    ++members;
  }
  return members > 0 && members <= kMaxMembers;
}

std::string traceparent(const TraceContext& trace, const SpanId& span) {
  std::string header;
  header.reserve(kVersion00);
  header.append("00-");
  append_bytes(trace.trace_id, header);
  header.push_back('-');
  append_bytes(span, header);
  header.append(trace.sampled ? "-01" : "-00");
  return header;
}

void append_hex(const TraceId& id, std::string& out) { append_bytes(id, out); }
void append_hex(const SpanId& id, std::string& out) { append_bytes(id, out); }

}  // namespace oriel::metrics
