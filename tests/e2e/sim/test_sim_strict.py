"""What the simulator refuses, and with which words."""
import json
import pathlib
import socket
import subprocess
import sys

import botocore.session
import pytest
from sim_requests import (
    CALL, CLAUDE, CLAUDE_3, CLAUDE_46, CLAUDE_5, CLOCK, LLAMA, MISTRAL, NOVA, PICTURE, RESULT, TOOLS,
    ask, ask_stream, assistant, cache, document, png, refusal, signature, signed, structured, thought,
    tool, user,
)


def closed(properties, **more):
    return {"type": "object", "additionalProperties": False, "properties": properties} | more


UNIONS = {"type": "object", "additionalProperties": False, "properties": {
    f"p{i}": {"type": ["string", "null"]} for i in range(17)}}

REFUSED = {
    "C1": (dict(messages=[assistant("Hi")]), "A conversation must start with a user message"),
    "C2": (dict(messages=[user("a"), user("b")]), "must alternate between user and assistant"),
    "C3": (dict(messages=[user(" \n")]),
           "The text field in the ContentBlock object at messages.0.content.0 is blank"),
    "C4": (dict(messages=[user()]), "The content field in the Message object at messages.0 is empty"),
    "C5": (dict(messages=[user("a"), assistant("b ")], model=CLAUDE),
           "final assistant content cannot end with trailing whitespace"),
    "C6": (dict(messages=[user("a"), assistant("b")], model=CLAUDE_46),
           "does not support assistant message prefill"),
    "C7": (dict(messages=[user("a"), assistant(CALL), user("b")], toolConfig=TOOLS),
           "Expected toolResult blocks at messages.2.content for the following Ids: t1"),
    "C8": (dict(messages=[user("a"), assistant("b"), user(RESULT)], toolConfig=TOOLS),
           "exceeds the number of toolUse blocks of previous turn"),
    "C9": (dict(messages=[user("a"), assistant(CALL), user(RESULT)]),
           "The toolConfig field must be defined when using toolUse and toolResult"),
    "C10": (dict(messages=[user("a"), assistant({"toolUse": CALL["toolUse"] | {"toolUseId": "a b"}}),
                           user(RESULT)], toolConfig=TOOLS),
            "Value 'a b' at 'messages.2.member.content.1.member.toolUse.toolUseId' failed to satisfy "
            "constraint: Member must satisfy regular expression pattern: [a-zA-Z0-9_.:-]+"),
    "C11": (dict(toolConfig={"tools": [{"toolSpec": {"name": "a.b", "inputSchema": {"json": {}}}}]}),
            "'toolConfig.tools.1.member.toolSpec.name' failed to satisfy"),
    "C12": (dict(toolConfig=tool({"type": "object"}, description="")),
            "Member must have length greater than or equal to 1"),
    "C13": (dict(toolConfig=tool({"type": "string"})),
            "toolConfig.tools.0.toolSpec.inputSchema.json.type must be one of the following: object."),
    "C14": (dict(messages=[user("a"), assistant({"toolUse": CALL["toolUse"] | {"input": [1]}}),
                           user(RESULT)], toolConfig=TOOLS),
            "messages.1.content.0.toolUse.input is invalid. Provide a json object"),
    "C15": (dict(messages=[user("a", document("my_file.txt"))]),
            "The document file name can only contain alphanumeric characters"),
    "C16": (dict(messages=[user("a", document("a"), document("a"))]),
            "Messages can't contain duplicate document names."),
    "C17": (dict(messages=[user(document("a"))]), "A text block must be included when using documents."),
    "C18": (dict(messages=[user("a", *[document(f"d{i}") for i in range(6)])]),
            "too many images and documents: 0 + 6 > 20"),
    "C19 count": (dict(messages=[user("a", *[PICTURE] * 21)]),
                  "too many images and documents: 21 + 0 > 20"),
    "C19 bytes": (dict(messages=[user({"image": {"format": "png", "source": {
        "bytes": png() + b"\0" * 4_000_000}}})]), "image exceeds 5 MB maximum"),
    "C19 pixels": (dict(messages=[user({"image": {"format": "png", "source": {
        "bytes": png(8001, 1)}}})]), "exceed max allowed size: 8000 pixels"),
    "C19 many": (dict(messages=[user("a", *[PICTURE] * 11), assistant("b"), user(
        "c", *[PICTURE] * 9, {"image": {"format": "png", "source": {"bytes": png(2001, 1)}}})]),
        "many-image requests: 2000 pixels"),
    "C19 format": (dict(messages=[user({"image": {"format": "jpeg", "source": {"bytes": png()}}})]),
                   "specified using the image/jpeg media type"),
    "C19 garbage": (dict(messages=[user({"image": {"format": "png", "source": {"bytes": b"no"}}})]),
                    "Could not process image"),
    "C19 many, in all turns": (dict(messages=[user("a", *[PICTURE] * 20), assistant("b"), user(
        "c", {"image": {"format": "png", "source": {"bytes": png(1, 2001)}}})]),
        "many-image requests: 2000 pixels"),
    "C18 bytes": (dict(messages=[user("a", document("d", b"x" * 4_718_600))]), "4.5 MB maximum"),
    "C18 large PDF elsewhere": (dict(model=MISTRAL, messages=[user("a", *[
        document(f"d{i}", form="pdf") for i in range(6)])]), "0 + 6 > 20"),
    "C20 document": (dict(messages=[user("a"), assistant(document("a")), user("b")]),
                     "The document field at messages.1.content.0 is only allowed in messages with the "
                     "user role."),
    "C20 video": (dict(messages=[user("a"), assistant({"video": {"format": "mp4", "source": {
        "bytes": b"x"}}}), user("b")]), "with the user role"),
    "C20 calls": (dict(messages=[user("a", CALL)]), "with the assistant role"),
    "C20": (dict(messages=[user("a"), assistant(PICTURE), user("b")]), "with the user role"),
    "C21": (dict(model=CLAUDE, inferenceConfig={"stopSequences": [" "]}),
            "each stop sequence must contain non-whitespace"),
    "C22": (dict(model=CLAUDE, inferenceConfig={"temperature": 0.5, "topP": 0.5}),
            "`temperature` and `top_p` cannot both be specified for this model. Please use only one."),
    "C23": (dict(model=CLAUDE_5, inferenceConfig={"temperature": 0.5}),
            "`temperature` is deprecated for this model."),
    "C24 order": (dict(model=CLAUDE, messages=[user("a", cache(), "b", cache("1h"))]),
                  "a ttl='1h' cache_control block must not come after a ttl='5m'"),
    "C24 count": (dict(model=CLAUDE, messages=[user(*["a", cache()] * 5)]),
                  "A maximum of 4 blocks with cache_control"),
    "C24 after a text document": (dict(model=CLAUDE, messages=[user("a", document("d"), cache())]),
                                  "messages.0.content.2.type: Field required"),
    "C24 tools of Nova": (dict(toolConfig={"tools": [CLOCK, cache()]}),
                          "This model doesn't support the toolConfig.tools.cachePoint field."),
    "C24 tool turns of Nova": (dict(messages=[user("a"), assistant(CALL), user(RESULT, cache())],
                                    toolConfig=TOOLS), "the messages.content.cachePoint field"),
    "C24 ttl of Nova": (dict(messages=[user("a", cache("5m"))]), "the cachePoint.ttl field"),
    "C24 hour of Claude 4": (dict(model="us.anthropic.claude-sonnet-4-20250514-v1:0",
                                  messages=[user("a", cache("1h"))]), "the cachePoint.ttl field"),
    "C24 order over tools": (dict(model=CLAUDE, toolConfig={"tools": [CLOCK, cache()]},
                                  system=[{"text": "s"}, cache("1h")]), "must not come after"),
    "C25 output": (dict(model=CLAUDE, outputConfig=structured(UNIONS)),
                   "Schemas contains too many parameters with union types (17 parameters"),
    "C25 optional": (dict(model=CLAUDE, outputConfig=structured(closed(
        {f"p{i}": {"type": "string"} for i in range(25)}))),
        "Schemas contains too many optional parameters (25)"),
    "C25 grammar": (dict(model=CLAUDE, outputConfig=structured(closed(
        {f"p{i}": {"type": "string"} for i in range(501)}, required=[f"p{i}" for i in range(501)]))),
        "The compiled grammar is too large"),
    "schema open": (dict(model=CLAUDE, outputConfig=structured(closed(
        {"a": {"type": "object", "properties": {}}}))),
        "output_config.format.schema: For 'object' type, 'additionalProperties' must be explicitly set "
        "to false"),
    "schema length": (dict(model=CLAUDE, outputConfig=structured(closed(
        {"a": {"type": "string", "minLength": 1}}))),
        "For 'string' type, property 'minLength' is not supported"),
    "schema range": (dict(model=CLAUDE, outputConfig=structured(closed(
        {"a": {"type": "array", "items": {"type": "integer", "minimum": 1, "maximum": 2}}}))),
        "For 'integer' type, properties maximum, minimum are not supported"),
    "schema unique": (dict(model=CLAUDE, outputConfig=structured(closed(
        {"a": {"type": "array", "uniqueItems": True}, "b": {"type": "string"}}))),
        "property 'uniqueItems' is not supported"),
    "schema default of false": (dict(model=CLAUDE, outputConfig=structured(closed(
        {"a": {"type": "boolean", "default": False}}))), "property 'default' is not supported"),
    "schema items": (dict(model=CLAUDE, outputConfig=structured(closed(
        {"a": {"type": "array", "minItems": 2}}))),
        "For 'array' type, 'minItems' values other than 0 or 1 are not supported"),
    "schema in a definition": (dict(model=CLAUDE, outputConfig=structured(closed(
        {}, **{"$defs": {"b": {"type": "string", "pattern": "x"}}}))), "property 'pattern'"),
    "schema format": (dict(model=CLAUDE, outputConfig=structured(closed(
        {"a": {"type": "string", "format": "phone"}}))), "format 'phone' is not supported"),
    "schema of a strict tool": (dict(model=CLAUDE, toolConfig=tool(closed(
        {"a": {"type": "number", "multipleOf": 2}}), strict=True)),
        "tools.0.custom: For 'number' type, property 'multipleOf'"),
    "schema not JSON": (dict(model=CLAUDE, outputConfig=structured("{")), "not a valid JSON schema"),
    "C25": (dict(model=CLAUDE, toolConfig=tool(UNIONS, strict=True)),
            "Schemas contains too many parameters with union types"),
    "C26": (dict(model="anthropic.claude-3-haiku-20240307-v1:0",
                 messages=[user("a"), assistant(CALL), user(RESULT, "b")], toolConfig=TOOLS),
            "cannot be provided in the same turn"),
    "C27": (dict(requestMetadata={"k": "{}"}), "Value at 'requestMetadata' failed to satisfy constraint: Map value must satisfy"),
    "blank result": (dict(messages=[user("a"), assistant(CALL), user(
        {"toolResult": {"toolUseId": "t1", "content": [{"text": ""}]}})], toolConfig=TOOLS),
        "object at messages.2.content.0.toolResult.content.0 is blank"),
    "blank result of Claude": (dict(model=CLAUDE, messages=[user("a"), assistant(CALL), user(
        {"toolResult": {"toolUseId": "t1", "content": [{"text": " "}]}})], toolConfig=TOOLS),
        "text content blocks must contain non-whitespace text"),
    "result not an object": (dict(messages=[user("a"), assistant(CALL), user(
        {"toolResult": {"toolUseId": "t1", "content": [{"json": [1, 2]}]}})], toolConfig=TOOLS),
        "The format of the value at messages.2.content.0.toolResult.content.0.json is invalid. Provide "
        "a json object for the field and try again."),
    "status": (dict(model=MISTRAL, messages=[user("a"), assistant(
        {"toolUse": CALL["toolUse"] | {"toolUseId": "t12345678"}}), user({"toolResult": {
            "toolUseId": "t12345678", "status": "error", "content": [{"text": "a"}]}})],
        toolConfig=TOOLS), "This model doesn't support the toolResult.status field."),
    "reasoning of another": (dict(model="openai.gpt-oss-20b-1:0", messages=[
        user("a"), assistant(thought("b", None), "c"), user("d")]),
        "User messages cannot contain reasoning content."),
    "reasoning of a user": (dict(model=CLAUDE, messages=[user("a", thought("b", "c"))]),
                            "User messages cannot contain reasoning content."),
    "unsigned reasoning": (dict(model=CLAUDE, messages=[
        user("a"), assistant(thought("b", None), "c"), user("d")]), "thinking.signature: Field required"),
    "forged signature": (dict(model=CLAUDE, messages=[
        user("a"), assistant(thought("b", "c"), "c"), user("d")]),
        "Invalid `signature` in `thinking` block"),
    "forged redaction": (dict(model=CLAUDE, messages=[
        user("a"), assistant({"reasoningContent": {"redactedContent": b"x"}}, "c"), user("d")]),
        "Invalid `data` in `redacted_thinking` block"),
    "thinking lost": (dict(model=CLAUDE, messages=[user("a"), assistant(CALL), user(RESULT)],
                           toolConfig=TOOLS, additionalModelRequestFields={
                               "thinking": {"type": "enabled", "budget_tokens": 1024}}),
                      "messages.1.content.0.type: Expected `thinking` or `redacted_thinking`, but found "
                      "`tool_use`. When `thinking` is enabled, a final `assistant` message must start "
                      "with a thinking block"),
    "S3 elsewhere": (dict(model=CLAUDE, messages=[user({"image": {"format": "png", "source": {
        "s3Location": {"uri": "s3://bucket/key"}}}})]), "This model doesn't support the s3Location"),
    "media in results": (dict(model="us.mistral.pixtral-large-2502-v1:0", messages=[
        user("a"), assistant({"toolUse": CALL["toolUse"] | {"toolUseId": "t12345678"}}), user(
            {"toolResult": {"toolUseId": "t12345678", "content": [PICTURE]}})], toolConfig=TOOLS),
        "the toolResult.content.image field"),
    "audio": (dict(messages=[user({"audio": {"format": "wav", "source": {"bytes": b"x"}}})]),
              "This model doesn't support the audio field."),
    "video": (dict(model=CLAUDE, messages=[user({"video": {"format": "mp4", "source": {
        "bytes": b"x"}}})]), "This model doesn't support the video field."),
    "guardrail": (dict(guardrailConfig={"guardrailIdentifier": "nosuch", "guardrailVersion": "1"}),
                  "The provided guardrail identifier is invalid."),
    "guardrail version": (dict(guardrailConfig={"guardrailIdentifier": "abc123"}),
                          "Both guardrailIdentifier and guardrailVersion"),
    "results first": (dict(model=CLAUDE, messages=[user("a"), assistant(CALL), user("b", RESULT)],
                           toolConfig=TOOLS), "without `tool_result` blocks immediately after"),
    "open call": (dict(messages=[user("a"), assistant(CALL)], toolConfig=TOOLS),
                  "Expected toolResult blocks at messages.2.content"),
    "mistral id": (dict(model=MISTRAL, messages=[user("a"), assistant(CALL), user(RESULT)],
                        toolConfig=TOOLS), "Tool call id was t1 but must be"),
    "maxTokens": (dict(inferenceConfig={"maxTokens": 8193}),
                  "The maximum tokens you requested exceeds the model limit of 8192."),
    "temperature": (dict(inferenceConfig={"temperature": 1.5}),
                    "Member must have value less than or equal to 1"),
    "duplicate tools": (dict(toolConfig={"tools": [CLOCK, CLOCK]}), "Tool names must be unique"),
    "unknown tool": (dict(toolConfig=TOOLS | {"toolChoice": {"tool": {"name": "x"}}}), "not found"),
    "empty tools": (dict(toolConfig={"tools": []}), "length greater than or equal to 1"),
    "tool choice": (dict(model=MISTRAL, toolConfig=TOOLS | {"toolChoice": {"tool": {"name": "get_time"}}}),
                    "This model doesn't support the toolConfig.toolChoice.tool field."),
    "no tools": (dict(model="mistral.mistral-7b-instruct-v0:2", toolConfig=TOOLS),
                 "This model doesn't support tool use."),
    "no system": (dict(model="mistral.mistral-7b-instruct-v0:2", system=[{"text": "a"}]),
                  "This model doesn't support system messages."),
    "no images": (dict(model="amazon.nova-micro-v1:0", messages=[user(PICTURE)]),
                  "This model doesn't support the image field."),
    "budget": (dict(model=CLAUDE, additionalModelRequestFields={
        "thinking": {"type": "enabled", "budget_tokens": 10}}), "greater than or equal to 1024"),
    "adaptive only": (dict(model=CLAUDE_5, additionalModelRequestFields={
        "thinking": {"type": "enabled", "budget_tokens": 1024}}), "is not supported for this model"),
    "extra field": (dict(model=CLAUDE, additionalModelRequestFields={"seed": 1}),
                    "seed: Extra inputs are not permitted"),
    "nova reasoning": (dict(additionalModelRequestFields={"reasoningConfig": {"type": "enabled"}}),
                       "the provided reasoning config value is invalid"),
    "tier": (dict(serviceTier={"type": "auto"}), "The service tier provided is invalid."),
    "reserved": (dict(serviceTier={"type": "reserved"}), "Reservation not found."),
    "too long": (dict(messages=[user("a" * 600_000)], model="mistral.mistral-large-2402-v1:0"),
                 "Input is too long for requested model."),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refusals(sim, name):
    request, words = REFUSED[name]
    request = {"messages": [user("Hi")]} | request
    client = sim.client(validate=False)
    found = refusal(lambda: client.converse(modelId=request.pop("model", NOVA), **request))
    assert found[:2] == (400, "ValidationException")
    assert words in found[2]


def test_a_turn_cannot_end_with_thinking(bedrock):
    reply = ask(bedrock, "a [sim think]", model=CLAUDE)
    reasoning = reply["output"]["message"]["content"][0]
    messages = [user("a"), assistant(reasoning), user("b")]
    found = refusal(lambda: bedrock.converse(modelId=CLAUDE, messages=messages))
    assert "The final block in an assistant message cannot be `thinking`." in found[2]


TAKEN = {
    "a lone prefill": dict(model=CLAUDE, messages=[user("a"), assistant("b")]),
    "a result and a text": dict(messages=[user("a"), assistant(CALL), user(RESULT, "b")],
                                     toolConfig=TOOLS),
    "an empty result": dict(messages=[user("a"), assistant(CALL), user(
        {"toolResult": {"toolUseId": "t1", "content": []}})], toolConfig=TOOLS),
    "a cache point behind a result": dict(
        model=CLAUDE, messages=[user("a"), assistant(CALL), user(RESULT, cache(), "b")],
        toolConfig={"tools": [CLOCK, cache("1h")]}),
    "a result alone in its turn": dict(
        model=CLAUDE_3, messages=[user("a"), assistant(CALL), user(RESULT)], toolConfig=TOOLS),
    "a cache point behind a PDF": dict(
        model=CLAUDE, messages=[user("a", document("d", form="pdf"), cache())]),
    "many PDFs": dict(model=CLAUDE, messages=[user("a", *[
        document(f"d{i}", form="pdf") for i in range(6)])]),
    "a document in a result, alone": dict(messages=[user("a"), assistant(CALL), user(
        {"toolResult": {"toolUseId": "t1", "content": [document("d")]}})], toolConfig=TOOLS),
    "21 small pictures": dict(messages=[user("a", *[PICTURE] * 11), assistant("b"),
                                        user("c", *[PICTURE] * 10)]),
    "16 unions": dict(model=CLAUDE, outputConfig=structured(closed(
        {f"p{i}": {"type": ["string", "null"]} for i in range(16)}))),
    "24 optional": dict(model=CLAUDE, outputConfig=structured(closed(
        {f"p{i}": {"type": "string"} for i in range(24)}))),
    "a format": dict(model=CLAUDE, outputConfig=structured(closed(
        {"a": {"type": "string", "format": "date-time"}, "b": {"$ref": "#/$defs/c"},
         "d": {"type": "array", "uniqueItems": False}},
        **{"$defs": {"c": {"type": "array", "minItems": 1, "items": {"enum": ["x"]}}}}))),
    "a video in S3": dict(messages=[user(
        {"video": {"format": "mp4", "source": {"s3Location": {"uri": "s3://bucket/key"}}}})]),
    "audio": dict(model="mistral.voxtral-mini-3b-2507", messages=[user(
        {"audio": {"format": "wav", "source": {"bytes": b"RIFF"}}})]),
    "thinking of turns long past": dict(
        model=CLAUDE, toolConfig=TOOLS, additionalModelRequestFields={
            "thinking": {"type": "enabled", "budget_tokens": 1024}},
        messages=[user("a"), assistant(CALL), user(RESULT), assistant("b"), user("c")]),
    "a system text": dict(model=LLAMA, system=[{"text": "s"}]),
}


@pytest.mark.parametrize("name", TAKEN)
def test_what_is_taken(bedrock, name):
    request = {"messages": [user("Hi")]} | TAKEN[name]
    reply = bedrock.converse(modelId=request.pop("model", NOVA), **request)
    assert reply["stopReason"] in ("end_turn", "max_tokens")


def test_cache_points_need_support(bedrock):
    found = refusal(lambda: ask(bedrock, "a", cache(), model=MISTRAL))
    assert found[:2] == (403, "AccessDeniedException")


def test_streaming_tools_need_support(bedrock):
    call = lambda: ask_stream(bedrock, "a", model="meta.llama3-1-70b-instruct-v1:0",
                              toolConfig={"tools": [CLOCK]})
    assert "tool use in streaming mode" in refusal(call)[2]


@pytest.mark.parametrize("body,kind,words", [
    (b"{", "SerializationException", "not valid JSON"),
    (b"[]", "SerializationException", "Start of list found where not expected."),
    (b'{"messages":"x"}', "SerializationException", "STRING_VALUE can not be converted to a list"),
    (b'{"messages":[],"extra":1}', "SerializationException", "Unknown member 'extra'"),
    (b'{"messages":[{"role":"user","content":[{"text":"a","type":"text"}]}]}',
     "SerializationException", "Unknown member 'type' of ContentBlock (at messages.0.content.0)"),
    (b'{"messages":[{"role":"user","content":[{"toolResult":{"toolUseId":"t1","content":[{"cachePoint":'
     b'{"type":"default"}}]}}]}]}', "SerializationException",
     "Unknown member 'cachePoint' of ToolResultContentBlock"),
    (b'{"messages":[{"role":"user","content":[{}]}]}', "ValidationException",
     "The ContentBlock object at messages.0.content.0 must set one of the following keys: text, "),
    (b'{"messages":[{"role":"user"}]}', "ValidationException",
     "Value null at 'messages.1.member.content' failed to satisfy constraint: Member must not be null"),
    (b'{"messages":[null]}', "ValidationException", "Value null at 'messages.1.member'"),
    (b'{"inferenceConfig":{"maxTokens":1.5}}', "SerializationException",
     "NUMBER_VALUE can not be converted to an Integer"),
    (b'{"messages":[{"role":"user","content":[{"image":{"format":"png","source":{"bytes":"@"}}}]}]}',
     "SerializationException", "Invalid base64"),
    (b"{}", "ValidationException", "A conversation must start with a user message"),
])
def test_bad_bodies(sim, body, kind, words):
    status, headers, reply = signed(sim, body)
    assert status == 400
    assert headers["x-amzn-ErrorType"].split(":")[0] == kind
    assert words in reply["message"]


def test_members_are_checked_against_botocore(sim):
    """Every member of the service model is known, with the same required list."""
    model = botocore.session.get_session().get_service_model("bedrock-runtime")
    shape = model.operation_model("Converse").input_shape
    for name in shape.members:
        if name == "modelId":
            continue
        status, _, reply = signed(sim, json.dumps({name: None}).encode())
        assert "Unknown member" not in reply["message"], name


def exchange(host, port, wire):
    """Sends bytes, returns all that comes back until the end."""
    with socket.create_connection((host, port), timeout=60) as connection:
        connection.sendall(wire)
        return b"".join(iter(lambda: connection.recv(65536), b""))


@pytest.mark.parametrize("wire,status", [
    (b"nonsense\r\n\r\n", b"400"),
    (b"POST /model/x/converse HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", b"400"),
    (b"POST /model/x/converse HTTP/1.1\r\nContent-Length: x\r\n\r\n", b"400"),
    (b"POST /model/x/converse HTTP/1.1\r\nContent-Length: 25000001\r\n\r\n", b"413"),
    (b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n", b"404"),
])
def test_bad_http(sim, wire, status):
    assert exchange(sim.host, sim.port, wire).startswith(b"HTTP/1.1 " + status)


def test_continue_is_answered(sim):
    answer = exchange(sim.host, sim.port, b"POST /model/x/converse HTTP/1.1\r\nExpect: 100-continue\r\n"
                      b"Content-Length: 2\r\nConnection: close\r\n\r\n{}")
    assert answer.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 403 ")


def test_many_requests_on_one_connection(sim):
    """Pipelined on one socket, answered in order."""
    path = "/model/amazon.nova-lite-v1%3A0/converse"
    wire = b""
    for number in range(20):
        body = json.dumps({"messages": [user(f"number {number}")]}).encode()
        head = "".join(f"{name}: {value}\r\n" for name, value in signature(sim, path, body).items())
        close = "Connection: close\r\n" if number == 19 else ""
        wire += (f"POST {path} HTTP/1.1\r\nHost: {sim.host}:{sim.port}\r\n{head}{close}"
                 f"Content-Length: {len(body)}\r\n\r\n").encode() + body
    with socket.create_connection((sim.host, sim.port), timeout=60) as connection:
        connection.sendall(wire)
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    places = [answer.find(b"Echo: number %d\"" % number) for number in range(20)]
    assert -1 not in places and places == sorted(places)
    assert sim.stats()["connections"]["accepted"] >= 1


def test_shapes_are_of_this_service_model():
    folder = pathlib.Path(__file__).resolve().parents[2] / "bedrock_sim"
    made = subprocess.run([sys.executable, folder / "make_shapes.py"], check=True, text=True,
                          capture_output=True).stdout
    assert made == (folder / "shapes_table.inc").read_text()
