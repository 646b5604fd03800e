"""A run as plain lines, one an event, for pipes, logs and screen readers."""

from byocni_tui.console import Console
from byocni_tui.deploy.event import Event

_MARKS = {"pending": "·", "running": "…", "done": "✓", "failed": "✗", "skipped": "–"}
_WIDTH = 16


def line(event: Event) -> str:
    """``10:00:03Z ✓ cluster  message``, in the order: time, mark, step, sentence."""
    percent = f" {event.progress:.0%}" if event.progress is not None and event.status == "running" else ""
    return f"{event.time[11:19]}Z {_MARKS[event.status]} {event.step.ljust(_WIDTH)}{event.message}{percent}"


def show(event: Event, console: Console) -> None:
    """Print an event: a JSON line where that was asked for, else its line; a failure with the original words, the
    remedy and the field."""
    if console.json_output:
        console.json(event, line=True)
        return
    console.out(line(event))
    detail = event.detail or {}
    if event.status == "failed":
        for key in ("original", "remedy", "field"):
            if text := detail.get(key):
                label = console.tr(f"deploy.label.{key}")
                console.out("\n".join(f"           {row}" for row in f"{label}: {text}".splitlines()))
        for finding in detail.get("findings") or ():
            remedy = (finding.get("remedy") or {}).get("text") or ""
            console.out(
                f"           {finding['code']} {finding['field']}: {finding['message']} {remedy}".rstrip()
            )
        for cause in detail.get("causes") or ():
            console.out(f"           {cause['code']} {cause['object']}: {cause['message']} {cause['remedy']}")
