"""R11, R12: slow and idle clients cost little, disturb nobody and are closed at their deadline."""

import json
import time
from contextlib import ExitStack

import pytest

from harness.process import eventually, small_quarantine
from harness.raw_http import RawClient, json_request
from harness.samples import user
from harness.servers import BEDROCK_MODEL, sdk

QUICK = {
    "server": {
        "head_timeout_ms": 1000,
        "keep_alive_timeout_ms": 1500,
        "body_grace_ms": 1000,
        "body_min_rate": 1_000_000,
        "write_stall_timeout_ms": 1500,
    }
}
# How long it takes by these, and not by the usual ones of 10 s and more.
SOONEST, LATEST = 1.0, 8.0
HEAD = b"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"


def still_serves(gateway):
    answer = sdk(gateway).chat.completions.create(
        model=BEDROCK_MODEL, messages=user("Still there?")
    )
    assert answer.choices[0].message.content == "Echo: Still there?"


def stream_request(chars) -> bytes:
    return json_request(
        json.dumps(
            {
                "model": BEDROCK_MODEL,
                "messages": user(f"[sim chars={chars} chunk=10000]"),
                "stream": True,
            }
        ).encode()
    )


SLOW = {
    "nothing behind half a head": (HEAD, 408),
    "nothing behind one octet": (b"P", 408),
    "nothing behind the head": (HEAD + b"Content-Length: 100\r\n\r\n", 408),
    "nothing behind half a body": (HEAD + b"Content-Length: 100\r\n\r\n{", 408),
    "nothing behind a chunk": (HEAD + b"Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n", 408),
}


@pytest.mark.parametrize("sent, status", SLOW.values(), ids=SLOW)
def test_slow_request(start_gateway, sent, status):
    gateway = start_gateway(settings=QUICK)
    began = time.monotonic()
    with RawClient(gateway.port) as connection:
        connection.send(sent)
        answer = connection.read_answer()
        assert connection.at_end()
        assert SOONEST <= time.monotonic() - began < LATEST
    assert answer.status == status
    assert json.loads(answer.body)["error"]["type"]
    still_serves(gateway)


