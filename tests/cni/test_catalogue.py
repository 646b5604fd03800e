"""The catalogue: complete data, and a plugin that is nothing but a new file."""

from pathlib import Path

import msgspec
import pytest

from byocni_tui.cni import condition, document, values
from byocni_tui.cni.catalogue import (
    Catalogue,
    default_version,
    find_version,
    minor_in,
    plugin,
    plugins,
    version_key,
)
from byocni_tui.cni.model import Plugin, ValueRule
from byocni_tui.locale import Translator
from byocni_tui.plan.model import Cni, Network, NodePool, Plan

ROOT = Path(__file__).parents[2]
REFUSED = {
    "flannel": "BYO710",
    "canal": "BYO710",
    "kube-router": "BYO710",
    "kindnet": "BYO710",
    "kube-ovn": "BYO717",
    "ovn-kubernetes": "BYO717",
    "multus": "BYO717",
    "weave": "BYO712",
}
INSTALLED = [item for item in plugins() if item.chart]
FACTS = values.facts_of(Plan(), api_server="api.example")


def test_offered_plugins_come_first_and_the_others_say_why_not() -> None:
    offered = [item.id for item in plugins() if item.offered]
    assert offered == ["cilium", "calico", "antrea", "manual"]
    assert [item.id for item in plugins()][:4] == offered
    assert {item.id: item.refused.code for item in plugins() if item.refused} == REFUSED


@pytest.mark.parametrize("name", ["", ".", "../cilium", "cilium.yaml", "Cilium", "/etc/passwd", "*", "c\0"])
def test_only_listed_ids_are_looked_up(name: str) -> None:
    assert plugin(name) is None


@pytest.mark.parametrize("item", plugins(), ids=lambda item: item.id)
def test_every_text_stands_in_both_languages(item: Plugin) -> None:
    def walk(node: object) -> None:
        if isinstance(node, dict):
            if "en" in node or "zh" in node:
                assert set(node) == {"en", "zh"}, node
                assert node["en"].strip(), node
                assert node["zh"].strip(), node
            else:
                for child in node.values():
                    walk(child)
        elif isinstance(node, list):
            for child in node:
                walk(child)

    data = msgspec.to_builtins(item)
    data.pop("values")
    walk(data)
    for rule in item.values:
        assert rule.why is None or (rule.why.en and rule.why.zh)


@pytest.mark.parametrize("item", INSTALLED, ids=lambda item: item.id)
def test_an_installed_plugin_has_all_that_the_wizard_and_the_rules_ask_for(item: Plugin) -> None:
    assert item.chart is not None
    assert item.chart.repository.startswith("https://")
    assert item.versions
    assert default_version(item) is not None
    assert item.ipam.kind in ("per_node_block", "shared_blocks")
    assert item.ipam.block is not None
    assert item.ipam.pool_path is not None
    assert any(port.required for port in item.ports)
    assert item.images
    assert item.registries
    assert item.workloads
    assert item.cni_config is not None
    assert item.options.encapsulation
    assert all(version.source.startswith("https://") for version in item.versions)


@pytest.mark.parametrize("item", INSTALLED, ids=lambda item: item.id)
def test_conditions_and_templates_name_facts_that_exist(item: Plugin) -> None:
    conditions = [
        *(rule.when for rule in item.values),
        *(port.when for port in item.ports),
        *(image.when for image in item.images),
        *(workload.when for workload in item.workloads),
        *(step.when for step in item.prepare),
    ]
    assert {name for when in conditions for name in when} <= set(FACTS)
    for rule in item.values:
        condition.fill(rule.set, FACTS)
    for image in item.images:
        condition.fill(image.tag, FACTS)


@pytest.mark.parametrize("item", INSTALLED, ids=lambda item: item.id)
def test_all_share_the_vocabulary_of_capabilities(item: Plugin) -> None:
    assert list(item.capabilities) == list(INSTALLED[0].capabilities)
    for lang in ("en", "zh"):
        assert all(Translator(lang).has(f"cni.capability.{key}") for key in item.capabilities)


@pytest.mark.parametrize(
    ("plugin_id", "kubernetes", "version"),
    [
        ("cilium", None, "1.19.9"),
        ("cilium", "1.36", "1.19.9"),
        ("cilium", "1.33.13", "1.18.14"),
        ("calico", "1.35.6", "3.32.2"),
        ("calico", "1.33", "3.31.7"),
        ("antrea", "1.34", "2.6.3"),
        ("cilium", "9.99", "1.19.9"),
        ("cilium", "rubbish", "1.19.9"),
    ],
)
def test_the_default_version_follows_kubernetes(plugin_id: str, kubernetes: str | None, version: str) -> None:
    found = plugin(plugin_id)
    assert found is not None
    chosen = default_version(found, kubernetes)
    assert chosen is not None
    assert chosen.version == version


