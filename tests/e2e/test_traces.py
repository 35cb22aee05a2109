"""Traces: where a request stands in its caller's, what is exported and what is not, and a collector
that misbehaves."""

import secrets
import threading
import urllib.error
import urllib.request

import openai
import pytest

from harness.otlp_collector import (
    CLIENT,
    ERROR,
    HANG,
    SERVER,
    Answer,
    OtlpCollector,
    attributes,
    rejecting,
)
from harness.process import eventually
from harness.samples import user
from harness.servers import BEDROCK_ID, BEDROCK_MODEL, OPENAI_ID, OPENAI_MODEL, sdk

THROTTLED = "[sim status=429 exception=ThrottlingException]"
FAILED = "[sim status=500]"


@pytest.fixture
def collector():
    running = OtlpCollector().start()
    yield running
    running.stop()


@pytest.fixture
def traced(start_gateway, collector):
    """Starts a gateway that exports to the collector, soon after each request."""

    def start(environment=None, **options):
        variables = {
            "OTEL_EXPORTER_OTLP_ENDPOINT": collector.address,
            "OTEL_BSP_SCHEDULE_DELAY": "10",
            **(environment or {}),
        }
        return start_gateway(environment=variables, **options)

    return start


def new_parent(flags="01"):
    """A caller's place in a trace, and the header that says it."""
    trace_id, span_id = secrets.token_hex(16), secrets.token_hex(8)
    return trace_id, span_id, {"traceparent": f"00-{trace_id}-{span_id}-{flags}"}


def ask(client, text="Hi", model=BEDROCK_MODEL, headers=None, stream=False):
    answer = client.chat.completions.create(
        model=model, messages=user(text), extra_headers=headers or {}, stream=stream
    )
    return list(answer) if stream else answer


def fail(client, text, **more):
    with pytest.raises(openai.APIStatusError):
        ask(client, text, **more)


# ------------------------------------------------------------------------------ where a span stands


@pytest.mark.smoke
def test_a_callers_span_is_the_parent_of_ours(traced, collector, model):
    gateway = traced()
    trace_id, parent, headers = new_parent()
    headers["tracestate"] = "rojo=1,congo=2"
    answer = ask(sdk(gateway), model=model, headers={**headers, "x-request-id": "traced"})
    server, client = collector.spans_of(trace_id, 2)
    assert server["kind"] == SERVER
    assert server["parentSpanId"] == parent
    assert server["name"] == f"chat {model}"
    assert server["flags"] == 0x301, "sampled, and the parent is remote"
    assert client["kind"] == CLIENT
    assert client["parentSpanId"] == server["spanId"]
    assert client["name"] == "chat " + (BEDROCK_ID if model == BEDROCK_MODEL else OPENAI_ID)
    assert {span["traceState"] for span in (server, client)} == {"rojo=1,congo=2"}
    assert int(server["startTimeUnixNano"]) <= int(client["startTimeUnixNano"])
    assert int(client["endTimeUnixNano"]) <= int(server["endTimeUnixNano"])
    found = attributes(server)
    assert found["gen_ai.operation.name"] == "chat"
    assert found["gen_ai.request.model"] == model
    assert found["gen_ai.provider.name"] == (
        "aws.bedrock" if model == BEDROCK_MODEL else "openai"
    )
    assert found["gen_ai.usage.input_tokens"] == answer.usage.prompt_tokens
    assert found["gen_ai.usage.output_tokens"] == answer.usage.completion_tokens
    assert found["gen_ai.response.id"] == answer.id
    assert found["gen_ai.response.finish_reasons"] == ["stop"]
    assert found["http.response.status_code"] == 200
    assert "error.type" not in found and "status" not in server
    line = gateway.log_line("traced")
    assert (line["trace_id"], line["span_id"]) == (trace_id, server["spanId"])


def test_an_upstream_that_speaks_openai_hears_of_the_trace(traced, collector, fake):
    gateway = traced()
    trace_id, _, headers = new_parent()
    fake.reset()
    ask(sdk(gateway), model=OPENAI_MODEL, headers={**headers, "tracestate": "rojo=1"})
    _, client = collector.spans_of(trace_id, 2)
    (seen,) = fake.seen
    assert seen.headers["traceparent"] == f"00-{trace_id}-{client['spanId']}-01"
    assert seen.headers["tracestate"] == "rojo=1"


