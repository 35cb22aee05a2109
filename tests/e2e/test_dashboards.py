"""Dashboards and rules speak of metrics that exist, and say what they show."""

import copy
import fnmatch
import re
import subprocess
import sys

import pytest
import yaml

from harness import grafana
from harness.grafana import FOLDER, ROOT, panels
from harness.prometheus import promtool
from harness.promql import label_lists, selectors

BOARDS = {path.stem: grafana.load(path) for path in grafana.FILES}
ALERTS = yaml.safe_load((FOLDER / "rules/alerts.yml").read_text())
RECORDED = yaml.safe_load((FOLDER / "rules/recording.yml").read_text())
TESTS = yaml.safe_load((FOLDER / "rules/alerts_test.yml").read_text())

# What Prometheus itself adds to every series, and what it says of its targets.
SCRAPED_LABELS = {"job", "instance", "le"}
SCRAPED_METRICS = {"up": set()}


def families() -> dict:
    """Name -> (type, labels), from the golden list of the catalogue."""
    lines = (ROOT / "tests/metrics/golden/families.txt").read_text().splitlines()
    found = [re.match(r"(\S+) (\S+) \{(.*?)\}", line).groups() for line in lines]
    return {name: (kind, set(filter(None, labels.split(",")))) for name, kind, labels in found}


def samples() -> dict:
    """Name of every sample -> its labels."""
    names = dict(SCRAPED_METRICS)
    for name, (kind, labels) in families().items():
        ends = ("_bucket", "_sum", "_count") if kind == "histogram" else ("",)
        names.update({name + end: labels for end in ends})
    return names


SAMPLES = samples()
RULES = [rule for file in (RECORDED, ALERTS) for group in file["groups"] for rule in group["rules"]]
RECORDS = {rule["record"]: rule["expr"] for rule in RULES if "record" in rule}
ALERT_RULES = [rule for rule in RULES if "alert" in rule]
ALERT_NAMES = {rule["alert"] for rule in ALERT_RULES}


def labels_of(name: str) -> set[str]:
    """What a series of this name may be selected and grouped by."""
    if name in RECORDS:
        (first, *_) = label_lists(RECORDS[name])
        return set(first) - {"le"}
    return SAMPLES[name] | SCRAPED_LABELS


def queries():
    for name, board in BOARDS.items():
        for title, target in grafana.targets(board):
            yield f"{name}: {title}", target["expr"]
        for variable in board["templating"]["list"]:
            if variable["type"] == "query":
                yield f"{name}: ${variable['name']}", grafana.label_query(variable)[0]
    for rule in RULES:
        yield rule.get("alert") or rule["record"], rule["expr"]


@pytest.mark.parametrize("where,expression", list(queries()), ids=lambda value: str(value)[:60])
def test_queries_read_what_exists(where, expression):
    found = selectors(expression)
    assert found, f"{where} reads no metric"
    for selector in found:
        assert selector.name in SAMPLES or selector.name in RECORDS, f"{selector.name} is no metric"
        assert selector.labels <= labels_of(selector.name), selector
    known = set().union(*(labels_of(selector.name) for selector in found))
    for labels in label_lists(expression):
        assert set(labels) <= known, where


@pytest.mark.parametrize("board", BOARDS.values(), ids=BOARDS)
@pytest.mark.parametrize("name", grafana.RULES)
def test_grafanas_linter(name, board):
    assert list(grafana.RULES[name](board)) == []


def first_panel(board, **fields):
    panels(board)[0].update(fields)


def first_defaults(board):
    return panels(board)[0]["fieldConfig"]["defaults"]


def first_query(board, expression):
    panels(board)[0]["targets"][0]["expr"] = expression


def variable(board, name, **fields):
    grafana.variables(board)[name].update(fields)


def other_source(board):
    panels(board)[0]["targets"][0]["datasource"] = {"uid": "prometheus"}


