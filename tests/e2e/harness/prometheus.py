"""A real Prometheus on a free port, with its own folder, that scrapes what a test tells it to."""

import json
import os
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from datetime import datetime
from pathlib import Path

import yaml

from harness.process import eventually

SCRAPE_INTERVAL = "2s"  # and how long a scrape may take
EVALUATION_INTERVAL = "1s"
ATTEMPTS = 5  # another process may take the port that was free


def promtool() -> str:
    tool = os.environ.get("ORIEL_PROMTOOL") or shutil.which("promtool")
    assert tool, "promtool is not installed"
    return str(Path(tool).resolve())


def server() -> str:
    """The server stands beside promtool."""
    found = Path(promtool()).with_name("prometheus")
    assert found.is_file(), f"{found} is missing"
    return str(found)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def copy_rules(source: Path, folder: Path) -> list[str]:
    """Copies of the rules that are evaluated often enough for a test."""
    copies = []
    for name in ("recording.yml", "alerts.yml"):
        rules = yaml.safe_load((source / name).read_text())
        for group in rules["groups"]:
            group["interval"] = EVALUATION_INTERVAL
        (folder / name).write_text(yaml.safe_dump(rules, sort_keys=False))
        copies.append(name)
    return copies


class Prometheus:
    def __init__(self, folder: Path, target: str, rules: Path, job="oriel"):
        self.folder = folder
        self.config = folder / "prometheus.yml"
        config = {
            "global": {
                "scrape_interval": SCRAPE_INTERVAL,
                "evaluation_interval": EVALUATION_INTERVAL,
            },
            "rule_files": copy_rules(rules, folder),
            "scrape_configs": [{"job_name": job, "static_configs": [{"targets": [target]}]}],
        }
        self.config.write_text(yaml.safe_dump(config))
        for _ in range(ATTEMPTS):
            if self._start():
                return
        raise AssertionError(f"Prometheus does not start: {self.errors()[-4000:]}")

    def _start(self) -> bool:
        port = free_port()
        self.address = f"http://127.0.0.1:{port}"
        with (self.folder / "prometheus.err").open("wb") as err:
            self.child = subprocess.Popen(
                [
                    server(),
                    f"--config.file={self.config}",
                    f"--storage.tsdb.path={self.folder / 'data'}",
                    f"--web.listen-address=127.0.0.1:{port}",
                    "--enable-feature=exemplar-storage",
                    "--log.level=warn",
                ],
                stdin=subprocess.DEVNULL,
                stdout=err,
                stderr=err,
                env={"PATH": os.environ["PATH"]},
            )
        return eventually(self._state, "Prometheus is ready") == "ready"

    def _state(self) -> str:
        """"ready", "ended", or "" as long as it is neither."""
        if self.child.poll() is not None:
            return "ended"
        try:
            with urllib.request.urlopen(self.address + "/-/ready", timeout=5):
                return "ready"
        except OSError:
            return ""

    def errors(self) -> str:
        return (self.folder / "prometheus.err").read_text(errors="replace")

    def stop(self):
        self.child.terminate()
        try:
            self.child.wait(30)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()

    def api(self, path: str, **parameters):
        query = urllib.parse.urlencode(parameters).encode()
        call = f"{self.address}/api/v1/{path}"
        try:
            # Queries are posted: an expression may be long.
            with urllib.request.urlopen(call, data=query or None, timeout=60) as answer:
                return json.load(answer)["data"]
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{path} {parameters}: {error.read().decode()}") from None

    def query(self, expression: str, at: float) -> list[tuple[dict, float]]:
        """(labels, value) of each series of an instant."""
        data = self.api("query", query=expression, time=at)
        if data["resultType"] == "scalar":
            return [({}, float(data["result"][1]))]
        return [(one["metric"], float(one["value"][1])) for one in data["result"]]

    def query_range(self, expression: str, start: float, end: float, step=1):
        """(labels, values) of each series."""
        data = self.api("query_range", query=expression, start=start, end=end, step=step)
        return [
            (one["metric"], [float(value) for _, value in one["values"]]) for one in data["result"]
        ]

    def number(self, expression: str, at: float) -> float:
        """The one value of an expression; 0 when it has none."""
        found = self.query(expression, at)
        assert len(found) <= 1, found
        return found[0][1] if found else 0.0

    def by(self, expression: str, label: str, at: float) -> dict[str, float]:
        """Value of each series that is not zero, by one label."""
        return {labels[label]: value for labels, value in self.query(expression, at) if value}

    def wait_for_scrapes(self, count=1) -> float:
        """Returns once so many scrapes that succeeded have begun after this call: when the last one did."""
        for _ in range(count):
            asked = time.time()

            def look(asked=asked):
                found = self.query("timestamp(up) and up == 1", time.time())
                return min((at for _, at in found if at > asked), default=0)

            begun = eventually(look, "Prometheus scrapes")
        return begun

    def wait_for_rules(self):
        """Returns once every rule was evaluated after this call, and then once more: alerts read
        what recording rules have written."""
        for _ in range(2):
            asked = time.time()

            def look(asked=asked):
                groups = self.api("rules")["groups"]
                times = [datetime.fromisoformat(group["lastEvaluation"]) for group in groups]
                return times and all(at.timestamp() > asked for at in times)

            eventually(look, "Prometheus evaluates its rules")
