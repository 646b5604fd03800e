"""Ctrl-C at a terminal while Azure makes the cluster: leave it running, cancel it there, or keep watching."""

import os
import pty
import select
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from byocni_tui.sandbox import launcher
from byocni_tui.sandbox.endpoints import read

PATIENCE = 90.0
ASKED = "[l]eave it running (default), [c]ancel in Azure, [k]eep watching?"
pytestmark = pytest.mark.filterwarnings("ignore:This process")


class Terminal:
    """A command on a terminal of its own: what it prints, and keys for it."""

    def __init__(self, words: tuple[str, ...], environ: dict[str, str]) -> None:
        self.text = ""
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execve(sys.executable, [sys.executable, "-m", "byocni_tui", *words], {**os.environ, **environ})

    def _read(self) -> bool:
        if not select.select([self.fd], [], [], PATIENCE)[0]:
            return False
        try:
            piece = os.read(self.fd, 65536)
        except OSError:  # Linux says EIO when the other side is gone
            return False
        self.text += piece.decode(errors="replace")
        return bool(piece)

    def until(self, words: str) -> None:
        """Wait for words, and forget what came before them."""
        deadline = time.monotonic() + PATIENCE
        while words not in self.text:
            assert self._read(), f"{words!r} did not come: {self.text[-800:]}"
            assert time.monotonic() < deadline, self.text[-800:]
        self.text = self.text.partition(words)[2]

    def send(self, keys: str) -> None:
        os.write(self.fd, keys.encode())

    def interrupt(self) -> None:
        self.send("\x03")
        self.until(ASKED)

    def status(self) -> int:
        """The exit status, once it has ended."""
        while self._read():
            pass
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


@pytest.fixture
def terminal(runs: Any) -> Iterator[Callable[..., Terminal]]:
    opened: list[Terminal] = []

    def begin(*words: str) -> Terminal:
        opened.append(Terminal(words, {"BYOCNI_STATE_HOME": str(runs.home)}))
        return opened[-1]

    yield begin
    for each in opened:
        os.close(each.fd)


def taken_by_azure(runs: Any) -> None:
    """Wait until the sandbox has the request for the cluster: the run says that it asks before it does."""
    deadline = time.monotonic() + PATIENCE
    endpoints = read(runs.folder / runs.only() / "sandbox")
    assert endpoints is not None
    names: list[str] = []
    while "myAKSCluster" not in names:
        assert time.monotonic() < deadline, names
        acts: Any = launcher.control(endpoints, "acts?plane=arm&mutates=1")
        names = [act["name"] for act in acts["acts"] if act["verb"] == "put"]


def test_each_answer_does_what_it_says(terminal: Callable[..., Terminal], runs: Any, answers: Path) -> None:
    # So slowly that the cluster is still being made whenever a key comes.
    first = terminal("apply", str(answers), "--simulate", "--speed", "2")
    first.until("asking Azure for cluster myAKSCluster")
    taken_by_azure(runs)
    first.interrupt()
    first.send("k\n")
    first.until("watching on")
    first.interrupt()
    first.send("\n")
    first.until(f"left running: Azure goes on. 'byocni-tui runs resume {runs.only()}' picks it up")
    assert first.status() == 4

    again = terminal("runs", "resume", runs.only())
    again.until("cluster myAKSCluster was asked for earlier and is Creating")
    again.interrupt()
    again.send("c\n")
    again.until("Azure is asked to cancel; watching until it has")
    again.until("✗ cluster")
    again.until("Canceled")  # said of the operation or of the cluster, whichever is looked at first
    assert again.status() == 1


def test_where_nothing_can_be_cancelled_azure_s_words_are_shown(
    terminal: Callable[..., Terminal], runs: Any, answers: Path
) -> None:
    late = terminal("apply", str(answers), "--simulate", "--speed", "60")
    late.until("0 of 3 nodes Ready")
    late.interrupt()
    late.send("c\n")
    late.until("There is no operation in progress to abort.")
    late.until("nodes Ready, network proven")
    assert late.status() == 0


def test_two_interrupts_leave_it_running(terminal: Callable[..., Terminal], runs: Any, answers: Path) -> None:
    once = terminal("apply", str(answers), "--simulate", "--speed", "2")
    once.until("asking Azure for cluster myAKSCluster")
    once.interrupt()
    once.send("\x03")
    once.until("left running")
    assert once.status() == 4


def test_before_anything_was_made_it_just_ends(
    terminal: Callable[..., Terminal], runs: Any, answers: Path
) -> None:
    early = terminal("apply", str(answers), "--simulate", "--speed", "2")
    early.until("signed in as")
    early.send("\x03")
    assert early.status() in (130, 4), "4 where the group was made in the meantime"
    assert "Traceback" not in early.text
