"""The load of the pictures: users of several models who stream, call tools, reason, leave early and make
mistakes, and upstreams that throttle and break. One client per request, arriving at random."""

import asyncio
import json
import math
import random
import time
from dataclasses import dataclass

PROSE = "Tell me what a gateway is, and why one would want to see through it. "
TOOL = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "The weather of a city",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}


@dataclass
class Model:
    name: str
    provider: str
    upstream: str
    share: float
    first_token_ms: float
    gap_ms: int
    caches: bool = False
    reasons: bool = False


MODELS = (
    Model("claude-sonnet", "bedrock", "us.anthropic.claude-sonnet-4-5-20250929-v1:0", 5, 620, 32, True, True),
    Model("claude-haiku", "bedrock", "us.anthropic.claude-haiku-4-5-20251001-v1:0", 6, 300, 20, True),
    Model("nova-pro", "bedrock", "amazon.nova-pro-v1:0", 4, 380, 26, True),
    Model("nova-lite", "bedrock", "amazon.nova-lite-v1:0", 5, 190, 16),
    Model("llama-70b", "bedrock", "us.meta.llama3-3-70b-instruct-v1:0", 3, 470, 38),
    Model("gpt-mini", "openai", "gpt-4o-mini", 4, 410, 24),
    Model("in-house", "openai", "house-7b", 0.4, 150, 12),  # nobody has said what it costs
)
# What happens to a model between two parts of the run.
SLOW = ("nova-pro", 0.2, 0.32)
THROTTLED = ("claude-sonnet", 0.47, 0.62)
# What models turn out to refuse in the second half, though the catalogue says that they take it.
LESSONS = {
    "claude-haiku": ({"without": "sampling"}, {"temperature": 0.5}),
    "nova-pro": ({"with": "one_sampler"}, {"temperature": 0.5, "top_p": 0.9}),
    "llama-70b": ({"with": "one_sampler"}, {"temperature": 0.5, "top_p": 0.9}),
}


class Traffic:
    def __init__(self, port, seconds, rate):
        self.port, self.seconds, self.rate = port, seconds, rate
        self.random = random.Random(7)
        self.began = 0.0
        self.requests = 0

    async def run(self):
        self.began = time.monotonic()
        running = set()
        while (elapsed := time.monotonic() - self.began) < self.seconds:
            task = asyncio.create_task(self._request())
            running.add(task)
            task.add_done_callback(running.discard)
            wave = 1 + 0.35 * math.sin(elapsed / 23) + (0.5 if 0.7 < elapsed / self.seconds < 0.8 else 0)
            await asyncio.sleep(self.random.expovariate(self.rate * wave))
        if running:
            await asyncio.wait(running, timeout=20)

    def _part(self):
        return (time.monotonic() - self.began) / self.seconds

    def _now(self, event, model):
        name, begin, end = event
        return model.name == name and begin < self._part() < end

    def _by_chance(self, share):
        return self.random.random() < share

    def _around(self, middle, spread):
        return middle * self.random.lognormvariate(0, spread)

    async def _request(self):
        model = self.random.choices(MODELS, [model.share for model in MODELS])[0]
        body, leaves_after = self._body(model)
        self.requests += 1
        try:
            await self._exchange(json.dumps(body).encode(), leaves_after)
        except (OSError, asyncio.IncompleteReadError):
            pass  # what a broken upstream or the end of the run looks like to a client

    async def _exchange(self, body, leaves_after):
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(
            b"POST /v1/chat/completions HTTP/1.1\r\nhost: pictures\r\nconnection: close\r\n"
            b"content-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(body) + body
        )
        until = time.monotonic() + (leaves_after or 60)
        try:
            while left := max(0, until - time.monotonic()):
                if not await asyncio.wait_for(reader.read(65536), left):
                    break
        except TimeoutError:
            pass
        finally:
            writer.close()

    def _body(self, model):
        """The request, and after how many seconds its user leaves, if so."""
        tokens = int(min(600, self._around(90, 0.7)))
        body = {"model": model.name, "stream": self._by_chance(0.8)}
        if model.provider == "openai":
            told = {"chunks": tokens, "gap_ms": model.gap_ms, "ttft_ms": int(self._around(model.first_token_ms, 0.3))}
        else:
            told = self._bedrock(model, tokens, body)
        told.update(self._fault(model))
        body["messages"] = [{"role": "user", "content": self._prompt(model, told, "tools" in body)}]
        self._mistake(body)
        return body, self._around(0.8, 0.5) if self._by_chance(0.03) else None

    def _prompt(self, model, told, calls):
        """Some prose, and what it tells the upstream to do."""
        text = (PROSE * 400)[: int(min(24000, self._around(1500, 0.9)))]
        words = " ".join(key if value is True else f"{key}={value}" for key, value in told.items())
        marker = "fake" if model.provider == "openai" else "sim"
        prompt = f"{text}{' call get_weather' if calls else ''} [{marker} {words}]"
        if model.caches and self._by_chance(0.55):
            prompt += f" [cache {len(text) // 5}/{0 if self._by_chance(0.8) else 400}]"
        return prompt

    def _bedrock(self, model, tokens, body):
        """What the simulator is told; what goes with it is put into the body."""
        first = int(self._around(model.first_token_ms, 0.35)) * (5 if self._now(SLOW, model) else 1)
        told = {"chars": tokens * 4, "chunk": 8}
        if body["stream"]:
            told.update(ttft_ms=first, gap_ms=max(1, int(self._around(model.gap_ms, 0.2))))
        else:
            told.update(latency_ms=first + tokens * model.gap_ms // 2)
        if self._by_chance(0.08):
            body["tools"] = [TOOL]
            told.pop("chars")
        elif self._by_chance(0.08):
            body["max_tokens"] = max(1, tokens // 2)
        if model.reasons and self._by_chance(0.3):
            told["think"] = "Step%20by%20step.%20" * 12
        if model.name in LESSONS and self._part() > 0.5 and self._by_chance(0.3):
            refuses, asked = LESSONS[model.name]
            told.update(refuses)
            body.update(asked)
        if self._by_chance(0.04):
            body["frequency_penalty"] = 0.5
        if self._by_chance(0.03):
            body["seed"] = 7
        return told

    def _fault(self, model):
        if self._now(THROTTLED, model) and self._by_chance(0.45):
            return {"status": 429}
        if model.provider == "openai":
            return {"status": 500} if self._by_chance(0.01) else {}
        faults = (
            (0.004, {"status": 429}),
            (0.004, {"status": 503}),
            (0.003, {"status": 500}),
            (0.004, {"truncate": "event"}),
            (0.002, {"corrupt": "message"}),
            (0.003, {"exception_after": 4}),
            (0.002, {"no_usage": True}),
            (0.003, {"unknown_event": True}),
            (0.008, {"guardrail": True}),
        )
        drawn = self.random.random()
        for share, fault in faults:
            drawn -= share
            if drawn < 0:
                return fault
        return {}

    def _mistake(self, body):
        drawn = self.random.random()
        if drawn < 0.008:
            body["model"] = "gpt-unheard-of"
        elif drawn < 0.016:
            body["messages"][0]["role"] = "narrator"
