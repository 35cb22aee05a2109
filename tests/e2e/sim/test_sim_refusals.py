"""The error texts a prompt can ask for, and what the simulator tells of the requests it saw."""
import json
import pathlib
import re
import urllib.error
import urllib.request

import pytest
from botocore.exceptions import ClientError
from sim_requests import CLAUDE, NOVA, ask, ask_stream, raw_events, refusal, text_of

# name: exception, status, a part of the text by which it has to be recognised.
SAID = {
    "too_long": ("ValidationException", 400, "Input is too long for requested model"),
    "prompt_too_long": ("ValidationException", 400, "prompt is too long: 227255 tokens > 200000 maximum"),
    "context_length": ("ValidationException", 400, "maximum context length is 131072 tokens"),
    "context_limit": ("ValidationException", 400, "exceed context limit"),
    "input_tokens": ("ValidationException", 400, "Too many input tokens"),
    "prompt_tokens": ("ValidationException", 400, "prompt tokens (130000) exceed model maximum"),
    "max_tokens": ("ValidationException", 400, "The maximum tokens you requested exceeds the model limit of"),
    "requests": ("ThrottlingException", 429, "Too many requests, please wait"),
    "tokens": ("ThrottlingException", 429, "Too many tokens, please wait before trying again."),
    "tokens_day": ("ThrottlingException", 429, "Too many tokens per day"),
    "quota": ("ServiceQuotaExceededException", 400, "quota"),
    "model_id": ("ValidationException", 400, "The provided model identifier is invalid"),
    "on_demand": ("ValidationException", 400, "on-demand throughput isn't supported"),
    "on_demand_quote": ("ValidationException", 400, "on-demand throughput isn\u2019t supported"),
    "no_access": ("AccessDeniedException", 403, "You don't have access to the model"),
    "not_available": ("AccessDeniedException", 403, "Access to this model is not available"),
    "use_case": ("ResourceNotFoundException", 404, "Model use case details have not been submitted"),
    "end_of_life": ("ResourceNotFoundException", 404, "end of its life"),
    "legacy": ("ResourceNotFoundException", 404, "Legacy"),
    "not_resolved": ("ResourceNotFoundException", 404, "Could not resolve the foundation model"),
    "no_tools": ("ValidationException", 400, "doesn't support tool use."),
    "no_stream_tools": ("ValidationException", 400, "tool use in streaming mode"),
    "no_streaming": ("ValidationException", 400, "not support streaming"),
    "no_choice_any": ("ValidationException", 400, "the toolConfig.toolChoice.any field"),
    "no_choice_tool": ("ValidationException", 400, "the toolConfig.toolChoice.tool field"),
    "no_field": ("ValidationException", 400, "doesn't support the stopSequences field"),
    "no_system": ("ValidationException", 400, "doesn't support system messages"),
    "temperature": ("ValidationException", 400, "`temperature` is deprecated"),
    "one_sampler": ("ValidationException", 400, "cannot both be specified"),
    "thinking_enabled": ("ValidationException", 400, '"thinking.type.enabled" is not supported'),
    "prefill": ("ValidationException", 400, "does not support assistant message prefill"),
    "image_size": ("ValidationException", 400, "image exceeds 5 MB maximum"),
    "image_dimensions": ("ValidationException", 400, "image dimensions exceed max allowed size"),
    "image_garbage": ("ValidationException", 400, "Could not process image"),
    "many_images": ("ValidationException", 400, "too many images and documents"),
    "document_name": ("ValidationException", 400, "document file name"),
    "duplicate_document": ("ValidationException", 400, "duplicate document names"),
    "guardrail": ("ValidationException", 400, "guardrail identifier"),
    "reservation": ("ValidationException", 400, "Reservation not found"),
    "tier": ("ValidationException", 400, "service tier provided is invalid"),
    "grammar": ("ValidationException", 400, "compiled grammar is too large"),
    "schema": ("ValidationException", 400, "format.schema"),
    "unions": ("ValidationException", 400, "union types"),
    "openai_error": ("ValidationException", 400, '{"error":{"code":"unsupported_value"'),
    "secrets": ("AccessDeniedException", 403, "arn:aws:iam::123456789012:user/alice"),
}


