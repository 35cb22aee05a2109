"""Four witnesses of the same requests must agree to the token: what the client read, /metrics, the
log lines and the upstream's own books."""

import json

import openai
import pytest

from harness.process import eventually
from harness.raw_http import RawClient, json_request
from harness.samples import WEATHER, user
from harness.servers import BEDROCK_ID, BEDROCK_MODEL, OPENAI_MODEL, sdk


def ask(client, model, text, mode, **more):
    """The usage that the client reads; None where the answer brings none."""
    if mode == "whole":
        answer = client.chat.completions.create(model=model, messages=user(text), **more)
        return answer.usage
    chunks = list(
        client.chat.completions.create(
            model=model,
            messages=user(text),
            stream=True,
            stream_options={"include_usage": True},
            **more,
        )
    )
    return chunks[-1].usage


def token_total(delta, model, kind) -> int:
    return delta.total("oriel_tokens_total", model=model, kind=kind)


def assert_witnesses(gateway, delta, model, usages, lines):
    cached = sum((u.prompt_tokens_details.cached_tokens or 0) for u in usages)
    prompt = sum(u.prompt_tokens for u in usages)
    completion = sum(u.completion_tokens for u in usages)
    counted = {
        kind: token_total(delta, model, kind)
        for kind in ("input", "output", "cache_read", "cache_write_5m", "cache_write_1h")
    }
    assert counted["output"] == completion
    assert counted["cache_read"] == cached
    assert sum(counted.values()) == prompt + completion
    logged = [line["tokens"] for line in lines]
    assert sum(tokens["output"] for tokens in logged) == completion
    assert (
        sum(tokens["input"] + tokens["cache_read"] + tokens["cache_write"] for tokens in logged)
        == prompt
    )


@pytest.mark.smoke
@pytest.mark.parametrize("mode", ["whole", "stream"])
def test_usage_agrees(gateway, client, model, mode):
    texts = ["one", "two words", "Grüße 🦉", "three is a longer text " * 50]
    if model == BEDROCK_MODEL:
        texts.append("[cache 1000/24] cached")
    ids = [f"usage-{model}-{mode}-{i}" for i in range(len(texts))]
    with gateway.scraper.watch(len(texts), model=model) as delta:
        usages = [
            ask(client, model, text, mode, extra_headers={"x-request-id": request_id})
            for text, request_id in zip(texts, ids, strict=True)
        ]
    lines = [gateway.log_line(request_id) for request_id in ids]
    assert_witnesses(gateway, delta, model, usages, lines)
    assert delta.by("oriel_requests_total", "outcome", model=model) == {"ok": len(texts)}
    assert delta.by("oriel_requests_total", "code", model=model) == {"200": len(texts)}
    assert delta.total("oriel_request_duration_seconds_count", model=model) == len(texts)
    assert delta.total("oriel_upstream_attempts_total", outcome="ok") == len(texts)
    assert delta.by("oriel_finish_reasons_total", "finish_reason", model=model) == {
        "stop": len(texts)
    }
    if mode == "stream":
        assert delta.by("oriel_streams_ended_total", "reason", model=model) == {
            "complete": len(texts)
        }
        assert delta.total(
            "oriel_time_to_first_token_seconds_count", model=model, kind="visible"
        ) == len(texts)


def test_cache_tokens(gateway, client):
    with gateway.scraper.watch(1) as delta:
        usage = ask(client, BEDROCK_MODEL, "[cache 1000/24] hello", "whole")
    assert usage.prompt_tokens_details.cached_tokens == 1000
    assert token_total(delta, BEDROCK_MODEL, "cache_read") == 1000
    assert token_total(delta, BEDROCK_MODEL, "cache_write_5m") == 24
    assert token_total(delta, BEDROCK_MODEL, "input") == usage.prompt_tokens - 1024


# Whole nano-dollars a token, so that no cost is rounded; and the same as they are configured.
PRICES = {"input": 1_100, "output": 4_007, "cache_read": 113, "cache_write": 1_390}
PRICE_SETTINGS = {
    "input": 1.1,
    "output": 4.007,
    "cache_read": 0.113,
    "cache_write_5m": 1.39,
    "cache_write_1h": 1.39,
}
HIDDEN_OPUS = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/h0i1d2d3e4n5"
# Prompts by what becomes of their requests.
MIXED = {
    "whole": [f"number {i} {'x' * i}" for i in range(30)] + ["[cache 64/8] c"] * 3,
    "stream": [f"number {i} {'x' * i}" for i in range(30)] + ["[cache 640/80] c"] * 3,
    "two": [f"two of {i}" for i in range(5)],
    "throttled": ["[sim status=429 exception=ThrottlingException]", "[sim status=500]"] * 4,
    "repaired": [f"[sim malformed_once=m{i}] {'y' * i}" for i in range(5)],
    "malformed": [f"[sim stop=malformed_model_output] {'z' * i}" for i in range(4)],
    "taught": [f"taught {i}" for i in range(4)],
    "left": [f"[sim chars={1000 + i} chunk=10 gap_ms=30] left" for i in range(6)],
}