def test_a_trace_begins_here_without_a_good_parent(traced, collector):
    gateway = traced()
    bad = ["", "00-" + "0" * 32 + "-00f067aa0ba902b7-01", "ff-" + "1" * 32 + "-00f067aa0ba902b7-01"]
    for header in bad:
        ask(sdk(gateway), headers={"traceparent": header, "tracestate": "rojo=1"})
    eventually(lambda: len(collector.spans()) >= 2 * len(bad), "all spans")
    servers = [span for span in collector.spans() if span["kind"] == SERVER]
    assert len({span["traceId"] for span in servers}) == len(bad)
    for span in servers:
        assert "parentSpanId" not in span and "traceState" not in span
        assert span["flags"] == 0x101


def test_a_stream_tells_its_first_token(traced, collector):
    gateway = traced()
    trace_id, _, headers = new_parent()
    ask(sdk(gateway), headers=headers, stream=True)
    server, _ = collector.spans_of(trace_id, 2)
    (event,) = server["events"]
    assert event["name"] == "first token"
    begin, end = int(server["startTimeUnixNano"]), int(server["endTimeUnixNano"])
    assert begin < int(event["timeUnixNano"]) <= end
    found = attributes(server)
    assert found["gen_ai.request.stream"] is True
    since_ms = (int(event["timeUnixNano"]) - begin) / 1e6
    assert found["oriel.time_to_first_token_ms"] == pytest.approx(since_ms)


# ---------------------------------------------------------------------------- what is exported


def test_a_caller_that_does_not_sample_gets_failures_only(traced, collector):
    client = sdk(traced())
    unsampled, _, headers = new_parent("00")
    ask(client, headers=headers)
    failed, _, headers = new_parent("00")
    fail(client, FAILED, headers=headers)
    server, attempt = collector.spans_of(failed, 2)
    for span in (server, attempt):
        assert span["status"] == {"code": ERROR}
        assert attributes(span)["error.type"] == "provider_server_error"
        assert span["flags"] & 1 == 0
    assert unsampled not in {span["traceId"] for span in collector.spans()}


def test_nothing_sampled_still_exports_failures_and_what_is_slow(traced, collector):
    gateway = traced(
        environment={"OTEL_TRACES_SAMPLER": "always_off"}, settings={"tracing": {"slow_ms": 2500}}
    )
    client = sdk(gateway)
    quick, _, quick_headers = new_parent()
    slow, _, slow_headers = new_parent()
    failed, _, failed_headers = new_parent()
    wrong, _, wrong_headers = new_parent()
    ask(client, headers=quick_headers)
    ask(client, "[sim ttft_ms=2600]", headers=slow_headers, stream=True)
    fail(client, THROTTLED, headers=failed_headers)
    fail(client, "Hi", model="nobody-knows-it", headers=wrong_headers)
    gateway.stop()
    exported = {span["traceId"] for span in collector.spans()}
    assert exported == {slow, failed}, "a caller's own fault is not kept"


def test_a_refused_request_has_its_span(traced, collector):
    gateway = traced()
    trace_id, parent, headers = new_parent()
    request = urllib.request.Request(gateway.base_url + "/chat/completions", headers=headers)
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request, timeout=30)
    refused.value.close()
    assert refused.value.code == 405
    (server,) = collector.spans_of(trace_id, 1)
    assert server["parentSpanId"] == parent
    found = attributes(server)
    assert found["error.type"] == "caller_not_found"
    assert found["http.response.status_code"] == 405
    assert "status" not in server, "a caller's fault is no error of the server"


def test_probes_and_scrapes_have_no_trace(traced, collector):
    gateway = traced()
    _, _, headers = new_parent()
    for path in ("/health", "/livez", "/readyz", "/metrics"):
        request = urllib.request.Request(gateway.address + path, headers=headers)
        urllib.request.urlopen(request, timeout=30).read()
    for line in eventually(lambda: gateway.log_lines(endpoint="metrics"), "the scrape's line"):
        assert "trace_id" not in line
    gateway.stop()
    assert collector.spans() == []


