"""Work that outlives a panel: facts, pre-flight, the run, remedies in Azure, cleaning up. A part of the app; what goes
wrong is told on screen, and the task that met it ends."""

import asyncio
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

from byocni_tui.plan.finding import Finding
from byocni_tui.screens.port import WizardContext
from byocni_tui.screens.run_state import Stopped
from byocni_tui.screens.session import Session

if TYPE_CHECKING:
    from textual.app import App
    from textual.timer import Timer

    _Base = App[Any]
else:
    _Base = object

FRAME = 0.12
"""Seconds between two drawings of the node board, however many nodes change."""


class Tasks(_Base):
    """``describe`` puts any error into the user's words."""

    context: WizardContext
    session: Session
    _deploying: "asyncio.Task[None] | None" = None
    _watcher: "asyncio.Task[None] | None" = None
    _drawing: "Timer | None" = None

    def describe(self, error: Exception) -> str:
        """In the user's words."""
        raise NotImplementedError

    def _changed(self) -> None:
        self.session.changed()

    @property
    def at_work(self) -> bool:
        """Whether something short is under way of which the screen will tell (a run is not short)."""
        return self._drawing is not None or any(not worker.is_finished for worker in self.workers)

    async def reach(self) -> None:
        """Sign in or start the sandbox. The journal is opened here first: its database belongs to one thread, and
        connecting happens in another."""
        self.context.open_journal()
        await self.context.start()

    # What Azure has

    def collect(self, *keys: str) -> None:
        """Ask for facts behind the screen; what goes wrong is said where they are missed."""
        self.run_worker(self._collect(keys), group="facts", exit_on_error=False)

    async def _collect(self, keys: tuple[str, ...]) -> None:
        self.session.facts_failed = ""
        try:
            await self.reach()
            await self.context.collect(*keys)
        except Exception as error:  # noqa: BLE001 facts are a help: whatever a client raises is shown, nothing is lost
            self.session.facts_failed = self.session.tr("wizard.facts_failed", error=self.describe(error))
        self.session.judge()
        self._changed()

    def ask_account(self, method: str = "") -> None:
        """Ask once who is signed in and what they see; with a ``method``, sign in anew that way."""
        if method or not self.session.account:
            self.run_worker(self._ask_account(method), group="facts", exit_on_error=False)

    async def _ask_account(self, method: str) -> None:
        session = self.session
        session.account_failed, session.account = "", {}
        try:
            if method:
                await self.context.sign_in(method)
                self._changed()
            await self.reach()
            session.account = await self.context.account()
            session.subscriptions = await self.context.subscriptions()
        except Exception as error:  # noqa: BLE001 the fields work without it: whatever a client raises is shown
            session.account_failed = self.describe(error)
        self._changed()

    # Pre-flight

    def run_preflight(self, *, again: bool = False) -> None:
        """All checks at once; not again by itself while nothing has changed."""
        if again or not self.session.checks or self.session.checked_plan != self.session.plan:
            if again:
                self.context.forget_facts()
            self.run_worker(self._preflight(), group="preflight", exclusive=True, exit_on_error=False)

    async def _preflight(self) -> None:
        session = self.session
        session.checks, session.preflight_failed, session.checking = [], "", True
        session.checked_plan = session.plan
        self._changed()
        try:
            await self.reach()
            async for event in self.context.preflight():
                session.checks.append(event)
                session.judge()
                self._changed()
        except Exception as error:  # noqa: BLE001 shown in the panel; the deployment checks again by itself
            session.preflight_failed = session.tr("wizard.facts_failed", error=self.describe(error))
        session.checking = False
        session.judge()
        self._changed()

    def mend(self, finding: Finding) -> None:
        """Do in Azure what a remedy names."""
        self.run_worker(self._mend(finding), group="facts", exit_on_error=False)

    async def _mend(self, finding: Finding) -> None:
        session, tr = self.session, self.session.tr
        session.mending.add(finding.code)
        self._changed()
        try:
            await self.reach()
            await self.context.mend(finding)
            session.notice("remedy", code=finding.code)
            self.notify(tr("wizard.mended", code=finding.code), timeout=4, markup=False)
            if session.step == "preflight":
                self.run_preflight(again=True)
        except Exception as error:  # noqa: BLE001 the finding stays, and Azure's words are told
            self.notify(self.describe(error), severity="error", timeout=10, markup=False)
        session.mending.discard(finding.code)
        session.judge()
        self._changed()

    # The run

    def run_deploy(self) -> None:
        """Carry the plan out, or go on with it. The task belongs to the app, so no screen's end ends it."""
        if self._deploying is None or self._deploying.done():
            self.session.run.begin()
            self.session.notice("deploy")
            self._changed()
            self._deploying = asyncio.create_task(self._deploy())

    async def _deploy(self) -> None:
        run = self.session.run
        try:
            await self.reach()
            events: AsyncIterator[Any] = self.context.deploy()
            async for event in events:
                run.apply(event)
                self.session.notice("event", event=event)
                if event.step == "nodes-not-ready" and self._watcher is None:
                    self._watcher = asyncio.create_task(self._watch())
                self._changed()
        except Exception as error:  # noqa: BLE001 a client's own failure must not take the screen (and its log) away
            run.stop(self.session.tr("wizard.deploy.broke"), self.describe(error))
        finally:
            run.active = run.cancelling = False
            if not run.done:
                await self._stop_watching()
        if run.done:
            self.session.notice("done")
            if self.session.step != "deploy":
                self.notify(self.session.tr("wizard.deploy.done"), timeout=6, markup=False)
        self._changed()

    async def _stop_watching(self) -> None:
        if self._watcher is not None:
            self._watcher.cancel()
            await asyncio.gather(self._watcher, return_exceptions=True)
            self._watcher = None

    async def _watch(self) -> None:
        """Nodes for the board, drawn a few times a second however many change."""

        def draw() -> None:
            self._drawing = None
            self._changed()

        try:
            async for nodes in self.context.nodes():
                self.session.take_nodes(nodes)
                if self._drawing is None:
                    self._drawing = self.set_timer(FRAME, draw)
        except Exception as error:  # noqa: BLE001 the board is a view; the run itself reports what matters
            self.log.error(self.describe(error))

    def cancel_chosen(self, choice: str | None) -> None:
        """The answer to Ctrl-C in a run."""
        if choice and choice != "watch":
            self.session.notice("cancel", choice=choice)
        if choice == "leave":
            self.run_worker(self.finish(4), exit_on_error=False)
        elif choice == "stop" and self._deploying is not None:
            self.run_worker(self._cancel(), exit_on_error=False)

    async def _cancel(self) -> None:
        """Azure is asked to stop; the run then sees it, and tells. Where nothing is going on in Azure, the run stops
        here and what was made stays."""
        run, tr = self.session.run, self.session.tr
        run.cancelling = True
        self._changed()
        try:
            await self.context.cancel()
        except Exception as error:  # noqa: BLE001 nothing to cancel there, or it can't be: said, and the run stops here
            if self._deploying is not None:
                self._deploying.cancel()
                await asyncio.gather(self._deploying, return_exceptions=True)
            run.stop(tr("wizard.cancel.stopped_here"), self.describe(error))
            self._changed()

    def clean_up(self) -> None:
        """Remove what this run made."""
        self.run_worker(self._clean_up(), group="clean", exclusive=True, exit_on_error=False)

    async def _clean_up(self) -> None:
        session, run, tr = self.session, self.session.run, self.session.tr
        run.cleaning = True
        kept = 0
        self._changed()
        try:
            async for what, outcome, reason in self.context.clean_up():
                kept += outcome == "kept"
                text = tr(f"wizard.clean.{outcome}", what=what, reason=reason)
                status = "failed" if outcome == "kept" else "done"
                time = session.now().isoformat()
                run.log.append(Stopped(message=text, time=time, run=run.run, step="clean", status=status))
                self._changed()
            run.cleaned = not kept
        except Exception as error:  # noqa: BLE001 told in the log; what was made and not removed stays in the journal
            text = self.describe(error)
            run.log.append(Stopped(message=text, time=session.now().isoformat(), run=run.run, step="clean"))
        run.cleaning = False
        self._changed()

    async def finish(self, status: int) -> None:
        """Save, close connections, end."""
        raise NotImplementedError

    async def end_tasks(self) -> None:
        """Stop looking; what Azure does goes on there."""
        if self._deploying is not None and not self._deploying.done():
            self._deploying.cancel()
            await asyncio.gather(self._deploying, return_exceptions=True)
        await self._stop_watching()
