"""The rules of the house that a compiler does not see, each one row of a table.

Layering, banned words per folder, sizes, headers, formatting. A rule's exceptions stand in its row.
"""

import re
import shutil
import subprocess
import sys
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parents[2]
PRODUCT = ("convert/", "metrics/", "gateway/")
CODE_FOLDERS = (*PRODUCT, "tests/", "bench/")
MAX_LINES = 600
SELF = "tests/tidy/test_tidy.py"


@lru_cache
def project_files() -> tuple[str, ...]:
    """Every file of the project, tracked or about to be."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return tuple(sorted(name for name in listed.stdout.splitlines() if (ROOT / name).is_file()))


@lru_cache
def text_of(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8", errors="replace")


def cpp_files(folders=CODE_FOLDERS) -> list[str]:
    return [n for n in project_files() if n.endswith((".h", ".cc")) and n.startswith(folders)]


def without_comments(text: str) -> str:
    """Blanks // and /* */ comments, keeping lines and string literals."""
    pattern = r'"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'|//[^\n]*|/\*.*?\*/'

    def blank(match):
        found = match.group()
        return found if found[0] in "\"'" else re.sub(r"[^\n]", " ", found)

    return re.sub(pattern, blank, text, flags=re.S)


class Layer(NamedTuple):
    folder: str
    may_include: tuple[str, ...]


# The most special folder first: a file belongs to the first row that it lies in.
LAYERS = (
    Layer("convert/json/", ("convert/json/",)),
    Layer("convert/", ("convert/",)),
    Layer("metrics/", ("metrics/", "convert/json/")),
    Layer("gateway/", PRODUCT),
    Layer("tests/bedrock_sim/", ("tests/bedrock_sim/",)),
)


@pytest.mark.parametrize("layer", LAYERS, ids=lambda layer: layer.folder)
def test_layering(layer):
    wrong = []
    for name in cpp_files():
        if next((row for row in LAYERS if name.startswith(row.folder)), None) is not layer:
            continue
        for included in re.findall(r'^\s*#\s*include\s*"([^"]+)"', text_of(name), re.M):
            if not included.startswith(layer.may_include):
                wrong.append(f"{name} includes {included}")
    assert not wrong


def test_includes_are_rooted_at_the_project():
    wrong = []
    for name in cpp_files():
        for included in re.findall(r'^\s*#\s*include\s*"([^"]+)"', text_of(name), re.M):
            if not (ROOT / included).is_file():
                wrong.append(f"{name} includes {included}")
    assert not wrong


class Ban(NamedTuple):
    what: str
    pattern: str
    folders: tuple[str, ...]
    why: str
    allowed: tuple[str, ...] = ()


BANS = (
    Ban(
        "clock",
        r"_clock::now\b|\b(?:gettimeofday|clock_gettime|time)\s*\(\s*(?:nullptr|NULL|0|&|CLOCK)",
        PRODUCT,
        "time comes through gateway/clock.h",
        ("gateway/clock.cc",),
    ),
    Ban(
        "clock in a converter",
        r"\b(?:steady|system|high_resolution)_clock\b",
        ("convert/",),
        "converters know no time",
    ),
    Ban(
        "randomness",
        r"\brandom_device\b|\bRAND_bytes\b|\bgetrandom\b|\bmt19937|\bs?rand\s*\(",
        PRODUCT,
        "randomness comes through gateway/random.h",
        ("gateway/random.cc",),
    ),
    Ban(
        "environment",
        r"\b(?:secure_)?getenv\b|\benviron\b",
        PRODUCT,
        "the environment is read in one place",
        ("gateway/environment.cc", "gateway/options.cc"),
    ),
    Ban(
        "files",
        r"<(?:fstream|filesystem|fcntl\.h)>|\bfopen\s*\(",
        ("convert/", "metrics/"),
        "only the gateway touches files",
    ),
    Ban(
        "sockets",
        r"<(?:sys/socket|netinet/\w+|arpa/inet|sys/epoll|netdb)\.h>|<event2/",
        ("convert/", "metrics/"),
        "only the gateway touches sockets",
    ),
    Ban(
        "threads",
        r"<(?:thread|mutex|condition_variable|future)>",
        ("convert/",),
        "converters know no threads",
    ),
    Ban(
        "libraries of other layers",
        r"<(?:curl/|spdlog/|prometheus/|yaml-cpp/|CLI/)",
        ("convert/",),
        "converters link none of them",
    ),
    Ban("std::regex", r"\bstd::regex\b|<regex>", PRODUCT, "not linear in its input"),
    Ban(
        "iostreams' console",
        r"\bstd::(?:cout|cerr|clog)\b",
        PRODUCT,
        "output is the log's",
        ("gateway/main.cc", "gateway/options.cc", "gateway/app.cc"),
    ),
    Ban(
        "printf",
        r"\b(?:f|s|v|vf|vs|d)?printf\s*\(|\bputs\s*\(",
        PRODUCT,
        "output is the log's",
        ("gateway/main.cc", "gateway/options.cc", "gateway/app.cc"),
    ),
    Ban(
        "unbounded C strings",
        r"\b(?:strcpy|strcat|gets|sprintf|vsprintf|alloca|strtok)\s*\(",
        CODE_FOLDERS,
        "bounded everything",
    ),
    Ban(
        "glued JSON",
        r'"\{\\"|\\":|[(,=]\s*"\{"|<<\s*"\{|\+=?\s*"\{|R"\([^)]*[{}]',
        PRODUCT,
        "only json::Writer emits braces",
        (
            "convert/json/writer.cc",
            "convert/json/writer.h",
            "metrics/exposition.cc",  # its braces hold labels
            "metrics/otlp_attributes.cc",  # frames of forty attributes, put whole
        ),
    ),
    # Memory that has run out, and literals that are wrong when they are compiled.
    Ban(
        "throw",
        r"\bthrow\b",
        PRODUCT,
        "errors are values",
        ("convert/json/padded_buffer.h", "convert/json/text.h"),
    ),
    Ban("evhttp", r"\bevhttp_", PRODUCT, "not used: spec/reliability.md §1"),
    Ban(
        "sleep",
        r"\bsleep_(?:for|until)\b|\bu?sleep\s*\(|\bnanosleep\b",
        CODE_FOLDERS,
        "nothing synchronises by sleeping",
        # The log's own thread gathers lines into one write.
        ("gateway/telemetry/log_sink.cc",),
    ),
    Ban(
        "using namespace",
        r"^\s*using\s+namespace\s+(?!std::(?:\w+_)?literals)\w",
        PRODUCT,
        "names say where they come from",
        ("gateway/main.cc",),
    ),
    Ban(
        "raw new and delete",
        r"(?<!operator )\bdelete\s+[a-z_]|\bmalloc\s*\(",
        ("convert/", "metrics/"),
        "owners are values",
        ("metrics/series.cc",),
    ),
    Ban("const_cast", r"\bconst_cast\b", ("convert/", "metrics/"), "views of a buffer stay views"),
)


