"""R10: a client that leaves, in any phase, ends its upstream call within 100 ms."""

import json
import time
from collections import Counter

import pytest

from harness.process import eventually
from harness.raw_http import Closed, RawClient, json_request
from harness.samples import long_stream, user
from harness.servers import BEDROCK_MODEL, OPENAI_MODEL

LIMIT = 0.100
TRIES = 5


def streaming_request(text, model=BEDROCK_MODEL, request_id="left") -> bytes:
    body = {"model": model, "messages": user(text), "stream": True}
    return json_request(json.dumps(body).encode(), {"x-request-id": request_id})


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


def assert_prompt(delay_of_one):
    """A busy machine is late once in a while, a slow gateway every time."""
    delays = []
    while min(delays, default=LIMIT) >= LIMIT:
        assert len(delays) < TRIES, f"upstream was cancelled after {delays} s"
        delays.append(delay_of_one(f"left-{len(delays)}"))


LEAVE = {"closes": RawClient.close, "resets": RawClient.reset}


@pytest.mark.parametrize("leave", LEAVE.values(), ids=LEAVE)
@pytest.mark.parametrize("events", [1, 2, 5, 20, 50])
def test_client_leaves_a_stream(own_simulator, start_gateway, events, leave):
    gateway = start_gateway(simulator=own_simulator)
    text = long_stream(BEDROCK_MODEL, 20_000, 5)

    def delay_of_one(request_id):
        own_simulator.reset()
        with gateway.scraper.watch(1) as delta, RawClient(gateway.port) as connection:
            connection.send(streaming_request(text, request_id=request_id))
            read_events(connection, events)
            left = time.monotonic()
            leave(connection)
            took = cancel_delay(own_simulator, left)
        assert cancelled(own_simulator) == 1
        assert delta.by("oriel_requests_total", "outcome") == {"caller_cancelled": 1}
        assert delta.by("oriel_requests_total", "code") == {"499": 1}
        assert delta.by("oriel_streams_ended_total", "reason") == {"client_abort": 1}
        assert delta.by("oriel_upstream_connections_total", "kind") == {"opened": 1}
        assert delta.total("oriel_upstream_connect_seconds_count") == 1
        line = gateway.log_line(request_id)
        assert line["status"] == 499 and line["outcome"] == "caller_cancelled"
        return took

    assert_prompt(delay_of_one)


SILENT = ["ttft_ms=60000", "stall=before", "stall=mid chars=400 chunk=10 gap_ms=1"]


@pytest.mark.parametrize("directive", SILENT)
def test_client_leaves_while_upstream_is_silent(start_gateway, own_simulator, directive):
    gateway = start_gateway(simulator=own_simulator)

    def delay_of_one(_):
        own_simulator.reset()
        with gateway.scraper.watch(1) as delta, RawClient(gateway.port) as connection:
            connection.send(streaming_request(f"[sim {directive}]"))
            eventually(lambda: own_simulator.stats()["streams"]["started"], "upstream is asked")
            if "stall=mid" in directive:
                connection.read_head()
            left = time.monotonic()
            connection.close()
            took = cancel_delay(own_simulator, left)
        assert delta.by("oriel_requests_total", "outcome") == {"caller_cancelled": 1}
        return took

    assert_prompt(delay_of_one)


def test_client_leaves_a_passthrough_stream(gateway, fake):
    text = long_stream(OPENAI_MODEL, 20_000, 20)

    def delay_of_one(_):
        fake.reset()
        with (
            gateway.scraper.watch(1, model=OPENAI_MODEL) as delta,
            RawClient(gateway.port) as connection,
        ):
            connection.send(streaming_request(text, OPENAI_MODEL))
            read_events(connection, 3)
            left = time.monotonic()
            connection.close()
            (cancelled_at,) = eventually(lambda: fake.counts.cancelled_at, "upstream is cancelled")
        assert delta.by("oriel_requests_total", "outcome") == {"caller_cancelled": 1}
        return cancelled_at - left

    assert_prompt(delay_of_one)


@pytest.mark.parametrize("leave", LEAVE.values(), ids=LEAVE)
def test_client_leaves_at_every_octet_of_a_request(start_gateway, leave):
    gateway = start_gateway()
    whole = streaming_request("Hi")
    head = whole.index(b"\r\n\r\n") + len(b"\r\n\r\n")
    for length in range(1, len(whole)):
        with RawClient(gateway.port) as connection:
            connection.send(whole[:length])
            leave(connection)
    in_head, in_body = head - 1, len(whole) - head
    if leave is RawClient.close:
        eventually(lambda: len(gateway.log_lines()) >= in_head + in_body, "all are recorded")
    gateway.stop()
    lines = gateway.log_lines(outcome="caller_cancelled", status=499)
    counts = Counter(line["endpoint"] for line in lines)
    # A reset overtakes octets that were not read yet: then there was no request.
    if leave is RawClient.close:
        assert counts == {"other": in_head, "chat_completions": in_body}
    assert counts["other"] <= in_head and counts["chat_completions"] <= in_body


def test_client_leaves_after_every_chunk(start_gateway, own_simulator):
    """Many at once, each after another number of chunks; nothing is left behind."""
    gateway = start_gateway(simulator=own_simulator)
    count = 100
    with gateway.scraper.watch(count) as delta:
        clients = [RawClient(gateway.port) for _ in range(count)]
        for connection in clients:
            connection.send(streaming_request(long_stream(BEDROCK_MODEL, 5000, 20)))
        for number, connection in enumerate(clients):
            read_events(connection, 1 + number % 20)
            connection.reset() if number % 3 else connection.close()
    assert delta.by("oriel_requests_total", "outcome") == {"caller_cancelled": count}
    eventually(lambda: cancelled(own_simulator) >= count, "every upstream call is cancelled")
    assert cancelled(own_simulator) == count
    assert delta.total("oriel_upstream_connections_total") == count
    assert delta.total("oriel_requests_in_flight") == 0


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

    def delay_of_one(_):
        own_simulator.reset()
        with gateway.scraper.watch(1) as delta, RawClient(gateway.port) as connection:
            connection.send(json_request(body))
            eventually(
                lambda: own_simulator.stats()["bytes"]["read"] > 1_000_000, "upstream is asked"
            )
            left = time.monotonic()
            connection.close()
            took = cancel_delay(own_simulator, left)
        assert delta.by("oriel_requests_total", "code") == {"499": 1}
        assert own_simulator.stats()["calls_cancelled"] == 1
        return took

    assert_prompt(delay_of_one)
