"""The status page in a headless Chromium: what a person sees is what was scraped."""

import json
import random
import re
from urllib.parse import urlsplit

import openai
import pytest
from prometheus_client.parser import text_string_to_metric_families

from harness.browser import Browser
from harness.metrics import Scraper
from harness.process import eventually
from harness.samples import user
from harness.servers import BEDROCK_ID, BEDROCK_MODEL, OPENAI_MODEL, sdk

ADMIN = {"server": {"admin_listen": "127.0.0.1:0"}}
OWN_ENDPOINTS = ("metrics", "health", "status")
HOSTILE = [
    '<img src=x onerror=alert(1)>"\\',
    "</script><script>alert(2)</script>",
    "{{7*7}}${7*7}",
    "brace } comma , hash # quoted \\n",
    "wide-" + "x" * 180,
]
IS_LIVE = "document.getElementById('pulse').textContent === 'live'"
HAS_FAILED = "document.getElementById('pulse').textContent === 'no answer'"


@pytest.fixture(scope="module")
def browser():
    with Browser() as running:
        yield running


@pytest.fixture
def watched(start_gateway):
    """A gateway with an admin address."""
    return start_gateway(settings=ADMIN)


@pytest.fixture
def open_page(browser):
    """Opens pages on a gateway; at the end none has complained or asked another origin."""
    opened = []

    def open_it(gateway, **options):
        page = browser.open(gateway.admin_address + "/status", **options)
        opened.append((page, gateway.admin_address))
        page.until(IS_LIVE)
        return page

    yield open_it
    for page, origin in opened:
        assert page.complaints() == []
        asked = {url for url in page.requests() if not url.startswith("data:")}
        assert asked == {origin + "/status", origin + "/metrics"}
        page.close()


def chat(gateway, model, stream=False):
    answer = sdk(gateway).chat.completions.create(model=model, messages=user("Hi"), stream=stream)
    if stream:
        list(answer)


def shown(page, name) -> float:
    """A tile's sum since the start."""
    return float(page.run(f"document.getElementById('{name}-total').value"))


def rows(page) -> dict[tuple[str, str], tuple[float, float]]:
    """(model, provider) -> (requests, cost) as the table has them."""
    found = page.run(
        "[...document.querySelectorAll('#models tr')].map(row => [row.cells[0].textContent, "
        "row.cells[1].textContent, row.cells[2].dataset.value, row.cells[8].dataset.value])"
    )
    return {(model, provider): (float(n), float(cost)) for model, provider, n, cost in found}


def work(samples, **labels) -> float:
    """Requests but those about the gateway itself."""
    name = "oriel_requests_total"
    own = sum(samples.total(name, endpoint=endpoint, **labels) for endpoint in OWN_ENDPOINTS)
    return samples.total(name, **labels) - own


def test_what_is_shown_is_what_was_scraped(watched, open_page):
    page = open_page(watched)
    for model in (BEDROCK_MODEL, OPENAI_MODEL):
        for stream in (False, True, True):
            chat(watched, model, stream)
    for _ in range(2):
        with pytest.raises(openai.NotFoundError):
            chat(watched, "nobody-serves-this")
    sdk(watched).models.list()
    eventually(lambda: shown(page, "requests") == 9, "all requests are shown")

    samples = Scraper(watched.admin_address).scrape()
    assert work(samples) == 9
    assert shown(page, "errors") == work(samples) - work(samples, outcome="ok") == 2
    assert shown(page, "tokens") == samples.total("oriel_tokens_total") > 0
    assert shown(page, "cost") == pytest.approx(samples.total("oriel_cost_usd_total"), abs=1e-12)
    expected = {}
    for (name, labels), value in samples.items():
        labels = dict(labels)
        if name == "oriel_requests_total" and labels["endpoint"] not in OWN_ENDPOINTS and value:
            key = (labels["model"], labels["provider"])
            cost = samples.total("oriel_cost_usd_total", model=key[0], provider=key[1])
            expected[key] = (expected.get(key, (0, 0))[0] + value, pytest.approx(cost, abs=1e-12))
    assert rows(page) == expected
    assert {model for model, _ in expected} >= {BEDROCK_MODEL, OPENAI_MODEL}

    assert page.run("document.getElementById('nothing').hidden")
    build = next(dict(labels) for name, labels in samples if name == "oriel_build_info")
    assert page.text("#version") == build["version"]
    assert page.text("#commit") == build["commit"]
    assert page.text("#workers") == "2"
    assert page.text("#providers") == "bedrock, fake"
    assert page.text("#config") == "1"


