// Bedrock's errors: spec/converse.md §15.
#include "convert/bedrock/errors.h"

#include <gtest/gtest.h>

#include "convert/bedrock/converse_dialect.h"
#include "convert/bedrock/error_classes.h"
#include "convert/bedrock/models.h"

namespace oriel::convert {
namespace {

using std::chrono::milliseconds;

Error decode(int status, std::vector<Header> headers, std::string_view body) {
  json::Reader reader;
  return converse_dialect().decode_error(status, headers, json::PaddedBuffer(body), reader);
}

std::string_view code_of(const Error& error) {
  return error.code.empty() ? row_of(error.kind).code : std::string_view(error.code);
}
std::string_view type_of(const Error& error) {
  return error.type.empty() ? row_of(error.kind).type : std::string_view(error.type);
}

struct Row {
  std::string_view exception;
  int upstream;
  std::string_view message;
  int status;
  std::string_view type;
  std::string_view code;
};

constexpr std::string_view kInvalid = "invalid_request_error";

constexpr Row kRows[] = {
    {"ValidationException", 400, "bad", 400, kInvalid, ""},
    {"AccessDeniedException", 403, "no", 403, "permission_error", "model_access_denied"},
    {"AccessDeniedException", 403, "Authentication failed: Please make sure your API Key is valid.",
     502, "server_error", "upstream_auth_error"},
    {"UnrecognizedClientException", 403, "The security token included in the request is invalid.",
     502, "server_error", "upstream_auth_error"},
    {"InvalidSignatureException", 403, "x", 502, "server_error", "upstream_auth_error"},
    {"ExpiredTokenException", 403, "x", 502, "server_error", "upstream_auth_error"},
    {"ResourceNotFoundException", 404, "x", 404, kInvalid, "model_not_found"},
    {"ThrottlingException", 429, "Too many requests, please wait before trying again.", 429,
     "requests", "rate_limit_exceeded"},
    {"ThrottlingException", 429, "Too many tokens, please wait before trying again.", 429, "tokens",
     "rate_limit_exceeded"},
    {"ThrottlingException", 429, "Too many tokens per day, please wait before trying again.", 429,
     "insufficient_quota", "insufficient_quota"},
    {"ServiceQuotaExceededException", 400, "x", 429, "insufficient_quota", "insufficient_quota"},
    {"ModelNotReadyException", 429, "x", 503, "server_error", "model_not_ready"},
    {"ModelTimeoutException", 408, "x", 504, "server_error", "upstream_timeout"},
    {"ModelErrorException", 424, "x", 502, "server_error", "model_error"},
    {"ModelStreamErrorException", 424, "x", 502, "server_error", "model_stream_error"},
    {"InternalServerException", 500, "x", 500, "server_error", "upstream_internal_error"},
    {"ServiceUnavailableException", 503, "x", 503, "server_error", "upstream_unavailable"},
    {"ConflictException", 400, "x", 409, kInvalid, "conflict"},
    {"MissingAuthenticationTokenException", 403, "x", 502, "server_error", "upstream_auth_error"},
    {"IncompleteSignature", 400, "x", 502, "server_error", "upstream_auth_error"},
    {"InvalidClientTokenId", 403, "x", 502, "server_error", "upstream_auth_error"},
    {"SignatureDoesNotMatch", 403, "x", 502, "server_error", "upstream_auth_error"},
    {"ResourceNotFoundException", 404,
     "Model use case details have not been submitted for this account.", 403, "permission_error",
     "model_access_denied"},
    {"InternalFailure", 500, "x", 500, "server_error", "upstream_internal_error"},
    {"ServiceUnavailable", 503, "x", 503, "server_error", "upstream_unavailable"},
    {"ValidationError", 400, "bad", 400, kInvalid, ""},
    {"MalformedHttpRequestException", 400, "x", 502, "server_error", "gateway_bug"},
    {"UnknownOperationException", 404, "x", 502, "server_error", "gateway_bug"},
    {"SerializationException", 400, "x", 502, "server_error", "gateway_bug"},
    {"RequestEntityTooLargeException", 413, "x", 413, kInvalid, "request_too_large"},
    {"RequestExpired", 403, "x", 502, "server_error", "clock_skew"},
    {"", 400, "x", 400, kInvalid, ""},
    {"", 418, "x", 400, kInvalid, ""},
    {"", 503, "x", 503, "server_error", "upstream_unavailable"},
    {"", 599, "x", 500, "server_error", "upstream_internal_error"},
    {"BrandNewException", 429, "x", 429, "requests", "rate_limit_exceeded"},
};

// trap 51: every row by header, by header with Coral's suffix, by body alone, and in a stream; and
// with a proxy's page for a body, where the type tells all but what the message would.
TEST(BedrockErrors, Trap51Table) {
  for (const Row& row : kRows) {
    const std::string name(row.exception);
    const std::string plain = R"({"message":")" + std::string(row.message) + "\"}";
    const std::string upper = R"({"Message":")" + std::string(row.message) + "\"}";
    const std::string typed = R"({"__type":"com.amazon.coral.service#)" + name +
                              R"(","message":")" + std::string(row.message) + "\"}";
    const Error errors[] = {
        decode(row.upstream, {{"x-amzn-ErrorType", name}}, plain),
        decode(
            row.upstream,
            {{"X-Amzn-Errortype", name + ":http://internal.amazon.com/coral/com.amazon.bedrock/"}},
            upper),
        decode(row.upstream, {}, typed),
    };
    for (const Error& error : errors) {
      EXPECT_EQ(status_of(error), row.status) << name << " " << row.message;
      EXPECT_EQ(type_of(error), row.type) << name << " " << row.message;
      EXPECT_EQ(code_of(error), row.code) << name << " " << row.message;
      EXPECT_EQ(error.upstream_status, row.upstream);
    }
    if (name.empty() || name == "BrandNewException") continue;
    const Error bare = decode(row.upstream, {{"x-amzn-ErrorType", name}}, "<html>no</html>");
    EXPECT_EQ(bare.message, "") << name;
    json::Reader reader;
    const json::PaddedBuffer payload{std::string_view(plain)};
    std::string camel = name;
    camel[0] = static_cast<char>(camel[0] - 'A' + 'a');
    const Error streamed = bedrock::decode_stream_exception(camel, payload.view(), reader);
    EXPECT_EQ(code_of(streamed), row.code) << camel;
    EXPECT_EQ(type_of(streamed), type_of(errors[0])) << camel;
  }
}

