"""A run as far as its events have told: which step is where, since when, and what went wrong. No widget."""

from datetime import datetime
from typing import Any, Final

import msgspec

from byocni_tui.screens.port import RunEvent

SHOWN: Final = (
    "preflight", "providers", "resource-group", "identity", "network", "role", "cluster", "read-back", "credentials",
    "nodes-not-ready", "cni", "nodes-ready", "verify",
)  # fmt: skip
"""In the order in which they happen."""
TYPICAL: Final = {
    "preflight": (5, 20), "resource-group": (2, 5), "identity": (3, 10), "network": (5, 15), "role": (5, 60),
    "cluster": (180, 480), "read-back": (1, 3), "credentials": (1, 3), "nodes-not-ready": (5, 60), "cni": (10, 60),
    "nodes-ready": (30, 120), "verify": (30, 120), "providers": (1, 90),
}  # fmt: skip
"""Seconds from … to: what people report for small clusters (three nodes). Shown as a range, promised nowhere."""
REPAIR_AFTER: Final = 300.0
"""Seconds of NotReady after which AKS's auto-repair begins (Microsoft Learn, "node auto-repair")."""


def parse_time(text: str) -> float:
    """Epoch seconds of an RFC 3339 time; 0.0 where it isn't one."""
    try:
        return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()
    except ValueError:
        return 0.0


def span(seconds: float) -> str:
    """``0:07``, ``12:30``, ``1:02:03``."""
    whole = max(0, int(seconds))
    hours, rest = divmod(whole, 3600)
    return f"{hours}:{rest // 60:02}:{rest % 60:02}" if hours else f"{rest // 60}:{rest % 60:02}"


class StepState(msgspec.Struct):
    """``started`` and ``ended`` are epoch seconds of the run's clock, None before."""

    status: str = "pending"
    started: float | None = None
    ended: float | None = None
    message: str = ""
    progress: float | None = None


class Stopped(msgspec.Struct, frozen=True, kw_only=True):
    """Stands for the event that a broken run didn't send."""

    message: str
    detail: dict[str, Any] | None = None
    time: str = ""
    run: str = ""
    step: str = "run"
    status: str = "failed"
    progress: float | None = None


class RunState:
    """Fed with events in order; ``outcome`` is the last event once there is one."""

    def __init__(self) -> None:
        self.steps = {name: StepState() for name in SHOWN}
        self.run = ""
        self.outcome: RunEvent | None = None
        self.failed: RunEvent | None = None
        self.started: float | None = None
        self.active = False
        self.cancelling = False
        """Azure was asked to stop, and has not answered yet."""
        self.cleaning = self.cleaned = False
        """What the run made is being removed; all of it is gone."""
        self.log: list[RunEvent] = []

    def begin(self) -> None:
        """A run begins or goes on: what failed before is looked at anew."""
        self.active, self.outcome, self.failed = True, None, None
        self.cancelling = self.cleaned = False

    def apply(self, event: RunEvent) -> None:
        """Take the next event."""
        if self.run and event.run and event.run != self.run:
            self.steps = {name: StepState() for name in SHOWN}
            self.started, self.log = None, []
        self.log.append(event)
        self.run = event.run or self.run
        at = parse_time(event.time)
        if self.started is None:
            self.started = at
        if event.step == "run":
            if event.status in ("done", "failed"):
                self.outcome, self.active = event, False
            return
        state = self.steps.setdefault(event.step, StepState())
        if event.status == "running" and state.status != "running":
            state.started, state.ended = at, None
        if event.status in ("done", "failed", "skipped") and not (event.detail or {}).get("earlier"):
            state.ended = at
            if state.started is None:
                state.started = at
        if event.status == "failed":
            self.failed = event
        state.status = event.status
        state.message = event.message or state.message
        state.progress = event.progress

    def elapsed(self, name: str, now: float) -> float | None:
        """Seconds that the step has taken so far; None where it hasn't begun or was skipped."""
        state = self.steps[name]
        if state.started is None or state.status in ("pending", "skipped"):
            return None
        return (state.ended if state.ended is not None else max(now, state.started)) - state.started

    def repair_left(self, now: float) -> float | None:
        """Seconds until auto-repair would begin; None before the first NotReady node and once all are Ready."""
        began = self.steps["nodes-not-ready"].started
        if began is None or self.steps["nodes-ready"].status == "done" or not self.active:
            return None
        return REPAIR_AFTER - (now - began)

    def stop(self, message: str, original: str | None) -> None:
        """The run broke off without a last event of its own."""
        self.active = False
        self.failed = Stopped(message=message, detail={"original": original} if original else {})

    @property
    def done(self) -> bool:
        """Whether the run ended well."""
        return self.outcome is not None and self.outcome.status == "done"

    def detail(self, key: str) -> Any:
        """A value of the failed step's detail, or None."""
        return (self.failed.detail or {}).get(key) if self.failed else None
