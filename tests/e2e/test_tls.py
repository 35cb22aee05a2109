"""The same front end over TLS."""

import json
import ssl
import subprocess

import openai
import pytest

from harness.metrics import Scraper
from harness.raw_http import RawClient, json_request, request
from harness.samples import long_stream, user
from harness.servers import BEDROCK_MODEL
from http_cases import CASES, PROBE, PROBE_ID


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tls")
    subprocess.run(
        [
            "openssl",
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:prime256v1",
            "-nodes",
            "-days",
            "2",
            "-subj",
            "/CN=127.0.0.1",
            "-addext",
            "subjectAltName=IP:127.0.0.1",
            "-keyout",
            folder / "key.pem",
            "-out",
            folder / "certificate.pem",
        ],
        check=True,
        capture_output=True,
    )
    return folder


@pytest.fixture
def context(certificate):
    return ssl.create_default_context(cafile=str(certificate / "certificate.pem"))


@pytest.fixture
def secure(start_gateway, certificate, context):
    gateway = start_gateway(
        settings={
            "server": {
                "tls": {
                    "certificate": str(certificate / "certificate.pem"),
                    "key": str(certificate / "key.pem"),
                }
            }
        }
    )
    gateway.scraper = Scraper(gateway.address, context)
    assert gateway.address.startswith("https://")
    return gateway


def test_sdk(secure, context):
    http = openai.DefaultHttpxClient(verify=context)
    client = openai.OpenAI(base_url=secure.base_url, api_key="x", max_retries=0, http_client=http)
    with secure.scraper.watch(2) as delta:
        answer = client.chat.completions.create(model=BEDROCK_MODEL, messages=user("Hi"))
        assert answer.choices[0].message.content == "Echo: Hi"
        chunks = list(
            client.chat.completions.create(model=BEDROCK_MODEL, messages=user("Hi"), stream=True)
        )
    assert chunks[-1].choices[0].finish_reason == "stop"
    assert delta.by("oriel_requests_total", "outcome") == {"ok": 2}


def test_conformance(secure, context):
    """Every ninth case of the table."""
    for case in CASES[::9]:
        with RawClient(secure.port, context=context) as connection:
            connection.send(case.raw + PROBE)
            answer = connection.read_answer("HEAD" if case.raw.startswith(b"HEAD") else "GET")
            assert answer.status in case.statuses, case.name
            assert answer.headers["x-request-id"] != PROBE_ID


def test_large_body(secure, context):
    body = json.dumps({"model": BEDROCK_MODEL, "messages": user("x" * 1_000_000)}).encode()
    with RawClient(secure.port, context=context) as connection:
        connection.send(json_request(body))
        assert connection.read_answer().status == 200


def test_client_leaves(secure, context):
    body = json.dumps(
        {
            "model": BEDROCK_MODEL,
            "messages": user(long_stream(BEDROCK_MODEL, 2000, 5)),
            "stream": True,
        }
    ).encode()
    with secure.scraper.watch(1) as delta:
        connection = RawClient(secure.port, context=context)
        connection.send(json_request(body))
        connection.read_head()
        connection.read_chunk()
        connection.close()
    assert delta.by("oriel_requests_total", "outcome") == {"caller_cancelled": 1}


@pytest.mark.parametrize(
    "sent",
    [b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"\x16\x03\x01\x00\x05hello", b"\x00" * 100],
    ids=["plain HTTP", "half a hello", "zeros"],
)
def test_not_tls(secure, context, sent):
    with RawClient(secure.port) as connection:
        connection.send(sent)
        connection.half_close()
        assert b"200 " not in connection.read_to_end()
    with RawClient(secure.port, context=context) as connection:
        connection.send(request("GET", "/livez"))
        assert connection.read_answer().status == 200


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_old_tls_is_refused(secure, context):
    context.minimum_version = ssl.TLSVersion.TLSv1
    context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.raises((ssl.SSLError, OSError)):
        RawClient(secure.port, context=context)
