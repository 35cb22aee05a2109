"""The simulator as boto3 sees it: answers, streams, tools, models, authentication."""
import json

import boto3
import botocore.session
import pytest
from sim_process import ACCESS_KEY, BEARER, SECRET_KEY, Simulator
from sim_requests import (
    CLAUDE, CLAUDE_5, CLOCK, MISTRAL, NOVA, TOOLS, WEATHER_INPUT, ask, ask_stream, deltas, png,
    raw, refusal, streamed_text, text_of, user,
)


# Answers


def test_converse(sim, bedrock):
    reply = ask(bedrock, "Hello", system=[{"text": "Be brief."}])
    assert reply["output"]["message"] == {"role": "assistant", "content": [{"text": "Echo: Hello"}]}
    assert reply["stopReason"] == "end_turn"
    # ceil((5 + 9) / 4) and ceil(11 / 4).
    assert reply["usage"] == {"inputTokens": 4, "outputTokens": 3, "totalTokens": 7}
    assert reply["metrics"] == {"latencyMs": 0}
    assert reply["ResponseMetadata"]["RequestId"]
    stats = sim.stats()
    assert stats["requests"]["Converse"] == {"200": 1}
    assert stats["tokens"] == {"input": 4, "output": 3, "cache_read": 0, "cache_write": 0}


def test_converse_stream(sim, bedrock):
    events = ask_stream(bedrock, "Grüße, 世界! " * 20)
    assert list(events[0]) == ["messageStart"]
    assert list(events[-2]) == ["messageStop"] and list(events[-1]) == ["metadata"]
    assert streamed_text(events) == "Echo: " + ("Grüße, 世界! " * 20)
    assert len(deltas(events)) > 10
    assert events[-2]["messageStop"]["stopReason"] == "end_turn"
    usage = events[-1]["metadata"]["usage"]
    assert usage["totalTokens"] == usage["inputTokens"] + usage["outputTokens"]
    assert sim.stats()["tokens"]["output"] == usage["outputTokens"]
    assert sim.stats()["streams"]["completed"] == 1


def test_stream_and_whole_agree(bedrock):
    question = "call get_weather then call get_time"
    whole = ask(bedrock, question, toolConfig=TOOLS)
    events = ask_stream(bedrock, question, toolConfig=TOOLS)
    assert events[-1]["metadata"]["usage"] == whole["usage"]
    assert events[-2]["messageStop"]["stopReason"] == whole["stopReason"]


def test_generated_length_and_chunks(bedrock):
    events = ask_stream(bedrock, "[sim chars=1000 chunk=100]")
    assert len(streamed_text(events)) == 1000
    assert len(deltas(events)) == 10


def test_max_tokens_cuts(bedrock):
    reply = ask(bedrock, "a" * 100, inferenceConfig={"maxTokens": 5})
    assert text_of(reply) == ("Echo: " + "a" * 100)[:20]
    assert reply["stopReason"] == "max_tokens"
    assert reply["usage"]["outputTokens"] == 5


def test_stop_sequence(bedrock):
    reply = ask(bedrock, "one two END three", inferenceConfig={"stopSequences": ["END", "three"]},
                additionalModelResponseFieldPaths=["/stop_sequence"])
    assert text_of(reply) == "Echo: one two "
    assert reply["stopReason"] == "stop_sequence"
    assert reply["additionalModelResponseFields"] == {"stop_sequence": "END"}


def test_image(bedrock):
    picture = png()
    reply = ask(bedrock, "What is it?", {"image": {"format": "png", "source": {"bytes": picture}}})
    assert text_of(reply) == f"Echo: What is it? [image png {len(picture)} bytes 2x3]"
    assert reply["usage"]["inputTokens"] == 3 + 258


def test_cache_usage(sim, bedrock):
    reply = ask(bedrock, "Hi [cache 100/20]", model=CLAUDE)
    assert text_of(reply) == "Echo: Hi"
    usage = reply["usage"]
    assert (usage["cacheReadInputTokens"], usage["cacheWriteInputTokens"]) == (100, 20)
    assert usage["totalTokens"] == usage["inputTokens"] + usage["outputTokens"] + 120
    assert sim.stats()["tokens"]["cache_read"] == 100


def test_tiers_are_echoed(bedrock):
    reply = ask(bedrock, "Hi", serviceTier={"type": "flex"}, performanceConfig={"latency": "optimized"})
    assert reply["serviceTier"] == {"type": "flex"}
    assert reply["performanceConfig"] == {"latency": "optimized"}