def test_who_exports_nothing_samples_nothing(start_gateway, fake):
    gateway = start_gateway()
    fake.reset()
    ask(sdk(gateway), model=OPENAI_MODEL)
    trace_id, _, headers = new_parent()
    ask(sdk(gateway), model=OPENAI_MODEL, headers=headers)
    own, passed_on = (seen.headers["traceparent"] for seen in fake.seen)
    assert own.endswith("-00"), "nobody will find this trace"
    assert passed_on.startswith(f"00-{trace_id}-") and passed_on.endswith("-01")


# ------------------------------------------------------------------------------------ what they say


def test_sums_over_server_spans_equal_the_counters(traced, collector, pool):
    gateway = traced(environment={"OTEL_BSP_MAX_QUEUE_SIZE": "100000"})
    client = sdk(gateway)
    texts = [f"number {i} {'x' * i}" for i in range(20)] + ["[cache 64/8] cached"] * 5
    jobs = [(text, m, s) for text in texts for m in (BEDROCK_MODEL, OPENAI_MODEL) for s in (0, 1)]
    faults = [(text, BEDROCK_MODEL, s) for text in [THROTTLED, FAILED] * 5 for s in (0, 1)]

    def one(job):
        text, which, stream = job
        try:
            ask(client, text, model=which, stream=bool(stream))
        except openai.APIStatusError:
            pass

    with gateway.scraper.watch(len(jobs + faults)) as delta:
        list(pool.map(one, jobs + faults))
    gateway.stop()
    spans = collector.spans()
    servers = [attributes(span) for span in spans if span["kind"] == SERVER]
    assert len(servers) == delta.total("oriel_requests_total")
    clients = [attributes(span) for span in spans if span["kind"] == CLIENT]
    assert len(clients) == delta.total("oriel_upstream_attempts_total")

    def told(name, which):
        return sum(
            found.get(name, 0) for found in servers if found["gen_ai.request.model"] == which
        )

    for which in (BEDROCK_MODEL, OPENAI_MODEL):
        kinds = delta.by("oriel_tokens_total", "kind", model=which)
        output = kinds.pop("output")
        assert told("gen_ai.usage.output_tokens", which) == output
        assert told("gen_ai.usage.input_tokens", which) == sum(kinds.values())
        assert told("gen_ai.usage.cache_read.input_tokens", which) == kinds.get("cache_read", 0)
        assert told("gen_ai.usage.cache_write.input_tokens", which) == sum(
            kinds.get(kind, 0) for kind in ("cache_write_5m", "cache_write_1h")
        )
        nanos = round(delta.total("oriel_cost_usd_total", model=which) * 1e9)
        assert told("oriel.cost_nano_usd", which) == nanos
    assert told("oriel.cost_nano_usd", BEDROCK_MODEL) > 0, "Nova has a price"
    errors = [found["error.type"] for found in servers if "error.type" in found]
    outcomes = delta.by("oriel_requests_total", "outcome")
    del outcomes["ok"]
    assert {kind: errors.count(kind) for kind in errors} == outcomes


SECRET = "hunter2-and-more"


def test_no_span_holds_content_or_secrets(traced, collector):
    gateway = traced(
        environment={"OTEL_EXPORTER_OTLP_HEADERS": f"authorization=Bearer%20{SECRET},x-team=a"}
    )
    ask(sdk(gateway), "The quick brown fox")
    fail(sdk(gateway), f"The quick brown fox {FAILED}")
    gateway.stop()
    assert collector.batches
    for batch in collector.batches:
        assert batch.headers["authorization"] == f"Bearer {SECRET}"
        assert batch.headers["x-team"] == "a"
        assert "brown" not in str(batch.body) and SECRET not in str(batch.body)
    assert SECRET not in gateway.output() + gateway.errors()


def test_the_resource_and_gzip(traced, collector):
    gateway = traced(
        environment={
            "OTEL_SERVICE_NAME": "our-gateway",
            "OTEL_RESOURCE_ATTRIBUTES": "deployment.environment.name=test,team=a%20b",
            "OTEL_EXPORTER_OTLP_COMPRESSION": "gzip",
        }
    )
    ask(sdk(gateway))
    (batch,) = eventually(collector.taken, "a batch")
    assert batch.path == "/v1/traces"
    assert batch.headers["content-encoding"] == "gzip"
    assert batch.resource["service.name"] == "our-gateway"
    assert batch.resource["team"] == "a b"
    assert batch.resource["deployment.environment.name"] == "test"
    assert batch.resource["service.version"]
    assert batch.resource["telemetry.sdk.name"] == "oriel"


