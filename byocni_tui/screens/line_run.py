"""Line mode's last part: the run, what Ctrl-C offers, what a failure offers, and what there is at the end."""

import asyncio
import signal
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from byocni_tui.screens import steps
from byocni_tui.screens.port import WizardContext
from byocni_tui.screens.run_state import RunState, span
from byocni_tui.screens.session import Session

MARKS: Final = {"pending": "·", "running": "…", "done": "✓", "failed": "✗", "skipped": "–"}


class Leave(Exception):  # noqa: N818 not an error: the user goes
    """The user leaves; everything is saved. ``args[0]``, where given, is the exit status."""


class Change(Exception):  # noqa: N818 not an error: the user goes to the answer that failed
    """``args[0]`` is the step that asks for it."""


class LineRun:
    """A part of ``Lines``."""

    context: WizardContext
    session: Session
    _out: Callable[[str], None]
    _ask: Callable[[str], str]

    if TYPE_CHECKING:

        def _answer(self, prompt: str) -> str: ...
        def _save(self) -> None: ...
        def _yes(self, key: str, *, default: bool, **values: Any) -> bool: ...

    def _choice(self, key: str, options: tuple[str, ...]) -> str:
        """One of a few, by number; the last where nobody answers."""
        tr = self.session.tr
        for number, name in enumerate(options, 1):
            self._out(f"  {number}  {tr(f'{key}.{name}')}")
        try:
            text = self._ask(tr(f"{key}.prompt")).strip()
        except EOFError:
            return options[-1]
        return options[int(text) - 1] if text.isdigit() and 0 < int(text) <= len(options) else options[-1]

    async def _clean(self) -> None:
        """Remove what the run made, once the cluster's name was typed."""
        session, tr = self.session, self.session.tr
        for what in session.context.doomed():
            self._out(f"  {what}")
        name = session.plan.cluster.name or session.run.run
        if self._answer(tr("wizard.line.clean", name=name)) != name:
            self._out(tr("wizard.line.not_cleaned"))
            return
        async for what, outcome, reason in session.context.clean_up():
            self._out(tr(f"wizard.clean.{outcome}", what=what, reason=reason))

    async def _carry_out(self, run: RunState) -> None:
        """The run, line by line. Ctrl-C asks: leave it running, go on, or cancel in Azure as well."""
        run.begin()
        task = asyncio.create_task(self._follow(run))
        loop = asyncio.get_running_loop()
        asked = asyncio.Event()
        with suppress(NotImplementedError, RuntimeError):  # not in the main thread: Ctrl-C is the caller's
            loop.add_signal_handler(signal.SIGINT, asked.set)
        try:
            while not task.done():
                waiting = asyncio.create_task(asked.wait())
                await asyncio.wait((task, waiting), return_when=asyncio.FIRST_COMPLETED)
                waiting.cancel()
                if asked.is_set() and not task.done():
                    asked.clear()
                    await self._stop(task)
            await task
        finally:
            with suppress(NotImplementedError, RuntimeError):
                loop.remove_signal_handler(signal.SIGINT)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            run.active = False

    async def _stop(self, task: "asyncio.Task[None]") -> None:
        choice = self._choice("wizard.line.stop", ("leave", "watch", "stop"))
        if choice == "leave":
            raise Leave(4)
        if choice == "stop":
            try:
                await self.context.cancel()
                self._out(self.session.tr("wizard.deploy.cancelling"))
            except Exception as error:  # noqa: BLE001 nothing to cancel there: said, and the run stops here
                self._out(f"{self.session.tr('wizard.cancel.stopped_here')} {error}")
                task.cancel()
                raise Leave(4) from None

    async def _follow(self, run: RunState) -> None:
        tr = self.session.tr
        async for event in self.context.deploy():
            run.apply(event)
            self.session.notice("event", event=event)
            mark = MARKS.get(event.status, " ")
            name = tr(f"wizard.run.{event.step}")
            self._out(f"{event.time[11:19]} {mark} {name}: {event.message or event.status}")
            if event.status == "failed":
                for key in ("original", "remedy"):
                    if text := (event.detail or {}).get(key):
                        self._out(f"  {text}")

    async def _deploy(self) -> int:
        session, tr = self.session, self.session.tr
        if self.context.mode == "simulated":
            if not self._yes("wizard.line.deploy", default=False):
                raise Leave
        elif self._answer(tr("wizard.line.confirm")) != session.plan.cluster.name:
            self._out(tr("wizard.line.not_confirmed"))
            raise Leave
        session.go("deploy")
        self._save()
        run: RunState = session.run
        while True:
            await self._carry_out(run)
            if run.done or not run.failed:
                break
            choice = self._choice("wizard.line.failed", ("retry", "change", "clean", "leave"))
            if choice == "change":
                path = run.detail("field")
                raise Change(session.home(steps.asked_as(path)) if path else "review")
            if choice == "clean":
                await self._clean()
            if choice in ("clean", "leave"):
                break
        if not run.done:
            return int((run.outcome.detail or {}).get("exit_code", 1)) if run.outcome else 1
        session.go("done")
        self._save()
        took = span(sum(run.elapsed(name, 0.0) or 0.0 for name in run.steps))
        plan = session.plan
        self._out("")
        self._out(
            tr(
                "wizard.done.exists",
                cluster=plan.cluster.name,
                group=plan.resource_group.name,
                plugin=plan.cni.plugin,
            )
        )
        self._out(tr("wizard.done.took", took=took))
        self._out(tr("wizard.done.next"))
        for line in session.next_commands():
            self._out(f"  {line}")
        kubeconfig = (run.outcome.detail or {}).get("kubeconfig") if run.outcome else None
        if kubeconfig:
            self._out(f"{tr('wizard.done.kubeconfig')}: {kubeconfig}")
        if session.lesson is not None:
            self._out(session.lesson.debrief())
        self._out(tr("wizard.done.undo"))
        self._out(f"  byocni-tui destroy {run.run}")
        return 0
