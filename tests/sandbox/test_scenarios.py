"""Scenario files: all that come along are good, and a bad one is told where it is bad."""

from pathlib import Path

import pytest

from byocni_tui.sandbox import scenario
from byocni_tui.sandbox.server import Sandbox


@pytest.mark.parametrize("name", scenario.names())
def test_every_scenario_that_comes_along_is_good(name: str) -> None:
    found = scenario.load(name)
    cloud = scenario.load_cloud(found)
    assert found.plan["cloud"] == cloud["name"]
    assert found.plan["region"] in [region["name"] for region in cloud["regions"]]


def test_the_article_comes_first() -> None:
    assert scenario.names()[0] == "article"


@pytest.mark.parametrize(
    ("text", "at", "word"),
    [
        ("title: {en: a", ":2:1", ""),
        ("- a list", ":1:1", "mapping"),
        ("title: {en: a, zh: b}\nlesson: {en: a, zh: b}\ncloud: nowhere\n", ":3:8", "nowhere"),
        ("title: {en: a, zh: b}\nlesson: {en: a, zh: b}\ncloud: public\nlevle: 1\n", ":4:1", "levle"),
        ("title: {en: a, zh: b}\nlesson: {en: a, zh: b}\ncloud: public\nminutes: soon\n", ":4:10", "int"),
        (
            "title: {en: a, zh: b}\nlesson: {en: a, zh: b}\ncloud: public\nfaults:\n- {id: x, when: 1, what: {}}\n",
            ":5:17",
            "obj",
        ),
    ],
)
def test_a_bad_file_names_line_and_column(text: str, at: str, word: str) -> None:
    with pytest.raises(scenario.ScenarioError) as caught:
        scenario.parse(text, "mine.yaml", "mine")
    assert caught.value.where.startswith(f"mine.yaml{at}")
    assert word in caught.value.problem


def test_an_unknown_one_is_told_what_there_is(tmp_path: Path) -> None:
    with pytest.raises(scenario.ScenarioError, match="article"):
        scenario.load(str(tmp_path / "none"))


@pytest.mark.parametrize("name", scenario.names())
async def test_the_world_of_every_scenario_can_be_made(name: str) -> None:
    async with Sandbox(name, speed=0) as sandbox:
        made = {record["id"] for record in sandbox.arm.resources.values()}
        made |= {
            f"{record['id']}/agentPools/{pool['name']}"
            for record in sandbox.arm.resources.values()
            for pool in record["body"].get("properties", {}).get("agentPoolProfiles") or ()
        }
        assert {step.put for step in sandbox.scenario.world if step.put} <= made
        assert not list(sandbox.world.acts)


@pytest.mark.parametrize("name", scenario.names())
def test_what_to_look_at_can_be_typed_in_its_order(name: str) -> None:
    one = scenario.load(name)
    now, later = one.looks
    assert set(one.look) <= {*now, *later}
    lines = [*now, *later]
    fetch = next((n for n, line in enumerate(lines) if "get-credentials" in line), len(lines))
    using = [n for n, line in enumerate(lines) if line.startswith(("kubectl", "helm", "byocni-tui verify"))]
    assert all(fetch < n for n in using)
    made = any(step.put and "managedClusters" in step.put for step in one.world)
    assert made or not any(line.startswith(("kubectl", "az aks show")) for line in now)
