"""R3: whatever a client sends gets a typed 4xx in OpenAI's form, and the process lives."""

import json
import time

import pytest

from harness.process import small_quarantine
from harness.raw_http import RawClient, json_request, request
from harness.servers import BEDROCK_MODEL

CHAT = "/v1/chat/completions"
GOOD = {"model": BEDROCK_MODEL, "messages": [{"role": "user", "content": "Hi"}]}


def text(value) -> bytes:
    return json.dumps(value).encode()


def with_fields(**fields) -> bytes:
    return text({**GOOD, **fields})


def without(name) -> bytes:
    return text({key: value for key, value in GOOD.items() if key != name})


def with_message(**message) -> bytes:
    return with_fields(messages=[message])


def with_part(part) -> bytes:
    return with_message(role="user", content=[part])


def raw_content(content: bytes) -> bytes:
    """A request whose content is these very octets between quotes."""
    return b'{"model":"%s","messages":[{"role":"user","content":"%s"}]}' % (
        BEDROCK_MODEL.encode(),
        content,
    )


def with_tool(**function) -> bytes:
    return with_fields(tools=[{"type": "function", "function": function}])


def image(url) -> bytes:
    return with_part({"type": "image_url", "image_url": {"url": url}})


DEEP = 100_000
NOT_JSON = {
    "empty body": b"",
    "white space": b" \r\n\t ",
    "half an object": b'{"model":"x"',
    "half a string": b'{"model":"x',
    "half an escape": b'{"model":"\\',
    "half a unicode escape": b'{"model":"\\u00',
    "half a literal": b'{"stream":tru',
    "text": b"hello",
    "two values": text(GOOD) + text(GOOD),
    "garbage behind": text(GOOD) + b"x",
    "comma behind": text(GOOD) + b",",
    "closing brace too many": text(GOOD) + b"}",
    "trailing comma": text(GOOD)[:-1] + b",}",
    "missing comma": b'{"model":"x" "messages":[]}',
    "missing colon": b'{"model" "x"}',
    "single quotes": b"{'model':'x'}",
    "name without quotes": b'{model:"x"}',
    "comment": b'{/* hi */"model":"x"}',
    "NaN": b'{"temperature":NaN}',
    "Infinity": b'{"temperature":Infinity}',
    "leading plus": b'{"seed":+1}',
    "leading zero": b'{"seed":01}',
    "hexadecimal": b'{"seed":0x10}',
    "no digit behind the point": b'{"seed":1.}',
    "no digit before the point": b'{"seed":.5}',
    "exponent without digits": b'{"seed":1e}',
    "byte order mark": b"\xef\xbb\xbf" + text(GOOD),
    "UTF-16": text(GOOD).decode().encode("utf-16"),
    "UTF-32": text(GOOD).decode().encode("utf-32"),
    "NUL behind": text(GOOD) + b"\0",
    "NUL in a string": raw_content(b"a\0b"),
    "raw newline in a string": raw_content(b"a\nb"),
    "raw control in a string": raw_content(b"a\x01b"),
    "unknown escape": raw_content(b"a\\xb"),
    "high surrogate alone": raw_content(b"\\ud83d"),
    "low surrogate alone": raw_content(b"\\ude00"),
    "high surrogate and text": raw_content(b"\\ud83dx"),
    "two high surrogates": raw_content(b"\\ud83d\\ud83d"),
    "surrogates the wrong way round": raw_content(b"\\ude00\\ud83d"),
    "UTF-8 cut short": raw_content(b"\xe2\x82"),
    "UTF-8 continuation alone": raw_content(b"\x80"),
    "UTF-8 too long": raw_content(b"\xc0\xaf"),
    "UTF-8 surrogate": raw_content(b"\xed\xa0\x80"),
    "UTF-8 beyond Unicode": raw_content(b"\xf4\x90\x80\x80"),
    "octet 0xff": raw_content(b"\xff"),
    "deep arrays": b"[" * DEEP + b"]" * DEEP,
    "deep arrays, open": b"[" * DEEP,
    "deep objects": b'{"a":' * DEEP + b"1" + b"}" * DEEP,
    "deep value of an unknown field": b'{"x":' + b"[" * DEEP + b"]" * DEEP + b"}",
    "only quotes": b'"' * 50_001,
    "only commas": b"," * 50_000,
    "only backslashes": b'"' + b"\\" * 50_001 + b'"',
}
NOT_AN_OBJECT = {
    "array": b"[]",
    "string": b'"hi"',
    "number": b"1",
    "null": b"null",
    "true": b"true",
    "array of requests": b"[" + text(GOOD) + b"]",
}
WRONG_FIELDS = {
    "no model": (without("model"), None),
    "model null": (with_fields(model=None), None),
    "model number": (with_fields(model=7), "model"),
    "model array": (with_fields(model=["x"]), "model"),
    "model object": (with_fields(model={}), "model"),
    "no messages": (without("messages"), "messages"),
    "messages null": (with_fields(messages=None), "messages"),
    "messages empty": (with_fields(messages=[]), "messages"),
    "messages string": (with_fields(messages="Hi"), "messages"),
    "messages object": (with_fields(messages={}), "messages"),
    "message string": (with_fields(messages=["Hi"]), "messages[0]"),
    "message null": (with_fields(messages=[None]), "messages[0]"),
    "no role": (with_message(content="Hi"), "messages[0].role"),
    "role number": (with_message(role=1, content="Hi"), "messages[0].role"),
    "role unknown": (with_message(role="robot", content="Hi"), "messages[0].role"),
    "content number": (with_message(role="user", content=1), "messages[0].content"),
    "content object": (with_message(role="user", content={}), "messages[0].content"),
    "content of numbers": (with_message(role="user", content=[1]), "messages[0].content[0]"),
    "part without type": (with_part({"text": "Hi"}), "messages[0].content[0].type"),
    "part of unknown type": (with_part({"type": "smell"}), "messages[0].content[0].type"),
    "part type number": (with_part({"type": 1}), "messages[0].content[0].type"),
    "text part without text": (with_part({"type": "text"}), "messages[0].content[0].text"),
    "text part with a number": (
        with_part({"type": "text", "text": 1}),
        "messages[0].content[0].text",
    ),
    "image without url": (with_part({"type": "image_url", "image_url": {}}), None),
    "image url number": (image(5), None),
    "image no data": (image("data:image/png;base64,"), None),
    "image not base64": (image("data:image/png;base64,????"), None),
    "image not a picture": (image("data:image/png;base64,aGVsbG8gd29ybGQ="), None),
    "image of another kind": (image("data:image/tiff;base64,SUkqAAgAAAA="), None),
    "image is text": (image("data:text/plain;base64,aGVsbG8="), None),
    "image url without a scheme": (image("picture.png"), None),
    "image url file": (image("file:///etc/passwd"), None),
    "tool message without id": (
        with_fields(messages=[*GOOD["messages"], {"role": "tool", "content": "x"}]),
        "messages[1].tool_call_id",
    ),
    "tool calls string": (with_message(role="assistant", tool_calls="x"), "messages[0].tool_calls"),
    "tool call without function": (
        with_message(role="assistant", tool_calls=[{"id": "a", "type": "function"}]),
        None,
    ),
    "temperature string": (with_fields(temperature="warm"), "temperature"),
    "temperature too high": (with_fields(temperature=2.1), "temperature"),
    "temperature negative": (with_fields(temperature=-0.1), "temperature"),
    "temperature huge": (text(GOOD)[:-1] + b',"temperature":1e400}', None),
    "top_p too high": (with_fields(top_p=1.5), "top_p"),
    "top_p boolean": (with_fields(top_p=True), "top_p"),
    "max_tokens zero": (with_fields(max_tokens=0), "max_tokens"),
    "max_tokens negative": (with_fields(max_tokens=-1), "max_tokens"),
    "max_tokens fraction": (with_fields(max_tokens=1.5), "max_tokens"),
    "max_tokens string": (with_fields(max_tokens="10"), "max_tokens"),
    "max_tokens over 64 bits": (with_fields(max_tokens=2**70), None),
    "max_completion_tokens zero": (with_fields(max_completion_tokens=0), "max_completion_tokens"),
    "stream string": (with_fields(stream="yes"), "stream"),
    "stream number": (with_fields(stream=1), "stream"),
    "stream_options without stream": (
        with_fields(stream_options={"include_usage": True}),
        "stream_options",
    ),
    "stream_options string": (with_fields(stream=True, stream_options="x"), "stream_options"),
    "include_usage string": (
        with_fields(stream=True, stream_options={"include_usage": "x"}),
        "stream_options.include_usage",
    ),
    "stop number": (with_fields(stop=5), "stop"),
    "stop of numbers": (with_fields(stop=[5]), None),
    "2501 stops": (with_fields(stop=["a"] * 2501), "stop"),
    "n three": (with_fields(n=3), "n"),
    "n zero": (with_fields(n=0), "n"),
    "seed string": (with_fields(seed="x"), "seed"),
    "logprobs": (with_fields(logprobs=True), "logprobs"),
    "tools string": (with_fields(tools="x"), "tools"),
    "tools of strings": (with_fields(tools=["x"]), "tools[0]"),
    "tool without type": (with_fields(tools=[{"function": {"name": "a"}}]), "tools[0].type"),
    "tool of unknown type": (with_fields(tools=[{"type": "magic"}]), "tools[0].type"),
    "tool without function": (with_fields(tools=[{"type": "function"}]), "tools[0].function"),
    "tool without name": (with_tool(description="x"), "tools[0].function.name"),
    "tool name number": (with_tool(name=1), "tools[0].function.name"),
    "tool parameters string": (with_tool(name="a", parameters="x"), "tools[0].function.parameters"),
    "tool_choice without tools": (with_fields(tool_choice="required"), "tool_choice"),
    "tool_choice unknown": (
        with_fields(tools=[{"type": "function", "function": {"name": "a"}}], tool_choice="maybe"),
        "tool_choice",
    ),
    "tool_choice names no tool": (
        with_fields(
            tools=[{"type": "function", "function": {"name": "a"}}],
            tool_choice={"type": "function", "function": {"name": "b"}},
        ),
        None,
    ),
}