def mixed_gateway(start_gateway, simulator, on_disconnect):
    price = {"price": PRICE_SETTINGS}
    return start_gateway(
        simulator=simulator,
        settings={
            "chat": {"on_disconnect": on_disconnect},
            "defaults": {"max_choices": 2},
            "models": {
                BEDROCK_MODEL: price,
                "teachable": {"provider": "bedrock", "model": HIDDEN_OPUS, **price},
            },
        },
    )


def leave(gateway, text):
    """Asks for a stream and goes after a few events: nothing is known of what it costs."""
    body = {"model": BEDROCK_MODEL, "messages": user(text), "stream": True}
    with RawClient(gateway.port) as connection:
        connection.send(json_request(json.dumps(body).encode()))
        connection.read_head()
        connection.read_chunk()


def mixed_job(client, kind, text):
    """The usage that the client reads, if it gets an answer."""
    model = "teachable" if kind == "taught" else BEDROCK_MODEL
    mode = "stream" if kind == "stream" or (kind == "two" and "3" in text) else "whole"
    more = {"n": 2} if kind == "two" else {"temperature": 0} if kind == "taught" else {}
    try:
        return ask(client, model, text, mode, **more)
    except openai.APIStatusError as error:
        assert kind in ("throttled", "malformed") and error.status_code in (429, 500, 502)
        return None


def nanos(dollars: float) -> int:
    return round(dollars * 1e9)


def cost_of(tokens: dict) -> int:
    return sum(count * PRICES[kind] for kind, count in tokens.items() if kind != "reasoning")


@pytest.mark.parametrize("on_disconnect", ["cancel", "drain"])
def test_the_simulators_books_agree(start_gateway, own_simulator, pool, on_disconnect):
    """Everything mixed, at once; then every sum is compared: what upstream billed is counted,
    priced and logged, to the token and to the nano-dollar, and what no client read is waste."""
    gateway = mixed_gateway(start_gateway, own_simulator, on_disconnect)
    client = sdk(gateway)
    jobs = [(kind, text) for kind, texts in MIXED.items() for text in texts if kind != "left"]
    left = len(MIXED["left"])
    with gateway.scraper.watch(len(jobs) + left) as delta:
        # They leave first, while they need not wait for their turn to do so; where their streams
        # are read on, that goes on beside the others.
        for text in MIXED["left"]:
            leave(gateway, text)
        usages = list(pool.map(lambda job: mixed_job(client, *job), jobs))
    lines = gateway.chat_lines(len(jobs) + left)
    billed = own_simulator.stats()["tokens"]
    counted = delta.by("oriel_tokens_total", "kind")
    counted["cache_write"] = counted.pop("cache_write_5m") + counted.pop("cache_write_1h", 0)
    assert counted == billed
    logged = [line["tokens"] for line in lines if "tokens" in line]
    assert {kind: sum(tokens[kind] for tokens in logged) for kind in billed} == billed

    assert nanos(delta.total("oriel_cost_usd_total")) == cost_of(billed)
    for line in lines:
        if "tokens" in line:
            assert nanos(line["cost_usd"]) == cost_of(line["tokens"])
    assert delta.total("oriel_unpriced_requests_total") == 0

    received = sum(usage.total_tokens for usage in usages if usage)
    wasted = delta.by("oriel_wasted_tokens_total", "reason")
    assert sum(wasted.values()) == sum(billed.values()) - received
    reasons = {"retry", "failed"} | ({"client_abort"} if on_disconnect == "drain" else set())
    assert wasted.keys() == reasons
    logged_waste = [
        attempt for line in lines for attempt in line.get("attempts", []) if "wasted" in attempt
    ]
    assert sum(attempt["tokens"] for attempt in logged_waste) == sum(wasted.values())
    assert sum(nanos(attempt["cost_usd"]) for attempt in logged_waste) == nanos(
        delta.total("oriel_wasted_cost_usd_total")
    )
    assert delta.total("oriel_usage_missing_total") == (left if on_disconnect == "cancel" else 0)
    assert_calls(delta, own_simulator)


def assert_calls(delta, simulator):
    """Every call is an attempt over a connection, and is known by why it was made."""
    asked = simulator.stats()["requests"]
    calls = sum(asked["Converse"].values()) + sum(asked["ConverseStream"].values())
    assert delta.total("oriel_upstream_attempts_total") == calls
    assert delta.total("oriel_upstream_connections_total") == calls
    retries = delta.by("oriel_retries_total", "reason")
    assert retries["malformed_output"] == len(MIXED["repaired"]) + len(MIXED["malformed"])
    assert 1 <= retries["lesson"] <= len(MIXED["taught"])