def test_guardrail(bedrock):
    guard = {"guardrailIdentifier": "abc123", "guardrailVersion": "1", "trace": "enabled"}
    reply = ask(bedrock, "Bad [sim guardrail]", guardrailConfig=guard)
    assert reply["stopReason"] == "guardrail_intervened"
    assert reply["trace"]["guardrail"]["inputAssessment"]["abc123"]["contentPolicy"]["filters"]


STOP_REASONS = botocore.session.get_session().get_service_model("bedrock-runtime").shape_for(
    "StopReason").enum


@pytest.mark.parametrize("reason", STOP_REASONS)
def test_every_stop_reason(bedrock, reason):
    assert ask(bedrock, f"Hi [sim stop={reason}]")["stopReason"] == reason


# Tools and reasoning


def test_tool_round_trip(bedrock):
    messages = [user("call get_weather")]
    reply = bedrock.converse(modelId=NOVA, messages=messages, toolConfig=TOOLS)
    assert reply["stopReason"] == "tool_use"
    (call,) = reply["output"]["message"]["content"]
    assert call["toolUse"]["name"] == "get_weather"
    assert call["toolUse"]["input"] == WEATHER_INPUT
    identity = call["toolUse"]["toolUseId"]
    result = {"toolResult": {"toolUseId": identity, "content": [{"text": "Sunny"}]}}
    messages += [reply["output"]["message"], user(result)]
    reply = bedrock.converse(modelId=NOVA, messages=messages, toolConfig=TOOLS)
    assert text_of(reply) == f"Results: {identity} = Sunny"


@pytest.mark.parametrize("interleave", ["", "[sim interleave]"])
def test_parallel_tools_in_a_stream(bedrock, interleave):
    events = ask_stream(bedrock, f"call get_weather, call get_time and call get_weather{interleave}",
                        toolConfig=TOOLS)
    starts = [event["contentBlockStart"] for event in events if "contentBlockStart" in event]
    assert [start["start"]["toolUse"]["name"] for start in starts] == [
        "get_weather", "get_time", "get_weather"]
    assert len({start["start"]["toolUse"]["toolUseId"] for start in starts}) == 3
    inputs = {start["contentBlockIndex"]: "" for start in starts}
    for delta in deltas(events):
        inputs[delta["contentBlockIndex"]] += delta["delta"]["toolUse"]["input"]
    assert json.loads(inputs[0]) == json.loads(inputs[2]) == WEATHER_INPUT
    assert inputs[1] == ""  # A call without arguments streams none.


@pytest.mark.parametrize("choice,name", [({"any": {}}, "get_weather"),
                                         ({"tool": {"name": "get_time"}}, "get_time")])
def test_forced_tool(bedrock, choice, name):
    reply = ask(bedrock, "Hi", toolConfig=TOOLS | {"toolChoice": choice})
    assert [block["toolUse"]["name"] for block in reply["output"]["message"]["content"]] == [name]


def test_auto_does_not_call_unasked(bedrock):
    assert text_of(ask(bedrock, "Hi", toolConfig=TOOLS | {"toolChoice": {"auto": {}}})) == "Echo: Hi"


def test_mistral_ids(bedrock):
    reply = ask(bedrock, "call get_time", model=MISTRAL, toolConfig={"tools": [CLOCK]})
    identity = reply["output"]["message"]["content"][0]["toolUse"]["toolUseId"]
    assert len(identity) == 9 and identity.isalnum()


def test_reasoning_round_trip(bedrock):
    fields = {"thinking": {"type": "enabled", "budget_tokens": 1024}}
    call = {"modelId": CLAUDE, "additionalModelRequestFields": fields,
            "inferenceConfig": {"maxTokens": 2000}}
    messages = [user("Why?")]
    reply = bedrock.converse(messages=messages, **call)
    reasoning, text = reply["output"]["message"]["content"]
    assert reasoning["reasoningContent"]["reasoningText"]["text"] == "Thinking about: Why?"
    assert reasoning["reasoningContent"]["reasoningText"]["signature"]
    assert text == {"text": "Echo: Why?"}
    messages += [reply["output"]["message"], user("And?")]
    assert bedrock.converse(messages=messages, **call)["stopReason"] == "end_turn"
    reasoning["reasoningContent"]["reasoningText"]["signature"] = "forged"
    assert "Invalid `signature`" in refusal(lambda: bedrock.converse(messages=messages, **call))[2]


