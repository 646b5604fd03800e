"""Every lesson that comes along: not solved untouched, solved by its own solution, in the time that was promised."""

import math
import time
from pathlib import Path

import pytest

from byocni_tui.locale import Translator
from byocni_tui.sandbox import scenario
from byocni_tui.sandbox.server import Sandbox
from byocni_tui.training.player import Player

LARGE = "nodes-5000"
SLACK = 6
"""A shared machine may be this much slower than the five seconds that were promised of an idle one."""


async def play(name: str, folder: Path) -> float:
    async with Sandbox(name, speed=math.inf, state=folder) as sandbox:
        lesson = sandbox.world.lesson
        untouched = lesson.reading()
        assert not untouched["solved"]
        assert not all(goal["met"] for goal in untouched["goals"])
        assert untouched["score"]["points"] == 0
        began = time.monotonic()
        async with Player(sandbox.endpoints, sandbox.scenario, Translator("en")) as player:
            steps = [step.number async for step in player.play()]
        took = time.monotonic() - began
        assert steps == list(range(1, len(sandbox.scenario.solution) + 1))
        reading = lesson.reading()
        assert [goal["say"] for goal in reading["goals"] if not goal["met"]] == []
        assert reading["solved"]
        assert reading["wrong"] == []
        assert reading["score"]["points"] == 100
        assert reading["debrief"]
        return took


@pytest.mark.parametrize("name", [name for name in scenario.names() if name != LARGE])
async def test_a_lesson_is_solved_by_its_solution_and_not_without(name: str, tmp_path: Path) -> None:
    assert await play(name, tmp_path) < 5 * SLACK


@pytest.mark.torture
async def test_the_large_one_is_solved_too(tmp_path: Path) -> None:
    assert await play(LARGE, tmp_path) < 60 * SLACK


def test_there_are_forty_lessons_in_an_order_that_can_be_followed() -> None:
    from byocni_tui.training.course import in_order

    course = in_order()
    assert len(course) >= 40
    for place, one in enumerate(course):
        earlier = {before.id for before in course[:place]}
        assert {p for p in one.prerequisites if scenario.load(p).level == one.level} <= earlier, one.id
        assert all(scenario.load(p).level <= one.level for p in one.prerequisites), one.id
