"""What the client sees of a stream that upstream breaks off (spec/converse.md §13.6)."""

import json

import openai
import pytest

from harness.raw_http import json_request
from harness.samples import user
from harness.servers import BEDROCK_MODEL, OPENAI_MODEL

LENGTH = "chars=400 chunk=10"

# Directive, what streams_ended_total calls it, error codes the client may read (None: any).
BEDROCK_FAULTS = {
    "frame cut": (f"{LENGTH} truncate=frame", "truncated", None),
    "ends before messageStop": (f"{LENGTH} truncate=event", "truncated", None),
    "connection reset": (f"{LENGTH} gap_ms=1 reset=mid", "truncated", None),
    "prelude checksum": (f"{LENGTH} corrupt=prelude", "corrupt", None),
    "message checksum": (f"{LENGTH} corrupt=message", "corrupt", None),
    "frame length": (f"{LENGTH} corrupt=length", "corrupt", None),
    "throttled": (
        f"{LENGTH} exception_after=5 exception=throttlingException",
        "upstream_error",
        "rate_limit_exceeded",
    ),
    "server error": (
        f"{LENGTH} exception_after=5 exception=internalServerException",
        "upstream_error",
        None,
    ),
    "model error": (
        f"{LENGTH} exception_after=5 exception=modelStreamErrorException",
        "upstream_error",
        None,
    ),
    "validation": (
        f"{LENGTH} exception_after=5 exception=validationException",
        "upstream_error",
        None,
    ),
    "unavailable": (
        f"{LENGTH} exception_after=5 exception=serviceUnavailableException",
        "upstream_error",
        None,
    ),
    "unmodelled error": (f"{LENGTH} exception_after=5 error_frame=1", "upstream_error", None),
    "malformed output": (f"{LENGTH} stop=malformed_model_output", "upstream_error", None),
}
OPENAI_FAULTS = {
    "ends without [DONE]": ("chunks=40 after=5 fault=truncate", "truncated", None),
    "connection reset": ("chunks=40 after=5 fault=cut", "truncated", None),
    "error event": ("chunks=40 after=5 fault=error", "upstream_error", None),
    "broken JSON": ("chunks=40 after=5 garbage=1", "corrupt", None),
}
FAULTS = {
    **{
        f"bedrock: {name}": (BEDROCK_MODEL, f"[sim {row[0]}]", *row[1:])
        for name, row in BEDROCK_FAULTS.items()
    },
    **{
        f"openai: {name}": (OPENAI_MODEL, f"[fake {row[0]}]", *row[1:])
        for name, row in OPENAI_FAULTS.items()
    },
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_fault(gateway, raw, fault):
    model, text, reason, code = fault
    body = json.dumps({"model": model, "messages": user(text), "stream": True}).encode()
    connection = raw()
    with gateway.scraper.watch(1, model=model) as delta:
        connection.send(json_request(body))
        answer = connection.read_answer()
        assert connection.at_end()
    assert answer.status == 200
    assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert not answer.complete, "a broken stream must not end like a whole one"
    *chunks, last = answer.events
    assert "[DONE]" not in answer.events
    error = json.loads(last)["error"]
    assert set(error) == {"message", "type", "param", "code"} and error["message"]
    if code is not None:
        assert error["code"] == code
    assert chunks, "the fault came after output"
    for chunk in map(json.loads, chunks):
        assert chunk["choices"][0]["finish_reason"] is None
    assert delta.by("oriel_streams_ended_total", "reason", model=model) == {reason: 1}
    (outcome,) = delta.by("oriel_requests_total", "outcome", model=model)
    assert outcome.startswith("provider_")
    assert delta.by("oriel_requests_total", "code", model=model) != {"200": 1}
    line = gateway.log_line(answer.headers["x-request-id"])
    assert line["outcome"] == outcome and line["stream"] is True


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_the_sdk_raises(client, fault):
    model, text, _, _ = fault
    received = []
    with pytest.raises(openai.APIError) as caught:
        for chunk in client.chat.completions.create(model=model, messages=user(text), stream=True):
            received.append(chunk)
    assert received
    assert caught.value.message


# A fault before anything was sent is an ordinary answer.
EARLY = {
    "bedrock: first frame is an exception": (
        BEDROCK_MODEL,
        "[sim exception_after=0 exception=throttlingException]",
        429,
    ),
    "bedrock: reset before the head": (BEDROCK_MODEL, "[sim reset=before]", 502),
    "bedrock: HTML instead of a stream": (BEDROCK_MODEL, "[sim html200=1]", 502),
    "openai: reset before the head": (OPENAI_MODEL, "[fake fault=reset]", 502),
    "openai: HTML": (OPENAI_MODEL, "[fake html=502]", 503),
}


@pytest.mark.parametrize("model, text, status", EARLY.values(), ids=EARLY)
def test_early_fault(client, model, text, status):
    with pytest.raises(openai.APIStatusError) as caught:
        client.chat.completions.create(model=model, messages=user(text), stream=True)
    assert caught.value.status_code == status


WHOLE = {
    "bedrock: broken JSON": (BEDROCK_MODEL, "[sim badjson=1]"),
    "bedrock: no output": (BEDROCK_MODEL, "[sim no_output=1]"),
    "bedrock: HTML": (BEDROCK_MODEL, "[sim html200=1]"),
    "bedrock: reset": (BEDROCK_MODEL, "[sim reset=before]"),
    "bedrock: reset behind the head": (BEDROCK_MODEL, "[sim reset=head]"),
    "bedrock: malformed output": (BEDROCK_MODEL, "[sim stop=malformed_model_output]"),
    "openai: broken JSON": (OPENAI_MODEL, "[fake garbage=1]"),
    "openai: no choices": (OPENAI_MODEL, "[fake empty=1]"),
    "openai: HTML": (OPENAI_MODEL, "[fake html=200]"),
    "openai: reset": (OPENAI_MODEL, "[fake fault=reset]"),
}


@pytest.mark.parametrize("model, text", WHOLE.values(), ids=WHOLE)
def test_broken_whole_answers(client, model, text):
    with pytest.raises(openai.InternalServerError) as caught:
        client.chat.completions.create(model=model, messages=user(text))
    assert caught.value.status_code == 502


TOLERATED = {
    "one octet at a time": "[sim chars=50 chunk=10 dribble=1]",
    "no metadata": "[sim chars=50 no_metadata=1]",
    "unknown event": "[sim chars=50 unknown_event=1]",
    "missing block stop": "[sim chars=50 missing_stop=1]",
    "interleaved blocks": "[sim chars=50 interleave=1]",
}


@pytest.mark.parametrize("text", TOLERATED.values(), ids=TOLERATED)
def test_oddities_are_tolerated(client, text):
    chunks = list(
        client.chat.completions.create(model=BEDROCK_MODEL, messages=user(text), stream=True)
    )
    assert chunks[-1].choices[0].finish_reason in ("stop", "tool_calls")


def test_an_openai_stream_without_done_but_finished(client):
    chunks = list(
        client.chat.completions.create(
            model=OPENAI_MODEL, messages=user("[fake chunks=3 no_done=1]"), stream=True
        )
    )
    assert chunks[-1].choices[0].finish_reason == "stop"


STOPS = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "content_filtered": "content_filter",
    "guardrail_intervened": "content_filter",
}