def test_reasoning_in_a_stream(bedrock):
    events = ask_stream(bedrock, "Why?", model=CLAUDE_5,
                        additionalModelRequestFields={"thinking": {"type": "adaptive"}})
    reasoning = [delta["delta"]["reasoningContent"] for delta in deltas(events)
                 if "reasoningContent" in delta["delta"]]
    assert "".join(part.get("text", "") for part in reasoning) == "Thinking about: Why?"
    assert [part["signature"] for part in reasoning if "signature" in part]
    redacted = ask_stream(bedrock, "Why? [sim redacted]", model=CLAUDE_5,
                          additionalModelRequestFields={"thinking": {"type": "adaptive"}})
    assert deltas(redacted)[0]["delta"]["reasoningContent"]["redactedContent"] == b"redacted"


def test_structured_output(bedrock):
    schema = {"type": "object", "properties": {"name": {"type": "string"}, "age": {"type": "integer"}},
              "required": ["name"], "additionalProperties": False}
    form = {"textFormat": {"type": "json_schema", "structure": {
        "jsonSchema": {"name": "person", "schema": json.dumps(schema)}}}}
    reply = ask(bedrock, "Hi", model=CLAUDE, outputConfig=form)
    assert json.loads(text_of(reply)) == {"name": "value of name", "age": 42}
    open_schema = form["textFormat"]["structure"]["jsonSchema"]
    open_schema["schema"] = json.dumps({"type": "object", "properties": {}})
    assert "additionalProperties" in refusal(
        lambda: ask(bedrock, "Hi", model=CLAUDE, outputConfig=form))[2]


# Models


@pytest.mark.parametrize("model", [
    "us.amazon.nova-lite-v1:0",
    "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-lite-v1:0",
    "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.amazon.nova-lite-v1:0",
    "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/a1b2c3d4e5f6",
    "arn:aws:bedrock:us-east-1:123456789012:provisioned-model/abcdefghij12",
])
def test_model_ids(sim, bedrock, model):
    assert text_of(ask(bedrock, "Hi", model=model)) == "Echo: Hi"
    path = sim.last()["path"]
    assert "%3A" in path and path.count("/") == 3


@pytest.mark.parametrize("model,status,code,words", [
    ("amazon.nova-nonsense-v1:0", 400, "ValidationException",
     "The provided model identifier is invalid."),
    ("anthropic.claude-sonnet-4-5-20250929-v1:0", 400, "ValidationException",
     "on-demand throughput isn"),
    ("sim.access-denied-v1:0", 403, "AccessDeniedException", "You don't have access to the model"),
    ("sim.not-found-v1:0", 404, "ResourceNotFoundException", "Could not resolve"),
    ("anthropic.claude-v2:1", 404, "ResourceNotFoundException", "end of its life"),
    ("arn:aws:bedrock:eu-west-1::foundation-model/amazon.nova-lite-v1:0", 400,
     "ValidationException", "The provided model identifier is invalid."),
    ("amazon.titan-embed-text-v2:0", 400, "ValidationException", "doesn't support the Converse"),
])
def test_model_refusals(bedrock, model, status, code, words):
    found = refusal(lambda: ask(bedrock, "Hi", model=model))
    assert found[:2] == (status, code) and words in found[2]


def test_list_foundation_models(sim):
    control = sim.client("bedrock")
    models = {model["modelId"]: model for model in control.list_foundation_models()["modelSummaries"]}
    assert models[NOVA]["inferenceTypesSupported"] == ["ON_DEMAND"]
    assert models[NOVA]["modelLifecycle"]["status"] == "ACTIVE"
    text = control.list_foundation_models(byOutputModality="TEXT", byProvider="amazon")
    assert {model["providerName"] for model in text["modelSummaries"]} == {"Amazon"}
    assert 0 < len(text["modelSummaries"]) < len(models)


def test_list_inference_profiles_pages(sim):
    control = sim.client("bedrock")
    whole = control.list_inference_profiles(maxResults=1000)
    assert "nextToken" not in whole
    pages = control.get_paginator("list_inference_profiles").paginate(PaginationConfig={"PageSize": 7})
    paged = [profile for page in pages for profile in page["inferenceProfileSummaries"]]
    assert paged == whole["inferenceProfileSummaries"] and len(paged) > 20
    own = control.list_inference_profiles(typeEquals="APPLICATION")["inferenceProfileSummaries"]
    assert {profile["type"] for profile in own} == {"APPLICATION"}
    one = control.get_inference_profile(inferenceProfileIdentifier=own[0]["inferenceProfileArn"])
    assert one["inferenceProfileId"] == own[0]["inferenceProfileId"]
    assert refusal(lambda: control.get_inference_profile(
        inferenceProfileIdentifier="none"))[:2] == (404, "ResourceNotFoundException")


# Authentication


