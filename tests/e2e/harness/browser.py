"""A headless Chromium, driven by its DevTools protocol over a pipe: no driver of another version
stands between the tests and the distribution's browser."""

import base64
import fcntl
import itertools
import json
import os
import subprocess
import tempfile
import threading

from harness.process import PATIENCE, eventually

CHROMIUM = "/usr/bin/chromium"
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-sync",
    "--no-first-run",
    "--remote-debugging-pipe",
)


def pipe() -> tuple[int, int]:
    """Reading and writing end, clear of the descriptors that the browser takes."""
    ends = os.pipe()
    high = tuple(fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 20) for end in ends)
    for end in ends:
        os.close(end)
    return high


class Browser:
    """One process; pages are its tabs. A context manager."""

    def __init__(self):
        assert os.path.exists(CHROMIUM), "chromium is not installed"
        theirs_in, self._ours_out = pipe()
        self._ours_in, theirs_out = pipe()
        self._folder = tempfile.TemporaryDirectory(prefix="chromium-", ignore_cleanup_errors=True)
        # The browser reads descriptor 3 and writes descriptor 4.
        self._child = subprocess.Popen(
            ["bash", "-c", f'exec "$@" 3<&{theirs_in} 4>&{theirs_out}', "bash"]
            + [CHROMIUM, *FLAGS, f"--user-data-dir={self._folder.name}"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=(theirs_in, theirs_out),
        )
        os.close(theirs_in)
        os.close(theirs_out)
        self._ids = itertools.count(1)
        self._answers = {}
        self._events = []
        self._changed = threading.Condition()
        self._closed = False
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        try:
            if not self._closed:
                self.call("Browser.close")
        except (AssertionError, OSError):
            pass  # it may end before it has answered
        os.close(self._ours_out)
        try:
            self._child.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()
        self._reader.join()
        self._folder.cleanup()

    def open(self, url="about:blank", width=1280, height=900, dark=False) -> "Page":
        target = self.call("Target.createTarget", url="about:blank", newWindow=True)["targetId"]
        session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        page = Page(self, target, session)
        page.prepare(width, height, dark)
        if url != "about:blank":
            page.go(url)
        return page

    def call(self, method, session=None, **parameters):
        """The result of one command; its error is an AssertionError."""
        number = next(self._ids)
        command = {"id": number, "method": method, "params": parameters}
        if session is not None:
            command["sessionId"] = session
        text = memoryview(json.dumps(command).encode() + b"\0")
        with self._changed:
            assert not self._closed, "Chromium has ended"
            while text:
                text = text[os.write(self._ours_out, text) :]
            arrived = self._changed.wait_for(
                lambda: number in self._answers or self._closed, PATIENCE
            )
            assert arrived and number in self._answers, f"no answer to {method}"
            answer = self._answers.pop(number)
        assert "error" not in answer, f"{method}: {answer['error']}"
        return answer["result"]

    def events(self, session, method) -> list[dict]:
        with self._changed:
            return [
                event["params"]
                for event in self._events
                if event.get("sessionId") == session and event["method"] == method
            ]

    def _read(self):
        rest = b""
        while piece := os.read(self._ours_in, 1 << 20):
            *messages, rest = (rest + piece).split(b"\0")
            with self._changed:
                for message in map(json.loads, messages):
                    if "id" in message:
                        self._answers[message["id"]] = message
                    else:
                        self._events.append(message)
                self._changed.notify_all()
        os.close(self._ours_in)
        with self._changed:
            self._closed = True
            self._changed.notify_all()


class Page:
    """One tab. It remembers what it asked the network for and what it complained about."""

    def __init__(self, browser: Browser, target: str, session: str):
        self._browser = browser
        self._target = target
        self._session = session
        self._forgiven = 0

    def call(self, method, **parameters):
        return self._browser.call(method, self._session, **parameters)

    def prepare(self, width, height, dark):
        for domain in ("Page", "Network", "Runtime", "Log"):
            self.call(f"{domain}.enable")
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=width < 600,
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", features=[scheme])

    def go(self, url):
        answer = self.call("Page.navigate", url=url)
        assert "errorText" not in answer, answer
        self.until("document.readyState === 'complete'")

    def run(self, expression):
        """The value of a JavaScript expression; promises are awaited."""
        answer = self.call(
            "Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True
        )
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def until(self, expression, timeout=PATIENCE):
        """Waits until the expression is true; returns its value."""
        return eventually(lambda: self.run(expression), expression, timeout)

    def text(self, selector) -> str:
        return self.run(f"document.querySelector({json.dumps(selector)}).innerText")

    def screenshot(self) -> bytes:
        shot = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=True)
        return base64.b64decode(shot["data"])

    def requests(self) -> list[str]:
        """The addresses that were asked for, those that a policy blocked included."""
        events = self._browser.events(self._session, "Network.requestWillBeSent")
        return [event["request"]["url"] for event in events]

    def complaints(self) -> list[str]:
        """Exceptions, warnings and errors: the page's own and what the browser says of it."""
        found = []
        for event in self._browser.events(self._session, "Runtime.exceptionThrown"):
            found.append(json.dumps(event["exceptionDetails"]))
        for event in self._browser.events(self._session, "Runtime.consoleAPICalled"):
            if event["type"] in ("error", "warning", "assert"):
                found.append(json.dumps(event["args"]))
        for event in self._browser.events(self._session, "Log.entryAdded"):
            if event["entry"]["level"] in ("error", "warning"):
                found.append(f"{event['entry']['text']} {event['entry'].get('url', '')}")
        return found[self._forgiven :]

    def forgive(self):
        """The complaints so far were meant to be."""
        self._forgiven += len(self.complaints())

    def close(self):
        self._browser.call("Target.closeTarget", targetId=self._target)
