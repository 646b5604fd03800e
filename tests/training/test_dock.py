"""The coach beside the wizard: sees what another client did, offers hints for their price, says when it is solved."""

import asyncio
import math
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from byocni_tui.app import WizardApp
from byocni_tui.context import Context
from byocni_tui.locale import Translator
from byocni_tui.sandbox import scenario
from byocni_tui.sandbox.server import Sandbox
from byocni_tui.training.dock import Dock, WizardLesson
from byocni_tui.training.player import Player


@pytest.fixture
async def sandbox(tmp_path: Path) -> AsyncIterator[Sandbox]:
    async with Sandbox("nsg-denies-overlay", speed=math.inf, state=tmp_path) as made:
        yield made


def context(sandbox: Sandbox) -> Context:
    made = Context.simulated(scenario="nsg-denies-overlay", tr=Translator("en"))
    made.lesson = WizardLesson(made, sandbox.scenario)
    return made


async def shown(app: WizardApp, word: str) -> str:
    """The dock's text, once a word is in it."""
    for _ in range(1200):
        text = str(app.query_one(Dock).render())
        if word in text:
            return text
        await asyncio.sleep(0.05)
    raise AssertionError(f"{word!r} is not in {text!r}")


@pytest.mark.parametrize("size", [(80, 24), (140, 40)])
async def test_the_coach_tells_offers_and_sees(sandbox: Sandbox, size: tuple[int, int]) -> None:
    made = context(sandbox)
    app = WizardApp(made)
    async with app.run_test(size=size) as pilot:
        await shown(app, "Everything turns Ready")  # the story, before there is a sandbox
        made.endpoints = sandbox.endpoints
        app.query_one(Dock).soon()
        await shown(app, "Pods on different")
        await pilot.press("ctrl+t")
        await shown(app, "costs 10 points")
        assert sandbox.world.lesson.hints == []
        await pilot.press("ctrl+t")
        await shown(app, "Hint 1")
        assert len(sandbox.world.lesson.hints) == 1
        async with Player(sandbox.endpoints, sandbox.scenario, Translator("en")) as player:
            async for _ in player.play():
                pass
        app.query_one(Dock).soon()
        await shown(app, "Solved.")
        assert "90 of 100" in made.lesson.debrief()


async def test_a_world_that_is_joined_tells_its_lesson_on_the_first_screen(sandbox: Sandbox) -> None:
    made = Context.simulated(scenario="article", tr=Translator("en"))
    made.lesson = WizardLesson(made, url=sandbox.endpoints.join_url)
    app = WizardApp(made)
    async with app.run_test(size=(140, 40)):
        text = await shown(app, "Everything turns Ready")
        assert "az aks get-credentials" in text


def test_without_a_sandbox_there_is_a_story_and_no_debrief() -> None:
    made = Context.simulated(scenario="public", tr=Translator("zh"))
    lesson = WizardLesson(made, scenario.load("public"))
    assert lesson.debrief() == ""
    lesson.act()
    assert "公有云" in lesson.lines(roomy=True)[0][0]
