"""The traps of spec/converse.md §21 and §21.1 that show on the wire only; the others are in
tests/convert/traps. Together they are all 52."""

import http.server
import json
import re
import socket
import threading
from pathlib import Path

import openai
import pytest
from harness.answers import REFRESH, THINKER
from harness.process import eventually
from harness.raw_http import RawClient, json_request
from harness.samples import WEATHER, long_stream, png, user
from harness.servers import BEDROCK_MODEL, sdk

HERE = Path(__file__).resolve()
ACCOUNT = "arn:aws:bedrock:us-east-1:123456789012:"
LITE = f"{ACCOUNT}application-inference-profile/a1b2c3d4e5f6"
HIDDEN_OPUS = f"{ACCOUNT}application-inference-profile/h0i1d2d3e4n5"  # nobody may look it up


def body_of(simulator) -> dict:
    return json.loads(simulator.last()["body"])


# -------------------------------------------------------------------- 35: learned from the refusal


def test_trap_35_learns_from_a_refusal(start_gateway, own_simulator):
    gateway = start_gateway(simulator=own_simulator, settings={"server": {"workers": 1}})
    client = sdk(gateway)
    attempts = []
    with gateway.scraper.watch(2) as delta:
        for _ in range(2):
            answer = client.chat.completions.with_raw_response.create(
                model=HIDDEN_OPUS, messages=user("Hi"), temperature=0
            )
            assert answer.parse().choices[0].message.content == "Echo: Hi"
            attempts.append(answer.headers["x-oriel-attempts"])
            assert "temperature=dropped" in answer.headers["x-oriel-adjusted"]
    assert attempts == ["2", "1"], "one refusal teaches it"
    assert delta.total("oriel_learned_capabilities_total") == 1
    assert "temperature" not in body_of(own_simulator).get("inferenceConfig", {})


# ------------------------------------------------------------------------- 37: the signature cache


def thinking_round(client, streamed, **second):
    """One round of a tool call with thinking, by a client that keeps the standard fields alone."""
    arguments = {"model": THINKER, "tools": [WEATHER, REFRESH], "max_tokens": 8000}
    arguments |= {"reasoning_effort": "low", "messages": user("call get_weather")}
    if streamed:
        with client.chat.completions.stream(**arguments) as stream:
            message = stream.get_final_completion().choices[0].message
    else:
        message = client.chat.completions.create(**arguments).choices[0].message
    (call,) = message.tool_calls
    function = {"name": call.function.name, "arguments": call.function.arguments}
    arguments["messages"] = [
        *user("call get_weather"),
        {
            "role": "assistant",
            "content": message.content,
            "tool_calls": [{"id": call.id, "type": "function", "function": function}],
        },
        {"role": "tool", "tool_call_id": call.id, "content": "Rain"},
    ]
    return client.chat.completions.with_raw_response.create(**{**arguments, **second})


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "stream"])
def test_trap_37_signed_thinking_is_restored(start_gateway, own_simulator, streamed):
    gateway = start_gateway(simulator=own_simulator)
    answer = thinking_round(sdk(gateway), streamed)
    assert "Rain" in answer.parse().choices[0].message.content
    sent = body_of(own_simulator)
    first, *_ = sent["messages"][1]["content"]
    assert first["reasoningContent"]["reasoningText"]["signature"]
    assert sent["additionalModelRequestFields"]["thinking"]["type"] == "enabled"
    assert "x-oriel-adjusted" not in answer.headers


