"""What each model takes and refuses, and the disguises that make a model another."""
import pytest
from sim_requests import (
    CALL, CLAUDE, CLAUDE_3, CLAUDE_46, CLAUDE_5, CLOCK, LLAMA, NOVA, PICTURE, RESULT, TOOLS, ask,
    ask_stream, assistant, cache, refusal, structured, text_of, thought, tool, user,
)

OPUS_47 = "us.anthropic.claude-opus-4-7"
SONNET_4 = "us.anthropic.claude-sonnet-4-20250514-v1:0"
HAIKU_45 = "us.anthropic.claude-haiku-4-5-20251001-v1:0"
NOVA_2 = "us.amazon.nova-2-lite-v1:0"
GPT_OSS = "openai.gpt-oss-120b-1:0"
GPT_5 = "openai.gpt-5.6"
GPT_6 = "openai.gpt-6"
KIMI = "moonshot.kimi-k2-thinking"
V31 = "deepseek.v3-v1:0"
R1 = "us.deepseek.r1-v1:0"
QWEN = "qwen.qwen3-32b-v1:0"
ARN = "arn:aws:bedrock:us-east-1:123456789012:"

MANUAL = {"thinking": {"type": "enabled", "budget_tokens": 1024}}
ADAPTIVE = {"thinking": {"type": "adaptive"}, "output_config": {"effort": "high"}}


def nova(kind, **more):
    return {"reasoningConfig": {"type": kind} | more}


def fields(client, model, extra, **more):
    return ask(client, "Hi", model=model, additionalModelRequestFields=extra, **more)


@pytest.mark.parametrize("model,extra,more", [
    (CLAUDE, MANUAL, {"inferenceConfig": {"maxTokens": 1025}}),
    (CLAUDE, {"reasoning_config": {"type": "enabled", "budget_tokens": 1024}}, {}),
    (CLAUDE_46, MANUAL, {}),
    (CLAUDE_46, ADAPTIVE, {}),
    (CLAUDE_5, {"thinking": {"type": "adaptive"}, "output_config": {"effort": "xhigh"}}, {}),
    (CLAUDE_46, {"thinking": {"type": "adaptive"}}, {"outputConfig": {"effort": "low"}}),
    (NOVA_2, nova("enabled", maxReasoningEffort="medium"), {"inferenceConfig": {"maxTokens": 100}}),
    (NOVA_2, nova("enabled", maxReasoningEffort="high"), {}),
    (GPT_OSS, {"reasoning_effort": "low"}, {}),
    (GPT_5, {"reasoning": {"effort": "minimal"}}, {}),
    (GPT_6, {"reasoning": {"effort": "low"}, "text": {"verbosity": "low"}}, {}),
    (KIMI, {"reasoning_effort": "max"}, {}),
    (V31, {"reasoning_config": "medium"}, {}),
    (R1, {}, {}),
])
def test_each_family_reasons_in_its_dialect(bedrock, model, extra, more):
    reply = fields(bedrock, model, extra, **more)
    kinds = [next(iter(block)) for block in reply["output"]["message"]["content"]]
    assert kinds == ["reasoningContent", "text"]
    signed = "signature" in reply["output"]["message"]["content"][0]["reasoningContent"]["reasoningText"]
    assert signed == ("claude" in model)


@pytest.mark.parametrize("model,extra", [
    (CLAUDE, {"thinking": {"type": "disabled"}}), (NOVA_2, nova("disabled")), (CLAUDE, {"top_k": 5}),
    (GPT_5, {"reasoning": {"effort": "none"}}), (NOVA, {"inferenceConfig": {"topK": 5}}),
    (LLAMA, {"top_k": 5}), ("cohere.command-r-plus-v1:0", {"presence_penalty": 0.5}),
    ("ai21.jamba-1-5-large-v1:0", {"presencePenalty": {"scale": 1}}), (GPT_OSS, {"seed": 1}),
    (CLAUDE, {"metadata": {"user_id": "u"}, "anthropic_beta": ["x"]}),
])
def test_other_fields_of_a_family(bedrock, model, extra):
    reply = fields(bedrock, model, extra)
    assert reply["output"]["message"]["content"] == [{"text": "Echo: Hi"}]


