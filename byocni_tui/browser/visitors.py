"""All visitors: who is there, who is let in, and who has to go."""

import secrets
from collections.abc import Sequence
from pathlib import Path

from aiohttp import web

from byocni_tui.browser.limits import Limits
from byocni_tui.browser.visitor import Session, Visitor, make_home
from byocni_tui.clock import Clock


class Visitors:
    """``folder`` holds a folder for each; ``options`` go to every wizard."""

    def __init__(self, folder: Path, limits: Limits, clock: Clock, options: Sequence[str]) -> None:
        self._folder = folder
        self._limits = limits
        self._clock = clock
        self._options = list(options)
        self._known: dict[str, Visitor] = {}

    def find(self, key: str | None) -> Visitor | None:
        """The visitor of a cookie; None for a cookie of nobody (any more)."""
        return self._known.get(key or "")

    def admit(self) -> Visitor | None:
        """A new visitor; None if there are as many as may be."""
        if len(self._known) >= self._limits.visitors:
            return None
        key = secrets.token_hex(16)
        visitor = Visitor(key, make_home(self._folder, key), self._clock.monotonic())
        self._known[key] = visitor
        return visitor

    async def show(self, visitor: Visitor, socket: web.WebSocketResponse, size: tuple[int, int]) -> None:
        """Run the visitor's wizard in this tab until the tab goes. A second tab takes it over from the first."""
        while visitor.session is not None:
            # Two wizards on one folder would each write the other's answers.
            await visitor.session.dismiss("elsewhere")
        session = Session(visitor, socket, self._options, self._clock.monotonic())
        visitor.session = session
        try:
            await session.show(size, self._limits, self._clock)
        finally:
            visitor.session = None
            visitor.touched = self._clock.monotonic()

    async def sweep(self) -> None:
        """Close sessions that nobody types in or that use too much; forget visitors who have not come back."""
        now = self._clock.monotonic()
        for visitor in list(self._known.values()):
            session = visitor.session
            if session is None:
                if now - visitor.touched > self._limits.idle:
                    del self._known[visitor.key]
                    await visitor.forget()
                continue
            session.received = 0
            if now - session.touched > self._limits.idle:
                await session.dismiss("idle")
            elif visitor.memory() > self._limits.memory:
                await session.dismiss("memory")

    async def close(self) -> None:
        """End everything."""
        for visitor in list(self._known.values()):
            if visitor.session is not None:
                await visitor.session.dismiss("stopping")
            await visitor.forget()
        self._known.clear()
