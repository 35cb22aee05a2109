"""The proof (observability.md §7): a real Prometheus scrapes a gateway under a mixed load. Every
panel and every rule is asked there and answers, and every output of the gateway says the same of
the same requests as the load's clients, the upstreams' books and integer arithmetic do.

The gateway has ended before anything is compared, so that log lines, EMF documents and spans are
whole; Prometheus is asked for the instant before that. Scrapes are requests themselves (endpoint
`metrics`): whatever names the endpoint is compared without them.
"""

import subprocess
from collections import Counter
from decimal import Decimal

import pytest
import yaml

from harness import grafana
from harness.load import MODELS
from harness.otlp_collector import CLIENT, SERVER, attributes
from harness.prometheus import promtool
from harness.promql import selectors
from harness.proof import NANO, ROUNDS, observed

# The first test waits for the whole run.
pytestmark = pytest.mark.timeout(600)

BEDROCK = [name for name, (provider, _, _) in MODELS.items() if provider == "bedrock"]
PRICED = [name for name, (_, _, price) in MODELS.items() if price]


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    with observed(tmp_path_factory.mktemp("prometheus")) as run:
        yield run


# -------------------------------------------------------------------------------------- promtool


def test_promtool_takes_the_page(run):
    checked = subprocess.run(
        [promtool(), "check", "metrics"], input=run.page, text=True, capture_output=True
    )
    assert (checked.returncode, checked.stdout + checked.stderr) == (0, "")


def test_promtool_takes_the_configuration(run):
    subprocess.run([promtool(), "check", "config", run.prometheus.config], check=True)


# ---------------------------------------------------------------------------------- every panel

# "uid: title" of panels that cannot show anything under this load: why.
SILENT_PANELS = {}


def expanded(expression: str, run, model=".+") -> str:
    seconds = int(run.end - run.start) + 1
    values = {"job": ".+", "instance": ".+", "model": model, "provider": ".+"}
    values |= {"__rate_interval": "8s", "__range": f"{seconds}s", "__range_s": str(seconds)}
    return grafana.expand(expression, values)


def asked(run, target) -> list:
    expression = expanded(target["expr"], run)
    if target.get("instant"):
        return [(labels, [v]) for labels, v in run.prometheus.query(expression, run.end)]
    return run.prometheus.query_range(expression, run.start, run.end)


def panel_queries():
    for path in grafana.FILES:
        board = grafana.load(path)
        for title, target in grafana.targets(board):
            legend = target.get("legendFormat", target.get("textFormat"))
            panel = f"{path.stem}: {title}"
            yield pytest.param(panel, target, id=f"{panel}: {legend}")


@pytest.mark.parametrize("panel,target", list(panel_queries()))
def test_every_panel_shows_something(run, panel, target):
    series = asked(run, target)
    shown = [labels for labels, values in series if any(value == value for value in values)]
    if panel in SILENT_PANELS:
        assert not shown, f"{panel} does show something"
        return
    assert shown, expanded(target["expr"], run)
    for label in grafana.legend_labels(target.get("legendFormat", "")):
        assert all(label in labels for labels in shown), label


@pytest.mark.parametrize("title", ["A thousand chats", "A million tokens"])
def test_what_has_no_price_makes_nothing_look_cheap(run, title):
    found = grafana.targets(grafana.load(grafana.FOLDER / "grafana/oriel-cost.json"))
    expression = dict(found)[title]["expr"]
    (everything,) = run.prometheus.query(expanded(expression, run), run.end)
    (priced,) = run.prometheus.query(expanded(expression, run, "|".join(PRICED)), run.end)
    assert 0 < everything[1] == pytest.approx(priced[1])


@pytest.mark.parametrize("name", ["job", "instance", "model", "provider"])
def test_every_variable_has_values(run, name):
    board = grafana.load(grafana.FILES[0])
    selector, label = grafana.label_query(grafana.variables(board)[name])
    matched = {"match[]": expanded(selector, run), "start": run.start, "end": run.end}
    series = run.prometheus.api("series", **matched)
    assert {one[label] for one in series}
    if name == "model":
        assert set(MODELS) <= {one[label] for one in series}


# ----------------------------------------------------------------------------------- every rule

