#include "tests/bedrock_sim/reply.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <ctime>

#include "tests/bedrock_sim/answer_json.h"
#include "tests/bedrock_sim/frames.h"
#include "tests/bedrock_sim/json_out.h"
#include "tests/bedrock_sim/refusals.h"
#include "tests/bedrock_sim/stream_frames.h"

namespace oriel::sim {
namespace {

constexpr std::int64_t kDefaultChunk = 20;
constexpr std::int64_t kNever = 100'000'000;

struct ErrorRow {
  int status;
  std::string_view type;
  std::string_view message;
};

// The first row of a status is what `status=N` alone answers.
constexpr std::array kErrors = std::to_array<ErrorRow>({
    {400, "ValidationException", "The request was refused as the prompt asked."},
    {403, "AccessDeniedException",
     "You don't have access to the model with the specified model ID."},
    {404, "ResourceNotFoundException",
     "Could not resolve the foundation model from the provided model identifier."},
    {408, "ModelTimeoutException", "The model timed out while processing the request."},
    {424, "ModelErrorException", "The model failed while processing the request."},
    {429, "ThrottlingException", "Too many requests, please wait before trying again."},
    {500, "InternalServerException", "The system encountered an unexpected error. Try again."},
    {503, "ServiceUnavailableException", "Bedrock is unable to process your request."},
    {400, "ServiceQuotaExceededException", "Your request exceeds the service quota."},
    {429, "ModelNotReadyException", "The model is not ready to serve requests. Try again."},
    {424, "ModelStreamErrorException", "An error occurred while streaming the response."},
    {400, "ConflictException", "The request conflicts with the state of the resource."},
    {403, "UnrecognizedClientException", "The security token included in the request is invalid."},
    {403, "ExpiredTokenException", "The security token included in the request is expired"},
    {403, "InvalidSignatureException", "The request signature does not match."},
    {403, "MissingAuthenticationTokenException", "Missing Authentication Token"},
    {403, "IncompleteSignatureException", "The request signature is incomplete."},
    {413, "RequestEntityTooLargeException", "Request body is too large."},
    {404, "UnknownOperationException", "The requested operation is not recognized."},
    {400, "SerializationException", "The request body is not valid JSON."},
    {400, "MalformedHttpRequestException", "The request is malformed."},
    {400, "ValidationError", "The request was refused as the prompt asked."},
    {403, "InvalidClientTokenId", "The security token included in the request is invalid."},
    {403, "SignatureDoesNotMatch", "The request signature we calculated does not match."},
    {403, "IncompleteSignature", "The request signature is incomplete."},
    {403, "RequestExpired", "Request has expired."},
    {500, "InternalFailure", "The request processing has failed because of an unknown error."},
    {503, "ServiceUnavailable", "The request has failed due to a temporary failure of the server."},
});

std::string_view reason_of(int status) {
  switch (status) {
    case 200: return "OK";
    case 400: return "Bad Request";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 408: return "Request Timeout";
    case 413: return "Request Entity Too Large";
    case 424: return "Failed Dependency";
    case 429: return "Too Many Requests";
    case 500: return "Internal Server Error";
    case 503: return "Service Unavailable";
    default: return "Status";
  }
}

const std::string& http_date() {
  thread_local std::time_t cached = 0;
  thread_local std::string text;
  const std::time_t now = std::time(nullptr);
  if (now != cached) {
    std::tm parts{};
    gmtime_r(&now, &parts);
    char buffer[40];
    text.assign(buffer, std::strftime(buffer, sizeof buffer, "%a, %d %b %Y %H:%M:%S GMT", &parts));
    cached = now;
  }
  return text;
}

int milliseconds(const Directives& directives, std::string_view key, int otherwise) {
  return static_cast<int>(directives.number(key, otherwise));
}

std::string camel(std::string_view exception) {
  std::string out(exception);
  if (!out.empty() && out[0] >= 'A' && out[0] <= 'Z') out[0] = static_cast<char>(out[0] + 32);
  return out;
}

std::string_view default_message(std::string_view exception) {
  const std::string name = camel(exception);
  for (const ErrorRow& row : kErrors) {
    if (camel(row.type) == name) return row.message;
  }
  return "The request failed as the prompt asked.";
}

// Faults of the connection itself, on any answer.
void spoil(Script& script, const Directives& directives) {
  script.dribble = directives.has("dribble");
  const std::size_t head = script.bytes.find("\r\n\r\n") + 4;
  const auto cut = [&script](std::size_t size, Script::End end) {
    size = std::min(size, script.bytes.size());
    script.bytes.resize(size);
    while (script.steps.size() > 1 && script.steps[script.steps.size() - 2].end >= size) {
      script.steps.pop_back();
    }
    if (!script.steps.empty()) script.steps.back().end = size;
    if (script.usage_at > size) script.usage_at = 0;
    script.end = end;
  };
  const std::string_view reset = directives.text("reset");
  if (reset == "before") cut(0, Script::End::kReset);
  if (reset == "head") cut(head / 2, Script::End::kReset);
  if (reset == "mid") cut((head + script.bytes.size()) / 2, Script::End::kReset);
  const std::string_view stall = directives.text("stall");
  if (stall == "before") cut(0, Script::End::kStall);
  if (stall == "mid") cut((head + script.bytes.size()) / 2, Script::End::kStall);
  const std::int64_t limit = directives.number("close_after_bytes", -1);
  if (limit >= 0) cut(static_cast<std::size_t>(limit), Script::End::kClose);
}

// Lays frames out as HTTP chunks with their times, and stops or spoils where a directive says.
class StreamLayout {
 public:
  StreamLayout(Script& script, const StreamFrames& frames, const Directives& directives,
               const Options& options)
      : script_(script),
        frames_(frames),
        directives_(directives),
        at_(static_cast<std::size_t>(
            directives.number("at", static_cast<std::int64_t>(frames.frames.size() / 2)))),
        end_after_(static_cast<std::size_t>(directives.number("end_after", kNever))),
        gap_ms_(milliseconds(directives, "gap_ms", options.gap_ms)),
        ttft_ms_(milliseconds(directives, "ttft_ms", options.ttft_ms) +
                 milliseconds(directives, "latency_ms", 0)) {}

