"""One run of the proof: a gateway under the mixed load, scraped by a real Prometheus, and what all
of its outputs and its neighbours' books hold when it has ended."""

import json
import time
from collections import Counter
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from harness.fake_openai import Counts, FakeOpenAI
from harness.grafana import FOLDER
from harness.load import Load, SecureFakeOpenAI, settings
from harness.otlp_collector import OtlpCollector
from harness.process import eventually
from harness.prometheus import Prometheus
from harness.servers import Gateway, Simulator

ROUNDS = 3
NANO = 10**9


@dataclass
class Run:
    prometheus: Prometheus
    load: Load
    start: float
    end: float  # the instant of a scrape after the last request, before the gateway ended
    page: str  # the last scrape, in the classic format
    alerts: list
    billed: dict  # tokens by the simulator's books
    attempts: int  # and calls that it answered
    fake: Counts  # the books of the fake server
    lines: list  # of the log, requests only
    documents: list  # EMF
    spans: list

    def number(self, expression) -> int:
        """A sum of counters, which must be whole."""
        value = self.prometheus.number(expression, self.end)
        assert value == int(value), expression
        return int(value)

    def nano_dollars(self, expression) -> int:
        return round(self.prometheus.number(expression, self.end) * NANO)

    def by(self, expression, label) -> Counter:
        found = self.prometheus.by(expression, label, self.end)
        return Counter({key: int(value) for key, value in found.items()})

    def chats(self) -> list[dict]:
        return [line for line in self.lines if line["endpoint"] == "chat_completions"]


def drive(gateway, prometheus) -> tuple[Load, float]:
    """The load, and when all of it was scraped. Each round is scraped before the next: what a round has made appear the next one moves."""
    load = Load(gateway, prometheus.wait_for_scrapes)
    prometheus.wait_for_scrapes()
    for _ in range(ROUNDS):
        load.run()
        prometheus.wait_for_scrapes()
    wait_until_all_is_counted(gateway, load)
    prometheus.wait_for_scrapes()
    prometheus.wait_for_rules()
    return load, prometheus.wait_for_scrapes()


def wait_until_all_is_counted(gateway, load):
    """Upstream calls of clients that left are read on: their records close last."""

    def look():
        samples = gateway.scraper.scrape()
        chats = {"endpoint": "chat_completions"}
        return (
            samples.total("oriel_requests_total", **chats) >= len(load.seen)
            and samples.total("oriel_requests_in_flight", **chats) == 0
        )

    eventually(look, "all records are closed")


@contextmanager
def observed(folder):
    """Yields a Run; the gateway has ended then, and Prometheus still answers."""
    with ExitStack() as stack:

        def keep(process):
            stack.callback(process.stop)
            return process

        simulator = keep(Simulator(folder))
        fake = keep(FakeOpenAI().start())
        secure = keep(SecureFakeOpenAI(folder).start())
        collector = keep(OtlpCollector().start())
        outputs = {
            "metrics": {"emf": "stdout", "emf_flush_ms": 500},
            "tracing": {"endpoint": collector.address + "/v1/traces"},
        }
        configured = settings(secure, secure.certificate) | outputs
        later = datetime.now(timezone.utc) + timedelta(hours=3)
        temporary = {"AWS_CREDENTIAL_EXPIRATION": later.strftime("%Y-%m-%dT%H:%M:%SZ")}
        gateway = Gateway(folder, simulator, fake, configured, environment=temporary)
        stack.callback(gateway.kill)
        target = gateway.address.removeprefix("http://")
        prometheus = keep(Prometheus(folder, target, FOLDER / "rules"))
        start = time.time()
        load, end = drive(gateway, prometheus)
        page = gateway.scraper.text()
        alerts = prometheus.api("alerts")["alerts"]
        stats = simulator.stats()
        gateway.stop()
        written = [json.loads(line) for line in gateway.output().splitlines()]
        calls = [stats["requests"][name] for name in ("Converse", "ConverseStream")]
        yield Run(
            prometheus=prometheus,
            load=load,
            start=start,
            end=end,
            page=page,
            alerts=alerts,
            billed=stats["tokens"],
            attempts=sum(sum(statuses.values()) for statuses in calls),
            fake=fake.counts,
            lines=[line for line in written if line.get("event") == "request"],
            documents=[line for line in written if "_aws" in line],
            spans=collector.spans(),
        )
