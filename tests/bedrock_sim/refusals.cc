#include "tests/bedrock_sim/refusals.h"

#include <algorithm>

namespace oriel::sim {
namespace {

constexpr std::string_view kInvalid = "ValidationException";
constexpr std::string_view kThrottled = "ThrottlingException";
constexpr std::string_view kDenied = "AccessDeniedException";
constexpr std::string_view kMissing = "ResourceNotFoundException";

const std::vector<Refusal> kRefusals = {
    // The context.
    {"too_long", kInvalid, "Input is too long for requested model."},
    {"prompt_too_long", kInvalid,
     "The model returned the following errors: prompt is too long: 227255 tokens > 200000 maximum"},
    {"context_length", kInvalid,
     "The model returned the following errors: This model's maximum context length is 131072 "
     "tokens. However, you requested 140000 tokens (131808 in the messages, 8192 in the "
     "completion). Please reduce the length of the messages or completion."},
    {"context_limit", kInvalid,
     "The model returned the following errors: input length and `max_tokens` exceed context limit: "
     "197202 + 8192 > 200000, decrease input length or `max_tokens` and try again"},
    {"input_tokens", kInvalid,
     "Too many input tokens. Max input tokens: 128000, request input token count: 130000 "},
    {"prompt_tokens", kInvalid,
     "The model returned the following errors: prompt tokens (130000) exceed model maximum "
     "(128000)"},
    {"max_tokens", kInvalid,
     "The maximum tokens you requested exceeds the model limit of 8192. Try again with a maximum "
     "tokens value that is lower than 8192."},
    // Throttling and quotas.
    {"requests", kThrottled, "Too many requests, please wait before trying again."},
    {"tokens", kThrottled, "Too many tokens, please wait before trying again."},
    {"tokens_day", kThrottled, "Too many tokens per day, please wait before trying again."},
    {"quota", "ServiceQuotaExceededException",
     "Your request exceeds the service quota for your account."},
    // The model.
    {"model_id", kInvalid, "The provided model identifier is invalid."},
    {"on_demand", kInvalid,
     "Invocation of model ID amazon.nova-lite-v1:0 with on-demand throughput isn't supported. "
     "Retry "
     "your request with the ID or ARN of an inference profile that contains this model."},
    {"on_demand_quote", kInvalid,
     "Invocation of model ID amazon.nova-lite-v1:0 with on-demand throughput isn\u2019t supported. "
     "Retry your request with the ID or ARN of an inference profile that contains this model."},
    {"no_access", kDenied, "You don't have access to the model with the specified model ID."},
    {"not_available", kDenied,
     "Access to this model is not available for channel program accounts. Reach out to your AWS "
     "Solution Provider or AWS Distributor for more information."},
    {"use_case", kMissing,
     "Model use case details have not been submitted for this account. Fill out the Anthropic use "
     "case details form before using the model. If you have already filled out the form, try again "
     "in 15 minutes."},
    {"end_of_life", kMissing,
     "This model version has reached the end of its life. Please refer to the AWS documentation "
     "for "
     "more details."},
    {"legacy", kMissing,
     "Access denied. This Model is marked by provider as Legacy and you have not been actively "
     "using the model in the last 15 days. Please upgrade to an active model on Amazon Bedrock"},
    {"not_resolved", kMissing,
     "Could not resolve the foundation model from the provided model identifier."},
    // What the model can't do.
    {"no_tools", kInvalid, "This model doesn't support tool use."},
    {"no_stream_tools", kInvalid, "This model doesn't support tool use in streaming mode."},
    {"no_streaming", kInvalid,
     "The provided model does not support streaming. Use the Converse operation instead."},
    {"no_choice_any", kInvalid,
     "This model doesn't support the toolConfig.toolChoice.any field. Remove "
     "toolConfig.toolChoice.any and try again."},
    {"no_choice_tool", kInvalid,
     "This model doesn't support the toolConfig.toolChoice.tool field. Remove "
     "toolConfig.toolChoice.tool and try again."},
    {"no_field", kInvalid,
     "This model doesn't support the stopSequences field. Remove stopSequences and try again."},
    {"no_system", kInvalid,
     "This model doesn't support system messages. Try again without a system message or use a "
     "model that supports system messages."},
    {"temperature", kInvalid,
     "The model returned the following errors: `temperature` is deprecated for this model."},
    {"one_sampler", kInvalid,
     "The model returned the following errors: `temperature` and `top_p` cannot both be specified "
     "for this model. Please use only one."},
    {"thinking_enabled", kInvalid,
     "The model returned the following errors: \"thinking.type.enabled\" is not supported for this "
     "model. Use \"thinking.type.adaptive\" and \"output_config.effort\" to control thinking "
     "behavior."},
    {"prefill", kInvalid,
     "The model returned the following errors: This model does not support assistant message "
     "prefill. The conversation must end with a user message."},
    // Media.
    {"image_size", kInvalid,
     "The model returned the following errors: messages.0.content.1.image.source.base64: image "
     "exceeds 5 MB maximum: 7167852 bytes > 5242880 bytes"},
    {"image_dimensions", kInvalid,
     "The model returned the following errors: messages.0.content.1.image.source.base64.data: At "
     "least one of the image dimensions exceed max allowed size: 8000 pixels"},
    {"image_garbage", kInvalid, "The model returned the following errors: Could not process image"},
    {"many_images", kInvalid,
     "The model returned the following errors: too many images and documents: 21 + 0 > 20"},
    {"document_name", kInvalid,
     "The document file name can only contain alphanumeric characters, whitespace characters, "
     "hyphens, parentheses, and square brackets. The name can't contain more than one consecutive "
     "whitespace character."},
    {"duplicate_document", kInvalid,
     "Messages can't contain duplicate document names. Rename the document and retry your "
     "request."},
    // Settings.
    {"guardrail", kInvalid, "The provided guardrail identifier is invalid."},
    {"reservation", kInvalid, "Reservation not found."},
    {"tier", kInvalid, "The service tier provided is invalid."},
    {"grammar", kInvalid,
     "The model returned the following errors: The compiled grammar is too large, which would "
     "cause "
     "performance issues. Simplify your tool schemas or reduce the number of strict tools."},
    {"schema", kInvalid,
     "The model returned the following errors: output_config.format.schema: For 'string' type, "
     "property 'minLength' is not supported"},
    {"unions", kInvalid,
     "The model returned the following errors: Schemas contains too many parameters with union "
     "types (17 parameters with type arrays or anyOf), which would make grammar compilation "
     "inefficient. Reduce the number of nullable or union-typed parameters (limit: 16 parameters "
     "with unions)."},
    // An error inside the error.
    {"openai_error", kInvalid,
     "The model returned the following errors: "
     R"({"error":{"code":"unsupported_value","message":"Unsupported value: 'top_p'.",)"
     R"("param":"top_p",)"
     R"("type":"invalid_request_error"}})"},
    // What must not reach a client.
    {"secrets", kDenied,
     "User: arn:aws:iam::123456789012:user/alice is not authorized to perform: bedrock:InvokeModel "
     "on resource: arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-lite-v1:0"},
};

}  // namespace

const std::vector<Refusal>& all_refusals() { return kRefusals; }

const Refusal* find_refusal(std::string_view name) {
  const auto found = std::find_if(kRefusals.begin(), kRefusals.end(),
                                  [name](const Refusal& row) { return row.name == name; });
  return found == kRefusals.end() ? nullptr : &*found;
}

}  // namespace oriel::sim
