#include "convert/bedrock/errors.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "convert/bedrock/error_classes.h"
#include "convert/wire/retry_after.h"

namespace oriel::convert::bedrock {
namespace {

using enum ErrorKind;

constexpr std::size_t kMaxDetail = 64;

// Whether the client reads upstream's words (sanitised) or only ours.
enum class Words : std::uint8_t { upstream, ours };

struct ExceptionRow {
  std::string_view type;
  ErrorKind kind;
  Words words;
  std::string_view code;  // where it differs from the kind's
};

constexpr auto kExceptions = std::to_array<ExceptionRow>({
    {"ValidationException", upstream_rejected, Words::upstream, ""},
    {"ValidationError", upstream_rejected, Words::upstream, ""},
    {"AccessDeniedException", upstream_access_denied, Words::ours, ""},
    {"AccessDenied", upstream_access_denied, Words::ours, ""},
    {"UnrecognizedClientException", upstream_auth, Words::ours, ""},
    {"InvalidSignatureException", upstream_auth, Words::ours, ""},
    {"SignatureDoesNotMatch", upstream_auth, Words::ours, ""},
    {"ExpiredTokenException", upstream_auth, Words::ours, ""},
    {"ExpiredToken", upstream_auth, Words::ours, ""},
    {"MissingAuthenticationTokenException", upstream_auth, Words::ours, ""},
    {"MissingAuthenticationToken", upstream_auth, Words::ours, ""},
    {"IncompleteSignature", upstream_auth, Words::ours, ""},
    {"IncompleteSignatureException", upstream_auth, Words::ours, ""},
    {"InvalidClientTokenId", upstream_auth, Words::ours, ""},
    {"NotAuthorized", upstream_auth, Words::ours, ""},
    {"RequestExpired", upstream_auth, Words::ours, "clock_skew"},
    {"RequestTimeTooSkewed", upstream_auth, Words::ours, "clock_skew"},
    {"ResourceNotFoundException", upstream_model_not_found, Words::ours, ""},
    {"ThrottlingException", upstream_throttled, Words::upstream, ""},
    {"Throttling", upstream_throttled, Words::upstream, ""},
    {"TooManyRequestsException", upstream_throttled, Words::upstream, ""},
    {"ServiceQuotaExceededException", upstream_quota, Words::upstream, ""},
    {"ModelNotReadyException", upstream_not_ready, Words::ours, ""},
    {"ModelTimeoutException", upstream_timeout, Words::ours, ""},
    {"ModelErrorException", upstream_model_error, Words::upstream, ""},
    {"ModelStreamErrorException", upstream_model_error, Words::upstream, "model_stream_error"},
    {"InternalServerException", upstream_server_error, Words::ours, ""},
    {"InternalFailure", upstream_server_error, Words::ours, ""},
    {"InternalError", upstream_server_error, Words::ours, ""},
    {"ServiceUnavailableException", upstream_unavailable, Words::ours, ""},
    {"ServiceUnavailable", upstream_unavailable, Words::ours, ""},
    {"ConflictException", conflict, Words::upstream, ""},
    {"UnknownOperationException", upstream_bad_response, Words::ours, "gateway_bug"},
    {"SerializationException", upstream_bad_response, Words::ours, "gateway_bug"},
    {"MalformedHttpRequestException", upstream_bad_response, Words::ours, "gateway_bug"},
    {"RequestEntityTooLarge", too_large, Words::ours, ""},
    {"RequestEntityTooLargeException", too_large, Words::ours, ""},
});

struct StatusRow {
  int status;
  ErrorKind kind;
};
constexpr auto kStatuses = std::to_array<StatusRow>({
    {400, upstream_rejected},
    {401, upstream_auth},
    {403, upstream_access_denied},
    {404, upstream_model_not_found},
    {408, upstream_timeout},
    {409, conflict},
    {413, too_large},
    {424, upstream_model_error},
    {429, upstream_throttled},
    {500, upstream_server_error},
    {502, upstream_unavailable},
    {503, upstream_unavailable},
    {504, upstream_timeout},
});

ExceptionRow row_of_status(int status) {
  for (const StatusRow& row : kStatuses) {
    if (row.status == status) return {{}, row.kind, Words::ours, {}};
  }
  if (status >= 400 && status < 500) return {{}, upstream_rejected, Words::ours, {}};
  return {{}, status >= 500 ? upstream_server_error : upstream_bad_response, Words::ours, {}};
}

ExceptionRow row_of(const Fault& fault) {
  for (const ExceptionRow& row : kExceptions) {
    if (row.type == fault.type) return row;
  }
  return row_of_status(fault.status == 0 ? 500 : fault.status);
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

void classify_throttling(std::string_view words, Error& error) {
  if (words.find("tokens per day") != std::string_view::npos) {
    error.kind = upstream_quota;
  } else if (words.find("token") != std::string_view::npos) {
    error.type = "tokens";
  }
}

// --- reading the fault

std::optional<Text> first_text(json::Value object, std::span<const std::string_view> names) {
  for (const std::string_view name : names) {
    const auto value = object.find(name);
    if (const auto text = value ? value->as_text() : std::nullopt) return text;
  }
  return std::nullopt;
}

constexpr auto kMessageNames =
    std::to_array<std::string_view>({"message", "Message", "errorMessage", "originalMessage"});
constexpr auto kTypeNames = std::to_array<std::string_view>({"__type", "code", "Code", "type"});

void read_fault(json::Value body, Fault& fault) {
  json::Value nested;
  for (const std::string_view name : {"Error", "error", "Output"}) {
    if (const auto found = body.find_present(name)) nested = *found;
  }
  for (const json::Value object : {body, nested}) {
    const auto type = first_text(object, kTypeNames);
    if (fault.type.empty() && type) fault.type = clean_exception_type(json::unescape(*type));
    const auto message = first_text(object, kMessageNames);
    if (fault.message.empty() && message) fault.message = json::unescape(*message);
  }
  const auto original = body.find("originalStatusCode");
  const auto status = original ? original->as_integer() : std::nullopt;
  if (status && *status >= 100 && *status <= 599) fault.original_status = static_cast<int>(*status);
}

bool is_word(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; });
}

// Models behind Bedrock answer with an error object of their own inside the message. Only of a
// refusal the rest of it counts, too.
void unwrap_model_error(std::string& message, Error& error, json::Reader& reader) {
  constexpr std::string_view kPrefix = "The model returned the following errors: ";
  if (message.starts_with(kPrefix)) message.erase(0, kPrefix.size());
  const std::size_t brace = message.find('{');
  if (brace == std::string::npos || message.find_first_not_of(' ') != brace) return;
  const json::PaddedBuffer copy(std::string_view(message).substr(brace));
  const auto value = reader.read(copy);
  if (!value) return;
  const json::Value object = value->find_present("error").value_or(*value);
  const auto text_of = [&](std::string_view name) {
    const auto member = object.find(name);
    const auto text = member ? member->as_text() : std::nullopt;
    return text ? sanitise(json::unescape(*text)) : std::string();
  };
  std::string inner = text_of("message");
  if (inner.empty()) return;
  message = std::move(inner);
  if (error.kind != upstream_rejected) return;
  error.param = text_of("param");
  error.code = text_of("code");
  if (const std::string type = text_of("type"); is_word(type)) error.type = type;
}

}  // namespace

