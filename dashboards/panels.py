"""What a dashboard is made of, and the PromQL that its panels share."""

from dataclasses import dataclass

# What every query of the gateway's own metrics is narrowed by; {M} in a query.
PROCESS = 'job=~"$job",instance=~"$instance"'
MODEL = PROCESS + ',model=~"$model",provider=~"$provider"'
PROVIDER = PROCESS + ',provider=~"$provider"'
# Requests that are work, as the page at /status counts them: scrapes and probes are not.
WORK = 'endpoint!~"metrics|health|status"'


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
    limit: float | None = None  # what is above it is bad; drawn as a line
    least: float | None = None  # what is below it is bad
    instant: bool = False  # one value for the whole time range, not one per step
    decimals: int | None = None  # None: as many as fit


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


def active(query):
    """Without the lines of models that nobody used: every known name has series from the start."""
    return f"{query} > 0"


def quantiles(metric, by=(), selector=MODEL):
    """p50, p90 and p99 of a histogram, one line each per value of `by`."""
    legend = "".join(f"{{{{{label}}}}} " for label in by)
    return [
        (f"{legend}p{name}", quantile(q, metric, list(by), selector))
        for name, q in (("50", 0.5), ("90", 0.9), ("99", 0.99))
    ]


def gauge(metric, by, function="sum", selector=PROCESS):
    return f"{function} by ({', '.join(by)}) ({metric}{{{selector}}})"


def recorded(name, allowed):
    """What alerts are raised by, over the share that the objective allows: a recorded ratio by window and job."""
    return [
        (f"{window}, {{{{job}}}}", f'job:{name}:ratio_rate{window}{{job=~"$job"}} / {allowed}')
        for window in ("1h", "6h", "3d")
    ]


def share(part, whole):
    """Part of a whole, 0 where there is a whole and none of the part: both of the same labels."""
    return f"({part} or 0 * {whole}) / {whole}"


CHAT = MODEL + ',endpoint="chat_completions"'
BAD = CHAT + ',class=~"provider|gateway"'
SERVED = CHAT + ',class!~"caller|policy"'
COUNT = "oriel_request_duration_seconds_count"
FIRST_TOKEN = "oriel_time_to_first_token_seconds"
VISIBLE = MODEL + ',kind="visible"'
COST = "oriel_cost_usd_total"
HOUR = 3600
