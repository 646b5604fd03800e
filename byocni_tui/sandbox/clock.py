"""The sandbox's one clock: virtual time that runs fast only while somebody would be waiting.

Timers are data (a kind and a dictionary), so a state folder can hold them and a later process go on with them. Handlers
are found by kind when a timer is due. Between two timers nothing happens, so "now" never passes a timer that has not
fired yet: same seed, same order, same times, however busy the machine is.
"""

import asyncio
import heapq
import logging
import math
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

Handler = Callable[[dict[str, Any]], None]

MAX: Final = math.inf
"""The speed that jumps to the next awaited timer."""

_BATCH: Final = 0.02
"""Real seconds of handlers in one go before clients get their turn."""

_SHORTEST_RETRY: Final = 0.02
"""Real seconds; azure-core reads 0 as "not given" and would wait its own 30."""

_LOG = logging.getLogger(__name__)


class Timer(msgspec.Struct, order=True):
    """One timer; ``due`` in virtual epoch seconds. Timers due at the same moment fire in the order they were made."""

    due: float
    id: int
    kind: str = ""
    data: dict[str, Any] = {}
    awaited: bool = False


class VirtualClock:
    """Virtual epoch seconds.

    ``speed`` is virtual seconds per real second while an awaited timer is pending (``MAX`` jumps, 0 stands still); else
    the pace is 1, or 0 if ``speed`` is 0. ``real`` reads the machine's time; tests pass their own.
    """

    def __init__(
        self, *, start: float | None = None, speed: float = 60.0, real: Callable[[], float] = time.time
    ) -> None:
        self._real = real
        self._anchor_real = real()
        self._anchor = self._anchor_real if start is None else start
        self._speed = speed
        self._timers: list[Timer] = []
        self._live: dict[int, Timer] = {}
        self._awaited = 0
        self._next_id = 1
        self._handlers: dict[str, Handler] = {}
        self._firing = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._wake: asyncio.TimerHandle | asyncio.Handle | None = None

    def pin(self, moment: float) -> None:
        """Take the machine's time to stand still at ``moment`` (epoch seconds): for recordings that come out the same
        each time. Virtual time then moves by awaited timers and ``step`` alone."""
        self._real = lambda: moment
        self._anchor = self._anchor_real = moment
        self._rearm()

    # -- reading -----------------------------------------------------------------------------------------------------

    def now(self) -> float:
        """Virtual epoch seconds; inside a handler the very moment its timer was due."""
        if self._firing:
            return self._anchor
        moment = self._flowed()
        first = self._first()
        return moment if first is None else min(moment, max(first.due, self._anchor))

    @property
    def rate(self) -> float:
        """Virtual seconds per real second at this moment; ``MAX`` while jumping."""
        if self._speed == 0:
            return 0.0
        return self._speed if self._awaited else 1.0

    @property
    def speed(self) -> float:
        """What was asked for: the rate while something is awaited."""
        return self._speed

    @speed.setter
    def speed(self, value: float) -> None:
        self._settle()
        self._speed = value
        self._rearm()

    @property
    def awaiting(self) -> bool:
        """Whether somebody would be waiting for something now."""
        return self._awaited > 0

    def shown(self, ts: float) -> str:
        """RFC 3339 as clients may see it: real now minus the virtual age, never in the future."""
        return datetime.fromtimestamp(self.shown_epoch(ts), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    def shown_epoch(self, ts: float) -> float:
        """As ``shown``, in epoch seconds with fractions."""
        return self._real() - max(0.0, self.now() - ts)

    def real_seconds(self, delay: float) -> float:
        """How long a client has to wait for ``delay`` virtual seconds (for ``Retry-After``): never 0, and 1 if time
        stands still."""
        if self._speed == 0:
            return 1.0
        if math.isinf(self._speed):
            return _SHORTEST_RETRY
        return max(_SHORTEST_RETRY, delay / self._speed)

    def due(self, timer_id: int) -> float | None:
        """When a timer fires (virtual epoch seconds); ``None`` once it has, or was cancelled."""
        timer = self._live.get(timer_id)
        return None if timer is None else timer.due

    # -- timers ------------------------------------------------------------------------------------------------------

    def on(self, kind: str, handler: Handler) -> None:
        """Who is called for timers of a kind. A later call replaces an earlier one."""
        self._handlers[kind] = handler

    def schedule(self, delay: float, kind: str, data: dict[str, Any], *, awaited: bool) -> int:
        """Call the handler of ``kind`` with ``data`` (plain JSON) ``delay`` virtual seconds from now; returns an id."""
        self._settle()
        timer = Timer(self._anchor + max(0.0, delay), self._next_id, kind, data, awaited)
        self._next_id += 1
        self._add(timer)
        self._rearm()
        return timer.id

    def cancel(self, timer_id: int) -> bool:
        """Forget a timer; false if it had fired or never was."""
        self._settle()
        timer = self._live.pop(timer_id, None)
        if timer is None:
            return False
        self._awaited -= timer.awaited
        self._rearm()
        return True

    # -- moving ------------------------------------------------------------------------------------------------------

    def step(self, seconds: float) -> None:
        """Let virtual seconds pass now, firing what is due on the way (tests, and whoever holds the clock still)."""
        self._settle()
        end = self._anchor + seconds
        while (first := self._first()) is not None and first.due <= end:
            self._fire(first)
        self._anchor, self._anchor_real = end, self._real()
        self._rearm()

    def run_until_idle(self, limit: int = 1_000_000) -> None:
        """Jump from timer to timer until none is awaited. Raises ``RuntimeError`` after ``limit`` timers."""
        self._settle()
        for _ in range(limit):
            if not self._awaited or (first := self._first()) is None:
                self._rearm()
                return
            self._fire(first)
        raise RuntimeError(f"still awaited after {limit} timers")

    async def run(self) -> None:
        """Drive the timers from the running event loop until cancelled."""
        self._loop = asyncio.get_running_loop()
        self._settle()
        self._rearm()
        try:
            await self._loop.create_future()
        finally:
            if self._wake is not None:
                self._wake.cancel()
            self._loop = self._wake = None

    # -- state -------------------------------------------------------------------------------------------------------

    def dump(self) -> dict[str, Any]:
        """Everything needed to go on later, as plain JSON."""
        timers = [msgspec.to_builtins(t) for t in sorted(self._live.values())]
        return {"now": self.now(), "next_id": self._next_id, "timers": timers}

    def load(self, state: dict[str, Any]) -> None:
        """Go on from ``dump``: the clock stood still in between."""
        self._timers.clear()
        self._live.clear()
        self._awaited = 0
        self._anchor, self._anchor_real = float(state["now"]), self._real()
        self._next_id = int(state["next_id"])
        for timer in msgspec.convert(state["timers"], list[Timer]):
            self._add(timer)
        self._rearm()

    # -- inside ------------------------------------------------------------------------------------------------------

    def _add(self, timer: Timer) -> None:
        heapq.heappush(self._timers, timer)
        self._live[timer.id] = timer
        self._awaited += timer.awaited

    def _first(self) -> Timer | None:
        while self._timers and self._timers[0].id not in self._live:
            heapq.heappop(self._timers)
        return self._timers[0] if self._timers else None

    def _flowed(self) -> float:
        rate = self.rate
        if math.isinf(rate):
            return self._anchor
        return self._anchor + max(0.0, self._real() - self._anchor_real) * rate

    def _settle(self) -> None:
        """Make now the anchor, before the rate may change."""
        if not self._firing:
            self._anchor, self._anchor_real = self.now(), self._real()

    def _fire(self, timer: Timer) -> None:
        """Fire the first timer at its own moment."""
        heapq.heappop(self._timers)
        del self._live[timer.id]
        rate = self.rate
        if 0 < rate < MAX:
            self._anchor_real += max(0.0, timer.due - self._anchor) / rate
        self._anchor = max(self._anchor, timer.due)
        self._firing = True
        try:
            self._handlers[timer.kind](timer.data)
        finally:
            self._awaited -= timer.awaited
            self._firing = False

    def _rearm(self) -> None:
        """Ask the event loop to come back when the next timer is due."""
        if self._loop is None or self._firing:
            return
        if self._wake is not None:
            self._wake.cancel()
            self._wake = None
        first, rate = self._first(), self.rate
        if first is None or rate == 0:
            return
        wait = 0.0 if math.isinf(rate) else (first.due - self._flowed()) / rate
        self._wake = (
            self._loop.call_later(wait, self._advance) if wait > 0 else self._loop.call_soon(self._advance)
        )

    def _advance(self) -> None:
        """Fire what is due by now, for at most a batch; each at its own moment, so being late loses no time."""
        self._wake = None
        started = time.monotonic()
        while (first := self._first()) is not None and time.monotonic() - started < _BATCH:
            if math.isinf(self.rate):
                self._anchor_real = self._real()
            elif first.due > self._flowed():
                break
            try:
                self._fire(first)
            except Exception:  # noqa: BLE001 one broken handler must not stop everybody's time; it is in the log
                _LOG.exception("timer %s failed: %s", first.kind, first.data)
        self._rearm()
