"""How long a lesson takes to open, and its solution to play, each scenario in a sandbox of its own."""

import asyncio
import math
import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from byocni_tui.locale import Translator
from byocni_tui.sandbox import launcher
from byocni_tui.sandbox.scenario import load, names
from byocni_tui.training.player import Player, PlayError

LARGE = "five-thousand-nodes"
"""The one whose budget is larger: 5 s and 60 s."""


async def _play(endpoints: Any, scenario: Any) -> None:
    async with Player(endpoints, scenario, Translator("en")) as player:
        async for _ in player.play():
            pass


def _tried(name: str) -> tuple[float, float | None]:
    """As ``_once``; what does not open or is not solved took for ever."""
    try:
        return _once(name)
    except (launcher.LaunchError, PlayError) as error:
        print(f"{name}: {error}", flush=True)
        return (math.inf, None) if isinstance(error, launcher.LaunchError) else (0.0, math.inf)


def _once(name: str) -> tuple[float, float | None]:
    """Seconds until it answers, and seconds that its solution took; None where it has none."""
    scenario = load(name)
    with tempfile.TemporaryDirectory() as folder:
        os.environ["BYOCNI_STATE_HOME"] = f"{folder}/home"
        begin = time.perf_counter()
        endpoints = launcher.start(name, speed=math.inf, state_dir=Path(folder) / "state")
        launcher.control(endpoints, "clock")
        opened = time.perf_counter() - begin
        try:
            if not scenario.solution:
                return opened, None
            begin = time.perf_counter()
            asyncio.run(_play(endpoints, scenario))
            return opened, time.perf_counter() - begin
        finally:
            launcher.stop(endpoints)
            del os.environ["BYOCNI_STATE_HOME"]


def figures(figure: Any) -> Iterator[Any]:
    """The slowest of all, named."""
    measured = {name: _tried(name) for name in names()}
    large = {name: measured.pop(name) for name in list(measured) if name == LARGE or "5000" in name}
    slow = max(measured, key=lambda name: measured[name][0])
    yield figure("a scenario opens, the slowest", measured[slow][0], 1, "s", f"{slow}, of {len(measured)}")
    played = {name: took for name, (_, took) in measured.items() if took is not None}
    if played:
        slow = max(played, key=lambda name: played[name])
        yield figure(
            "a solution plays at --speed max, the slowest", played[slow], 5, "s", f"{slow}, of {len(played)}"
        )
    for name, (opened, took) in large.items():
        yield figure("the scenario of 5,000 nodes opens", opened, 5, "s", name)
        if took is not None:
            yield figure("the scenario of 5,000 nodes, its solution", took, 60, "s", name)