def test_trap_37_signature_without_text(start_gateway, own_simulator):
    gateway = start_gateway(simulator=own_simulator)
    answer = thinking_round(sdk(gateway), False, model=THINKER)
    assert answer.status_code == 200
    client = sdk(gateway)
    opus = "us.anthropic.claude-opus-4-7"  # shows no text of its reasoning, only the signature
    arguments = {"model": opus, "tools": [WEATHER], "reasoning_effort": "high"}
    message = (
        client.chat.completions.create(**arguments, messages=user("call get_weather"))
        .choices[0]
        .message
    )
    history = [
        *user("call get_weather"),
        {"role": "assistant", "tool_calls": [call.model_dump() for call in message.tool_calls]},
        {"role": "tool", "tool_call_id": message.tool_calls[0].id, "content": "Rain"},
    ]
    client.chat.completions.create(**arguments, messages=history)
    reasoning = body_of(own_simulator)["messages"][1]["content"][0]["reasoningContent"]
    assert reasoning["reasoningText"]["text"] == ""
    assert reasoning["reasoningText"]["signature"]


def test_trap_37_without_the_cache_thinking_is_off(start_gateway, own_simulator):
    gateway = start_gateway(
        simulator=own_simulator, settings={"chat": {"signature_cache_bytes": 0}}
    )
    answer = thinking_round(sdk(gateway), False)
    assert "Rain" in answer.parse().choices[0].message.content
    assert "thinking=dropped" in answer.headers["x-oriel-adjusted"]
    fields = body_of(own_simulator).get("additionalModelRequestFields", {})
    assert fields.get("thinking", {}).get("type") != "enabled"


def test_trap_37_signatures_stay_with_their_tenant(start_gateway, own_simulator):
    gateway = start_gateway(simulator=own_simulator)
    mine = sdk(gateway)
    arguments = {"model": THINKER, "tools": [WEATHER], "max_tokens": 8000}
    message = (
        mine.chat.completions.create(
            **arguments, reasoning_effort="low", messages=user("call get_weather")
        )
        .choices[0]
        .message
    )
    history = [
        *user("call get_weather"),
        {"role": "assistant", "tool_calls": [call.model_dump() for call in message.tool_calls]},
        {"role": "tool", "tool_call_id": message.tool_calls[0].id, "content": "Rain"},
    ]
    for client, found in ((mine, True), (mine.with_options(api_key="sk-other"), False)):
        client.chat.completions.create(**arguments, reasoning_effort="low", messages=history)
        assert ("reasoningContent" in own_simulator.last()["body"]) is found


# ----------------------------------------------------------------------------- 38: ARNs and signing


def test_trap_38_arn_is_signed_and_sent_in_one_segment(gateway, client, simulator):
    answer = client.chat.completions.create(model=LITE, messages=user("Hi"))
    assert answer.choices[0].message.content == "Echo: Hi"  # the simulator checks the signature
    assert simulator.last()["path"].endswith("%2Fa1b2c3d4e5f6/converse")


# ------------------------------------------------------------------------------------- 40: frames


def test_trap_40_frames_in_any_pieces(client):
    for directive in ("dribble=1", "gap_ms=0", "unknown_event=1", "no_message_type=1"):
        chunks = client.chat.completions.create(
            model=BEDROCK_MODEL, messages=user(f"Whole [sim {directive} chunk=3]"), stream=True
        )
        assert "".join(c.choices[0].delta.content or "" for c in chunks).strip() == "Echo: Whole"


# ---------------------------------------------------------------------------------------- 43: SSRF


