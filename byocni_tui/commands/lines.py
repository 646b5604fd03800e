"""A run as plain lines, for pipes, logs and screen readers: what was reached, and what is in the way."""

from typing import Final

from byocni_tui.console import Console
from byocni_tui.deploy.event import Event

_MARKS: Final = {"pending": "·", "running": "…", "done": "✓", "failed": "✗", "skipped": "–"}
_FINDINGS: Final = {"error": "✗", "warning": "!", "info": "·"}
_WIDTH: Final = 16
_INDENT: Final = " " * 11

PATIENCE: Final = 1.0
"""Seconds after which a line that was held back is printed: a step that takes its time has to be named."""


def line(event: Event) -> str:
    """``10:00:03Z ✓ cluster  message``, in the order: time, mark, step, sentence. A percentage where it tells something
    that the sentence doesn't: while the cluster is being made."""
    told = event.step == "cluster" and event.status == "running" and 0.01 <= (event.progress or 0) < 1
    percent = f" {event.progress:.0%}" if told else ""
    return f"{event.time[11:19]}Z {_MARKS[event.status]} {event.step.ljust(_WIDTH)}{event.message}{percent}"


def quiet(event: Event) -> bool:
    """Whether a line would only say that a step begins, or that one more fact was read."""
    detail = event.detail or {}
    return event.status == "running" and (
        bool(detail.get("begins")) or ("reason" in detail and detail["reason"] is None)
    )


class Lines:
    """Prints a run's events: JSON lines where that was asked for, else a line each and, below a failure, the original
    words, the remedy and what is in the way. A quiet line is held back until something better comes, or ``flush``."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._held: Event | None = None

    @property
    def patience(self) -> float | None:
        """How long to wait for the next event before ``flush``; None where nothing is held back."""
        return PATIENCE if self._held is not None else None

    def flush(self) -> None:
        """Print what was held back."""
        if self._held is not None:
            self._console.out(line(self._held))
            self._held = None

    def show(self, event: Event) -> None:
        """The next event."""
        if self._console.json_output:
            self._console.json(event, line=True)
            return
        self._held = event if quiet(event) else None
        if self._held is None:
            self._console.out(line(event))
            if event.status == "failed":
                self._explain(event)

    def _explain(self, event: Event) -> None:
        out, tr, detail = self._console.out, self._console.tr, event.detail or {}
        for key in ("original", "remedy", "field"):
            if text := detail.get(key):
                label = tr(f"deploy.label.{key}")
                out("\n".join(f"{_INDENT}{row}" for row in f"{label}: {text}".splitlines()))
        for finding in detail.get("findings") or ():
            mark = _FINDINGS[finding["severity"]]
            out(f"{_INDENT}{mark} {finding['code']} {finding['field']}: {finding['message']}")
            remedy = finding.get("remedy") or {}
            if remedy.get("text"):
                out(f"{_INDENT}  → {remedy['text']}")
            for command in remedy.get("commands") or ():
                out(f"{_INDENT}    $ {command}")
        for cause in detail.get("causes") or ():
            out(f"{_INDENT}{cause['code']} {cause['object']}: {cause['message']}")
            if cause["remedy"]:
                out(f"{_INDENT}  → {cause['remedy']}")
