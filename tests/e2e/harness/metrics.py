"""Scrapes /metrics with the reference parser and compares scrapes exactly."""

import urllib.request
from contextlib import contextmanager

from prometheus_client.parser import text_string_to_metric_families

from harness.process import PATIENCE, eventually


class Samples(dict):
    """(sample name, labels) -> value, of one scrape or of a difference."""

    def total(self, name, **labels) -> float:
        """The sum of the samples that carry at least these labels."""
        wanted = labels.items()
        return sum(
            value
            for (sample, found), value in self.items()
            if sample == name and wanted <= dict(found).items()
        )

    def by(self, name, label, **labels) -> dict[str, float]:
        """Per value of `label` the sum that is not zero."""
        sums = {}
        for (sample, found), value in self.items():
            found = dict(found)
            if sample == name and label in found and labels.items() <= found.items():
                sums[found[label]] = sums.get(found[label], 0) + value
        return {key: value for key, value in sums.items() if value}

    def since(self, before: "Samples") -> "Samples":
        return Samples({key: value - before.get(key, 0) for key, value in self.items()})


class Scraper:
    def __init__(self, address: str, context=None):
        self.url = address + "/metrics"
        self.context = context

    def text(self) -> str:
        with urllib.request.urlopen(self.url, timeout=PATIENCE, context=self.context) as answer:
            return answer.read().decode()

    def scrape(self, name="") -> Samples:
        """Of all samples, or of those alone whose names begin so: parsing takes the time."""
        lines = [line for line in self.text().split("\n") if line.startswith(name)]
        samples = Samples()
        for family in text_string_to_metric_families("\n".join(lines)):
            for sample in family.samples:
                key = (sample.name, frozenset(sample.labels.items()))
                assert key not in samples, f"{key} stands twice"
                samples[key] = sample.value
        return samples

    def series(self) -> set:
        """What there is, without what the scrapes themselves bring."""
        return {key for key in self.scrape() if ("endpoint", "metrics") not in key[1]}

    def in_flight(self, endpoint="chat_completions") -> float:
        name = "oriel_requests_in_flight"
        return self.scrape(name).total(name, endpoint=endpoint)

    def settled(self, endpoint="chat_completions") -> Samples:
        """A scrape that holds the whole record of each request whose answer was read: it may be
        written a little later than that. The page that says that nothing is in flight may have
        been read in between; the next one has it all."""
        eventually(lambda: not self.in_flight(endpoint), "nothing is in flight")
        return self.scrape()

    def recorded(self, before: Samples, requests: int, **labels) -> Samples:
        """The difference to `before`, once that many chat requests have got their record. Of
        families that name the endpoint it holds only this one: the scrapes themselves are out."""
        endpoint = labels.setdefault("endpoint", "chat_completions")

        def look():
            delta = self.scrape("oriel_requests_total").since(before)
            return delta.total("oriel_requests_total", **labels) >= requests

        eventually(look, f"{requests} requests are recorded")
        delta = self.settled(endpoint).since(before)
        assert delta.total("oriel_requests_total", **labels) == requests
        return Samples(
            (key, value)
            for key, value in delta.items()
            if dict(key[1]).get("endpoint", endpoint) == endpoint
        )

    @contextmanager
    def watch(self, requests: int, **labels):
        """Yields a Delta that holds what changed once the block has ended."""
        delta = Samples()
        before = self.settled(labels.get("endpoint", "chat_completions"))
        yield delta
        delta.update(self.recorded(before, requests, **labels))
