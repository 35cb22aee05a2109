"""CloudWatch's documents on standard output: valid, whole, and equal to /metrics."""

import json
import urllib.request
from decimal import Decimal

import openai
import pytest

from harness.emf import Sums, documents_of
from harness.process import eventually
from harness.raw_http import RawClient, json_request, request
from harness.samples import long_stream, user
from harness.servers import BEDROCK_MODEL, OPENAI_MODEL, Gateway, sdk

NANO = 10**9
TICKS_MS = 50  # documents every tick of a worker
# Dollars per million tokens: an answer costs fractions of a micro-dollar.
PRICE = {"input": 0.037, "cache_read": 0.003, "output": 0.149}
PRICED = {"models": {OPENAI_MODEL: {"price": PRICE}}}


class SplitGateway(Gateway):
    """Its log goes to a file, so that standard output holds documents and nothing else."""

    def __init__(self, log_folder, simulator, fake, metrics):
        self.log = log_folder / f"split-{len(list(log_folder.glob('split-*')))}.log"
        self.log.touch()
        settings = {
            "server": {"admin_listen": "127.0.0.1:0"},
            "log": {"file": str(self.log)},
            "metrics": metrics,
            **PRICED,
        }
        super().__init__(log_folder, simulator, fake, settings=settings)

    def output(self) -> str:
        return self.log.read_text()

    def standard_output(self) -> str:
        return self.out.read_text()


@pytest.fixture
def start_split(log_folder, simulator, fake):
    started = []

    def start(**metrics):
        started.append(
            SplitGateway(log_folder, simulator, fake, {"emf": "stdout", **metrics})
        )
        return started[-1]

    yield start
    for process in started:
        process.stop()


def chat(client, model, text, stream):
    try:
        answer = client.chat.completions.create(model=model, messages=user(text), stream=stream)
        if stream:
            list(answer)
    except openai.APIError:
        pass


def leave(gateway):
    """A client that goes away within its answer."""
    body = {"model": BEDROCK_MODEL, "messages": user(long_stream(BEDROCK_MODEL, 2000, 5))}
    with RawClient(gateway.port) as connection:
        connection.send(json_request(json.dumps({**body, "stream": True}).encode()))
        connection.read_head()
        connection.read_chunk()


def mixed_load(gateway, pool) -> int:
    """Some of everything; says how many requests it were."""
    client = sdk(gateway)
    texts = [f"number {i}" for i in range(60)]
    texts += ["[cache 1000/24] cached", "[sim no_usage=1]", "[sim status=500]"]
    texts += ["[sim status=429 exception=ThrottlingException]"] * 3
    jobs = [(BEDROCK_MODEL, text, stream) for text in texts for stream in (False, True)]
    jobs += [(OPENAI_MODEL, f"number {i}", i % 2 == 0) for i in range(20)]
    jobs += [("nobody-knows-it", "Hi", False)] * 2
    list(pool.map(lambda job: chat(client, *job), jobs))
    leave(gateway)
    others = [request("GET", path) for path in ("/health", "/v1/models", "/nowhere")]
    with RawClient(gateway.port) as connection:
        for message in others:
            connection.send(message)
            connection.read_answer()
    return len(jobs) + 1 + len(others)


def last_scrape(gateway, requests):
    def look():
        samples = gateway.scraper.scrape()
        scrapes = samples.total("oriel_requests_total", endpoint="metrics")
        return samples.total("oriel_requests_total") - scrapes >= requests

    eventually(look, f"{requests} requests are recorded")
    return gateway.scraper.settled()


def assert_sums_are(sums, samples, later=0, **labels):
    """`later` requests are recorded, but are not in the scrape."""

    def total(name, **more):
        return samples.total(f"oriel_{name}", **labels, **more)

    failed = total("requests_total") - total("requests_total", outcome="ok")
    assert sums["RequestCount"] == total("requests_total") + later
    assert sums["ErrorCount"] == failed
    assert sums["ClientAbortCount"] == total("requests_total", outcome="caller_cancelled")
    assert sums["InputTokens"] == total("tokens_total", kind="input")
    assert sums["OutputTokens"] == total("tokens_total", kind="output")
    assert sums["CacheReadTokens"] == total("tokens_total", kind="cache_read")
    written = [total("tokens_total", kind=f"cache_write_{age}") for age in ("5m", "1h")]
    assert sums["CacheWriteTokens"] == sum(written)
    assert sums["TokensUsed"] == total("tokens_total")
    assert sums["StreamingChunkCount"] == total("stream_chunks_total")
    assert sums["UnpricedCount"] == total("unpriced_requests_total")
    assert sums["CostUSD"] * NANO == round(total("cost_usd_total") * NANO)
    counts = sums.counts
    assert counts["ResponseTime"] == total("request_duration_seconds_count") + later
    assert counts["TimeToFirstToken"] == total("time_to_first_token_seconds_count", kind="visible")
    assert counts["StreamingDuration"] == total("streams_ended_total")
    latency = total("provider_reported_latency_seconds_sum")
    assert sums["BedrockAPILatency"] == round(Decimal(latency) * 1000)


