"""The page that Prometheus reads."""

import gzip
import os
import shutil
import subprocess
import time
import urllib.request

import pytest

from harness.process import eventually
from harness.raw_http import RawClient, json_request
from harness.samples import user
from harness.servers import BEDROCK_ID, BEDROCK_MODEL, OPENAI_MODEL


@pytest.fixture
def busy(gateway, client):
    """The gateway after some of everything."""
    for model in (BEDROCK_MODEL, OPENAI_MODEL):
        for stream in (False, True):
            answer = client.chat.completions.create(model=model, messages=user("Hi"), stream=stream)
            if stream:
                list(answer)
    return gateway


def fetch(gateway, accept=None, encoding=None):
    headers = {
        key: value for key, value in (("Accept", accept), ("Accept-Encoding", encoding)) if value
    }
    call = urllib.request.Request(gateway.scraper.url, headers=headers)
    with urllib.request.urlopen(call, timeout=30) as answer:
        return answer.headers, answer.read()


def types_of(page: bytes):
    """Family -> type. OpenMetrics leaves a counter's suffix out of its family's name."""
    rows = [line.split() for line in page.decode().splitlines() if line.startswith("# TYPE")]
    return {row[2].removesuffix("_total"): row[3] for row in rows}


def test_promtool(busy):
    tool = os.environ.get("ORIEL_PROMTOOL") or shutil.which("promtool")
    assert tool, "promtool is not installed"
    checked = subprocess.run(
        [tool, "check", "metrics"],
        input=busy.scraper.text(),
        text=True,
        capture_output=True,
        timeout=60,
    )
    assert (checked.returncode, checked.stdout + checked.stderr) == (0, "")


def test_classic_text(busy):
    headers, page = fetch(busy)
    assert headers["content-type"].startswith("text/plain; version=0.0.4")
    assert b"# EOF" not in page


OPENMETRICS = "application/openmetrics-text; version=1.0.0, text/plain;q=0.5"
# As Prometheus 2.42 asks with exemplars on.
PROMETHEUS = {
    "accept": "application/openmetrics-text;version=1.0.0,application/openmetrics-text;"
    "version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
    "encoding": "gzip",
}


def openmetrics_families(page: bytes):
    """Parsed by the reference parser, which is strict."""
    from prometheus_client.openmetrics.parser import text_string_to_metric_families

    return {family.name: family for family in text_string_to_metric_families(page.decode())}


def test_openmetrics(busy):
    headers, page = fetch(busy, OPENMETRICS)
    assert headers["content-type"].startswith("application/openmetrics-text; version=1.0.0")
    assert page.endswith(b"# EOF\n")
    families = openmetrics_families(page)
    assert families["oriel_requests"].type == "counter"
    assert families["oriel_request_duration_seconds"].unit == "seconds"
    assert families["oriel_cost_usd"].unit == "usd"


def test_as_prometheus_asks(busy):
    headers, page = fetch(busy, **PROMETHEUS)
    assert headers["content-type"].startswith("application/openmetrics-text")
    assert headers["content-encoding"] == "gzip"
    assert "oriel_requests" in openmetrics_families(gzip.decompress(page))


def exemplars_of(page: bytes):
    return [
        (sample, sample.exemplar)
        for family in openmetrics_families(page).values()
        for sample in family.samples
        if sample.exemplar
    ]


def test_exemplars_name_the_sampled_trace(gateway, client):
    trace_id = os.urandom(16).hex()
    with gateway.scraper.watch(2):
        for flags in ("00", "01"):
            client.chat.completions.create(
                model=BEDROCK_MODEL,
                messages=user("Hi"),
                extra_headers={"traceparent": f"00-{trace_id}-{'0' * 15}1-{flags}"},
            )
    _, page = fetch(gateway, OPENMETRICS)
    mine = [
        (sample, mark)
        for sample, mark in exemplars_of(page)
        if mark.labels["trace_id"] == trace_id
    ]
    names = {sample.name for sample, _ in mine}
    assert names == {
        name + "_bucket"
        for name in (
            "oriel_request_duration_seconds",
            "oriel_overhead_seconds",
            "oriel_upstream_attempt_duration_seconds",
            "gen_ai_server_request_duration_seconds",
        )
    }
    for sample, mark in mine:
        assert mark.value <= float(sample.labels["le"])
        assert abs(float(mark.timestamp) - time.time()) < 60
        assert len(mark.labels["span_id"]) == 16
    _, classic = fetch(gateway)
    assert trace_id.encode() not in classic


def test_both_expositions_name_the_same_families(busy):
    _, classic = fetch(busy)
    _, openmetrics = fetch(busy, "application/openmetrics-text; version=1.0.0")
    assert types_of(classic) == types_of(openmetrics)


@pytest.mark.parametrize(
    "encoding", ["gzip", "br;q=1.0, gzip;q=0.8, *;q=0.1", "*", "identity;q=0.5, gzip"]
)
def test_gzip_when_asked(busy, encoding):
    headers, page = fetch(busy, encoding=encoding)
    assert headers["content-encoding"] == "gzip"
    plain = gzip.decompress(page)
    assert len(page) * 4 < len(plain)
    assert types_of(plain) == types_of(fetch(busy)[1])


