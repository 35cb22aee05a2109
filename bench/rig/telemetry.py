"""What telemetry costs: chats with all of it on and with all of it off, chats while a large /metrics is scraped,
and the scrapes themselves."""

import gzip
import http.client
import itertools
import json
import os
import re
import socket
import statistics
import threading
import time
from contextlib import contextmanager

from rig import processes
from rig.micro import run_micro
from rig.processes import BenchError
from rig.scenarios import ANSWER_BYTES, MODEL, Subject

OPENMETRICS = "application/openmetrics-text; version=1.0.0"
# What a scraper may ask for: headers by name.
FORMATS = {
    "text": {},
    "OpenMetrics": {"Accept": OPENMETRICS},
    "text, gzip": {"Accept-Encoding": "gzip"},
    "OpenMetrics, gzip": {"Accept": OPENMETRICS, "Accept-Encoding": "gzip"},
}
DROPPED = ("oriel_spans_dropped_total", "oriel_log_lines_dropped_total")


def on_core(core):
    """Keeps the calling thread off the gateway's core."""
    if core is not None:
        os.sched_setaffinity(0, {core})


class Collector:
    """Takes spans over OTLP/HTTP and forgets them, until the bench ends."""

    def __init__(self, core):
        self.core = core
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}/v1/traces"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        on_core(self.core)
        while True:
            connection, _ = self.listener.accept()
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        sink = bytearray(1 << 20)
        with connection:
            while length := self._head(connection):
                while length and (taken := connection.recv_into(sink, min(length, len(sink)))):
                    length -= taken
                connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}")

    @staticmethod
    def _head(connection):
        """The length of the body that follows; 0: no more requests. Reads not a byte of the body."""
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            byte = connection.recv(1)
            if not byte:
                return 0
            head += byte
        return int(re.search(rb"content-length: *(\d+)", head, re.I)[1])


