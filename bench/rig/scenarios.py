"""What is measured: chats and streams against each subject, memory, start."""

import json
import shutil
import socket
import statistics
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from rig import processes
from rig.processes import BenchError, run_load

MODEL = "amazon.nova-lite-v1:0"
PROMPT_BYTES = 2000
ANSWER_BYTES = 400  # of text, which makes a Converse reply of about 665 bytes
PIECES = 64
PIECE_BYTES = 20


@dataclass
class Plan:
    """How long and how much; seconds but for the counts."""
    rounds: int = 3
    chat: float = 4
    burst: float = 2
    paced: float = 6
    paced_rate: float = 40  # streams per second, each of 64 pieces 20 ms apart
    crowd: float = 8
    crowd_streams: int = 500  # at 20 pieces per second
    live_streams: int = 2000
    idle: tuple = (1000, 10000)
    starts: int = 15
    micro_seconds: float = 0.3
    telemetry: float = 5
    telemetry_rate: float = 4000  # chats per second
    scraped: float = 5
    scraped_rate: float = 1000  # chats per second
    scraped_models: int = 40  # which makes more than 10,000 series
    scrapes: int = 40  # of each format

    @staticmethod
    def quick():
        return Plan(rounds=1, chat=1, burst=1, paced=2, crowd=3, starts=3, micro_seconds=0.02, telemetry=1,
                    scraped=1, scrapes=5)


@dataclass
class Subject:
    """Something that answers chats: the simulator itself, or a process before it."""
    name: str
    process: object  # None for direct
    port: int
    speaks: str  # "converse" or "openai"
    values: dict = field(default_factory=dict)  # measure -> one value per round

    def note(self, measure, value):
        self.values.setdefault(measure, []).append(value)

    def median(self, measure):
        return statistics.median(self.values[measure])


def prompt(directives):
    text = ("Tell me what a gateway is, and why one would want to see through it. " * 40)[:PROMPT_BYTES]
    return f"{text} [sim {directives}]"