NARROWED = 'oriel_requests_total{job=~"$job",instance=~"$instance"}'
# Rule -> edits of a good dashboard, each of which it must see.
FAULTS = {
    "template-datasource-rule": [
        lambda board: board["templating"]["list"].pop(0),
        lambda board: variable(board, "datasource", label="Source"),
    ],
    "template-job-rule": [
        lambda board: variable(board, "job", allValue=".*"),
        lambda board: variable(board, "job", multi=False),
        lambda board: board["templating"]["list"].pop(1),
    ],
    "template-instance-rule": [
        lambda board: variable(board, "instance", label="instance"),
        lambda board: variable(board, "instance", datasource={"uid": "prometheus"}),
    ],
    "template-label-promql-rule": [lambda board: variable(board, "model", query={"query": "up"})],
    "template-on-time-change-reload-rule": [lambda board: variable(board, "model", refresh=1)],
    "panel-datasource-rule": [
        lambda board: first_panel(board, datasource={"uid": "prometheus"}),
        other_source,
    ],
    "panel-title-description-rule": [
        lambda board: first_panel(board, title=""),
        lambda board: first_panel(board, description=""),
    ],
    "panel-units-rule": [
        lambda board: first_panel(board, fieldConfig={"defaults": {"unit": "furlongs"}}),
        lambda board: first_panel(board, fieldConfig={"defaults": {}}),
    ],
    "panel-thresholds-rule": [
        lambda board: first_defaults(board).pop("thresholds"),
        lambda board: first_defaults(board)["thresholds"]["steps"].clear(),
    ],
    "panel-no-targets-rule": [lambda board: first_panel(board, targets=[])],
    "target-promql-rule": [
        lambda board: first_query(board, f"sum (rate({NARROWED}[$__rate_interval])"),
        lambda board: first_query(board, "vector(1)"),
    ],
    "target-rate-interval-rule": [lambda board: first_query(board, f"sum (rate({NARROWED}[5m]))")],
    "target-job-rule": [
        lambda board: first_query(board, 'oriel_connections_open{instance=~"$instance"}'),
        lambda board: first_query(board, NARROWED.replace('job=~"$job"', 'job="$job"')),
    ],
    "target-instance-rule": [
        lambda board: first_query(board, f'{NARROWED} / oriel_connections_open{{job=~"$job"}}')
    ],
    "target-counter-agg-rule": [
        lambda board: first_query(board, f"sum ({NARROWED})"),
        lambda board: first_query(board, f"delta({NARROWED}[$__rate_interval])"),
    ],
    "uneditable-dashboard": [lambda board: board.update(editable=True)],
}


@pytest.mark.parametrize("name", grafana.RULES)
def test_each_rule_of_the_linter_sees_its_fault(name):
    for fault in FAULTS[name]:
        board = copy.deepcopy(BOARDS["oriel-overview"])
        fault(board)
        assert list(grafana.RULES[name](board))


@pytest.mark.parametrize("board", BOARDS.values(), ids=BOARDS)
def test_panels_have_their_place(board):
    assert BOARDS[board["uid"]] is board and "oriel" in board["tags"]
    assert {"datasource", "job", "instance", "model", "provider"} <= set(grafana.variables(board))
    assert len({panel["id"] for panel in board["panels"]}) == len(board["panels"])
    titles = [panel["title"] for panel in panels(board)]
    assert len(set(titles)) == len(titles), "titles are how a runbook names panels"
    taken = set()
    for panel in panels(board):
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert place["x"] + place["w"] <= 24 and not cells & taken, panel["title"]
        taken |= cells


@pytest.mark.parametrize("board", BOARDS.values(), ids=BOARDS)
def test_units_fit_the_metrics(board):
    for panel in panels(board):
        unit = panel["fieldConfig"]["defaults"]["unit"]
        for target in panel["targets"]:
            for selector in selectors(target["expr"])[:1]:
                dollars = "_usd_" in selector.name
                assert (unit in ("currencyUSD", "percentunit")) or not dollars, panel["title"]
            if "histogram_quantile" in target["expr"] and not target["expr"].startswith("1 /"):
                read = selectors(target["expr"])[0].name
                expected = {"seconds": "s", "bytes": "bytes"}.get(read.split("_")[-2], "short")
                assert unit == expected, panel["title"]
            if re.match(r"sum (by \([^)]*\) )?\(rate\(", target["expr"]):
                assert unit in ("reqps", "cps", "currencyUSD", "percentunit"), panel["title"]


OWN_ENDPOINTS = "metrics|health|status"
TRAFFIC = re.compile(r"oriel_(requests_total|requests_in_flight|request_duration_seconds_\w+)")


def test_scrapes_and_probes_are_no_traffic():
    """What panels and rules count is what the page at /status counts."""
    (listed,) = re.findall(
        r"OWN_ENDPOINTS = new Set\(\[(.*)\]\)", (ROOT / "gateway/status/summary.js").read_text()
    )
    assert OWN_ENDPOINTS.split("|") == re.findall(r"\w+", listed)
    for where, expression in queries():
        for selector in selectors(expression):
            if not TRAFFIC.fullmatch(selector.name) or "$" in where:
                continue
            narrowed = ("endpoint", "!~", OWN_ENDPOINTS) in selector.matchers
            kinds = {label for label, operator, _ in selector.matchers if operator == "="}
            assert narrowed or kinds & {"endpoint", "outcome"}, where


# No panel and no alert reads these; why.
UNREAD = {
    "process_virtual_memory_bytes": "address space says nothing of a process that maps files",
    "oriel_config_last_reload_successful": "a gateway that serves has read its configuration",
}