def test_lines_are_drawn(watched, open_page):
    page = open_page(watched)
    chat(watched, BEDROCK_MODEL, stream=True)
    for tile in ("requests", "latency", "ttft", "tokens", "overhead", "lag", "memory"):
        line = f"document.querySelector('#tile-{tile} path').getAttribute('d')"
        page.until(f"/^M[\\d. ]+L/.test({line})")
    assert page.run("document.querySelectorAll('.tile h2').length") == 12


def test_nothing_has_been_asked(watched, open_page):
    page = open_page(watched)
    assert not page.run("document.getElementById('nothing').hidden")
    assert page.run("document.getElementById('table').hidden")
    assert shown(page, "requests") == 0


def test_names_are_text(start_gateway, open_page):
    models = {name: {"provider": "bedrock", "model": BEDROCK_ID} for name in HOSTILE}
    gateway = start_gateway(settings={**ADMIN, "models": models})
    page = open_page(gateway)
    for name in HOSTILE:
        chat(gateway, name)
    eventually(lambda: shown(page, "requests") == len(HOSTILE), "all requests are shown")
    assert {model for model, _ in rows(page)} == set(HOSTILE)
    assert page.run("document.querySelectorAll('img, #models script').length") == 0
    assert page.run("document.scripts.length") == 1


def test_a_gateway_that_stops_and_comes_back(start_gateway, open_page):
    first = start_gateway(settings=ADMIN)
    page = open_page(first)
    chat(first, BEDROCK_MODEL)
    eventually(lambda: shown(page, "requests") == 1, "the request is shown")
    first.stop()
    page.until("!document.getElementById('banner').hidden")
    assert page.text("#banner").startswith("No gateway has answered since ")
    assert page.run("document.getElementById('banner').getAttribute('role')") == "alert"
    assert page.text("#pulse") == "no answer"
    assert shown(page, "requests") == 1, "what was seen last stays"

    address = urlsplit(first.admin_address).netloc
    second = start_gateway(settings={"server": {"admin_listen": address}})
    page.until(IS_LIVE)
    assert page.run("document.getElementById('banner').hidden")
    assert shown(page, "requests") == 0
    chat(second, BEDROCK_MODEL)
    eventually(lambda: shown(page, "requests") == 1, "the new request is shown")
    rates = page.run("state.points.flatMap(point => [point.requests ?? 0, point.cost ?? 0])")
    assert min(rates) >= 0
    # The browser itself says that nobody answered.
    events = page.complaints()
    nobody = re.compile("ERR_(CONNECTION_(REFUSED|RESET|CLOSED)|EMPTY_RESPONSE)")
    assert events and all(nobody.search(event) for event in events)
    page.forgive()


def test_what_is_no_gateway_is_no_answer(watched, open_page):
    page = open_page(watched)
    chat(watched, BEDROCK_MODEL)
    eventually(lambda: shown(page, "requests") == 1, "the request is shown")
    page.run("window.realFetch = fetch; fetch = async () => new Response('<h1>Sign in</h1>')")
    page.until(HAS_FAILED)
    assert not page.run("document.getElementById('banner').hidden")
    assert shown(page, "requests") == 1, "what was seen last stays"
    page.run("fetch = realFetch")
    page.until(IS_LIVE)