class Bench:
    """The processes that stand all through the run, and what was measured with them."""

    def __init__(self, build, pins, plan, folder):
        self.build, self.pins, self.plan, self.folder = build, pins, plan, Path(folder)
        self.running = []
        self.subjects = {}
        self.single = {}  # measures without rounds
        self.half_load = None

    def start(self):
        self.simulator = self.keep(processes.start_simulator(self.build, self.pins, self.folder))
        port = self.simulator.port
        self._add("direct", None, port, "converse")
        self._add("forwarder", self.keep(processes.start_forwarder(self.build, self.pins, self.folder, port)))
        self._add("oriel", self.keep(processes.start_oriel(self.build, self.pins, self.folder, port)))
        if binary := shutil.which("haproxy", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin"):
            self._add("haproxy", self.keep(processes.start_haproxy(binary, self.pins, self.folder, port)))

    def stop(self):
        for process in reversed(self.running):
            process.stop()

    def keep(self, process):
        self.running.append(process)
        return process

    def _add(self, name, process, port=None, speaks=None):
        speaks = speaks or ("openai" if name == "oriel" else "converse")
        self.subjects[name] = Subject(name, process, port or process.port, speaks)

    def _arguments(self, subject, kind, directives):
        """Of bench-load, for a chat or a stream in the subject's language."""
        stream = kind == "stream"
        body = self.folder / f"{subject.speaks}-{kind}-{abs(hash(directives))}.json"
        text = prompt(directives)
        if subject.speaks == "openai":
            request = {"model": MODEL, "messages": [{"role": "user", "content": text}], "stream": stream}
            path, form, needle = "/v1/chat/completions", "sse", '"finish_reason":"stop"'
        else:
            request = {"messages": [{"role": "user", "content": [{"text": text}]}]}
            path = f"/model/{MODEL.replace(':', '%3A')}/converse{'-stream' if stream else ''}"
            form, needle = "event-stream", '"stopReason":"end_turn"'
        body.write_text(json.dumps(request))
        arguments = ["--port", subject.port, "--path", path, "--body", body]
        if subject.speaks == "converse":
            arguments += ["--header", f"authorization: Bearer {processes.BEARER}"]
        return arguments + (["--format", form] if stream else ["--needle", needle])

    def load(self, subject, kind, directives, *options):
        """One run of the load generator, with the CPU that the subject's process spent on it."""
        arguments = self._arguments(subject, kind, directives) + list(options)
        before = subject.process.cpu_seconds() if subject.process else 0
        began = time.monotonic()
        result = run_load(self.build, self.pins, arguments)
        if subject.process:
            result["cpu"] = subject.process.cpu_seconds() - before
            result["busy"] = result["cpu"] / (time.monotonic() - began)
        return result

    def round(self, number):
        """Every scenario against every subject, in an order that turns with the rounds."""
        names = list(self.subjects)
        turn = number % len(names)
        order = [self.subjects[name] for name in names[turn:] + names[:turn]]
        for scenario in (self._chat_closed, self._chat_half_load, self._stream_burst, self._stream_paced,
                         self._stream_crowd):
            for subject in order:
                scenario(subject)
            if scenario == self._chat_closed and self.half_load is None:
                self.half_load = round(self.subjects["oriel"].values["chat rps"][0] / 2)

    def _chat_closed(self, subject):
        result = self.load(subject, "chat", f"chars={ANSWER_BYTES}", "--connections", 16, "--warmup", 0.5,
                            "--duration", self.plan.chat)
        subject.note("chat rps", result["rps"])
        subject.note("chat p50 us", result["latency_us"]["p50"])
        if subject.process:
            subject.note("chat CPU us", result["cpu"] / result["requests"] * 1e6)
            subject.note("chat core busy %", result["busy"] * 100)

    def _chat_half_load(self, subject):
        result = self.load(subject, "chat", f"chars={ANSWER_BYTES}", "--connections", 64, "--warmup", 0.5,
                            "--duration", self.plan.chat, "--rate", self.half_load)
        subject.note("half load p50 us", result["latency_us"]["p50"])
        subject.note("half load p99 us", result["latency_us"]["p99"])
        subject.note("half load lateness p99 us", result["lateness_us"]["p99"])

    def _stream_burst(self, subject):
        directives = f"chars={PIECES * PIECE_BYTES} chunk={PIECE_BYTES}"
        result = self.load(subject, "stream", directives, "--connections", 16, "--duration", self.plan.burst,
                            "--pieces", PIECES)
        if subject.process:
            subject.note("burst CPU us/stream", result["cpu"] / result["requests"] * 1e6)

    def _stream_paced(self, subject):
        directives = f"chars={PIECES * PIECE_BYTES} chunk={PIECE_BYTES} ttft_ms=20 gap_ms=20"
        result = self.load(subject, "stream", directives, "--connections", 200, "--warmup", 0.5,
                            "--duration", self.plan.paced, "--rate", self.plan.paced_rate,
                            "--pieces", PIECES, "--gap-ms", 20)
        subject.note("first piece p50 us", result["first_piece_us"]["p50"])
        subject.note("first piece p99 us", result["first_piece_us"]["p99"])
        subject.note("first piece lateness p99 us", result["lateness_us"]["p99"])
        if subject.process:
            subject.note("paced CPU us/piece", result["cpu"] / result["pieces"] * 1e6)

    def _stream_crowd(self, subject):
        seconds = self.plan.crowd
        pieces = round(seconds * 20)
        directives = f"chars={pieces * PIECE_BYTES} chunk={PIECE_BYTES} gap_ms=50"
        result = self.load(subject, "stream", directives, "--connections", self.plan.crowd_streams, "--requests",
                            self.plan.crowd_streams, "--ramp", 2, "--duration", seconds * 2,
                            "--pieces", pieces, "--gap-ms", 50)
        subject.note("crowd jitter p50 us", result["jitter_us"]["p50"])
        subject.note("crowd jitter p99 us", result["jitter_us"]["p99"])

    def measure_memory(self):
        gateway = processes.start_oriel(self.build, self.pins, self.folder, self.simulator.port, "oriel-idle")
        try:
            self.single["RSS at start MB"] = gateway.rss_mb()
            connections = []
            for count in self.plan.idle:
                hold_idle(gateway.port, connections, count)
                self.single[f"RSS {count} idle MB"] = gateway.rss_mb()
            for connection in connections:
                connection.close()
        finally:
            gateway.stop()
        gateway = processes.start_oriel(self.build, self.pins, self.folder, self.simulator.port, "oriel-live")
        try:
            self.single["RSS live streams MB"] = self._live_streams_rss(gateway)
        finally:
            gateway.stop()

    def _live_streams_rss(self, gateway):
        """The highest RSS while all streams are alive: they start within 4 s and last 10 s."""
        count = self.plan.live_streams
        subject = Subject("oriel-live", gateway, gateway.port, "openai")
        directives = f"chars={50 * PIECE_BYTES} chunk={PIECE_BYTES} gap_ms=200"
        arguments = self._arguments(subject, "stream", directives) + [
            "--connections", count, "--requests", count, "--ramp", 4, "--duration", 20, "--pieces", 50]
        highest, done = [gateway.rss_mb()], threading.Event()

        def watch():
            while not done.wait(0.1):
                highest.append(gateway.rss_mb())

        watcher = threading.Thread(target=watch)
        watcher.start()
        try:
            run_load(self.build, self.pins, arguments)
        finally:
            done.set()
            watcher.join()
        return max(highest)

    def measure_start(self):
        seconds = []
        for _ in range(self.plan.starts):
            gateway = processes.start_oriel(self.build, self.pins, self.folder, self.simulator.port, "oriel-start")
            seconds.append(gateway.ready_seconds)
            gateway.stop()
        self.single["start ms"] = [s * 1000 for s in seconds]


def hold_idle(port, connections, count):
    """Opens connections until there are `count`; each has had one answer and stays open."""
    request = b"GET /livez HTTP/1.1\r\nhost: bench\r\n\r\n"
    while len(connections) < count:
        connection = socket.create_connection(("127.0.0.1", port), timeout=10)
        connection.sendall(request)
        if not connection.recv(4096).startswith(b"HTTP/1.1 200"):
            raise BenchError("the gateway did not answer an idle connection's request")
        connections.append(connection)
