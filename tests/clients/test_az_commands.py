"""A table of unmodified az commands (data/az.txt), in order, in one sandbox: exit status and what they print."""

import math
import os
import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from byocni_tui.sandbox import launcher

DATA = Path(__file__).parent / "data"
SUBSCRIPTION = "/subscriptions/00000000-0000-0000-0000-000000000000"
NAMES = {
    "{S}": SUBSCRIPTION,
    "{G}": f"{SUBSCRIPTION}/resourceGroups/g1",
    "{N}": f"{SUBSCRIPTION}/resourceGroups/g1/providers/Microsoft.Network",
    "{DATA}": str(DATA),
    "{MC}": "MC_g1_c1_chinanorth3",
    "{V}": "aks-nodepool1-67695891-vmss",
}


def filled(text: str) -> str:
    """A line with the names that every world of this table gives to what it makes."""
    for name, value in NAMES.items():
        text = text.replace(name, value)
    return text


class Row(NamedTuple):
    line: int
    status: int
    command: str
    pattern: str


def rows() -> list[Row]:
    found = []
    for number, text in enumerate((DATA / "az.txt").read_text(encoding="utf-8").splitlines(), 1):
        if text and not text.startswith("#"):
            status, command, pattern = (
                text.split(" | ", 2) if text.count(" | ") > 1 else [*text.split(" | "), ""]
            )
            found.append(Row(number, int(status), command.removesuffix(" |").strip(), pattern.strip()))
    return found


ROWS = rows()


@pytest.fixture(scope="module")
def done(
    az: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[int, subprocess.CompletedProcess[str]]]:
    """Every command's outcome, by line of the table."""
    folder = tmp_path_factory.mktemp("az")
    endpoints = launcher.start("article", speed=math.inf, state_dir=folder / "sandbox", idle_seconds=600)
    home = folder / "home"
    home.mkdir()
    env = {**os.environ, **launcher.environment(endpoints, folder / "clients"), "HOME": str(home)}
    outcomes = {}
    for row in ROWS:
        words = shlex.split(filled(row.command))
        outcomes[row.line] = subprocess.run(
            [str(az), *words], env=env, capture_output=True, text=True, timeout=120, check=False,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
    yield outcomes
    launcher.stop(endpoints)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.line}: az {row.command[:60]}")
def test_az(row: Row, done: dict[int, subprocess.CompletedProcess[str]]) -> None:
    outcome = done[row.line]
    output = outcome.stdout + outcome.stderr
    assert outcome.returncode == row.status, output
    assert re.search(filled(row.pattern), output, re.MULTILINE), output


def test_there_are_enough() -> None:
    assert len([row for row in ROWS if row.status == 0]) >= 120
    assert len([row for row in ROWS if row.status != 0]) >= 60
