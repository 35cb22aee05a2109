"""Paths, methods, CORS, probes, headers: the contract with every client and load balancer."""

import json

import pytest

from harness.raw_http import RawClient, json_request, request
from harness.servers import BEDROCK_MODEL

CHAT_BODY = json.dumps(
    {"model": BEDROCK_MODEL, "messages": [{"role": "user", "content": "Hi"}]}
).encode()
POST_ONLY = ["/v1/chat/completions"]
READ_ONLY = [
    "/v1/models",
    f"/v1/models/{BEDROCK_MODEL}",
    "/health",
    "/livez",
    "/readyz",
    "/metrics",
]


def ask(gateway, method, target, headers=(), body=None):
    with RawClient(gateway.port) as connection:
        connection.send(request(method, target, headers, body))
        answer = connection.read_answer(method)
        if method == "HEAD":
            connection.half_close()
            assert connection.at_end(), "an answer to HEAD has no body"
        return answer


@pytest.mark.smoke
@pytest.mark.parametrize("target", READ_ONLY)
def test_get_and_head(gateway, target):
    got = ask(gateway, "GET", target)
    headed = ask(gateway, "HEAD", target)
    assert got.status == headed.status == 200
    assert got.headers["content-type"] == headed.headers["content-type"]
    assert got.headers["x-request-id"] != headed.headers["x-request-id"]


VARIANTS = [
    "/v1/chat/completions",
    "/chat/completions",
    "/v1/chat/completions/",
    "/v1/chat/completions?a=b",
    "//v1//chat//completions",
    "/v1/chat/completions?api-version=2024-02-01&x=%20",
]


@pytest.mark.parametrize("target", VARIANTS)
def test_path_variants(gateway, target):
    answer = ask(gateway, "POST", target, {"Content-Type": "application/json"}, CHAT_BODY)
    assert answer.status == 200


@pytest.mark.parametrize(
    "target",
    [
        "/models",
        "/v1/models/",
        "/models?x",
        "/v1/models/us.amazon.nova-lite-v1:0",
        "/v1/models/amazon.nova-lite-v1%3A0",
        "/models/gpt-4o-mini/",
    ],
)
def test_models_variants(gateway, target):
    assert ask(gateway, "GET", target).status == 200


@pytest.mark.parametrize(
    "target, methods, allow",
    [
        *((target, ["GET", "HEAD", "PUT", "DELETE", "PATCH"], "POST") for target in POST_ONLY),
        *((target, ["POST", "PUT", "DELETE", "PATCH"], "GET, HEAD") for target in READ_ONLY),
    ],
)
def test_wrong_method(gateway, target, methods, allow):
    for method in methods:
        answer = ask(gateway, method, target, body=b"" if method != "HEAD" else None)
        assert answer.status == 405
        assert answer.headers["allow"] == allow
        if method != "HEAD":
            error = json.loads(answer.body)["error"]
            assert error["code"] == "method_not_supported"
            assert error["message"].startswith(f"Not allowed to {method} on {target}.")


UNKNOWN = [
    "/",
    "/v1",
    "/v2/chat/completions",
    "/v1/chat",
    "/v1/chat/completions/x",
    "/favicon.ico",
    "/v1/engines",
    "/v1/../etc/passwd",
    "/.env",
    "/%2e%2e/",
    "/v1/chat%2Fcompletions",
    "/metrics/x",
    "/debug",
]


@pytest.mark.parametrize("target", UNKNOWN)
def test_unknown_path(gateway, target):
    answer = ask(gateway, "POST", target, body=b"{}")
    assert answer.status == 404
    error = json.loads(answer.body)["error"]
    assert error == {
        "message": f"Invalid URL (POST {target})",
        "type": "invalid_request_error",
        "param": None,
        "code": "unknown_url",
    }


def test_unknown_paths_do_not_grow_the_metrics(start_gateway):
    gateway = start_gateway()
    with gateway.scraper.watch(1, endpoint="other"):
        ask(gateway, "GET", "/nothing-here")
    before = gateway.scraper.series()
    with gateway.scraper.watch(200, endpoint="other"):
        for i in range(200):
            ask(gateway, "GET", f"/nothing-here-{i}")
    assert gateway.scraper.series() == before


@pytest.mark.parametrize("target", [*POST_ONLY, *READ_ONLY])
def test_options(gateway, target):
    answer = ask(gateway, "OPTIONS", target)
    assert answer.status == 204
    assert "content-length" not in answer.headers
    assert "access-control-allow-origin" not in answer.headers


REQUEST_IDS = {
    "plain": ("abc-DEF_1.2", True),
    "long": ("x" * 128, True),
    "too long": ("x" * 129, False),
    "empty": ("", False),
    "blank": ("a b", False),
    "quotes": ('a"b', False),
    "odd": ("a\tb", False),
    "octets": ("\xe9", False),
    "slash": ("a/b", False),
}