def test_idle_connection_is_closed(start_gateway):
    gateway = start_gateway(settings=QUICK)
    for first in (b"", b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n"):
        began = time.monotonic()
        with RawClient(gateway.port) as connection:
            connection.send(first)
            if first:
                assert connection.read_answer().status == 200
            assert connection.at_end(), "an idle connection ends without a word"
            assert SOONEST <= time.monotonic() - began < LATEST


def test_a_client_that_drips_gets_no_more_time(start_gateway):
    """The deadline is the whole head's, not one between octets."""
    gateway = start_gateway(settings=QUICK)
    with RawClient(gateway.port) as connection:
        connection.socket.settimeout(0.05)
        began = time.monotonic()
        while time.monotonic() - began < LATEST:
            connection.send(b"X")
            try:
                assert connection.socket.recv(100).startswith(b"HTTP/1.1 408 ")
                return
            except TimeoutError:
                continue
        pytest.fail("it was given more time")


def test_a_reader_that_never_reads(start_gateway, own_simulator):
    gateway = start_gateway(simulator=own_simulator, settings=QUICK)
    with (
        gateway.scraper.watch(1) as delta,
        RawClient(gateway.port, receive_buffer=4096) as connection,
    ):
        connection.send(stream_request(20_000_000))
        eventually(
            lambda: gateway.log_lines(endpoint="chat_completions"), "the stalled client is closed"
        )
    assert delta.by("oriel_streams_ended_total", "reason") == {"slow_client": 1}
    assert delta.total("oriel_client_backpressure_seconds_total") > 0
    assert (
        eventually(lambda: own_simulator.stats()["streams"]["cancelled"], "upstream is cancelled")
        == 1
    )
    still_serves(gateway)


def test_a_hundred_readers_that_never_read(start_gateway):
    gateway = start_gateway(environment=small_quarantine())
    still_serves(gateway)
    before = gateway.resident_bytes()
    with ExitStack() as stack:
        for _ in range(100):
            connection = stack.enter_context(RawClient(gateway.port, receive_buffer=4096))
            connection.send(stream_request(3_000_000))

        def held():
            return gateway.scraper.scrape().total("oriel_client_buffered_bytes")

        eventually(lambda: held() > 100 * 64 * 1024, "the buffers fill")
        for _ in range(5):
            still_serves(gateway)
        assert held() < 100 * 512 * 1024
        grown = gateway.resident_bytes() - before
    # R11's 512 KiB is of a release build; the sanitizer's shadow and quarantine come on top.
    assert grown < 100 * 2 * 1024 * 1024
    eventually(
        lambda: (
            not gateway.scraper.scrape().total(
                "oriel_requests_in_flight", endpoint="chat_completions"
            )
        ),
        "all have ended",
    )


def test_a_slow_reader_gets_everything(start_gateway):
    gateway = start_gateway()
    with RawClient(gateway.port, receive_buffer=4096) as connection:
        connection.send(stream_request(3_000_000))
        eventually(
            lambda: gateway.scraper.scrape().total("oriel_client_buffered_bytes") > 0, "it lags"
        )
        answer = connection.read_answer()
    assert answer.complete and answer.events[-1] == "[DONE]"
    content = "".join(
        json.loads(event)["choices"][0]["delta"].get("content") or ""
        for event in answer.events[:-1]
    )
    assert len(content) == 3_000_000


def test_many_idle_connections(start_gateway):
    gateway = start_gateway()
    still_serves(gateway)
    files = gateway.open_files()
    clients = [RawClient(gateway.port) for _ in range(1000)]
    for connection in clients[::2]:
        connection.send(HEAD[:20])
    still_serves(gateway)
    eventually(
        lambda: gateway.scraper.scrape().total("oriel_connections_open") >= 1000, "the gauge tells"
    )
    for connection in clients:
        connection.close()
    eventually(lambda: gateway.open_files() <= files + 4, "the descriptors come back")


def test_connection_cap(start_gateway):
    gateway = start_gateway(settings={"server": {"workers": 1, "max_connections": 20}})
    clients = [RawClient(gateway.port) for _ in range(20)]
    for connection in clients:
        connection.send(b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n")
        assert connection.read_answer().status == 200
    with RawClient(gateway.port) as extra:
        extra.send(b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n")
        refused = extra.read_to_end()
    assert b" 200 " not in refused[:20]
    for connection in clients:
        connection.close()

    def scraped():
        try:
            return gateway.scraper.scrape()
        except OSError:  # the scraper itself is over the cap
            return None

    samples = eventually(scraped, "there is room again")
    assert samples.total("oriel_requests_shed_total", reason="connections") >= 1
    assert samples.total("oriel_connections_total") == len(clients) + 1, "and the scrape's own"
    still_serves(gateway)


def test_concurrency_cap(start_gateway, own_simulator):
    gateway = start_gateway(
        simulator=own_simulator, settings={"server": {"workers": 1, "max_in_flight": 3}}
    )
    body = json.dumps({"model": BEDROCK_MODEL, "messages": user("[sim latency_ms=60000]")}).encode()
    clients = [RawClient(gateway.port) for _ in range(3)]
    for connection in clients:
        connection.send(json_request(body))
    eventually(
        lambda: (
            gateway.scraper.scrape().total("oriel_requests_in_flight", endpoint="chat_completions")
            == 3
        ),
        "three are in flight",
    )
    with RawClient(gateway.port) as extra:
        extra.send(json_request(body))
        answer = extra.read_answer()
    assert answer.status == 503
    assert json.loads(answer.body)["error"]["code"] == "overloaded"
    assert int(answer.headers["retry-after"]) >= 1
    for connection in clients:
        connection.close()
    eventually(
        lambda: (
            gateway.scraper.scrape().total("oriel_requests_shed_total", reason="concurrency") == 1
        ),
        "the cap is counted",
    )
    eventually(
        lambda: (
            not gateway.scraper.scrape().total(
                "oriel_requests_in_flight", endpoint="chat_completions"
            )
        ),
        "they have left",
    )
    still_serves(gateway)