@pytest.mark.parametrize("model,extra,more,words", [
    (GPT_5, {"reasoning_effort": "high"}, {}, "Unknown parameter: 'reasoning_effort'"),
    (GPT_OSS, {"thinking": {"type": "enabled"}}, {}, "Unknown parameter: 'thinking'"),
    (GPT_OSS, {"reasoning": {"effort": "low"}}, {}, "Unknown parameter: 'reasoning'"),
    (GPT_OSS, {"reasoning_effort": "xhigh"}, {}, "'reasoning_effort' does not support 'xhigh'"),
    (GPT_6, {"reasoning": {"effort": "minimal"}}, {}, "'reasoning.effort' does not support 'minimal'"),
    (KIMI, {"reasoning_effort": "medium"}, {}, "Supported values are: 'low', 'high', 'max'"),
    (NOVA, nova("enabled", maxReasoningEffort="low"), {},
     "the provided reasoning config value is invalid"),
    (NOVA_2, nova("enabled", maxReasoningEffort="max"), {},
     "the provided reasoning config value is invalid"),
    (NOVA_2, nova("enabled", maxReasoningEffort="high"), {"inferenceConfig": {"maxTokens": 9}},
     "must not be set when maxReasoningEffort is high"),
    (NOVA, {"top_k": 5}, {}, "extraneous key [top_k] is not permitted"),
    (NOVA, MANUAL, {}, "extraneous key [thinking] is not permitted"),
    (QWEN, {"reasoning_config": "low"}, {}, "extraneous key [reasoning_config]"),
    (R1, {"reasoning_config": "low"}, {}, "extraneous key [reasoning_config]"),
    (V31, {"reasoning_config": "max"}, {}, "reasoning_config: Input should be 'low', 'medium', 'high'"),
    (CLAUDE, {"response_format": {"type": "text"}}, {}, "Extra inputs are not permitted"),
    (CLAUDE_3, MANUAL, {}, "thinking: Extra inputs are not permitted"),
    (CLAUDE, ADAPTIVE, {}, "This model does not support the effort parameter."),
    (CLAUDE, {"thinking": {"type": "adaptive"}}, {}, "adaptive thinking is not supported"),
    (CLAUDE_46, {"output_config": {"effort": "xhigh"}}, {},
     "output_config.effort: Input should be 'low', 'medium', 'high', 'max'"),
    (CLAUDE_46, ADAPTIVE, {"outputConfig": {"effort": "low"}}, "conflicts with the outputConfig.effort"),
    (NOVA, {}, {"outputConfig": {"effort": "low"}}, "support the outputConfig.effort field"),
    (OPUS_47, MANUAL, {}, '"thinking.type.enabled" is not supported for this model.'),
    (OPUS_47, {"top_k": 5}, {}, "`top_k` is deprecated for this model."),
    (CLAUDE, {"thinking": {"type": "enabled", "budget_tokens": 1023}}, {}, "or equal to 1024"),
    (CLAUDE, MANUAL, {"inferenceConfig": {"maxTokens": 1024}},
     "`max_tokens` must be greater than `thinking.budget_tokens`."),
    (CLAUDE, MANUAL, {"inferenceConfig": {"temperature": 0.5}}, "may only be set to 1 when thinking"),
    (CLAUDE, MANUAL, {"inferenceConfig": {"topP": 0.5}}, "`top_p` must be greater than or equal to 0.95"),
    (CLAUDE, MANUAL | {"top_k": 5}, {}, "`top_k` must be unset when thinking is enabled."),
    (SONNET_4, MANUAL, {"toolConfig": TOOLS | {"toolChoice": {"any": {}}}},
     "Thinking may not be enabled when tool_choice forces tool use."),
    (CLAUDE, {"tool_choice": {"disable_parallel_tool_use": True}}, {"toolConfig": TOOLS},
     "tool_choice.type: Field required"),
    (CLAUDE, {"tool_choice": {"type": "auto"}}, {}, "only be specified while providing tools"),
    (CLAUDE, {"tool_choice": {"type": "auto"}}, {"toolConfig": TOOLS | {"toolChoice": {"any": {}}}},
     "conflicts with the toolConfig.toolChoice field"),
    (GPT_5, {}, {"inferenceConfig": {"temperature": 0}},
     "Unsupported parameter: 'temperature' is not supported with this model."),
])
def test_refused_fields(bedrock, model, extra, more, words):
    found = refusal(lambda: fields(bedrock, model, extra, **more))
    assert found[:2] == (400, "ValidationException") and words in found[2]


