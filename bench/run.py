#!/usr/bin/env python3
"""The load bench: Oriel against the simulator, side by side with a bare forwarder (and HAProxy where it is
installed). Prints a line per target and writes bench/RESULTS.md.

    cmake --preset release && ninja -C build/release
    bench/run.py                about 13 minutes
    bench/run.py --quick        about a minute, one round: a smoke test, its figures prove nothing
    bench/run.py --telemetry    only what telemetry costs, about 3 minutes; writes no file
"""

import argparse
import os
import resource
import sys
import tempfile
from pathlib import Path

sys.dont_write_bytecode = True

from rig import report, targets  # noqa: E402
from rig.micro import run_micro  # noqa: E402
from rig.processes import BenchError, Pins  # noqa: E402
from rig.scenarios import Bench, Plan  # noqa: E402
from rig.telemetry import ScrapeBench, TelemetryBench  # noqa: E402

ROOT = Path(__file__).resolve().parent.parent
TELEMETRY_PARTS = "Record|InterToken|LogLine|Spans|Emf|TraceBegin|CostOf|AllTelemetry|Scrape"
BINARIES = ["oriel", "bedrock-sim", "bench-forwarder", "bench-load", "bench-micro"]


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build-dir", type=Path, default=ROOT / "build/release")
    parser.add_argument("--rounds", type=int, help="interleaved rounds (3; with --quick 1)")
    parser.add_argument("--quick", action="store_true", help="a smoke test of a minute; writes no file")
    parser.add_argument("--telemetry", action="store_true", help="only what telemetry costs; writes no file")
    parser.add_argument("--no-pin", action="store_true", help="leave the processes to the scheduler")
    parser.add_argument("--output", type=Path, help="where the page goes (bench/RESULTS.md)")
    return parser.parse_args()


def allow_many_files():
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def say(text):
    print(text, file=sys.stderr, flush=True)


def measure(build, plan, pins, folder):
    """The bench, both benches of telemetry, and the micro benches' repetitions."""
    say("micro benches")
    micro = run_micro(build, plan, pins)
    bench = Bench(build, pins, plan, folder)
    try:
        bench.start()
        for number in range(plan.rounds):
            say(f"round {number + 1} of {plan.rounds}: {', '.join(bench.subjects)}")
            bench.round(number)
        telemetry, scrapes = measure_telemetry(bench)
        say("memory")
        bench.measure_memory()
        say("start")
        bench.measure_start()
    finally:
        bench.stop()
    return bench, telemetry, scrapes, micro


def measure_telemetry(bench):
    benches = TelemetryBench(bench), ScrapeBench(bench)
    for part in benches:
        part.start()
    for number in range(bench.plan.rounds):
        say(f"telemetry, round {number + 1} of {bench.plan.rounds}")
        for part in benches:
            part.round(number)
    return benches


def measure_telemetry_alone(build, plan, pins, folder):
    say("micro benches")
    micro = run_micro(build, plan, pins, TELEMETRY_PARTS)
    bench = Bench(build, pins, plan, folder)
    try:
        bench.start()
        telemetry, scrapes = measure_telemetry(bench)
    finally:
        bench.stop()
    show(targets.telemetry_findings(telemetry, scrapes), telemetry, scrapes, micro=micro)


def show(findings, *benches, micro):
    """On the terminal."""
    print(report.text_table(report.FINDING_HEAD, [finding.row for finding in findings]))
    for bench in benches:
        print()
        print(report.text_table(*report.subject_rows(bench)))
    print()
    print(report.text_table(*report.micro_rows(micro)))


def main():
    arguments = parse_arguments()
    build = arguments.build_dir.resolve()
    missing = [name for name in BINARIES if not (build / name).exists()]
    if missing:
        raise BenchError(f"{build} has no {', '.join(missing)}: cmake --preset release && ninja -C build/release")
    allow_many_files()
    plan = Plan.quick() if arguments.quick else Plan()
    plan.rounds = arguments.rounds or plan.rounds
    pins = Pins(enabled=not arguments.no_pin)
    load_at_start = os.getloadavg()[0]
    say(f"{report.machine()}; load average {load_at_start:.1f}; {pins}")
    with tempfile.TemporaryDirectory(prefix="oriel-bench-") as folder:
        if arguments.telemetry:
            return measure_telemetry_alone(build, plan, pins, folder)
        bench, telemetry, scrapes, micro = measure(build, plan, pins, folder)
    findings = targets.load_findings(bench) + targets.micro_findings(micro) + \
        targets.telemetry_findings(telemetry, scrapes) + targets.memory_and_start_findings(bench)
    findings.sort(key=lambda finding: int(finding.number[1:]))
    show(findings, bench, telemetry, scrapes, micro=micro)
    output = arguments.output or (None if arguments.quick else ROOT / "bench/RESULTS.md")
    if output:
        command = f"bench/run.py --rounds {plan.rounds}" + (" --quick" if arguments.quick else "") + \
            (" --no-pin" if arguments.no_pin else "")
        output.write_text(report.results_page(bench, telemetry, scrapes, findings, micro, command, load_at_start))
        say(f"wrote {output}")


if __name__ == "__main__":
    try:
        main()
    except BenchError as error:
        sys.exit(f"bench: {error}")
