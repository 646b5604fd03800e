"""A lesson that plays by itself: the real wizard, driven by keys, on a sandbox in this process.

Nothing that is seen depends on the machine: time is the world's and stands still unless something is awaited, chance
comes from a seed, and what has to differ between two runs (ports, names of temporary things) is written over.
"""

import asyncio
import math
import os
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from byocni_tui.context import Context
from byocni_tui.deploy.bodies import cluster_id
from byocni_tui.deploy.event import Event
from byocni_tui.locale import Translator
from byocni_tui.plan.path import replace
from byocni_tui.sandbox.arm import ids
from byocni_tui.sandbox.scenario import Apply, Scenario, Step
from byocni_tui.sandbox.server import Sandbox
from byocni_tui.training import cast
from byocni_tui.training.dock import Dock, WizardLesson
from byocni_tui.training.player import Player, PlayError
from byocni_tui.training.shown import shown
from byocni_tui.training.stage import (
    LIMIT,
    LOOK,
    DemoContext,
    StillHelm,
    StillPlayer,
    WorldClock,
    idle,
    steady,
    until,
)

MOMENT: Final = datetime(2026, 1, 1, 9, 0, tzinfo=UTC)
RUN: Final = "20260101-090000-0000"
SEED: Final = 1
_READ: Final = 17.0
"""Letters a second that a viewer reads."""
_RUN_LIMIT: Final = 900.0
"""Real seconds that a run may take."""
_MOMENTS: Final = ("cluster", "nodes-not-ready")
"""Steps of a run after which there is a picture."""
_IN_ORDER: Final = {"GOMAXPROCS": "1"}
"""Helm sends objects of one kind at the same time; on one processor they come in the same order each time."""

Show = Callable[[cast.Frame], None]


