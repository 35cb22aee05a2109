"""Many at once: every client gets its own answer, whole and in order."""

import asyncio
import re

import openai
import pytest

from harness.samples import echo, user
from harness.servers import BEDROCK_MODEL, OPENAI_MODEL


def many(gateway, jobs):
    """Runs (model, text, stream) all at once; the contents in order."""

    async def one(client, model, text, stream):
        answer = await client.chat.completions.create(
            model=model, messages=user(text), stream=stream
        )
        if not stream:
            return answer.choices[0].message.content
        parts = [chunk.choices[0].delta.content or "" async for chunk in answer]
        return "".join(parts)

    async def run():
        async with openai.AsyncOpenAI(
            base_url=gateway.base_url, api_key="x", max_retries=0, timeout=100
        ) as client:
            return await asyncio.gather(*(one(client, *job) for job in jobs))

    return asyncio.run(run())


@pytest.mark.smoke
def test_two_hundred_streams(gateway):
    words = ["word" * (1 + i % 7) + str(i) for i in range(200)]
    jobs = [(BEDROCK_MODEL, f"{word} [sim gap_ms=5 chunk=4]", True) for word in words]
    contents = many(gateway, jobs)
    for word, content in zip(words, contents, strict=True):
        assert content.startswith(f"Echo: {word}")


def test_everything_mixed(gateway):
    jobs = [
        (model, f"number {i}", stream)
        for i in range(60)
        for model in (BEDROCK_MODEL, OPENAI_MODEL)
        for stream in (False, True)
    ]
    with gateway.scraper.watch(len(jobs)) as delta:
        contents = many(gateway, jobs)
    assert contents == [echo(model, text) for model, text, _ in jobs]
    assert delta.by("oriel_requests_total", "outcome") == {"ok": len(jobs)}
    assert delta.total("oriel_requests_in_flight", endpoint="chat_completions") == 0


def test_upstream_connections_are_reused(start_gateway, own_simulator):
    gateway = start_gateway(simulator=own_simulator, settings={"server": {"workers": 1}})
    client = openai.OpenAI(base_url=gateway.base_url, api_key="x", max_retries=0)
    with gateway.scraper.watch(30) as delta:
        for i in range(30):
            client.chat.completions.create(model=BEDROCK_MODEL, messages=user(f"number {i}"))
    assert delta.by("oriel_upstream_connections_total", "kind") == {"opened": 1, "reused": 29}
    assert delta.total("oriel_upstream_connect_seconds_count") == 1


def test_request_ids_of_log_lines_are_unique(start_gateway):
    gateway = start_gateway()
    many(gateway, [(BEDROCK_MODEL, f"number {i}", i % 2 == 0) for i in range(200)])
    ids = {line["request_id"] for line in gateway.chat_lines(200)}
    assert len(ids) == 200
    assert all(re.fullmatch("req_[0-9a-f]{32}", request_id) for request_id in ids)
