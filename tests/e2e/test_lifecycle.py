"""Start, configuration, probes, drain: R7 and R17."""

import json
import os
import re
import signal
import socket
import subprocess
import time

import pytest

from harness.process import PATIENCE, binary, eventually, sanitizer_options
from harness.raw_http import RawClient, json_request, request
from harness.samples import long_stream, user
from harness.servers import BEDROCK_MODEL, aws_environment, sdk


# A drain that would take longer than any test.
LONG_DRAIN = {"server": {"drain_timeout_ms": 600_000}}


def run_oriel(*arguments, environment=None):
    return subprocess.run(
        [binary("oriel"), *arguments],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        env={
            "PATH": os.environ["PATH"],
            "AWS_REGION": "us-east-1",
            **sanitizer_options(),
            **(environment or {}),
        },
    )


def status_of(gateway, path) -> int:
    with RawClient(gateway.port) as connection:
        connection.send(request("GET", path, {"Connection": "close"}))
        return connection.read_answer().status


def test_help_and_version():
    shown = run_oriel("--help")
    assert shown.returncode == 0
    for option in ("--listen", "--workers", "--config", "--check-config", "--version"):
        assert option in shown.stdout
    version = run_oriel("--version")
    assert version.returncode == 0
    assert re.fullmatch(r"oriel \d+\.\d+\.\d+.*\n", version.stdout)


@pytest.mark.parametrize(
    "arguments",
    [["--nonsense"], ["--workers", "none"], ["--workers", "-1"], ["stray"], ["--listen"]],
    ids=" ".join,
)
def test_wrong_usage(arguments):
    ended = run_oriel(*arguments)
    assert ended.returncode == 2
    assert ended.stderr or ended.stdout


# The file's text, and what the one line of complaint must say, the place first.
BAD_CONFIGS = {
    "unknown section": ("servr:\n  listen: x\n", r":1:1: .*servr.*server"),
    "unknown key": ("server:\n  lisen: 127.0.0.1:0\n", r":2:3: .*lisen.*listen"),
    "wrong type": ("server:\n  workers: many\n", r":2:12: .*workers"),
    "out of range": ("server:\n  workers: -1\n", r":2:12: .*workers"),
    "list for a scalar": ("server:\n  listen: [a]\n", r":2:11: .*listen"),
    "broken YAML": ("server: [\n", r":\d+:\d+: "),
    "twice": ("server:\n  workers: 1\n  workers: 2\n", r":3:3: .*twice"),
    "unknown provider type": ("providers:\n  p:\n    type: magic\n", r":3:11: .*magic"),
    "provider without type": ("providers:\n  p:\n    region: x\n", r"'p'.*type"),
    "model of no provider": ("models:\n  m:\n    provider: nobody\n", r"nobody"),
    "unset variable": (
        "providers:\n  p:\n    type: openai\n    base_url: http://x\n    api_key: ${NO_SUCH}\n",
        r":5:14: .*NO_SUCH",
    ),
    "certificate without key": ("server:\n  tls:\n    certificate: x.pem\n", r"key"),
}


@pytest.mark.parametrize("text, complaint", BAD_CONFIGS.values(), ids=BAD_CONFIGS)
def test_bad_config(tmp_path, text, complaint):
    file = tmp_path / "oriel.yaml"
    file.write_text(text)
    for arguments in (["--check-config"], []):
        ended = run_oriel("--config", str(file), *arguments)
        assert ended.returncode == 1
        said = (ended.stdout + ended.stderr).strip()
        assert len(said.splitlines()) == 1
        assert re.search(complaint, said), said
        assert str(file) in said


def test_good_config(tmp_path):
    file = tmp_path / "oriel.yaml"
    file.write_text("server:\n  listen: 127.0.0.1:0\n")
    assert run_oriel("--config", str(file), "--check-config").returncode == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ["--listen", "nonsense"],
        ["--listen", "127.0.0.1:99999"],
        ["--listen", "203.0.113.7:0"],
        ["--config", "/nonexistent/oriel.yaml"],
    ],
    ids=" ".join,
)
def test_cannot_start(arguments):
    ended = run_oriel(*arguments)
    assert ended.returncode == 1
    assert ended.stdout + ended.stderr


