"""A sandbox's clock, seen from outside: read now and then, and followed in between. Part of the composition root."""

import asyncio
import json
import math
import time
import urllib.request
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any, Final

_READING: Final = 0.15
"""Real seconds between two readings of a sandbox's clock."""
_AHEAD: Final = 10.0
"""Virtual seconds that fast time is followed beyond a reading: the sandbox may have slowed down since, and what was
shown is not taken back."""
FAST: Final = 60.0
"""From here on more passes between two readings than a step should be told of wrongly."""


class SandboxClock:
    """A sandbox's virtual time, from readings that ``ClockFollower`` takes. Between two of them it goes on at the pace
    of the last one; a sandbox that jumps is taken to stand still until the next reading says where it is."""

    def __init__(self) -> None:
        self._origin = datetime.now(UTC)
        self._pace = 1.0
        self._real = time.monotonic()
        self._read = False

    def follow(self, origin: datetime, pace: float) -> None:
        """Take a reading. What was shown already is not taken back: the sandbox may have slowed down since."""
        self._origin = max(origin, self.now()) if self._read else origin
        self._pace, self._real, self._read = pace, time.monotonic(), True

    def now(self) -> datetime:
        """The virtual time, in UTC."""
        pace = self._pace if math.isfinite(self._pace) else 0.0
        passed = (time.monotonic() - self._real) * pace
        return self._origin + timedelta(seconds=passed if pace <= 1 else min(passed, _AHEAD))

    def monotonic(self) -> float:
        """Virtual seconds; never goes back."""
        return self.now().timestamp()

    async def sleep(self, seconds: float) -> None:
        """Return once that much virtual time has passed; where time stands still, real time."""
        pace = self._pace if self._pace > 0 else 1.0
        await asyncio.sleep(min(seconds, seconds / pace))


class ClockFollower:
    """Reads a sandbox's clock now and then: its time runs fast only while something is being waited for."""

    def __init__(self, clock: SandboxClock, url: str, token: str, *, jumps: bool = False) -> None:
        self._clock = clock
        self._jumps = jumps
        self._request = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"})  # noqa: S310 loopback
        self._task: asyncio.Task[None] | None = None

    def read(self) -> None:
        """Take one reading; a sandbox that does not answer leaves the clock as it is."""
        with suppress(OSError, ValueError, KeyError), _open(self._request) as answer:
            value = json.loads(answer.read())
            pace = float(value["speed"])
            self._clock.follow(datetime.fromisoformat(value["origin"]), math.inf if pace < 0 else pace)

    async def settle(self) -> None:
        """Where time jumps or runs very fast, know where it is now: else minutes that passed in one step would be told
        of a later one."""
        if self._jumps:
            await asyncio.to_thread(self.read)

    def begin(self) -> None:
        """Go on reading while the loop runs."""
        self._task = asyncio.get_running_loop().create_task(self._go_on(), name="follow the sandbox's clock")

    async def _go_on(self) -> None:
        while True:
            await asyncio.to_thread(self.read)
            await asyncio.sleep(_READING)

    async def end(self) -> None:
        """Stop reading."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)


def _open(url: urllib.request.Request) -> Any:
    """Loopback, so never through a proxy."""
    return urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url, timeout=5)
