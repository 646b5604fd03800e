"""A lesson's reading in words: the same lines on the command line and in the wizard's dock."""

from collections.abc import Sequence
from typing import Any

from byocni_tui.locale import Translator


def text(value: Any, tr: Translator) -> str:
    """A table of both languages in the one of the moment."""
    return str(value.get(tr.lang) or value.get("en") or "") if isinstance(value, dict) else ""


def duration(seconds: float) -> str:
    """``m:ss``."""
    whole = max(0, int(seconds))
    return f"{whole // 60}:{whole % 60:02d}"


def story(reading: dict[str, Any], tr: Translator) -> list[str]:
    """What it is about, and what to look at."""
    lines = [
        f"{reading['scenario']}: {text(reading['title'], tr)}",
        text(reading["lesson"], tr),
        "",
        *looks(reading["look"], reading.get("look_later", ()), tr),
    ]
    return [*lines, "", *goals(reading, tr)]


def looks(now: Sequence[str], later: Sequence[str], tr: Translator) -> list[str]:
    """What to look at, and what to look at once the cluster is there (``Scenario.looks``)."""
    lines: list[str] = []
    for key, commands in (("look", now), ("look_later", later)):
        if commands:
            lines += [tr(f"training.{key}"), *(f"  {line}" for line in commands)]
    return lines


def goals(reading: dict[str, Any], tr: Translator, marks: tuple[str, str] = ("✓", "·")) -> list[str]:
    """What is asked for, each with whether it is so now."""
    said = [(text(goal["say"], tr), goal["met"]) for goal in reading["goals"]]
    unsaid = sum(1 for words, _ in said if not words)
    lines = [tr("training.goals")]
    lines += [f"  {marks[0] if met else marks[1]} {words}" for words, met in said if words]
    if unsaid:
        met = all(met for words, met in said if not words)
        lines.append(f"  {marks[0] if met else marks[1]} {tr('training.more_goals', count=unsaid)}")
    return lines


def standing(reading: dict[str, Any], tr: Translator) -> list[str]:
    """Where the learner is: time, goals, hints taken, wrong turns."""
    lines = [
        tr(
            "training.standing",
            time=duration(reading["seconds"]),
            minutes=reading["minutes"],
            changes=reading["changes"],
            hints=len(reading["hints"]),
        ),
        *goals(reading, tr),
    ]
    if reading["changes"] and reading["notice"] and not reading["solved"]:
        lines.append(text(reading["notice"], tr))
    lines += hints(reading, tr)
    lines += wrong(reading, tr)
    if reading["solved"]:
        lines += ["", tr("training.solved"), *sheet(reading, tr)]
    elif reading["hints_left"]:
        lines += ["", tr("training.hint_offer", cost=reading["next_cost"], left=reading["hints_left"])]
    return lines


def hints(reading: dict[str, Any], tr: Translator) -> list[str]:
    """The hints that were taken."""
    return [
        tr("training.hint", number=number, text=text(hint, tr))
        for number, hint in enumerate(reading["hints"], 1)
    ]


def wrong(reading: dict[str, Any], tr: Translator) -> list[str]:
    """The wrong turns, with the reason of each."""
    return [tr("training.wrong_turn", text=why(turn, tr)) for turn in reading["wrong"]]


def why(turn: dict[str, Any], tr: Translator) -> str:
    """Why something was a wrong turn."""
    if turn.get("why"):
        return text(turn["why"], tr)
    return tr("training.refused_again", code=turn.get("code", ""))


def sheet(reading: dict[str, Any], tr: Translator) -> list[str]:
    """The score sheet."""
    score = reading["score"]
    lines = [
        tr("training.sheet.time", time=duration(reading["seconds"]), points=-score["late"]),
        tr("training.sheet.hints", count=len(reading["hints"]), points=-score["hints"]),
        tr("training.sheet.wrong", count=len(reading["wrong"]), points=-score["wrong"]),
        tr("training.sheet.points", points=score["points"])
        if reading["solved"]
        else tr("training.sheet.unsolved"),
    ]
    debrief = reading.get("debrief")
    if debrief:
        lines += ["", text(debrief["text"], tr), tr("training.source", source=debrief["source"])]
    return lines
