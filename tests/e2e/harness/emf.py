"""CloudWatch's Embedded Metric Format: documents are read, held against its rules, and summed."""

import json
import time
from decimal import Decimal
from pathlib import Path

import jsonschema

from harness.process import whole_lines

SCHEMA = json.loads((Path(__file__).parents[1] / "data" / "emf_schema.json").read_text())
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
MAX_BYTES = 256 * 1024
FORTNIGHT, TWO_HOURS = 14 * 86_400, 2 * 3_600


def documents_of(text: str) -> list[dict]:
    """The documents among its whole lines, each of them valid. Numbers are exact."""
    documents = []
    for line in whole_lines(text):
        document = json.loads(line, parse_float=Decimal)
        if "_aws" in document:
            assert len(line.encode()) < MAX_BYTES
            check(document)
            documents.append(document)
    return documents


def check(document: dict):
    VALIDATOR.validate(plain(document))
    age = time.time() - document["_aws"]["Timestamp"] / 1000
    assert -TWO_HOURS < age < FORTNIGHT
    explained = {"_aws"}
    for directive in document["_aws"]["CloudWatchMetrics"]:
        for name in (name for names in directive["Dimensions"] for name in names):
            assert isinstance(document[name], str), name
            explained.add(name)
        for metric in directive["Metrics"]:
            assert not isinstance(document[metric["Name"]], str), metric
            explained.add(metric["Name"])
    assert document.keys() == explained


def plain(value):
    """Decimals are numbers to the validator only as floats."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return float(value) if isinstance(value, Decimal) else value


class Sums(dict):
    """metric -> the sum over all documents with exactly these dimensions' names; of some values only
    where `wanted` gives them. `counts` says how many values a metric has."""

    def __init__(self, documents: list[dict], *names: str, **wanted: str):
        super().__init__()
        self.counts = {}
        for document in documents:
            (directive,) = document["_aws"]["CloudWatchMetrics"]
            if directive["Dimensions"] != [list(names)] or not wanted.items() <= document.items():
                continue
            for metric in (metric["Name"] for metric in directive["Metrics"]):
                target = document[metric]
                values = target if isinstance(target, list) else [target]
                self[metric] = self.get(metric, 0) + sum(values)
                self.counts[metric] = self.counts.get(metric, 0) + len(values)

    def __missing__(self, metric):
        return 0
