"""Answers files and scenario files that are broken in every way: read, or refused in words; never a traceback."""

import random
from collections import Counter
from collections.abc import Callable
from typing import Any

import yaml
from junk import broken

from byocni_tui.errors import EXIT_USAGE, UserError
from byocni_tui.export.preview import commands
from byocni_tui.export.tongues import TONGUES, render
from byocni_tui.locale import Translator
from byocni_tui.plan.model import Plan
from byocni_tui.plan.reader import load
from byocni_tui.plan.writer import dump
from byocni_tui.rules import check
from byocni_tui.rules.render import to_dict
from byocni_tui.sandbox import scenario

TR = Translator("en")


def _base() -> tuple[str, Any]:
    text = dump(Plan(), TR)
    data = yaml.safe_load(text)
    data |= {"subscription": "00000000-0000-0000-0000-000000000000", "region": "westeurope"}
    data["cluster"]["name"], data["resource_group"]["name"] = "c1", "rg"
    data["acknowledge_support_boundary"] = True
    return text, data


def _read(text: str) -> tuple[Plan | None, UserError | None]:
    try:
        return load(text, "plan.yaml"), None
    except UserError as error:
        return None, error


def test_answers_files(scale: Any, record_property: Callable[[str, object], None]) -> None:
    rng, seen = random.Random(scale.seed), Counter[str]()
    text, data = _base()
    for number in range(scale(1500, 100_000)):
        given = broken(text, data, rng)
        plan, refusal = _read(given)
        if refusal is not None:
            assert refusal.exit_code == EXIT_USAGE, (refusal.key, given)
            assert TR.has(f"errors.{refusal.key}"), refusal.key
            seen[refusal.key] += 1
            continue
        assert plan is not None
        seen["read"] += 1
        for finding in check(plan).findings:
            assert to_dict(finding, TR)["message"], given
        if number % 10 == 0:
            assert load(dump(plan, TR), "again.yaml") == plan, given
            commands(plan, TR)
            for tongue in TONGUES:
                render(tongue, plan, TR)
    record_property("answers files, by what came of them", dict(seen.most_common()))
    assert seen["read"] > 0
    assert len(seen) > 3, seen


def test_scenario_files(scale: Any, record_property: Callable[[str, object], None]) -> None:
    rng, read, refusals = random.Random(scale.seed), 0, list[scenario.ScenarioError]()
    shipped = [
        (path.read_text(encoding="utf-8"), path.stem) for path in sorted(scenario.FOLDER.glob("*.yaml"))
    ]
    bases = [(text, yaml.safe_load(text)) for text, _ in shipped]
    for _ in range(scale(400, 100_000)):
        text, data = rng.choice(bases)
        try:
            scenario.parse(broken(text, data, rng), "broken.yaml", "broken")
            read += 1
        except scenario.ScenarioError as error:
            refusals.append(error)
    record_property("scenario files, read and refused", [read, len(refusals)])
    assert read
    assert refusals
    assert all(error.problem and error.where.startswith("broken.yaml") for error in refusals)