def test_parallel_calls_can_be_turned_off(bedrock):
    reply = fields(bedrock, CLAUDE, {"tool_choice": {"type": "auto", "disable_parallel_tool_use": True}},
                   toolConfig=TOOLS)
    assert reply["stopReason"] == "end_turn"


AUTO, ANY, NAMED = {"auto": {}}, {"any": {}}, {"tool": {"name": "get_time"}}


@pytest.mark.parametrize("model,taken", [
    (CLAUDE, "auto any tool none"), (NOVA, "auto any tool none"),
    ("mistral.mistral-large-2402-v1:0", "auto any none"), (LLAMA, "auto none"), (V31, "any"),
    ("deepseek.v3.2", "any tool none"), (GPT_OSS, "none"), (QWEN, "none"),
])
def test_tool_choices(bedrock, model, taken):
    for name, choice in (("auto", AUTO), ("any", ANY), ("tool", NAMED), ("none", None)):
        config = {"tools": [CLOCK]} | ({"toolChoice": choice} if choice else {})
        call = lambda: ask(bedrock, "Hi", model=model, toolConfig=config)
        if name in taken.split():
            assert call()["stopReason"] == ("tool_use" if name in ("any", "tool") else "end_turn")
        elif choice:
            assert f"support the toolConfig.toolChoice.{name} field. Remove" in refusal(call)[2]
        else:
            assert "requires the toolConfig.toolChoice field" in refusal(call)[2]


@pytest.mark.parametrize("model", [LLAMA, "mistral.mistral-large-3-675b-instruct",
                                   "ai21.jamba-1-5-large-v1:0", "us.writer.palmyra-x5-v1:0"])
def test_no_tools_in_streams(bedrock, model):
    call = lambda: ask_stream(bedrock, "Hi", model=model, toolConfig={"tools": [CLOCK]})
    assert refusal(call)[2] == "This model doesn't support tool use in streaming mode."
    assert ask_stream(bedrock, "Hi", model=model)


@pytest.mark.parametrize("model,takes", [(CLAUDE, True), (GPT_OSS, True), (QWEN, True), (NOVA, False),
                                         (LLAMA, False), (OPUS_47, False)])
def test_structured_output(bedrock, model, takes):
    schema = {"type": "object", "additionalProperties": False, "required": ["a"],
              "properties": {"a": {"type": "integer"}}}
    call = lambda: ask(bedrock, "Hi", model=model, outputConfig=structured(schema))
    if takes:
        assert text_of(call()) == '{"a":42}'
    else:
        assert "support the outputConfig.textFormat field" in refusal(call)[2]


def test_strict_tools(bedrock):
    config = tool({"type": "object", "properties": {}, "additionalProperties": False}, strict=True)
    assert ask(bedrock, "Hi", model=CLAUDE, toolConfig=config)["stopReason"] == "end_turn"
    assert "toolSpec.strict" in refusal(lambda: ask(bedrock, "Hi", toolConfig=config))[2]


def test_system_tools(bedrock):
    config = {"tools": [{"systemTool": {"name": "nova_grounding"}}]}
    assert "systemTool" in refusal(lambda: ask(bedrock, "Hi", toolConfig=config))[2]
    reply = ask(bedrock, "Please call nova_grounding", model=NOVA_2, toolConfig=config)
    call, result, text = reply["output"]["message"]["content"]
    assert call["toolUse"]["type"] == "server_tool_use"
    assert result["toolResult"]["toolUseId"] == call["toolUse"]["toolUseId"]
    assert text["text"].startswith("Echo: ") and reply["stopReason"] == "end_turn"


def test_reasoning_goes_back_with_its_calls(bedrock):
    """A tool loop under manual thinking, with the reasoning where it was, and without it."""
    request = {"modelId": CLAUDE, "toolConfig": TOOLS, "additionalModelRequestFields": MANUAL}
    first = bedrock.converse(messages=[user("call get_time")], **request)["output"]["message"]
    reasoning, call = first["content"]
    result = user({"toolResult": {"toolUseId": call["toolUse"]["toolUseId"],
                                  "content": [{"text": "noon"}]}})
    go_on = lambda *content: bedrock.converse(
        messages=[user("call get_time"), assistant(*content), result], **request)
    assert go_on(reasoning, call)["stopReason"] == "end_turn"
    assert "but found `tool_use`" in refusal(lambda: go_on(call))[2]
    assert "but found `text`" in refusal(lambda: go_on("Hm.", call))[2]