def test_every_family_is_read_somewhere():
    read = {selector.name for _, expression in queries() for selector in selectors(expression)}
    unread = {
        name for name in families() if not {name, name + "_bucket", name + "_count"} & read
    }
    assert unread == set(UNREAD)


def test_every_record_is_read_somewhere():
    read = {selector.name for _, expression in queries() for selector in selectors(expression)}
    assert set(RECORDS) <= read


def test_the_files_are_what_build_py_writes():
    subprocess.run([sys.executable, "-B", FOLDER / "build.py", "--check"], check=True)
    assert len(BOARDS) == 6


def test_every_alert_has_a_runbook():
    runbooks = (ROOT / "docs/runbooks.md").read_text()
    for rule in ALERT_RULES:
        assert rule["labels"]["severity"] in ("page", "ticket")
        assert set(rule["annotations"]) == {"summary", "description", "runbook_url"}
        assert rule["annotations"]["runbook_url"] == f"docs/runbooks.md#{rule['alert'].lower()}"
    assert ALERT_NAMES == set(re.findall(r"^## (\w+)$", runbooks, re.M))


def test_runbooks_name_panels_that_exist():
    runbooks = " ".join((ROOT / "docs/runbooks.md").read_text().split())
    titles = {panel["title"] for board in BOARDS.values() for panel in panels(board)}
    assert {name for name in re.findall(r'"([A-Z][^"]+)"', runbooks)} <= titles
    boards = {board["title"].removeprefix("Oriel / ") for board in BOARDS.values()}
    assert {name for name in re.findall(r"(?<!\*)\*([A-Z][^*]+)\*(?!\*)", runbooks)} <= boards


def test_runbooks_name_settings_that_exist():
    table = (ROOT / "docs/configuration.md").read_text()
    settings = set(re.findall(r"^\| `([\w.*]+)`", table, re.M))
    sections = {setting.split(".")[0] for setting in settings}
    runbooks = (ROOT / "docs/runbooks.md").read_text()
    for name in re.findall(r"`([a-z_]+\.[a-z_.*]+)[`:]", runbooks):
        if name.split(".")[0] in sections:
            assert fnmatch.filter(settings, name), name


def test_every_alert_is_shown_to_fire_and_to_be_silent():
    """Those of several windows in each of them."""
    told = [entry for test in TESTS["tests"] for entry in test.get("alert_rule_test", [])]
    fired = {
        (entry["alertname"], alert["exp_labels"].get("window"))
        for entry in told
        for alert in entry["exp_alerts"]
    }
    assert fired == {(rule["alert"], rule["labels"].get("window")) for rule in ALERT_RULES}
    assert ALERT_NAMES == {entry["alertname"] for entry in told if not entry["exp_alerts"]}


# There from the start, as zeros: increase() sees their first event.
BORN_EARLY = {
    "oriel_log_lines_dropped_total",
    "oriel_spans_dropped_total",
    "oriel_metric_series_overflow_total",
}


@pytest.mark.parametrize("rule", ALERT_RULES, ids=lambda rule: rule["alert"])
def test_alerts_see_the_first_event(rule):
    expression = " ".join(rule["expr"].split())
    if not re.search(r"increase.*> 0", expression):
        return
    for selector in selectors(expression):
        if selector.function == "increase" and selector.name not in BORN_EARLY:
            x, w = selector.text(expression), selector.range
            seen = f"({x} unless last_over_time({x}[{w}] offset {w})) or increase({x}[{w}])"
            assert seen in expression


# Pages that are no shares of requests. All others need thirty.
ONE_IS_ENOUGH = {
    "OrielCredentialsRefused",
    "OrielGatewayFaults",
    "OrielDown",
    "OrielVanished",
    "OrielCredentialsExpiring",
    "OrielFileDescriptors",
}


def test_few_requests_rouse_nobody():
    pages = [rule for rule in ALERT_RULES if rule["labels"]["severity"] == "page"]
    few = {rule["alert"] for rule in pages if not rule["expr"].endswith(">= 30")}
    assert few == ONE_IS_ENOUGH


def test_promtool_takes_the_rules():
    tool = promtool()
    for what in ("check rules recording.yml alerts.yml", "test rules alerts_test.yml"):
        subprocess.run([tool, *what.split()], check=True, cwd=FOLDER / "rules")


def test_provisioning_is_yaml():
    (datasources,) = (FOLDER / "provisioning/datasources").glob("*.yml")
    (source,) = yaml.safe_load(datasources.read_text())["datasources"]
    assert source["type"] == "prometheus"
    (providers,) = (FOLDER / "provisioning/dashboards").glob("*.yml")
    (provider,) = yaml.safe_load(providers.read_text())["providers"]
    assert provider["type"] == "file"
