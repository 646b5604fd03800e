"""Every step, state and tool as text, in both languages, narrow and wide; readable in a diff."""

import asyncio
from pathlib import Path
from typing import Any

import msgspec
import pytest
from shots import agrees, fits, quiet
from wizard_fake import CLUSTERS, FakeContext, nodes, ready_plan

from byocni_tui.app import WizardApp, make_app
from byocni_tui.deploy.event import Event
from byocni_tui.deploy.journal import Journal
from byocni_tui.plan.facts import Facts
from byocni_tui.plan.path import replace
from byocni_tui.screens import steps
from byocni_tui.screens.tools import TOOLS

SIZES = [(80, 24), (140, 40)]
LONG = "a-name-as-long-as-azure-allows-one-to-be-which-is-ninety-characters-for-a-resource-group-abcde"
both = pytest.mark.parametrize("lang", ["en", "zh"])
sizes = pytest.mark.parametrize("size", SIZES, ids=["80x24", "140x40"])


def keep(app: WizardApp, lang: str, size: tuple[int, int], name: str) -> None:
    fits(app, *size)
    agrees(app, f"{lang}/{size[0]}x{size[1]}/{name}")


@sizes
@both
async def test_every_step(lang: str, size: tuple[int, int]) -> None:
    app = make_app(FakeContext(plan=ready_plan(), lang=lang), about="article")
    async with app.run_test(size=size) as pilot:
        for number, step_id in enumerate(steps.IDS, 1):
            if step_id == "deploy":
                await pilot.press("ctrl+n")
                while not app.session.run.done:
                    await pilot.pause()
            else:
                await app.wizard_screen.show_step(step_id)  # type: ignore[union-attr]
            await quiet(pilot)
            keep(app, lang, size, f"{number:02}-{step_id}")


@sizes
@both
async def test_what_is_blocked_failed_or_asked(lang: str, size: tuple[int, int]) -> None:
    """Blocked, help, jump list, commands in full, a failure and its choices; ASCII marks in English."""
    app = make_app(FakeContext(lang=lang, fail_at="cluster"), ascii_only=lang == "en")
    async with app.run_test(size=size) as pilot:

        async def shown(name: str, *keys: str) -> None:
            await pilot.press(*keys)
            await quiet(pilot)
            keep(app, lang, size, f"state-{name}")

        await shown("blocked", "ctrl+n")
        await shown("help", "f1")
        await shown("jump", "escape", "f2")
        await pilot.press("escape")
        app.context.plan = ready_plan()
        app.session.judge()
        await shown("commands", "f3")
        await pilot.press("escape", *["ctrl+n"] * 9)
        while app.session.run.active or not app.session.run.failed:
            await pilot.pause()
        await shown("failed")
        await shown("clean", "ctrl+o")


class Waiting(FakeContext):
    """Azure does not answer, or refuses; nothing is known."""

    refuses = False

    async def account(self) -> dict[str, Any]:
        return await self._never()

    async def collect(self, *keys: str) -> Facts:
        return await self._never()

    async def preflight(self) -> Any:
        await self._never()
        yield None

    async def _never(self) -> Any:
        if self.refuses:
            raise ConnectionError("the network cannot be reached")
        await asyncio.Event().wait()


@sizes
@both
@pytest.mark.parametrize("state", ["loading", "refused"])
async def test_before_azure_answers_and_when_it_cannot(lang: str, size: tuple[int, int], state: str) -> None:
    context = Waiting(plan=ready_plan(), lang=lang, mode="live")
    context.refuses = state == "refused"
    app = make_app(context)
    async with app.run_test(size=size) as pilot:
        for step_id in ("account", "region", "preflight"):
            await app.wizard_screen.show_step(step_id)  # type: ignore[union-attr]
            await quiet(pilot, wait=False)
            keep(app, lang, size, f"{state}-{step_id}")


