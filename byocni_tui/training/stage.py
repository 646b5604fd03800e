"""The stage of a demo: clock, clients and context of which nothing depends on the machine.

Time is the world's and stands still unless something is awaited; what has to differ between two runs (ports, names of
temporary things) is written over.
"""

import asyncio
import math
import re
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from byocni_tui.context import Context
from byocni_tui.deploy.event import Event, timestamp
from byocni_tui.locale import Translator
from byocni_tui.providers.helm import HelmProgram
from byocni_tui.sandbox.clock import VirtualClock
from byocni_tui.sandbox.scenario import Helm, Step
from byocni_tui.sandbox.server import Sandbox
from byocni_tui.training.player import Player, PlayError

LIMIT: Final = 120.0
"""Real seconds after which something that is waited for is taken not to come."""
LOOK: Final = 0.02
"""Real seconds between two looks at something that is waited for."""
_STEP: Final = 30.0
"""Virtual seconds that pass at once where something is waited for at the pace of life."""
_VARIES: Final = (
    (re.compile(r"(127\.0\.0\.1|localhost):\d{2,5}"), r"\1:6443"),
    (re.compile(r"byocni-check-[0-9a-f]{6}"), "byocni-check-000000"),
    (re.compile(r"/[\w./-]*byocni-demo-[\w-]+/"), "~/"),
    (re.compile(r"\b\d+ ms\b"), "4 ms"),
)


class WorldClock:
    """The sandbox's own clock, read in this process."""

    def __init__(self, clock: VirtualClock) -> None:
        self._clock = clock

    def now(self) -> datetime:
        """The world's time."""
        return datetime.fromtimestamp(self._clock.now(), UTC)

    def monotonic(self) -> float:
        """As seconds."""
        return self._clock.now()

    async def sleep(self, seconds: float) -> None:
        """Others wait for the world; nobody waits for the machine."""
        await asyncio.sleep(min(seconds, 0.02))


@contextmanager
def still(clock: VirtualClock) -> Iterator[None]:
    """No virtual time passes while a program outside sends its requests: how long it takes is the machine's affair."""
    clock.speed = 0
    try:
        yield
    finally:
        clock.speed = math.inf


class StillHelm(HelmProgram):
    """Helm, while the world's time stands still."""

    clock: VirtualClock

    async def _run(self, *words: str) -> str:
        with still(self.clock):
            return await super()._run(*words)


class StillPlayer(Player):
    """Plays steps in a world of this process, at moments that don't depend on the machine."""

    def __init__(self, sandbox: Sandbox, tr: Translator) -> None:
        super().__init__(sandbox.endpoints, sandbox.scenario, tr)
        self._clock = sandbox.world.clock

    async def _helm(self, step: Step, release: Helm) -> str:
        if release.wait:
            return await super()._helm(step, release)
        with still(self._clock):
            return await super()._helm(step, release)

    async def _wait(self, step: Step) -> str:
        assert step.wait is not None
        body = msgspec.to_builtins(step.wait)
        passed = 0.0
        while passed <= step.seconds:
            await idle(self._clock)
            if (await self.control("lesson/condition", body))["met"]:
                return ""
            await self.control("lesson/skip", {"seconds": _STEP})
            passed += _STEP
        raise PlayError(0, f"waited {step.seconds:g} virtual seconds in vain")


class DemoContext(Context):
    """The wizard's context, with what varies written over and a pause for a picture after each step of a run."""

    sandbox: Sandbox
    look: Callable[[Event], Awaitable[None]]
    """Called when an event has been shown, before the run goes on."""

    async def deploy(self) -> AsyncGenerator[Event, None]:
        """The real events, but for those that only tell how often somebody looked."""
        clock = self.sandbox.world.clock
        async for event in super().deploy():
            if event.status == "running" and event.progress not in (None, 0.0):
                continue
            await idle(clock)
            told = msgspec.structs.replace(
                event,
                time=timestamp(datetime.fromtimestamp(clock.now(), UTC)),
                message=steady(event.message),
                detail=_steady_detail(event.detail),
            )
            yield told
            await self.look(told)


def steady(text: str) -> str:
    """A text without what differs between two runs."""
    for pattern, instead in _VARIES:
        text = pattern.sub(instead, text)
    return text


def _steady_detail(detail: Any) -> Any:
    if isinstance(detail, str):
        return steady(detail)
    if isinstance(detail, dict):
        return {key: 4 if key == "ms" and value else _steady_detail(value) for key, value in detail.items()}
    if isinstance(detail, list):
        return [_steady_detail(one) for one in detail]
    return detail


async def until(holds: Callable[[], bool], limit: float = LIMIT) -> bool:
    """Wait until something holds; whether it came to that."""
    end = time.monotonic() + limit
    while not holds():
        if time.monotonic() > end:
            return False
        await asyncio.sleep(LOOK)
    return True


async def idle(clock: VirtualClock) -> None:
    """Until nothing is awaited in the world any more."""
    await until(lambda: not clock.awaiting)