@pytest.mark.parametrize("clock", ["performance", "Date"])
def test_what_was_counted_in_a_gap_is_in_no_rate(watched, open_page, clock):
    """One of the two clocks tells of it: the other stood still while the machine slept."""
    page = open_page(watched)
    memory = "document.querySelector('#tile-memory path').getAttribute('d')"
    page.until(f"{memory}.includes('L')")
    page.run("window.realAsk = ask; ask = () => Promise.reject()")
    page.until(HAS_FAILED)
    for _ in range(3):
        chat(watched, BEDROCK_MODEL)
    late = f"window.real = {clock}.now.bind({clock}); {clock}.now = () => real() + 30_000"
    page.run(f"{late}; ask = realAsk")
    eventually(lambda: shown(page, "requests") == 3, "what was counted is in the sums")
    page.until(f"/L.*M.*L/.test({memory})")
    assert page.run("Math.max(...state.points.map(point => point.requests ?? 0))") == 0
    assert page.text("#models td:nth-child(4)") == "0/s"


def test_no_rate_is_shown_where_none_is_known(watched, open_page):
    chat(watched, BEDROCK_MODEL)
    page = open_page(watched)
    page.until("!document.getElementById('table').hidden")
    texts = page.run(
        "clock.passed += 60; take(state.before, seconds()); show(state.before, seconds()); "
        "['tile-requests', 'tile-tokens', 'tile-cost', 'tile-cpu', 'tile-in-flight', 'table']"
        ".map(id => document.querySelector(`#${id} :is(dd, td:nth-child(4))`).textContent)"
    )
    assert texts == ["–", "–", "–", "–", "0", "–"]


def test_what_went_wrong_is_said_to_be_since_the_start(watched, open_page):
    page = open_page(watched)
    assert page.run("document.getElementById('notices').hidden")
    chat(watched, OPENAI_MODEL)  # nobody has said what it costs
    page.until("!document.getElementById('notices').hidden")
    title, *notices = page.text("#notices").splitlines()
    assert "since the start" in title
    assert any("oriel_unpriced_requests_total" in text for text in notices)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_colours_can_be_read(watched, open_page, dark):
    page = open_page(watched, dark=dark)
    ground = luminance(page.run("getComputedStyle(document.body).backgroundColor"))
    assert (ground < 0.05) if dark else (ground > 0.8)
    variables = {
        name: page.run(f"getComputedStyle(document.body).getPropertyValue('--{name}').trim()")
        for name in ("tile", "text", "quiet", "line-0", "line-1", "line-2", "line-3", "warn-ground")
    }
    pairs = [(front, behind) for front in ("text", "quiet") for behind in ("tile", "warn-ground")]
    pairs += [(f"line-{i}", "tile") for i in range(4)]
    for front, behind in pairs:
        assert contrast(variables[front], variables[behind]) >= 4.5, (front, behind)
    assert len(page.screenshot()) > 5_000


