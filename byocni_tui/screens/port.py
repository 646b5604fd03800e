"""What the screens need from one run, as they see it: ``context.Context`` fits, and so does a test's own."""

from collections.abc import AsyncIterator
from typing import Any, Protocol

from byocni_tui.clock import Clock
from byocni_tui.locale import Translator
from byocni_tui.plan.finding import Finding
from byocni_tui.plan.model import Plan


class RunEvent(Protocol):
    """One line of a run; see ``deploy.event`` for what each holds."""

    @property
    def time(self) -> str: ...
    @property
    def run(self) -> str: ...
    @property
    def step(self) -> str: ...
    @property
    def status(self) -> str: ...
    @property
    def progress(self) -> float | None: ...
    @property
    def message(self) -> str: ...
    @property
    def detail(self) -> dict[str, Any] | None: ...


class NodeView(Protocol):
    """One node; see ``deploy.nodes``."""

    @property
    def name(self) -> str: ...
    @property
    def pool(self) -> str: ...
    @property
    def ready(self) -> bool: ...
    @property
    def stage(self) -> str: ...
    @property
    def message(self) -> str: ...
    @property
    def created(self) -> str: ...
    @property
    def pod_problem(self) -> str: ...


class WizardContext(Protocol):
    """Plan, language and clock of a run, and what can be asked of it."""

    plan: Plan
    tr: Translator
    clock: Clock

    @property
    def mode(self) -> str: ...
    @property
    def facts(self) -> Any: ...
    def findings(self) -> Any:
        """A report with ``findings``: synchronous, pure, answers within a key."""
        ...

    def commands(self) -> list[str]:
        """The equivalent commands."""
        ...

    def open_journal(self) -> Any:
        """The run's journal; a new run begins with the first call."""
        ...

    async def start(self) -> None:
        """Reach the service (or start the sandbox); once."""
        ...

    async def account(self) -> dict[str, Any]:
        """Who is signed in."""
        ...

    async def subscriptions(self) -> list[dict[str, Any]]:
        """The subscriptions that can be seen, as Azure lists them."""
        ...

    async def collect(self, *keys: str) -> Any:
        """Ask for facts."""
        ...

    def preflight(self) -> AsyncIterator[Any]:
        """RunEvents, one as each check finishes."""
        ...

    def deploy(self) -> AsyncIterator[Any]:
        """RunEvents of the run."""
        ...

    def nodes(self) -> AsyncIterator[Any]:
        """Tuples of NodeView, again with each change."""
        ...

    async def close(self) -> None:
        """Close connections."""
        ...


class Words(Protocol):
    """How a finding reads in a language."""

    def message(self, finding: Finding, tr: Translator) -> str:
        """One or two sentences that name both sides."""
        ...

    def remedy_text(self, finding: Finding, tr: Translator) -> str:
        """What its remedy would do."""
        ...
