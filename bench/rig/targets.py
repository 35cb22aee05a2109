"""The targets that the bench is held against, and what was found. One row each; see performance.md."""

import statistics
from dataclasses import dataclass


BUSY_PERCENT = 90  # of a core: what counts as saturated


@dataclass
class Finding:
    """A target's line. `values` are the rounds' (or the only one); the median is compared. `doubt` says why
    the run cannot show it either way."""
    number: str
    what: str
    target: float
    unit: str
    values: list
    higher_is_better: bool = False
    note: str = ""
    doubt: str = ""

    @property
    def median(self):
        return statistics.median(self.values)

    @property
    def passes(self):
        return self.median >= self.target if self.higher_is_better else self.median <= self.target

    @property
    def verdict(self):
        return f"not shown ({self.doubt}); else: {self.plain_verdict}" if self.doubt else self.plain_verdict

    @property
    def plain_verdict(self):
        if self.passes:
            return "pass"
        short = abs(self.median - self.target)
        return f"falls short by {number(short)}{self.unit} ({short / self.target * 100:.0f} %)"

    @property
    def row(self):
        bound = "at least" if self.higher_is_better else "at most"
        spread = f"{number(min(self.values))} to {number(max(self.values))}" if len(self.values) > 1 else "one value"
        return [self.number, self.what + (f" ({self.note})" if self.note else ""),
                f"{bound} {number(self.target)}{self.unit}", f"{number(self.median)}{self.unit}", spread,
                self.verdict]


def number(value):
    return f"{value:.2f}" if abs(value) < 10 else f"{value:.1f}" if abs(value) < 100 else f"{value:,.0f}"


def paired(one, other, combine):
    """Combines the two subjects' values of the same rounds."""
    return [combine(a, b) for a, b in zip(one, other)]


def ratio(bench, measure, base):
    return paired(bench.subjects["oriel"].values[measure], bench.subjects[base].values[measure],
                  lambda a, b: a / b)


def added(bench, name, measure):
    """Milliseconds over going direct."""
    return paired(bench.subjects[name].values[measure], bench.subjects["direct"].values[measure],
                  lambda a, b: (a - b) / 1000)


def idle_core(bench):
    """Requests per second compare the two only when each is what holds itself back."""
    busy = {name: bench.subjects[name].median("chat core busy %") for name in ("forwarder", "oriel")}
    if min(busy.values()) >= BUSY_PERCENT:
        return ""
    return "core busy: " + ", ".join(f"{name} {percent:.0f} %" for name, percent in busy.items())


def noise(bench, measure, limit_us):
    """What going direct shows of this measure is the machine's own unrest."""
    seen = bench.subjects["direct"].median(measure)
    return f"{measure.removesuffix(' us')} direct: {number(seen / 1000)} ms" if seen > limit_us else ""


def load_findings(bench):
    late = noise(bench, "half load lateness p99 us", 500)
    found = [
        Finding("P1", "CPU per chat, against the forwarder", 1.10, "", ratio(bench, "chat CPU us", "forwarder")),
        Finding("P2", "requests/s, against the forwarder", 0.90, "", ratio(bench, "chat rps", "forwarder"),
                higher_is_better=True, doubt=idle_core(bench)),
        Finding("P3", "p99 added over direct at half load", 1.0, " ms", added(bench, "oriel", "half load p99 us"),
                note=f"{bench.half_load} requests/s", doubt=late),
    ]
    if "haproxy" in bench.subjects:
        over = paired(added(bench, "oriel", "half load p99 us"), added(bench, "haproxy", "half load p99 us"),
                      lambda a, b: a - b)
        found.append(Finding("P3", "the same, over what HAProxy adds", 0.5, " ms", over, doubt=late))
    found += [
        Finding("P4", "CPU per streamed piece, paced, against the forwarder", 1.15, "",
                ratio(bench, "paced CPU us/piece", "forwarder")),
        Finding("P5", "time to first piece, p99 added over direct", 1.0, " ms",
                added(bench, "oriel", "first piece p99 us"),
                doubt=noise(bench, "first piece lateness p99 us", 500)),
        Finding("P6", "jitter between pieces, p99 added over direct", 2.0, " ms",
                added(bench, "oriel", "crowd jitter p99 us"),
                note=f"{bench.plan.crowd_streams} streams at 20 pieces/s",
                doubt=noise(bench, "crowd jitter p99 us", 2000)),
    ]
    return found


def telemetry_doubt(telemetry):
    """CPU per chat compares only gateways that kept up, and whose telemetry all arrived."""
    if telemetry.dropped:
        return f"{telemetry.dropped:.0f} spans or log lines were dropped"
    slow = [name for name, subject in telemetry.subjects.items() if subject.median("chat p50 us") > 5000]
    return f"did not keep up: {', '.join(slow)}" if slow else ""


def telemetry_findings(telemetry, scrapes):
    """P9, and that a scrape delays nobody."""
    on, off = (telemetry.subjects[name].values["chat CPU us"] for name in ("on", "off"))
    quiet, scraped = (scrapes.subjects[name].values["chat p99 us"] for name in ("quiet", "scraped"))
    own = telemetry.subjects["on"].values["own work us"]
    late = scrapes.subjects["quiet"].median("chat lateness p99 us")
    return [
        Finding("P9", "CPU that all telemetry adds to a chat", 3, " %", paired(on, off, lambda a, b: (a / b - 1) * 100),
                note=f"{telemetry.bench.plan.telemetry_rate:.0f} requests/s, every trace exported",
                doubt=telemetry_doubt(telemetry)),
        Finding("P9", "its work on the worker, of a chat's CPU with all on", 3, " %",
                paired(own, on, lambda a, b: a / b * 100), note=f"{number(statistics.median(own))} us by AllTelemetry"),
        Finding("P9", "p99 that a scrape every 200 ms adds to chats", 1.0, " ms",
                paired(scraped, quiet, lambda a, b: (a - b) / 1000), note=f"{scrapes.series} series",
                doubt=f"lateness p99: {number(late / 1000)} ms" if late > 500 else ""),
    ]


def memory_and_start_findings(bench):
    single = bench.single
    limits = {1000: 30, 10000: 60}
    found = [Finding("P10", "RSS at start", 25, " MB", [single["RSS at start MB"]])]
    found += [Finding("P10", f"RSS with {count} idle connections", limits[count], " MB",
                      [single[f"RSS {count} idle MB"]]) for count in bench.plan.idle]
    found.append(Finding("P10", f"RSS with {bench.plan.live_streams} live streams", 100, " MB",
                         [single["RSS live streams MB"]]))
    found.append(Finding("P11", "start to ready", 100, " ms", single["start ms"]))
    return found


def micro_findings(micro):
    """`micro` maps a bench's name to its repetitions."""
    own = [run["cpu_time"] / 1000 for run in micro["BM_OwnWork"]]
    prose, pasted = ([run["bytes_per_second"] / 1e9 for run in micro[name]]
                     for name in ("BM_ConvertProse200K", "BM_ConvertPasted200K"))
    copies = [run["copies"] for run in micro["BM_ConvertPicture4M"]]
    return [
        Finding("P7", "our own work per chat, 2 KB prompt", 8, " us", own),
        Finding("P8", "conversion of a 200 KB prompt, prose", 1.5, " GB/s", prose, higher_is_better=True),
        Finding("P8", "the same, code full of escapes", 1.5, " GB/s", pasted, higher_is_better=True),
        Finding("P8", "bytes allocated for a 4 MB picture, in sizes of the body", 1.1, "", copies),
    ]