def ask(port, raw, method="POST"):
    with RawClient(port) as connection:
        connection.send(raw)
        return connection.read_answer(method)


def assert_error(answer, status):
    assert answer.status == status
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-request-id"]
    error = json.loads(answer.body)["error"]
    assert list(error) == ["message", "type", "param", "code"]
    assert isinstance(error["message"], str) and error["message"]
    assert error["type"] == "invalid_request_error"
    return error


def test_the_table_is_large():
    assert len(NOT_JSON) + len(NOT_AN_OBJECT) + len(WRONG_FIELDS) >= 80


@pytest.mark.parametrize("body", NOT_JSON.values(), ids=NOT_JSON)
def test_not_json(gateway, body):
    began = time.monotonic()
    error = assert_error(ask(gateway.port, json_request(body)), 400)
    assert error["param"] is None
    assert time.monotonic() - began < 5


@pytest.mark.parametrize("body", NOT_AN_OBJECT.values(), ids=NOT_AN_OBJECT)
def test_not_an_object(gateway, body):
    assert_error(ask(gateway.port, json_request(body)), 400)


@pytest.mark.smoke
@pytest.mark.parametrize("body, param", WRONG_FIELDS.values(), ids=WRONG_FIELDS)
def test_wrong_field(gateway, body, param):
    error = assert_error(ask(gateway.port, json_request(body)), 400)
    if param is not None:
        assert error["param"] == param


