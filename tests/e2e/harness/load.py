"""A mixed load, and its own books: what its clients saw, in whole numbers, and nothing else.

Every kind of request that an upstream or a client can make go well or badly, over several models of
three providers. `run()` may be called again: rounds differ in the names of what happens once only.
"""

import asyncio
import json
import ssl
import subprocess
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

from harness.answers import LLAMA, NOVA, THINKER
from harness.fake_openai import FakeOpenAI
from harness.process import eventually
from harness.raw_http import RawClient, json_request, request
from harness.samples import WEATHER, user

KINDS = ("input", "output", "cache_read", "cache_write_5m", "cache_write_1h")
# What the simulator does not tell of in any list, so that it has to be learned from refusals.
HIDDEN = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/h0i1d2d3e4n5"


def prices(*dollars) -> dict[str, str]:
    """Dollars per million tokens, in the order of KINDS."""
    return dict(zip(KINDS, dollars, strict=True))


# The price of what is thrown away is the same for all kinds: those counters do not tell them apart.
FLAT = prices(*["0.5"] * len(KINDS))
# Names that clients use: provider, what it calls the model, its prices.
MODELS = {
    "nova": ("bedrock", NOVA, prices("0.06", "0.24", "0.015", "0.075", "0.12")),
    "thinker": ("bedrock", THINKER, prices("1.1", "5.5", "0.11", "1.375", "2.2")),
    "llama": ("bedrock", LLAMA, prices("0.72", "0.72", "0.72", "0.72", "0.72")),
    "hidden": ("bedrock", HIDDEN, prices("5", "25", "0.5", "6.25", "10")),
    "spill": ("bedrock", NOVA, FLAT),
    "denied": ("bedrock", "sim.access-denied-v1:0", FLAT),
    "far": ("bedrock", NOVA, FLAT),
    "gpt": ("fake", "upstream-gpt", prices("2.5", "10", "1.25", "0", "0")),
    "secure": ("secure", "upstream-gpt", prices("3", "12", "1.5", "0", "0")),
    "free": ("fake", "upstream-of-no-price", None),
}
# Octets of an answer that no kernel holds for a client which does not read.
LARGE = 8_000_000
FAR_REGION = "eu-west-1"  # where the simulator is not: it refuses what is signed for it


