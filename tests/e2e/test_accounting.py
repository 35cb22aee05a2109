"""Four witnesses of the same requests must agree to the token: what the client read, /metrics, the
log lines and the upstream's own books."""

import openai
import pytest

from harness.process import eventually
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
    before = len(gateway.log_lines(model=model))
    with gateway.scraper.watch(len(texts), model=model) as delta:
        usages = [ask(client, model, text, mode) for text in texts]
    lines = eventually(
        lambda: (found := gateway.log_lines(model=model)[before:])[len(texts) - 1 :] and found,
        "log lines",
    )
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


def test_the_simulators_books_agree(start_gateway, own_simulator, pool):
    """Everything mixed, at once; then every sum is compared (R5)."""
    gateway = start_gateway(simulator=own_simulator)
    client = sdk(gateway)
    texts = [f"number {i} {'x' * i}" for i in range(40)] + ["[cache 64/8] c"] * 5
    faults = ["[sim status=429 exception=ThrottlingException]", "[sim status=500]"] * 5

    def one(job):
        text, mode = job
        try:
            return ask(client, BEDROCK_MODEL, text, mode)
        except openai.APIStatusError as error:
            return error.status_code

    jobs = [(text, mode) for text in texts + faults for mode in ("whole", "stream")]
    with gateway.scraper.watch(len(jobs)) as delta:
        results = list(pool.map(one, jobs))
    usages = [usage for usage in results if not isinstance(usage, int)]
    assert len(usages) == 2 * len(texts)
    lines = gateway.chat_lines(len(jobs))
    assert_witnesses(
        gateway, delta, BEDROCK_MODEL, usages, [line for line in lines if line["status"] == 200]
    )
    tokens = own_simulator.stats()["tokens"]
    assert tokens["input"] == token_total(delta, BEDROCK_MODEL, "input")
    assert tokens["output"] == token_total(delta, BEDROCK_MODEL, "output")
    assert tokens["cache_read"] == token_total(delta, BEDROCK_MODEL, "cache_read")
    assert delta.by("oriel_requests_total", "code") == {
        "200": len(usages),
        "429": results.count(429),
        "500": results.count(500),
    }
    assert delta.total("oriel_upstream_attempts_total", upstream_model=BEDROCK_ID) == len(jobs)


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
    before = gateway.scraper.scrape()
    for i in range(5):
        ask(client, model, f"number {i}", "stream")
    gateway.scraper.recorded(before, 5)
    delta = gateway.scraper.scrape().since(before)
    stages = delta.total("oriel_stage_duration_seconds_sum")
    requests = delta.total("oriel_request_duration_seconds_sum")
    count = delta.total("oriel_request_duration_seconds_count")
    assert stages == pytest.approx(requests, abs=1e-6 * count)


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
