"""A collector of OTLP/HTTP JSON that keeps what it is sent, looks closely at its form, and answers
as it is told."""

import gzip
import json
import re
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from harness.process import eventually

SERVER, CLIENT = 2, 3
ERROR = 2


@dataclass
class Answer:
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: dict = field(default_factory=dict)
    hangs: bool = False


TAKEN = Answer()
HANG = Answer(hangs=True)


def rejecting(spans: int) -> Answer:
    return Answer(body={"partialSuccess": {"rejectedSpans": str(spans), "errorMessage": "no"}})


@dataclass
class Batch:
    path: str
    headers: dict[str, str]
    body: dict
    answer: Answer

    @property
    def spans(self) -> list[dict]:
        return [
            span
            for resource in self.body["resourceSpans"]
            for scope in resource["scopeSpans"]
            for span in scope["spans"]
        ]

    @property
    def resource(self) -> dict:
        (resource,) = self.body["resourceSpans"]
        return attributes(resource["resource"])


def attributes(holder: dict) -> dict:
    """Names and values as Python has them."""
    return {one["key"]: value_of(one["value"]) for one in holder["attributes"]}


def value_of(value: dict):
    ((kind, found),) = value.items()
    if kind == "intValue":
        return int(found)
    if kind == "arrayValue":
        return [value_of(one) for one in found["values"]]
    return found


class OtlpCollector:
    """Serves on threads of its own from start() to stop()."""

    def __init__(self):
        self.batches: list[Batch] = []
        self.wrong: list[str] = []
        self.always = TAKEN
        self._next: list[Answer] = []
        self._lock = threading.Lock()
        self._released = threading.Event()

    def start(self):
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.address = "http://127.0.0.1:%d" % self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        return self

    def stop(self):
        self._released.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        assert not self.wrong, self.wrong

    def answer_next(self, *answers: Answer):
        with self._lock:
            self._next.extend(answers)

    def taken(self) -> list[Batch]:
        with self._lock:
            return [batch for batch in self.batches if batch.answer.status == 200]

    def spans(self) -> list[dict]:
        """Of all batches that were taken."""
        return [span for batch in self.taken() for span in batch.spans]

    def spans_of(self, trace_id: str, count: int) -> list[dict]:
        """The trace's spans, parents first, once there are that many; asserts that there are no
        more."""

        def look():
            return [span for span in self.spans() if span["traceId"] == trace_id]

        eventually(lambda: len(look()) >= count, f"{count} spans of {trace_id}")
        spans = sorted(look(), key=lambda span: (span["kind"], int(span["startTimeUnixNano"])))
        assert len(spans) == count
        return spans

    def _take(self, path, headers, body) -> Answer:
        with self._lock:
            answer = self._next.pop(0) if self._next else self.always
            self.batches.append(Batch(path, headers, body, answer))
            self.wrong.extend(wrong_in(headers, body))
        return answer

    def _handler(self):
        collector = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                if self.headers.get("content-encoding") == "gzip":
                    body = gzip.decompress(body)
                headers = {name.lower(): value for name, value in self.headers.items()}
                answer = collector._take(self.path, headers, json.loads(body))
                if answer.hangs:
                    collector._released.wait()
                    self.close_connection = True
                    return
                text = json.dumps(answer.body).encode()
                self.send_response(answer.status)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(text)))
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *_):
                pass

        return Handler


# ------------------------------------------------------------------------------------- their form

SPAN_FIELDS = {
    "traceId": r'"[0-9a-f]{32}"',
    "spanId": r'"[0-9a-f]{16}"',
    "parentSpanId": r'"[0-9a-f]{16}"',
    "traceState": r'".{1,512}"',
    "flags": r"\d+",
    "name": r'".{1,300}"',
    "kind": r"[23]",
    "startTimeUnixNano": r'"[1-9]\d{18}"',
    "endTimeUnixNano": r'"[1-9]\d{18}"',
    "attributes": r"\[.*\]",
    "events": r"\[.*\]",
    "status": r'\{"code": [012]\}',
}
OPTIONAL = {"parentSpanId", "traceState", "events", "status"}
VALUES = {
    "stringValue": str,
    "intValue": str,
    "boolValue": bool,
    "doubleValue": (int, float),
    "arrayValue": dict,
}


def wrong_in(headers: dict, body: dict) -> list[str]:
    wrong = []
    if headers.get("content-type") != "application/json":
        wrong.append(f"content-type {headers.get('content-type')}")
    spans = Batch("", headers, body, TAKEN).spans
    if not spans:
        wrong.append("a batch without spans")
    for span in spans:
        wrong.extend(wrong_in_span(span))
    return wrong


def wrong_in_span(span: dict) -> list[str]:
    wrong = [f"{name} is missing" for name in SPAN_FIELDS.keys() - span.keys() - OPTIONAL]
    for name, value in span.items():
        form = SPAN_FIELDS.get(name, "no such field")
        if not re.fullmatch(form, json.dumps(value, ensure_ascii=False), re.S):
            wrong.append(f"{name}: {value}")
    if int(span["endTimeUnixNano"]) < int(span["startTimeUnixNano"]):
        wrong.append("it ends before it begins")
    names = [one["key"] for one in span["attributes"]]
    if len(names) != len(set(names)):
        wrong.append(f"an attribute stands twice: {names}")
    for one in span["attributes"]:
        ((kind, value),) = one["value"].items()
        if not isinstance(value, VALUES[kind]) or value == "":
            wrong.append(f"{one}")
    return wrong