RULES = [
    rule
    for name in ("recording.yml", "alerts.yml")
    for group in yaml.safe_load((grafana.FOLDER / "rules" / name).read_text())["groups"]
    for rule in group["rules"]
]
RECORDED = [rule for rule in RULES if "record" in rule]
ALERTS = [rule for rule in RULES if "alert" in rule]
# Selectors that find nothing, because what they look for must never happen.
SILENT_SELECTORS = {
    'oriel_requests_total{outcome="gateway_internal"}': "a bug of the gateway",
    'oriel_requests_total{outcome="other"}': "an end that has no word",
}


@pytest.mark.parametrize("rule", RECORDED, ids=lambda rule: rule["record"])
def test_every_recording_rule_records(run, rule):
    series = run.prometheus.query_range(rule["record"], run.start, run.end)
    assert any(value == value for _, values in series for value in values)
    asked_now = run.prometheus.query(rule["expr"], run.end)
    assert {frozenset(labels) for labels, _ in asked_now} == {
        frozenset(labels) - {"__name__"} for labels, _ in series
    }


@pytest.mark.parametrize("rule", ALERTS, ids=lambda r: r["alert"] + r["labels"].get("window", ""))
def test_every_alert_can_see(run, rule):
    run.prometheus.query(rule["expr"], run.end)
    for selector in selectors(rule["expr"]):
        text = selector.text(rule["expr"])
        found = run.prometheus.query(text, run.end)
        assert bool(found) != (text in SILENT_SELECTORS), text


def test_silent_selectors_are_those_of_alerts():
    texts = {s.text(rule["expr"]) for rule in ALERTS for s in selectors(rule["expr"])}
    assert set(SILENT_SELECTORS) <= texts


def test_rules_are_healthy(run):
    for group in run.prometheus.api("rules")["groups"]:
        for rule in group["rules"]:
            assert rule["health"] == "ok" and not rule.get("lastError"), rule


# What this load must rouse, and what it must not; others depend on the machine (OrielDown: a scrape
# that takes too long).
ROUSED = {
    "OrielErrorBudgetBurn",
    "OrielProviderThrottling",
    "OrielProviderFaults",
    "OrielCredentialsRefused",
    "OrielAccessDenied",
    "OrielUsageMissing",
    "OrielUnpricedRequests",
    "OrielWaste",
    "OrielModelListsFailing",
}
UNROUSED = {
    "OrielClientsGiveUp",
    "OrielGatewayFaults",
    "OrielUnknownOutcome",
    "OrielShedding",
    "OrielNoTraffic",
    "OrielVanished",
    "OrielCredentialsExpiring",
    "OrielSeriesOverflow",
    "OrielLogLinesDropped",
    "OrielSpansDropped",
    "OrielFileDescriptors",
}


def test_alerts_rouse_whom_they_should(run):
    roused = {alert["labels"]["alertname"] for alert in run.alerts}
    assert ROUSED <= roused
    assert not UNROUSED & roused


# -------------------------------------------------------------------------------- every family

# Families of which nothing but zeros is right here: nothing was lost, nobody was turned away.
STILL = {
    "oriel_requests_shed_total",
    "oriel_log_lines_dropped_total",
    "oriel_spans_dropped_total",
    "oriel_metric_series_overflow_total",
}


def test_every_family_has_moved(run):
    lines = (grafana.ROOT / "tests/metrics/golden/families.txt").read_text().splitlines()
    still = set()
    for name, kind, *_ in map(str.split, lines):
        sample = name + "_count" if kind == "histogram" else name
        series = run.prometheus.query_range(sample, run.start, run.end)
        assert series, f"{sample} is not exposed"
        if not any(value for _, values in series for value in values):
            still.add(name)
    assert still == STILL


# ------------------------------------------------------------------------------- exact sums

NOT_SCRAPES = 'endpoint!="metrics"'
CHATS = 'endpoint="chat_completions"'
CUT = 'reason=~"truncated|corrupt|upstream_error"'


def test_requests_are_those_of_the_clients(run):
    ends = run.load.ends()
    assert run.number(f"sum(oriel_requests_total{{{CHATS}}})") == len(run.load.seen)
    assert run.number(f"sum(oriel_requests_total{{{NOT_SCRAPES}}})") == run.load.requests()
    codes = run.by(f"sum by (code) (oriel_requests_total{{{CHATS}}})", "code")
    assert codes["200"] == ends["200"] and codes["499"] == ends["left"]
    # A stream that broke was a 200 for its client and counts under the status of its error.
    seen = Counter({code: count for code, count in ends.items() if code.isdigit()})
    assert (codes - seen).total() == ends["broken"] + ends["left"] and not seen - codes
    assert run.number(f"sum(oriel_streams_ended_total{{{CUT}}})") == ends["broken"]
    for (endpoint, code), count in run.load.others.items():
        counted = f'sum(oriel_requests_total{{endpoint="{endpoint}",code="{code}"}})'
        assert run.number(counted) == count


