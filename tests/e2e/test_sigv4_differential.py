"""Our signer against botocore's on random requests: the same signature, or a bug in one of them."""

import datetime
import json
import os
import pathlib
import random
import string
import subprocess
from urllib.parse import quote

import botocore.auth
import botocore.awsrequest
import botocore.credentials
import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("ORIEL_BUILD_DIR", ROOT / "build" / "asan"))
COUNT = 1000
SEED = int(os.environ.get("ORIEL_SIGV4_SEED", "1"))

TEXT = string.ascii_letters + string.digits + "-._~:/+=,@ %éß漢"
VALUE = string.ascii_letters + string.digits + " -._~:/+=,;\"'()*"
KEY = string.ascii_letters + string.digits + "/+"


def word(rng, alphabet, low, high):
    return "".join(rng.choice(alphabet) for _ in range(rng.randint(low, high)))


def random_path(rng):
    segments = []
    for _ in range(rng.randint(0, 5)):
        kind = rng.random()
        if kind < 0.1:
            segments.append(rng.choice([".", "..", ""]))
        else:
            segments.append(quote(word(rng, TEXT, 1, 30), safe="-._~"))
    return "/" + "/".join(segments)


def random_query(rng):
    pairs = []
    for _ in range(rng.choice([0, 0, 1, 2, 5])):
        name = quote(word(rng, TEXT, 1, 10), safe="-._~")
        pairs.append(name + "=" + quote(word(rng, TEXT, 0, 20), safe="-._~"))
    return "&".join(pairs)


def random_headers(rng):
    headers = {}
    if rng.random() < 0.8:
        headers["Content-Type"] = "application/json"
    if rng.random() < 0.3:
        headers["Accept"] = "application/vnd.amazon.eventstream"
    if rng.random() < 0.3:
        headers["User-Agent"] = "anything"
    if rng.random() < 0.2:
        headers["X-Amzn-Trace-Id"] = "Root=1"
    for _ in range(rng.randint(0, 4)):
        headers["X-" + word(rng, string.ascii_letters + "-", 1, 12) + "x"] = word(rng, VALUE, 0, 40)
    lowered = {}
    for name, value in headers.items():
        lowered[name.lower()] = (name, value)
    return [list(pair) for pair in lowered.values()]


def random_request(rng):
    host = rng.choice(
        [
            "bedrock-runtime.us-east-1.amazonaws.com",
            "Bedrock.EU-west-1.amazonaws.com",
            "127.0.0.1:8443",
            "localhost:443",
            "[::1]:8080",
        ]
    )
    query = random_query(rng)
    return {
        "method": rng.choice(["GET", "POST", "PUT", "DELETE"]),
        "url": rng.choice(["https://", "http://"]) + host + random_path(rng) + ("?" + query if query else ""),
        "headers": random_headers(rng),
        "body": rng.randbytes(rng.choice([0, 2, 100, 5000])).hex(),
        "access_key": word(rng, string.ascii_uppercase, 16, 20),
        "secret_key": word(rng, KEY, 20, 60),
        "token": word(rng, KEY, 100, 800) if rng.random() < 0.5 else "",
        "region": rng.choice(["us-east-1", "eu-central-1", "us-gov-west-1"]),
        "service": "bedrock",
        "time": rng.randint(1_600_000_000, 2_000_000_000),
    }


def sign_with_botocore(request, monkeypatch):
    moment = datetime.datetime.fromtimestamp(request["time"], datetime.timezone.utc)

    class Frozen(datetime.datetime):
        @classmethod
        def utcnow(cls):
            return cls(*moment.timetuple()[:6])

        @classmethod
        def now(cls, tz=None):
            return cls(*moment.timetuple()[:6], tzinfo=tz)

    # botocore has read the clock in two ways over time.
    if hasattr(botocore.auth, "get_current_datetime"):
        monkeypatch.setattr(
            botocore.auth, "get_current_datetime", lambda remove_tzinfo=True: Frozen.utcnow() if remove_tzinfo else moment
        )
    else:
        monkeypatch.setattr(botocore.auth.datetime, "datetime", Frozen)
    aws_request = botocore.awsrequest.AWSRequest(
        method=request["method"],
        url=request["url"],
        headers=dict(request["headers"]),
        data=bytes.fromhex(request["body"]),
    )
    credentials = botocore.credentials.Credentials(
        request["access_key"], request["secret_key"], request["token"] or None
    )
    botocore.auth.SigV4Auth(credentials, request["service"], request["region"]).add_auth(aws_request)
    return {name.lower(): value for name, value in aws_request.headers.items()}


def test_signatures_equal_botocores(monkeypatch):
    binary = BUILD / "sigv4-cli"
    if not binary.exists():
        pytest.fail(f"{binary} is not built")
    rng = random.Random(SEED)
    requests = [random_request(rng) for _ in range(COUNT)]
    run = subprocess.run(
        [binary],
        input="\n".join(json.dumps(request) for request in requests),
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    answers = [json.loads(line) for line in run.stdout.splitlines()]
    assert len(answers) == COUNT
    for request, answer in zip(requests, answers):
        ours = {name.lower(): value for name, value in answer["headers"]}
        theirs = sign_with_botocore(request, monkeypatch)
        for name in ("authorization", "x-amz-date", "x-amz-security-token"):
            assert ours.get(name) == theirs.get(name), f"seed {SEED}: {name} of {request}"
