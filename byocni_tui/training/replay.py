"""A learner's way retold from its result file: what they did and when, hints and checks where they were asked for."""

import re
from collections.abc import Iterator
from typing import Any, Final

from byocni_tui.locale import Translator
from byocni_tui.training import words

_HELM: Final = 20.0
"""Seconds within which what helm does counts as one command."""
_RELEASE: Final = re.compile(r"sh\.helm\.release\.v1\.(.+)\.v(\d+)")


def steps(result: dict[str, Any], tr: Translator) -> list[dict[str, Any]]:
    """In order: ``after`` (seconds since the beginning), ``kind`` (act, hint, check, solved), ``who``, ``text``,
    ``wrong`` (why, or nothing)."""
    turns = {turn.get("n"): words.why(turn, tr) for turn in result["wrong"]}
    found = [
        {"after": act["after"], "kind": "act", "who": act.get("client") or act.get("plane", ""), "text": text,
         "wrong": turns.get(act.get("n"), "")}
        for act, text in _told(result["acts"], tr)
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


def _told(acts: list[dict[str, Any]], tr: Translator) -> Iterator[tuple[dict[str, Any], str]]:
    """The acts that tell something, in words. All that one helm command changes is one line."""
    at = 0
    while at < len(acts):
        first = acts[at]
        if first.get("client") == "helm" and first.get("plane") == "kube":
            end = at
            while (
                end < len(acts)
                and acts[end].get("client") == "helm"
                and acts[end]["after"] - first["after"] < _HELM
            ):
                end += 1
            changes = [act for act in acts[at:end] if act.get("mutates")]
            if changes:
                yield changes[0], _release(changes, tr)
            at = end
            continue
        if _tells(first):
            yield first, _act(first)
        at += 1


def _release(changes: list[dict[str, Any]], tr: Translator) -> str:
    names = [str(act.get("name", "")) for act in changes]
    release = next((_RELEASE.fullmatch(name) for name in reversed(names) if _RELEASE.fullmatch(name)), None)
    refused = next((str(act["code"]) for act in changes if act.get("code")), "")
    text = tr(
        "training.replay.release",
        name=release[1] if release else "?",
        revision=release[2] if release else "?",
        count=len({(act.get("type"), act.get("id")) for act in changes}),
    )
    return f"{text} → {refused}" if refused else text


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