def test_outcomes_are_those_of_the_clients(run):
    ends = run.load.ends()
    outcomes = run.by(f"sum by (outcome) (oriel_requests_total{{{CHATS}}})", "outcome")
    assert outcomes["ok"] == ends["200"]
    assert outcomes["caller_cancelled"] == ends["left"]
    assert outcomes["caller_invalid_request"] == ends["400"]
    assert outcomes["caller_unknown_model"] == ends["404"]
    assert outcomes["provider_access_denied"] == ends["403"]
    failed = sum(count for name, count in outcomes.items() if name.startswith("provider_"))
    assert failed == sum(ends[end] for end in ("403", "429", "500", "502", "broken"))
    classes = run.by(
        f"sum by (class) (oriel_request_duration_seconds_count{{{CHATS}}})", "class"
    )
    by_class = Counter()
    for outcome, count in outcomes.items():
        by_class[outcome.split("_")[0]] += count
    assert classes == by_class


def test_streams_and_answers_are_those_of_the_clients(run):
    whole = [one for one in run.load.seen if one.job.stream and one.end == "200"]
    streams = run.by("sum by (reason) (oriel_streams_ended_total)", "reason")
    assert streams["complete"] == len(whole)
    assert streams["client_abort"] == run.load.ends()["left"]
    # A reader that left has not seen all that was written for it.
    chunks = sum(one.chunks for one in run.load.seen if one.job.model != "spill")
    assert run.number('sum(oriel_stream_chunks_total{model!="spill"})') == chunks
    finished = Counter()
    for one in run.load.seen:
        finished.update(one.finish_reasons.keys())
    counted = run.by("sum by (finish_reason) (oriel_finish_reasons_total)", "finish_reason")
    read_on = Counter(stop=run.load.ends()["left"])  # to the end, for who was not there any more
    assert counted == finished + read_on


@pytest.mark.parametrize("model", [name for name in MODELS if name != "spill"])
def test_tokens_are_those_of_the_clients(run, model):
    counted = run.by(f'sum by (kind) (oriel_tokens_total{{model="{model}"}})', "kind")
    assert counted == run.load.tokens(model)
    reasoning = sum(one.reasoning for one in run.load.seen if one.job.model == model)
    assert run.number(f'sum(oriel_reasoning_tokens_total{{model="{model}"}})') == reasoning


def test_wasted_tokens_are_what_no_client_saw(run):
    everything = run.by('sum by (kind) (oriel_tokens_total{provider="bedrock"})', "kind")
    seen = run.load.tokens(*BEDROCK)
    wasted = run.number('sum(oriel_wasted_tokens_total{provider="bedrock"})')
    assert wasted == everything.total() - seen.total() > 0
    assert run.number('sum(oriel_wasted_tokens_total{provider!="bedrock"})') == 0
    reasons = run.by("sum by (reason) (oriel_wasted_tokens_total)", "reason")
    assert set(reasons) == {"client_abort", "retry"}


def test_tokens_are_those_of_the_upstreams(run):
    bedrock = run.by('sum by (kind) (oriel_tokens_total{provider="bedrock"})', "kind")
    writes = bedrock["cache_write_5m"] + bedrock["cache_write_1h"]
    assert run.billed == {
        "input": bedrock["input"],
        "output": bedrock["output"],
        "cache_read": bedrock["cache_read"],
        "cache_write": writes,
    }
    fake = run.by('sum by (kind) (oriel_tokens_total{provider="fake"})', "kind")
    assert fake["input"] + fake["cache_read"] == run.fake.prompt_tokens
    assert fake["output"] == run.fake.completion_tokens
    attempts = run.number('sum(oriel_upstream_attempts_total{provider="bedrock"})')
    assert attempts == run.attempts
    again = run.number("sum(oriel_retries_total)")
    assert again >= ROUNDS, "malformed output is asked for once more"
    asked = [one for one in run.load.seen if one.job.model in BEDROCK and one.end != "400"]
    twice = [one for one in asked if one.job.fields.get("n") == 2]
    assert attempts == len(asked) + len(twice) + again


