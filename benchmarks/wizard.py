"""The wizard through a pseudo-terminal: first frame, key to frame, next screen, the board with 5,000 nodes; each beside
a bare Textual app in the same run. A bare app with a dozen stock widgets and a stylesheet paints at 1.4 × hello.
"""

import os
import pty
import select
import statistics
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from fcntl import ioctl
from pathlib import Path
from signal import SIGKILL
from termios import TIOCSWINSZ
from typing import Any

from benchmarks.clients import needed
from benchmarks.process import run

RUNS = 9
KEYS = 60
HELLO = """
from textual.app import App
from textual.widgets import Static
class Hello(App):
    def compose(self):
        yield Static("hello, first frame")
Hello().run()
"""
FORM = """
from textual.app import App
from textual.widgets import Input, Label
class Form(App):
    def compose(self):
        for i in range(8):
            yield Label(f"field {i}")
            field = Input(f"value {i}", compact=True)
            field.cursor_blink = False
            yield field
Form().run()
"""
PATIENCE = 30.0


class Terminal:
    """A program on a terminal of 80x24."""

    def __init__(self, command: list[str], environ: dict[str, str]) -> None:
        self.seen = b""
        self.began = time.perf_counter()
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execve(command[0], command, environ)
        ioctl(self.fd, TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))

    def until(self, text: str) -> float:
        """Seconds from now until ``text`` was painted."""
        begin, wanted = time.perf_counter(), text.encode()
        while wanted not in self.seen:
            self._read(PATIENCE)
        return time.perf_counter() - begin

    def _read(self, patience: float) -> bool:
        ready, _, _ = select.select([self.fd], [], [], patience)
        if not ready:
            if patience >= PATIENCE:
                raise TimeoutError(self.seen[-300:])
            return False
        self.seen += os.read(self.fd, 65536)
        return True

    def settle(self, quiet: float = 0.25) -> None:
        """Until nothing has been painted for a while."""
        end = time.perf_counter() + 5.0
        while self._read(quiet) and time.perf_counter() < end:
            pass
        self.seen = b""

    def press(self, keys: str, quiet: float = 0.12) -> float:
        """Seconds from the key to the last byte of what it paints."""
        begin = last = time.perf_counter()
        os.write(self.fd, keys.encode())
        while self._read(quiet):
            last = time.perf_counter()
        self.seen = b""
        return last - begin

    def first(self, keys: str) -> float:
        """Seconds from the key to the end of the first frame that it paints. What was painted before counts not."""
        while self._read(0.0):
            pass
        begin = time.perf_counter()
        os.write(self.fd, keys.encode())
        self._read(PATIENCE)
        at = time.perf_counter() - begin
        self.settle(0.06)
        return at

    def end(self) -> None:
        os.kill(self.pid, SIGKILL)
        os.close(self.fd)
        os.waitpid(self.pid, 0)


def environment(home: str) -> dict[str, str]:
    fixed = {
        "BYOCNI_STATE_HOME": home, "TERM": "xterm-256color", "COLORTERM": "truecolor", "TEXTUAL_ANIMATIONS": "none",
        "LC_ALL": "C.UTF-8", "PYTHONPATH": str(Path(__file__).parent.parent),
    }  # fmt: skip
    return {**os.environ, **fixed}


def figures(figure: Any) -> Iterator[Any]:
    with tempfile.TemporaryDirectory() as home:
        environ = environment(home)
        hello, form = Path(home) / "hello.py", Path(home) / "form.py"
        hello.write_text(HELLO)
        form.write_text(FORM)
        wizard = [sys.executable, "-m", "byocni_tui", "--simulate"]
        yield from _first_frame(figure, wizard, [sys.executable, str(hello)], environ)
        yield from _keys(figure, wizard, [sys.executable, str(form)], environ)
        yield from _board(figure, environ)


def _paint(command: list[str], text: str, environ: dict[str, str]) -> float:
    terminal = Terminal(command, environ)
    terminal.until(text)
    spent = time.perf_counter() - terminal.began
    terminal.end()
    return spent


