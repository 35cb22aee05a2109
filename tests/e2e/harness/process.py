"""A child process whose output goes to files, and which must end without a sanitizer's report."""

import os
import re
import signal
import subprocess
import time
from pathlib import Path

REPORT = re.compile(
    r"(ERROR: (?:Address|Leak)Sanitizer|WARNING: ThreadSanitizer|runtime error: |"
    r"AddressSanitizer:DEADLYSIGNAL)"
)

# Sanitizers make everything several times slower; a deadline is only there to end a hopeless wait.
PATIENCE = 60.0


def eventually(check, what, timeout=PATIENCE):
    """Calls check() until it returns something true, and returns that."""
    deadline = time.monotonic() + timeout
    while True:
        result = check()
        if result:
            return result
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {timeout} s: {what}")
        time.sleep(0.005)


def whole_lines(text: str) -> list[str]:
    """Without the last one while it is still being written: a long line comes in pieces."""
    return text.split("\n")[:-1]


def binary(name: str) -> Path:
    folder = Path(os.environ.get("ORIEL_BUILD_DIR", Path(__file__).parents[3] / "build" / "asan"))
    for candidate in (folder / name, *folder.glob(f"*/{name}")):
        if candidate.is_file():
            return candidate
    raise FileNotFoundError(f"{name} is not in {folder}: build it, or set ORIEL_BUILD_DIR")


class Process:
    """Started by the constructor; `address` is known once wait_ready() has returned."""

    def __init__(self, name, arguments, ready, log_folder: Path, environment=None):
        self.name = name
        self.ready = re.compile(ready)
        self.good_exits = {0}
        serial = len(list(log_folder.glob(f"{name}-*.out")))
        self.out = log_folder / f"{name}-{serial}.out"
        self.err = log_folder / f"{name}-{serial}.err"
        with self.out.open("wb") as out, self.err.open("wb") as err:
            self.child = subprocess.Popen(
                [binary(name), *arguments],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                env={"PATH": os.environ["PATH"], **sanitizer_options(), **(environment or {})},
            )
        self.address = None

    def wait_ready(self):
        def look():
            if self.child.poll() is not None:
                raise AssertionError(f"{self.name} ended: {self.output()} {self.errors()}")
            return self.ready.search(self.output())

        self.address = eventually(look, f"{self.name} is ready").group(1)
        return self

    @property
    def port(self) -> int:
        return int(self.address.rsplit(":", 1)[1])

    def output(self) -> str:
        return self.out.read_text(errors="replace")

    def errors(self) -> str:
        return self.err.read_text(errors="replace")

    def alive(self) -> bool:
        return self.child.poll() is None

    def signal(self, number=signal.SIGTERM):
        self.child.send_signal(number)

    def wait_exit(self, timeout=PATIENCE) -> int:
        try:
            return self.child.wait(timeout)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{self.name} did not end within {timeout} s") from None

    def check_report(self):
        found = REPORT.search(self.errors()) or REPORT.search(self.output())
        assert not found, f"{self.name}: {self.errors()[-8000:]}"

    def stop(self):
        """Ends it politely and asserts that it went well."""
        if self.alive():
            self.signal()
        try:
            code = self.wait_exit()
        finally:
            self.kill()
        self.check_report()
        assert code in self.good_exits, f"{self.name} ended with {code}: {self.errors()[-4000:]}"

    def kill(self):
        if self.alive():
            self.child.kill()
            self.child.wait()

    def resident_bytes(self) -> int:
        status = Path(f"/proc/{self.child.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+) kB", status).group(1)) * 1024

    def open_files(self) -> int:
        return len(os.listdir(f"/proc/{self.child.pid}/fd"))


def small_quarantine() -> dict[str, str]:
    """For tests that measure memory: the sanitizer returns freed memory soon."""
    return {"ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":quarantine_size_mb=4"}


def sanitizer_options() -> dict[str, str]:
    names = ("ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS", "LSAN_OPTIONS")
    return {name: os.environ[name] for name in names if name in os.environ}
