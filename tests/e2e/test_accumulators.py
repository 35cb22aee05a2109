"""A stream that a client has put together again is the same message as the whole answer:
the official Python SDK here, the Node ones and the Vercel AI SDK in node/."""

import json
from typing import Annotated

import pytest
from harness.answers import ANSWERS, CLAUDE, NOVA, THINKER, UNICODE
from harness.samples import CLOCK, WEATHER, user
from pydantic import BaseModel, Field
from test_node import HERE, run_node_tests


class Person(BaseModel):
    name: str
    age: int
    tags: list[str]


class GetWeather(BaseModel):
    city: Annotated[str, Field(description="Where")]


def message_of(choice) -> dict:
    """What a client reads of a message; whatever a stream leaves unsaid counts as null."""
    message = choice.message.model_dump(exclude_none=True)
    message.pop("parsed", None)
    for empty in [name for name, value in message.items() if value == []]:
        del message[empty]
    for call in message.get("tool_calls", []):
        call.pop("index", None)
        call["function"].pop("parsed_arguments", None)
    # Where a piece of a stream belongs; a whole answer needs none.
    for name in ("annotations", "citations", "images"):
        for item in message.get(name, []):
            item.pop("index", None)
    # A stream says a signature behind the text that it is for; the whole answer has both in one.
    message.pop("thinking_blocks", None)
    return message | {"content": message.get("content") or ""}


@pytest.mark.parametrize("arguments", ANSWERS.values(), ids=ANSWERS)
def test_the_stream_helper(client, arguments):
    whole = client.chat.completions.create(**arguments)
    chunks = client.chat.completions.create(
        **arguments, stream=True, stream_options={"include_usage": True}
    )
    finish = [chunk.choices[0].finish_reason for chunk in chunks if chunk.choices][-1]
    assert finish == whole.choices[0].finish_reason
    if finish == "length":  # the helper raises where the answer was cut
        return
    with client.chat.completions.stream(
        **arguments, stream_options={"include_usage": True}
    ) as stream:
        for _ in stream:
            pass
        final = stream.get_final_completion()
    assert message_of(final.choices[0]) == message_of(whole.choices[0])
    assert final.choices[0].finish_reason == whole.choices[0].finish_reason
    assert final.usage.model_dump() == whole.usage.model_dump()


def signed_blocks(client, arguments):
    """The thinking blocks of the whole answer and of the chunks, put together by their order."""
    whole = client.chat.completions.create(**arguments).choices[0].message.thinking_blocks
    text, streamed = "", []
    for chunk in client.chat.completions.create(**arguments, stream=True):
        delta = chunk.choices[0].delta
        text += getattr(delta, "reasoning_content", None) or ""
        for block in getattr(delta, "thinking_blocks", None) or []:
            block = {name: value for name, value in block.items() if name != "index"}
            if block["type"] == "thinking":
                block["thinking"], text = text + block["thinking"], ""
            streamed.append(block)
    return whole, streamed


@pytest.mark.parametrize("name", ["reasoning", "reasoning before a call", "redacted reasoning"])
def test_thinking_blocks(client, name):
    whole, streamed = signed_blocks(client, ANSWERS[name])
    assert whole and streamed == whole
    assert any(block.get("signature") or block.get("data") for block in whole)


def test_thinking_blocks_go_back(client):
    """The signed blocks of an answer, replayed in the next turn, are taken by the model."""
    arguments = ANSWERS["reasoning before a call"]
    message = client.chat.completions.create(**arguments).choices[0].message
    history = [
        *arguments["messages"],
        message.model_dump(exclude_none=True),
        {"role": "tool", "tool_call_id": message.tool_calls[0].id, "content": "Rain"},
    ]
    after = client.chat.completions.create(**{**arguments, "messages": history})
    assert after.choices[0].finish_reason == "stop"
    assert "Rain" in after.choices[0].message.content


@pytest.mark.parametrize("model", [CLAUDE, NOVA], ids=["native", "emulated"])
def test_parse(client, model):
    arguments = {"model": model, "messages": user("Who?"), "response_format": Person}
    whole = client.chat.completions.parse(**arguments).choices[0]
    assert isinstance(whole.message.parsed, Person)
    assert whole.finish_reason == "stop" and not whole.message.tool_calls
    with client.chat.completions.stream(**arguments) as stream:
        streamed = stream.get_final_completion().choices[0]
    assert streamed.message.parsed == whole.message.parsed
    assert streamed.message.content == whole.message.content


def test_parse_of_tools(client):
    import openai

    arguments = {
        "model": CLAUDE,
        "messages": user("call GetWeather"),
        "tools": [openai.pydantic_function_tool(GetWeather)],
    }
    whole = client.chat.completions.parse(**arguments).choices[0].message.tool_calls[0]
    assert isinstance(whole.function.parsed_arguments, GetWeather)
    with client.chat.completions.stream(**arguments) as stream:
        streamed = stream.get_final_completion().choices[0].message.tool_calls[0]
    assert streamed.function.parsed_arguments == whole.function.parsed_arguments


def test_format_and_tools(client):
    """With both, a call wins and no JSON text is beside it; without one the text is JSON."""
    arguments = {
        "model": NOVA,
        "tools": [WEATHER, CLOCK],
        "response_format": ANSWERS["schema, emulated"]["response_format"],
    }
    for mode in (False, True):
        choice = rebuilt(client, {**arguments, "messages": user("call get_weather")}, mode)
        assert choice.finish_reason == "tool_calls"
        assert [call.function.name for call in choice.message.tool_calls] == ["get_weather"]
        assert not choice.message.content


def rebuilt(client, arguments, streamed):
    if not streamed:
        return client.chat.completions.create(**arguments).choices[0]
    with client.chat.completions.stream(**arguments) as stream:
        return stream.get_final_completion().choices[0]


def test_the_reasoning_is_not_in_the_text(client):
    arguments = ANSWERS["reasoning"]
    for streamed in (False, True):
        message = rebuilt(client, arguments, streamed).message
        assert message.reasoning_content.startswith("Thinking about: Think")
        assert message.content == "Echo: Think "[: len(message.content)]
        assert "<think" not in message.content


def test_unicode_is_whole_in_every_chunk(client):
    chunks = client.chat.completions.create(**ANSWERS["unicode"], stream=True)
    texts = [chunk.choices[0].delta.content or "" for chunk in chunks]
    assert "\ufffd" not in "".join(texts)
    assert "".join(texts).strip() == f"Echo: {UNICODE}"


NODE_CASES = json.dumps(
    [
        {"name": name, "arguments": arguments}
        for name, arguments in ANSWERS.items()
        if name != "cut"  # the helpers raise
    ]
)


@pytest.mark.parametrize("file", ["accumulators", "ai-sdk"])
def test_node(gateway, file):
    run_node_tests(
        HERE / "node" / f"{file}.test.mjs",
        ORIEL_URL=gateway.base_url,
        ORIEL_CASES=NODE_CASES,
        ORIEL_CLAUDE=CLAUDE,
        ORIEL_NOVA=NOVA,
        ORIEL_THINKER=THINKER,
    )