def test_a_default_is_one_that_was_tested_or_the_newest() -> None:
    for item in INSTALLED:
        for version in item.versions:
            if version.default_for and version.default_for.max and version.kubernetes:
                low, high = version.kubernetes.min, version.kubernetes.max
                assert minor_in(version.default_for.min, low, high)
                assert minor_in(version.default_for.max, low, high)


def test_versions_compare_as_numbers() -> None:
    assert version_key("1.9.0") < version_key("v1.10.0")
    assert version_key("1.20.0-rc.1") == (1, 20, 0)
    assert version_key("") == ()
    found = plugin("cilium")
    assert found is not None
    assert find_version(found, " v1.20.4 ") is not None
    assert find_version(found, "1.20") is None


MADE_UP = """\
id: loom
name: Loom
order: 5
summary: {en: A made-up plugin., zh: 虚构的插件。}
chart: {name: loom, repository: https://charts.loom.example, alias: loom, namespace: loom-system, release: loom}
versions: [{version: 0.9.1, default_for: {min: "1.30"}}]
ipam: {kind: per_node_block, block: 25, default_pool: 172.16.0.0/12, pool_path: pods.range}
options: {encapsulation: [geneve, vxlan], registry: true}
values:
  - set: {pods: {range: $pool, mask: $node_mask}, tunnel: $encapsulation}
  - when: {registry: true}
    set: {image: "${registry}/loom/agent"}
  - when: {version: ">=1.0"}
    set: {never: true}
"""


def test_a_plugin_is_a_new_file_and_no_code(tmp_path: Path) -> None:
    (tmp_path / "loom.yaml").write_text(MADE_UP, encoding="utf-8")
    known = Catalogue(tmp_path)
    plan = Plan(
        cni=Cni(
            plugin="loom",
            encapsulation="geneve",
            registry="https://r.example/",
            values={"pods": {"mask": 26}},
        ),
        network=Network(pod_cidr="10.9.0.0/16"),
        node_pools=(NodePool(count=1),),
    )
    assert [item.id for item in known.plugins()] == ["loom"]
    assert values.render(plan, known=known) == {
        "pods": {"range": "10.9.0.0/16", "mask": 26},
        "tunnel": "geneve",
        "image": "r.example/loom/agent",
    }
    chart = values.chart_of(plan, known=known)
    assert chart is not None
    assert (chart.repo, chart.version, chart.namespace) == (
        "https://charts.loom.example",
        "0.9.1",
        "loom-system",
    )


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (MADE_UP.replace("order: 5", "order: five"), "order"),
        (MADE_UP.replace("name: Loom", "nmae: Loom"), "nmae"),
        (MADE_UP.replace("id: loom", "id: other"), "other"),
    ],
)
def test_a_wrong_data_file_says_which_and_what(tmp_path: Path, text: str, what: str) -> None:
    (tmp_path / "loom.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=rf"loom\.yaml.*{what}"):
        Catalogue(tmp_path).plugins()


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        ({}, True),
        ({"a": 1}, True),
        ({"a": [2, 1]}, True),
        ({"a": 1, "b": True}, False),
        ({"b": False}, True),
        ({"v": ">=3.32"}, True),
        ({"v": "<3.32"}, False),
        ({"missing": ">=1"}, False),
        ({"missing": False}, True),
    ],
)
def test_conditions(when: dict[str, object], expected: bool) -> None:
    assert condition.holds(when, {"a": 1, "b": None, "v": "3.32.2"}) is expected


def test_a_leaf_without_its_fact_is_left_out() -> None:
    rule = ValueRule(set={"a": {"b": "$pool", "c": 1}, "d": ["$pool"], "e": "x-${pool}", "f": []})
    assert condition.fill(rule.set, {"pool": None}) == {"a": {"c": 1}, "f": []}
    assert condition.fill({"a": {"b": "$pool"}}, {"pool": None}) is condition.ABSENT


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_page_in_docs_is_what_the_data_says(lang: str) -> None:
    """``python -m byocni_tui.cni.document docs`` writes it anew."""
    written = (ROOT / "docs" / document.FILES[lang]).read_text(encoding="utf-8")
    assert written == document.markdown(Translator(lang))
