"""What the tests of this folder send to the simulator, and how they read what comes back."""
import json
import struct
import urllib.error
import urllib.parse
import urllib.request
import zlib

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.eventstream import EventStreamBuffer
from botocore.exceptions import ClientError
from sim_process import ACCESS_KEY, SECRET_KEY

NOVA = "amazon.nova-lite-v1:0"
CLAUDE = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"
CLAUDE_46 = "us.anthropic.claude-sonnet-4-6"
CLAUDE_5 = "us.anthropic.claude-sonnet-5"
CLAUDE_3 = "anthropic.claude-3-haiku-20240307-v1:0"
LLAMA = "meta.llama3-1-70b-instruct-v1:0"
MISTRAL = "mistral.mistral-large-2402-v1:0"

WEATHER = {"toolSpec": {"name": "get_weather", "description": "Weather of a city", "inputSchema": {
    "json": {"type": "object", "properties": {
        "city": {"type": "string"}, "days": {"type": "integer"},
        "unit": {"type": "string", "enum": ["celsius", "kelvin"]}}, "required": ["city"]}}}}
CLOCK = {"toolSpec": {"name": "get_time", "inputSchema": {
    "json": {"type": "object", "properties": {}}}}}
TOOLS = {"tools": [WEATHER, CLOCK]}
WEATHER_INPUT = {"city": "value of city", "days": 42, "unit": "celsius"}


def user(*content):
    blocks = [{"text": block} if isinstance(block, str) else block for block in content]
    return {"role": "user", "content": blocks}


def assistant(*content):
    return user(*content) | {"role": "assistant"}


def png(width=2, height=3):
    def chunk(kind, data):
        return (struct.pack(">I", len(data)) + kind + data
                + struct.pack(">I", zlib.crc32(kind + data)))
    rows = (b"\0" + b"\xff\0\0" * width) * height
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
            + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


CALL = {"toolUse": {"toolUseId": "t1", "name": "get_time", "input": {}}}
RESULT = {"toolResult": {"toolUseId": "t1", "content": [{"text": "noon"}]}}
PICTURE = {"image": {"format": "png", "source": {"bytes": png()}}}


def document(name, body=b"x", form="txt"):
    return {"document": {"format": form, "name": name, "source": {"bytes": body}}}


def cache(ttl=None):
    return {"cachePoint": {"type": "default"} | ({"ttl": ttl} if ttl else {})}


def tool(schema, **more):
    return {"tools": [{"toolSpec": {"name": "f", "inputSchema": {"json": schema}} | more}]}


def structured(schema):
    """outputConfig of a schema, which may be text that is none."""
    text = schema if isinstance(schema, str) else json.dumps(schema)
    return {"textFormat": {"type": "json_schema", "structure": {"jsonSchema": {
        "name": "answer", "schema": text}}}}


def thought(text, signature):
    block = {"text": text} | ({"signature": signature} if signature else {})
    return {"reasoningContent": {"reasoningText": block}}


def ask(client, *content, model=NOVA, **more):
    return client.converse(modelId=model, messages=[user(*content)], **more)


def ask_stream(client, *content, model=NOVA, **more):
    return list(client.converse_stream(modelId=model, messages=[user(*content)], **more)["stream"])


def text_of(reply):
    return "".join(block.get("text", "") for block in reply["output"]["message"]["content"])


def deltas(events):
    return [event["contentBlockDelta"] for event in events if "contentBlockDelta" in event]


def streamed_text(events):
    return "".join(delta["delta"].get("text", "") for delta in deltas(events))


def refusal(call):
    with pytest.raises(ClientError) as caught:
        call()
    error = caught.value.response
    return error["ResponseMetadata"]["HTTPStatusCode"], error["Error"]["Code"], error["Error"]["Message"]


def raw(sim, method, path, body=None, headers=None):
    request = urllib.request.Request(sim.url + path, data=body, method=method, headers=headers or {})
    try:
        with urllib.request.urlopen(request, timeout=60) as reply:
            return reply.status, dict(reply.headers), json.loads(reply.read())
    except urllib.error.HTTPError as error:
        return error.code, dict(error.headers), json.loads(error.read())


def signature(sim, path, body):
    """The headers of a POST of any bytes, signed by botocore."""
    request = AWSRequest("POST", sim.url + path, data=body,
                         headers={"Content-Type": "application/json"})
    SigV4Auth(Credentials(ACCESS_KEY, SECRET_KEY), "bedrock", "us-east-1").add_auth(request)
    return dict(request.headers)


def signed(sim, body, path="/model/amazon.nova-lite-v1%3A0/converse"):
    return raw(sim, "POST", path, body, signature(sim, path, body))


def raw_events(sim, prompt, model=NOVA, **more):
    """The events as they stand on the wire: (headers, payload), with the payload's exact text."""
    path = f"/model/{urllib.parse.quote(model, safe='')}/converse-stream"
    body = json.dumps({"messages": [user(prompt)]} | more).encode()
    sent = urllib.request.Request(sim.url + path, data=body, headers=signature(sim, path, body))
    buffer = EventStreamBuffer()
    with urllib.request.urlopen(sent, timeout=60) as reply:
        buffer.add_data(reply.read())
    return [(frame.headers, frame.payload.decode()) for frame in buffer]
