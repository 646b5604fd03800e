"""A learner's way retold from its result file: what they did and when, hints and checks where they were asked for."""

from typing import Any

from byocni_tui.locale import Translator
from byocni_tui.training import words


def steps(result: dict[str, Any], tr: Translator) -> list[dict[str, Any]]:
    """In order: ``after`` (seconds since the beginning), ``kind`` (act, hint, check, solved), ``who``, ``text``,
    ``wrong`` (why, or nothing)."""
    turns = {turn.get("n"): words.why(turn, tr) for turn in result["wrong"]}
    found = [
        {"after": act["after"], "kind": "act", "who": act.get("client") or act.get("plane", ""), "text": _act(act),
         "wrong": turns.get(act.get("n"), "")}
        for act in result["acts"]
        if _tells(act)
    ]  # fmt: skip
    found += [
        {
            "after": hint["after"],
            "kind": "hint",
            "who": "",
            "text": tr("training.replay.hint", number=n),
            "wrong": "",
        }
        for n, hint in enumerate(result["hints"], 1)
    ]
    found += [
        {"after": check["after"], "kind": "check", "who": "", "wrong": "",
         "text": tr("training.replay.passed" if check.get("solved") else "training.replay.open")}
        for check in result["checks"]
    ]  # fmt: skip
    if result["solved"]:
        text = tr("training.replay.solved", points=result["score"]["points"])
        found.append({"after": result["seconds"], "kind": "solved", "who": "", "text": text, "wrong": ""})
    return sorted(found, key=lambda step: (step["after"], step["kind"] == "solved"))


def _tells(act: dict[str, Any]) -> bool:
    """Whether an act says something about the way: changes, refusals, and what a person looks at."""
    return (
        bool(act.get("mutates"))
        or int(act.get("status") or 0) >= 400
        or act.get("client") in ("az", "kubectl")
    )


def _act(act: dict[str, Any]) -> str:
    kind = str(act.get("type", "")).removeprefix("Microsoft.")
    parts = [act.get("verb", ""), kind, act.get("id") if act.get("plane") == "kube" else act.get("name", "")]
    text = " ".join(str(part) for part in parts if part)
    if act.get("action"):
        text += f" ({act['action']})"
    if int(act.get("count") or 1) > 1:
        text += f" ×{act['count']}"
    if act.get("code"):
        text += f" → {act['code']}"
    elif int(act.get("status") or 0) >= 400:
        text += f" → {act['status']}"
    return text


def timeline(result: dict[str, Any], tr: Translator) -> list[str]:
    """One line a step."""
    lines = []
    for step in steps(result, tr):
        who = f"{step['who']}: " if step["who"] else ""
        bad = f"  ✗ {step['wrong']}" if step["wrong"] else ""
        lines.append(f"{words.duration(step['after']):>6}  {who}{step['text']}{bad}")
    return lines
