"""Tables of shell commands and what they must print: the format, and how one is carried out.

    # a comment
    $ a command line, run by bash in the table's data folder
    \\ more of it (a line with a backslash continues the command)
    = exit status (0 when left out)
    ~ regular expression that the output (stdout, then stderr) must hold; ^ and $ match at lines
    ! regular expression that it must not hold

Order matters: what one command made is there for the next.
"""

import math
import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from byocni_tui.sandbox import launcher

CREATE = """
az group create -l chinanorth3 -n g -o none
az aks create -l chinanorth3 -g g -n k --network-plugin none -o none
az aks get-credentials -g g -n k
"""


class Row(NamedTuple):
    """One command and what is expected of it."""

    line: int
    command: str
    status: int
    wanted: tuple[str, ...]
    unwanted: tuple[str, ...]


class Outcome(NamedTuple):
    status: int
    output: str


def rows(table: Path) -> list[Row]:
    """The rows of a table; a line that is none of the above is an error."""
    found: list[Row] = []
    for number, text in enumerate(table.read_text(encoding="utf-8").splitlines(), 1):
        mark, _, rest = text.partition(" ")
        if not text or mark == "#":
            continue
        if mark == "$":
            found.append(Row(number, rest, 0, (), ()))
            continue
        last = found[-1]
        if mark == "\\":
            found[-1] = last._replace(command=f"{last.command}\n{rest}")
        elif mark == "=":
            found[-1] = last._replace(status=int(rest))
        elif mark == "~":
            found[-1] = last._replace(wanted=(*last.wanted, rest))
        elif mark == "!":
            found[-1] = last._replace(unwanted=(*last.unwanted, rest))
        else:
            raise ValueError(f"{table.name}:{number}: {text!r}")
    return found


def play(table: Path, folder: Path, env: dict[str, str], timeout: float = 90) -> dict[int, Outcome]:
    """Run every command of a table in ``folder``; outcomes by line."""
    done = {}
    for row in rows(table):
        try:
            ran = subprocess.run(
                ["bash", "-uo", "pipefail", "-c", row.command], cwd=folder, env=env, capture_output=True,
                text=True, timeout=timeout, check=False, stdin=subprocess.DEVNULL,
            )  # fmt: skip
            done[row.line] = Outcome(ran.returncode, ran.stdout + ran.stderr)
        except subprocess.TimeoutExpired as late:
            said = [part.decode(errors="replace") if isinstance(part, bytes) else part or "" for part in
                    (late.stdout, late.stderr)]  # fmt: skip
            done[row.line] = Outcome(-1, "".join(said) + f"\n(still running after {timeout:.0f} s)")
    return done


def complaint(row: Row, outcome: Outcome) -> str:
    """What is wrong with an outcome; empty when it is as expected."""
    if outcome.status != row.status:
        return f"exit status {outcome.status}, not {row.status}"
    for pattern in row.wanted:
        if not re.search(pattern, outcome.output, re.MULTILINE):
            return f"nothing matches {pattern}"
    for pattern in row.unwanted:
        if re.search(pattern, outcome.output, re.MULTILINE):
            return f"should not match {pattern}"
    return ""


def clean_environment(extra: dict[str, str], path: str, home: Path) -> dict[str, str]:
    """An environment in which nothing of the user's own is in reach."""
    home.mkdir(parents=True, exist_ok=True)
    keep = {name: os.environ[name] for name in ("LANG", "TMPDIR") if name in os.environ}
    return {
        **keep,
        **extra,
        "PATH": path,
        "HOME": str(home),
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
        "TERM": "dumb",
    }


@contextmanager
def cluster_in_sandbox(path: str, home: Path) -> Iterator[dict[str, str]]:
    """The environment of a sandbox of its own (scenario article, speed max) with a fresh cluster of three nodes."""
    endpoints = launcher.start("article", speed=math.inf, state_dir=home / "sandbox", idle_seconds=600)
    try:
        extra = {**launcher.environment(endpoints, home / "clients"), "TMPDIR": str(home)}
        env = clean_environment(extra, path, home / "home")
        subprocess.run(["bash", "-euc", CREATE], env=env, check=True, capture_output=True, timeout=120)
        yield env
    finally:
        launcher.stop(endpoints)


def play_in_sandbox(table: Path, folder: Path, path: str, home: Path) -> dict[int, Outcome]:
    """Run a table in such a sandbox."""
    with cluster_in_sandbox(path, home) as env:
        return play(table, folder, env)
