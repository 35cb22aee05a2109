"""Draws dashboards in a headless Chromium and photographs them, and pages of others too."""

import io
import json
import threading
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from harness.browser import Browser
from PIL import Image

PAGE = Path(__file__).resolve().parent / "page"
WIDTH = 1600
HEIGHT = 900  # grows with what is shown
COLORS = 256


class Site(SimpleHTTPRequestHandler):
    """The page, and below /lib/ what it is made with."""

    def __init__(self, *arguments, libraries):
        self.libraries = libraries
        super().__init__(*arguments)

    def translate_path(self, path):
        path = path.split("?")[0].lstrip("/")
        if path.startswith("lib/"):
            return str(self.libraries / path.removeprefix("lib/"))
        return str(PAGE / (path or "index.html"))

    def log_message(self, *_):
        pass


@contextmanager
def site(libraries):
    """Its address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Site, libraries=libraries))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def camera(libraries):
    """`libraries`: the node_modules with what the page loads."""
    with site(libraries) as address, Browser() as browser:
        yield Camera(browser, address)


class Camera:
    def __init__(self, browser, address):
        self.browser, self.address = browser, address

    def open(self, url, width=WIDTH):
        page = self.browser.open(url, width, HEIGHT, dark=True)
        page.call("Emulation.setTimezoneOverride", timezoneId="UTC")
        return page

    def dashboard(self, dashboard, data, shown, file):
        page = self.open(self.address)
        page.until("window.draw !== undefined")
        shown = {"from": shown.start, "to": shown.end, "step": shown.step}
        page.run(f"draw({', '.join(json.dumps(part) for part in (dashboard, data, shown))})")
        assert not page.complaints(), page.complaints()
        self.take(page, file)

    def take(self, page, file, width=WIDTH):
        page.prepare(width, page.run("Math.ceil(document.documentElement.scrollHeight)"), dark=True)
        page.run("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
        few = picture.quantize(COLORS, kmeans=4, dither=Image.Dither.NONE)
        few.save(file, optimize=True)
        page.close()
