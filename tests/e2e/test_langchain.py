"""LangChain's ChatOpenAI: a chain of streamed chunks adds up to what invoke() answers."""

import pytest
from harness.answers import ANSWERS, CLAUDE, NOVA, PERSON
from harness.samples import CLOCK, WEATHER
from langchain_core.messages import HumanMessage, ToolMessage
from langchain_openai import ChatOpenAI
from pydantic import BaseModel


class Person(BaseModel):
    """Somebody."""

    name: str
    age: int
    tags: list[str]


def chat_model(gateway, model, **settings):
    return ChatOpenAI(
        model=model,
        base_url=gateway.base_url,
        api_key="sk-test",
        max_retries=0,
        timeout=60,
        stream_usage=True,
        **settings,
    )


def added_up(chunks):
    total = None
    for chunk in chunks:
        total = chunk if total is None else total + chunk
    return total


def seen(message) -> dict:
    return {
        "content": message.content,
        "tool_calls": message.tool_calls,
        "invalid_tool_calls": message.invalid_tool_calls,
        "finish_reason": message.response_metadata["finish_reason"],
        "usage": {
            name: count
            for name, count in message.usage_metadata.items()
            if name in ("input_tokens", "output_tokens", "total_tokens")
        },
    }


@pytest.mark.parametrize("arguments", ANSWERS.values(), ids=ANSWERS)
def test_stream_is_invoke(gateway, arguments):
    settings = dict(arguments)
    model = chat_model(
        gateway,
        settings.pop("model"),
        **{
            name: settings.pop(name)
            for name in ("max_tokens", "reasoning_effort")
            if name in settings
        },
    )
    messages = [HumanMessage(content=item["content"]) for item in settings.pop("messages")]
    bound = model.bind(**settings) if settings else model
    whole = bound.invoke(messages)
    streamed = added_up(bound.stream(messages))
    assert seen(streamed) == seen(whole)
    assert whole.content or whole.tool_calls


@pytest.mark.parametrize("model", [CLAUDE, NOVA], ids=["claude", "nova"])
@pytest.mark.parametrize("mode", ["invoke", "stream"])
def test_a_round_of_tools(gateway, model, mode):
    tools = chat_model(gateway, model).bind_tools([WEATHER, CLOCK])

    def ask(messages):
        return tools.invoke(messages) if mode == "invoke" else added_up(tools.stream(messages))

    messages = [HumanMessage(content="call get_weather and call get_time")]
    answer = ask(messages)
    assert [call["name"] for call in answer.tool_calls] == ["get_weather", "get_time"]
    assert all(call["args"] == {"city": "value of city"} for call in answer.tool_calls)
    messages.append(answer)
    for call in answer.tool_calls:
        messages.append(ToolMessage(content=f"{call['name']} done", tool_call_id=call["id"]))
    after = ask(messages)
    assert not after.tool_calls
    assert "get_weather done" in after.content and "get_time done" in after.content


@pytest.mark.parametrize("model", [CLAUDE, NOVA], ids=["native", "emulated"])
@pytest.mark.parametrize("method", ["json_schema", "function_calling"])
def test_structured_output(gateway, model, method):
    structured = chat_model(gateway, model).with_structured_output(Person, method=method)
    expected = Person(name="value of name", age=42, tags=["value of tags"])
    assert structured.invoke("Who?") == expected
    *_, last = structured.stream("Who?")
    assert last == expected


def test_json_mode(gateway):
    model = chat_model(gateway, NOVA).bind(response_format={"type": "json_object"})
    assert model.invoke('{"a": 1}').content


def test_a_schema_that_is_a_dictionary(gateway):
    schema = {"title": "Person", "description": "Somebody", **PERSON}
    structured = chat_model(gateway, CLAUDE).with_structured_output(schema, strict=True)
    assert structured.invoke("Who?")["age"] == 42