@sizes
@both
async def test_empty_long_and_wide_names(lang: str, size: tuple[int, int]) -> None:
    """Nothing filled in; the longest names; names in Chinese (which are refused, and must not break a line)."""
    context = FakeContext(lang=lang)
    app = make_app(context)
    async with app.run_test(size=size) as pilot:
        for name, plan in (
            ("empty", msgspec.structs.replace(context.plan, subscription=None, region=None)),
            ("long", replace(replace(ready_plan(), "resource_group.name", LONG), "cluster.name", LONG)),
            (
                "cjk",
                replace(
                    replace(ready_plan(), "resource_group.name", "我的资源组"), "cluster.name", "群集" * 30
                ),
            ),
        ):
            context.plan = plan
            app.session.judge()
            for step_id in ("group", "review"):
                await app.wizard_screen.show_step(step_id)  # type: ignore[union-attr]
                app.session.demand(step_id)
                app.session.changed()
                await quiet(pilot)
                keep(app, lang, size, f"{name}-{step_id}")


@sizes
@both
async def test_a_run_in_the_middle_and_five_thousand_nodes(lang: str, size: tuple[int, int]) -> None:
    context = FakeContext(plan=ready_plan(), lang=lang)
    app = make_app(context)
    async with app.run_test(size=size) as pilot:
        context.hold.clear()
        await app.wizard_screen.show_step("review")  # type: ignore[union-attr]
        await pilot.press("ctrl+n")
        while not app.session.run.log:
            await pilot.pause()
        await quiet(pilot)
        for name in ("cluster", "nodes-not-ready"):
            run = app.session.run
            run.apply(context._event(name, "running", "…"))
        app.session.take_nodes(nodes(3, "kubelet"))
        app.session.changed()
        await quiet(pilot)
        keep(app, lang, size, "run-not-ready")
        await pilot.press("ctrl+c")
        await quiet(pilot)
        keep(app, lang, size, "run-choices")
        await pilot.press("escape")
        many = [
            msgspec.structs.replace(
                node, pool=f"pool{index % 3}", stage="kubelet" if index % 7 == 0 else "ready"
            )
            for index, node in enumerate(nodes(5000, "ready"))
        ]
        app.session.take_nodes(many)
        app.session.changed()
        await quiet(pilot)
        keep(app, lang, size, "run-5000")
        context.hold.set()


@sizes
@both
async def test_a_cluster_that_exists(lang: str, size: tuple[int, int]) -> None:
    context = FakeContext(plan=replace(ready_plan(), "cluster.create", False), lang=lang)
    app = make_app(context)
    async with app.run_test(size=size) as pilot:
        for step_id in ("start", "cluster", "review"):
            await app.wizard_screen.show_step(step_id)  # type: ignore[union-attr]
            await quiet(pilot)
            keep(app, lang, size, f"existing-{step_id}")


@sizes
@both
async def test_every_tool(lang: str, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    journal = Journal("20261123-100000-ab12", create=True)
    journal.put("plan", ready_plan())
    journal.put("settings", {"mode": "simulated"})
    for step, status, message in (
        ("resource-group", "done", "resource group myResourceGroup made"),
        ("cluster", "failed", "The quota is used up"),
    ):  # fmt: skip
        journal.append(
            Event(time="2026-11-23T10:00:00Z", run=journal.run, step=step, status=status, message=message)
        )
    journal.note(CLUSTERS[0]["id"], "cluster", "made", "cluster")
    journal.close()
    monkeypatch.setattr(
        "byocni_tui.screens.preferences.file", lambda: Path("~/.config/byocni-tui/settings.json")
    )
    app = make_app(FakeContext(plan=ready_plan(), lang=lang))
    async with app.run_test(size=size) as pilot:
        for name in TOOLS:
            app.wizard_screen.action_tool(name)  # type: ignore[union-attr]
            await quiet(pilot)
            keep(app, lang, size, f"tool-{name}")
            await pilot.press("escape")
            await quiet(pilot)


@both
async def test_an_empty_list_of_runs(lang: str) -> None:
    app = make_app(FakeContext(plan=ready_plan(), lang=lang))
    async with app.run_test(size=(80, 24)) as pilot:
        app.wizard_screen.action_tool("runs")  # type: ignore[union-attr]
        await quiet(pilot)
        keep(app, lang, (80, 24), "tool-runs-empty")