@pytest.mark.parametrize("encoding", [None, "", "gzip;q=0", "identity", "br", "*;q=0"])
def test_no_gzip_otherwise(busy, encoding):
    headers, page = fetch(busy, encoding=encoding)
    assert "content-encoding" not in headers
    assert b"\noriel_requests_total{" in page


def test_standard_families(busy):
    samples = busy.scraper.scrape()
    names = {name for name, _ in samples}
    assert {
        "process_cpu_seconds_total",
        "process_resident_memory_bytes",
        "process_virtual_memory_bytes",
        "process_open_fds",
        "process_max_fds",
        "process_start_time_seconds",
        "oriel_build_info",
    } <= names
    assert samples.total("oriel_build_info") == 1
    assert samples.total("process_open_fds") >= 5


LABELS = {
    "endpoint",
    "model",
    "provider",
    "code",
    "outcome",
    "stream",
    "class",
    "stage",
    "le",
    "kind",
    "source",
    "reason",
    "parameter",
    "action",
    "feature",
    "upstream_model",
    "region",
    "finish_reason",
    "result",
    "worker",
    "family",
    "version",
    "commit",
    "compiler",
    # OpenTelemetry's names.
    "gen_ai_operation_name",
    "gen_ai_provider_name",
    "gen_ai_request_model",
    "gen_ai_response_model",
    "gen_ai_token_type",
    "error_type",
}


def test_labels_are_a_closed_set(busy):
    found = {label for _, labels in busy.scraper.scrape() for label, _ in labels}
    assert found <= LABELS


def test_outcomes_are_a_closed_set(busy):
    outcomes = busy.scraper.scrape().by("oriel_requests_total", "outcome")
    assert all(
        outcome == "ok" or outcome.startswith(("caller_", "policy_", "provider_", "gateway_"))
        for outcome in outcomes
    ), outcomes


def test_series_exist_before_the_first_request(start_gateway):
    samples = start_gateway().scraper.scrape()
    for family in ("requests", "tokens", "streams_ended", "finish_reasons", "usage_missing", "cost_usd"):
        for model, provider in ((BEDROCK_MODEL, "bedrock"), (OPENAI_MODEL, "fake")):
            whose = {("model", model), ("provider", provider)}
            found = [
                value
                for (name, labels), value in samples.items()
                if name == f"oriel_{family}_total" and whose <= labels
            ]
            assert found and not any(found), family


def test_a_scrape_counts_itself(start_gateway):
    """Not yet on its own page, but in time."""
    scraper = start_gateway().scraper
    earlier = 0

    def all_earlier_ones_are_counted():
        nonlocal earlier
        counted = scraper.scrape().total("oriel_requests_total", endpoint="metrics")
        assert counted <= earlier
        earlier += 1
        return counted == earlier - 1 > 0

    eventually(all_earlier_ones_are_counted, "every scrape before this one is counted")


def test_histograms_are_whole(busy):
    samples = busy.scraper.scrape()
    for (name, labels), value in samples.items():
        if name.endswith("_bucket") and dict(labels)["le"] == "+Inf":
            rest = frozenset(item for item in labels if item[0] != "le")
            assert value == samples[(name.removesuffix("_bucket") + "_count", rest)]


def test_what_clients_call_models_is_no_label(start_gateway, pool):
    """5,000 names that nobody serves, and bodies that are no UTF-8, leave the series alone."""
    gateway = start_gateway()

    def post(connection, model: bytes) -> int:
        body = b'{"model":"%s","messages":[{"role":"user","content":"Hi"}]}' % model
        connection.send(json_request(body))
        return connection.read_answer("POST").status

    def post_all(worker: int) -> list[int]:
        with RawClient(gateway.port) as connection:
            good = [post(connection, b"model-%d-%d" % (worker, i)) for i in range(500)]
            long = post(connection, b"x" * 5000 + b"%d" % worker)
        with RawClient(gateway.port) as connection:
            return [*good, long, post(connection, b"\xff\xfe%d" % worker)]

    with gateway.scraper.watch(502):
        warm = post_all(99)
    before = gateway.scraper.scrape()
    with gateway.scraper.watch(5020) as delta:
        codes = [code for codes in pool.map(post_all, range(10)) for code in codes]
    assert set(warm[:-1]) == {404} and warm[-1] == 400
    assert sorted(set(codes)) == [400, 404] and codes.count(400) == 10
    assert delta.by("oriel_requests_total", "model", endpoint="chat_completions") == {
        "unknown": len(codes)
    }
    after = gateway.scraper.scrape()
    assert after.keys() == before.keys()
    assert after.total("oriel_metric_series") == before.total("oriel_metric_series")
    assert after.total("oriel_metric_series_overflow_total") == 0


def test_the_model_that_answers_is_named(busy):
    answered = busy.scraper.scrape().by(
        "gen_ai_server_request_duration_seconds_count",
        "gen_ai_response_model",
        gen_ai_request_model=BEDROCK_MODEL,
        gen_ai_provider_name="aws.bedrock",
    )
    assert list(answered) == [BEDROCK_ID]