@pytest.mark.parametrize("model", [name for name in PRICED if name != "spill"])
def test_cost_is_tokens_times_price(run, model):
    cost = run.nano_dollars(f'sum(oriel_cost_usd_total{{model="{model}"}})')
    assert cost == run.load.nano_dollars(model)
    assert run.number(f'sum(oriel_unpriced_requests_total{{model="{model}"}})') == 0


def test_wasted_cost_is_wasted_tokens_times_price(run):
    """All waste is of one model, which has one price for every kind."""
    price = int(Decimal(MODELS["spill"][2]["input"]) * 1000)
    tokens = run.number("sum(oriel_wasted_tokens_total)")
    assert run.nano_dollars("sum(oriel_wasted_cost_usd_total)") == tokens * price
    all_of_it = run.number('sum(oriel_tokens_total{model="spill"})')
    assert run.nano_dollars('sum(oriel_cost_usd_total{model="spill"})') == all_of_it * price
    bought = run.nano_dollars("sum(oriel_cost_usd_total)") - tokens * price
    assert bought == run.load.nano_dollars(*PRICED)


def test_what_has_no_price_is_not_free(run):
    unpriced = run.by("sum by (model) (oriel_unpriced_requests_total)", "model")
    used = [one for one in run.load.seen if one.job.model == "free" and one.usage]
    assert unpriced == {"free": len(used)}
    assert run.nano_dollars('sum(oriel_cost_usd_total{model="free"})') == 0


def test_answers_without_usage_are_counted(run):
    without = [one for one in run.load.seen if one.end == "200" and not one.usage]
    absent = run.number('sum(oriel_usage_missing_total{reason="absent"})')
    assert absent == len(without) > 0


# ------------------------------------------------------------------- every output says the same


def logged_tokens(lines) -> Counter:
    sums = Counter()
    for line in lines:
        sums.update(line.get("tokens", {}))
    return sums


def test_log_lines_sum_up_to_the_counters(run):
    chats = run.chats()
    assert len(chats) == run.number(f"sum(oriel_requests_total{{{CHATS}}})")
    assert len([x for x in run.lines if x["endpoint"] != "metrics"]) == run.load.requests()
    for label, name in (("outcome", "outcome"), ("code", "status"), ("model", "model")):
        counted = run.by(f"sum by ({label}) (oriel_requests_total{{{CHATS}}})", label)
        assert Counter(str(line.get(name, "unknown")) for line in chats) == counted
    kinds = run.by("sum by (kind) (oriel_tokens_total)", "kind")
    tokens = logged_tokens(run.lines)
    assert tokens["cache_write"] == kinds.pop("cache_write_5m") + kinds.pop("cache_write_1h")
    assert {kind: tokens[kind] for kind in kinds} == kinds
    assert tokens["reasoning"] == run.number("sum(oriel_reasoning_tokens_total)")
    attempts = sum(len(line.get("attempts", [])) for line in run.lines)
    assert attempts == run.number("sum(oriel_upstream_attempts_total)")


def test_log_lines_sum_up_to_the_cost(run):
    text = [str(line["cost_usd"]) for line in run.lines if "cost_usd" in line]
    cost = sum(map(Decimal, text))
    assert cost * NANO == run.nano_dollars("sum(oriel_cost_usd_total)")


def totals(documents, *names) -> list:
    """Sums of the documents that have no dimension."""
    whole = [d for d in documents if d["_aws"]["CloudWatchMetrics"][0]["Dimensions"] == [[]]]
    return [sum(Decimal(str(document.get(name, 0))) for document in whole) for name in names]