def test_wrong_secret(sim):
    client = sim.client(aws_secret_access_key="wrong")
    found = refusal(lambda: ask(client, "Hi"))
    assert found[:2] == (403, "InvalidSignatureException")
    assert found[2].startswith("The request signature we calculated does not match")


@pytest.mark.parametrize("options,code", [
    ({"aws_access_key_id": "AKIDOTHER"}, "UnrecognizedClientException"),
    ({"aws_session_token": "surplus"}, "UnrecognizedClientException"),
    ({"aws_session_token": "EXPIRED"}, "ExpiredTokenException"),
])
def test_wrong_identity(sim, options, code):
    assert refusal(lambda: ask(sim.client(**options), "Hi"))[:2] == (403, code)


def test_wrong_region(sim):
    client = boto3.client("bedrock-runtime", endpoint_url=sim.url, region_name="eu-west-1",
                          aws_access_key_id=ACCESS_KEY, aws_secret_access_key=SECRET_KEY)
    assert "valid region" in refusal(lambda: ask(client, "Hi"))[2]


@pytest.mark.parametrize("minutes,words", [(-6, "Signature expired"), (6, "Signature not yet current")])
def test_clock_skew(sim, monkeypatch, minutes, words):
    import datetime

    import botocore.auth
    shifted = lambda *_, **__: datetime.datetime.now(datetime.timezone.utc).replace(
        tzinfo=None) + datetime.timedelta(minutes=minutes)
    name = "get_current_datetime" if hasattr(botocore.auth, "get_current_datetime") else None
    assert name, "botocore's clock moved"
    monkeypatch.setattr(botocore.auth, name, shifted)
    found = refusal(lambda: ask(sim.client(), "Hi"))
    assert found[:2] == (403, "InvalidSignatureException") and words in found[2]


def bearer_client(sim):
    """boto3 sends a bearer key over TLS only: the scheme is changed after it has checked."""
    client = boto3.client("bedrock-runtime", endpoint_url=f"https://{sim.host}:{sim.port}",
                          region_name="us-east-1")

    def to_plain_http(request, **_):
        request.url = request.url.replace("https://", "http://")

    client.meta.events.register("before-send", to_plain_http)
    return client


def test_bearer(sim, monkeypatch):
    monkeypatch.setenv("AWS_BEARER_TOKEN_BEDROCK", BEARER)
    assert text_of(ask(bearer_client(sim), "Hi")) == "Echo: Hi"
    assert ["Authorization", "[redacted]"] in sim.last()["headers"]
    assert not any(name.lower() == "x-amz-date" for name, _ in sim.last()["headers"])
    monkeypatch.setenv("AWS_BEARER_TOKEN_BEDROCK", "wrong")
    assert refusal(lambda: ask(bearer_client(sim), "Hi"))[:2] == (403, "AccessDeniedException")


def test_no_authentication(sim):
    status, headers, body = raw(sim, "POST", "/model/x/converse", b"{}")
    assert (status, body) == (403, {"message": "Missing Authentication Token"})
    assert headers["x-amzn-ErrorType"].startswith("MissingAuthenticationTokenException:")


def test_unencoded_slash_is_another_operation(sim):
    status, _, body = raw(sim, "POST", "/model/arn:aws:x/abc/converse", b"{}")
    assert status == 200
    assert body["Output"]["__type"].endswith("#UnknownOperationException")


def test_session_token_when_wanted():
    simulator = Simulator("--session-token", "TOKEN")
    try:
        assert text_of(ask(simulator.client(aws_session_token="TOKEN"), "Hi")) == "Echo: Hi"
        assert refusal(lambda: ask(simulator.client(), "Hi"))[0] == 403
    finally:
        simulator.stop()


def test_last_request(sim, bedrock):
    ask(bedrock, "Hello", inferenceConfig={"maxTokens": 5})
    last = sim.last()
    assert (last["method"], last["path"]) == ("POST", "/model/amazon.nova-lite-v1%3A0/converse")
    assert json.loads(last["body"]) == {"messages": [{"role": "user", "content": [{"text": "Hello"}]}],
                                        "inferenceConfig": {"maxTokens": 5}}
    assert ["Authorization", "[redacted]"] in last["headers"]


def test_several_workers_and_a_port_file(tmp_path):
    simulator = Simulator("--workers", "3", "--port-file", str(tmp_path / "port"))
    try:
        assert int((tmp_path / "port").read_text()) == simulator.port
        for number in range(12):  # A client each: the kernel spreads the connections.
            assert text_of(ask(simulator.client(), f"Hi {number}")) == f"Echo: Hi {number}"
        assert simulator.stats()["requests"]["Converse"] == {"200": 12}
    finally:
        simulator.stop()
