"""Grafana's part: its dashboards as they are shipped, its variables as it would expand them, and
the rules by which its dashboard-linter judges, and one of ours. Each rule yields its complaints."""

import json
import re
from pathlib import Path

from harness.promql import selectors

ROOT = Path(__file__).resolve().parents[3]
FOLDER = ROOT / "dashboards"
FILES = sorted((FOLDER / "grafana").glob("*.json"))
# The part of the linter's list of units that a gateway could need.
UNITS = set(
    "none short percent percentunit s ms µs ns dtdurations bytes decbytes Bps reqps ops cps rps "
    "currencyUSD bool bool_yes_no dateTimeAsIso dateTimeFromNow".split()
)
# Counters that panels show as they stand, which the linter would not have; why.
AS_COUNTED = {
    "oriel_learned_capabilities_total": "what is known now was learned at any time since the start",
}
GRAPHS = {"stat", "timeseries", "gauge", "bargauge", "table", "heatmap", "barchart", "piechart"}


def load(path: Path) -> dict:
    return json.loads(path.read_text())


def panels(board: dict) -> list[dict]:
    return [panel for panel in board["panels"] if panel["type"] != "row"]


def targets(board: dict):
    """(panel's title, target) of every query, those of annotations too."""
    for panel in panels(board):
        for target in panel.get("targets", []):
            yield panel["title"], target
    for annotation in board["annotations"]["list"]:
        yield f"annotation {annotation['name']}", annotation


def variables(board: dict) -> dict:
    return {variable["name"]: variable for variable in board["templating"]["list"]}


def label_query(variable: dict) -> tuple[str, str]:
    """The selector and the label of a variable's label_values()."""
    found = re.fullmatch(r"label_values\((.+), (\w+)\)", variable["query"]["query"])
    assert found, f"{variable['name']} is no label_values()"
    return found.groups()


def expand(expression: str, values: dict[str, str]) -> str:
    """Puts a value in the place of every variable, like Grafana does; all of them must have one."""
    return re.sub(r"\$\{(\w+)\}|\$(\w+)", lambda m: values[m.group(1) or m.group(2)], expression)


def legend_labels(legend: str) -> list[str]:
    return re.findall(r"\{\{\s*(\w+)\s*\}\}", legend)


RULES = {}


def rule(name):
    def keep(function):
        RULES[name] = function
        return function

    return keep


@rule("template-datasource-rule")
def has_a_datasource(board):
    found = [v for v in board["templating"]["list"] if v["type"] == "datasource"]
    said = [(v["name"], v["label"], v["query"]) for v in found]
    if said != [("datasource", "Data source", "prometheus")]:
        yield "wants one data source variable, 'datasource', labelled 'Data source'"


def template(board, name):
    found = variables(board).get(name)
    if found is None:
        yield f"has no variable {name}"
        return
    if found["datasource"]["uid"] not in ("$datasource", "${datasource}"):
        yield f"{name} does not use the data source variable"
    if found["type"] != "query" or not found["multi"] or not found["includeAll"]:
        yield f"{name} is not a query of many values, or all"
    if found["label"] != name.capitalize():
        yield f"{name} is labelled {found['label']}"
    if found["allValue"] != ".+":
        yield f"{name} has {found['allValue']} for all"


@rule("template-job-rule")
def has_a_job(board):
    yield from template(board, "job")


@rule("template-instance-rule")
def has_an_instance(board):
    yield from template(board, "instance")


@rule("template-label-promql-rule")
def asks_for_labels(board):
    for name, variable in variables(board).items():
        if variable["type"] != "query":
            continue
        try:
            if len(selectors(label_query(variable)[0])) != 1:
                yield f"{name} does not ask one selector"
        except (AssertionError, IndexError) as error:
            yield str(error)


@rule("template-on-time-change-reload-rule")
def reloads_variables(board):
    for name, variable in variables(board).items():
        if variable["type"] == "query" and variable["refresh"] != 2:
            yield f"{name} is not reloaded when the time range changes"


@rule("panel-datasource-rule")
def uses_the_datasource(board):
    for panel in panels(board):
        for source in (panel["datasource"], *(t["datasource"] for t in panel["targets"])):
            if source["uid"] not in ("$datasource", "${datasource}"):
                yield f"{panel['title']} reads {source}"


@rule("panel-title-description-rule")
def says_what_it_shows(board):
    for panel in panels(board):
        if not panel["title"] or not panel["description"].endswith("."):
            yield f"panel {panel['id']} {panel['title']!r} has no title or no sentence"


@rule("panel-units-rule")
def has_units(board):
    for panel in panels(board):
        if panel["type"] in GRAPHS and panel["fieldConfig"]["defaults"].get("unit") not in UNITS:
            yield f"{panel['title']} has no unit"


@rule("panel-thresholds-rule")
def has_thresholds(board):
    """Ours: without any, Grafana shows in red what is 80 or more, whatever the unit."""
    for panel in panels(board):
        if panel["type"] in ("stat", "gauge", "bargauge"):
            steps = panel["fieldConfig"]["defaults"].get("thresholds", {}).get("steps")
            if not steps or steps[0]["value"] is not None:
                yield f"{panel['title']} has no thresholds"


@rule("panel-no-targets-rule")
def has_queries(board):
    for panel in panels(board):
        if panel["type"] in GRAPHS and not panel.get("targets"):
            yield f"{panel['title']} asks nothing"


@rule("target-promql-rule")
def is_promql(board):
    """Only that it can be walked: Prometheus parses it in test_prometheus.py."""
    for title, target in targets(board):
        try:
            if not selectors(target["expr"]):
                yield f"{title} selects nothing"
        except (AssertionError, IndexError) as error:
            yield f"{title}: {error}"


@rule("target-rate-interval-rule")
def uses_the_rate_interval(board):
    for title, target in targets(board):
        for selector in selectors(target["expr"]):
            if selector.function in ("rate", "irate") and selector.range != "$__rate_interval":
                yield f"{title}: {selector.function} over {selector.range}"


def matches(board, label, but=""):
    for title, target in targets(board):
        for selector in selectors(target["expr"]):
            if but and but in selector.name:
                continue
            if (label, "=~", f"${label}") not in selector.matchers:
                yield f"{title}: {selector.name} is not narrowed by {label}"


@rule("target-job-rule")
def narrows_by_job(board):
    yield from matches(board, "job")


@rule("target-instance-rule")
def narrows_by_instance(board):
    """But for what rules record by job: a colon is in their names alone."""
    yield from matches(board, "instance", but=":")


@rule("target-counter-agg-rule")
def rates_counters(board):
    for title, target in targets(board):
        for selector in selectors(target["expr"]):
            rated = selector.range and selector.function in ("rate", "irate", "increase")
            if rated or selector.name in AS_COUNTED:
                continue
            if re.search(r"_(total|bucket|sum|count)$", selector.name):
                yield f"{title}: {selector.name} without rate or increase"


@rule("uneditable-dashboard")
def is_uneditable(board):
    if board["editable"]:
        yield "can be edited in Grafana, where the next start would undo it"
