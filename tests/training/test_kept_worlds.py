"""A lesson can be left and come back to, also in the middle of what goes wrong in it."""

from pathlib import Path
from typing import Any

import pytest

from byocni_tui.sandbox.server import Sandbox


def shown(sandbox: Sandbox) -> list[Any]:
    """What can be seen of the agents, and how far the lesson is."""
    cluster = next(iter(sandbox.world.clusters.values()))
    pods = cluster.store.list("pods", "kube-system")
    states = sorted((p["metadata"]["name"], str(p["status"].get("containerStatuses"))) for p in pods)
    return [states, sandbox.world.lesson.reading()["hints"], sandbox.world.lesson.learner]


@pytest.mark.parametrize("scenario", ["agent-crash-loop", "registry-blocked", "leftovers"])
async def test_a_lesson_is_the_same_after_a_break(scenario: str, tmp_path: Path) -> None:
    async with Sandbox(scenario, speed=0, state=tmp_path) as sandbox:
        sandbox.world.lesson.act("begin", {"learner": "Ann"})
        sandbox.world.lesson.act("hint", {})
        before = shown(sandbox)
    async with Sandbox(scenario, speed=0, state=tmp_path) as sandbox:
        assert shown(sandbox) == before
