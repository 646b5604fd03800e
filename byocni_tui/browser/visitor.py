"""One visitor: a folder with a wizard and a sandbox of its own, and the session that shows it in one tab."""

import asyncio
import contextlib
import json
import os
import shlex
import shutil
import sys
from collections.abc import Coroutine, Mapping
from pathlib import Path
from typing import Any, Final, Literal

from aiohttp import WSCloseCode, WSMsgType, web
from textual_serve.app_service import AppService
from textual_serve.download_manager import DownloadManager

from byocni_tui.browser.limits import Limits, resident
from byocni_tui.clock import Clock

Reason = Literal["left", "elsewhere", "idle", "memory", "flood", "broken", "stopping"]
"""Why a session ended."""

_PATIENCE: Final = 8.0
"""Seconds that a wizard may take to leave before it is ended."""
_PRIVATE: Final = ("AZURE_", "ARM_", "BYOCNI_", "HELM_", "KUBE", "SSH_")
"""What of the server's own environment a visitor's wizard must not see."""
_COLUMNS: Final = (20, 400)
_ROWS: Final = (5, 200)


class WizardService(AppService):
    """textual-serve's process of one app, in an environment of the visitor's own."""

    def __init__(self, session: "Session", home: Path, options: list[str]) -> None:
        words = [sys.executable, "-m", "byocni_tui", "--simulate", *options]
        # No word of it comes from a visitor. `exec`, so that the process to end is the wizard and no shell around it.
        super().__init__(
            "exec " + shlex.join(words),
            write_bytes=session.socket.send_bytes,
            write_str=session.socket.send_str,
            close=session.end,
            download_manager=DownloadManager(),
        )
        self._home = home

    def _build_environment(self, width: int = 80, height: int = 24) -> dict[str, str]:
        built = super()._build_environment(width, height)
        kept = {name: value for name, value in built.items() if not name.startswith(_PRIVATE)}
        return kept | {
            "BYOCNI_STATE_HOME": str(self._home / "state"),
            "HOME": str(self._home),
            "XDG_CONFIG_HOME": str(self._home / "config"),
            # helm, where `make run` or `make clients` has fetched it, is found there still.
            "BYOCNI_CLIENTS": os.environ.get("BYOCNI_CLIENTS") or str(Path.home() / ".cache" / "byocni-tui"),
            "PYTHONSAFEPATH": "1",
            "TERM": "xterm-256color",
            "TEXTUAL_FPS": "30",
        }

    @property
    def pid(self) -> int:
        """0 before it has started."""
        return self._process.pid if self._process is not None else 0

    async def end(self) -> None:
        """Ask the wizard to leave, as closing a terminal would; end it where it does not."""
        process = self._process
        if process is None:
            return
        # A task of its own: what reads the wizard's output takes a cancellation for its end, so a timeout around it
        # would be used up there, and the next wait would have no limit.
        leaving = asyncio.create_task(self._leave(), name="a wizard leaves")
        await asyncio.wait({leaving}, timeout=_PATIENCE)
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
        leaving.cancel()
        await asyncio.gather(leaving, return_exceptions=True)
        await _gone(process)

    async def _leave(self) -> None:
        """Ask it, and read to its end."""
        await self.stop()
        self.stdin.close()
        if self._process is not None:
            await _gone(self._process)


async def _gone(process: asyncio.subprocess.Process) -> None:
    """Wait for a process that ends. Nobody may listen to it any more, and one whose output is not read can neither end
    nor be waited for."""
    for pipe in (process.stdout, process.stderr):
        if pipe is not None:
            await pipe.read()
    await process.wait()