# ------------------------------------------------------------------------ a collector that is not well


def dropped(gateway) -> float:
    return gateway.scraper.scrape().total("oriel_spans_dropped_total")


def warnings(gateway) -> int:
    return gateway.output().count('"event":"span_export_fails"')


def assert_warned_once(gateway):
    eventually(lambda: warnings(gateway), "a warning")
    assert warnings(gateway) == 1


@pytest.mark.parametrize(
    "answer", [Answer(503), Answer(429, {"Retry-After": "1"}), Answer(502)], ids=["503", "429", "502"]
)
def test_what_may_be_tried_again_is(traced, collector, answer):
    gateway = traced()
    collector.answer_next(answer)
    trace_id, _, headers = new_parent()
    ask(sdk(gateway), headers=headers)
    collector.spans_of(trace_id, 2)
    first, second = collector.batches
    assert first.body == second.body
    assert dropped(gateway) == 0 and warnings(gateway) == 0


def test_what_is_refused_for_good_is_dropped_and_said_once(traced, collector):
    gateway = traced()
    collector.answer_next(Answer(400), Answer(500))
    for batches in (1, 2):
        ask(sdk(gateway))
        eventually(lambda: dropped(gateway) >= 2 * batches, "the drop is counted")
    assert len(collector.batches) == 2
    assert_warned_once(gateway)
    ask(sdk(gateway))
    eventually(lambda: '"event":"span_export_works"' in gateway.output(), "that it works again")
    assert dropped(gateway) == 4


def test_what_the_collector_rejects_is_counted(traced, collector):
    gateway = traced()
    collector.answer_next(rejecting(1))
    ask(sdk(gateway))
    eventually(lambda: dropped(gateway) == 1, "the rejected span is counted")


@pytest.mark.parametrize("fault", ["down", "hanging"])
def test_no_request_waits_for_the_collector(start_gateway, fault):
    collector = OtlpCollector().start()
    collector.always = HANG
    if fault == "down":
        collector.stop()
    gateway = start_gateway(
        environment={
            "OTEL_EXPORTER_OTLP_ENDPOINT": collector.address,
            "OTEL_EXPORTER_OTLP_TIMEOUT": "500",
            "OTEL_BSP_SCHEDULE_DELAY": "1",
            "OTEL_BSP_MAX_QUEUE_SIZE": "4",
        }
    )
    client = sdk(gateway)
    for _ in range(20):
        ask(client)
    assert {line["status"] for line in gateway.chat_lines(20)} == {200}
    eventually(lambda: dropped(gateway) == 40, "everything is dropped")
    assert_warned_once(gateway)
    gateway.stop()
    assert '"spans_dropped":40' in gateway.output()
    if fault == "hanging":
        collector.stop()


def test_the_end_waits_for_the_spans(traced, collector):
    gateway = traced(environment={"OTEL_BSP_SCHEDULE_DELAY": "3600000"})
    for _ in range(3):
        ask(sdk(gateway))
    gateway.stop()
    assert len(collector.spans()) == 6
    assert '"spans_dropped":0' in gateway.output()


def test_the_end_does_not_wait_for_ever(traced, collector):
    collector.always = HANG
    gateway = traced(environment={"OTEL_BSP_SCHEDULE_DELAY": "3600000"})
    ask(sdk(gateway))
    gateway.stop()
    assert '"spans_dropped":2' in gateway.output()


@pytest.fixture
def scrapers():
    """Clients that scrape without end and do not mind when it comes."""
    stop, threads = threading.Event(), []

    def scrape(gateway):
        while not stop.is_set():
            try:
                gateway.scraper.text()
            except OSError:
                pass

    def start(gateway):
        for _ in range(4):
            threads.append(threading.Thread(target=scrape, args=(gateway,)))
            threads[-1].start()

    yield start
    stop.set()
    for thread in threads:
        thread.join()


def test_the_end_lets_a_scrape_under_way_go(traced, collector, scrapers):
    """The admin thread's loop turns on after the workers have gone."""
    gateway = traced()
    ask(sdk(gateway))
    scrapers(gateway)
    gateway.stop()
    assert len(collector.spans()) == 2