def scrape(port, headers):
    """Seconds, and the text."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    began = time.perf_counter()
    connection.request("GET", "/metrics", headers=headers)
    answer = connection.getresponse()
    body = answer.read()
    seconds = time.perf_counter() - began
    connection.close()
    if answer.status != 200:
        raise BenchError(f"/metrics answered {answer.status}")
    if answer.getheader("content-encoding") == "gzip":
        body = gzip.decompress(body)
    return seconds, body.decode()


def sample(text, name):
    return sum(float(value) for value in re.findall(rf"^{name}(?:{{[^}}]*}})? (\S+)", text, re.M))


@contextmanager
def scraped(port, every, core, formats):
    """Scrapes in the background, one format after the other."""
    done = threading.Event()

    def run():
        on_core(core)
        for name in itertools.cycle(formats):
            if done.wait(every):
                return
            scrape(port, FORMATS[name])

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


class TelemetryBench:
    """P9: the same chats through a gateway that tells nothing beyond its counters, one as it ships, and two that
    tell everything: of one trace in ten, and of every one."""

    def __init__(self, bench):
        self.bench = bench
        self.subjects = {}
        self.dropped = 0

    def start(self):
        self.collector = Collector(self.bench.pins.upstream)
        self._add("off", {"log": {"file": "/dev/null"}, "metrics": {"semconv": False}})
        self._add("as shipped", {"log": {"file": str(self.bench.folder / "shipped.jsonl")}})
        self._add_telling("1 in 10 traced", 0.1)
        self._add_telling("on", 1)

    def _add_telling(self, name, sample_ratio):
        self._add(name, {
            "log": {"file": str(self.bench.folder / f"{name}.jsonl")},
            "metrics": {"emf": "stdout", "emf_flush_ms": 1000},
            "tracing": {"endpoint": self.collector.url, "sample_ratio": sample_ratio},
        })

    def _add(self, name, settings):
        bench = self.bench
        process = bench.keep(processes.start_oriel_with(
            bench.build, bench.pins, bench.folder, bench.simulator.port, f"oriel-{name.replace(' ', '-')}", settings))
        self.subjects[name] = Subject(name, process, process.port, "openai")

    def round(self, number):
        names = list(self.subjects)
        turn = number % len(names)
        for name in names[turn:] + names[:turn]:
            subject = self.subjects[name]
            if name in ("off", "as shipped"):
                self._chats(subject)
                continue
            before = self._dropped(subject)
            with scraped(subject.port, 1, self.bench.pins.load, ["OpenMetrics, gzip"]):
                self._chats(subject)
            self.dropped += self._dropped(subject) - before
            if name == "on":
                self._own_work(subject)

    def _chats(self, subject):
        plan = self.bench.plan
        result = self.bench.load(subject, "chat", f"chars={ANSWER_BYTES}", "--connections", 64, "--warmup", 0.5,
                                 "--duration", plan.telemetry, "--rate", plan.telemetry_rate)
        subject.note("chat CPU us", result["cpu"] / result["requests"] * 1e6)
        subject.note("chat p50 us", result["latency_us"]["p50"])
        subject.note("chat p99 us", result["latency_us"]["p99"])

    def _own_work(self, subject):
        """The worker's part of it, measured in the same minute: the core's speed drifts."""
        bench = self.bench
        runs = run_micro(bench.build, bench.plan, bench.pins, "AllTelemetry$")["BM_AllTelemetry"]
        subject.note("own work us", statistics.median(run["cpu_time"] for run in runs) / 1000)

    @staticmethod
    def _dropped(subject):
        _, text = scrape(subject.port, {})
        return sum(sample(text, name) for name in DROPPED)


class ScrapeBench:
    """A scrape never delays a request: chats with and without scrapes of a gateway that has many series."""

    EVERY = 0.2  # seconds

    def __init__(self, bench):
        self.bench = bench
        self.subjects = {}
        self.series = 0

    def start(self):
        bench = self.bench
        names = [f"model-{number}" for number in range(bench.plan.scraped_models)]
        models = {name: {"provider": "bedrock", "model": MODEL} for name in names}
        gateway = bench.keep(processes.start_oriel_with(
            bench.build, bench.pins, bench.folder, bench.simulator.port, "oriel-scraped",
            {"providers": {"bedrock": {"type": "bedrock"}}, "models": models}))
        self.port, self.admin_port = gateway.port, gateway.admin_port
        for name in names:
            for stream in (False, True):
                self._ask(name, stream)
        self.subjects = {name: Subject(name, gateway, gateway.port, "openai") for name in ("quiet", "scraped")}

    def _ask(self, model, stream):
        body = {"model": model, "messages": [{"role": "user", "content": "Hello"}], "stream": stream}
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        connection.request("POST", "/v1/chat/completions", json.dumps(body), {"content-type": "application/json"})
        answer = connection.getresponse()
        answer.read()
        connection.close()
        if answer.status != 200:
            raise BenchError(f"{model} answered {answer.status}")

    def round(self, number):
        for name in ("quiet", "scraped") if number % 2 == 0 else ("scraped", "quiet"):
            subject = self.subjects[name]
            if name == "scraped":
                with scraped(self.admin_port, self.EVERY, self.bench.pins.load, FORMATS):
                    self._chats(subject)
            else:
                self._chats(subject)
        self._scrapes()

    def _chats(self, subject):
        plan = self.bench.plan
        result = self.bench.load(subject, "chat", f"chars={ANSWER_BYTES}", "--connections", 64, "--warmup", 0.5,
                                 "--duration", plan.scraped, "--rate", plan.scraped_rate)
        for part in ("p50", "p99"):
            subject.note(f"chat {part} us", result["latency_us"][part])
        subject.note("chat lateness p99 us", result["lateness_us"]["p99"])

    def _scrapes(self):
        """How long a scrape takes while nothing else happens; the formats in turn."""
        seconds = {name: [] for name in FORMATS}
        for _ in range(self.bench.plan.scrapes):
            for name, headers in FORMATS.items():
                took, text = scrape(self.admin_port, headers)
                seconds[name].append(took)
        self.series = sum(1 for line in text.splitlines() if line and not line.startswith("#"))
        for name, all_of in seconds.items():
            cuts = statistics.quantiles(all_of, n=100, method="inclusive")
            self.subjects["quiet"].note(f"scrape p50 ms, {name}", cuts[49] * 1000)
            self.subjects["quiet"].note(f"scrape p99 ms, {name}", cuts[98] * 1000)