def test_hidden_thinking(bedrock):
    hidden = fields(bedrock, OPUS_47, {"thinking": {"type": "adaptive"}})["output"]["message"]
    block = hidden["content"][0]["reasoningContent"]["reasoningText"]
    assert block["text"] == "" and block["signature"]
    shown = fields(bedrock, OPUS_47, {"thinking": {"type": "adaptive", "display": "summarized"}})
    assert shown["output"]["message"]["content"][0]["reasoningContent"]["reasoningText"]["text"]
    again = bedrock.converse(modelId=OPUS_47, messages=[user("Hi"), hidden, user("And?")])
    assert again["stopReason"] == "end_turn"


# Disguises

@pytest.mark.parametrize("words,request_,refused", [
    ("as=anthropic.claude-opus-4-7", dict(inferenceConfig={"temperature": 0}),
     "`temperature` is deprecated"),
    ("without=tools", dict(toolConfig=TOOLS), "doesn't support tool use."),
    ("without=choice_any,choice_tool", dict(toolConfig=TOOLS | {"toolChoice": ANY}), "toolChoice.any"),
    ("with=one_sampler", dict(inferenceConfig={"temperature": 0, "topP": 1}), "cannot both"),
    ("without=on_demand", {}, "with on-demand throughput isn't supported. Retry your request with the "
                              "ID or ARN of an inference profile that contains this model."),
    ("without=system", dict(system=[{"text": "s"}]), "system messages"),
    ("dialect=nova2", dict(additionalModelRequestFields=nova("enabled")), "reasoning config value"),
])
def test_disguises(bedrock, words, request_, refused):
    call = lambda prompt: ask(bedrock, prompt, **request_)
    assert refused in refusal(lambda: call(f"Hi [sim {words}]"))[2]
    if "dialect" not in words:
        assert call("Hi")["stopReason"]


def test_a_disguise_with_more_levels(bedrock):
    """A model of budgets that has become adaptive, and what a gateway then sends."""
    found = refusal(lambda: fields(bedrock, CLAUDE, {"output_config": {"effort": "xhigh"}}))
    assert "does not support the effort parameter" in found[2]
    reply = ask(bedrock, "Hi [sim dialect=adaptive_only]", model=CLAUDE, additionalModelRequestFields={
        "thinking": {"type": "adaptive"}, "output_config": {"effort": "xhigh"}})
    assert reply["stopReason"] == "end_turn"


def test_a_model_without_streaming(bedrock):
    found = refusal(lambda: ask_stream(bedrock, "Hi [sim without=streaming]"))
    assert "does not support streaming" in found[2]
    assert text_of(ask(bedrock, "Hi [sim without=streaming]")) == "Echo: Hi"


def test_a_model_without_caching(bedrock):
    assert refusal(lambda: ask(bedrock, "Hi [sim without=cache]", cache()))[1] == "AccessDeniedException"


def test_a_profile_serves_a_model_without_on_demand(bedrock):
    assert text_of(ask(bedrock, "Hi [sim without=on_demand]", model="us." + NOVA)) == "Echo: Hi"


@pytest.mark.parametrize("words", ["as=nobody", "without=taste", "with=wings", "dialect=latin"])
def test_disguises_that_are_none(bedrock, words):
    assert refusal(lambda: ask(bedrock, f"Hi [sim {words}]"))[1] == "SimulatorException"


# Ids and ARNs

@pytest.mark.parametrize("model", [
    "application-inference-profile/o4p5u6s7x8y9", "application-inference-profile/h0i1d2d3e4n5"])
def test_profiles_hide_a_family(bedrock, model):
    call = lambda: ask(bedrock, "Hi", model=ARN + model, inferenceConfig={"temperature": 0})
    assert "`temperature` is deprecated for this model." in refusal(call)[2]


def test_the_control_plane_does_not_tell_of_hidden_profiles(sim):
    control = sim.client("bedrock")
    hidden = ARN + "application-inference-profile/h0i1d2d3e4n5"
    assert refusal(lambda: control.get_inference_profile(
        inferenceProfileIdentifier=hidden))[:2] == (403, "AccessDeniedException")
    listed = control.list_inference_profiles(maxResults=1000)["inferenceProfileSummaries"]
    assert hidden not in [profile["inferenceProfileArn"] for profile in listed]


