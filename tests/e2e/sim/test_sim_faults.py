"""The faults and the pacing that a prompt can ask for, as boto3 meets them."""
import json
import time
import urllib.request

import pytest
from botocore.eventstream import ChecksumMismatch, EventStreamBuffer, InvalidPayloadLength
from botocore.exceptions import ConnectionClosedError, EventStreamError, ReadTimeoutError
from harness.process import eventually
from sim_requests import (
    NOVA, ask, ask_stream, raw, refusal, signature, streamed_text, text_of, user,
)
from urllib3.exceptions import ProtocolError


@pytest.mark.parametrize("status,name", [
    (400, "ValidationException"), (403, "AccessDeniedException"), (404, "ResourceNotFoundException"),
    (408, "ModelTimeoutException"), (424, "ModelErrorException"), (429, "ThrottlingException"),
    (500, "InternalServerException"), (503, "ServiceUnavailableException"),
    (429, "ModelNotReadyException"), (400, "ServiceQuotaExceededException"),
    (400, "ConflictException"),
])
@pytest.mark.parametrize("stream", [False, True])
def test_error_classes(sim, bedrock, status, name, stream):
    call = ask_stream if stream else ask
    for words in (f"[sim status={status} exception={name} message=So%20it%20is]",
                  f"[sim status={status} exception={name} message=So%20it%20is no_type]",
                  f"[sim status={status} exception={name} message=So%20it%20is type_plain]"):
        with pytest.raises(getattr(bedrock.exceptions, name)) as caught:
            call(bedrock, words)
        assert caught.value.response["Error"]["Message"] == "So it is"
        assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == status


def test_status_alone_names_an_exception(bedrock):
    assert refusal(lambda: ask(bedrock, "[sim status=429]")) == (
        429, "ThrottlingException", "Too many requests, please wait before trying again.")


def test_fault_a_number_of_times(bedrock):
    words = "Hi [sim status=503 times=2]"
    assert refusal(lambda: ask(bedrock, words))[0] == 503
    assert refusal(lambda: ask(bedrock, words))[0] == 503
    assert text_of(ask(bedrock, words)) == "Echo: Hi"


def test_misspelt_directive_is_refused(bedrock):
    assert "No directive is named 'statsu'" in refusal(lambda: ask(bedrock, "[sim statsu=1]"))[2]


@pytest.mark.parametrize("name", ["internalServerException", "modelStreamErrorException",
                                  "validationException", "throttlingException",
                                  "serviceUnavailableException"])
@pytest.mark.parametrize("after", [0, 1, 3])
def test_exceptions_in_the_stream(sim, bedrock, name, after):
    events = []
    stream = bedrock.converse_stream(modelId=NOVA, messages=[user(
        f"Hello [sim chars=200 exception={name} exception_after={after}]")])["stream"]
    with pytest.raises(EventStreamError) as caught:
        for event in stream:
            events.append(event)
    assert caught.value.response["Error"]["Code"] == name
    assert len(events) == after
    assert sim.stats()["tokens"]["output"] == 0


def test_error_frame(bedrock):
    with pytest.raises(EventStreamError) as caught:
        ask_stream(bedrock, "Hello [sim error_frame]")
    assert caught.value.response["Error"]["Code"] == "InternalError"


# While the answer's head is awaited, and within its body.
RESET = (ConnectionClosedError, ProtocolError)


@pytest.mark.parametrize("words, error", [
    ("corrupt=prelude", ChecksumMismatch), ("corrupt=message", ChecksumMismatch),
    ("corrupt=length", InvalidPayloadLength), ("close_after_bytes=600", ProtocolError),
    ("reset=mid", RESET), ("reset=before", ConnectionClosedError), ("reset=head", RESET),
    ("html200", ChecksumMismatch)])
def test_broken_streams_are_noticed(bedrock, words, error):
    with pytest.raises(error):
        ask_stream(bedrock, f"Hello [sim chars=500 {words}]")


