"""The frame of ``make bench``: a suite that breaks is a missed line, and the others go on."""

import sys
from types import ModuleType

import pytest

from benchmarks.__main__ import main, suites
from benchmarks.figure import Figure
from benchmarks.report import Result, page


def test_a_ratio_at_its_budget_is_met_and_one_above_is_not() -> None:
    assert Figure("a", 0.5, 0.5, "x").met
    assert not Figure("a", 0.51, 0.5, "x").met
    assert Figure("a", 120, 100, "times", at_least=True).met
    assert not Figure("a", 99, 100, "times", at_least=True).met


def test_every_suite_is_found() -> None:
    assert {"startup", "rules", "deployment", "size"} <= set(suites())


def test_a_suite_that_breaks_is_missed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = ModuleType("benchmarks.size")

    def figures(figure: type[Figure]):  # type: ignore[no-untyped-def]
        yield figure("before", 1, 2, "x")
        raise OSError("no such client")

    broken.figures = figures  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "benchmarks.size", broken)
    monkeypatch.setattr(sys, "argv", ["benchmarks", "size"])
    assert main() == 1
    assert "1 figures, 1 missed or not measured" in capsys.readouterr().out


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_page_shows_what_was_missed(lang: str) -> None:
    results = [Result("rules", (Figure("a | b", 7, 5, "ms", "note"),), "OSError: gone", 1.0)]
    made = page(lang, results, {"memory": "1 GiB"})
    assert "a \\| b" in made
    assert made.count("未达到" if lang == "zh" else "missed") >= 2
    assert "OSError: gone" in made
