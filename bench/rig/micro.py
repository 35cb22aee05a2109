"""The micro benches, on the gateway's core."""

import json
import subprocess

from rig.processes import BenchError, pinned


def run_micro(build, plan, pins, only=""):
    """The micro benches' repetitions by name; of all, or of those that the expression finds."""
    command = pinned(pins.gateway, [str(build / "bench-micro"), "--benchmark_format=json",
                                    f"--benchmark_filter={only or 'all'}",
                                    f"--benchmark_repetitions={max(plan.rounds, 1)}",
                                    f"--benchmark_min_time={plan.micro_seconds}"])
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise BenchError(f"bench-micro failed:\n{done.stderr[-2000:]}")
    found = {}
    for run in json.loads(done.stdout)["benchmarks"]:
        if run.get("error_occurred"):
            raise BenchError(f"{run['name']}: {run.get('error_message')}")
        if run["run_type"] == "iteration":
            found.setdefault(run["run_name"], []).append(run)
    return found
