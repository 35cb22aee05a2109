"""The log line of a request, in full: what helps the person on call stands in it, and no content."""

import json
import re
from decimal import Decimal

import pytest
from harness.process import eventually, whole_lines
from harness.raw_http import RawClient, json_request
from harness.samples import long_stream, user
from harness.servers import BEDROCK_ID, BEDROCK_MODEL, OPENAI_ID, OPENAI_MODEL, sdk

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
CALLER = "00f067aa0ba902b7"
PRICED = {"models": {OPENAI_MODEL: {"price": {"input": 0.037, "cache_read": 0, "output": 0.149}}}}


def line_of(gateway, request_id) -> dict:
    """As it stands, with exact numbers."""
    gateway.log_line(request_id)
    (text,) = (text for text in whole_lines(gateway.output()) if f'"{request_id}"' in text)
    return json.loads(text, parse_float=Decimal)


def ask(gateway, request_id, model, text, headers=None, **more):
    return sdk(gateway).chat.completions.with_raw_response.create(
        model=model,
        messages=user(text),
        extra_headers={"x-request-id": request_id, **(headers or {})},
        **more,
    )


def test_cost_is_exact_and_the_headers(start_gateway):
    gateway = start_gateway(settings=PRICED)
    answer = ask(gateway, "what-it-cost", OPENAI_MODEL, "Hi")
    line = line_of(gateway, "what-it-cost")
    used = line["tokens"]
    exact = (used["input"] * Decimal("0.037") + used["output"] * Decimal("0.149")) / 10**6
    assert line["cost_usd"] == exact.quantize(Decimal("1e-9")) > 0
    assert Decimal(answer.headers["x-oriel-cost-usd"]) == line["cost_usd"]
    assert "unpriced" not in line


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
def test_the_answer_is_found_by_the_id_that_its_client_saw(gateway, model, stream):
    request_id = f"found-{model}-{stream}"
    answer = ask(gateway, request_id, model, "Hi", stream=stream).parse()
    (seen,) = {chunk.id for chunk in answer} if stream else {answer.id}
    assert line_of(gateway, request_id)["response_id"] == seen


def test_what_has_no_price_is_said_to_have_none(start_gateway):
    gateway = start_gateway()
    ask(gateway, "who-knows", OPENAI_MODEL, "Hi")
    line = line_of(gateway, "who-knows")
    assert line["unpriced"] is True and "cost_usd" not in line


def test_ids_of_the_callers_trace(gateway):
    ask(gateway, "traced", BEDROCK_MODEL, "Hi", {"traceparent": f"00-{TRACE}-{CALLER}-01"})
    line = line_of(gateway, "traced")
    (attempt,) = line["attempts"]
    assert line["trace_id"] == TRACE
    spans = {CALLER, line["span_id"], attempt["span_id"]}
    assert len(spans) == 3 and all(re.fullmatch("[0-9a-f]{16}", span) for span in spans)
    assert attempt["target"] == f"bedrock/{BEDROCK_ID}"
    assert line["aws_request_id"] == attempt["aws_request_id"]
    assert 0 < attempt["start_ms"] < attempt["start_ms"] + attempt["duration_ms"] < line["duration_ms"]


def test_the_end_user_is_known_by_a_hash_alone(gateway):
    for request_id, person in (("by-a", "ada@example.org"), ("by-b", "bob"), ("by-c", "bob")):
        ask(gateway, request_id, OPENAI_MODEL, "Hi", user=person)
    hashes = [line_of(gateway, f"by-{who}")["user_hash"] for who in "abc"]
    assert hashes[0] != hashes[1] == hashes[2]
    assert "ada@example.org" not in gateway.output()


def test_a_stream(gateway):
    list(ask(gateway, "streamed", OPENAI_MODEL, "Hi", stream=True).parse())
    line = line_of(gateway, "streamed")
    assert line["stream"] is True and line["stream_end"] == "complete" and line["chunks"] > 0
    assert 0 < line["ttft_ms"] <= line["duration_ms"]
    assert line["response_model"].startswith(OPENAI_ID + "-")
    assert "retries" not in line and "wasted" not in line["attempts"][0]


def leave(gateway, request_id, chunks) -> dict:
    """The line of a client that goes away within its answer, which takes 30 ms a chunk."""
    text = long_stream(BEDROCK_MODEL, chunks, 30)
    body = {"model": BEDROCK_MODEL, "messages": user(text), "stream": True}
    sent = json_request(json.dumps(body).encode(), {"x-request-id": request_id})
    with RawClient(gateway.port) as connection:
        connection.send(sent)
        connection.read_head()
        connection.read_chunk()
    return line_of(gateway, request_id)


def test_an_answer_that_was_cut_off_has_unknown_usage(gateway):
    line = leave(gateway, "cut-off", 5000)
    assert line["stream_end"] == "client_abort" and line["outcome"] == "caller_cancelled"
    assert line["usage_missing"] == "cancelled" and "tokens" not in line


def test_an_answer_that_nobody_took_is_waste(start_gateway):
    gateway = start_gateway(settings={"chat": {"on_disconnect": "drain"}})
    line = leave(gateway, "drained", 100)
    assert line["stream_end"] == "client_abort" and line["outcome"] == "caller_cancelled"
    (attempt,) = line["attempts"]
    used = line["tokens"]
    assert attempt["wasted"] == "client_abort"
    assert attempt["tokens"] == used["input"] + used["output"] > 0
    assert attempt.get("cost_usd") == line.get("cost_usd")


SAID = "the moon is a harsh mistress"


def hear(gateway, request_id, model, stream):
    answer = ask(gateway, request_id, model, SAID, stream=stream)
    if stream:
        list(answer.parse())
    return line_of(gateway, request_id)


def test_content_is_not_logged(gateway):
    assert "content" not in hear(gateway, "silent", BEDROCK_MODEL, stream=True)
    assert SAID not in gateway.output()


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
def test_how_much_was_said(start_gateway, model, stream):
    gateway = start_gateway(settings={"log": {"content": "length"}})
    line = hear(gateway, "measured", model, stream)
    content = line["content"]
    assert set(content) == {"messages", "tools", "request_bytes", "answer_bytes"}
    assert content["messages"] == 1 and content["tools"] == 0
    assert content["request_bytes"] == line["bytes_in"]
    assert 0 < content["answer_bytes"] == line["bytes_out"]
    assert SAID not in gateway.output()


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
def test_what_was_said(start_gateway, model, stream):
    gateway = start_gateway(settings={"log": {"content": "full"}})

    def warnings():
        lines = map(json.loads, whole_lines(gateway.output()))
        return [line for line in lines if line["event"] == "content_is_logged"]

    (warning,) = eventually(warnings, "the warning")
    assert warning["level"] == "warn"
    content = hear(gateway, "quoted", model, stream)["content"]
    assert json.loads(content["request"])["messages"] == user(SAID)
    if stream:
        assert content["answer"].startswith("data: ") and content["answer"].endswith("data: [DONE]\n\n")
    else:
        assert json.loads(content["answer"])["object"] == "chat.completion"
    assert SAID not in gateway.scraper.text()


def test_only_the_beginning_of_what_was_said(start_gateway):
    gateway = start_gateway(settings={"log": {"content": "full"}})
    ask(gateway, "long", BEDROCK_MODEL, "\N{SNOWMAN}" * 100_000)
    content = line_of(gateway, "long")["content"]
    assert content["request_bytes"] > 300_000
    assert 8_000 < len(content["request"].encode()) <= 8 * 1024
    assert "\N{REPLACEMENT CHARACTER}" not in content["request"]
