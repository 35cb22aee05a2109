"""R1: our own conformance and smuggling table, each case over a real socket."""

import json

import pytest

from harness.raw_http import Closed, RawClient
from http_cases import CASES, PROBE, PROBE_ID

NAMES = [case.name for case in CASES]


def test_the_table_is_large_and_its_names_differ():
    assert len(CASES) >= 200
    assert len(set(NAMES)) == len(NAMES)


def exchange(port, raw) -> list:
    """All answers to these bytes, until the server closes or the probe is answered."""
    method = "HEAD" if raw.startswith(b"HEAD") else "GET"
    answers = []
    with RawClient(port) as connection:
        connection.send(raw + PROBE)
        try:
            while True:
                answers.append(connection.read_answer(method if not answers else "GET"))
                if answers[-1].headers.get("x-request-id") == PROBE_ID:
                    break
                if len(answers) == 1 and answers[0].headers.get("connection") == "close":
                    connection.half_close()
        except Closed:
            assert connection.buffer == b""
    return answers


@pytest.mark.parametrize("case", CASES, ids=NAMES)
def test_case(gateway, case):
    first, *others = exchange(gateway.port, case.raw)
    assert first.status in case.statuses
    assert first.headers["x-request-id"] != PROBE_ID
    if first.status >= 400 and not case.raw.startswith(b"HEAD"):
        error = json.loads(first.body)["error"]
        assert set(error) == {"message", "type", "param", "code"}
    probed = [answer for answer in others if answer.headers.get("x-request-id") == PROBE_ID]
    assert probed == others, "the bytes of one request were read as two"
    if case.goes_on is not None:
        assert bool(probed) == case.goes_on
    if not probed:
        assert first.headers["connection"] == "close"


@pytest.mark.parametrize(
    "case", [c for c in CASES if len(c.raw) < 400][::7], ids=lambda case: case.name
)
def test_case_octet_by_octet(gateway, case):
    with RawClient(gateway.port) as connection:
        for i in range(len(case.raw)):
            connection.send(case.raw[i : i + 1])
        method = "HEAD" if case.raw.startswith(b"HEAD") else "GET"
        assert connection.read_answer(method).status in case.statuses


def test_smuggled_requests_reach_no_route(start_gateway):
    """The log tells of no probe behind a refused request."""
    gateway = start_gateway()
    refusals = [case for case in CASES if case.goes_on is False]
    for case in refusals:
        exchange(gateway.port, case.raw)
    gateway.stop()
    assert len(gateway.log_lines()) >= len(refusals) > 0
    assert gateway.log_lines(request_id=PROBE_ID) == []