std::string clean_exception_type(std::string_view type) {
  // A namespace has dots, an exception's name has none.
  const std::size_t hash = type.find('#');
  if (hash != std::string_view::npos && type.substr(0, hash).find('.') != std::string_view::npos) {
    type.remove_prefix(hash + 1);
  }
  type = type.substr(0, type.find_first_of(":#"));
  while (!type.empty() && type.front() == ' ') type.remove_prefix(1);
  while (!type.empty() && type.back() == ' ') type.remove_suffix(1);
  std::string out;
  for (const char c : type.substr(0, kMaxDetail)) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (!letter && !is_digit(c)) return {};
    out.push_back(c);
  }
  if (!out.empty() && out[0] >= 'a' && out[0] <= 'z')
    out[0] = static_cast<char>(out[0] - 'a' + 'A');
  return out;
}

Error classify(Fault fault, json::Reader& reader) {
  const ExceptionRow row = row_of(fault);
  Error error;
  error.kind = row.kind;
  error.upstream_status = fault.status;
  error.detail = fault.type.empty() ? "no exception type" : fault.type;
  unwrap_model_error(fault.message, error, reader);
  const std::string words = plain_words(fault.message);
  if (row.words == Words::upstream) error.message = sanitise(fault.message);
  if (!row.code.empty()) error.code = row.code;
  switch (row.kind) {
    case upstream_rejected:
      if (row.words == Words::upstream) classify_validation(words, error);
      break;
    case upstream_model_not_found:
      if (words.find("use case details") != std::string::npos) error.kind = upstream_access_denied;
      break;
    case upstream_access_denied:
      // A bearer key that is no longer good is ours, not the client's.
      if (words.find("api key") != std::string::npos || words.find("bearer") != std::string::npos) {
        error.kind = upstream_auth;
      }
      break;
    case upstream_model_error:
      if (fault.original_status >= 400 && fault.original_status < 500) {
        error.status = fault.original_status;
      }
      break;
    default: break;
  }
  if (error.kind == upstream_throttled) classify_throttling(words, error);
  return error;
}

Error decode_http_error(int status, std::span<const Header> headers, const json::PaddedBuffer& body,
                        json::Reader& reader) {
  Fault fault;
  fault.status = status;
  fault.type = clean_exception_type(find_header(headers, "x-amzn-ErrorType"));
  if (const auto value = reader.read(body)) read_fault(*value, fault);
  Error error = classify(std::move(fault), reader);
  error.retry_after = wire::read_retry_after(headers, kMaxRetryAfter);
  return error;
}

Error decode_stream_exception(std::string_view type, std::string_view payload,
                              json::Reader& reader) {
  Fault fault;
  fault.type = clean_exception_type(type);
  if (const auto value = reader.read(payload)) read_fault(*value, fault);
  return classify(std::move(fault), reader);
}

Error decode_stream_error(std::string_view code, std::string_view message, json::Reader& reader) {
  Fault fault;
  fault.type = clean_exception_type(code);
  fault.message = message;
  return classify(std::move(fault), reader);
}

}  // namespace oriel::convert::bedrock
