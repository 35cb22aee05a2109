"""The official Python SDK, unmodified, against both dialects."""

import base64
import json

import openai
import pytest

from harness.samples import CLOCK, WEATHER, echo, image_message, png, user
from harness.servers import BEDROCK_ID, BEDROCK_MODEL, OPENAI_ID, OPENAI_MODEL, sdk

TEXTS = {
    "plain": "Hello there",
    "unicode": "Grüße 🦉 日本 \u2028 é",
    "escapes": 'quote " backslash \\ slash / tab \t newline \n end',
    "json in text": '{"role":"system","content":"[DONE]"}',
    "event text": "data: [DONE]",
}


@pytest.mark.smoke
@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_create(client, model, text):
    answer = client.chat.completions.create(model=model, messages=user(text))
    (choice,) = answer.choices
    if model == BEDROCK_MODEL:
        assert choice.message.content == echo(model, text)
    else:
        assert choice.message.content.split() == echo(model, text).split()
    assert choice.message.role == "assistant"
    assert choice.finish_reason == "stop"
    assert answer.object == "chat.completion"
    assert answer.model == model
    assert answer.id.startswith("chatcmpl-")
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens
    assert answer.usage.completion_tokens > 0
    assert answer._request_id


@pytest.mark.smoke
@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_stream(client, model, text):
    chunks = list(client.chat.completions.create(model=model, messages=user(text), stream=True))
    assert chunks[0].choices[0].delta.role == "assistant"
    assert {chunk.id for chunk in chunks} == {chunks[0].id}
    assert {(chunk.model, chunk.object) for chunk in chunks} == {(model, "chat.completion.chunk")}
    assert len({chunk.created for chunk in chunks}) == 1
    assert all(chunk.choices for chunk in chunks), "usage was not asked for"
    content = "".join(chunk.choices[0].delta.content or "" for chunk in chunks)
    assert content.split() == echo(model, text).split()
    reasons = [chunk.choices[0].finish_reason for chunk in chunks]
    assert reasons == [None] * (len(chunks) - 1) + ["stop"]


def test_stream_with_usage(client, model):
    chunks = list(
        client.chat.completions.create(
            model=model,
            messages=user("Count me"),
            stream=True,
            stream_options={"include_usage": True},
        )
    )
    *others, last = chunks
    assert last.choices == [] and last.usage.completion_tokens > 0
    assert all(chunk.usage is None for chunk in others)
    whole = client.chat.completions.create(model=model, messages=user("Count me"))
    assert last.usage.prompt_tokens == whole.usage.prompt_tokens
    assert last.usage.completion_tokens == whole.usage.completion_tokens


def test_stream_helper(client, model):
    with client.chat.completions.stream(model=model, messages=user("Help me")) as stream:
        kinds = [event.type for event in stream]
        final = stream.get_final_completion()
    assert "content.delta" in kinds and "content.done" in kinds
    assert final.choices[0].message.content == echo(model, "Help me")
    assert final.choices[0].finish_reason == "stop"


@pytest.mark.parametrize("mode", ["whole", "stream"])
def test_tools_round_trip(client, model, mode):
    messages = user("Please call get_weather")

    def ask():
        arguments = {"model": model, "messages": messages, "tools": [WEATHER, CLOCK]}
        if mode == "whole":
            return client.chat.completions.create(**arguments).choices[0]
        with client.chat.completions.stream(**arguments) as stream:
            return stream.get_final_completion().choices[0]

    if mode == "stream" and model == OPENAI_MODEL:
        pytest.skip("the fake server streams no tool calls")
    choice = ask()
    assert choice.finish_reason == "tool_calls"
    (call,) = choice.message.tool_calls
    assert call.function.name == "get_weather"
    assert isinstance(json.loads(call.function.arguments)["city"], str)
    messages.append(
        {
            "role": "assistant",
            "content": choice.message.content,
            "tool_calls": [
                {
                    "id": call.id,
                    "type": "function",
                    "function": {"name": call.function.name, "arguments": call.function.arguments},
                }
            ],
        }
    )
    messages.append({"role": "tool", "tool_call_id": call.id, "content": "Rain, 7 degrees"})
    after = ask()
    assert after.finish_reason == "stop"
    assert after.message.content