def _first_frame(figure: Any, wizard: list[str], hello: list[str], environ: dict[str, str]) -> Iterator[Any]:
    for command, text in ((wizard, "SIMULATION"), (hello, "hello, first")):
        _paint(command, text, environ)
    pairs = [
        (_paint(wizard, "SIMULATION", environ), _paint(hello, "hello, first", environ)) for _ in range(RUNS)
    ]
    ratio = statistics.median(mine / theirs for mine, theirs in pairs)
    mine, theirs = (statistics.median(column) for column in zip(*pairs, strict=True))
    yield figure(
        "first frame of the wizard / bare hello",
        ratio,
        1.7,
        "x",
        f"{mine * 1000:.0f} ms, {theirs * 1000:.0f} ms",
    )
    az = needed("az")
    helps = [run([az, "aks", "create", "--help"], environ).wall for _ in range(RUNS)]
    theirs = statistics.median(helps)
    note = f"{mine * 1000:.0f} ms, {theirs * 1000:.0f} ms"
    yield figure("first frame of the wizard / az aks create --help", mine / theirs, 0.6, "x", note)


def _p95(values: list[float]) -> float:
    return sorted(values)[int(len(values) * 0.95)]


def _keys(figure: Any, wizard: list[str], form: list[str], environ: dict[str, str]) -> Iterator[Any]:
    ours, bare = Terminal(wizard, environ), Terminal(form, environ)
    try:
        ours.until("SIMULATION")
        bare.until("field 7")
        ours.settle(1.0)
        bare.settle(1.0)
        ours.press("\x1b[D")  # the support boundary: yes
        moves = [ours.first("\x0e") for _ in range(5)]  # to Network, the step with the most rules
        ours.settle(1.0)
        for _ in range(3):
            ours.press("\t")
        typed: list[tuple[float, float]] = []
        for i in range(KEYS):
            key = "1" if i % 2 == 0 else "\x7f"
            typed.append((ours.first(key), bare.first(key)))
        tabs = [(ours.first("\t"), bare.first("\t")) for _ in range(KEYS // 2)]
        ours.settle(0.5)
        backs = [ours.first("\x02") for _ in range(4)]
        moves += backs + [ours.first("\x0e") for _ in range(4)]
    finally:
        ours.end()
        bare.end()
    mine, theirs = [a for a, _ in typed], [b for _, b in typed]
    note = f"p95 {_p95(mine) * 1000:.1f} ms, bare {_p95(theirs) * 1000:.1f} ms"
    yield figure("a character typed, p95 / bare form", _p95(mine) / _p95(theirs), 2.0, "x", note)
    yield figure("a character typed, p95", _p95(mine) * 1000, 33.0, "ms")
    mine, theirs = [a for a, _ in tabs], [b for _, b in tabs]
    note = f"{statistics.median(mine) * 1000:.1f} ms, bare {statistics.median(theirs) * 1000:.1f} ms"
    yield figure(
        "Tab, median / bare form", statistics.median(mine) / statistics.median(theirs), 2.0, "x", note
    )
    note = f"p95 {_p95(moves) * 1000:.1f} ms"
    yield figure("next screen, median", statistics.median(moves) * 1000, 60.0, "ms", note)


def _board(figure: Any, environ: dict[str, str]) -> Iterator[Any]:
    """5,000 nodes turning Ready at 200 changes a second: how late each is drawn, and what it costs."""
    script = Path(__file__).parent / "_wizard_board.py"
    done = subprocess.run(
        [sys.executable, str(script)], env=environ, capture_output=True, text=True, check=False
    )
    if done.returncode:
        sys.exit(done.stderr)
    late, share, extra = (float(word) for word in done.stdout.split())
    yield figure("5,000 nodes: a change until it is drawn, worst", late * 1000, 250.0, "ms")
    yield figure("5,000 nodes: share of one core at 200 changes/s", share, 0.5, "")
    yield figure("5,000 nodes: memory more than with three", extra, 60.0, "MiB")