struct ClassRow {
  std::string_view message;
  int status;
  std::string_view code;
  std::string_view param;
  std::string_view lesson = "";  // its name
  std::string_view text = "";    // what the client reads, when it is not upstream's own
};

constexpr std::string_view kTooLong = "context_length_exceeded";
constexpr std::string_view kCannot = "unsupported_parameter";

constexpr ClassRow kClassRows[] = {
    {"prompt is too long: 227255 tokens > 200000 maximum", 400, kTooLong, "messages", "",
     "This model's maximum context length is 200000 tokens. However, your messages resulted in "
     "227255 tokens. Please reduce the length of the messages."},
    {"This model's maximum context length is 8192 tokens. However, your messages resulted in 9000 "
     "tokens.",
     400, kTooLong, "messages", "",
     "This model's maximum context length is 8192 tokens. However, your messages resulted in 9000 "
     "tokens. Please reduce the length of the messages."},
    {"prompt tokens (9000) exceed model maximum 8192", 400, kTooLong, "messages", "",
     "This model's maximum context length is 8192 tokens. However, your messages resulted in 9000 "
     "tokens. Please reduce the length of the messages."},
    {"Input is too long for requested model.", 400, kTooLong, "messages"},
    {"input length and max_tokens exceed context limit: 1", 400, kTooLong, "messages"},
    {"Too many input tokens. Max input tokens: 1", 400, kTooLong, "messages"},
    {"Too many tokens, please wait before trying again.", 429, "rate_limit_exceeded", ""},
    {"The maximum tokens you requested exceeds the model limit of 8192. Try again.", 400,
     "integer_above_max_value", "max_tokens"},
    {"The provided model identifier is invalid.", 404, "model_not_found", "", "",
     "The model does not exist or you do not have access to it."},
    {"Invocation of model ID x with on-demand throughput isn\xE2\x80\x99t supported. Retry with an "
     "inference profile.",
     400, "inference_profile_required", "model", "inference_profile"},
    {"Invocation of model ID x with on-demand throughput isn't supported.", 400,
     "inference_profile_required", "model", "inference_profile"},
    {"You don't have access to the model with the specified model ID.", 403, "model_access_denied",
     "", "", "Access to this model is denied."},
    {"Access to this model is not available for channel program accounts.", 403,
     "model_access_denied", "", "", "Access to this model is denied."},
    {"Model use case details have not been submitted for this account.", 403, "model_access_denied",
     "", "", "Access to this model is denied."},
    {"This model version has reached the end of its life.", 404, "model_not_found", "", "",
     "The model does not exist or you do not have access to it."},
    {"This Model is marked by provider as Legacy.", 404, "model_not_found", "", "",
     "The model does not exist or you do not have access to it."},
    {"This model doesn't support tool use.", 400, kCannot, "tools", "tools"},
    {"This model doesn't support tool use in streaming mode.", 400, kCannot, "tools",
     "streaming_tools"},
    {"The model does not support streaming.", 400, kCannot, "stream", "streaming"},
    {"The model is unsupported for streaming", 400, kCannot, "stream", "streaming"},
    {"This model doesn't support the toolConfig.toolChoice.any field. Remove it.", 400, kCannot,
     "tool_choice", "choice_any"},
    {"This model doesn\xE2\x80\x99t support the toolConfig.toolChoice.tool field.", 400, kCannot,
     "tool_choice", "choice_named"},
    {"toolConfig.toolChoice.tool.name: not one of the tools", 400, kCannot, "tool_choice"},
    {"This model doesn't support the status field. Remove status and try again.", 400, kCannot, "",
     "status_field"},
    {"This model doesn't support the topP field.", 400, kCannot, "top_p", "top_p"},
    {"This model doesn't support the flavour field.", 400, kCannot, ""},
    {"`temperature` is deprecated for this model.", 400, kCannot, "temperature", "temperature"},
    {"`temperature` and `top_p` cannot both be specified for this model.", 400, kCannot, "top_p",
     "temp_top_p_exclusive"},
    {R"(\"thinking.type.enabled\" is not supported for this model.)", 400, kCannot,
     "reasoning_effort", "thinking_budget"},
    {"This model does not support assistant message prefill.", 400, kCannot, "messages", "prefill"},
    {"messages.0: image exceeds 5 MB maximum: 7167852 bytes > 5242880 bytes", 400,
     "image_too_large", "messages"},
    {"image dimensions exceed max allowed size", 400, "image_too_large", "messages"},
    {"Could not process image", 400, "invalid_image", "messages"},
    {"too many images and documents: 21 > 20", 400, "too_many_images", "messages"},
    {"The document file name can only contain alphanumeric characters", 400, "invalid_document",
     "messages"},
    {"Found duplicate document names", 400, "invalid_document", "messages"},
    {"The guardrail identifier or version provided does not exist.", 400, "guardrail_config", ""},
    {"The guardrail intervened.", 400, "content_filter", ""},
    {"Reservation not found", 400, "", "service_tier", "service_tier"},
    {"The service tier provided is invalid.", 400, "", "service_tier", "service_tier"},
    {"The JSON schema is too complex: 20 union types", 400, "", "", "structured_output"},
    {"The compiled grammar is too large", 400, "", "", "structured_output"},
    {"tools.0.custom.input_schema: JSON schema is invalid", 400, "", "tools"},
    {"something else entirely", 400, "", ""},
};

