#!/usr/bin/env python3
"""Takes the pictures of the dashboards and of /status: starts the simulator, a gateway and Prometheus, lets users
of `traffic.py` at them, asks Prometheus what the panels ask, and draws that. Run by `make`."""

import argparse
import asyncio
import json
import sys
import tempfile
import threading
import time
from contextlib import ExitStack
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TOOLS = ROOT / "build/pictures"
sys.path[:0] = [str(TOOLS / "python"), str(ROOT / "tests/e2e")]
sys.dont_write_bytecode = True

from board import Asker, Range  # noqa: E402
from camera import camera  # noqa: E402
from harness.fake_openai import FakeOpenAI  # noqa: E402
from harness.otlp_collector import OtlpCollector  # noqa: E402
from harness.prometheus import Prometheus  # noqa: E402
from harness.servers import Gateway, Simulator  # noqa: E402
from traffic import MODELS, Traffic  # noqa: E402

BOARDS = sorted((ROOT / "dashboards/grafana").glob("*.json"))
BEFORE_SECONDS = 35  # of load: nothing begins inside the picture
AFTER_SECONDS = 20  # while the pictures are taken
STATUS_WIDTH = 1400


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=300, help="what a picture shows")
    parser.add_argument("--rate", type=float, default=16, help="requests per second, about")
    parser.add_argument("--output", type=Path, default=ROOT / "docs/pictures")
    return parser.parse_args()


def settings_of(fake, collector):
    """Traces are taken by somebody, so that there are exemplars."""
    provider = {"type": "openai", "base_url": f"{fake.address}/v1", "api_key": fake.api_key}
    models = {model.name: {"provider": model.provider, "model": model.upstream} for model in MODELS}
    models["gpt-mini"]["price"] = {"input": "0.15", "output": "0.6", "cache_read": "0.075"}
    return {
        "server": {"admin_listen": "127.0.0.1:0"},
        "chat": {"on_disconnect": "drain"},
        "tracing": {"endpoint": f"{collector.address}/v1/traces"},
        "providers": {"openai": provider},
        "models": models,
    }


def report(file, dashboard, data):
    panels = [panel for panel in dashboard["panels"] if panel["type"] != "row"]
    empty = [panel["title"] for panel in panels if not data[panel["id"]]]
    say(f"{file.name}: {file.stat().st_size // 1024} KiB" + (f"; no data: {', '.join(empty)}" if empty else ""))


def say(text):
    print(text, file=sys.stderr, flush=True)


def in_background(traffic):
    threading.Thread(target=lambda: asyncio.run(traffic.run()), daemon=True).start()


def main():
    arguments = parse_arguments()
    arguments.output.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="oriel-pictures-")))
        simulator = Simulator(folder)
        stack.callback(simulator.stop)
        fake = FakeOpenAI().start()
        stack.callback(fake.stop)
        collector = OtlpCollector().start()
        stack.callback(collector.stop)
        gateway = Gateway(folder, simulator, settings=settings_of(fake, collector))
        stack.callback(gateway.stop)
        prometheus = Prometheus(folder, gateway.address.removeprefix("http://"), ROOT / "dashboards/rules")
        stack.callback(prometheus.stop)
        photographer = stack.enter_context(camera(TOOLS / "node_modules"))
        # It draws what it has seen.
        status = photographer.open(f"{gateway.admin_address}/status", STATUS_WIDTH)
        seconds = arguments.seconds + BEFORE_SECONDS
        traffic = Traffic(gateway.port, seconds + AFTER_SECONDS, arguments.rate)
        in_background(traffic)
        say(f"{seconds} seconds of load")
        time.sleep(seconds)
        photographer.take(status, arguments.output / "status.png", STATUS_WIDTH)
        asker = Asker(prometheus, Range(time.time() - 2, arguments.seconds))
        boards = {file: json.loads(file.read_text()) for file in BOARDS}
        for file, data in {file: asker.panels(board) for file, board in boards.items()}.items():
            picture = arguments.output / f"{file.stem.removeprefix('oriel-')}.png"
            photographer.dashboard(boards[file], data, asker.shown, picture)
            report(picture, boards[file], data)
        say(f"{traffic.requests} requests")


if __name__ == "__main__":
    main()
