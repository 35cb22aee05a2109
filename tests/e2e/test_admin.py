"""The admin address: metrics, probes and the status page apart from clients."""

import gzip
import json
import signal
import socket

import pytest

from harness.metrics import Scraper
from harness.process import eventually
from harness.raw_http import Closed, RawClient, json_request, request
from harness.samples import long_stream, user
from harness.servers import BEDROCK_MODEL, REGION, aws_environment, sdk
from test_lifecycle import run_oriel

ADMIN = {"server": {"admin_listen": "127.0.0.1:0"}}
# The same, and its drain would take longer than any test.
PATIENT = {"server": {**ADMIN["server"], "drain_timeout_ms": 600_000}}
SERVED = {
    "/status": "status",
    "/metrics": "metrics",
    "/health": "health",
    "/livez": "health",
    "/readyz": "health",
}


def port_of(address) -> int:
    return int(address.rsplit(":", 1)[1])


def ask(port, method, target, headers=(), body=None):
    with RawClient(port) as connection:
        connection.send(request(method, target, headers, body))
        answer = connection.read_answer(method)
        if method == "HEAD":
            connection.half_close()
            assert connection.at_end(), "an answer to HEAD has no body"
        return answer


def is_closed(port) -> bool:
    try:
        ask(port, "GET", "/livez")
    except (OSError, Closed):
        return True
    return False


@pytest.fixture
def watched(start_gateway):
    """A gateway with an admin address."""
    return start_gateway(settings=ADMIN)


@pytest.fixture
def admin(watched) -> int:
    return port_of(watched.admin_address)


@pytest.mark.smoke
@pytest.mark.parametrize("target", SERVED)
def test_served(admin, target):
    got = ask(admin, "GET", target)
    headed = ask(admin, "HEAD", target)
    assert got.status == headed.status == 200
    assert got.headers["content-type"] == headed.headers["content-type"]
    assert int(got.headers["content-length"]) == len(got.body) > 0


@pytest.mark.parametrize("target", SERVED)
def test_other_methods(admin, target):
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        refused = ask(admin, method, target)
        assert refused.status == 405
        assert refused.headers["allow"] == "GET, HEAD"
        assert json.loads(refused.body)["error"]["code"] == "method_not_supported"
    options = ask(admin, "OPTIONS", target)
    assert options.status == 204 and not options.body


@pytest.mark.parametrize(
    "method, target",
    [
        ("GET", "/"),
        ("GET", "/v1/models"),
        ("GET", f"/v1/models/{BEDROCK_MODEL}"),
        ("POST", "/v1/chat/completions"),
        ("GET", "/status/x"),
        ("GET", "/statusx"),
        ("GET", "/favicon.ico"),
    ],
)
def test_nothing_else(admin, method, target):
    answer = ask(admin, method, target, {"Content-Type": "application/json"})
    assert answer.status == 404
    assert json.loads(answer.body)["error"]["code"] == "unknown_url"


def test_no_status_page_for_clients(watched):
    answer = ask(watched.port, "GET", "/status")
    assert answer.status == 404
    assert json.loads(answer.body)["error"]["code"] == "unknown_url"
    lines = eventually(lambda: watched.log_lines(status=404), "its log line")
    assert [line["endpoint"] for line in lines] == ["other"]


def test_no_admin_address_unless_asked(start_gateway):
    gateway = start_gateway()
    assert '"admin_address":""' in gateway.output()


def test_requests_are_records(watched, admin):
    answers = {target: ask(admin, "GET", target) for target in (*SERVED, "/nope")}
    for target, answer in answers.items():
        line = watched.log_line(answer.headers["x-request-id"])
        assert line["endpoint"] == SERVED.get(target, "other")
        assert line["status"] == answer.status
        assert line["bytes_out"] == len(answer.body)
    with RawClient(admin) as connection:
        connection.send(b"GET /status HTTP/9.9\r\n\r\n")
        assert connection.read_answer().status in (400, 505)
    samples = Scraper(watched.admin_address).scrape()
    requests = samples.by("oriel_requests_total", "endpoint")
    assert requests == {"status": 1, "metrics": 1, "health": 3, "other": 2}
    assert samples.total("oriel_requests_in_flight") == 1, "this scrape"


def test_both_addresses_tell_the_same(watched):
    client = sdk(watched)
    for stream in (False, True):
        answer = client.chat.completions.create(
            model=BEDROCK_MODEL, messages=user("Hi"), stream=stream
        )
        if stream:
            list(answer)
    watched.chat_lines(2)

    def stable(samples):
        return {
            (name, labels): value
            for (name, labels), value in samples.items()
            if dict(labels).get("endpoint", "chat_completions") == "chat_completions"
            and "model" in dict(labels)
        }

    ours = stable(watched.scraper.scrape())
    theirs = stable(Scraper(watched.admin_address).scrape())
    assert len(ours) > 100 and ours == theirs


