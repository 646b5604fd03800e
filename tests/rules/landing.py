"""Landing zones for tests: the facts beside this file, plans that use them, and ways to break one thing."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from byocni_tui.locale import Translator
from byocni_tui.plan.facts import Facts
from byocni_tui.plan.facts import load as load_facts
from byocni_tui.plan.finding import Finding, Label
from byocni_tui.plan.model import Cluster, Cni, Identity, Network, Plan, ResourceGroup, Subnet
from byocni_tui.plan.path import replace
from byocni_tui.rules import check
from byocni_tui.rules.render import label, message, remedy_text

FOLDER = Path(__file__).parent / "landing_zones"
SUBSCRIPTION = "11111111-2222-3333-4444-555555555555"
PRINCIPAL = "bbbbbbbb-0000-0000-0000-000000000001"
SIGNED_IN = "eeeeeeee-0000-0000-0000-000000000001"
OWN = tuple(f"BYO{number}" for number in (311, 312, 313, 321, 322, 323, 401, 402, 403, 404))
Change = Callable[[dict[str, Any]], None]


def raw(name: str) -> dict[str, Any]:
    """The facts of a zone, free to be changed."""
    found: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    return found


def facts(name: str, *changes: Change) -> Facts:
    """A zone's facts, read as a facts file is, after some changes."""
    data = copy.deepcopy(raw(name))
    for change in changes:
        change(data)
    return load_facts(json.dumps(data), name)


def subnet_id(name: str) -> str:
    """The subnet for nodes: the first of the zone's network."""
    found: str = raw(name)["virtualNetworks"][0]["properties"]["subnets"][0]["id"]
    return found


def plan(name: str, **changes: Any) -> Plan:
    """A plan for a zone; ``changes`` are paths with ``__`` in place of dots."""
    data = raw(name)
    made = Plan(
        cloud="AzureChinaCloud",
        subscription=SUBSCRIPTION,
        region="chinanorth3",
        resource_group=ResourceGroup(name="clusters", create=False),
        cluster=Cluster(name="training"),
        network=Network(
            managed=False,
            subnet=Subnet(id=subnet_id(name)),
            outbound_type={
                "hub_and_spoke": "userDefinedRouting",
                "shared_route_table": "userAssignedNATGateway",
            }.get(name, "loadBalancer"),
            service_cidr="10.128.0.0/16",
            pod_cidr="10.200.0.0/16",
        ),
        identity=Identity(type="user", id=data["identities"][0]["id"], assign_role=False),
        cni=Cni(plugin="cilium", registry="registry.example.cn"),
        acknowledge_support_boundary=True,
    )
    for path, value in changes.items():
        made = replace(made, path.replace("__", "."), value)
    return made


def own(plan_: Plan, facts_: Facts | None) -> list[Finding]:
    """The findings of the rules that look at landing zones; every text of them can be filled in both languages."""
    found = [finding for finding in check(plan_, facts_).findings if finding.code in OWN]
    for finding in found:
        for lang in ("en", "zh"):
            tr = Translator(lang)
            for value in finding.values.values():
                for item in value if isinstance(value, list) else [value]:
                    assert not isinstance(item, Label) or label(item.path, tr) != item.path
            for text in (message(finding, tr), remedy_text(finding, tr)):
                assert text, finding.code
                assert "{" not in text, (finding.code, text)
    return found


def codes(plan_: Plan, facts_: Facts | None) -> list[str]:
    """The codes of ``own``, in order of severity."""
    return [finding.code for finding in own(plan_, facts_)]


def mended(plan_: Plan, finding: Finding) -> Plan:
    """The plan with a remedy's values taken."""
    assert finding.remedy
    assert finding.remedy.set
    for path, value in finding.remedy.set.items():
        plan_ = replace(plan_, path, value)
    return plan_


def add_rule(**props: Any) -> Change:
    """Put a rule into the zone's first security group; single forms are filled with ``*``."""

    def change(data: dict[str, Any]) -> None:
        name = props.pop("name", "Added")
        found = {
            "protocol": "*",
            "sourcePortRange": "*",
            "sourceAddressPrefix": "*",
            "destinationAddressPrefix": "*",
            "destinationPortRange": "*",
            "access": "Deny",
            "direction": "Inbound",
            "priority": 90,
            **props,
        }
        rules = data["networkSecurityGroups"][0]["properties"]["securityRules"]
        rules.append({"name": name, "properties": {key: v for key, v in found.items() if v is not None}})

    return change