def test_the_answer_says_what_it_cost(start_gateway, own_simulator):
    gateway = mixed_gateway(start_gateway, own_simulator, "cancel")
    raw = sdk(gateway).chat.completions.with_raw_response
    for text in ("Hi", "[sim malformed_once=cost] Hi", "[cache 64/8] Hi"):
        own_simulator.reset()
        answer = raw.create(model=BEDROCK_MODEL, messages=user(text))
        cost = cost_of(own_simulator.stats()["tokens"])
        assert cost > 0 and answer.headers["x-oriel-cost-usd"] == f"{cost / 1e9:.9f}".rstrip("0")
    stream = raw.create(model=BEDROCK_MODEL, messages=user("Hi"), stream=True)
    assert "x-oriel-cost-usd" not in stream.headers
    stream.http_response.close()


def test_the_fake_servers_books_agree(gateway, client, fake):
    fake.reset()
    with gateway.scraper.watch(20, model=OPENAI_MODEL) as delta:
        for i in range(10):
            ask(client, OPENAI_MODEL, f"number {i}", "whole")
            ask(client, OPENAI_MODEL, f"number {i}", "stream")
    counted = {
        kind: token_total(delta, OPENAI_MODEL, kind) for kind in ("input", "cache_read", "output")
    }
    assert counted["input"] + counted["cache_read"] == fake.counts.prompt_tokens
    assert counted["output"] == fake.counts.completion_tokens
    assert delta.total("oriel_reasoning_tokens_total", model=OPENAI_MODEL) == 20


@pytest.mark.parametrize("mode", ["whole", "stream"])
@pytest.mark.parametrize(
    "directive, which", [("sim no_usage=1", BEDROCK_MODEL), ("fake no_usage=1", OPENAI_MODEL)]
)
def test_missing_usage_is_counted_and_never_zero(gateway, client, directive, which, mode):
    with gateway.scraper.watch(1, model=which) as delta:
        if mode == "whole":
            assert (
                client.chat.completions.create(model=which, messages=user(f"[{directive}]")).usage
                is None
            )
        else:
            list(
                client.chat.completions.create(
                    model=which, messages=user(f"[{directive}]"), stream=True
                )
            )
    assert delta.total("oriel_usage_missing_total", model=which) == 1
    assert token_total(delta, which, "output") == 0
    assert delta.total("oriel_tokens_per_request_count", model=which) == 0


def test_stages_add_up_to_the_whole(gateway, client, model):
    before = gateway.scraper.settled()
    for i in range(5):
        ask(client, model, f"number {i}", "stream")
    gateway.scraper.recorded(before, 5)

    def add_up():
        samples = gateway.scraper.scrape().since(before)
        stages = samples.total("oriel_stage_duration_seconds_sum")
        requests = samples.total("oriel_request_duration_seconds_sum")
        count = samples.total("oriel_request_duration_seconds_count")
        return stages == pytest.approx(requests, abs=1e-6 * count)

    # The scrapes are requests, too, and their records may be read while they are written.
    eventually(add_up, "the stages' sums are the requests'")


def test_the_log_line_of_one_request(gateway, client):
    answer = client.chat.completions.with_raw_response.create(
        model=BEDROCK_MODEL,
        messages=user("call get_weather"),
        tools=[WEATHER],
        extra_headers={"x-request-id": "log-line-of-one"},
    )
    assert answer.headers["x-request-id"] == "log-line-of-one"
    usage = answer.parse().usage
    line = gateway.log_line("log-line-of-one")
    expected = {
        "event": "request",
        "endpoint": "chat_completions",
        "model": BEDROCK_MODEL,
        "provider": "bedrock",
        "upstream_model": BEDROCK_ID,
        "status": 200,
        "outcome": "ok",
        "stream": False,
        "finish_reason": "tool_calls",
        "stop_reason": "tool_use",
        "client_addr": "127.0.0.1",
    }
    assert expected.items() <= line.items()
    assert line["tokens"]["output"] == usage.completion_tokens
    assert line["duration_ms"] > 0 and line["overhead_us"] > 0
    (attempt,) = line["attempts"]
    assert attempt["status"] == 200 and attempt["outcome"] == "ok"


def test_adjusted_parameters_are_told(gateway, client):
    with gateway.scraper.watch(1) as delta:
        answer = client.chat.completions.with_raw_response.create(
            model=BEDROCK_MODEL, messages=user("Hi"), seed=7, temperature=1.5
        )
    assert answer.status_code == 200
    told = answer.headers["x-oriel-adjusted"]
    assert "seed" in told and "temperature" in told
    assert delta.by("oriel_adjusted_parameters_total", "parameter") == {"seed": 1, "temperature": 1}