TEST(BedrockErrors, Trap39Classifiers) {
  for (const ClassRow& row : kClassRows) {
    const Error error = decode(400, {{"x-amzn-ErrorType", "ValidationException"}},
                               R"({"message":")" + std::string(row.message) + "\"}");
    EXPECT_EQ(status_of(error), row.status) << row.message;
    EXPECT_EQ(code_of(error), row.code) << row.message;
    EXPECT_EQ(error.param, row.param) << row.message;
    EXPECT_EQ(error.lesson.name, row.lesson) << row.message;
    EXPECT_EQ(error.lesson.kind == Lesson::Kind::none, row.lesson.empty()) << row.message;
    const std::string_view read =
        error.message.empty() ? row_of(error.kind).message : std::string_view(error.message);
    if (!row.text.empty()) {
      EXPECT_EQ(read, row.text);
    } else if (row.message.find('\\') == std::string_view::npos) {
      EXPECT_EQ(read, row.message);
    }
  }
}

// Every class is reached by words of its own: none stands behind one that takes all its messages.
TEST(BedrockErrors, NoClassHidesAnother) {
  for (const bedrock::ErrorClass& row : bedrock::error_classes()) {
    std::string words;
    for (const std::string_view word : row.words) words.append(word).append(" ");
    EXPECT_EQ(bedrock::plain_words(words), words);
    Error error;
    bedrock::classify_validation(words, error);
    EXPECT_EQ(error.kind, row.kind) << words;
    EXPECT_EQ(error.param, row.param) << words;
    EXPECT_EQ(error.lesson.name, row.lesson.name) << words;
  }
}

