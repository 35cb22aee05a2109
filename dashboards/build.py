#!/usr/bin/env python3
"""Writes the Grafana dashboards in grafana/ from the panels of serving.py, running.py and cost.py.

    python3 dashboards/build.py           writes them
    python3 dashboards/build.py --check   fails when a file differs

A panel is a row of data: what it shows, in which unit, by which queries. Everything else about a
dashboard (variables, data source, layout) is the same for all of them and stands here once.
"""

import argparse
import json
import sys
from pathlib import Path

from cost import COST_AND_BUDGETS
from panels import PROCESS
from running import BEDROCK, INTERNALS
from serving import MODELS, OVERVIEW, STREAMS

GRAFANA = Path(__file__).resolve().parent / "grafana"
DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}
WIDTH = 24

DASHBOARDS = (OVERVIEW, MODELS, STREAMS, BEDROCK, COST_AND_BUDGETS, INTERNALS)


def variable(name, label, query):
    return {
        "name": name,
        "label": label,
        "type": "query",
        "datasource": DATASOURCE,
        "query": {"query": query, "refId": name},
        "definition": query,
        "refresh": 2,
        "sort": 1,
        "multi": True,
        "includeAll": True,
        "allValue": ".+",
        "current": {"text": "All", "value": "$__all"},
    }


VARIABLES = [
    {
        "name": "datasource",
        "label": "Data source",
        "type": "datasource",
        "query": "prometheus",
        "current": {"text": "default", "value": "default"},
        "hide": 0,
    },
    variable("job", "Job", "label_values(oriel_build_info, job)"),
    variable("instance", "Instance", 'label_values(oriel_build_info{job=~"$job"}, instance)'),
    variable("model", "Model", 'label_values(oriel_requests_total{job=~"$job"}, model)'),
    variable("provider", "Provider", 'label_values(oriel_requests_total{job=~"$job"}, provider)'),
]

# A mark where a configuration came into force, which a start is too.
CONFIGURED = {
    "name": "Configuration",
    "datasource": DATASOURCE,
    "enable": True,
    "iconColor": "blue",
    "expr": f"oriel_config_last_reload_timestamp_seconds{{{PROCESS}}} * 1000",
    "useValueForTime": "on",
    "titleFormat": "Configuration",
    "textFormat": "{{instance}}",
}


def thresholds(panel):
    """Green, unless the panel says what is bad: Grafana's own would be red from 80 on, whatever the unit."""
    if panel.least is not None:
        steps = [("red", None), ("green", panel.least)]
    elif panel.limit is not None:
        steps = [("green", None), ("red", panel.limit)]
    else:
        steps = [("green", None)]
    return {"mode": "absolute", "steps": [{"color": color, "value": value} for color, value in steps]}


def panel_json(panel, number, x, y):
    defaults = {"unit": panel.unit, "min": 0, "thresholds": thresholds(panel)}
    if panel.maximum is not None:
        defaults["max"] = panel.maximum
    if panel.decimals is not None:
        defaults["decimals"] = panel.decimals
    if panel.kind == "timeseries":
        defaults["custom"] = {
            "fillOpacity": 20 if panel.stack else 5,
            "lineWidth": 1,
            "showPoints": "never",
            "stacking": {"mode": "normal" if panel.stack else "none", "group": "A"},
            "thresholdsStyle": {"mode": "off" if panel.limit is None else "line"},
        }
        options = {"legend": {"displayMode": "list", "placement": "bottom"}, "tooltip": {"mode": "multi", "sort": "desc"}}
    else:
        options = {"reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False}}
        if panel.kind == "stat":
            options.update({"colorMode": "value", "graphMode": "area"})
        else:
            options.update({"displayMode": "basic", "orientation": "horizontal"})
    return {
        "id": number,
        "type": panel.kind,
        "title": panel.title,
        "description": panel.description,
        "datasource": DATASOURCE,
        "gridPos": {"x": x, "y": y, "w": panel.width, "h": panel.height},
        "fieldConfig": {"defaults": defaults, "overrides": []},
        "options": options,
        "targets": [
            {
                "refId": chr(ord("A") + i),
                "datasource": DATASOURCE,
                "expr": expression,
                "legendFormat": legend,
                "instant": panel.instant,
                "range": not panel.instant,
                "exemplar": expression.startswith("histogram_quantile(") and not panel.instant,
            }
            for i, (legend, expression) in enumerate(panel.queries)
        ],
    }


def dashboard_json(board):
    panels, number, y = [], 1, 0
    for row in board.rows:
        panels.append(
            {"id": number, "type": "row", "title": row.title, "collapsed": False, "panels": [], "gridPos": {"x": 0, "y": y, "w": WIDTH, "h": 1}}
        )
        number, y, x, tallest = number + 1, y + 1, 0, 0
        for panel in row.panels:
            if x + panel.width > WIDTH:
                x, y, tallest = 0, y + tallest, 0
            panels.append(panel_json(panel, number, x, y))
            number, x, tallest = number + 1, x + panel.width, max(tallest, panel.height)
        y += tallest
    return {
        "uid": board.uid,
        "title": board.title,
        "description": board.description,
        "tags": ["oriel"],
        "schemaVersion": 39,
        "version": 1,
        "editable": False,
        "graphTooltip": 1,
        "refresh": "30s",
        "time": {"from": "now-1h", "to": "now"},
        "timezone": "browser",
        "templating": {"list": VARIABLES},
        "annotations": {"list": [CONFIGURED]},
        "links": [
            {"type": "dashboards", "title": "Oriel", "tags": ["oriel"], "asDropdown": True, "includeVars": True, "keepTime": True}
        ],
        "panels": panels,
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing; fail when a file differs")
    arguments = parser.parse_args()
    stale = []
    GRAFANA.mkdir(exist_ok=True)
    for board in DASHBOARDS:
        path = GRAFANA / f"{board.uid}.json"
        text = json.dumps(dashboard_json(board), indent=2) + "\n"
        if arguments.check and (not path.is_file() or path.read_text() != text):
            stale.append(path.name)
        elif not arguments.check:
            path.write_text(text)
    if stale:
        sys.exit(f"not what build.py writes: {', '.join(stale)}")


if __name__ == "__main__":
    main()
