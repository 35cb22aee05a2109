"""What a dashboard is made of, and the PromQL that its panels share."""

from dataclasses import dataclass

# What every query of the gateway's own metrics is narrowed by; {M} in a query.
PROCESS = 'job=~"$job",instance=~"$instance"'
MODEL = PROCESS + ',model=~"$model",provider=~"$provider"'
PROVIDER = PROCESS + ',provider=~"$provider"'


@dataclass
class Panel:
    title: str
    unit: str
    description: str
    queries: list  # of (legend, PromQL)
    kind: str = "timeseries"
    width: int = 8
    height: int = 8
    stack: bool = False
    maximum: float | None = None


@dataclass
class Row:
    title: str
    panels: list


@dataclass
class Dashboard:
    uid: str
    title: str
    description: str
    rows: list


def quantile(q, metric, by, selector=MODEL):
    labels = ", ".join(["le", *by])
    return f"histogram_quantile({q}, sum by ({labels}) (rate({metric}_bucket{{{selector}}}[$__rate_interval])))"


def rate(metric, by, selector=MODEL):
    grouped = f"sum by ({', '.join(by)}) " if by else "sum "
    return f"{grouped}(rate({metric}{{{selector}}}[$__rate_interval]))"


def quantiles(metric, by=(), selector=MODEL):
    """p50, p90 and p99 of a histogram, one line each per value of `by`."""
    legend = "".join(f"{{{{{label}}}}} " for label in by)
    return [
        (f"{legend}p{name}", quantile(q, metric, list(by), selector))
        for name, q in (("50", 0.5), ("90", 0.9), ("99", 0.99))
    ]


CHAT = MODEL + ',endpoint="chat_completions"'
BAD = CHAT + ',class=~"provider|gateway"'
SERVED = CHAT + ',class!~"caller|policy"'
COUNT = "oriel_request_duration_seconds_count"
