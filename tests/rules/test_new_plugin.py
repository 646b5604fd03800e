"""A plugin that is nothing but a new data file is judged like those that came with the program."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from byocni_tui.cni import catalogue, values
from byocni_tui.cni.catalogue import DATA, Catalogue
from byocni_tui.locale import Translator
from byocni_tui.plan import path
from byocni_tui.plan.model import Plan
from byocni_tui.rules import check
from byocni_tui.rules.render import message

MINE = """
id: mine
name: Mine
order: 99
summary: {en: Mine, zh: 我的}
chart: {name: mine, repository: https://example.net, alias: mine, namespace: kube-system, release: mine}
versions: [{version: 1.0.0, default_for: {min: "1.30"}}]
ipam: {kind: per_node_block, block: 24, pool_path: pool}
options: {encapsulation: [vxlan], kube_proxy: [keep, replace], mtu: true, mtu_most: 1450}
values:
  - set: {pool: $pool, mode: overlay}
judged:
  bare: [{path: links, items: kind, values: [bgp]}]
  needed: [{path: mode, value: overlay, why: {en: It has to be so., zh: 必须如此。}}]
  replicas: {path: operators, default: 2}
  tolerations: operator.tolerations
  proxy: {switch: noProxy, host: apiServer}
"""


@pytest.fixture
def mine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Plan:
    folder = tmp_path / "data"
    shutil.copytree(DATA, folder)
    (folder / "mine.yaml").write_text(MINE, encoding="utf-8")
    known = Catalogue(folder)
    for module in (catalogue, values):
        monkeypatch.setattr(module, "catalogue", lambda: known)
    plan = Plan(subscription="11111111-2222-3333-4444-555555555555", region="westeurope")
    for where, value in {
        "resource_group.name": "rg",
        "cluster.name": "aks",
        "acknowledge_support_boundary": True,
        "cni.plugin": "mine",
    }.items():
        plan = path.replace(plan, where, value)
    return plan


def test_it_is_fine_as_it_is(mine: Plan) -> None:
    assert check(mine).findings == ()


TAINT = ["CriticalAddonsOnly=true:NoSchedule"]


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        (
            {"cni.values": {"links": [{"kind": "vxlan"}, {"kind": "BGP"}]}},
            "BYO701",
            "cni.values.links[1].kind",
        ),
        ({"cni.values": {"mode": "native"}}, "BYO719", "cni.values.mode"),
        ({"cni.values": {"operators": 9}}, "BYO704", "cni.values.operators"),
        ({"node_pools[0].taints": TAINT}, "BYO705", "cni.values.operator.tolerations"),
        ({"cni.values": {"noProxy": True}}, "BYO706", "cni.values.apiServer"),
        ({"cni.mtu": 1500}, "BYO718", "cni.mtu"),
        ({"node_pools[0].count": 300}, "BYO209", "network.pod_cidr"),
        ({"cni.encapsulation": "geneve"}, "BYO714", "cni.encapsulation"),
        ({"cni.version": "2"}, "BYO715", "cni.version"),
    ],
)
def test_its_data_is_what_the_rules_look_at(
    mine: Plan, changes: dict[str, Any], code: str, field: str
) -> None:
    for where, value in changes.items():
        mine = path.replace(mine, where, value)
    found = {finding.code: finding for finding in check(mine).findings}
    assert found[code].field == field


def test_its_own_words_are_told_in_both_languages(mine: Plan) -> None:
    (finding,) = check(path.replace(mine, "cni.values", {"mode": "native"})).findings
    assert message(finding, Translator("en")).endswith("It has to be so.")
    assert message(finding, Translator("zh")).endswith("必须如此。")