@pytest.mark.parametrize("sent, kept", REQUEST_IDS.values(), ids=REQUEST_IDS)
def test_request_id(gateway, sent, kept):
    raw = f"GET /livez HTTP/1.1\r\nHost: x\r\nx-request-id: {sent}\r\n\r\n".encode("latin-1")
    with RawClient(gateway.port) as connection:
        connection.send(raw)
        got = connection.read_answer().headers["x-request-id"]
    assert (got == sent) == kept and got


def test_request_ids_differ(gateway):
    ids = set()
    with RawClient(gateway.port) as connection:
        for _ in range(200):
            connection.send(request("GET", "/livez"))
            ids.add(connection.read_answer().headers["x-request-id"])
    assert len(ids) == 200


def test_headers_of_an_answer(gateway):
    answer = ask(
        gateway, "POST", "/v1/chat/completions", {"Content-Type": "application/json"}, CHAT_BODY
    )
    headers = answer.headers
    assert headers["content-type"] == "application/json"
    assert headers["openai-version"] == "2020-10-01"
    assert int(headers["openai-processing-ms"]) >= 0
    assert headers["x-oriel-provider"] == "bedrock"
    assert headers["x-oriel-model"]
    assert int(headers["x-oriel-overhead-us"]) > 0


def test_headers_of_a_stream(gateway):
    body = json.dumps({**json.loads(CHAT_BODY), "stream": True}).encode()
    answer = ask(
        gateway, "POST", "/v1/chat/completions", {"Content-Type": "application/json"}, body
    )
    assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert answer.headers["cache-control"] == "no-cache"
    assert answer.headers["x-accel-buffering"] == "no"
    assert "content-length" not in answer.headers
    assert answer.events[-1] == "[DONE]"
    assert answer.complete


def test_pipelined_requests_are_answered_in_order(gateway):
    with RawClient(gateway.port) as connection:
        texts = [f"Number {i}" for i in range(100)]
        bodies = [
            json.dumps(
                {
                    "model": BEDROCK_MODEL,
                    "stream": i % 3 == 0,
                    "messages": [{"role": "user", "content": text}],
                }
            ).encode()
            for i, text in enumerate(texts)
        ]
        connection.send(b"".join(map(json_request, bodies)))
        for i, text in enumerate(texts):
            answer = connection.read_answer()
            assert answer.status == 200
            if i % 3 == 0:
                content = "".join(
                    json.loads(event)["choices"][0]["delta"].get("content") or ""
                    for event in answer.events[:-1]
                )
            else:
                content = json.loads(answer.body)["choices"][0]["message"]["content"]
            assert content == f"Echo: {text}"


def test_100_continue(gateway):
    head = request(
        "POST",
        "/v1/chat/completions",
        {"Content-Type": "application/json", "Expect": "100-continue"},
        CHAT_BODY,
    )[: -len(CHAT_BODY)]
    with RawClient(gateway.port) as connection:
        connection.send(head)
        assert connection.read_head().status == 100
        connection.send(CHAT_BODY)
        assert connection.read_answer().status == 200


def test_no_100_for_a_refused_request(gateway):
    for target, status in (("/v1/nothing", 404), ("/v1/models", 405)):
        with RawClient(gateway.port) as connection:
            connection.send(
                request("POST", target, {"Expect": "100-continue", "Content-Length": "10"})
            )
            assert connection.read_head().status == status


CORS = {"server": {"cors_origins": ["https://app.example"]}}


def test_cors(start_gateway):
    gateway = start_gateway(settings=CORS)
    asked = {
        "Origin": "https://app.example",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization, content-type, x-stainless-lang",
    }
    answer = ask(gateway, "OPTIONS", "/v1/chat/completions", asked)
    assert answer.status == 204
    assert answer.headers["access-control-allow-origin"] == "https://app.example"
    allowed = {
        name.strip().lower() for name in answer.headers["access-control-allow-headers"].split(",")
    }
    assert {"authorization", "content-type", "x-stainless-lang"} <= allowed
    assert "POST" in answer.headers["access-control-allow-methods"]
    actual = ask(
        gateway,
        "POST",
        "/v1/chat/completions",
        {"Origin": "https://app.example", "Content-Type": "application/json"},
        CHAT_BODY,
    )
    assert actual.status == 200
    assert actual.headers["access-control-allow-origin"] == "https://app.example"
    assert "x-request-id" in actual.headers["access-control-expose-headers"].lower()
    assert "origin" in actual.headers["vary"].lower()
    error = ask(gateway, "GET", "/nowhere", {"Origin": "https://app.example"})
    assert error.headers["access-control-allow-origin"] == "https://app.example"


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "https://app.example.evil",
        "null",
        "http://app.example",
        "https://APP.example.org",
    ],
)
def test_cors_for_others(start_gateway, origin):
    gateway = start_gateway(settings=CORS)
    for method, target in (("OPTIONS", "/v1/chat/completions"), ("GET", "/v1/models")):
        answer = ask(
            gateway, method, target, {"Origin": origin, "Access-Control-Request-Method": "POST"}
        )
        assert "access-control-allow-origin" not in answer.headers


def test_cors_is_off_by_default(gateway):
    answer = ask(gateway, "GET", "/v1/models", {"Origin": "https://app.example"})
    assert "access-control-allow-origin" not in answer.headers