def test_parallel_tool_calls(client):
    choice = client.chat.completions.create(
        model=BEDROCK_MODEL,
        messages=user("call get_weather and call get_time"),
        tools=[WEATHER, CLOCK],
    ).choices[0]
    assert [call.function.name for call in choice.message.tool_calls] == ["get_weather", "get_time"]
    assert len({call.id for call in choice.message.tool_calls}) == 2


@pytest.mark.parametrize(
    "choice, name",
    [
        ("required", "get_weather"),
        ({"type": "function", "function": {"name": "get_time"}}, "get_time"),
    ],
    ids=["required", "named"],
)
def test_tool_choice(client, choice, name):
    answer = client.chat.completions.create(
        model=BEDROCK_MODEL, messages=user("anything"), tools=[WEATHER, CLOCK], tool_choice=choice
    )
    assert answer.choices[0].message.tool_calls[0].function.name == name


@pytest.mark.parametrize("padding", [0, 3_000_000], ids=["small", "large"])
def test_image(gateway, client, model, simulator, fake, padding):
    picture = png(padding=padding)
    answer = client.chat.completions.create(model=model, messages=image_message("See", picture))
    assert answer.choices[0].finish_reason == "stop"
    sent = base64.b64encode(picture).decode()
    if model == OPENAI_MODEL:
        assert sent in fake.seen[-1].body.decode()
    else:
        assert sent in simulator.last()["body"]


def test_system_and_parameters(client, simulator):
    client.chat.completions.create(
        model=BEDROCK_MODEL,
        temperature=0.5,
        max_tokens=50,
        stop=["END"],
        messages=[
            {"role": "system", "content": "Be brief."},
            {"role": "developer", "content": "Be kind."},
            *user("Hi"),
        ],
    )
    body = json.loads(simulator.last()["body"])
    assert [part["text"] for part in body["system"]] == ["Be brief.", "Be kind."]
    assert body["inferenceConfig"] == {
        "maxTokens": 50,
        "temperature": 0.5,
        "stopSequences": ["END"],
    }
    assert body["messages"] == [{"role": "user", "content": [{"text": "Hi"}]}]


def test_max_tokens_is_length(client):
    answer = client.chat.completions.create(
        model=BEDROCK_MODEL,
        max_tokens=3,
        messages=user("A long text that does not fit in three tokens"),
    )
    assert answer.choices[0].finish_reason == "length"


@pytest.mark.parametrize(
    "name",
    [
        BEDROCK_ID,
        "us.amazon.nova-lite-v1:0",
        "gpt-4o-mini",
        "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-lite-v1:0",
    ],
)
def test_model_names(client, name):
    answer = client.chat.completions.create(model=name, messages=user("Hi"))
    assert answer.model == name
    assert answer.choices[0].message.content == "Echo: Hi"


def test_models(client):
    models = {model.id: model for model in client.models.list()}
    assert {BEDROCK_MODEL, OPENAI_MODEL, "gpt-4o-mini", "gpt-4o"} <= set(models)
    for model in models.values():
        assert model.object == "model" and model.owned_by and isinstance(model.created, int)
    for name in (BEDROCK_MODEL, OPENAI_MODEL, "gpt-4o-mini"):
        assert client.models.retrieve(name) == models[name]
    with pytest.raises(openai.NotFoundError) as caught:
        client.models.retrieve("no-such-model")
    assert caught.value.code == "model_not_found"


# Directive for the simulator, for the fake server, exception class of the SDK, code.
UPSTREAM_ERRORS = {
    "throttled": (
        "status=429 exception=ThrottlingException",
        "status=429",
        openai.RateLimitError,
        "rate_limit_exceeded",
    ),
    "server error": (
        "status=500 exception=InternalServerException",
        "status=500",
        openai.InternalServerError,
        None,
    ),
    "unavailable": (
        "status=503 exception=ServiceUnavailableException",
        "status=503",
        openai.InternalServerError,
        None,
    ),
    "refused": (
        "status=400 exception=ValidationException",
        "status=400 type=invalid_request_error",
        openai.BadRequestError,
        None,
    ),
    "no access": (
        "status=403 exception=AccessDeniedException",
        None,
        openai.PermissionDeniedError,
        "model_access_denied",
    ),
    "no model": (
        "status=404 exception=ResourceNotFoundException",
        "status=404 code=model_not_found",
        openai.NotFoundError,
        "model_not_found",
    ),
    "our credentials": (
        "status=403 exception=UnrecognizedClientException",
        "status=401",
        openai.InternalServerError,
        "upstream_auth_error",
    ),
    "model timeout": (
        "status=408 exception=ModelTimeoutException",
        "status=504",
        openai.InternalServerError,
        None,
    ),
    "model error": (
        "status=424 exception=ModelErrorException",
        "html=502",
        openai.InternalServerError,
        None,
    ),
    "not ready": (
        "status=429 exception=ModelNotReadyException",
        "status=503",
        openai.InternalServerError,
        None,
    ),
}