def nano_dollars(tokens: Counter, model: str) -> int:
    """What the tokens cost, in integers; the prices above are whole nano-dollars a token."""
    price = MODELS[model][2]
    return sum(count * micro_dollars(price[kind]) // 1000 for kind, count in tokens.items())


def micro_dollars(dollars: str) -> int:
    whole, _, part = dollars.partition(".")
    return int(whole) * 1_000_000 + int(part.ljust(6, "0") or 0)


def settings(secure_fake, ca_file: Path) -> dict:
    """The configuration of a gateway that takes this load, beside the tests' usual one."""
    models = {}
    for name, (provider, upstream, price) in MODELS.items():
        models[name] = {"provider": provider, "model": upstream}
        if price:
            models[name]["price"] = price
    models["far"]["region"] = FAR_REGION
    models["nova"]["max_choices"] = 2
    return {
        "providers": {
            "secure": {
                "type": "openai",
                "base_url": secure_fake.address + "/v1",
                "api_key": secure_fake.api_key,
            }
        },
        "models": models,
        "upstream": {"ca_file": str(ca_file)},
        "chat": {"on_disconnect": "drain", "drain_bytes": 2 * LARGE},
        "bedrock": {"refresh_ms": 1000},
    }


class SecureFakeOpenAI(FakeOpenAI):
    """The same over TLS, with a certificate of its own making."""

    def __init__(self, folder: Path):
        super().__init__()
        self.certificate, key = folder / "certificate.pem", folder / "key.pem"
        make = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2"
        subprocess.run(
            [*make.split(), "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
            + ["-keyout", key, "-out", self.certificate],
            check=True,
            capture_output=True,
        )
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(self.certificate, key)

    def start(self):
        self._thread.start()
        listening = asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self.context)
        self._server = self._call(listening)
        self.address = "https://127.0.0.1:%d" % self._server.sockets[0].getsockname()[1]
        return self


@dataclass
class Job:
    name: str
    model: str
    text: str
    end: str = "200"  # a status, "broken" (an error inside a stream), or "left" (by its client)
    stream: bool = False
    fields: dict = field(default_factory=dict)
    writes: tuple = (0, 0)  # tokens written to the cache, which OpenAI's usage does not tell
    slow: bool = False  # does not read until the gateway holds its answer back


@dataclass
class Seen:
    """What a client saw of its request."""

    job: Job
    end: str
    tokens: Counter = field(default_factory=Counter)
    reasoning: int = 0
    usage: bool = False
    chunks: int = 0
    finish_reasons: Counter = field(default_factory=Counter)


def jobs(number: int) -> list[Job]:
    """One round. `number` makes new what happens only once."""
    tools = {"tools": [WEATHER]}
    think = {"reasoning_effort": "low", "max_tokens": 8000}
    long = "chars=400 chunk=10 gap_ms=1"
    large = f"[sim chars={LARGE} chunk=50000]"
    whole_and_streamed = [
        Job("text", "nova", f"Round {number}, hello"),
        Job("unicode", "nova", "Grüße 🦉 日本"),
        Job("cached", "nova", "[cache 1000/24] again", writes=(24, 0)),
        Job("kept an hour", "nova", "[cache 500/40] [sim cache_write_1h=16]", writes=(40, 16)),
        Job("tool", "nova", "call get_weather", fields=tools),
        Job("reasoning", "thinker", "Think [sim chars=200 chunk=10 gap_ms=2]", fields=think),
        Job("a tool of a model that streams none", "llama", "call get_weather", fields=tools),
        Job("two choices", "nova", "Twice", fields={"n": 2}),
        Job("cut", "nova", "[sim chars=400]", fields={"max_tokens": 10}),
        Job("adjusted", "nova", "Adjust", fields={"seed": 7, "temperature": 1.5}),
        Job("without usage", "nova", "[sim no_usage=1]"),
        Job("unknown to us", "nova", "[sim unknown_event=1]"),
        Job("passthrough", "gpt", f"Round {number}, hello"),
        Job("passthrough over TLS", "secure", "Hello"),
        Job("without a price", "free", "Hello"),
        Job("throttled", "nova", "[sim status=429 exception=ThrottlingException]", "429"),
        Job("upstream fails", "nova", "[sim status=500]", "500"),
        Job("upstream is away", "gpt", "[fake fault=reset]", "502"),
        Job("denied", "denied", "Hello", "403"),
        Job("bad field", "nova", "Hello", "400", fields={"temperature": "hot"}),
        Job("unknown model", "no-such-model", "Hello", "404"),
    ]
    streamed = [
        Job("long", "nova", f"[sim {long}]"),
        Job("truncated", "nova", f"[sim {long} truncate=frame]", "broken"),
        Job("corrupt", "nova", f"[sim {long} corrupt=message no_metadata=1]", "broken"),
        Job("throttled inside", "nova", f"[sim {long} exception_after=5]", "broken"),
        Job("passthrough cut", "gpt", "[fake chunks=40 after=5 fault=truncate]", "broken"),
        Job("leaves", "spill", large, "left"),
        Job("slow reader", "nova", large, slow=True),
    ]
    whole = [
        Job("malformed, then good", "spill", f"[sim malformed_once=round{number}]"),
        Job("learned", "hidden", "Hello", fields={"temperature": 0}),
        Job("signed for elsewhere", "far", "Hello", "502"),
    ]
    streams = [replace(job, stream=True) for job in whole_and_streamed + streamed]
    return streams + whole_and_streamed + whole


class Load:
    """What its clients saw is in `seen`; requests of other endpoints by status in `others`."""

    def __init__(self, gateway, wait_for_scrape):
        self.gateway = gateway
        self.wait_for_scrape = wait_for_scrape
        self.rounds = 0
        self.seen: list[Seen] = []
        self.others = Counter()  # (endpoint, status)

    def run(self):
        self.rounds += 1
        with ThreadPoolExecutor(16) as pool:
            seen = list(pool.map(self._one, jobs(self.rounds)))
        for one in seen:
            assert one.end == one.job.end, one
        self.seen += seen
        for endpoint, path, status in (
            ("models", "/v1/models", 200),
            ("model", "/v1/models/nova", 200),
            ("health", "/livez", 200),
            ("other", "/nowhere", 404),
        ):
            with RawClient(self.gateway.port) as connection:
                connection.send(request("GET", path))
                assert connection.read_answer().status == status
            self.others[(endpoint, str(status))] += 1

    def _one(self, job: Job) -> Seen:
        body = {"model": job.model, "messages": user(job.text), **job.fields}
        if job.stream:
            body |= {"stream": True, "stream_options": {"include_usage": True}}
        small = {"receive_buffer": 4096} if job.slow or job.end == "left" else {}
        with RawClient(self.gateway.port, **small) as connection:
            connection.send(json_request(json.dumps(body).encode()))
            if job.end == "left":
                connection.read_head()
                connection.reset()
                return Seen(job, "left")
            if job.slow:
                self._wait_until_it_waits()
            answer = connection.read_answer()
        if answer.status != 200:
            return Seen(job, str(answer.status))
        if not job.stream:
            return read_whole(job, json.loads(answer.body))
        return read_stream(job, answer)

    def _wait_until_it_waits(self):
        eventually(
            lambda: self.gateway.scraper.scrape().total("oriel_client_buffered_bytes") > 64 * 1024,
            "the gateway holds what the client does not read",
        )
        self.wait_for_scrape()  # Prometheus is to see it, too

    # The books.

    def ends(self) -> Counter:
        """Chat requests by what their clients saw."""
        return Counter(one.end for one in self.seen)

    def tokens(self, *models) -> Counter:
        return sum((one.tokens for one in self.seen if one.job.model in models), Counter())

    def nano_dollars(self, *models) -> int:
        return sum(nano_dollars(self.tokens(model), model) for model in models)

    def requests(self) -> int:
        """Of all endpoints but the metrics'."""
        return len(self.seen) + self.others.total()


def read_usage(seen: Seen, usage: dict | None):
    if usage is None:
        return
    details = usage.get("prompt_tokens_details") or {}
    cached = details.get("cached_tokens") or 0
    five_minutes, hour = seen.job.writes
    counted = (
        usage["prompt_tokens"] - cached - five_minutes - hour,
        usage["completion_tokens"],
        cached,
        five_minutes,
        hour,
    )
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]
    seen.usage = True
    seen.tokens = Counter(dict(zip(KINDS, counted, strict=True)))
    seen.reasoning = (usage.get("completion_tokens_details") or {}).get("reasoning_tokens") or 0


def read_whole(job: Job, answer: dict) -> Seen:
    seen = Seen(job, "200")
    read_usage(seen, answer.get("usage"))
    seen.finish_reasons.update(choice["finish_reason"] for choice in answer["choices"])
    return seen


def read_stream(job: Job, answer) -> Seen:
    events = answer.events
    whole = answer.complete and events[-1] == "[DONE]"
    seen = Seen(job, "200" if whole else "broken")
    chunks = [json.loads(event) for event in events if event != "[DONE]"]
    for chunk in chunks:
        if "error" in chunk:
            assert chunk is chunks[-1] and not whole
            continue
        seen.chunks += 1
        read_usage(seen, chunk.get("usage"))
        finished = (choice["finish_reason"] for choice in chunk["choices"])
        seen.finish_reasons.update(filter(None, finished))
    return seen