  void run() {
    const bool raises = directives_.has("exception_after");
    const auto raise_at = static_cast<std::size_t>(directives_.number("exception_after", 0));
    std::size_t begin = 0;
    for (std::size_t i = 0; i < frames_.frames.size(); ++i) {
      if (raises && i == raise_at) return finish_with_exception();
      if (i == end_after_) break;
      if (i == at_ && directives_.has("error_frame")) return finish_with_error();
      if (i == frames_.message_stop && directives_.is("truncate", "event")) break;
      const std::size_t end = frames_.frames[i].end;
      frame_.assign(frames_.bytes, begin, end - begin);
      begin = end;
      if (i == at_ && !spoil_frame()) break;
      put(delay_of(i));
      if (i + 1 == frames_.frames.size() && frames_.has_usage) {
        script_.usage_at = script_.bytes.size();
      }
    }
    if (raises && raise_at >= frames_.frames.size()) return finish_with_exception();
    finish();
  }

 private:
  int delay_of(std::size_t index) const {
    if (index == 0) return ttft_ms_;
    const bool first_delta = index == 1 || (index == 2 && !frames_.frames[1].is_delta);
    return frames_.frames[index].is_delta && !first_delta ? gap_ms_ : 0;
  }

  // False: the stream ends with this frame.
  bool spoil_frame() {
    const std::string_view what = directives_.text("corrupt");
    if (what == "prelude") damage(frame_, Damage::kPrelude);
    if (what == "message") damage(frame_, Damage::kMessage);
    if (what == "length") damage(frame_, Damage::kLength);
    if (!directives_.is("truncate", "frame")) return true;
    frame_.resize(frame_.size() / 2);
    put(gap_ms_);
    return false;
  }

  void put(int delay_ms) {
    char size[16];
    const auto end = std::to_chars(size, size + sizeof size, frame_.size(), 16);
    script_.bytes.append(size, end.ptr);
    script_.bytes += "\r\n";
    script_.bytes += frame_;
    script_.bytes += "\r\n";
    script_.mark(script_.steps.empty() ? ttft_ms_ : delay_ms);
  }

  void finish_with_exception() {
    std::string_view type = directives_.text("exception");
    std::string_view message = directives_.text("message");
    if (const Refusal* asked = find_refusal(directives_.text("says"))) {
      type = asked->type;
      message = asked->message;
    }
    if (type.empty()) type = "throttlingException";
    std::string payload;
    JsonOut json(payload);
    json.open().field("message", message.empty() ? default_message(type) : message);
    if (camel(type) == "modelStreamErrorException") {
      json.field("originalStatusCode", directives_.number("original_status", 500));
      json.field("originalMessage", "model failed");
    }
    json.close();
    frame_.clear();
    append_exception(frame_, camel(type), payload);
    put(gap_ms_);
    finish();
  }

  void finish_with_error() {
    frame_.clear();
    append_error(frame_, "InternalError", "The stream broke as the prompt asked.");
    put(gap_ms_);
    finish();
  }

  void finish() {
    script_.bytes += "0\r\n\r\n";
    script_.mark(script_.steps.empty() ? ttft_ms_ : 0);
  }

