"""The processes of a bench: started, pinned, watched through /proc, stopped."""

import json
import os
import re
import socket
import subprocess
import time
from pathlib import Path

ACCESS_KEY = "AKIDORIELBENCH"
SECRET_KEY = "bench-secret-key"
BEARER = "bench-bearer-key"
START_SECONDS = 10


class BenchError(Exception):
    """What stops a bench: said to the user as it is."""


class Pins:
    """Which cores the gateway, the simulator and the load generator run on."""

    def __init__(self, enabled=True):
        cores = sorted(os.sched_getaffinity(0))
        self.gateway = self.upstream = self.load = None
        if enabled and len(cores) >= 2:
            self.gateway = cores[0]
            self.upstream = cores[1]
            self.load = cores[2] if len(cores) > 2 else cores[1]

    def __str__(self):
        if self.gateway is None:
            return "nothing is pinned"
        return (f"the gateway (or forwarder) on core {self.gateway}, the simulator on core {self.upstream}, "
                f"the load generator on core {self.load}")


def pinned(core, command):
    return command if core is None else ["taskset", "-c", str(core), *command]


class Process:
    """One running program. `ready` finds its address in what it prints."""

    def __init__(self, name, command, core, folder, ready, environment=None):
        self.name = name
        self.output = Path(folder) / f"{name}.log"
        with open(self.output, "wb") as output:
            self.started = time.monotonic()
            self.popen = subprocess.Popen(pinned(core, [str(part) for part in command]), stdout=output,
                                          stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, env=environment)
        self.pid = self.popen.pid
        self.port = self._await(ready)

    def _await(self, ready):
        while time.monotonic() < self.started + START_SECONDS:
            if isinstance(ready, int):
                with socket.socket() as probe:
                    if probe.connect_ex(("127.0.0.1", ready)) == 0:
                        return ready
            elif found := re.search(ready, self.output.read_text(errors="replace")):
                self.ready_seconds = time.monotonic() - self.started
                return int(found[1])
            if self.popen.poll() is not None:
                break
            time.sleep(0.001)
        self.stop()
        raise BenchError(f"{self.name} did not start:\n{self.output.read_text(errors='replace')[-2000:]}")

    def cpu_seconds(self):
        """Of all threads; the scheduler counts in nanoseconds."""
        total = 0
        for task in Path(f"/proc/{self.pid}/task").iterdir():
            total += int((task / "schedstat").read_text().split()[0])
        return total / 1e9

    def rss_mb(self):
        status = Path(f"/proc/{self.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+) kB", status)[1]) / 1024

    def stop(self):
        if self.popen.poll() is None:
            self.popen.terminate()
        try:
            self.popen.wait(10)
        except subprocess.TimeoutExpired:
            self.popen.kill()
            self.popen.wait()


def start_simulator(build, pins, folder):
    command = [build / "bedrock-sim", "--listen", "127.0.0.1:0", "--access-key", ACCESS_KEY,
               "--secret-key", SECRET_KEY, "--bearer", BEARER]
    return Process("bedrock-sim", command, pins.upstream, folder, r"listening on http://127\.0\.0\.1:(\d+)")


def start_forwarder(build, pins, folder, upstream_port):
    command = [build / "bench-forwarder", "0", f"http://127.0.0.1:{upstream_port}"]
    return Process("forwarder", command, pins.gateway, folder, r"listening on http://127\.0\.0\.1:(\d+)")


def gateway_environment(upstream_port):
    return {
        "PATH": os.environ["PATH"],
        "HOME": "/nonexistent",
        "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
        "AWS_ENDPOINT_URL_BEDROCK_RUNTIME": f"http://127.0.0.1:{upstream_port}",
        "AWS_ENDPOINT_URL_BEDROCK": f"http://127.0.0.1:{upstream_port}",
    }


def start_oriel(build, pins, folder, upstream_port, name="oriel"):
    command = [build / "oriel", "--listen", "127.0.0.1:0", "--workers", "1"]
    ready = r'"event":"ready".*"address":"[^"]*:(\d+)"'
    return Process(name, command, pins.gateway, folder, ready, gateway_environment(upstream_port))


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def start_oriel_with(build, pins, folder, upstream_port, name, settings):
    """The gateway with a configuration of its own; wherever that sends the log."""
    port, admin_port = free_port(), free_port()
    config = Path(folder) / f"{name}.yaml"
    server = {"listen": f"127.0.0.1:{port}", "admin_listen": f"127.0.0.1:{admin_port}", "workers": 1}
    # JSON is YAML.
    config.write_text(json.dumps({"server": server, **settings}))
    command = [build / "oriel", "--config", config]
    process = Process(name, command, pins.gateway, folder, port, gateway_environment(upstream_port))
    process.admin_port = admin_port
    return process


HAPROXY = """global
    nbthread 1
    maxconn 8000
defaults
    mode http
    option http-no-delay
    http-reuse always
    timeout connect 5s
    timeout client 60s
    timeout server 60s
frontend front
    bind 127.0.0.1:{port}
    default_backend bedrock
backend bedrock
    server sim 127.0.0.1:{upstream_port}
"""


def start_haproxy(binary, pins, folder, upstream_port):
    port = free_port()
    config = Path(folder) / "haproxy.cfg"
    config.write_text(HAPROXY.format(port=port, upstream_port=upstream_port))
    return Process("haproxy", [binary, "-db", "-f", config], pins.gateway, folder, port)


def run_load(build, pins, arguments):
    """Runs the load generator and returns what it measured; a wrong answer stops the bench."""
    command = pinned(pins.load, [str(part) for part in [build / "bench-load", *arguments]])
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise BenchError(f"{' '.join(command)}\n{done.stdout}{done.stderr}")
    return json.loads(done.stdout)
