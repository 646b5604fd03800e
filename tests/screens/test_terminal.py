"""The program in a real pseudo-terminal: it paints, keys arrive, it leaves the terminal as it was."""

import os
import pty
import select
import struct
import sys
import time
from fcntl import ioctl
from pathlib import Path
from termios import TIOCSWINSZ

import pytest

from byocni_tui.plan.fields import Field
from byocni_tui.screens import steps

PATIENCE = 30.0


class Terminal:
    """A child on a terminal of 80x24."""

    def __init__(self, *words: str) -> None:
        self.seen = b""
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execv(sys.executable, [sys.executable, "-m", "byocni_tui", *words])
        ioctl(self.fd, TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))

    def until(self, text: str) -> None:
        """Read until ``text`` was painted."""
        end = time.monotonic() + PATIENCE
        while text.encode() not in self.seen:
            ready, _, _ = select.select([self.fd], [], [], max(0.0, end - time.monotonic()))
            assert ready, f"{text!r} did not come; the end was {self.seen[-400:]!r}"
            try:
                piece = os.read(self.fd, 65536)
            except OSError:
                piece = b""
            assert piece, f"ended before {text!r}: {self.seen[-400:]!r}"
            self.seen += piece

    def send(self, text: str) -> None:
        os.write(self.fd, text.encode())

    def end(self) -> int:
        """Read to the end; the exit status."""
        while True:
            try:
                piece = os.read(self.fd, 65536)
            except OSError:
                break
            if not piece:
                break
            self.seen += piece
        os.close(self.fd)
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


@pytest.fixture(autouse=True)
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(Path(__file__).parents[2])


@pytest.mark.filterwarnings("ignore:This process")
def test_the_wizard_opens_answers_a_key_and_leaves() -> None:
    terminal = Terminal("--simulate")
    terminal.until("SIMULATION")
    terminal.until("Support boundary")
    terminal.send("\x0e")
    terminal.until("Account")
    terminal.send("\x11")
    assert terminal.end() == 0
    assert b"\x1b[?1049l" in terminal.seen, "the terminal's own screen comes back"
    assert b"Traceback" not in terminal.seen


@pytest.mark.filterwarnings("ignore:This process")
def test_a_terminal_that_can_do_little_gets_questions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "dumb")
    terminal = Terminal("--simulate", "--lang", "zh")
    terminal.until("第 1 步")
    terminal.send("q\n")
    assert terminal.end() == 0
    assert b"\x1b[?1049h" not in terminal.seen


def test_a_field_that_is_added_is_asked_where_it_belongs() -> None:
    made_up = Field("network.made_up", "text", None)
    assert steps.paths(steps.step("network"), fields=(made_up,))[-1] == "network.made_up"
    assert steps.step_of("network.made_up") == "network"
