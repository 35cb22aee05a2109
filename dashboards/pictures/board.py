"""Asks Prometheus what a dashboard's panels ask, with the variables at "All"."""

import re

ALL = ".+"


class Range:
    """What is looked at; seconds since the epoch."""

    def __init__(self, end, seconds, step=1, rate_interval=30):
        self.end = int(end)
        self.start = self.end - seconds
        self.step = step
        self.variables = {
            "__rate_interval": f"{rate_interval}s",
            "__interval": f"{step}s",
            "__range": f"{seconds}s",
            "__range_s": str(seconds),
            **dict.fromkeys(("job", "instance", "model", "provider", "key"), ALL),
        }

    def fill_in(self, expression):
        return re.sub(r"\$\{?(\w+)\}?", lambda found: self.variables[found[1]], expression)

    @property
    def times(self):
        return list(range(self.start, self.end + 1, self.step))


class Asker:
    """`prometheus` is one of harness/prometheus.py."""

    def __init__(self, prometheus, shown):
        self.prometheus, self.shown = prometheus, shown

    def panels(self, dashboard):
        """Panel id to its series; those that were 0 all the time are left out where others were not."""
        data = {}
        for panel in dashboard["panels"]:
            series = [one for target in panel.get("targets", ()) for one in self.series(target)]
            moved = [one for one in series if any(one["values"])]
            data[panel["id"]] = moved or still(series)
        return data

    def series(self, target):
        """A target's series as page/draw.js takes them."""
        shown = self.shown
        query = shown.fill_in(target["expr"])
        if target.get("instant"):
            found = self.prometheus.api("query", query=query, time=shown.end)["result"]
            return [one_series(target, row["metric"], [row["value"]], [shown.end]) for row in found]
        span = {"start": shown.start, "end": shown.end}
        found = self.prometheus.api("query_range", query=query, step=shown.step, **span)["result"]
        series = [one_series(target, row["metric"], row["values"], shown.times) for row in found]
        if series and target.get("exemplar"):
            rows = self.prometheus.api("query_exemplars", query=query, **span)
            series[0]["exemplars"] = [mark(one) for row in rows for one in row["exemplars"]]
        return series


def mark(exemplar):
    return [exemplar["timestamp"], float(exemplar["value"])]


def still(series):
    """One line for what never moved."""
    return [{**series[0], "name": f"{len(series)} series, all 0"}] if len(series) > 1 else series


def one_series(target, labels, samples, times):
    values = {round(float(when)): number(value) for when, value in samples}
    name = re.sub(r"\{\{\s*(\w+)\s*\}\}", lambda found: labels.get(found[1], ""), target.get("legendFormat", ""))
    return {"name": name.strip(), "times": times, "values": [values.get(when) for when in times], "exemplars": []}


def number(text):
    value = float(text)
    return value if abs(value) != float("inf") and value == value else None
