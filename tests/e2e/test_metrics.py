"""The page that Prometheus reads."""

import gzip
import os
import shutil
import subprocess
import urllib.request

import pytest

from harness.samples import user
from harness.servers import BEDROCK_MODEL, OPENAI_MODEL


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


def test_openmetrics(busy):
    from prometheus_client.openmetrics.parser import text_string_to_metric_families

    headers, page = fetch(busy, "application/openmetrics-text; version=1.0.0, text/plain;q=0.5")
    assert headers["content-type"].startswith("application/openmetrics-text; version=1.0.0")
    assert page.endswith(b"# EOF\n")
    families = {family.name for family in text_string_to_metric_families(page.decode())}
    assert "oriel_requests" in families


def test_both_expositions_name_the_same_families(busy):
    _, classic = fetch(busy)
    _, openmetrics = fetch(busy, "application/openmetrics-text; version=1.0.0")

    def names(page):
        return {
            line.split()[2].removesuffix("_total")
            for line in page.decode().splitlines()
            if line.startswith("# TYPE")
        }

    assert names(classic) == names(openmetrics)


def test_gzip_when_asked(busy):
    headers, page = fetch(busy, encoding="gzip")
    if headers.get("content-encoding") == "gzip":
        page = gzip.decompress(page)
    assert b"oriel_requests_total" in page


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
    assert (
        samples.total("oriel_requests_total", endpoint="chat_completions", model=BEDROCK_MODEL) == 0
    )
    assert any(name == "oriel_requests_total" for name, _ in samples)


def test_a_scrape_counts_itself(gateway):
    before = gateway.scraper.scrape()
    gateway.scraper.recorded(before, 1, endpoint="metrics")


def test_histograms_are_whole(busy):
    samples = busy.scraper.scrape()
    for (name, labels), value in samples.items():
        if name.endswith("_bucket") and dict(labels)["le"] == "+Inf":
            rest = frozenset(item for item in labels if item[0] != "le")
            assert value == samples[(name.removesuffix("_bucket") + "_count", rest)]