def test_emf_documents_sum_up_to_the_counters(run):
    (requests,) = totals(run.documents, "RequestCount")
    assert requests == len(run.lines), "scrapes too: the gateway has ended"
    names = ("InputTokens", "OutputTokens", "CacheReadTokens", "CacheWriteTokens", "TokensUsed")
    kinds = run.by("sum by (kind) (oriel_tokens_total)", "kind")
    writes = kinds["cache_write_5m"] + kinds["cache_write_1h"]
    expected = [kinds["input"], kinds["output"], kinds["cache_read"], writes, kinds.total()]
    assert totals(run.documents, *names) == expected
    outcomes = Counter(line["outcome"] for line in run.lines)
    aborts = outcomes["caller_cancelled"]
    errors = outcomes.total() - outcomes["ok"]
    assert totals(run.documents, "ErrorCount", "ClientAbortCount") == [errors, aborts]
    counters = {
        "RetryCount": "oriel_retries_total",
        "ThrottleCount": 'oriel_upstream_attempts_total{outcome="provider_throttled"}',
        "WastedTokens": "oriel_wasted_tokens_total",
        "UnpricedCount": "oriel_unpriced_requests_total",
        "StreamingChunkCount": "oriel_stream_chunks_total",
    }
    assert dict(zip(counters, totals(run.documents, *counters), strict=True)) == {
        name: run.number(f"sum({selector})") for name, selector in counters.items()
    }
    dollars = [cost * NANO for cost in totals(run.documents, "CostUSD", "WastedCostUSD")]
    assert dollars == [
        run.nano_dollars("sum(oriel_cost_usd_total)"),
        run.nano_dollars("sum(oriel_wasted_cost_usd_total)"),
    ]


def summed(spans, name):
    return sum(found.get(name, 0) for found in spans)


def test_spans_sum_up_to_the_counters(run):
    server = [attributes(span) for span in run.spans if span["kind"] == SERVER]
    chats = [found for found in server if found.get("gen_ai.operation.name") == "chat"]
    untraced = sum(n for (endpoint, _), n in run.load.others.items() if endpoint == "health")
    assert len(server) == run.load.requests() - untraced, "scrapes and probes have no trace"
    assert len(chats) == len(run.load.seen)
    client = [span for span in run.spans if span["kind"] == CLIENT]
    assert len(client) == run.number("sum(oriel_upstream_attempts_total)")
    kinds = run.by("sum by (kind) (oriel_tokens_total)", "kind")
    assert summed(chats, "gen_ai.usage.output_tokens") == kinds["output"]
    read = kinds.total() - kinds["output"]
    assert summed(chats, "gen_ai.usage.input_tokens") == read, "cached tokens are input too"
    failed = Counter(found["error.type"] for found in chats if "error.type" in found)
    outcomes = run.by(f"sum by (outcome) (oriel_requests_total{{{CHATS}}})", "outcome")
    del outcomes["ok"]
    assert failed == outcomes


def test_spans_sum_up_to_the_cost(run):
    server = [attributes(span) for span in run.spans if span["kind"] == SERVER]
    client = [attributes(span) for span in run.spans if span["kind"] == CLIENT]
    cost = run.nano_dollars("sum(oriel_cost_usd_total)")
    assert summed(server, "oriel.cost_nano_usd") == cost
    assert summed(client, "oriel.attempt.cost_nano_usd") == cost
    wasted = [found for found in client if "oriel.attempt.wasted" in found]
    assert summed(wasted, "oriel.attempt.cost_nano_usd") == run.nano_dollars(
        "sum(oriel_wasted_cost_usd_total)"
    )


def test_log_lines_and_spans_are_of_the_same_requests(run):
    logged = {(line["trace_id"], line["span_id"]) for line in run.lines if "trace_id" in line}
    server = [span for span in run.spans if span["kind"] == SERVER]
    assert logged == {(span["traceId"], span["spanId"]) for span in server}


def test_standard_names_say_the_same(run):
    durations = 'gen_ai_server_request_duration_seconds_count{gen_ai_operation_name="chat"}'
    assert run.number(f"sum({durations})") == len(run.load.seen)
    tokens = run.by(
        "sum by (gen_ai_token_type) (gen_ai_client_token_usage_sum)", "gen_ai_token_type"
    )
    kinds = run.by("sum by (kind) (oriel_tokens_total)", "kind")
    assert tokens == {"input": kinds["input"], "output": kinds["output"]}, "without cached ones"


def test_no_span_and_no_line_is_lost(run):
    assert run.number("sum(oriel_spans_dropped_total)") == 0
    assert run.number("sum(oriel_log_lines_dropped_total)") == 0


@pytest.mark.parametrize(
    "metric", ["oriel_request_duration_seconds_bucket", "oriel_time_to_first_token_seconds_bucket"]
)
def test_exemplars_lead_to_traces(run, metric):
    found = run.prometheus.api("query_exemplars", query=metric, start=run.start, end=run.end)
    named = {one["labels"]["trace_id"] for series in found for one in series["exemplars"]}
    assert named
    assert named <= {span["traceId"] for span in run.spans}
    assert named <= {line.get("trace_id") for line in run.lines}