class Pictures:
    """A web server of pictures that counts who comes."""

    def __init__(self, address="127.0.0.1", family=socket.AF_INET):
        pictures = self
        self.seen = []
        self.connections = 0

        class Handler(http.server.BaseHTTPRequestHandler):
            def setup(self):
                pictures.connections += 1
                super().setup()

            def do_GET(self):  # noqa: N802
                pictures.seen.append(self.path)
                path, _, target = self.path.partition("?to=")
                if path == "/redirect":
                    self.send_response(302)
                    self.send_header("location", target)
                    self.send_header("content-length", "0")
                    self.end_headers()
                    return
                body = png() if path == "/picture.png" else b"<html>not a picture</html>"
                self.send_response(200)
                self.send_header("content-type", "image/png")
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            address_family = family

        self.server = Server((address, 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def pictures():
    running = Pictures()
    yield running
    running.stop()


def ask_with_picture(gateway, url):
    content = [
        {"type": "text", "text": "See"},
        {"type": "image_url", "image_url": {"url": url}},
    ]
    return sdk(gateway).chat.completions.create(
        model=BEDROCK_MODEL, messages=[{"role": "user", "content": content}]
    )


LOOPBACK = {
    "address": "http://127.0.0.1:{port}/picture.png",
    "name": "http://localhost:{port}/picture.png",
    "decimal": "http://2130706433:{port}/picture.png",
    "hexadecimal": "http://0x7f000001:{port}/picture.png",
    "octal": "http://0177.0.0.1:{port}/picture.png",
    "short": "http://127.1:{port}/picture.png",
    "mapped": "http://[::ffff:127.0.0.1]:{port}/picture.png",
    "mapped, in hexadecimal": "http://[::ffff:7f00:1]:{port}/picture.png",
    "any": "http://0.0.0.0:{port}/picture.png",
    "credentials": "http://example.com@127.0.0.1:{port}/picture.png",
    "trailing dot": "http://localhost.:{port}/picture.png",
}
PRIVATE = {
    "metadata": "http://169.254.169.254/latest/meta-data/",
    "metadata, mapped": "http://[::ffff:169.254.169.254]/latest/meta-data/",
    "metadata by IPv6": "http://[fd00:ec2::254]/latest/meta-data/",
    "link-local": "http://[fe80::1]/x",
    "private": "http://10.0.0.1/x",
    "carrier": "http://100.64.0.1/x",
    "unique local": "http://[fc00::1]/x",
    "file": "file:///etc/passwd",
    "gopher": "gopher://127.0.0.1:{port}/x",
    "ftp": "ftp://127.0.0.1:{port}/x",
}


@pytest.fixture(scope="module")
def fetching(tmp_path_factory, simulator, fake):
    """A gateway that fetches from whoever is public."""
    from harness.servers import Gateway

    folder = tmp_path_factory.mktemp("fetching")
    running = Gateway(
        folder, simulator, fake, settings={"media": {"fetch": "http", "timeout_ms": 5000}}
    )
    yield running
    running.stop()


@pytest.mark.parametrize("url", [*LOOPBACK.values(), *PRIVATE.values()], ids=[*LOOPBACK, *PRIVATE])
def test_trap_43_private_addresses_are_refused(fetching, pictures, url):
    with pytest.raises(openai.BadRequestError) as caught:
        ask_with_picture(fetching, url.format(port=pictures.port))
    assert caught.value.code in ("failed_to_download_image", "invalid_image_url")
    assert caught.value.body["param"].startswith("messages[0].content[1]")
    assert pictures.connections == 0, "it was refused only after connecting"
    for word in ("127.0.0.1", "private", "loopback", "connect"):
        assert word not in caught.value.body["message"]


def test_trap_43_fetching_is_off_by_default(gateway, pictures):
    with pytest.raises(openai.BadRequestError) as caught:
        ask_with_picture(gateway, LOOPBACK["address"].format(port=pictures.port))
    assert caught.value.code == "invalid_image_url"
    assert pictures.connections == 0


def test_trap_43_redirects_are_checked_again(start_gateway, pictures):
    """Where one host is allowed a redirect to another is refused; the allowed one works."""
    gateway = start_gateway(
        settings={
            "media": {"fetch": "http", "hosts": ["localhost"], "allow_private_addresses": True}
        }
    )
    allowed = f"http://localhost:{pictures.port}"
    answer = ask_with_picture(gateway, f"{allowed}/picture.png")
    assert "[image png" in answer.choices[0].message.content
    assert ask_with_picture(gateway, f"{allowed}/redirect?to={allowed}/picture.png").choices
    elsewhere = Pictures()
    try:
        for target in (f"http://127.0.0.1:{elsewhere.port}/picture.png", "file:///etc/passwd"):
            with pytest.raises(openai.BadRequestError) as caught:
                ask_with_picture(gateway, f"{allowed}/redirect?to={target}")
            assert caught.value.code == "failed_to_download_image"
        assert elsewhere.connections == 0
    finally:
        elsewhere.stop()
    pictures.seen.clear()
    with pytest.raises(openai.BadRequestError):
        ask_with_picture(gateway, f"{allowed}/redirect?to=/redirect?to=/redirect")
    assert len(pictures.seen) <= 4, "more than three redirects were followed"
    with pytest.raises(openai.BadRequestError):
        ask_with_picture(gateway, f"{allowed}/page.html")  # says image/png and is none


# ------------------------------------------------------- 50: profiles, and one retry through them


@pytest.mark.parametrize(
    "model",
    [LITE, "us.amazon.nova-lite-v1:0", f"{ACCOUNT}inference-profile/us.amazon.nova-lite-v1:0"],
    ids=["ARN", "profile", "ARN of a profile"],
)
def test_trap_50_never_prefixed_twice(client, simulator, model):
    client.chat.completions.create(model=model, messages=user("Hi"))
    segment = simulator.last()["path"].split("/")[2]
    assert segment == model.replace(":", "%3A").replace("/", "%2F")


def test_trap_50_on_demand_is_retried_through_the_profile(start_gateway, own_simulator):
    gateway = start_gateway(simulator=own_simulator, settings={"server": {"workers": 1}})
    client = sdk(gateway)
    attempts = []
    for _ in range(2):
        answer = client.chat.completions.with_raw_response.create(
            model="amazon.nova-lite-v1:0", messages=user("Hi [sim without=on_demand]")
        )
        attempts.append(answer.headers["x-oriel-attempts"])
        assert "us.amazon.nova-lite" in own_simulator.last()["path"]
    assert attempts == ["2", "1"]


# --------------------------------------------------------------------------- 52: a client that left


def leave_a_stream(gateway, text):
    connection = RawClient(gateway.port)
    body = {"model": BEDROCK_MODEL, "messages": user(text), "stream": True}
    connection.send(json_request(json.dumps(body).encode()))
    connection.read_head()
    connection.read_chunk()
    connection.close()


def test_trap_52_cancel(start_gateway, own_simulator):
    gateway = start_gateway(simulator=own_simulator)
    with gateway.scraper.watch(1) as delta:
        leave_a_stream(gateway, long_stream(BEDROCK_MODEL, 2000, 5))
        eventually(lambda: own_simulator.stats()["streams"]["cancelled"] == 1, "it is cancelled")
    assert delta.by("oriel_requests_total", "outcome") == {"caller_cancelled": 1}
    assert delta.by("oriel_requests_total", "code") == {"499": 1}
    assert delta.total("oriel_usage_missing_total") == 1, "its tokens are not known"


def test_trap_52_drain_counts_exactly(start_gateway, own_simulator):
    gateway = start_gateway(simulator=own_simulator, settings={"chat": {"on_disconnect": "drain"}})
    with gateway.scraper.watch(1) as delta:
        leave_a_stream(gateway, long_stream(BEDROCK_MODEL, 100, 30))
        eventually(lambda: own_simulator.stats()["streams"]["completed"] == 1, "it is read on")
    assert own_simulator.stats()["streams"]["cancelled"] == 0
    assert delta.by("oriel_requests_total", "outcome") == {"caller_cancelled": 1}
    assert delta.by("oriel_tokens_total", "kind") == tokens_of(own_simulator)
    (line,) = gateway.chat_lines(1)
    assert line["status"] == 499


def tokens_of(simulator) -> dict[str, int]:
    return {kind: count for kind, count in simulator.stats()["tokens"].items() if count}


# ------------------------------------------------------------------------------------- all of them


def test_every_trap_has_a_test():
    sources = [HERE, *(HERE.parents[1] / "convert" / "traps").glob("*_test.cc")]
    text = "\n".join(source.read_text() for source in sources)
    found = {int(n) for n in re.findall(r"(?:def test_|TEST\(Traps, )trap_(\d\d)_\w+", text)}
    assert found == set(range(1, 53))