def test_port_taken():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        ended = run_oriel("--listen", address)
    assert ended.returncode == 1
    assert address in ended.stdout + ended.stderr


def test_port_of_another_gateway(start_gateway):
    """The workers share a port; two gateways must not."""
    address = f"127.0.0.1:{start_gateway().port}"
    ended = run_oriel("--listen", address)
    assert ended.returncode == 1
    assert address in ended.stdout + ended.stderr


def test_missing_certificate(tmp_path):
    file = tmp_path / "oriel.yaml"
    file.write_text(
        "server:\n  listen: 127.0.0.1:0\n  tls:\n    certificate: /nonexistent/c.pem\n"
        "    key: /nonexistent/k.pem\n"
    )
    ended = run_oriel("--config", str(file))
    assert ended.returncode == 1
    assert "c.pem" in ended.stdout + ended.stderr


@pytest.mark.smoke
def test_sigterm_when_idle(start_gateway):
    gateway = start_gateway()
    assert status_of(gateway, "/readyz") == 200
    gateway.signal(signal.SIGTERM)
    assert gateway.wait_exit() == 0


def test_idle_connections_do_not_hold_the_drain(start_gateway):
    gateway = start_gateway(settings=LONG_DRAIN)
    idle = [RawClient(gateway.port) for _ in range(50)]
    for connection in idle[:25]:
        connection.send(request("GET", "/livez"))
        assert connection.read_answer().status == 200
    gateway.signal(signal.SIGTERM)
    assert gateway.wait_exit() == 0
    for connection in idle:
        assert connection.at_end()
        connection.close()


@pytest.mark.smoke
def test_drain_lets_streams_finish(start_gateway, pool):
    gateway = start_gateway()
    client = sdk(gateway)
    text = long_stream(BEDROCK_MODEL, 40, 50)

    def stream(started):
        chunks = []
        for chunk in client.chat.completions.create(
            model=BEDROCK_MODEL, messages=user(text), stream=True
        ):
            chunks.append(chunk)
            started.append(1)
        return chunks[-1].choices[0].finish_reason

    started = [[] for _ in range(20)]
    streams = [pool.submit(stream, mark) for mark in started]
    eventually(lambda: all(started), "every stream has begun")
    gateway.signal(signal.SIGTERM)
    assert [future.result() for future in streams] == ["stop"] * 20
    assert gateway.wait_exit() == 0
    lines = gateway.chat_lines(20)
    assert {line["outcome"] for line in lines} == {"ok"}


def test_drain_waits_for_a_body_on_its_way(start_gateway):
    gateway = start_gateway()
    body = json.dumps({"model": BEDROCK_MODEL, "messages": user("Hello.")}).encode()
    with RawClient(gateway.port) as connection:
        connection.send(json_request(body)[:-5])
        eventually(
            lambda: gateway.scraper.scrape().total("oriel_connections_open") >= 2,
            "the connection is open, besides the scraper's",
        )
        gateway.signal(signal.SIGTERM)
        eventually(lambda: '"event":"draining"' in gateway.output(), "the drain has begun")
        connection.send(body[-5:])
        assert connection.read_answer().status == 200
    assert gateway.wait_exit() == 0


def test_drain_deadline_cuts_what_remains(start_gateway):
    gateway = start_gateway(settings={"server": {"drain_timeout_ms": 300}})
    body = json.dumps(
        {
            "model": BEDROCK_MODEL,
            "messages": user(long_stream(BEDROCK_MODEL, 5000, 50)),
            "stream": True,
        }
    ).encode()
    with RawClient(gateway.port) as connection:
        connection.send(json_request(body))
        connection.read_head()
        began = time.monotonic()
        gateway.signal(signal.SIGTERM)
        assert gateway.wait_exit() == 0
        assert time.monotonic() - began >= 0.3
        assert b"[DONE]" not in connection.read_to_end()
    (line,) = gateway.chat_lines(1)
    assert line["outcome"] == "gateway_draining"