def test_every_prefix_of_a_request(gateway):
    whole = with_tool(name="a", parameters={"type": "object"}, description="\u00e9\U0001f989")
    with RawClient(gateway.port) as connection:
        for length in range(len(whole)):
            connection.send(json_request(whole[:length]))
            assert connection.read_answer().status == 400


DUPLICATES = {
    "model, the last is good": b'{"model":"a",' + text(GOOD)[1:],
    "model, the first is good": text(GOOD)[:-1] + b',"model":"a"}',
    "messages": b'{"messages":[],' + text(GOOD)[1:],
    "the same twice": b'{"model":"%s",' % BEDROCK_MODEL.encode() + text(GOOD)[1:],
    "unknown names": text(GOOD)[:-1] + b',"x":1,"x":1}',
    "in a message": raw_content(b'a","role":"system'),
}


@pytest.mark.parametrize("body", DUPLICATES.values(), ids=DUPLICATES)
def test_duplicate_names(gateway, body):
    """Nobody can say which of them another reader would take."""
    error = assert_error(ask(gateway.port, json_request(body)), 400)
    assert "an object has a duplicate key" in error["message"]


ODD_BUT_FINE = {
    "unknown fields": with_fields(foo={"bar": [1, None, "x"]}, stainless=True),
    "nulls": with_fields(temperature=None, tools=None, stop=None, stream=None, user=None, n=None),
    "neutral values": with_fields(
        n=1, logprobs=False, logit_bias={}, presence_penalty=0, store=False
    ),
    "paired surrogates": raw_content(b"\\ud83e\\udd89"),
    "escaped slash": raw_content(b"a\\/b"),
    "escaped NUL": raw_content(b"a\\u0000b"),
    "white space around": b" \n" + text(GOOD) + b"\r\n\t ",
    "exponents": text(GOOD)[:-1] + b',"temperature":5E-1}',
    "text parts": with_message(
        role="user", content=[{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]
    ),
    "unknown name in a part": with_part(
        {"type": "text", "text": "a", "cache_control": {"type": "ephemeral"}}
    ),
    "a long text": with_message(role="user", content="x" * 1_000_000),
    "many messages": with_fields(
        messages=[{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}] * 200
        + [{"role": "user", "content": "c"}]
    ),
    "200 unknown names": with_fields(**{f"x_{i}": i for i in range(200)}),
}


@pytest.mark.parametrize("body", ODD_BUT_FINE.values(), ids=ODD_BUT_FINE)
def test_odd_but_fine(gateway, body):
    answer = ask(gateway.port, json_request(body))
    assert answer.status == 200, answer.body


CONTENT_TYPES = {
    "application/json": 200,
    "application/json; charset=utf-8": 200,
    "Application/JSON": 200,
    "application/vnd.api+json": 200,
    "text/plain": 415,
    "text/json": 415,
    "application/xml": 415,
    "multipart/form-data; boundary=x": 415,
    "application/x-www-form-urlencoded": 415,
    "json": 415,
}


@pytest.mark.parametrize("kind, status", CONTENT_TYPES.items(), ids=CONTENT_TYPES)
def test_content_types(gateway, kind, status):
    answer = ask(gateway.port, json_request(text(GOOD), {"Content-Type": kind}))
    assert answer.status == status
    if status == 415:
        assert assert_error(answer, 415)["code"] == "unsupported_content_type"


def test_no_content_type(gateway):
    assert ask(gateway.port, request("POST", CHAT, body=text(GOOD))).status == 200


def test_content_encoding(gateway):
    assert_error(ask(gateway.port, json_request(text(GOOD), {"Content-Encoding": "gzip"})), 415)


def test_declared_body_over_the_cap(gateway):
    """Refused before a byte of it is read."""
    head = b"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: 20971521\r\n\r\n"
    error = assert_error(ask(gateway.port, head), 413)
    assert error["code"] == "request_too_large"
    assert "20971520" in error["message"]


def test_declared_body_over_the_cap_that_waits_for_a_word(gateway):
    head = (
        b"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n"
        b"Content-Length: 20971521\r\n\r\n"
    )
    with RawClient(gateway.port) as connection:
        connection.send(head)
        assert connection.read_head().status == 413


def test_chunked_body_over_the_cap(start_gateway):
    gateway = start_gateway(settings={"server": {"max_body_bytes": 10_000}})
    head = (
        b"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n"
    )
    with RawClient(gateway.port) as connection:
        connection.send(head + b"1000\r\n" + b" " * 0x1000 + b"\r\n" + b"ffff\r\n" + b" " * 0xFFFF)
        assert_error(connection.read_answer(), 413)
        assert connection.at_end()


def test_body_at_the_cap(start_gateway):
    gateway = start_gateway(settings={"server": {"max_body_bytes": 10_000}})
    body = text(GOOD)
    fits = body + b" " * (10_000 - len(body))
    assert ask(gateway.port, json_request(fits)).status == 200
    assert ask(gateway.port, json_request(fits + b" ")).status == 413


def test_unknown_models_do_not_grow_the_metrics(gateway):
    def grow(rounds):
        with RawClient(gateway.port) as connection:
            for i in range(rounds):
                connection.send(
                    json_request(with_fields(model=f"no-such-model-{i}-\u00e9\U0001f989"))
                )
                error = assert_error(connection.read_answer(), 404)
                assert error["code"] == "model_not_found"
                assert f"no-such-model-{i}" in error["message"]

    with gateway.scraper.watch(3):
        grow(3)
    before = gateway.scraper.series()
    with gateway.scraper.watch(300):
        grow(300)
    assert gateway.scraper.series() == before
    assert "no-such-model" not in gateway.scraper.text()


def test_memory_comes_back(start_gateway):
    gateway = start_gateway(environment=small_quarantine())
    big = json_request(b'{"model":"x","messages":"' + b"a" * 15_000_000)
    ask(gateway.port, big)
    before = gateway.resident_bytes()
    for _ in range(10):
        ask(gateway.port, big)
    assert gateway.resident_bytes() - before < 80 * 1024 * 1024
