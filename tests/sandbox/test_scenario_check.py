"""Scenario files of every kind: a good one passes, a bad one is told where, and nothing at all breaks the reader."""

import contextlib
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from byocni_tui.sandbox import scenario, scenario_check

TEMPLATE = scenario.FOLDER.parent / "scenario-template.yaml"
TEXT = TEMPLATE.read_text(encoding="utf-8")


def problems(tmp_path: Path, text: str) -> list[scenario_check.Problem]:
    file = tmp_path / "mine.yaml"
    file.write_text(text, encoding="utf-8")
    return scenario_check.check(str(file))


@pytest.mark.parametrize("name", scenario.names())
def test_nothing_is_missing_in_those_that_come_along(name: str) -> None:
    assert scenario_check.check(name) == []


def test_the_file_to_begin_with_is_good(tmp_path: Path) -> None:
    assert problems(tmp_path, TEXT) == []


@pytest.mark.parametrize(
    ("old", "new", "word"),
    [
        ("prerequisites: [public]", "prerequisites: [nowhere]", "no scenario 'nowhere'"),
        ("prerequisites: [public]", "prerequisites: [mine]", "before itself"),
        ("{nodes: ready, every: true, say", "{nodes: great, every: true, say", "ready or not-ready"),
        ("{nodes: ready, every: true, say", "{nodes: ready, crossing: true, say", "exactly one of"),
        ('where: {tags.team: "?*"}', 'where: {"tags..team[": "?*"}', "no path"),
        ("act: {plane: arm, verb: delete", "act: {plain: arm, verb: delete", "no 'plain'"),
        ("what: {kind: delay, seconds: 60}", "what: {seconds: 60}", "kind of effect"),
        ("service: operation,", "service: operatoin,", "no service 'operatoin'"),
        ("operation: update managed cluster", "operation: mend managed cluster", "no operation 'mend"),
        (
            "{service: operation, operation: update managed cluster}",
            "{service: kube, event: pulll}",
            "no event",
        ),
        ("chart: cilium", "chart: ciliun", "no chart 'ciliun'"),
        (
            "resource: Microsoft.ContainerService/managedClusters",
            "resource: Microsoft.Kubernetes/c",
            "of the type",
        ),
        ("type: Microsoft.ContainerService/managedClusters", "type: Microsoft.Kubernetes/c", "of the type"),
        ("  patch: $aks", "  patch: $sub/resourceGroups/g/providers/Microsoft.Foo/bars/b", "of the type"),
        ("  patch: $aks", "  patch: aks", "begins with /"),
        ("  az: az aks update -g rg-byocni -n aks-byocni --tags team=web\n", "", "what a person would type"),
        ('- {en: "Look at the cluster\'s tags.", zh: 查看群集的标记。}\n', "", "three hints"),
        ("source: https://learn", "source: learn", "address to read on"),
        ('zh: "团队标记"', 'zh: " "', "both languages"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(tmp_path: Path, old: str, new: str, word: str) -> None:
    assert old in TEXT
    found = problems(tmp_path, TEXT.replace(old, new, 1))
    assert any(word in problem.text for problem in found), found
    line = int(found[0].where.rsplit(":", 2)[1])
    assert abs(line - 1 - TEXT[: TEXT.index(old)].count("\n")) <= 4 or "hints" in found[0].text


@pytest.mark.parametrize(
    "text",
    [
        (
            "a: &a [x, x]\nb: &b [*a, *a, *a, *a, *a, *a, *a]\nc: &c [*b, *b, *b, *b, *b, *b]\n"
            "d: &d [*c, *c, *c, *c, *c, *c]\ne: &e [*d, *d, *d, *d, *d, *d]\nf: [*e, *e, *e, *e, *e, *e, *e, *e]\n"
        ),
        "x: " + "[" * 200 + "]" * 200,
        "title: 1\ntitle: 2\n",
        "? [a]\n: b\n",
        "x: &a\n  y: *a\n",
        "x: !!python/object/apply:os.system [ls]\n",
        "\x00",
        "x: 2026-99-99\n",
    ],
)
def test_traps_are_refused_with_a_place(text: str) -> None:
    with pytest.raises(scenario.ScenarioError, match=r"mine\.yaml"):
        scenario.parse(text, "mine.yaml", "mine")


def test_what_is_no_file_is_not_read(tmp_path: Path) -> None:
    large = tmp_path / "large.yaml"
    large.write_bytes(b"a" * (600 * 1024))
    (tmp_path / "binary.yaml").write_bytes(b"\xff\xfe\x00")
    for name in ("large.yaml", "binary.yaml"):
        with pytest.raises(scenario.ScenarioError, match=name):
            scenario.load(str(tmp_path / name))
    with pytest.raises(scenario.ScenarioError, match="not a file"):
        scenario.load(str(tmp_path))


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=200))
def test_any_text_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(scenario.ScenarioError):
        scenario.parse(text, "mine.yaml", "mine")


_LEAVES = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=8))
_TREES = st.recursive(
    _LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=6), inner, max_size=3)
    ),
    max_leaves=8,
)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(sorted(yaml.safe_load(TEXT))), _TREES)
def test_any_value_at_any_key_is_read_checked_or_refused(key: str, value: object) -> None:
    data = {**yaml.safe_load(TEXT), key: value}
    text = yaml.safe_dump(data, allow_unicode=True)
    with contextlib.suppress(scenario.ScenarioError):
        scenario_check.Checker(text, "mine.yaml", scenario.parse(text, "mine.yaml", "mine")).run()