@pytest.mark.parametrize("ban", BANS, ids=lambda ban: ban.what)
def test_banned_words(ban):
    found = []
    for name in cpp_files(ban.folders):
        if name in ban.allowed:
            continue
        for number, line in enumerate(without_comments(text_of(name)).splitlines(), 1):
            if re.search(ban.pattern, line):
                found.append(f"{name}:{number}: {line.strip()}")
    assert not found, ban.why


class Everywhere(NamedTuple):
    what: str
    pattern: str
    suffixes: tuple[str, ...]
    why: str


TEXT = (".h", ".cc", ".py", ".mjs", ".md", ".txt", ".cmake", ".sh", ".json", ".yaml", ".yml")
CODE = (".h", ".cc", ".py", ".mjs", ".cmake", ".sh", "/run", "/check")
EVERYWHERE = (
    Everywhere(
        "paths of a machine",
        r"(?<![\w.])/(?:work|home|root|Users|mnt)/\w",
        TEXT + CODE,
        "the project lies anywhere",
    ),
    Everywhere("unfinished work", r"\b(?:TODO|FIXME|XXX|HACK)\b", CODE, "done or not there"),
    Everywhere("tabs", r"^\t", (".h", ".cc", ".py", ".mjs", ".cmake"), "spaces indent"),
    Everywhere("trailing white space", r"[ \t]+$", CODE, "nothing invisible"),
    Everywhere(
        "keys",
        r"\bAKIA(?!IOSFODNN7EXAMPLE)[A-Z0-9]{16}\b|-----BEGIN [A-Z ]*PRIVATE KEY-----",
        TEXT + CODE,
        "no credentials in the tree",
    ),
)


@pytest.mark.parametrize("rule", EVERYWHERE, ids=lambda rule: rule.what)
def test_everywhere(rule):
    found = []
    for name in project_files():
        if name == SELF or "/corpus/" in name or not ("/" + name).endswith(rule.suffixes):
            continue
        for number, line in enumerate(text_of(name).splitlines(), 1):
            if re.search(rule.pattern, line):
                found.append(f"{name}:{number}: {line.strip()[:120]}")
    assert not found, rule.why


def test_files_are_short():
    long = {}
    for name in project_files():
        if ("/" + name).endswith(CODE) and "/corpus/" not in name:
            lines = text_of(name).count("\n")
            if lines > MAX_LINES:
                long[name] = lines
    assert not long


def test_headers_say_what_they_are():
    wrong = []
    for name in cpp_files():
        if not name.endswith(".h"):
            continue
        text = text_of(name)
        if "#pragma once" not in text:
            wrong.append(f"{name}: no #pragma once")
        if not text.startswith("//"):
            wrong.append(f"{name}: no comment that says what it is")
    assert not wrong


def test_formatting():
    files = cpp_files()
    tool = shutil.which("clang-format", path=str(Path(sys.executable).parent)) or "clang-format"
    result = subprocess.run(
        [tool, "--dry-run", "--style=file", *files],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert sorted(set(re.findall(r"^(\S+?):\d+:\d+: warning", result.stderr, re.M))) == []


SCRIPTS = ("run", "check", ".ci/run", "deploy/packages.sh")


@pytest.mark.parametrize("script", SCRIPTS)
def test_scripts(script):
    subprocess.run(["bash", "-n", script], cwd=ROOT, check=True)
    if script != "deploy/packages.sh":
        assert (ROOT / script).stat().st_mode & 0o111, "not executable"
        assert "set -euo pipefail" in text_of(script)


def test_the_comment_stripper():
    """The rules above see through comments and not through strings."""
    assert without_comments('a "//x" // y\n/* b\n*/ c') == 'a "//x"     \n    \n   c'
    banned = next(ban for ban in BANS if ban.what == "glued JSON")
    assert re.search(banned.pattern, r'out += "{\"error\":";')
    assert not re.search(banned.pattern, "case '{': depth += 1;")
