"""R10: a client that leaves, in any phase, ends its upstream call within 100 ms."""

import json
import time

import pytest

from harness.process import eventually
from harness.raw_http import Closed, RawClient, json_request
from harness.samples import long_stream, user
from harness.servers import BEDROCK_MODEL, OPENAI_MODEL

LIMIT = 0.100


def streaming_request(text, model=BEDROCK_MODEL) -> bytes:
    return json_request(
        json.dumps({"model": model, "messages": user(text), "stream": True}).encode()
    )


def read_events(connection, count):
    connection.read_head()
    for _ in range(count):
        connection.read_chunk()


def cancelled(simulator) -> int:
    return simulator.stats()["streams"]["cancelled"]


def cancel_delay(simulator, left: float) -> float:
    """How long after `left` the simulator saw its caller go, by its own clock."""
    eventually(lambda: simulator.stats()["last_cancel_ms"] > 0, "upstream is cancelled")
    return simulator.stats()["last_cancel_ms"] / 1000 - left


LEAVE = {"closes": RawClient.close, "resets": RawClient.reset}


@pytest.mark.parametrize("leave", LEAVE.values(), ids=LEAVE)
@pytest.mark.parametrize("events", [1, 2, 5, 20, 50])
def test_client_leaves_a_stream(own_simulator, start_gateway, events, leave):
    gateway = start_gateway(simulator=own_simulator)
    connection = RawClient(gateway.port)
    with gateway.scraper.watch(1) as delta:
        connection.send(streaming_request(long_stream(BEDROCK_MODEL, 2000, 5)))
        read_events(connection, events)
        left = time.monotonic()
        leave(connection)
        took = cancel_delay(own_simulator, left)
    assert took < LIMIT, f"upstream was cancelled after {took * 1000:.0f} ms"
    assert cancelled(own_simulator) == 1
    assert delta.by("oriel_requests_total", "outcome") == {"caller_cancelled": 1}
    assert delta.by("oriel_requests_total", "code") == {"499": 1}
    assert delta.by("oriel_streams_ended_total", "reason") == {"client_abort": 1}
    assert delta.by("oriel_upstream_connections_total", "kind") == {"opened": 1}
    assert delta.total("oriel_upstream_connect_seconds_count") == 1
    (line,) = gateway.chat_lines(1)
    assert line["status"] == 499 and line["outcome"] == "caller_cancelled"


SILENT = ["ttft_ms=60000", "stall=before", "stall=mid chars=400 chunk=10 gap_ms=1"]


@pytest.mark.parametrize("directive", SILENT)
def test_client_leaves_while_upstream_is_silent(start_gateway, own_simulator, directive):
    gateway = start_gateway(simulator=own_simulator)
    connection = RawClient(gateway.port)
    with gateway.scraper.watch(1) as delta:
        connection.send(streaming_request(f"[sim {directive}]"))
        eventually(lambda: own_simulator.stats()["streams"]["started"], "upstream is asked")
        if "stall=mid" in directive:
            connection.read_head()
        left = time.monotonic()
        connection.close()
        took = cancel_delay(own_simulator, left)
    assert took < LIMIT
    assert delta.by("oriel_requests_total", "outcome") == {"caller_cancelled": 1}


def test_client_leaves_a_passthrough_stream(gateway, fake, raw):
    fake.reset()
    connection = raw()
    with gateway.scraper.watch(1, model=OPENAI_MODEL) as delta:
        connection.send(streaming_request(long_stream(OPENAI_MODEL, 2000, 20), OPENAI_MODEL))
        read_events(connection, 3)
        left = time.monotonic()
        connection.close()
        eventually(lambda: fake.counts.cancelled_at, "upstream is cancelled")
    assert fake.counts.cancelled_at[0] - left < LIMIT
    assert delta.by("oriel_requests_total", "outcome") == {"caller_cancelled": 1}


def test_client_leaves_at_every_octet_of_a_request(gateway):
    whole = streaming_request("Hi")
    for length in range(1, len(whole)):
        with RawClient(gateway.port) as connection:
            connection.send(whole[:length])
            if length % 2:
                connection.reset()


def test_client_leaves_after_every_chunk(start_gateway, own_simulator):
    """Many at once, each after another number of chunks; nothing is left behind."""
    gateway = start_gateway(simulator=own_simulator)
    count = 100
    with gateway.scraper.watch(count) as delta:
        clients = [RawClient(gateway.port) for _ in range(count)]
        for connection in clients:
            connection.send(streaming_request(long_stream(BEDROCK_MODEL, 500, 20)))
        for number, connection in enumerate(clients):
            read_events(connection, 1 + number % 20)
            connection.reset() if number % 3 else connection.close()
    assert delta.by("oriel_requests_total", "outcome") == {"caller_cancelled": count}
    assert cancelled(own_simulator) == count
    assert delta.total("oriel_upstream_connections_total") == count
    assert (
        gateway.scraper.scrape().total("oriel_requests_in_flight", endpoint="chat_completions") == 0
    )


def test_leaving_after_done_is_no_abort(gateway, raw):
    connection = raw()
    with gateway.scraper.watch(1) as delta:
        connection.send(streaming_request("Hi"))
        try:
            connection.read_until(b"data: [DONE]\n\n")
        except Closed:
            pytest.fail("the stream ended early")
        connection.close()
    assert delta.by("oriel_requests_total", "outcome") == {"ok": 1}
    assert delta.by("oriel_streams_ended_total", "reason") == {"complete": 1}


def test_client_leaves_a_whole_answer(start_gateway, own_simulator):
    gateway = start_gateway(simulator=own_simulator)
    # So large that the simulator's count of octets tells when it has it.
    text = "x" * 1_000_000 + "[sim latency_ms=60000]"
    body = json.dumps({"model": BEDROCK_MODEL, "messages": user(text)}).encode()
    with gateway.scraper.watch(1) as delta, RawClient(gateway.port) as connection:
        connection.send(json_request(body))
        eventually(lambda: own_simulator.stats()["bytes"]["read"] > 1_000_000, "upstream is asked")
        left = time.monotonic()
        connection.close()
        assert cancel_delay(own_simulator, left) < LIMIT
    assert delta.by("oriel_requests_total", "code") == {"499": 1}
    assert own_simulator.stats()["calls_cancelled"] == 1
