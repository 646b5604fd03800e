"""What the wizard holds at the end of a simulated run, beside a bare Textual app that has the same clients imported."""

import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.process import run
from benchmarks.wizard import Terminal, environment
from byocni_tui.sandbox import launcher
from byocni_tui.sandbox.endpoints import read

NEXT = "\x0e"
"""Ctrl-N: the next step, and on the review the deployment."""
BARE = """
import asyncio, ssl
import azure.core.pipeline.policies, azure.core.pipeline.transport, azure.identity.aio, azure.mgmt.core
import azure.mgmt.containerservice.aio, azure.mgmt.core.policies
import kubernetes.aio.client, kubernetes.aio.config
import sqlite3, yaml, msgspec, netaddr
from textual.app import App
from textual.widgets import Static
class Hello(App):
    def compose(self):
        yield Static("hello, first frame")
Hello().run()
"""


def resident(pid: int) -> float:
    """MiB."""
    for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise OSError("this system does not say how much memory a process holds")


def _wizard(environ: dict[str, str], folder: Path) -> float:
    """Walk the article by one key, to the end."""
    plan = folder / "plan.yaml"
    values = (
        "cloud=AzureChinaCloud", "subscription=00000000-0000-0000-0000-000000000000", "region=chinanorth3",
        "resource_group.name=myResourceGroup", "cluster.name=myAKSCluster", "acknowledge_support_boundary=true",
        "accept=[BYO709]",
    )  # fmt: skip
    words = [word for value in values for word in ("--set", value)]
    assert run([sys.executable, "-m", "byocni_tui", "plan", str(plan), *words], environ).status == 0
    command = [sys.executable, "-m", "byocni_tui", "--simulate", "--speed", "max", "--plan", str(plan)]
    terminal = Terminal(command, environ)
    try:
        terminal.until("SIMULATION")
        begin = time.perf_counter()
        while not _done(folder):
            terminal.press(NEXT, 0.4)
            if time.perf_counter() - begin > 90:
                raise TimeoutError("the run did not come to its end by Ctrl-N alone")
        terminal.settle(1.0)
        return resident(terminal.pid)
    finally:
        terminal.end()
        for file in folder.rglob("endpoints.json"):
            if (found := read(file.parent)) is not None:
                launcher.stop(found)


def _done(folder: Path) -> bool:
    """Whether the run's journal says so."""
    import sqlite3
    from contextlib import closing, suppress

    for path in folder.rglob("journal.db"):
        with suppress(sqlite3.Error), closing(sqlite3.connect(path)) as database:
            bodies = database.execute("SELECT body FROM events ORDER BY seq DESC LIMIT 1").fetchall()
            if bodies and '"step":"run"' in bodies[0][0]:
                assert '"done"' in bodies[0][0], bodies[0][0]
                return True
    return False


def _bare(environ: dict[str, str]) -> float:
    terminal = Terminal([sys.executable, "-c", BARE], environ)
    try:
        terminal.until("hello, first frame")
        terminal.settle(1.0)
        return resident(terminal.pid)
    finally:
        terminal.end()


def figures(figure: Any) -> Iterator[Any]:
    """One line."""
    with tempfile.TemporaryDirectory() as home:
        environ = environment(home)
        bare = _bare(environ)
        mine = _wizard(environ, Path(home))
    note = f"{mine:.0f} MiB, bare {bare:.0f} MiB"
    yield figure(
        "memory of the wizard after a run / bare app with the same clients", mine / bare, 1.35, "x", note
    )