def test_a_second_signal_ends_at_once(start_gateway):
    gateway = start_gateway(settings=LONG_DRAIN)
    body = json.dumps(
        {
            "model": BEDROCK_MODEL,
            "messages": user(long_stream(BEDROCK_MODEL, 5000, 50)),
            "stream": True,
        }
    ).encode()
    with RawClient(gateway.port) as connection:
        connection.send(json_request(body))
        connection.read_head()
        gateway.signal(signal.SIGTERM)
        eventually(lambda: '"event":"drain' in gateway.output(), "the drain has begun")
        gateway.signal(signal.SIGTERM)
        gateway.good_exits = {1}
        assert gateway.wait_exit() == 1


def test_lame_duck_answers_and_is_not_ready(start_gateway):
    gateway = start_gateway(settings={"server": {"lame_duck_ms": 600_000}})
    gateway.signal(signal.SIGTERM)
    eventually(lambda: status_of(gateway, "/readyz") == 503, "readiness fails")
    assert status_of(gateway, "/livez") == 200
    answer = sdk(gateway).chat.completions.create(
        model=BEDROCK_MODEL, messages=user("Still there?")
    )
    assert answer.choices[0].finish_reason == "stop"
    gateway.signal(signal.SIGTERM)
    gateway.good_exits = {1}
    assert gateway.wait_exit() == 1


def test_lame_duck_ends(start_gateway):
    gateway = start_gateway(settings={"server": {"lame_duck_ms": 500}})
    began = time.monotonic()
    gateway.signal(signal.SIGTERM)
    assert gateway.wait_exit() == 0
    assert time.monotonic() - began >= 0.5


def test_not_ready_without_credentials(start_gateway):
    gateway = start_gateway(
        simulator=None, environment={"HOME": "/nonexistent", "AWS_REGION": "us-east-1"}
    )
    assert status_of(gateway, "/livez") == 200
    assert status_of(gateway, "/readyz") == 503


def test_listen_from_the_environment(start_gateway, simulator):
    gateway = start_gateway(environment={"ORIEL_LISTEN": "127.0.0.1:0"})
    assert status_of(gateway, "/readyz") == 200


def test_shared_files(start_gateway, simulator, tmp_path):
    """Credentials and region from a profile of the shared files."""
    environment = aws_environment(simulator)
    (tmp_path / "credentials").write_text(
        "[other]\naws_access_key_id = {}\naws_secret_access_key = {}\n".format(
            environment.pop("AWS_ACCESS_KEY_ID"), environment.pop("AWS_SECRET_ACCESS_KEY")
        )
    )
    (tmp_path / "config").write_text("[profile other]\nregion = us-east-1\n")
    environment.pop("AWS_REGION")
    environment |= {
        "AWS_PROFILE": "other",
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "credentials"),
        "AWS_CONFIG_FILE": str(tmp_path / "config"),
    }
    gateway = start_gateway(simulator=None, environment=environment)
    answer = sdk(gateway).chat.completions.create(model=BEDROCK_MODEL, messages=user("Hi"))
    assert answer.choices[0].message.content == "Echo: Hi"


def test_wrong_secret_is_a_502(start_gateway, simulator):
    import openai

    gateway = start_gateway(environment={"AWS_SECRET_ACCESS_KEY": "wrong-secret"})
    assert simulator.alive()
    with pytest.raises(openai.InternalServerError) as caught:
        sdk(gateway).chat.completions.create(model=BEDROCK_MODEL, messages=user("Hi"))
    assert caught.value.status_code == 502 and caught.value.code == "upstream_auth_error"


def test_ready_soon(start_gateway):
    """R17: 200 ms for a release build; sanitizers get more, and a busy machine three tries."""

    def start():
        began = time.monotonic()
        start_gateway()
        return time.monotonic() - began

    assert any(start() < 3 for _ in range(3))