class Demo:
    """One performance. ``show`` gets each frame as it is made; ``frames`` keeps them."""

    def __init__(
        self, name: str, *, lang: str = "en", size: tuple[int, int] = (100, 30), show: Show | None = None
    ) -> None:
        self.name = name
        self.size = size
        self.tr = Translator(lang)
        self.frames: list[cast.Frame] = []
        self._show = show
        self._caption = ""

    async def play(self) -> list[cast.Frame]:
        """From the first screen to the debrief. Raises ``PlayError``, ``ValueError``, ``UserError``."""
        with tempfile.TemporaryDirectory(prefix="byocni-demo-") as folder:
            wanted = {"BYOCNI_STATE_HOME": str(Path(folder, "state")), **_IN_ORDER}
            before = {name: os.environ.get(name) for name in wanted}
            os.environ.update(wanted)
            try:
                sandbox = Sandbox(self.name, seed=SEED, speed=math.inf, state=Path(folder, "world"))
                sandbox.world.clock.pin(MOMENT.timestamp())
                sandbox.world.lesson.now = MOMENT.timestamp
                sandbox.world.lesson.act("begin", {})
                async with sandbox:
                    await self._perform(sandbox)
            finally:
                for name, value in before.items():
                    os.environ.pop(name)
                    if value is not None:
                        os.environ[name] = value
        return self.frames

    def _made(self, sandbox: Sandbox) -> DemoContext:
        from byocni_tui import connections
        from byocni_tui.commands.wizard import unread
        from byocni_tui.deploy.journal import Journal

        scenario = sandbox.scenario
        options = connections.Simulation(
            scenario=scenario.id, speed=None, seed=SEED, cloud=scenario.cloud, joined=True
        )
        clock = WorldClock(sandbox.world.clock)

        def connect(it: Context) -> Any:
            made = connections.simulated(it, options, sandbox.endpoints.join_url)
            made.follow = None

            def helm(kubeconfig: Path, home: Path) -> StillHelm:
                kept = {k: v for k, v in os.environ.items() if not k.lower().endswith("_proxy")}
                program = StillHelm(kubeconfig, home, environ=kept)
                program.clock = sandbox.world.clock
                return program

            made.helm = helm
            it.clock = clock
            return made

        plan = unread(connections.scenario_plan(scenario))
        context = DemoContext("simulated", plan, self.tr, connect)
        context.sandbox = sandbox
        context.look = self._shown
        context.clock = clock
        context.journal = Journal(RUN, create=True)
        context.lesson = WizardLesson(context, scenario)
        return context

    async def _perform(self, sandbox: Sandbox) -> None:
        from byocni_tui.app import make_app

        scenario = sandbox.scenario
        self._context = context = self._made(sandbox)
        about = self.tr("wizard.about", scenario=scenario.id, speed="max")
        app = make_app(context, None, about=about, scenario=scenario.id)
        async with app.run_test(size=self.size) as pilot:
            self._app, self._pilot, self._sandbox, self._lesson = app, pilot, sandbox, context.lesson
            try:
                await self._acts(context, sandbox)
            finally:
                await context.close()

    async def _acts(self, context: DemoContext, sandbox: Sandbox) -> None:
        """The story, the steps of the solution, the debrief."""
        scenario, lang = sandbox.scenario, self.tr.lang
        await self._picture(getattr(scenario.title, lang), "start")
        await self._picture(getattr(scenario.lesson, lang))
        await context.start()
        await self._read()
        async with StillPlayer(sandbox, self.tr) as player:
            for number, step in enumerate(scenario.solution, 1):
                await self._step(number, step, player)
        await self._end(scenario)

    async def _step(self, number: int, step: Step, player: Player) -> None:
        said = getattr(step.say, self.tr.lang) if step.say else ""
        if step.apply is not None:
            await self._walk(step.apply, said)
            return
        typed = steady(shown(step).splitlines()[-1]) if shown(step) else ""
        if said:
            await self._picture(said)
        if typed:
            await self._picture(f"$ {typed}")
        try:
            answer = await player.carry_out(step)
        except Exception as error:
            raise PlayError(number, f"{type(error).__name__}: {error}") from error
        await idle(self._sandbox.world.clock)
        await self._read()
        if step.fails:
            await self._picture(self.tr("training.demo.refused", code=step.fails), "refused")
        elif answer or typed:
            await self._picture(f"$ {typed}" if typed else said, "step" if typed else "")

    async def _walk(self, apply: Apply, said: str) -> None:
        """Through the wizard's panels with the changed answers, then deploy."""
        session = self._app.session
        session.judge()
        if said:
            await self._picture(said)
        await self._go("start")
        for step_id in session.order:
            if step_id in ("deploy", "done"):
                break
            changed = [path for path in apply.set if self._belongs(path, step_id)]
            for path in changed:
                self._context.plan = replace(self._context.plan, path, apply.set[path])
            session.judge()
            await self._go(step_id)
            if step_id == "preflight":
                await self._checked()
            else:
                await self._read_and_said(step_id)
            words = self.tr(f"wizard.steps.{step_id}.name")
            if changed:
                words = self.tr(
                    "training.demo.changed", fields=", ".join(session.label(path) for path in changed)
                )
            await self._picture(words, step_id)
        from byocni_tui.commands.apply import accepting

        context = self._context
        for path, value in apply.set.items():
            context.plan = replace(context.plan, path, value)
        context.plan = accepting(context, "all")
        if apply.accept != "all":
            context.plan = accepting(context, apply.accept)
        session.judge()
        await self._deploy(apply)

    async def _read_and_said(self, step_id: str) -> None:
        """What a person has to acknowledge on a step, by the keys that a person presses."""
        session, screen = self._app.session, self._app.wizard_screen
        assert screen is not None
        if step_id == "start" and not self._context.plan.acknowledge_support_boundary:
            await self._picture(self.tr("wizard.acknowledge"))
            await self._pilot.press("left")
        for finding in session.of_step(step_id):
            if finding.severity == "warning" and not finding.accepted:
                await screen.jump(finding.field)
                await self._picture(session.words.message(finding, self.tr))
                await self._pilot.press("f5")

    async def _go(self, step_id: str) -> None:
        screen = self._app.wizard_screen
        assert screen is not None
        await screen.show_step(step_id)

    def _belongs(self, path: str, step_id: str) -> bool:
        from byocni_tui.screens import steps

        return steps.step_of(steps.asked_as(path)) == step_id

    async def _checked(self) -> None:
        """Until the pre-flight has said its last word."""
        session = self._app.session

        def said() -> bool:
            checks = session.checks
            return bool(checks) and checks[-1].step == "preflight" and checks[-1].status in ("done", "failed")

        await until(lambda: said() or bool(session.preflight_failed))

    async def _deploy(self, apply: Apply) -> None:
        app, session = self._app, self._app.session
        await self._go("deploy")
        app.run_deploy()
        await until(lambda: session.run.outcome is not None or bool(session.run.failed), _RUN_LIMIT)
        await idle(self._sandbox.world.clock)
        if session.run.done:
            await self._boarded()
        await self._read()
        await self._picture(self.tr("training.demo.deployed"), "deploy")
        if apply.fails is None and session.run.failed:
            raise PlayError(0, f"{session.run.failed.step}: {session.run.failed.message}")
        if session.run.done:
            await self._go("done")
            await self._picture(self.tr("wizard.steps.done.name"), "done")

    async def _shown(self, event: Event) -> None:
        """A picture in mid-run: the board has to have caught up with the event first."""
        if event.status != "done" or event.step not in _MOMENTS:
            return
        if event.step == "nodes-not-ready":
            await self._boarded()
        await self._read()
        await self._picture(event.message, event.step)

    async def _boarded(self) -> None:
        """Until the board shows what the store of the plan's cluster holds."""
        cluster = self._sandbox.world.clusters.get(ids.key(cluster_id(self._context.plan)))
        session = self._app.session

        def shown() -> bool:
            stored = cluster.store.list("nodes") if cluster is not None else []
            ready = sum(
                condition["type"] == "Ready" and condition["status"] == "True"
                for node in stored
                for condition in node["status"]["conditions"]
            )
            return len(session.nodes) == len(stored) and sum(node.ready for node in session.nodes) == ready

        await until(shown)

    async def _end(self, scenario: Scenario) -> None:
        await self._read()
        if self._lesson.reading is None or not self._lesson.reading["solved"]:
            raise PlayError(0, "the lesson is not solved")
        await self._picture(self.tr("training.solved"), "solved")
        if scenario.debrief is not None:
            await self._picture(getattr(scenario.debrief.text, self.tr.lang))

    # -- frames ------------------------------------------------------------------------------------------------------

    async def _read(self) -> None:
        """Let the coach look, and everything draw."""
        await self._lesson.look()
        for dock in self._app.query(Dock):
            dock.refresh()
        await self._quiet()

    async def _quiet(self) -> None:
        """Until the application has nothing more to do and to draw."""
        before: tuple[str, ...] | None = None
        end = time.monotonic() + LIMIT
        while time.monotonic() < end:
            await self._pilot.pause()
            now = None if self._app.at_work else self._lines()
            if now is not None and now == before:
                return
            before = now
            await asyncio.sleep(LOOK)

    def _lines(self) -> tuple[str, ...]:
        lines = cast.lines_of(self._app.screen._compositor.render_strips())
        return tuple(steady(line) for line in lines)

    async def _picture(self, caption: str, name: str = "") -> None:
        """Keep what is on screen, with a caption; the caption is read at a person's pace."""
        await self._quiet()
        svg = ""
        if name:
            svg = steady(
                cast.without_fonts(self._app.export_screenshot(title=f"SIMULATION · {caption}"[:120]))
            )
        hold = max(1.2, len(caption) / (_READ if self.tr.lang == "en" else 7.0))
        frame = cast.Frame(self._lines(), caption, round(hold, 2), svg, name)
        self.frames.append(frame)
        if self._show is not None:
            self._show(frame)


async def perform(
    name: str, *, lang: str = "en", size: tuple[int, int] = (100, 30)
) -> AsyncIterator[cast.Frame]:
    """The frames of a demo, as they come."""
    queue: asyncio.Queue[cast.Frame | None] = asyncio.Queue()
    demo = Demo(name, lang=lang, size=size, show=queue.put_nowait)
    task = asyncio.create_task(demo.play())
    task.add_done_callback(lambda _: queue.put_nowait(None))
    while (frame := await queue.get()) is not None:
        yield frame
    task.result()
