"""Dashboards and rules speak of metrics that exist, and say what they show."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "dashboards"
BOARDS = sorted((FOLDER / "grafana").glob("*.json"))
ALERTS = yaml.safe_load((FOLDER / "rules/alerts.yml").read_text())
RECORDED = yaml.safe_load((FOLDER / "rules/recording.yml").read_text())

# What Prometheus itself adds to every series, and what it says of its targets.
SCRAPED_LABELS = {"job", "instance", "le"}
SCRAPED_METRICS = {"up": set()}


def families():
    """Name of every sample -> its labels, from the golden list of the catalogue."""
    samples = dict(SCRAPED_METRICS)
    for line in (ROOT / "tests/metrics/golden/families.txt").read_text().splitlines():
        name, kind, labels = re.match(r"(\S+) (\S+) \{(.*?)\}", line).groups()
        names = [name] if kind != "histogram" else [name + s for s in ("_bucket", "_sum", "_count")]
        samples.update({n: set(filter(None, labels.split(","))) for n in names})
    return samples


SAMPLES = families()
RECORDS = {rule["record"] for group in RECORDED["groups"] for rule in group["rules"]}


def panels(board):
    return [panel for panel in json.loads(board.read_text())["panels"] if panel["type"] != "row"]


def queries():
    found = []
    for board in BOARDS:
        for panel in panels(board):
            found += [(f"{board.stem}: {panel['title']}", t["expr"]) for t in panel["targets"]]
    for file in (RECORDED, ALERTS):
        for group in file["groups"]:
            found += [(r.get("alert") or r["record"], r["expr"]) for r in group["rules"]]
    return found


def names_of(expression):
    """Metrics and recorded series that an expression reads, each with the labels it selects by."""
    bare = re.sub(r"\[[^\]]*\]", "", expression)
    for name, selector in re.findall(r"\b([a-zA-Z_][\w:]*)\b(\{[^}]*\})?", bare):
        if name in SAMPLES or name in RECORDS or name.startswith(("oriel_", "process_", "job")):
            yield name, set(re.findall(r'(\w+)\s*[=!]~?"', selector))


@pytest.mark.parametrize("where,expression", queries(), ids=lambda value: str(value)[:60])
def test_queries_read_what_exists(where, expression):
    named = [(n, labels) for n, labels in names_of(expression) if n not in SCRAPED_LABELS]
    assert named, f"{where} reads no metric"
    for name, labels in named:
        if name in RECORDS:
            continue
        assert name in SAMPLES, f"{where}: {name} is no metric"
        assert labels <= SAMPLES[name] | SCRAPED_LABELS, f"{where}: {name}{labels}"
    known = set().union(SCRAPED_LABELS, *(SAMPLES.get(name, set()) for name, _ in named))
    if any(name in RECORDS for name, _ in named):
        return
    for group in re.findall(r"\bby \(([^)]*)\)", expression):
        assert {label.strip() for label in group.split(",")} <= known, where


@pytest.mark.parametrize("board", BOARDS, ids=lambda path: path.stem)
def test_panels_say_what_they_show(board):
    whole = json.loads(board.read_text())
    variables = {variable["name"] for variable in whole["templating"]["list"]}
    assert {"datasource", "job", "instance", "model", "provider"} <= variables
    assert whole["uid"] == board.stem and "oriel" in whole["tags"] and not whole["editable"]
    assert len({panel["id"] for panel in whole["panels"]}) == len(whole["panels"])
    taken = set()
    for panel in panels(board):
        assert panel["description"].endswith("."), panel["title"]
        assert panel["fieldConfig"]["defaults"]["unit"], panel["title"]
        assert panel["datasource"]["uid"] == "${datasource}", panel["title"]
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert place["x"] + place["w"] <= 24 and not cells & taken, panel["title"]
        taken |= cells
        for target in panel["targets"]:
            assert '$job"' in target["expr"] and '$instance"' in target["expr"], panel["title"]
            if "rate(" in target["expr"]:
                assert "$__rate_interval" in target["expr"], panel["title"]


def test_the_files_are_what_build_py_writes():
    subprocess.run([sys.executable, "-B", FOLDER / "build.py", "--check"], check=True)
    assert len(BOARDS) >= 5


def test_every_alert_has_a_runbook_and_a_test():
    runbooks = (ROOT / "docs/runbooks.md").read_text()
    tests = (FOLDER / "rules/alerts_test.yml").read_text()
    names = set()
    for group in ALERTS["groups"]:
        for rule in group["rules"]:
            names.add(rule["alert"])
            anchor = rule["annotations"]["runbook"].removeprefix("docs/runbooks.md#")
            assert anchor == rule["alert"].lower()
            assert rule["labels"]["severity"] in ("page", "ticket")
            assert f"alertname: {rule['alert']}\n" in tests, rule["alert"]
    assert names == set(re.findall(r"^## (\w+)$", runbooks, re.M))


def test_promtool_takes_the_rules():
    promtool = os.environ.get("ORIEL_PROMTOOL", "promtool")
    rules = FOLDER / "rules"
    subprocess.run([promtool, "check", "rules", rules / "recording.yml", rules / "alerts.yml"], check=True)
    subprocess.run([promtool, "test", "rules", rules / "alerts_test.yml"], check=True)
