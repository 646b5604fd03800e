"""What one run holds: plan, facts, providers, journal, clock, language. The composition root: the only place that knows
whether the clients talk to Azure or to a sandbox."""

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any, Literal

from byocni_tui.clock import Clock, RealClock
from byocni_tui.deploy.event import Event
from byocni_tui.deploy.nodes import NodeState
from byocni_tui.locale import Translator
from byocni_tui.plan.model import Plan

if TYPE_CHECKING:
    from byocni_tui.plan.facts import Facts
    from byocni_tui.rules import Report

Mode = Literal["live", "simulated"]


class Context:
    """Made by ``simulated`` or ``live``; both are cheap and touch nothing outside: the sandbox starts, and Azure is
    asked, with the first call that needs it (``start`` does it ahead of need)."""

    def __init__(self, mode: Mode, plan: Plan, tr: Translator) -> None:
        self.mode: Mode = mode
        self.plan = plan
        self.facts: Facts | None = None
        self.tr = tr
        self.clock: Clock = RealClock()
        self.journal: Any = None

    @classmethod
    def simulated(
        cls,
        plan: Plan | None = None,
        *,
        scenario: str = "article",
        speed: float | None = 60,
        tr: Translator | None = None,
    ) -> "Context":
        """Everything against a sandbox of its own."""
        raise NotImplementedError

    @classmethod
    def live(cls, plan: Plan | None = None, *, tr: Translator | None = None) -> "Context":
        """The real thing."""
        raise NotImplementedError

    async def start(self) -> None:
        """Start the sandbox, or sign in. Done once, however often it is called."""
        raise NotImplementedError

    def findings(self) -> "Report":
        """The rules on the plan with the facts there are. Synchronous and pure: safe on every key."""
        from byocni_tui.rules import check

        return check(self.plan, self.facts)

    async def collect(self, *keys: str) -> "Facts":
        """Ask Azure for these facts (all that pre-flight needs, without names), in parallel, each once."""
        raise NotImplementedError

    def preflight(self) -> AsyncIterator[Event]:
        """Facts, rules and ARM's validation, one event as each check finishes; the last has status done or failed."""
        raise NotImplementedError

    def deploy(self) -> AsyncIterator[Event]:
        """Carry the plan out (or go on with the run that was resumed). Leaving the iterator leaves Azure running."""
        raise NotImplementedError

    def nodes(self) -> AsyncIterator[tuple[NodeState, ...]]:
        """All nodes, again with each change."""
        raise NotImplementedError

    def commands(self) -> list[str]:
        """The equivalent az, helm and kubectl commands, valid shell at every moment."""
        from byocni_tui.export.preview import commands

        return commands(self.plan)

    def save(self) -> None:
        """Write the answers file of the run."""
        raise NotImplementedError

    async def close(self) -> None:
        """Close connections; a simulated run's sandbox ends by itself when it is idle."""