class Session:
    """What one tab shows of a visitor's wizard."""

    def __init__(
        self, visitor: "Visitor", socket: web.WebSocketResponse, options: list[str], now: float
    ) -> None:
        self._visitor = visitor
        self.socket = socket
        self.service = WizardService(self, visitor.home, options)
        self.touched = now
        self.received = 0
        self.over = asyncio.Event()

    async def show(self, size: tuple[int, int], limits: Limits, clock: Clock) -> None:
        """Run the wizard until its tab has gone; then end it."""
        try:
            await self.service.start(*size)
            await self._listen(limits, clock)
        finally:
            try:
                await to_its_end(self.service.end())
            finally:
                self.over.set()

    async def dismiss(self, reason: Reason) -> None:
        """End it from outside, and wait until its wizard has gone."""
        await self.end(reason)
        await self.over.wait()

    async def end(self, reason: Reason = "left") -> None:
        """Close the tab's connection; whoever listens then ends the wizard. The reason is there before the browser
        can ask for it."""
        self._visitor.last_reason = reason
        await self.socket.close(code=WSCloseCode.GOING_AWAY, message=reason.encode())

    async def _listen(self, limits: Limits, clock: Clock) -> None:
        """Hand on what the browser sends until it has gone. What is no message of its protocol ends the session."""
        async for message in self.socket:
            if message.type is not WSMsgType.TEXT:
                return await self.end("broken")
            self.received += len(message.data)
            if self.received > limits.typed_ahead:
                return await self.end("flood")
            if (said := understood(message.data)) is None:
                return await self.end("broken")
            kind, value = said
            if kind == "stdin":
                self.touched = clock.monotonic()
                await self.service.send_bytes(value.encode("utf-8", "replace"))
            elif kind == "resize":
                await self.service.set_terminal_size(*value)
            elif kind == "ping":
                await self.socket.send_json(["pong", value])
            elif kind == "focus":
                await self.service.focus()
            else:
                await self.service.blur()
        return None


async def to_its_end(work: Coroutine[Any, Any, None]) -> None:
    """Await ``work`` also where the one who awaits is cancelled meanwhile (the server goes away, the connection is
    lost): a wizard that was asked to leave is waited for all the same."""
    task = asyncio.ensure_future(work)
    cancelled = False
    while not task.done():
        try:
            await asyncio.wait({task})
        except asyncio.CancelledError:
            cancelled = True
    task.result()
    if cancelled:
        raise asyncio.CancelledError


def understood(data: str) -> tuple[str, Any] | None:
    """A message of textual-serve's protocol as kind and value; None for what is none."""
    try:
        return _message(data)
    except (ValueError, TypeError, LookupError, OverflowError, RecursionError):
        return None


def _message(data: str) -> tuple[str, Any]:
    envelope = json.loads(data)
    if not isinstance(envelope, list) or not envelope:
        raise TypeError
    kind = envelope[0]
    if kind == "stdin":
        if not isinstance(envelope[1], str):
            raise TypeError
        return kind, envelope[1]
    if kind == "resize":
        return kind, (bounded(envelope[1]["width"], _COLUMNS), bounded(envelope[1]["height"], _ROWS))
    if kind == "ping":
        return kind, str(envelope[1])[:32]
    if kind in ("focus", "blur"):
        return kind, None
    raise ValueError


def bounded(value: Any, limits: tuple[int, int]) -> int:
    """A size in cells, within what a terminal can be. ValueError or TypeError for what is no number."""
    return max(limits[0], min(limits[1], int(value)))


def size_of(query: Mapping[str, str]) -> tuple[int, int]:
    """Columns and rows that the page asks for; 80 by 24 where it does not."""
    try:
        return bounded(query.get("width", "80"), _COLUMNS), bounded(query.get("height", "24"), _ROWS)
    except ValueError:
        return 80, 24


class Visitor:
    """Known by the cookie; outlives a tab, so that a reload finds the run where it was."""

    def __init__(self, key: str, home: Path, now: float) -> None:
        self.key = key
        self.home = home
        self.touched = now
        self.session: Session | None = None
        self.last_reason: Reason = "left"

    def memory(self) -> int:
        """Bytes resident of the wizard and of the sandboxes of its runs."""
        pids = [pid for _, pid in self._sandboxes()]
        if self.session is not None:
            pids.append(self.session.service.pid)
        return sum(resident(pid) for pid in pids if pid)

    def _sandboxes(self) -> list[tuple[Path, int]]:
        from byocni_tui.sandbox import endpoints

        found = []
        for folder in sorted((self.home / "state" / "runs").glob("*/sandbox")):
            running = endpoints.read(folder)
            if running is not None:
                found.append((folder.parent, running.pid))
        return found

    async def forget(self) -> None:
        """End what runs for this visitor and remove the folder."""
        from byocni_tui.connections import end_sandbox

        for run, _ in self._sandboxes():
            await asyncio.to_thread(end_sandbox, run)
        await asyncio.to_thread(shutil.rmtree, self.home, ignore_errors=True)


def make_home(folder: Path, key: str) -> Path:
    """The folder of a visitor, for its owner only."""
    home = folder / key[:16]
    os.makedirs(home, mode=0o700, exist_ok=True)
    return home
