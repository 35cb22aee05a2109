// The traps of whole answers and of errors, from Converse's JSON to the client's.
// spec/converse.md §21, §21.1.
#include "tests/convert/traps/support.h"

namespace oriel::test {
namespace {

const std::string kCallBlock = R"({"toolUse":{"toolUseId":"t1","name":"f","input":{"a":1}}})";

TEST(Traps, trap_11_finish_reasons) {
  struct Row {
    std::string_view word;
    std::string_view finish;     // of text; empty: an error
    std::string_view with_call;  // of a tool call
  };
  const Row rows[] = {
      {"end_turn", "stop", "tool_calls"},
      {"stop_sequence", "stop", "stop"},
      {"tool_use", "stop", "tool_calls"},
      {"max_tokens", "length", "length"},
      {"model_context_window_exceeded", "length", "length"},
      {"content_filtered", "content_filter", "content_filter"},
      {"guardrail_intervened", "content_filter", "content_filter"},
      {"malformed_model_output", "", ""},
      {"malformed_tool_use", "", ""},
  };
  for (const Row& row : rows) {
    const std::string whole_text = answer(converse(R"({"text":"Sorry."})", row.word));
    const std::string whole_call = answer(converse(kCallBlock, row.word));
    const Received text =
        receive(start_frame() + text_frame(0, "Sorry.") + stop_frame(0) + end_frames(row.word));
    const Received tool = receive(start_frame() + tool_start(0, "t1") + input_frame(0, "{}") +
                                  stop_frame(0) + end_frames(row.word));
    EXPECT_EQ(text_at(whole_text, "choices.0.finish_reason"), row.finish) << row.word;
    EXPECT_EQ(text_at(whole_call, "choices.0.finish_reason"), row.with_call) << row.word;
    EXPECT_EQ(text.finish, row.finish) << row.word;
    EXPECT_EQ(tool.finish, row.with_call) << row.word;
    if (row.finish.empty()) continue;
    EXPECT_EQ(text_at(whole_text, "choices.0.message.content"), "Sorry.") << row.word;
    EXPECT_EQ(count_of(whole_text, row.word), 0U) << "upstream's own word reaches the client";
  }
}

TEST(Traps, trap_12_new_stop_reasons) {
  EXPECT_EQ(answer(converse(R"({"text":"x"})", "malformed_model_output")),
            "502 server_error malformed_model_output");
  EXPECT_EQ(answer(converse(kCallBlock, "malformed_tool_use")),
            "502 server_error malformed_tool_use");
  const std::string plain = answer(converse(R"({"text":"x"})", "brand_new"));
  EXPECT_EQ(text_at(plain, "choices.0.finish_reason"), "stop");
  EXPECT_EQ(count_of(plain, "brand_new"), 0U);
  EXPECT_EQ(text_at(answer(converse(kCallBlock, "brand_new")), "choices.0.finish_reason"),
            "tool_calls");
}

TEST(Traps, trap_13_cut_calls_end_with_length) {
  const std::string whole_call = answer(converse(kCallBlock, "max_tokens"));
  EXPECT_EQ(text_at(whole_call, "choices.0.finish_reason"), "length");
  const std::string cut = answer(converse(
      R"({"text":"a"},{"toolUse":{"toolUseId":"t","name":"f","input":"{\"a"}})", "max_tokens"));
  EXPECT_EQ(text_at(cut, "choices.0.finish_reason"), "length");
  EXPECT_EQ(text_at(cut, "choices.0.message.content"), "a");
  EXPECT_TRUE(at(cut, "choices.0.message.tool_calls").empty());
  const Received streamed = receive(start_frame() + tool_start(0, "t") + input_frame(0, R"({\"a)") +
                                    end_frames("max_tokens"));
  EXPECT_EQ(streamed.finish, "length");
  EXPECT_EQ(streamed.call_line(), "t:f{\"a");  // never repaired
}

TEST(Traps, trap_14_tool_only_answer) {
  const std::string whole_call = answer(converse(kCallBlock, "end_turn"));
  EXPECT_EQ(text_at(whole_call, "choices.0.finish_reason"), "tool_calls");
  EXPECT_EQ(at(whole_call, "choices.0.message.content"), "null");
  EXPECT_EQ(text_at(whole_call, "choices.0.message.tool_calls.0.function.arguments"), R"({"a":1})");
  const Received streamed = receive(start_frame() + tool_start(0, "t1") + input_frame(0, "{}") +
                                    stop_frame(0) + end_frames("end_turn"));
  EXPECT_EQ(streamed.finish, "tool_calls");
}

constexpr std::string_view kCachedUsage =
    R"(,"usage":{"inputTokens":20,"outputTokens":46,"totalTokens":1090,)"
    R"("cacheReadInputTokens":1000,"cacheWriteInputTokens":24})";

std::string streamed_usage() {
  const Received got =
      receive(start_frame() + text_frame(0, "a") + stop_frame(0) +
                  event_frame("messageStop", R"({"stopReason":"end_turn"})") +
                  event_frame("metadata", "{" + std::string(kCachedUsage.substr(1)) + "}"),
              {}, convert::IncludeUsage::yes);
  return got.events.back();
}

TEST(Traps, trap_15_cached_tokens_in_prompt_tokens) {
  for (const std::string& body :
       {answer(converse(R"({"text":"a"})", "end_turn", kCachedUsage)), streamed_usage()}) {
    EXPECT_EQ(at(body, "usage.prompt_tokens"), "1044");
    EXPECT_EQ(at(body, "usage.completion_tokens"), "46");
    EXPECT_EQ(at(body, "usage.total_tokens"), "1090");
    EXPECT_EQ(at(body, "usage.prompt_tokens_details.cached_tokens"), "1000");
    EXPECT_EQ(at(body, "usage.prompt_tokens_details.cache_write_tokens"), "24");
  }
}

TEST(Traps, trap_16_cache_writes_are_no_output) {
  for (const std::string& body :
       {answer(converse(R"({"text":"a"})", "end_turn", kCachedUsage)), streamed_usage()}) {
    EXPECT_EQ(at(body, "usage.completion_tokens"), "46");
    EXPECT_TRUE(at(body, "usage.completion_tokens_details.cached_tokens").empty());
    EXPECT_EQ(count_of(at(body, "usage.completion_tokens_details"), "24"), 0U);
  }
}

std::string error_words(int status, std::string_view exception, std::string_view body) {
  json::Reader reader;
  const std::vector<convert::Header> headers = {
      {"x-amzn-ErrorType",
       std::string(exception) + ":http://internal.amazon.com/coral/com.amazon.bedrock/"}};
  return words_of(
      convert::converse_dialect().decode_error(status, headers, json::PaddedBuffer(body), reader));
}

TEST(Traps, trap_39_throttle_is_no_overflow) {
  EXPECT_EQ(error_words(429, "ThrottlingException",
                        R"({"message":"Too many tokens, please wait before trying again."})"),
            "429 tokens rate_limit_exceeded");
  EXPECT_EQ(error_words(400, "ValidationException",
                        R"({"message":"Too many tokens, please wait before trying again."})"),
            "429 tokens rate_limit_exceeded");
  const std::string overflow =
      R"({"message":"prompt is too long: 227255 tokens > 200000 maximum"})";
  EXPECT_EQ(error_words(400, "ValidationException", overflow),
            "400 invalid_request_error context_length_exceeded");
  json::Reader reader;
  const convert::Error error = convert::converse_dialect().decode_error(
      400, std::vector<convert::Header>{{"x-amzn-ErrorType", "ValidationException"}},
      json::PaddedBuffer(overflow), reader);
  EXPECT_EQ(error.message,
            "This model's maximum context length is 200000 tokens. However, your messages resulted "
            "in 227255 tokens. Please reduce the length of the messages.");
  EXPECT_EQ(error.param, "messages");
  // The same in mid-stream.
  const Received got = receive(
      start_frame() + text_frame(0, "a") +
      exception_frame("throttlingException",
                      R"({"message":"Too many tokens, please wait before trying again."})"));
  EXPECT_EQ(got.error, "429 tokens rate_limit_exceeded");
}

TEST(Traps, trap_51_errors_keep_their_status) {
  struct Row {
    std::string_view exception;
    int status;
    std::string_view words;
  };
  const Row rows[] = {
      {"ValidationException", 400, "400 invalid_request_error "},
      {"AccessDeniedException", 403, "403 permission_error model_access_denied"},
      {"UnrecognizedClientException", 403, "502 server_error upstream_auth_error"},
      {"ExpiredTokenException", 403, "502 server_error upstream_auth_error"},
      {"InvalidSignatureException", 403, "502 server_error upstream_auth_error"},
      {"ResourceNotFoundException", 404, "404 invalid_request_error model_not_found"},
      {"ThrottlingException", 429, "429 requests rate_limit_exceeded"},
      {"ServiceQuotaExceededException", 400, "429 insufficient_quota insufficient_quota"},
      {"ModelNotReadyException", 429, "503 server_error model_not_ready"},
      {"ModelTimeoutException", 408, "504 server_error upstream_timeout"},
      {"ModelErrorException", 424, "502 server_error model_error"},
      {"ModelStreamErrorException", 424, "502 server_error model_stream_error"},
      {"InternalServerException", 500, "500 server_error upstream_internal_error"},
      {"ServiceUnavailableException", 503, "503 server_error upstream_unavailable"},
      {"ConflictException", 400, "409 invalid_request_error conflict"},
      {"UnknownOperationException", 404, "502 server_error gateway_bug"},
      {"SerializationException", 400, "502 server_error gateway_bug"},
      {"RequestEntityTooLargeException", 413, "413 invalid_request_error request_too_large"},
      {"RequestExpired", 403, "502 server_error clock_skew"},
  };
  for (const Row& row : rows) {
    for (const std::string_view body :
         {R"({"message":"x"})", R"({"Message":"x"})", "<html></html>", ""}) {
      EXPECT_EQ(error_words(row.status, row.exception, body), row.words)
          << row.exception << " " << body;
    }
  }
  json::Reader reader;
  const convert::Error error = convert::converse_dialect().decode_error(
      400,
      std::vector<convert::Header>{
          {"x-amzn-errortype", "ValidationException:http://internal.amazon.com/coral/x/"}},
      json::PaddedBuffer(std::string_view(
          R"({"Message":"bad arn:aws:bedrock:us-east-1:123456789012:x/y at h.amazonaws.com"})")),
      reader);
  for (const std::string_view secret : {"http", "amazon", "123456789012", "arn:"}) {
    EXPECT_EQ(count_of(error.message, secret), 0U) << error.message;
  }
  EXPECT_EQ(count_of(error.message, "bad "), 1U) << "Message is read like message";
}

}  // namespace
}  // namespace oriel::test