def test_a_profile_of_a_profile(sim):
    control = sim.client("bedrock")
    profile = control.get_inference_profile(
        inferenceProfileIdentifier=ARN + "application-inference-profile/p1r2o3f4i5l6")
    (source,) = [model["modelArn"] for model in profile["models"]]
    assert ":inference-profile/us.anthropic." in source
    models = control.get_inference_profile(inferenceProfileIdentifier=source)["models"]
    assert models[0]["modelArn"].endswith("foundation-model/" + HAIKU_45.removeprefix("us."))


@pytest.mark.parametrize("resource", [
    "provisioned-model/bcdefghij123", "custom-model-deployment/d1e2p3l4o5y6",
    "prompt-router/r1o2u3t4e5r6", "default-prompt-router/anthropic.claude:1"])
def test_other_resources(bedrock, resource):
    reply = ask(bedrock, "Hi", model=ARN + resource)
    assert text_of(reply) == "Echo: Hi"
    routed = "router" in resource
    assert ("trace" in reply) == routed
    if routed:
        assert ":foundation-model/" in reply["trace"]["promptRouter"]["invokedModelId"]


def test_endpoints_and_imported_models(bedrock):
    endpoint = "arn:aws:sagemaker:us-east-1:123456789012:endpoint/sim-endpoint"
    assert text_of(ask(bedrock, "Hi", model=endpoint)) == "Echo: Hi"
    found = refusal(lambda: ask(bedrock, "Hi", model=ARN + "imported-model/abc"))
    assert "This action doesn't support the model that you provided." in found[2]


def test_prompts(bedrock):
    prompt = {"modelId": ARN + "prompt/PROMPT1234:1"}
    reply = bedrock.converse(promptVariables={"topic": {"text": "rain"}}, **prompt)
    assert text_of(reply) == "Echo:  [topic rain]"
    assert "system field can't be used with a prompt" in refusal(
        lambda: bedrock.converse(system=[{"text": "s"}], **prompt))[2]
    assert "promptVariables can only be used with a prompt" in refusal(
        lambda: ask(bedrock, "Hi", promptVariables={"topic": {"text": "rain"}}))[2]


def test_provisioned_models(sim):
    control = sim.client("bedrock")
    listed = control.list_provisioned_model_throughputs()["provisionedModelSummaries"]
    assert [model["provisionedModelName"] for model in listed] == [
        "pro-units", "haiku-units", "micro-units"]
    pages = control.get_paginator("list_provisioned_model_throughputs").paginate(
        PaginationConfig={"PageSize": 1})
    assert [page["provisionedModelSummaries"] for page in pages] == [[model] for model in listed]
    one = control.get_provisioned_model_throughput(provisionedModelId=listed[1]["provisionedModelArn"])
    assert one["foundationModelArn"].endswith(HAIKU_45.removeprefix("us."))
    ready = control.list_provisioned_model_throughputs(statusEquals="InService")
    assert len(ready["provisionedModelSummaries"]) == 2
    assert refusal(lambda: control.get_provisioned_model_throughput(
        provisionedModelId="none"))[:2] == (404, "ResourceNotFoundException")


def test_lifecycles(sim):
    models = {model["modelId"]: model["modelLifecycle"] for model in
              sim.client("bedrock").list_foundation_models()["modelSummaries"]}
    assert models[NOVA]["status"] == "ACTIVE" and "endOfLifeTime" not in models[NOVA]
    assert models[CLAUDE_3]["status"] == "LEGACY"
    assert models[CLAUDE_3]["endOfLifeTime"] > models["anthropic.claude-v2:1"]["endOfLifeTime"]


def test_split_results_of_a_disguise(bedrock):
    request = dict(toolConfig=TOOLS, modelId=NOVA)
    messages = lambda prompt: [user("a"), assistant(CALL), user(RESULT, prompt)]
    assert bedrock.converse(messages=messages("b"), **request)["stopReason"] == "end_turn"
    found = refusal(lambda: bedrock.converse(messages=messages("b [sim with=split_results]"), **request))
    assert "cannot be provided in the same turn" in found[2]


def test_pictures_of_a_disguise(bedrock):
    found = refusal(lambda: ask(bedrock, PICTURE, "b [sim without=images]"))
    assert "This model doesn't support the image field." in found[2]


def test_reasoning_of_nova_2_is_taken_back(bedrock):
    messages = [user("a"), assistant(thought("b", None), "c"), user("d")]
    assert bedrock.converse(modelId=NOVA_2, messages=messages)["stopReason"] == "end_turn"