TEST(BedrockErrors, WhatALessonHolds) {
  const auto lesson = [](std::string_view words) {
    Error error;
    bedrock::classify_validation(words, error);
    return error.lesson;
  };
  const auto bits = [](ModelFeatures features) { return features.bits(); };
  using enum ModelFeature;
  EXPECT_EQ(lesson("`temperature` is deprecated").patch.remove, bits(temperature | top_p | top_k));
  EXPECT_EQ(lesson("temperature and top_p cannot both be specified").patch.add,
            bits(temp_top_p_exclusive));
  EXPECT_EQ(lesson("doesn't support tool use in streaming mode").patch.remove,
            bits(streaming_tools));
  EXPECT_EQ(lesson("thinking.type.enabled is not supported").patch.remove, bits(thinking_budget));
  EXPECT_EQ(lesson("on-demand throughput isn't").kind, Lesson::Kind::profile);
  EXPECT_EQ(lesson("schema").kind, Lesson::Kind::format);
  EXPECT_TRUE(lesson("on-demand throughput isn't").patch.empty());
}

TEST(BedrockErrors, ModelErrorsAreUnwrapped) {
  const Error error = decode(
      400, {{"x-amzn-ErrorType", "ValidationException"}},
      R"({"message":"The model returned the following errors: {\"error\":{\"message\":\"Unknown parameter: 'x'.\",\"param\":\"x\",\"code\":\"unknown_parameter\",\"type\":\"invalid_request_error\"}}"})");
  EXPECT_EQ(error.message, "Unknown parameter: 'x'.");
  EXPECT_EQ(error.param, "x");
  EXPECT_EQ(error.code, "unknown_parameter");
  EXPECT_EQ(error.type, "invalid_request_error");
  // What a fault is, its name says, not the model.
  const Error fault = decode(
      424, {{"x-amzn-ErrorType", "ModelErrorException"}},
      R"({"message":"{\"error\":{\"message\":\"m\",\"param\":\"x\",\"code\":\"c\",\"type\":\"t\"}}"})");
  EXPECT_EQ(fault.message, "m");
  EXPECT_EQ(code_of(fault), "model_error");
  EXPECT_EQ(type_of(fault), "server_error");
  EXPECT_EQ(fault.param, "");
  const Error plain =
      decode(400, {{"x-amzn-ErrorType", "ValidationException"}},
             R"({"message":"The model returned the following errors: messages: bad"})");
  EXPECT_EQ(plain.message, "messages: bad");
}