@pytest.mark.parametrize("words", ["truncate=event", "truncate=frame"])
def test_truncated_before_message_stop(bedrock, words):
    events = [next(iter(event)) for event in ask_stream(bedrock, f"Hello [sim chars=500 {words}]")]
    assert "contentBlockDelta" in events and "messageStop" not in events


def test_stream_oddities(bedrock):
    # An event of an unknown type passes by unseen.
    events = ask_stream(bedrock, "Hello [sim no_metadata unknown_event missing_stop]")
    assert [next(iter(event)) for event in events] == [
        "messageStart", "contentBlockDelta", "messageStop"]
    assert "usage" not in ask_stream(bedrock, "Hello [sim no_usage]")[-1]["metadata"]


def test_dribble(bedrock):
    assert streamed_text(ask_stream(bedrock, "Hello [sim dribble]")) == "Echo: Hello"
    assert text_of(ask(bedrock, "Hello [sim dribble]")) == "Echo: Hello"


@pytest.mark.parametrize("words", ["reset=before", "reset=head", "reset=mid"])
def test_answers_that_are_reset(bedrock, words):
    with pytest.raises(ConnectionClosedError):
        ask(bedrock, f"Hello [sim chars=500 {words}]")


@pytest.mark.parametrize("words", ["stall=before", "stall=mid"])
def test_answers_that_stall(sim, words):
    with pytest.raises(ReadTimeoutError):
        ask(sim.client(read_timeout=1), f"Hello [sim chars=500 {words}]")


@pytest.mark.parametrize("words", ["badjson", "html200", "close_after_bytes=300"])
def test_broken_answers(bedrock, words):
    """boto3 takes what it cannot parse for an answer without members."""
    assert ask(bedrock, f"Hello [sim chars=500 {words}]").keys() == {"ResponseMetadata"}


def test_pacing(bedrock):
    began = time.monotonic()
    arrivals = []
    for event in bedrock.converse_stream(modelId=NOVA, messages=[user(
            "[sim chars=100 chunk=20 ttft_ms=100 gap_ms=50]")])["stream"]:
        if "contentBlockDelta" in event:
            arrivals.append(time.monotonic() - began)
    assert len(arrivals) == 5
    for number, arrival in enumerate(arrivals):
        assert arrival >= 0.1 + 0.05 * number - 0.005


def test_cancelled_stream_is_counted(sim, bedrock):
    stream = bedrock.converse_stream(modelId=NOVA, messages=[user(
        "[sim chars=10000 gap_ms=20]")])["stream"]
    next(iter(stream))
    assert sim.stats()["streams"]["live"] == 1
    before = sim.stats()["now_ms"]
    stream.close()
    eventually(lambda: sim.stats()["streams"]["cancelled"], "the stream is cancelled")
    stats = sim.stats()
    assert stats["streams"]["cancelled"] == 1 and stats["streams"]["live"] == 0
    assert before <= stats["last_cancel_ms"] <= stats["now_ms"]
    assert stats["tokens"]["output"] == 0


def test_frames_have_random_padding(sim):
    path = "/model/amazon.nova-lite-v1%3A0/converse-stream"
    body = json.dumps({"messages": [user("Hello [sim chars=600]")]}).encode()
    sent = urllib.request.Request(sim.url + path, data=body, headers=signature(sim, path, body))
    with urllib.request.urlopen(sent, timeout=60) as reply:
        assert reply.headers["Content-Type"] == "application/vnd.amazon.eventstream"
        data = reply.read()
    buffer = EventStreamBuffer()  # Checks every checksum.
    buffer.add_data(data)
    frames = list(buffer)
    assert {frame.headers[":message-type"] for frame in frames} == {"event"}
    assert len({len(json.loads(frame.payload)["p"]) for frame in frames}) > 5


def test_directives_in_a_header(sim):
    path = "/model/amazon.nova-lite-v1%3A0/converse"
    body = json.dumps({"messages": [user("Hi")]}).encode()
    headers = signature(sim, path, body) | {"x-sim": "status=503 message=No"}
    assert raw(sim, "POST", path, body, headers)[::2] == (503, {"message": "No"})
