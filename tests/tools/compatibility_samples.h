// What docs/compatibility.md asks the converter: a value for every field of a chat request, one for
// every kind of message part, and the models that are asked. Source: spec/converse.md §3 to §10.
#pragma once

#include <array>
#include <string_view>

namespace oriel::tools {

// One model for each way of its own in which Converse must be spoken to.
struct Asked {
  std::string_view label;
  std::string_view model;
};
inline constexpr auto kAsked = std::to_array<Asked>({
    {"Claude 4.5", "us.anthropic.claude-sonnet-4-5-20250929-v1:0"},
    {"Claude 4.7", "us.anthropic.claude-opus-4-7"},
    {"Nova", "amazon.nova-lite-v1:0"},
    {"Nova 2", "us.amazon.nova-2-lite-v1:0"},
    {"Llama", "us.meta.llama3-3-70b-instruct-v1:0"},
    {"Mistral", "mistral.mistral-large-2407-v1:0"},
    {"DeepSeek", "deepseek.v3-v1:0"},
    {"gpt-oss", "openai.gpt-oss-120b-1:0"},
    {"GPT-5", "openai.gpt-5.6"},
    {"Kimi", "moonshot.kimi-k2-thinking"},
    {"Qwen", "qwen.qwen3-32b-v1:0"},
    {"Cohere", "cohere.command-r-plus-v1:0"},
});

struct Sample {
  std::string_view name;   // a field of the table, or a part's kind
  std::string_view value;  // JSON
  std::string_view note = "";
  std::string_view with = "";  // other fields that it needs, with their comma
};

inline constexpr std::string_view kWithTools =
    R"(,"tools":[{"type":"function","function":{"name":"f"}},)"
    R"({"type":"function","function":{"name":"g"}}])";

inline constexpr auto kFieldSamples = std::to_array<Sample>({
    {"model", "", "resolved to the model id in the path; aliases, ids, profiles, ARNs"},
    {"messages", "", "see the parts below"},
    {"stream", "true", "ConverseStream, or Converse where the model streams nothing of it"},
    {"stream_options", R"({"include_usage":true})", "`include_usage` adds the usage chunk",
     R"(,"stream":true)"},
    {"tools", R"([{"type":"function","function":{"name":"f"}}])"},
    {"tools", R"([{"type":"custom","custom":{"name":"f"}}])",
     "the call's `input` comes back as a text"},
    {"tool_choice", "\"auto\"", "", kWithTools},
    {"tool_choice", "\"required\"", "", kWithTools},
    {"tool_choice", "\"none\"", "", kWithTools},
    {"tool_choice", R"({"type":"function","function":{"name":"f"}})", "", kWithTools},
    {"tool_choice",
     R"({"type":"allowed_tools","allowed_tools":{"mode":"auto","tools":[{"type":"function","function":{"name":"f"}}]}})",
     "", kWithTools},
    {"parallel_tool_calls", "false", "", kWithTools},
    {"max_completion_tokens", "1000"},
    {"max_tokens", "1000", "the older name; `max_completion_tokens` wins"},
    {"max_tokens", "100000000", "above what the model can"},
    {"temperature", "0.5"},
    {"temperature", "1.5"},
    {"top_p", "0.9"},
    {"top_p", "0.9", "together with `temperature`", R"(,"temperature":0.5)"},
    {"stop", "\"END\""},
    {"stop", R"(["","\n"])"},
    {"n", "2", "as many upstream calls, where `max_choices` allows it"},
    {"response_format", R"({"type":"text"})"},
    {"response_format", R"({"type":"json_object"})"},
    {"response_format",
     R"({"type":"json_schema","json_schema":{"name":"p","schema":{"type":"object","properties":{}}}})",
     "the answer's content is JSON of that schema everywhere"},
    {"reasoning_effort", "\"high\""},
    {"reasoning_effort", "\"low\"", "", R"(,"max_tokens":10000)"},
    {"reasoning_effort", "\"minimal\""},
    {"reasoning_effort", "\"none\""},
    {"reasoning_effort", "\"xhigh\""},
    {"functions", R"([{"name":"f"}])", "calls come back as `function_call`"},
    {"function_call", R"({"name":"f"})", "", R"(,"functions":[{"name":"f"}])"},
    {"extra_body", R"({"top_k":5})", "its members count as the request's own"},
    {"seed", "7"},
    {"logprobs", "true"},
    {"top_logprobs", "3"},
    {"logit_bias", R"({"50256":-100})"},
    {"presence_penalty", "0.5"},
    {"frequency_penalty", "0.5"},
    {"user", "\"u\"", "Claude's `metadata.user_id` where `user_id_to_model` is set"},
    {"safety_identifier", "\"u\""},
    {"prompt_cache_key", "\"k\""},
    {"prompt_cache_retention", "\"24h\"", "the `ttl` of the request's cache points"},
    {"prompt_cache_options", R"({"mode":"implicit"})", "cache points where the client set none"},
    {"metadata", R"({"team":"a"})"},
    {"metadata", R"({"team":"{}"})"},
    {"verbosity", "\"low\""},
    {"service_tier", "\"auto\""},
    {"service_tier", "\"flex\""},
    {"service_tier", "\"scale\""},
    {"store", "true"},
    {"prediction", R"({"type":"content","content":"x"})"},
    {"modalities", R"(["text","audio"])"},
    {"audio", R"({"voice":"alloy","format":"wav"})"},
    {"moderation", R"({"model":"omni-moderation-latest"})"},
    {"web_search_options", "{}", "Nova's own web grounding where `nova_grounding` is set"},
    {"top_k", "5"},
    {"min_p", "0.1"},
    {"typical_p", "0.9"},
    {"repetition_penalty", "1.1"},
    {"thinking", R"({"type":"enabled","budget_tokens":2048})", "", R"(,"max_tokens":8000)"},
    {"thinking", R"({"type":"adaptive"})"},
    {"reasoning", R"({"effort":"low"})"},
    {"reasoning_config", "\"low\""},
    {"thinking_budget_tokens", "2048", "", R"(,"max_tokens":8000)"},
    {"enable_thinking", "true"},
    {"guardrailConfig", R"({"guardrailIdentifier":"abc","guardrailVersion":"1"})",
     "where `client_guardrail` is set"},
    {"guardrail_config", R"({"guardrailIdentifier":"abc","guardrailVersion":"1"})",
     "where `client_guardrail` is set"},
    {"performanceConfig", R"({"latency":"optimized"})"},
    {"performance_config", R"({"latency":"optimized"})"},
    {"requestMetadata", R"({"team":"a"})"},
    {"request_metadata", R"({"team":"a"})"},
    {"promptVariables", R"({"v":{"text":"x"}})", "with a prompt's ARN"},
    {"prompt_variables", R"({"v":{"text":"x"}})", "with a prompt's ARN"},
    {"additionalModelRequestFields", R"({"x":1})"},
    {"additional_model_request_fields", R"({"x":1})"},
    {"additionalModelResponseFieldPaths", R"(["/stop_sequence"])"},
    {"additional_model_response_field_paths", R"(["/stop_sequence"])"},
    {"anything else", "1", "`unknown_params`: drop, pass or reject"},
});

inline constexpr std::string_view kPng =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+"
    "M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

// Parts of a user's message, behind a text.
inline constexpr auto kPartSamples = std::to_array<Sample>({
    {"image_url, data", R"({"type":"image_url","image_url":{"url":"data:image/png;base64,@PNG"}})"},
    {"image_url, https", R"({"type":"image_url","image_url":{"url":"https://example.com/a.png"}})",
     "fetched first where `media.fetch` allows it"},
    {"image_url, s3", R"({"type":"image_url","image_url":{"url":"s3://bucket/a.png"}})"},
    {"file, PDF",
     R"({"type":"file","file":{"filename":"a.pdf","file_data":"data:application/pdf;base64,JVBERi0xLjQK"}})"},
    {"file, text",
     R"({"type":"file","file":{"filename":"a.txt","file_data":"data:text/plain;base64,SGVsbG8="}})"},
    {"file, by id", R"({"type":"file","file":{"file_id":"file-1"}})"},
    {"input_audio", R"({"type":"input_audio","input_audio":{"data":"UklGRg==","format":"wav"}})"},
    {"video_url",
     R"({"type":"video_url","video_url":{"url":"data:video/mp4;base64,AAAAGGZ0eXBtcDQy"}})"},
    {"guarded_text", R"({"type":"guarded_text","text":"x"})"},
    {"refusal", R"({"type":"refusal","refusal":"x"})", "of an assistant's messages only"},
    {"text with cache_control",
     R"({"type":"text","text":"x","cache_control":{"type":"ephemeral","ttl":"1h"}})"},
    {"text with prompt_cache_breakpoint",
     R"({"type":"text","text":"x","prompt_cache_breakpoint":{"mode":"explicit"}})"},
});

struct Exception {
  std::string_view name;
  int status;
  std::string_view message = "x";
};
inline constexpr auto kExceptions = std::to_array<Exception>({
    {"ValidationException", 400},
    {"AccessDeniedException", 403},
    {"UnrecognizedClientException", 403},
    {"InvalidSignatureException", 403},
    {"ExpiredTokenException", 403},
    {"ResourceNotFoundException", 404},
    {"ThrottlingException", 429, "Too many requests, please wait before trying again."},
    {"ThrottlingException", 429, "Too many tokens, please wait before trying again."},
    {"ThrottlingException", 429, "Too many tokens per day, please wait before trying again."},
    {"ServiceQuotaExceededException", 400},
    {"ModelNotReadyException", 429},
    {"ModelTimeoutException", 408},
    {"ModelErrorException", 424},
    {"ModelStreamErrorException", 424},
    {"InternalServerException", 500},
    {"ServiceUnavailableException", 503},
    {"ConflictException", 400},
    {"UnknownOperationException", 404},
    {"SerializationException", 400},
    {"RequestEntityTooLargeException", 413},
    {"RequestExpired", 403},
});

}  // namespace oriel::tools