@pytest.mark.parametrize("name", SAID)
def test_texts(sim, bedrock, name):
    code, status, words = SAID[name]
    for call in (ask, ask_stream):
        found = refusal(lambda call=call: call(bedrock, f"Hi [sim says={name}]"))
        assert found[:2] == (status, code) and words in found[2]
    # botocore knows only some exceptions of a stream: the frame itself is looked at.
    headers, payload = raw_events(sim, f"Hi [sim says={name} exception_after=2]")[-1]
    assert headers[":exception-type"] == code[0].lower() + code[1:]
    assert words in json.loads(payload)["message"]


def test_every_text_is_tested():
    source = pathlib.Path(__file__).resolve().parents[2] / "bedrock_sim" / "refusals.cc"
    assert set(re.findall(r'^    \{"(\w+)", k?"?', source.read_text(), re.M)) == set(SAID)


def test_unknown_text(bedrock):
    assert refusal(lambda: ask(bedrock, "[sim says=nothing]"))[1] == "SimulatorException"


@pytest.mark.parametrize("name,status", [
    ("InvalidClientTokenId", 403), ("SignatureDoesNotMatch", 403), ("IncompleteSignature", 403),
    ("RequestExpired", 403), ("InternalFailure", 500), ("ServiceUnavailable", 503),
    ("SerializationException", 400), ("MalformedHttpRequestException", 400), ("ValidationError", 400),
    ("UnknownOperationException", 404), ("RequestEntityTooLargeException", 413),
])
def test_unmodelled_errors(bedrock, name, status):
    assert refusal(lambda: ask(bedrock, f"[sim exception={name}]"))[:2] == (status, name)


def test_original_status(bedrock):
    with pytest.raises(ClientError) as caught:
        ask(bedrock, "[sim exception=ModelErrorException original_status=422]")
    assert caught.value.response["originalStatusCode"] == 422


def test_null_output(bedrock):
    assert "output" not in ask(bedrock, "Hi [sim null_output]")


# What it saw


def test_requests_by_model(sim, bedrock):
    for _ in range(3):
        ask(bedrock, "Hi")
    ask(bedrock, "Hi", model=CLAUDE)
    refusal(lambda: ask(bedrock, "[sim status=429]"))
    assert sim.stats()["models"] == {NOVA: {"200": 3, "429": 1}, CLAUDE: {"200": 1}}


def test_last_requests(sim, bedrock):
    for number in range(70):
        ask(bedrock, f"number {number}")
    seen = sim.get("/_sim/requests")
    assert seen["count"] == 70 and len(seen["requests"]) == 64
    texts = [json.loads(request["body"])["messages"][0]["content"][0]["text"]
             for request in seen["requests"]]
    assert texts == [f"number {number}" for number in range(6, 70)]
    last = seen["requests"][-1]
    assert (last["operation"], last["id"], last["status"]) == ("Converse", NOVA, 200)
    assert last == sim.last()


def test_large_bodies_are_kept_of_the_last_only(sim, bedrock):
    ask(bedrock, "a" * 300_000)
    assert len(sim.last()["body"]) > 300_000
    ask(bedrock, "b")
    assert [len(request["body"]) > 100 for request in sim.get("/_sim/requests")["requests"]] == [
        False, False]


def fail(sim, query):
    request = urllib.request.Request(f"{sim.url}/_sim/fail?{query}", data=b"", method="POST")
    urllib.request.urlopen(request, timeout=60).close()


def test_failing_control_plane(sim):
    fail(sim, "operation=ListFoundationModels&status=503&times=2")
    control = sim.client("bedrock")
    for _ in range(2):
        assert refusal(control.list_foundation_models)[:2] == (503, "ServiceUnavailableException")
    assert control.list_foundation_models()["modelSummaries"]
    assert control.list_inference_profiles()["inferenceProfileSummaries"]


@pytest.mark.parametrize("query", ["operation=Nothing", "status=503", "operation", "a=b",
                                   "operation=Converse&times=many"])
def test_failures_that_are_none(sim, query):
    with pytest.raises(urllib.error.HTTPError):
        fail(sim, query)


def test_nothing_is_seen_after_a_reset(sim, bedrock):
    assert text_of(ask(bedrock, "Hi"))
    sim.reset()
    assert sim.last() == {} and sim.get("/_sim/requests")["requests"] == []
    assert sim.stats()["models"] == {}
