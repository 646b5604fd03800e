"""``docs/events.md``: what ``apply``, ``verify`` and the other commands print as JSON."""

from typing import get_args

import msgspec

from byocni_tui.deploy.event import STEPS, Event, Status
from byocni_tui.deploy.steps import TYPICAL
from byocni_tui.deploy.verification import IDS
from byocni_tui.locale import Translator
from tools.pages.markdown import begin, end, heads, table, text

SAMPLE = Event(
    time="2026-01-01T10:00:03.000Z",
    run="20260101-100000-0a1b",
    step="cluster",
    status="running",
    progress=0.4,
    message="…",
)


def page(lang: str) -> str:
    """The whole page."""
    tr = Translator(lang)
    lines = begin(lang, "events")
    lines += [f"## {text(lang, 'events.shape')}", "", "```json"]
    lines += [msgspec.json.encode(SAMPLE).decode(), "```", ""]
    lines += table(
        heads(lang, "key meaning"),
        ([f"`{name}`", text(lang, f"event.{name}")] for name in Event.__struct_fields__),
    )
    statuses = ", ".join(f"`{name}`" for name in get_args(Status))
    lines += [f"{text(lang, 'events.statuses')} {statuses}", ""]
    lines += [f"## {text(lang, 'events.steps')}", ""]
    typical = {name: f"{seconds:g} s" for name, seconds in TYPICAL.items()}
    lines += table(
        heads(lang, "step what typical"),
        ([f"`{name}`", tr(f"deploy.step.{name}"), typical.get(name, "")] for name in STEPS),
    )
    lines += [f"## {text(lang, 'events.finding')}", "", text(lang, "events.finding_text"), ""]
    lines += [f"## {text(lang, 'events.verify')}", "", text(lang, "events.verify_text"), ""]
    lines += table(heads(lang, "check what"), ([f"`{name}`", text(lang, f"check.{name}")] for name in IDS))
    lines += [f"## {text(lang, 'events.doctor')}", "", text(lang, "events.doctor_text"), ""]
    lines += [f"## {text(lang, 'events.others')}", "", text(lang, "events.others_text"), ""]
    return end(lines)
