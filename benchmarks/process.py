"""Time and processor time of whole processes, and how long a terminal program takes to its first frame."""

import os
import pty
import select
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import NamedTuple

HELLO = """
from textual.app import App, ComposeResult
from textual.widgets import Static

class Hello(App):
    def compose(self) -> ComposeResult:
        yield Static("hello")

Hello().run()
"""


class Spent(NamedTuple):
    """Seconds on the wall, seconds of processor time (with children that ended), exit status."""

    wall: float
    cpu: float
    status: int

    def __add__(self, other: object) -> "Spent":
        assert isinstance(other, Spent)
        return Spent(self.wall + other.wall, self.cpu + other.cpu, self.status or other.status)


def run(command: Sequence[str], env: dict[str, str], line: Callable[[bytes], None] | None = None) -> Spent:
    """A process to its end; ``line`` hears its standard output as it comes."""
    begin = time.perf_counter()
    with subprocess.Popen(
        command, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        assert process.stdout is not None
        for text in process.stdout:
            if line is not None:
                line(text)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.perf_counter() - begin
    return Spent(wall, usage.ru_utime + usage.ru_stime, process.returncode)


def first_frame(command: Sequence[str], seen: bytes, env: dict[str, str], limit: float = 30.0) -> float:
    """Seconds until ``seen`` stands in what a program draws on a pseudo-terminal of 80 × 24; then it is ended."""
    begin = time.perf_counter()
    child, descriptor = pty.fork()
    if child == 0:
        os.execvpe(
            command[0], list(command), {**env, "TERM": "xterm-256color", "COLUMNS": "80", "LINES": "24"}
        )
    drawn = b""
    try:
        while seen not in drawn:
            left = limit - (time.perf_counter() - begin)
            ready, _, _ = select.select([descriptor], [], [], max(0.0, left))
            if not ready:
                raise TimeoutError(f"{command[0]} drew no {seen!r} within {limit:g} s")
            drawn += os.read(descriptor, 65536)
        return time.perf_counter() - begin
    finally:
        with suppress(ProcessLookupError):
            os.kill(child, 9)
        with suppress(OSError):
            os.close(descriptor)
        os.waitpid(child, 0)


def hello() -> list[str]:
    """A bare Textual application."""
    return [sys.executable, "-c", HELLO]