@pytest.mark.smoke
@pytest.mark.parametrize("flush_ms", [TICKS_MS, 3_600_000], ids=["often", "only at the end"])
def test_documents_agree_with_metrics(start_split, pool, flush_ms):
    gateway = start_split(emf_flush_ms=flush_ms, emf_namespace="Bedrock/Proxy")
    requests = mixed_load(gateway, pool)
    urllib.request.urlopen(gateway.admin_address + "/health", timeout=30).read()
    samples = last_scrape(gateway, requests + 1)
    gateway.signal()
    gateway.wait_exit()

    documents = documents_of(gateway.standard_output())
    assert len(documents) == len(gateway.standard_output().splitlines())
    directives = [document["_aws"]["CloudWatchMetrics"][0] for document in documents]
    assert {directive["Namespace"] for directive in directives} == {"Bedrock/Proxy"}
    total = Sums(documents)
    scrapes = Sums(documents, "Endpoint", "StatusClass", Endpoint="metrics")["RequestCount"]
    later = scrapes - samples.total("oriel_requests_total", endpoint="metrics")
    assert later >= 1, "the last scrape does not count itself"
    assert_sums_are(total, samples, later)
    assert total["RetryCount"] == samples.total("oriel_retries_total")
    throttled = samples.total("oriel_upstream_attempts_total", outcome="provider_throttled")
    assert total["ThrottleCount"] == throttled > 0
    assert total["WastedTokens"] == samples.total("oriel_wasted_tokens_total")
    assert total["TokensUsed"] > 0 and total["CostUSD"] > 0 and total["ClientAbortCount"] == 1
    for model in (BEDROCK_MODEL, OPENAI_MODEL):
        assert_sums_are(Sums(documents, "Model", Model=model), samples, model=model)
    by_status = Sums(documents, "Endpoint", "StatusClass")
    assert by_status == total and by_status.counts["ResponseTime"] == total.counts["ResponseTime"]
    for status in "245":
        codes = samples.by("oriel_requests_total", "code", endpoint="chat_completions")
        wanted = {"Endpoint": "chat_completions", "StatusClass": f"{status}xx"}
        found = Sums(documents, "Endpoint", "StatusClass", **wanted)["RequestCount"]
        assert found == sum(count for code, count in codes.items() if code[0] == status)


def test_documents_come_while_the_gateway_runs(start_split):
    gateway = start_split(emf_flush_ms=TICKS_MS)
    chat(sdk(gateway), BEDROCK_MODEL, "Hi", False)

    def told():
        return Sums(documents_of(gateway.standard_output()), "Model", Model=BEDROCK_MODEL)["RequestCount"]

    assert eventually(told, "a document of the model") == 1


def test_documents_and_log_lines_share_standard_output(start_gateway, pool):
    """Every line is whole, and the two agree to the nano-dollar."""
    metrics = {"emf": "stdout", "emf_flush_ms": TICKS_MS}
    gateway = start_gateway(settings={"metrics": metrics, **PRICED})
    mixed_load(gateway, pool)
    gateway.signal()
    gateway.wait_exit()

    total = Sums(documents_of(gateway.output()))
    lines = [json.loads(text, parse_float=Decimal) for text in gateway.output().splitlines()]
    lines = [line for line in lines if line.get("event") == "request"]
    attempts = [attempt for line in lines for attempt in line.get("attempts", ())]
    wasted = [attempt for attempt in attempts if "wasted" in attempt]
    tokens = [line["tokens"] for line in lines if "tokens" in line]
    assert total["RequestCount"] == len(lines)
    assert total["ErrorCount"] == sum(line["outcome"] != "ok" for line in lines)
    assert total["ResponseTime"] == sum(line["duration_ms"] for line in lines)
    assert total["TimeToFirstToken"] == sum(line.get("ttft_ms", 0) for line in lines)
    assert total["BedrockAPILatency"] == sum(line.get("provider_latency_ms", 0) for line in lines)
    assert total["StreamingChunkCount"] == sum(line.get("chunks", 0) for line in lines)
    assert total["InputTokens"] == sum(used["input"] for used in tokens)
    assert total["OutputTokens"] == sum(used["output"] for used in tokens)
    assert total["CacheReadTokens"] == sum(used["cache_read"] for used in tokens)
    assert total["CacheWriteTokens"] == sum(used["cache_write"] for used in tokens)
    assert total["CostUSD"] == sum(line.get("cost_usd", 0) for line in lines) > 0
    assert total["UnpricedCount"] == sum(line.get("unpriced", False) for line in lines)
    assert total["RetryCount"] == sum(line.get("retries", 0) for line in lines)
    assert total["WastedTokens"] == sum(attempt.get("tokens", 0) for attempt in wasted)
    assert total["WastedCostUSD"] == sum(attempt.get("cost_usd", 0) for attempt in wasted)


def test_nothing_is_written_where_nothing_happens(start_split):
    gateway = start_split(emf_flush_ms=1)
    gateway.signal()
    gateway.wait_exit()
    assert gateway.standard_output() == ""


def test_off_by_default(start_gateway):
    gateway = start_gateway()
    chat(sdk(gateway), BEDROCK_MODEL, "Hi", False)
    gateway.stop()
    gateway.chat_lines(1)
    assert '"_aws"' not in gateway.output()
