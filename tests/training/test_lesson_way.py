"""A learner's way: hints cost, repeated refusals and wrong turns count, the result is sealed, a trainer reads it."""

import csv
import io
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from byocni_tui.errors import UserError
from byocni_tui.locale import Translator
from byocni_tui.sandbox import lesson_seal
from byocni_tui.sandbox.lesson import Lesson
from byocni_tui.sandbox.server import Sandbox
from byocni_tui.training import replay, report, result, words

TR = Translator("en")


@pytest.fixture
async def sandbox(tmp_path: Path) -> AsyncIterator[Sandbox]:
    async with Sandbox("group-locked", speed=0, state=tmp_path / "world") as made:
        yield made


def note(sandbox: Sandbox, **more: Any) -> None:
    sandbox.world.acts.note(
        plane="arm", agent="AZURECLI/2", mutates=True, **{"verb": "put", "status": 409, **more}
    )


def test_hints_come_one_by_one_and_cost(sandbox: Sandbox) -> None:
    lesson = sandbox.world.lesson
    costs = [lesson.reading()["next_cost"], *(lesson.act("hint", {})["next_cost"] for _ in range(4))]
    assert costs == [10, 15, 25, None, None]
    reading = lesson.reading()
    assert len(reading["hints"]) == 3
    assert reading["score"]["hints"] == 50
    assert "lock" in reading["hints"][0]["en"]


def test_hints_that_were_not_taken_are_not_told(sandbox: Sandbox) -> None:
    assert sandbox.scenario.hints[2].en not in json.dumps(sandbox.world.lesson.reading())
    assert sandbox.world.lesson.reading()["debrief"] is None


def test_the_first_refusal_is_a_lesson_and_the_second_a_wrong_turn(sandbox: Sandbox) -> None:
    note(sandbox, type="Microsoft.ContainerService/managedClusters", code="ScopeLocked")
    assert sandbox.world.lesson.reading()["wrong"] == []
    note(sandbox, type="Microsoft.ContainerService/managedClusters", code="ScopeLocked")
    wrong = sandbox.world.lesson.reading()["wrong"]
    assert [turn["code"] for turn in wrong] == ["ScopeLocked"]
    assert "ScopeLocked" in words.why(wrong[0], TR)


def test_patience_is_no_mistake(sandbox: Sandbox) -> None:
    for _ in range(3):
        note(sandbox, code="Throttled", status=429)
    assert sandbox.world.lesson.reading()["wrong"] == []


def test_the_scenario_names_wrong_turns_of_its_own(sandbox: Sandbox) -> None:
    note(sandbox, verb="delete", type="microsoft.authorization/locks", status=200)
    reading = sandbox.world.lesson.reading()
    assert "ask before" in reading["wrong"][0]["why"]["en"]
    assert reading["goals"][1]["met"] is False


def test_a_lesson_is_kept_with_its_world(sandbox: Sandbox) -> None:
    sandbox.world.lesson.act("begin", {"learner": "Ann"})
    sandbox.world.lesson.act("hint", {})
    other = Lesson(sandbox.world)
    other.load(sandbox.world.lesson.dump())
    assert (other.learner, len(other.hints)) == ("Ann", 1)


@pytest.mark.parametrize(
    ("name", "body"),
    [("begin", {"learner": 7}), ("begin", {"learner": "x" * 200}), ("skip", {"seconds": -1}), ("skip", {}),
     ("skip", {"seconds": True}), ("skip", {"seconds": 1e9})],
)  # fmt: skip
def test_what_cannot_be_meant_is_refused(sandbox: Sandbox, name: str, body: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"learner|seconds"):
        sandbox.world.lesson.act(name, body)


def sealed(sandbox: Sandbox, learner: str = "Ann") -> dict[str, Any]:
    sandbox.world.lesson.act("begin", {"learner": learner})
    note(
        sandbox, type="Microsoft.ContainerService/managedClusters", name="c", code="ScopeLocked", message="no"
    )
    note(sandbox, type="Microsoft.Resources/resourceGroups", name="g", status=201)
    sandbox.world.lesson.act("hint", {})
    sandbox.world.lesson.act("check", {})
    found: dict[str, Any] = json.loads(json.dumps(sandbox.world.lesson.act("result", {})))
    return found


def test_a_changed_result_is_found_out_and_where(sandbox: Sandbox) -> None:
    whole = sealed(sandbox)
    assert result.judged(whole) == "public"
    for change, where in (
        (lambda r: r["acts"][1].update(code=""), "act 2"),
        (lambda r: r["acts"].pop(), "act 2"),
        (lambda r: r["score"].update(points=100), "head"),
        (lambda r: r.update(seal="0" * 64), "head"),
        (lambda r: r.update(chain=None), "head"),
    ):
        changed = json.loads(json.dumps(whole))
        change(changed)
        assert result.judged(changed) == where


def test_with_the_trainers_key_nobody_else_seals(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(lesson_seal.KEY, "secret")
    own = sealed(sandbox)
    assert result.judged(own) == "whole"
    monkeypatch.delenv(lesson_seal.KEY)
    assert result.judged(own) == "key"
    assert result.judged(own, "secret") == "whole"
    assert result.judged(own, "guess") != "whole"
    forged = {**own, "trainer_key": False}
    assert result.judged(forged) not in ("whole", "public")


def test_a_file_is_written_once_and_read_back(sandbox: Sandbox, tmp_path: Path) -> None:
    path = tmp_path / result.default_name(sealed(sandbox, "Ann / <b>"))
    assert path.name == "Ann-b-group-locked.json"
    result.write(sealed(sandbox), path)
    assert result.judged(result.load(path)) == "public"
    with pytest.raises(UserError, match="training_file"):
        result.write(sealed(sandbox), path)


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", "null", '{"result": 1}', "[" * 5000, "\x00", '{"result": 1, "acts": 7}']
)
def test_what_is_no_result_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "x.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UserError, match="training_no_result"):
        result.load(path)


def test_the_overview_escapes_what_learners_wrote(sandbox: Sandbox) -> None:
    found = [sealed(sandbox, "<script>alert(1)</script>"), sealed(sandbox, "=cmd|' /C calc'!A0")]
    page = report.as_html(found, TR)
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert "http" not in page.replace("http-equiv", "")
    table = list(csv.reader(io.StringIO(report.as_csv(report.rows(found, TR)))))
    assert table[0] == list(report.COLUMNS)
    assert all(row[0][:1] not in "=+-@" for row in table[1:])


def test_the_overview_sums_up_by_lesson(sandbox: Sandbox) -> None:
    table = report.rows([sealed(sandbox), sealed(sandbox, "Bo")], TR)
    assert report.summary(table) == [
        {"scenario": "group-locked", "learners": 2, "solved": 0, "points": 0.0, "hints": 1.5, "wrong": 0.5}
    ]


def test_a_way_is_retold_in_order(sandbox: Sandbox) -> None:
    steps = replay.steps(sealed(sandbox), TR)
    assert [step["after"] for step in steps] == sorted(step["after"] for step in steps)
    assert [step["kind"] for step in steps] == ["act", "act", "hint", "check"]
    assert "ScopeLocked" in replay.timeline(sealed(sandbox), TR)[0]
