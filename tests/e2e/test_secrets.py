"""R14: what is secret or private goes to no log, metric, error or header."""

import json

import openai
import pytest

from harness.raw_http import RawClient, json_request, request
from harness.samples import user
from harness.servers import ACCESS_KEY, BEDROCK_MODEL, OPENAI_MODEL, SECRET_KEY, sdk

PROMPT = "canary-prompt-7f3a"
CLIENT_KEY = "sk-canary-client-91bd"
TOKEN = "canary-bearer-55e0"
PROVIDER_KEY = "fake-provider-key"
CANARIES = (PROMPT, CLIENT_KEY, TOKEN, PROVIDER_KEY, SECRET_KEY, ACCESS_KEY)

FAULTS = [
    "",
    "[sim status=400 exception=ValidationException]",
    "[sim status=429 exception=ThrottlingException]",
    "[sim status=403 exception=AccessDeniedException]",
    "[sim status=500]",
    "[sim reset=before]",
    "[sim badjson=1]",
    "[sim html200=1]",
    "[sim no_output=1]",
    "[sim truncate=frame chars=200]",
    "[sim corrupt=message chars=200]",
    "[sim exception_after=2 exception=throttlingException chars=200]",
    "[fake status=400]",
    "[fake status=401]",
    "[fake html=502]",
    "[fake garbage=1]",
    "[fake fault=reset]",
    "[fake after=1 fault=error]",
    "[fake after=1 fault=cut]",
]


def assert_clean(where, text):
    for canary in CANARIES:
        assert canary not in text, f"{canary} is in {where}"


def errors_of(client):
    """Every fault on both dialects, whole and streamed; what the clients read of errors."""
    for model in (BEDROCK_MODEL, OPENAI_MODEL):
        for fault in FAULTS:
            for stream in (False, True):
                try:
                    answer = client.chat.completions.create(
                        model=model,
                        messages=user(f"{PROMPT} {fault}"),
                        stream=stream,
                        user=PROMPT,
                        extra_headers={"x-api-key": TOKEN, "api-key": TOKEN},
                    )
                    if stream:
                        list(answer)
                except openai.APIStatusError as error:
                    yield error.response.text + repr(dict(error.response.headers))
                except openai.APIError as error:
                    yield json.dumps(error.body)


def malformed(port):
    """Requests that are refused before they are understood."""
    bodies = [
        b'{"model":"%s","messages":"%s"}',
        b'{"model":"%s","messages":[{"role":"%s","content":1}]}',
        b'{"model":"%s","messages":[{"role":"user","content":"%s',
        b'{"model":"%s", %s}',
        b'{"model":"%s","messages":[{"role":"user","content":[{"type":"image_url","image_url":'
        b'{"url":"data:image/png;base64,%s"}}]}]}',
    ]
    for body in bodies:
        with RawClient(port) as connection:
            connection.send(
                json_request(
                    body % (BEDROCK_MODEL.encode(), PROMPT.encode()),
                    {"Authorization": f"Bearer {CLIENT_KEY}"},
                )
            )
            connection.read_answer()
    for raw in (
        request("GET", "/livez", {"Authorization": f"Bearer {CLIENT_KEY}", "X-Bad\x01": PROMPT}),
        request("GET", "/livez", {"Authorization ": f"Bearer {CLIENT_KEY}"}),
        b"%s HTTP/1.1\r\n\r\n" % PROMPT.encode(),
        request("GET", f"/livez?key={CLIENT_KEY}"),
    ):
        with RawClient(port) as connection:
            connection.send(raw)
            connection.read_answer()


def test_canaries(start_gateway):
    gateway = start_gateway()
    client = sdk(gateway).with_options(api_key=CLIENT_KEY)
    for shown in errors_of(client):
        assert_clean("an error", shown.replace(PROMPT, "") if "Echo" in shown else shown)
    malformed(gateway.port)
    assert_clean("/metrics", gateway.scraper.text())
    gateway.stop()
    assert len(gateway.log_lines(endpoint="chat_completions")) >= len(FAULTS) * 4
    assert_clean("the log", gateway.output())
    assert_clean("standard error", gateway.errors())


def test_nothing_of_the_client_goes_to_bedrock(client, simulator):
    client.with_options(api_key=CLIENT_KEY).chat.completions.create(
        model=BEDROCK_MODEL, messages=user("Hi"), extra_headers={"x-custom": TOKEN, "cookie": TOKEN}
    )
    sent = json.dumps(simulator.last()["headers"])
    assert CLIENT_KEY not in sent and TOKEN not in sent and "stainless" not in sent.lower()


@pytest.mark.parametrize(
    "hostile", ["127.0.0.1:1", "evil.example", "bedrock-runtime.us-east-1.amazonaws.com"]
)
def test_the_client_chooses_no_upstream(gateway, hostile):
    body = json.dumps(
        {"model": BEDROCK_MODEL, "messages": user("Hi"), "base_url": f"http://{hostile}"}
    ).encode()
    raw = json_request(body, {"X-Forwarded-Host": hostile}).replace(
        b"Host: test", b"Host: " + hostile.encode()
    )
    with RawClient(gateway.port) as connection:
        connection.send(raw)
        answer = connection.read_answer()
    assert answer.status == 200
    assert json.loads(answer.body)["choices"][0]["message"]["content"] == "Echo: Hi"
