"""The gateway and the simulator as the tests start them."""

import json
import re
import urllib.request
from pathlib import Path

import openai

from harness.metrics import Scraper
from harness.process import Process, eventually, whole_lines

ACCESS_KEY = "AKIDEXAMPLE"
SECRET_KEY = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
REGION = "us-east-1"

# Names that the tests' configuration gives to models, by who serves them.
BEDROCK_MODEL = "test-nova"
BEDROCK_ID = "amazon.nova-lite-v1:0"
OPENAI_MODEL = "test-gpt"
OPENAI_ID = "upstream-gpt"


def is_call(request: dict) -> bool:
    return request.get("operation", "").startswith("Converse")


class Simulator(Process):
    def __init__(self, log_folder: Path, *arguments):
        super().__init__(
            "bedrock-sim",
            [
                "--listen",
                "127.0.0.1:0",
                "--access-key",
                ACCESS_KEY,
                "--secret-key",
                SECRET_KEY,
                *arguments,
            ],
            r"listening on (http://\S+)",
            log_folder,
        )
        self.wait_ready()

    def stats(self) -> dict:
        return self._get("/_sim/stats")

    def last(self) -> dict:
        """The last call of a model: a gateway asks for the lists of models when it likes."""
        last = self._get("/_sim/last")
        if is_call(last):
            return last
        return next(filter(is_call, reversed(self._get("/_sim/requests")["requests"])), {})

    def reset(self):
        request = urllib.request.Request(self.address + "/_sim/reset", data=b"", method="POST")
        urllib.request.urlopen(request, timeout=30).read()

    def _get(self, path):
        with urllib.request.urlopen(self.address + path, timeout=30) as answer:
            return json.load(answer)


class Gateway(Process):
    """`settings` is merged into the tests' configuration, section by section."""

    def __init__(
        self,
        log_folder: Path,
        simulator=None,
        fake=None,
        settings=None,
        environment=None,
        arguments=(),
    ):
        config = merged(default_config(fake), settings or {})
        folder = log_folder / "config"
        folder.mkdir(exist_ok=True)
        file = folder / f"oriel-{len(list(folder.iterdir()))}.yaml"
        # JSON is YAML.
        file.write_text(json.dumps(config, indent=1))
        super().__init__(
            "oriel",
            ["--config", str(file), *arguments],
            r'(?m)^(?=[^\n]*"event":"ready")[^\n]*"address":"(https?://[^"]+)"',
            log_folder,
            {**aws_environment(simulator), **(environment or {})},
        )
        self.wait_ready()
        self.scraper = Scraper(self.address)

    @property
    def base_url(self) -> str:
        return self.address + "/v1"

    @property
    def admin_address(self) -> str:
        """Where the settings' server.admin_listen is served."""
        return re.search(r'"admin_address":"(http://[^"]+)"', self.output()).group(1)

    def log_lines(self, **fields) -> list[dict]:
        """The request lines so far that hold these fields' values."""
        lines = []
        for text in whole_lines(self.output()):
            line = json.loads(text)
            if line.get("event") == "request" and fields.items() <= line.items():
                lines.append(line)
        return lines

    def chat_lines(self, count: int, **fields) -> list[dict]:
        """All lines of chat requests, once there are that many; asserts that there are no more."""
        fields["endpoint"] = "chat_completions"
        eventually(lambda: len(self.log_lines(**fields)) >= count, f"{count} log lines")
        lines = self.log_lines(**fields)
        assert len(lines) == count
        return lines

    def log_line(self, request_id: str) -> dict:
        """The one line of this request; asserts that there is never a second."""
        eventually(lambda: self.log_lines(request_id=request_id), f"the log line of {request_id}")
        (line,) = self.log_lines(request_id=request_id)
        return line


def sdk(gateway, **options):
    """The official client, without its own retries."""
    return openai.OpenAI(
        base_url=gateway.base_url, api_key="sk-test", max_retries=0, timeout=60, **options
    )


def aws_environment(simulator) -> dict[str, str]:
    if simulator is None:
        return {}
    return {
        "AWS_ACCESS_KEY_ID": ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
        "AWS_REGION": REGION,
        "AWS_ENDPOINT_URL_BEDROCK_RUNTIME": simulator.address,
        "AWS_ENDPOINT_URL_BEDROCK": simulator.address,
    }


def default_config(fake) -> dict:
    config = {
        "server": {"listen": "127.0.0.1:0", "workers": 2},
        "providers": {"bedrock": {"type": "bedrock", "region": REGION}},
        "models": {BEDROCK_MODEL: {"provider": "bedrock", "model": BEDROCK_ID}},
    }
    if fake is not None:
        config["providers"]["fake"] = {
            "type": "openai",
            "base_url": fake.address + "/v1",
            "api_key": fake.api_key,
        }
        config["models"][OPENAI_MODEL] = {"provider": "fake", "model": OPENAI_ID}
    return config


def merged(base: dict, extra: dict) -> dict:
    out = dict(base)
    for key, value in extra.items():
        nested = isinstance(value, dict) and isinstance(out.get(key), dict)
        out[key] = merged(out[key], value) if nested else value
    return out
