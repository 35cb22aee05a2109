"""Tables for the terminal and bench/RESULTS.md."""

import os
import platform
import re
import subprocess
from datetime import datetime, timezone
from pathlib import Path

from rig.targets import number

FINDING_HEAD = ["", "what", "target", "median", "rounds", "verdict"]
PACKAGES = ["libevent-2.1-7", "libcurl4", "libssl3", "libsimdjson14", "haproxy", "g++"]

NOT_MEASURED = """- P12 (two workers: needs cores of its own for each), P13 (TLS), P14 (peers), P15
  (growth), HTTP/2 to upstream.
- Real Bedrock, and a network: everything is on loopback over plain HTTP.
- The kernel's share of a request that is not charged to the process (interrupts of the other side).
"""


def text_table(head, rows):
    widths = [max(len(str(row[i])) for row in [head, *rows]) for i in range(len(head))]
    lines = ["  ".join(str(cell).ljust(width) for cell, width in zip(row, widths)).rstrip()
             for row in [head, ["-" * width for width in widths], *rows]]
    return "\n".join(lines)


def markdown_table(head, rows):
    lines = ["| " + " | ".join(str(cell) for cell in row) + " |" for row in [head, ["---"] * len(head), *rows]]
    return "\n".join(lines)


def subject_rows(bench):
    """One row per measure, one column per subject: median [min to max]."""
    measures = []
    for subject in bench.subjects.values():
        measures += [measure for measure in subject.values if measure not in measures]
    rows = []
    for measure in measures:
        row = [measure]
        for subject in bench.subjects.values():
            values = subject.values.get(measure)
            row.append(f"{number(subject.median(measure))} [{number(min(values))} to {number(max(values))}]"
                       if values else "")
        rows.append(row)
    return ["measure", *bench.subjects], rows


def micro_rows(micro):
    rows = []
    for name, runs in micro.items():
        middle = sorted(runs, key=lambda run: run["cpu_time"])[len(runs) // 2]
        extra = []
        if "bytes_per_second" in middle:
            extra.append(f"{middle['bytes_per_second'] / 1e9:.2f} GB/s")
        if "items_per_second" in middle:
            extra.append(f"{1e9 / middle['items_per_second']:.0f} ns per piece")
        extra += [f"{key} {middle[key]:.2f}" for key in
                  ("copies", "allocations", "GBps", "simdjson_GBps", "ratio") if key in middle]
        rows.append([name.removeprefix("BM_"), f"{number(middle['cpu_time'])} {middle['time_unit']}",
                     ", ".join(extra)])
    return ["micro bench", "CPU", ""], rows


def output_of(*command):
    try:
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
    except OSError:
        return ""


def machine():
    cpu = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    memory = int(re.search(r"MemTotal:\s+(\d+)", Path("/proc/meminfo").read_text())[1]) / 1024 / 1024
    system = re.search(r'PRETTY_NAME="(.*)"', Path("/etc/os-release").read_text())
    return (f"{len(os.sched_getaffinity(0))} x {cpu[1] if cpu else platform.machine()}, {memory:.1f} GB, "
            f"Linux {platform.release()}, {system[1] if system else 'unknown system'}")


def versions(build):
    found = [output_of(build / "oriel", "--version")]
    if output_of("git", "-C", str(Path(__file__).parent), "status", "--porcelain"):
        found.append("with uncommitted changes")
    for package in PACKAGES:
        version = output_of("dpkg-query", "-W", "-f=${Version}", package)
        if version:
            found.append(f"{package} {version}")
    return ", ".join(part for part in found if part)


def unrest(load_average):
    busy = load_average > len(os.sched_getaffinity(0)) / 2
    return f"{load_average:.1f}" + (" (other work was running: trust the CPU ratios, not the latencies)" if busy else "")


def results_page(bench, telemetry, scrapes, findings, micro, command, load_at_start):
    """The text of RESULTS.md."""
    date = datetime.now(timezone.utc).strftime("%Y-%m-%d %H:%M UTC")
    rounds = bench.plan.rounds
    return f"""# Bench results

Written by `{command}`; what each line means is in README.md.

- Date: {date}
- Machine: {machine()}
- Load average at the start: {unrest(load_at_start)}
- Versions: {versions(bench.build)}
- Pinned: {bench.pins}. Simulator, load generator and gateway share the machine.
- {rounds} {'round' if rounds == 1 else 'rounds'}, interleaved: every scenario runs against every subject before the
  next one. Ratios and differences are taken within a round; the table shows their median, least and greatest.

## Targets
{markdown_table(FINDING_HEAD, [finding.row for finding in findings])}

## Side by side
Direct is the simulator itself. It checks a signature for Oriel and a bearer key for the others. Values are
median [least to greatest] of the rounds.

{markdown_table(*subject_rows(bench))}

## Telemetry
Off: log lines go to /dev/null, no `gen_ai_*` names, no scrapes. As shipped: log lines go to a file. On: besides, EMF
documents every second, a scrape a second, and every trace is exported, or one in ten.

{markdown_table(*subject_rows(telemetry))}

A gateway with {scrapes.series} series. Scraped: every 200 ms, each format in turn. The scrapes' own times are of a quiet gateway.

{markdown_table(*subject_rows(scrapes))}

## Parts
{markdown_table(*micro_rows(micro))}

## Not measured
{NOT_MEASURED}"""
