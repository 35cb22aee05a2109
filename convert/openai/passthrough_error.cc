#include "convert/openai/passthrough_error.h"

#include <algorithm>
#include <charconv>
#include <string>
#include <string_view>

#include "convert/wire/chars.h"

namespace oriel::convert::openai {
namespace {

using enum ErrorKind;
using json::Value;

constexpr std::size_t kMaxMessage = 1000;  // bytes of an upstream's message that a client sees
constexpr std::size_t kMaxWord = 64;       // bytes of a code or type

struct StatusRow {
  int status;
  ErrorKind kind;
};
constexpr StatusRow kStatuses[] = {
    {400, upstream_rejected},
    {401, upstream_auth},
    {402, upstream_quota},
    {403, upstream_auth},
    {404, upstream_model_not_found},
    {408, upstream_timeout},
    {409, conflict},
    {413, too_large},
    {422, upstream_rejected},
    {429, upstream_throttled},
    {500, upstream_server_error},
    {502, upstream_unavailable},
    {503, upstream_unavailable},
    {504, upstream_timeout},
    {529, upstream_unavailable},
};

ErrorKind kind_of_status(int status) {
  for (const StatusRow& row : kStatuses) {
    if (row.status == status) return row.kind;
  }
  return status >= 500 ? upstream_server_error : upstream_bad_response;
}

// Words of `code` and `type` that say more than the status, or stand for it where there is none.
struct WordRow {
  std::string_view word;
  ErrorKind kind;
  bool refines;  // also where the status is known
};
constexpr WordRow kWords[] = {
    {"insufficient_quota", upstream_quota, true},
    {"billing_hard_limit_reached", upstream_quota, true},
    {"context_length_exceeded", context_length_exceeded, true},
    {"content_filter", content_filtered, true},
    {"content_policy_violation", content_filtered, true},
    {"model_not_found", upstream_model_not_found, true},
    {"rate_limit_exceeded", upstream_throttled, false},
    {"rate_limit_error", upstream_throttled, false},
    {"tokens", upstream_throttled, false},
    {"requests", upstream_throttled, false},
    {"invalid_api_key", upstream_auth, false},
    {"authentication_error", upstream_auth, false},
    {"permission_error", upstream_auth, false},
    {"overloaded_error", upstream_unavailable, false},
    {"timeout", upstream_timeout, false},
    {"not_found_error", upstream_model_not_found, false},
    {"invalid_request_error", upstream_rejected, false},
    {"BadRequestError", upstream_rejected, false},
};

const WordRow* find_word(std::string_view word) {
  const auto* row = std::find_if(std::begin(kWords), std::end(kWords),
                                 [&](const WordRow& candidate) { return candidate.word == word; });
  return row == std::end(kWords) ? nullptr : row;
}

// A member that is a short plain word; anything else is empty.
std::string word_of(const Value& object, std::string_view name) {
  const auto value = object.find(name);
  const auto text = value ? value->as_text() : std::nullopt;
  if (!text || text->escaped().size() > kMaxWord) return {};
  const bool plain = std::all_of(text->escaped().begin(), text->escaped().end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '.';
  });
  return plain ? std::string(text->escaped()) : std::string();
}

std::string text_of(const Value& value) {
  const auto text = value.as_text();
  return text ? json::unescape(*text) : std::string();
}

// An HTTP status that the body itself names, as a number or in digits; else 0.
int status_in(const Value& error) {
  for (const std::string_view name : {"status", "status_code", "code"}) {
    const auto value = error.find(name);
    if (!value) continue;
    std::string_view digits = value->raw().text;
    if (const auto text = value->as_text()) digits = text->escaped();
    int status = 0;
    const auto [end, failed] =
        std::from_chars(digits.data(), digits.data() + digits.size(), status);
    const bool whole = failed == std::errc() && end == digits.data() + digits.size();
    if (whole && status >= 400 && status <= 599) return status;
  }
  return 0;
}

// What one word of an upstream's message becomes: itself, or a mask for what names its insides.
std::string_view mask_of(std::string_view word) {
  while (!word.empty() &&
         std::string_view("\"'`([<{").find(word.front()) != std::string_view::npos) {
    word.remove_prefix(1);
  }
  if (word.find("://") != std::string_view::npos) return "[url]";
  for (const std::string_view prefix : {"sk-", "org-", "proj_", "key-", "Bearer"}) {
    if (word.substr(0, prefix.size()) == prefix && word.size() > prefix.size()) return "[redacted]";
  }
  const auto dots = std::count(word.begin(), word.end(), '.');
  const bool numeric = word.find_first_not_of("0123456789.:,;)]'\"") == std::string_view::npos;
  return dots >= 3 && numeric && word.find_first_of("0123456789") == 0 ? "[address]" : "";
}

std::string masked(std::string_view message) {
  std::string out;
  while (!message.empty() && out.size() < kMaxMessage) {
    const std::size_t end = std::min(message.find_first_of(" \t\n\r"), message.size());
    const std::string_view word = message.substr(0, end);
    const std::string_view mask = mask_of(word);
    out.append(mask.empty() ? word : mask);
    out.append(message.substr(end, 1));
    message.remove_prefix(std::min(end + 1, message.size()));
  }
  if (out.size() > kMaxMessage) {
    std::size_t size = kMaxMessage;
    while (size > 0 && (static_cast<unsigned char>(out[size]) & 0xC0) == 0x80) --size;
    out.resize(size);
  }
  return out;
}

// Whether the error is about what the client sent, so that the server's words are for the client.
bool concerns_request(ErrorKind kind) {
  return kind == upstream_rejected || kind == context_length_exceeded || kind == content_filtered ||
         kind == too_large || kind == conflict;
}

// The object that holds message, type, param and code: {"error": {…}}, or the body itself.
Value error_object(const Value& body) {
  const auto error = body.find_present("error");
  return error && error->is_object() ? *error : body;
}

}  // namespace

Error map_error(int status, const Value& body) {
  const Value object = error_object(body);
  const std::string code = word_of(object, "code");
  const std::string type = word_of(object, "type");
  const int known = status >= 400 ? status : status_in(object);
  Error error;
  error.kind = known != 0 ? kind_of_status(known) : upstream_server_error;
  error.upstream_status = status >= 400 ? status : known;
  for (const std::string_view word : {std::string_view(code), std::string_view(type)}) {
    const WordRow* row = find_word(word);
    if (row == nullptr || (known != 0 && !(row->refines && known < 500))) continue;
    error.kind = row->kind;
    break;
  }
  error.detail = "status " + std::to_string(known);
  if (!code.empty()) error.detail += ", code " + code;
  if (!type.empty()) error.detail += ", type " + type;
  if (error.kind == upstream_throttled && (type == "tokens" || type == "requests")) {
    error.type = type;
  }
  if (!concerns_request(error.kind)) return error;
  const auto message = object.find_present("message");
  error.message = masked(text_of(message ? *message : object.find("error").value_or(Value())));
  error.code = code;
  error.type = type;
  error.param = masked(text_of(object.find("param").value_or(Value())));
  if (known == 422) error.status = known;
  return error;
}

}  // namespace oriel::convert::openai