  Script& script_;
  const StreamFrames& frames_;
  const Directives& directives_;
  std::size_t at_;
  std::size_t end_after_;
  int gap_ms_;
  int ttft_ms_;
  std::string frame_;
};

}  // namespace

int status_of(std::string_view exception) {
  for (const ErrorRow& row : kErrors) {
    if (row.type == exception) return row.status;
  }
  return 400;
}

std::string ReplyWriter::request_id() {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string out = "00000000-0000-4000-8000-000000000000";
  const std::uint64_t words[2] = {random_(), random_()};
  std::size_t digit = 0;
  for (char& c : out) {
    if (c != '0') continue;
    c = kHex[(words[digit / 16] >> (4 * (digit % 16))) & 15];
    ++digit;
  }
  return out;
}

void ReplyWriter::append_head(std::string& out, int status, std::string_view content_type,
                              std::string_view extra) {
  out += "HTTP/1.1 " + std::to_string(status) + " ";
  out += reason_of(status);
  out += "\r\nDate: " + http_date() + "\r\nContent-Type: ";
  out += content_type;
  out += "\r\nConnection: keep-alive\r\nx-amzn-RequestId: " + request_id() + "\r\n";
  out += extra;
  out += "\r\n";
}

Script ReplyWriter::plain(int status, std::string_view content_type, std::string_view body) {
  Script script;
  script.status = status;
  append_head(script.bytes, status, content_type,
              "Content-Length: " + std::to_string(body.size()) + "\r\n");
  script.bytes += body;
  script.mark(0);
  return script;
}

Script ReplyWriter::error(const Fault& fault, const Directives& directives) {
  Script script;
  script.status = static_cast<int>(directives.number("status", status_of(fault.type)));
  std::string body;
  std::string extra;
  if (directives.has("html")) {
    body = "<html><body><h1>" + std::to_string(script.status) + "</h1></body></html>";
  } else {
    JsonOut json(body);
    json.open();
    if (directives.has("no_type")) json.field("__type", "com.amazon.bedrock#" + fault.type);
    json.field(directives.has("upper_message") ? "Message" : "message", fault.message);
    if (fault.type == "ModelErrorException") {
      json.field("originalStatusCode", directives.number("original_status", 500));
      json.field("resourceName", "sim-model");
    }
    json.close();
    if (!directives.has("no_type")) {
      extra = "x-amzn-ErrorType: " + fault.type;
      if (!directives.has("type_plain")) {
        extra += ":http://internal.amazon.com/coral/com.amazon.bedrock/";
      }
      extra += "\r\n";
    }
  }
  if (directives.has("retry_after")) {
    extra += "Retry-After: " + std::string(directives.text("retry_after")) + "\r\n";
  }
  extra += "Content-Length: " + std::to_string(body.size()) + "\r\n";
  append_head(script.bytes, script.status,
              directives.has("html") ? "text/html" : "application/json", extra);
  script.bytes += body;
  script.mark(milliseconds(directives, "latency_ms", 0));
  spoil(script, directives);
  return script;
}

Script ReplyWriter::asked_error(const Directives& directives) {
  const std::int64_t status = directives.number("status", 0);
  Fault fault{std::string(directives.text("exception")), std::string(directives.text("message"))};
  if (directives.has("says")) {
    const Refusal* asked = find_refusal(directives.text("says"));
    fault = asked ? Fault{std::string(asked->type), std::string(asked->message)}
                  : Fault{"SimulatorException", "The directive says has no such text."};
  }
  for (const ErrorRow& row : kErrors) {
    const bool fits = fault.type.empty() ? row.status == status : row.type == fault.type;
    if (!fits) continue;
    fault.type = row.type;
    break;
  }
  if (fault.type.empty()) fault.type = "InternalServerException";
  if (fault.message.empty()) fault.message = default_message(fault.type);
  return error(fault, directives);
}

Script ReplyWriter::whole(const Answer& answer) {
  const Directives& directives = answer.directives;
  std::string body =
      answer_json(answer, milliseconds(directives, "latency_ms", options_.latency_ms));
  if (directives.has("badjson")) body.resize(body.size() / 2);
  const bool html = directives.has("html200");
  if (html) body = "<html><body>It works!</body></html>";
  Script script = plain(200, html ? "text/html" : "application/json", body);
  script.kind = Script::Kind::kCall;
  script.steps.back().delay_ms = milliseconds(directives, "latency_ms", options_.latency_ms);
  const bool usage = !html && !directives.has("no_usage") && !directives.has("badjson") &&
                     !directives.has("no_output") && !directives.has("null_output");
  script.usage_at = usage ? script.bytes.size() : 0;
  script.usage = answer.usage;
  spoil(script, directives);
  return script;
}

Script ReplyWriter::stream(const Answer& answer) {
  const Directives& directives = answer.directives;
  if (directives.has("html200") || directives.has("no_output") || directives.has("null_output")) {
    Script script = whole(answer);
    script.kind = Script::Kind::kStream;
    return script;
  }
  const std::int64_t chunk =
      directives.number("chunk", options_.chunk_chars > 0 ? options_.chunk_chars : kDefaultChunk);
  const std::int64_t latency = milliseconds(directives, "ttft_ms", options_.ttft_ms);
  const StreamFrames frames = make_frames(
      answer, static_cast<std::size_t>(std::max<std::int64_t>(chunk, 1)), latency, random_);
  Script script;
  script.kind = Script::Kind::kStream;
  script.usage = answer.usage;
  script.bytes.reserve(frames.bytes.size() + 8 * frames.frames.size() + 256);
  append_head(script.bytes, 200, "application/vnd.amazon.eventstream",
              "Transfer-Encoding: chunked\r\n");
  StreamLayout(script, frames, directives, options_).run();
  spoil(script, directives);
  return script;
}

}  // namespace oriel::sim
