"""``python tools/torture.py [PIECE…]``: the long runs of ``make torture``, one after another, each to its end.

A piece that fails does not keep the others from running. At the end stands a table: what ran, how many tests, how long,
and what the tests wrote down. The exit status is 1 if one failed.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Final, NamedTuple

PIECES: Final[dict[str, tuple[str, ...]]] = {
    "doors": ("tests/torture/test_doors.py", "tests/torture/test_file_modes.py"),
    "crowd": ("tests/torture/test_crowd.py",),
    "requests": ("tests/torture/test_fuzz_requests.py",),
    "answers": ("tests/torture/test_fuzz_files.py", "-k", "answers_files"),
    "scenarios": ("tests/torture/test_fuzz_files.py", "-k", "scenario_files"),
    "kills": ("tests/torture/test_random_kills.py",),
    "secrets": (
        "tests/providers/test_redaction.py", "tests/deploy/test_interruptions.py", "-k", "canary or secrets_planted",
    ),
    "names": ("tests/export", "-k", "hostile or whatever"),
    "boundaries": ("tests", "-m", "torture", "-n", "auto"),
}  # fmt: skip
"""Piece -> what pytest is told. The last holds every boundary and every fault at every call; it takes longest."""


class Outcome(NamedTuple):
    piece: str
    passed: bool
    tests: int
    seconds: float
    told: tuple[str, ...]


def _read(report: Path) -> tuple[int, tuple[str, ...]]:
    """How many tests ran, and their properties."""
    if not report.exists():
        return 0, ()
    cases = ElementTree.parse(report).iter("testcase")
    count, told = 0, list[str]()
    for case in cases:
        count += case.find("skipped") is None
        told += [f"{one.get('name')}: {one.get('value')}" for one in case.iter("property")]
    return count, tuple(told)


def run(piece: str) -> Outcome:
    """One piece, its output as it comes."""
    begin = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        words = list(PIECES[piece])
        if "-m" not in words:
            words += ["-m", ""]
        command = [sys.executable, "-m", "pytest", "-n", "0", f"--junitxml={report}", *words]
        print(f"-- {piece}", flush=True)
        done = subprocess.run(command, env={**os.environ, "BYOCNI_TORTURE": "full"}, check=False)
        count, told = _read(report)
    return Outcome(piece, done.returncode == 0, count, time.monotonic() - begin, told)


def main() -> int:
    """Run all pieces, or those that are named."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("pieces", nargs="*", metavar="PIECE", help=f"of: {', '.join(PIECES)}; default: all")
    chosen = parser.parse_args().pieces or list(PIECES)
    if unknown := [name for name in chosen if name not in PIECES]:
        parser.error(f"there is no piece {', '.join(unknown)}; there are {', '.join(PIECES)}")
    found = [run(piece) for piece in chosen]
    for one in found:
        print(
            f"{'ok    ' if one.passed else 'FAILED'} {one.piece:12} {one.tests:5} tests {one.seconds:7.0f} s"
        )
        for line in one.told:
            print(f"       {line}")
    return 0 if all(one.passed and one.tests for one in found) else 1


if __name__ == "__main__":
    sys.exit(main())
