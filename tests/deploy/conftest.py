"""A simulated run as a user starts it: a process of its own, and its sandbox ended afterwards."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

ANSWERS = """\
version: 1
cloud: AzureChinaCloud
subscription: 00000000-0000-0000-0000-000000000000
region: chinanorth3
resource_group: {name: myResourceGroup}
cluster: {name: myAKSCluster}
accept: [BYO709]
acknowledge_support_boundary: true
"""


class Runs:
    """Starts commands and reads their events."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.folder = home / "runs"

    def start(self, *words: str) -> "subprocess.Popen[str]":
        """A command, its events on stdout."""
        return subprocess.Popen(
            [sys.executable, "-m", "byocni_tui", *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "BYOCNI_STATE_HOME": str(self.home)},
        )

    def finish(self, *words: str) -> tuple[int, list[dict[str, Any]], str]:
        """Exit status, events, messages of a command that runs to its end."""
        process = self.start(*words)
        out, err = process.communicate(timeout=120)
        return (
            process.returncode,
            [json.loads(line) for line in out.splitlines() if line.startswith("{")],
            err,
        )

    def kill_at(self, stop: Callable[[dict[str, Any]], bool], *words: str) -> list[dict[str, Any]]:
        """Kill -9 with the first event that ``stop`` says; the events so far."""
        process = self.start(*words)
        assert process.stdout is not None
        seen: list[dict[str, Any]] = []
        for line in process.stdout:
            seen.append(json.loads(line))
            if stop(seen[-1]):
                process.send_signal(signal.SIGKILL)
                break
        process.communicate(timeout=30)
        return seen

    def only(self) -> str:
        """The id of the one run there is."""
        (run,) = [path.name for path in self.folder.iterdir()]
        return run


@pytest.fixture
def runs(tmp_path: Path) -> Iterator[Runs]:
    """Runs below a folder of the test's own."""
    from byocni_tui.sandbox import launcher
    from byocni_tui.sandbox.endpoints import read

    found = Runs(tmp_path / "state")
    yield found
    for state in found.folder.glob("*/sandbox"):
        endpoints = read(state)
        if endpoints is not None:
            launcher.stop(endpoints)


@pytest.fixture
def answers(tmp_path: Path) -> Path:
    """The article's plan, with a pod range."""
    path = tmp_path / "answers.yaml"
    path.write_text(ANSWERS)
    return path
