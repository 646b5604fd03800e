"""The help page of a step: what it is for, the field in focus, and every key."""

from byocni_tui.plan.fields import field
from byocni_tui.screens.session import Session

KEYS = (
    "next", "back", "scroll", "remedy", "accept", "own", "again", "more", "steps", "commands", "copy", "filter",
    "language", "theme", "save", "palette", "quit",
)  # fmt: skip


def help_page(session: Session, path: str | None) -> str:
    """Plain paragraphs."""
    tr = session.tr
    parts = [tr(f"wizard.steps.{session.step}.title").upper(), tr(f"wizard.steps.{session.step}.why")]
    known = field(path) if path else None
    if known is not None and path is not None:
        parts += ["", f"{session.label(path)}  ({path})"]
        parts += session.explained(path)
        if known.az_flag:
            parts.append(f"az: {known.az_flag}")
        for finding in session.at(path):
            parts += ["", f"{finding.code}  {session.words.message(finding, tr)}", finding.source]
    parts += ["", tr("wizard.help.keys")]
    keys = (*KEYS, "coach") if session.lesson is not None else KEYS
    parts += [tr(f"wizard.help.key_{name}") for name in keys]
    return "\n".join(parts)