@pytest.mark.parametrize("mode", ["whole", "stream"])
@pytest.mark.parametrize("case", UPSTREAM_ERRORS.values(), ids=UPSTREAM_ERRORS)
def test_upstream_errors(client, model, case, mode):
    sim, fake, kind, code = case
    if model == OPENAI_MODEL and fake is None:
        pytest.skip("an OpenAI-compatible server has no such error")
    text = f"[sim {sim}]" if model == BEDROCK_MODEL else f"[fake {fake}]"
    with pytest.raises(openai.APIStatusError) as caught:
        client.chat.completions.create(model=model, messages=user(text), stream=mode == "stream")
    error = caught.value
    assert type(error) is kind
    assert error.request_id
    assert set(error.body) == {"message", "type", "param", "code"}
    if code is not None:
        assert error.code == code
    for secret in ("amazonaws", "arn:aws", "internal-host", "127.0.0.1", "<html"):
        assert secret not in json.dumps(error.body)


def test_retry_after(client, fake):
    with pytest.raises(openai.RateLimitError) as caught:
        client.chat.completions.create(
            model=OPENAI_MODEL, messages=user("[fake status=429 retry_after=7]")
        )
    assert caught.value.response.headers["retry-after"] == "7"
    assert caught.value.response.headers["retry-after-ms"] == "7000"
    with pytest.raises(openai.RateLimitError) as caught:
        client.chat.completions.create(
            model=OPENAI_MODEL, messages=user("[fake status=429 retry_after=86400]")
        )
    assert caught.value.response.headers["retry-after"] == "60"


def test_the_sdks_own_retries(start_gateway, fake):
    """A retryable error is tried again by the SDK; one that says it is not, is not. The shared
    gateway may have seen so many errors that it asks for a minute's patience."""
    gateway = start_gateway()
    for directive, calls in (("status=503", 3), ("status=401", 1)):
        before = len(fake.seen)
        retrying = sdk(gateway).with_options(max_retries=2)
        with pytest.raises(openai.InternalServerError):
            retrying.chat.completions.create(
                model=OPENAI_MODEL, messages=user(f"[fake {directive}]")
            )
        assert len(fake.seen) - before == calls


def test_passthrough_changes_only_the_model(client, fake):
    answer = client.chat.completions.create(
        model=OPENAI_MODEL,
        messages=user("Keep me"),
        seed=7,
        logit_bias={"50256": -100},
        user="someone",
        extra_body={"x_vendor": {"deep": [1, 2.50, "é"]}},
    )
    seen = fake.seen[-1]
    assert seen.json["model"] == OPENAI_ID
    assert seen.json["x_vendor"] == {"deep": [1, 2.5, "é"]}
    assert seen.json["seed"] == 7 and seen.json["logit_bias"] == {"50256": -100}
    assert seen.headers["authorization"] == "Bearer fake-provider-key"
    assert "sk-test" not in json.dumps(seen.headers)
    assert answer.system_fingerprint == "fp_fake"
    assert answer.created == 1_700_000_000


def test_concurrent_asyncs(gateway):
    """The asynchronous client too."""
    import asyncio

    async def run():
        async with openai.AsyncOpenAI(
            base_url=gateway.base_url, api_key="x", max_retries=0
        ) as client:
            answers = await asyncio.gather(
                *(
                    client.chat.completions.create(
                        model=BEDROCK_MODEL, messages=user(f"Number {i}")
                    )
                    for i in range(50)
                )
            )
        return [answer.choices[0].message.content for answer in answers]

    assert asyncio.run(run()) == [f"Echo: Number {i}" for i in range(50)]
