"""What one run holds: plan, facts, providers, journal, clock, language. The composition root: the only place that knows
whether the clients talk to Azure or to a sandbox."""

import asyncio
import math
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

import msgspec

from byocni_tui.clock import Clock, RealClock
from byocni_tui.deploy.event import Event, Status, timestamp
from byocni_tui.deploy.nodes import NodeState
from byocni_tui.errors import EXIT_SIGN_IN, UserError
from byocni_tui.locale import Translator
from byocni_tui.plan.facts import Facts
from byocni_tui.plan.model import Plan

if TYPE_CHECKING:
    from byocni_tui.connections import Connections, Simulation
    from byocni_tui.deploy.journal import Journal
    from byocni_tui.deploy.work import Work
    from byocni_tui.plan.finding import Finding
    from byocni_tui.providers.azure_facts import FactCollector
    from byocni_tui.rules import Report

Mode = Literal["live", "simulated"]

_KUBECONFIG_LOOK: Final = 0.2


class Context:
    """Made by ``simulated``, ``live`` or ``resume``; all are cheap and touch nothing outside: the sandbox starts, and
    Azure is asked, with the first call that needs it (``start`` does it ahead of need)."""

    def __init__(
        self, mode: Mode, plan: Plan, tr: Translator, connect: "Callable[[Context], Connections]"
    ) -> None:
        self.mode: Mode = mode
        self.plan = plan
        self.facts: Facts | None = None
        self.tr = tr
        self.clock: Clock = RealClock()
        self.journal: Journal | None = None
        self.endpoints: Any = None
        self.lesson: Any = None
        """The lesson beside this run (``screens.port.Lesson``), where somebody takes one."""
        self.deployed = False
        self.notice = ""
        """What has to be said first: that this is a simulation."""
        self._connect = connect
        self._settings: dict[str, Any] = {}
        """What the journal keeps to connect again; known before anything is started."""
        self._connections: Connections | None = None
        self._collector: FactCollector | None = None
        self._starting: asyncio.Task[Connections] | None = None
        self._report: tuple[Plan, Facts | None, Report] | None = None

    @classmethod
    def simulated(
        cls,
        plan: Plan | None = None,
        *,
        scenario: str = "article",
        speed: float = 60.0,
        seed: int = 0,
        sandbox: str | None = None,
        tr: Translator | None = None,
    ) -> "Context":
        """Everything against a sandbox of its own. ``speed`` is virtual seconds per real one, ``math.inf`` jumps.
        Without a plan it begins with the scenario's. UserError for a scenario that there isn't. ``sandbox``: the
        address of one that runs already, which has its own scenario, speed and seed (it is asked at once)."""
        from byocni_tui import connections

        if sandbox is not None:
            there = connections.joining(sandbox)
            options = connections.Simulation(
                scenario=there.scenario, speed=None, seed=0, cloud=there.cloud, joined=True
            )
            begin = plan if plan is not None else connections.joined_plan(there)
            return cls._simulated(begin, tr or Translator(), options, sandbox)
        known = connections.scenario(scenario)
        begin = plan if plan is not None else connections.scenario_plan(known)
        pace = speed if math.isfinite(speed) else None
        options = connections.Simulation(scenario=scenario, speed=pace, seed=seed, cloud=known.cloud)
        return cls._simulated(begin, tr or Translator(), options)

    @classmethod
    def _simulated(
        cls, plan: Plan, tr: Translator, options: "Simulation", url: str | None = None
    ) -> "Context":
        from byocni_tui import connections

        context = cls("simulated", plan, tr, lambda it: connections.simulated(it, options, url))
        context._settings = {"simulation": msgspec.to_builtins(options)}
        context.notice = tr("deploy.simulation", scenario=options.scenario)
        return context

    @classmethod
    def replayed(cls, plan: Plan, recording: Path, *, tr: Translator | None = None) -> "Context":
        """Everything against what ``record`` has kept in a folder."""
        from byocni_tui import connections

        context = cls("simulated", plan, tr or Translator(), lambda it: connections.replayed(it, recording))
        context._settings = {"replay": True}
        context.notice = context.tr("deploy.replay", folder=str(recording))
        return context

    @classmethod
    def live(
        cls, plan: Plan | None = None, *, method: str = "default", tr: Translator | None = None
    ) -> "Context":
        """The real thing; ``method`` is one of ``providers.credentials.METHODS``."""
        from byocni_tui import connections

        context = cls("live", plan or Plan(), tr or Translator(), lambda it: connections.live(it, method))
        context._settings = {"method": method}
        return context

    @classmethod
    def resume(cls, run: str, *, tr: Translator | None = None) -> "Context":
        """A run that was begun, in the mode and with the plan that it began with. UserError where there is none, or
        where another process has it."""
        from byocni_tui import connections
        from byocni_tui.deploy.journal import Journal

        journal = Journal(run)
        settings = journal.get("settings") or {}
        plan = journal.plan
        if settings.get("mode") == "simulated":
            options = msgspec.convert(settings["simulation"], connections.Simulation)
            context = cls._simulated(plan, tr or Translator(), options)
        else:
            method = str(settings.get("method", "default"))
            context = cls.live(plan, method=method, tr=tr)
        context.journal = journal
        return context

    async def start(self) -> None:
        """Start the sandbox, or prepare to sign in. Done once, however often it is called."""
        await self._ready()

    async def _ready(self) -> "Connections":
        if self._connections is None:
            if self.mode == "simulated":
                # The sandbox keeps its state in the run's folder. SQLite's connections belong to the thread that opened
                # them: the journal is opened here, not in the thread that starts the sandbox.
                self.open_journal()
            if self._starting is None or (self._starting.done() and self._starting.exception() is not None):
                self._starting = asyncio.create_task(asyncio.to_thread(self._connect, self), name="connect")
            self._connections = await asyncio.shield(self._starting)
            if self._connections.follow is not None:
                self._connections.follow.begin()
        return self._connections

    def open_journal(self) -> "Journal":
        """The run's journal; a new run begins with the first call."""
        from byocni_tui.deploy.journal import Journal, new_run_id

        if self.journal is None:
            self.journal = Journal(new_run_id(datetime.now(UTC)), create=True)
        return self.journal

    def findings(self) -> "Report":
        """The rules on the plan with the facts there are. Synchronous and pure: safe on every key."""
        from byocni_tui.rules import check

        known = self._report
        if known is None or known[0] is not self.plan or known[1] is not self.facts:
            known = self._report = (self.plan, self.facts, check(self.plan, self.facts))
        return known[2]

    async def collector(self) -> "FactCollector":
        """What remembers the facts that were asked for."""
        connections = await self._ready()
        if self._collector is None:
            from byocni_tui.providers.azure_facts import FactCollector

            self._collector = FactCollector(connections.azure, connections.cloud, self.clock.now)
        return self._collector

    async def collect(self, *keys: str) -> Facts:
        """Ask Azure for these facts (all that pre-flight needs, without names), in parallel, each once. What could not
        be read stays unknown. ``ProviderError`` where nobody is signed in."""
        from byocni_tui.providers.azure_facts import wanted

        collector = await self.collector()
        async for _ in collector.collect(self.plan, keys or wanted(self.plan)):
            self.facts = collector.facts
        self.facts = collector.facts
        return self.facts

    def forget_facts(self) -> None:
        """Ask again next time: Azure may have changed since."""
        if self._collector is not None:
            self._collector.forget()

    async def account(self) -> dict[str, Any]:
        """Who is signed in: ``id``, ``type``, ``name``, ``tenant``."""
        return await (await self._ready()).azure.account()

    async def subscriptions(self) -> list[dict[str, Any]]:
        """The subscriptions that can be seen."""
        return await (await self._ready()).azure.items("/subscriptions")

    def event(self, step: str, status: Status, message: str, **more: Any) -> Event:
        """An event of this run, in the journal once the run has begun."""
        journal = self.open_journal()
        event = Event(
            time=timestamp(self.clock.now()),
            run=journal.run,
            step=step,
            status=status,
            message=message,
            **more,
        )
        if self.deployed:
            journal.append(event)
        return event

    def preflight(self) -> AsyncIterator[Event]:
        """Facts, rules and ARM's validation, one event as each check finishes; the last has status done or failed."""
        from byocni_tui.preflight import preflight

        return preflight(self)

    async def cancel(self) -> None:
        """Ask Azure to stop making the cluster. ``ProviderError`` where nothing is going on, or it can't be stopped."""
        from byocni_tui.deploy.bodies import cluster_id

        await (await self._ready()).azure.post(f"{cluster_id(self.plan)}/abort")

    async def deploy(self) -> AsyncGenerator[Event, None]:
        """Carry the plan out (or go on with the run that was resumed). Leaving the iterator leaves Azure running. The
        last event is step ``run``; its ``detail.exit_code`` is the exit status of the contract."""
        from byocni_tui.deploy.runner import Runner
        from byocni_tui.preflight import stopped

        journal = self.open_journal()
        journal.acquire()
        new = journal.get("plan") is None
        # What was destroyed is made anew, whatever the journal says of its steps.
        changed = not new and (journal.plan != self.plan or journal.get("destroyed") is not None)
        if new or changed:
            # Before anything is started: whoever is killed meanwhile can go on.
            journal.put("settings", {"mode": self.mode, **self._settings})
            journal.put("plan", self.plan)
        if journal.get("destroyed") is not None:
            journal.put("destroyed", None)
            journal.put("cluster-operation", None)
        try:
            connections = await self._ready()
        except UserError:
            if new:
                journal.put("plan", None)  # it has not begun: nothing is kept of it
            raise
        self.deployed = True
        if journal.finished("preflight") and not changed:
            yield self.event(
                "preflight", "done", self.tr("deploy.earlier"), progress=1.0, detail={"earlier": True}
            )
        else:
            last: Event | None = None
            async for event in self.preflight():
                last = event
                yield event
            if last is None or last.status != "done":
                code = ((last.detail if last else None) or {}).get("exit_code", EXIT_SIGN_IN)
                message = stopped(self, last)
                yield self.event("run", "failed", message, detail={"exit_code": code, "step": "preflight"})
                return
        work = self.work(connections)
        warm = asyncio.create_task(asyncio.to_thread(connections.preload), name="preload")
        try:
            async for event in Runner(work, anew=changed).events():
                yield event
        finally:
            await asyncio.gather(warm, return_exceptions=True)
            await work.close()

    async def adopt(self) -> str:
        """Begin a run with a cluster that somebody else began: read it, keep its plan in a journal. The run's id;
        ``ProviderError`` where the cluster can't be read."""
        from byocni_tui.deploy.adoption import plan_of
        from byocni_tui.deploy.bodies import cluster_id, group_id

        connections = await self._ready()
        path = cluster_id(self.plan)
        self.plan = plan_of(await connections.azure.get(path), self.plan)
        journal = self.open_journal()
        journal.put("plan", self.plan)
        journal.put("settings", {"mode": self.mode, **connections.settings})
        journal.note(group_id(self.plan), "resource-group", "adopted", "resource-group")
        journal.note(path, "cluster", "adopted", "cluster")
        return journal.run

    def work(self, connections: "Connections") -> "Work":
        """What the steps of this run share."""
        from byocni_tui.deploy.work import Work, at_once

        return Work(
            plan=self.plan,
            azure=connections.azure,
            kubernetes=connections.kubernetes,
            helm=connections.helm,
            journal=self.open_journal(),
            clock=self.clock,
            tr=self.tr,
            registry=connections.registry,
            chart_source=connections.chart_source,
            patience=connections.patience,
            settle=connections.follow.settle if connections.follow is not None else at_once,
            providers=self.facts.providers if self.facts else None,
            groups=_names(self.facts.resource_groups) if self.facts else None,
        )

    async def connections(self) -> "Connections":
        """The clients, once they are there (for undoing a run and for diagnosis)."""
        return await self._ready()

    async def nodes(self) -> AsyncIterator[tuple[NodeState, ...]]:
        """All nodes, again with each change; waits for the kubeconfig of the run."""
        from byocni_tui.deploy.board import Board

        connections = await self._ready()
        path: Path = self.open_journal().folder / "kubeconfig"
        while not path.exists():  # noqa: ASYNC110, ASYNC240 it may be another process that writes it; a stat is cheap
            await asyncio.sleep(_KUBECONFIG_LOOK)
        kube = connections.kubernetes(path)
        try:
            async for states in Board(kube, self.plan.cni.plugin).states():
                yield states
        finally:
            await kube.close()

    def commands(self) -> list[str]:
        """The equivalent az, helm and kubectl commands, valid shell at every moment."""
        from byocni_tui.export.preview import commands

        return commands(self.plan, self.tr)

    def tongues(self) -> dict[str, str]:
        """What ``export`` takes, with the name of the file."""
        from byocni_tui.export.tongues import TONGUES

        return dict(TONGUES)

    def export(self, tongue: str) -> str:
        """The plan in one of ``export.tongues.TONGUES``, as a whole file."""
        from byocni_tui.export.tongues import render

        return render(tongue, self.plan, self.tr)

    async def mend(self, finding: "Finding") -> None:
        """Do in Azure what a finding's remedy names; see ``errands.mend``."""
        from byocni_tui.errands import mend

        await mend(self, finding)

    async def diagnose(self, kubeconfig: Path | None = None) -> dict[str, Any]:
        """Why the nodes of the plan's cluster are not Ready; see ``errands.diagnose``."""
        from byocni_tui.errands import diagnose

        return await diagnose(self, kubeconfig)

    def doomed(self) -> list[str]:
        """What cleaning up would remove."""
        from byocni_tui.errands import doomed

        return doomed(self)

    def clean_up(self) -> AsyncIterator[tuple[str, str, str]]:
        """Remove what this run made; see ``errands.clean_up``."""
        from byocni_tui.errands import clean_up

        return clean_up(self)

    async def sign_in(self, method: str) -> None:
        """Connect anew, signing in another way (live only)."""
        from byocni_tui import connections

        before, self._connections, self._starting, self._collector = self._connections, None, None, None
        self._connect = lambda context: connections.live(context, method)
        if before is not None:
            await before.close()

    def save(self) -> None:
        """Write the answers of the moment into the run's folder (``answers.yaml``)."""
        from byocni_tui.files import write_atomically
        from byocni_tui.plan.writer import dump

        write_atomically(self.open_journal().folder / "answers.yaml", dump(self.plan, self.tr))

    async def close(self) -> None:
        """Close connections. A simulated run's sandbox ends by itself when it is idle; one in which nothing was
        deployed goes at once, with its folder."""
        if self._starting is not None and not self._starting.done():
            await asyncio.gather(self._starting, return_exceptions=True)
        if self._connections is not None:
            await self._connections.close()
        if self.journal is None:
            return
        if self.deployed or self._kept(self.journal):
            self.journal.close()
            return
        if self._connections is not None:
            await asyncio.to_thread(self._connections.dismiss)
        self.journal.forget()

    @staticmethod
    def _kept(journal: "Journal") -> bool:
        """Whether there is something in the run's folder that somebody may come back to."""
        return journal.get("plan") is not None or (journal.folder / "answers.yaml").exists()


def _names(items: tuple[dict[str, Any], ...] | None) -> frozenset[str] | None:
    return None if items is None else frozenset(str(item.get("name", "")).lower() for item in items)
