"""Proves that the tests of the converter see what they are there for: applies one edit of table.py
at a time to a copy of the tree, builds test_bedrock and test_traps, and wants a test to fail.

    run.py [--only WORD] [--keep FOLDER]

FOLDER keeps the copy and its build, so that the next run need only build what has changed."""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from table import MUTATIONS

ROOT = Path(__file__).resolve().parents[2]
COPIED = ("CMakeLists.txt", "cmake", "convert", "metrics", "gateway", "tests", "docs")
PROGRAMS = ("test_bedrock", "test_traps")
RANDOM = "RandomHistories.*"  # takes a minute, so it comes last
RUNS = (("test_bedrock", f"-{RANDOM}"), ("test_traps", "*"), ("test_bedrock", RANDOM))
TIMEOUT = 300  # seconds for one program; an edit that hangs it is seen too


def copy_tree(folder: Path):
    for name in COPIED:
        source, target = ROOT / name, folder / name
        if source.is_dir():
            shutil.rmtree(target, ignore_errors=True)
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("node_modules"))
        else:
            shutil.copy2(source, target)
    # What the last run left of these was built from an edited text.
    for file in {mutation.file for mutation in MUTATIONS}:
        (folder / "convert" / file).touch()
    # An edit may leave a function unused: only tests shall complain.
    flags = folder / "cmake" / "Oriel.cmake"
    flags.write_text(flags.read_text().replace("-Werror", "-Wno-error -w"))


def configure(folder: Path):
    if not (folder / "build" / "build.ninja").exists():
        command = ["cmake", "-S", folder, "-B", folder / "build", "-G", "Ninja"]
        command += ["-DCMAKE_BUILD_TYPE=Debug", "-DCMAKE_CXX_FLAGS_DEBUG=-O0 -g0"]
        command += ["-DORIEL_BENCH=OFF"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def build(folder: Path, jobs: int):
    command = ["ninja", "-C", folder / "build", f"-j{jobs}", *PROGRAMS]
    ended = subprocess.run(command, text=True, capture_output=True)
    return "" if ended.returncode == 0 else ended.stdout[-4000:]


def failing_test(folder: Path) -> str:
    """The first test that fails; empty when all pass."""
    for program, tests in RUNS:
        command = [folder / "build" / "tests" / program, f"--gtest_filter={tests}"]
        command += ["--gtest_fail_fast", "--gtest_brief=1"]
        try:
            ended = subprocess.run(
                command, text=True, errors="replace", capture_output=True, timeout=TIMEOUT
            )
        except subprocess.TimeoutExpired:
            return f"{program} hangs"
        if ended.returncode != 0:
            failed = [line for line in ended.stdout.splitlines() if line.startswith("[  FAILED  ]")]
            return failed[0].split()[3].rstrip(",") if failed else f"{program} crashes"
    return ""


def original(file: Path, mutation) -> str:
    text = file.read_text()
    count = text.count(mutation.text)
    if count != 1:
        sys.exit(f"table.py: {mutation.name}: its text stands {count} times in {mutation.file}")
    return text


def check_table(folder: Path, mutations):
    for mutation in mutations:
        original(folder / "convert" / mutation.file, mutation)
    names = [mutation.name for mutation in mutations]
    assert len(names) == len(set(names)), "a name stands twice"


def run(folder: Path, mutations, jobs: int) -> list[str]:
    """The names of the mutations that no test saw; those that don't compile are among them."""
    copy_tree(folder)
    check_table(folder, mutations)
    configure(folder)
    if wrong := build(folder, jobs):
        sys.exit(f"The tree as it is does not build:\n{wrong}")
    if failed := failing_test(folder):
        sys.exit(f"The tree as it is fails: {failed}")
    survivors = []
    for mutation in mutations:
        file = folder / "convert" / mutation.file
        text = original(file, mutation)
        file.write_text(text.replace(mutation.text, mutation.replacement))
        began = time.monotonic()
        try:
            wrong = build(folder, jobs)
            seen = "" if wrong else failing_test(folder)
        finally:
            file.write_text(text)
        took = time.monotonic() - began
        word = "seen    " if seen else "NO BUILD" if wrong else "SURVIVES"
        print(f"{word} {took:4.0f} s  {mutation.name}: {seen}", flush=True)
        if not seen:
            survivors.append(mutation.name)
    return survivors


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="mutations whose name holds this word")
    parser.add_argument("--keep", type=Path, help="works in this folder and leaves it")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    options = parser.parse_args()
    mutations = [mutation for mutation in MUTATIONS if options.only in mutation.name]
    began = time.monotonic()
    if options.keep:
        options.keep.mkdir(parents=True, exist_ok=True)
        survivors = run(options.keep.resolve(), mutations, options.jobs)
    else:
        with tempfile.TemporaryDirectory(prefix="oriel-mutations-") as folder:
            survivors = run(Path(folder), mutations, options.jobs)
    took = time.monotonic() - began
    print(f"{len(mutations) - len(survivors)} of {len(mutations)} mutations seen, {took:.0f} s")
    sys.exit(1 if survivors or not mutations else 0)


if __name__ == "__main__":
    main()
