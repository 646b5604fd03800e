"""What the screens need from one run, as they see it: ``context.Context`` fits, and so does a test's own."""

from collections.abc import AsyncIterator
from pathlib import Path
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


class Lesson(Protocol):
    """A lesson in progress: what ``context.lesson`` holds (None, or no such attribute, without one).

    The wizard gives it a dock: at the bottom where the screen is narrow (5 lines; what will run is then behind F3), in
    the right column where it is wide (14 lines). It mounts ``widget()`` there once, and anew with each change of
    language, and tells it what happens by ``noticed``. The lesson owns its texts and draws itself; keys that it wants
    are its widget's own; the wizard binds Ctrl-T ("coach") to ``act``.
    """

    def widget(self) -> Any:
        """A fresh Textual widget for the dock; it fills it."""
        ...

    def noticed(self, what: str, detail: dict[str, Any]) -> None:
        """What the learner did or what happened, in the event loop, never twice:
        ``step`` {step}, ``edit`` {path, text}, ``remedy`` {code}, ``accept`` {code}, ``override`` {code, reason},
        ``deploy`` {}, ``cancel`` {choice}, ``event`` {event: a RunEvent}, ``nodes`` {total, ready}, ``done`` {}."""
        ...

    def act(self) -> None:
        """Ctrl-T: the next hint, or whatever the coach offers."""
        ...

    def debrief(self) -> str:
        """Plain paragraphs for the Done screen (score and debrief); '' before the end."""
        ...


class WizardContext(Protocol):
    """Plan, language and clock of a run, and what can be asked of it. ``lesson`` (see ``Lesson``) may be missing."""

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

    def forget_facts(self) -> None:
        """Ask Azure again next time."""
        ...

    def tongues(self) -> dict[str, str]:
        """Tongue -> name of its file."""
        ...

    def export(self, tongue: str) -> str:
        """The plan as ``az``, ``bicep``, ``arm``, ``terraform``, ``values`` or ``answers``: a whole file."""
        ...

    async def mend(self, finding: Finding) -> None:
        """Do in Azure what a remedy names."""
        ...

    async def diagnose(self, kubeconfig: Path | None = None) -> dict[str, Any]:
        """``nodes``, ``causes``, ``not_seen`` as ``doctor -o json`` has them."""
        ...

    async def sign_in(self, method: str) -> None:
        """Connect anew, signing in another way."""
        ...

    async def cancel(self) -> None:
        """Ask Azure to stop making the cluster; raises where nothing is going on there."""
        ...

    def doomed(self) -> list[str]:
        """The ids of what cleaning up would remove."""
        ...

    def clean_up(self) -> AsyncIterator[tuple[str, str, str]]:
        """Remove what the run made: (id, ``removed``/``absent``/``kept``, reason)."""
        ...

    async def close(self) -> None:
        """Close connections."""
        ...


class RunRecord(Protocol):
    """One run of this machine; see ``history.RunNote``."""

    @property
    def run(self) -> str: ...
    @property
    def mode(self) -> str: ...
    @property
    def cluster(self) -> str: ...
    @property
    def group(self) -> str: ...
    @property
    def step(self) -> str: ...
    @property
    def status(self) -> str: ...
    @property
    def time(self) -> str: ...
    @property
    def made(self) -> int: ...
    @property
    def problem(self) -> str: ...


class Words(Protocol):
    """How a finding reads in a language."""

    def message(self, finding: Finding, tr: Translator) -> str:
        """One or two sentences that name both sides."""
        ...

    def remedy_text(self, finding: Finding, tr: Translator) -> str:
        """What its remedy would do."""
        ...