@pytest.mark.parametrize("stop, finish", STOPS.items(), ids=STOPS)
def test_finish_reasons(client, stop, finish):
    text = f"[sim stop={stop}]"
    answer = client.chat.completions.create(model=BEDROCK_MODEL, messages=user(text))
    assert answer.choices[0].finish_reason == finish
    *_, last = client.chat.completions.create(model=BEDROCK_MODEL, messages=user(text), stream=True)
    assert last.choices[0].finish_reason == finish


DEADLINES = {
    "first byte": ({"first_byte_timeout_ms": 300}, "stall=before", 504),
    "idle": ({"idle_timeout_ms": 1500}, f"{LENGTH} gap_ms=1 stall=mid", 200),
    "total": ({"total_timeout_ms": 1500}, "chars=20000 chunk=10 gap_ms=50", 200),
}


@pytest.mark.parametrize("settings, directive, status", DEADLINES.values(), ids=DEADLINES)
def test_deadlines(start_gateway, settings, directive, status):
    from harness.raw_http import RawClient

    gateway = start_gateway(settings={"upstream": settings})
    body = json.dumps(
        {"model": BEDROCK_MODEL, "messages": user(f"[sim {directive}]"), "stream": True}
    ).encode()
    with gateway.scraper.watch(1) as delta, RawClient(gateway.port) as connection:
        connection.send(json_request(body))
        answer = connection.read_answer()
    assert answer.status == status
    if status == 200:
        assert not answer.complete
        assert json.loads(answer.events[-1])["error"]["code"] == "gateway_timeout"
    assert delta.by("oriel_requests_total", "outcome") == {"provider_timeout": 1}


def test_no_upstream_at_all(start_gateway):
    gateway = start_gateway(
        simulator=None,
        environment={
            "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
            "AWS_SECRET_ACCESS_KEY": "secret",
            "AWS_REGION": "us-east-1",
            "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
        },
    )
    client = openai.OpenAI(base_url=gateway.base_url, api_key="x", max_retries=0)
    with gateway.scraper.watch(1) as delta:
        with pytest.raises(openai.InternalServerError) as caught:
            client.chat.completions.create(model=BEDROCK_MODEL, messages=user("Hi"))
    assert caught.value.status_code == 502
    assert caught.value.code == "upstream_unreachable"
    assert delta.by("oriel_requests_total", "outcome") == {"provider_unreachable": 1}
    (line,) = gateway.chat_lines(1)
    assert line["outcome"] == "provider_unreachable"