TEST(BedrockErrors, OriginalStatusOfTheModel) {
  const Error error = decode(424, {{"x-amzn-ErrorType", "ModelErrorException"}},
                             R"({"message":"m","originalStatusCode":422})");
  EXPECT_EQ(status_of(error), 422);
  EXPECT_EQ(status_of(decode(424, {{"x-amzn-ErrorType", "ModelErrorException"}},
                             R"({"originalStatusCode":500})")),
            502);
}

TEST(BedrockErrors, BodiesThatAreNotTheirsStayBehind) {
  for (const std::string_view body :
       {"<html>proxy.internal says no</html>", "", "[]", "{", "\xFF", R"({"message":7})"}) {
    const Error error = decode(503, {}, body);
    EXPECT_EQ(error.kind, ErrorKind::upstream_unavailable);
    EXPECT_TRUE(error.message.empty()) << error.message;
  }
}

TEST(BedrockErrors, Sanitised) {
  const std::pair<std::string_view, std::string_view> rows[] = {
      {"User: arn:aws:sts::123456789012:assumed-role/x/y is not allowed",
       "User: [resource] is not allowed"},
      {"on 'arn:aws-cn:bedrock:cn-north-1::foundation-model/a.b:0'.", "on '[resource]'."},
      {"account 123456789012.", "account [account]."},
      {"id 1234567890123 stays", "id 1234567890123 stays"},
      {"see https://bedrock-runtime.us-east-1.amazonaws.com/x?y=1, please", "see [host], please"},
      {"host bedrock.us-east-1.amazonaws.com: down", "host [host]: down"},
      {"at 10.1.2.3:8443", "at [host]"},
      {"request 01234567-89ab-cdef-0123-456789abcdef failed", "request [id] failed"},
      {"line\r\nbreak\x01", "line  break "},
      {"temperature 0.5 of messages.0.content.1 `x`",
       "temperature 0.5 of messages.0.content.1 `x`"},
  };
  for (const auto& [from, to] : rows) EXPECT_EQ(bedrock::sanitise(from), to);
  EXPECT_LE(bedrock::sanitise(std::string(5000, 'a')).size(), 2000U);
  std::string wide;
  for (int i = 0; i < 2000; ++i) wide += "\xC3\xA9";
  const std::string cut = bedrock::sanitise(wide);
  EXPECT_EQ(cut.size() % 2, 0U);
}

TEST(BedrockErrors, ExceptionTypes) {
  const std::pair<std::string_view, std::string_view> rows[] = {
      {"ValidationException", "ValidationException"},
      {" ValidationException:http://internal/", "ValidationException"},
      {"ValidationException#x", "ValidationException"},
      {"com.amazon.coral#AccessDeniedException", "AccessDeniedException"},
      {"throttlingException", "ThrottlingException"},
      {"<script>", ""},
      {"", ""},
  };
  for (const auto& [from, to] : rows) EXPECT_EQ(bedrock::clean_exception_type(from), to);
}

TEST(BedrockErrors, RetryAfterIsCapped) {
  const auto wait = [](std::string name, std::string value) {
    return decode(429, {{std::move(name), std::move(value)}}, "{}").retry_after;
  };
  EXPECT_EQ(wait("Retry-After", "3"), milliseconds(3000));
  EXPECT_EQ(wait("retry-after-ms", "250"), milliseconds(250));
  EXPECT_EQ(wait("Retry-After", "99999999999"), milliseconds(60'000));
  EXPECT_EQ(wait("Retry-After", "-1"), std::nullopt);
  EXPECT_EQ(wait("Retry-After", "Fri, 01 Jan 2027 00:00:00 GMT"), std::nullopt);
}

}  // namespace
}  // namespace oriel::convert
