"""A running bedrock-sim, and boto3 clients of it. ORIEL_BUILD_DIR holds the binary."""

import json
import os
import pathlib
import subprocess
import urllib.request

import boto3
from botocore.config import Config

ACCESS_KEY = "AKIDEXAMPLE"
SECRET_KEY = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
BEARER = "sim-bearer-key"


class Simulator:
    """A running bedrock-sim and ways to look into it."""

    def __init__(self, *arguments):
        root = pathlib.Path(__file__).resolve().parents[3]
        build = pathlib.Path(os.environ.get("ORIEL_BUILD_DIR", root / "build" / "asan"))
        self.process = subprocess.Popen(
            [build / "bedrock-sim", "--listen", "127.0.0.1:0", *arguments],
            stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        assert line.startswith("listening on http://"), line
        self.url = line.split()[-1]
        self.host, _, port = self.url.removeprefix("http://").partition(":")
        self.port = int(port)

    def stop(self):
        self.process.terminate()
        assert self.process.wait(timeout=60) == 0

    def get(self, path):
        with urllib.request.urlopen(self.url + path, timeout=60) as reply:
            return json.load(reply)

    def stats(self):
        return self.get("/_sim/stats")

    def last(self):
        return self.get("/_sim/last")

    def reset(self):
        request = urllib.request.Request(self.url + "/_sim/reset", data=b"", method="POST")
        urllib.request.urlopen(request, timeout=60).close()

    def client(self, service="bedrock-runtime", **options):
        options.setdefault("aws_access_key_id", ACCESS_KEY)
        options.setdefault("aws_secret_access_key", SECRET_KEY)
        config = Config(retries={"total_max_attempts": 1},
                        read_timeout=options.pop("read_timeout", 60),
                        parameter_validation=options.pop("validate", True))
        return boto3.client(service, endpoint_url=self.url, region_name="us-east-1",
                            config=config, **options)