@pytest.mark.parametrize("result", ["ok", "failed"])
def test_asking_aws_for_its_lists_is_counted(start_gateway, simulator, result):
    lists = simulator.address if result == "ok" else "http://127.0.0.1:1"
    environment = {**aws_environment(simulator), "AWS_ENDPOINT_URL_BEDROCK": lists}
    gateway = start_gateway(settings=ADMIN, environment=environment)
    scraper = Scraper(gateway.admin_address)
    counted = eventually(
        lambda: scraper.scrape().by("oriel_model_list_refreshes_total", "result", region=REGION),
        "the first lists were asked for",
    )
    assert counted.keys() == {result}


def test_gzip(watched, admin):
    for port in (admin, watched.port):
        answer = ask(port, "GET", "/metrics", {"Accept-Encoding": "gzip, deflate"})
        assert answer.headers["content-encoding"] == "gzip"
        assert answer.headers["vary"] == "Accept, Accept-Encoding"
        assert b"oriel_requests_total" in gzip.decompress(answer.body)
        plain = ask(port, "GET", "/metrics")
        assert "content-encoding" not in plain.headers
        assert plain.headers["vary"] == "Accept, Accept-Encoding"
        assert len(answer.body) * 3 < len(plain.body)


def test_the_page_lets_nothing_else_in(admin):
    answer = ask(admin, "GET", "/status")
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    policy = dict(
        part.strip().split(" ", 1) for part in answer.headers["content-security-policy"].split(";")
    )
    assert policy["default-src"] == "'none'"
    assert policy["connect-src"] == "'self'"
    assert policy["img-src"] == "data:"
    for name in ("script-src", "style-src"):
        assert policy[name].startswith("'sha256-") and "unsafe" not in policy[name]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert b"/*SCRIPT*/" not in answer.body and b"/*STYLE*/" not in answer.body


def test_it_answers_while_the_gateway_drains(start_gateway):
    gateway = start_gateway(settings=PATIENT)
    admin = port_of(gateway.admin_address)
    body = json.dumps(
        {
            "model": BEDROCK_MODEL,
            "messages": user(long_stream(BEDROCK_MODEL, 5000, 50)),
            "stream": True,
        }
    ).encode()
    idle = RawClient(admin)
    idle.send(request("GET", "/livez"))
    assert idle.read_answer().status == 200
    with RawClient(gateway.port) as stream:
        stream.send(json_request(body))
        stream.read_head()
        gateway.signal(signal.SIGTERM)
        eventually(lambda: is_closed(gateway.port), "nobody is let in any more")
        assert ask(admin, "GET", "/livez").status == 200
        assert ask(admin, "GET", "/status").status == 200
        assert ask(admin, "GET", "/readyz").status == 503
        in_flight = Scraper(gateway.admin_address).scrape()
        assert in_flight.total("oriel_requests_in_flight", endpoint="chat_completions") == 1
    # The stream was the last: neither an idle connection nor the listener holds the process.
    assert gateway.wait_exit() == 0
    assert idle.at_end()
    idle.close()
    (line,) = gateway.chat_lines(1)
    assert line["outcome"] == "caller_cancelled"


@pytest.mark.smoke
def test_a_stop_with_requests_under_way(start_gateway):
    gateway = start_gateway(settings=PATIENT)
    with RawClient(port_of(gateway.admin_address)) as half:
        half.send(b"GET /status HTTP/1.1\r\nHo")
        ask(port_of(gateway.admin_address), "GET", "/livez")
        gateway.signal(signal.SIGTERM)
        assert gateway.wait_exit() == 0
        assert half.at_end()


def test_port_taken():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        for arguments, environment in (
            (["--admin-listen", address], {}),
            ([], {"ORIEL_ADMIN_LISTEN": address}),
        ):
            ended = run_oriel("--listen", "127.0.0.1:0", *arguments, environment=environment)
            assert ended.returncode == 1
            assert f"cannot listen on {address}" in ended.stderr
            assert ended.stdout == ""


def test_one_port_cannot_be_both():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    ended = run_oriel("--listen", address, "--admin-listen", address)
    assert ended.returncode == 1
    assert address in ended.stderr


def test_the_option(start_gateway):
    gateway = start_gateway(arguments=["--admin-listen", "127.0.0.1:0"])
    assert ask(port_of(gateway.admin_address), "GET", "/readyz").status == 200