def luminance(colour: str) -> float:
    """Relative, after WCAG: of "#rrggbb" or "rgb(r, g, b)"."""
    if colour.startswith("#"):
        channels = [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
    else:
        channels = [int(part) for part in colour[4:-1].split(",")]
    linear = [c / 3294.6 if c <= 10 else ((c / 255 + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("width", [320, 390, 800])
def test_narrow_screens_do_not_scroll_sideways(start_gateway, open_page, width):
    models = {HOSTILE[-1]: {"provider": "bedrock", "model": BEDROCK_ID}}
    gateway = start_gateway(settings={**ADMIN, "models": models})
    chat(gateway, HOSTILE[-1])
    page = open_page(gateway, width=width, height=800)
    page.until("document.querySelectorAll('#models tr').length === 1")
    assert page.run("document.documentElement.scrollWidth") <= width
    assert page.run("innerWidth") == width


def test_a_hidden_tab_asks_nothing(watched, open_page):
    page = open_page(watched)
    hide = "Object.defineProperty(document, 'hidden', {get: () => %s, configurable: true})"
    page.run(hide % "true")
    # A poll may be under way; the clock runs from when the loop has seen it.
    page.run("new Promise(done => setTimeout(done, 2500))")
    before = len(page.requests())
    page.run("new Promise(done => setTimeout(done, 5000))")
    assert len(page.requests()) == before
    page.run(hide % "false")
    page.run("document.dispatchEvent(new Event('visibilitychange'))")
    eventually(lambda: len(page.requests()) > before, "it asks again")


def test_it_can_be_read_aloud(watched, open_page):
    chat(watched, BEDROCK_MODEL)
    page = open_page(watched)
    page.until("!document.getElementById('table').hidden")
    assert page.run("document.documentElement.lang") == "en"
    assert page.run("[...document.querySelectorAll('thead th')].every(th => th.scope === 'col')")
    assert page.run("[...document.querySelectorAll('tbody th')].every(th => th.scope === 'row')")
    # Lines are told apart by dashes, and every number stands as text beside its name.
    dashes = (
        "[...document.querySelectorAll('#tile-errors path')]"
        ".map(path => getComputedStyle(path).strokeDasharray + getComputedStyle(path).strokeWidth)"
    )
    assert len(set(page.run(dashes))) == 4
    for i in range(4):
        assert key_of(page, i) == line_of(page, i)
    assert page.run("[...document.querySelectorAll('svg')].every(svg => svg.ariaHidden === 'true')")
    assert page.run("document.querySelectorAll('[role=status], [role=alert]').length") == 2


def line_of(page, i) -> list:
    """Colour, style and rounded width of a line of the errors' chart."""
    style = f"getComputedStyle(document.querySelector('#tile-errors .line-{i}'))"
    colour, dashes, width = page.run(
        f"(s => [s.stroke, s.strokeDasharray, s.strokeWidth])({style})"
    )
    styles = {"none": "solid", "6px, 4px": "dashed", "1px, 4px": "dotted"}
    return [colour, styles[dashes], round(float(width.removesuffix("px")))]


def key_of(page, i) -> list:
    """The same of the short line before its name."""
    style = f"getComputedStyle(document.querySelector('#tile-errors .key-{i}'), '::before')"
    colour, kind, width = page.run(
        f"(s => [s.borderTopColor, s.borderTopStyle, s.borderTopWidth])({style})"
    )
    return [colour, kind, round(float(width.removesuffix("px")))]


# ------------------------------------------------------------------------- the page's own functions


@pytest.fixture
def functions(watched, open_page):
    """A page whose functions the test calls."""
    return open_page(watched)


NASTY = r"""
# HELP a_total With \\ and \n and "quotes".
# TYPE a_total counter
a_total{x="plain"} 1
a_total{x="",y="empty"} 2.5
a_total{x="quote \" brace } comma , equals = hash # "} 3e3
a_total{x="backslash \\",y="new\nline",} 4E-3
a_total{x="\\n is no newline"} +5
a_total{x="ünïcödé ☃ 𝕏"} 6 1700000000000
a_total {x="space before"} 7
a_total{} 8
# a comment
#TYPE b_total counter

# TYPE h histogram
h_bucket{le="0.1"} 1
h_bucket{le="+Inf"} 3
h_sum 0.75
h_count 3
# TYPE g gauge
g{v="inf"} +Inf
g{v="minus"} -Inf
g{v="nan"} NaN
g{v="negative"} -1.5
"""


def parsed_by_reference(text) -> dict:
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def parsed_by_page(page, text) -> dict:
    found = page.run(
        f"[...parseExposition({json.dumps(text)}).samples.values()]"
        ".map(({name, labels, value}) => [name, [...labels], String(value)])"
    )
    return {
        (name, frozenset(map(tuple, labels))): float(value.replace("Infinity", "inf"))
        for name, labels, value in found
    }


def test_the_parser_reads_what_the_reference_reads(functions, watched):
    rng = random.Random(1)
    texts = [NASTY, watched.scraper.text()] + [random_exposition(rng) for _ in range(20)]
    for text in texts:
        ours, theirs = parsed_by_page(functions, text), parsed_by_reference(text)
        assert ours.keys() == theirs.keys()
        for key, value in theirs.items():
            assert ours[key] == value or (value != value and ours[key] != ours[key]), key


def random_exposition(rng) -> str:
    lines = ["# TYPE r_total counter"]
    for i in range(30):
        value = "".join(rng.choices('ab"\\\n{},= #é', k=rng.randrange(8)))
        escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
        number = repr(rng.choice([rng.random(), rng.randrange(10**9), rng.random() * 1e-9]))
        lines.append(f'r_total{{n="{i}",v="{escaped}"}} {number}')
    return "\n".join(lines) + "\n"


def test_lines_that_are_none_are_passed_over(functions):
    broken = ['a{x="1" 2', 'a{x="1', "a{x=1} 2", "a one", "{} 1", "a", '9a 1', 'a{x="1"}', "a 1e"]
    text = "\n".join([*broken, "good 1"])
    assert list(parsed_by_page(functions, text)) == [("good", frozenset())]


def test_quantiles(functions):
    cases = [
        # What histogram_quantile answers.
        (0.5, [], None),
        (0.5, [[1, 0], ["Infinity", 0]], None),
        (0.5, [[1, 10], ["Infinity", 10]], 0.5),
        (0.5, [[1, 0], [2, 10], ["Infinity", 10]], 1.5),
        (0.95, [[0.1, 50], [0.5, 90], [1, 100], ["Infinity", 100]], 0.75),
        (0.99, [[1, 10], [2, 10], ["Infinity", 20]], 2),
        (1, [[1, 5], [2, 10], ["Infinity", 10]], 2),
        (0.5, [["Infinity", 10], [2, 10], [1, 0]], 1.5),
    ]
    for q, buckets, expected in cases:
        text = json.dumps(buckets).replace('"', "")
        got = functions.run(f"quantile({q}, {text})")
        assert got == (None if expected is None else pytest.approx(expected)), (q, buckets)


def grown(page, before, now) -> dict:
    parse = "parseExposition(%s)"
    found = page.run(
        f"increases({parse % json.dumps(before)}, {parse % json.dumps(now)})"
        ".map(({name, value}) => [name, value])"
    )
    return dict(found)


def test_increases(functions):
    types = "# TYPE c counter\n# TYPE g gauge\n# TYPE h histogram\n# TYPE d counter\n"
    before = types + "process_start_time_seconds 1\nc 10\ng 1\nh_count 4\nh_sum 2.5\n"
    later = types + "process_start_time_seconds 1\nc 12\ng 5\nh_count 4\nh_sum 2.5\nd 3\n"
    assert grown(functions, before, later) == {"c": 2, "h_count": 0, "h_sum": 0, "d": 3}
    # A counter that fell was reset; in another process everything was.
    fell = types + "process_start_time_seconds 1\nc 3\n"
    assert grown(functions, before, fell) == {"c": 3}
    restarted = types + "process_start_time_seconds 2\nc 12\nh_count 5\n"
    assert grown(functions, before, restarted) == {"c": 12, "h_count": 5}


@pytest.mark.parametrize(
    "call, text",
    [
        ("formatNumber(0)", "0"),
        ("formatNumber(0.05)", "0.05"),
        ("formatNumber(1.2345)", "1.23"),
        ("formatNumber(999.6)", "1,000"),
        ("formatNumber(12345)", "12.3k"),
        ("formatNumber(2.5e6)", "2.5M"),
        ("formatSeconds(null)", "–"),
        ("formatSeconds(0)", "0 ms"),
        ("formatSeconds(0.000042)", "42 µs"),
        ("formatSeconds(0.25)", "250 ms"),
        ("formatSeconds(61)", "61 s"),
        ("formatDollars(0.00012)", "$0.00012"),
        ("formatCost(0.5, 0)", "$0.5"),
        ("formatCost(0.5, 3)", "≥ $0.5"),
        ("formatCost(0, 3)", "no price"),
        ("formatAge(59)", "59 s"),
        ("formatAge(0)", "0 s"),
        ("formatAge(93784)", "1 d 2 h"),
        ("formatShare(null)", "–"),
        ("formatShare(0.015)", "1.5 %"),
        ("formatBytes(52428800)", "50 MiB"),
    ],
)
def test_numbers_as_people_read_them(shared_functions, call, text):
    assert shared_functions.run(call) == text


@pytest.fixture(scope="module")
def shared_functions(browser, log_folder, simulator, fake):
    """The same for many small tests."""
    from harness.servers import Gateway

    gateway = Gateway(log_folder, simulator, fake, settings=ADMIN)
    page = browser.open(gateway.admin_address + "/status")
    yield page
    page.close()
    gateway.stop()
