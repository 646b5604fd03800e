"""A private DNS zone of one's own: whoever makes the cluster, its identity gets the same roles before."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from export_plans import KINDS, VNET_ID, ZONE_ID
from export_shell_run import run

from byocni_tui.deploy import bodies
from byocni_tui.export import arm, az, bicep, terraform
from byocni_tui.plan.model import Plan
from byocni_tui.rules.identity import needs
from byocni_tui.rules.permissions import ASSIGN

ZONED = [name for name in KINDS if name.startswith("own DNS zone")]


def changed(of: Plan, **identity: Any) -> Plan:
    return msgspec.structs.replace(of, identity=msgspec.structs.replace(of.identity, **identity))


def granted(calls: list[list[str]]) -> list[tuple[str, str]]:
    """(role, scope) of the assignments that a script makes."""
    wanted = [call for call in calls if call[1:4] == ["role", "assignment", "create"]]
    return [(call[call.index("--role") + 1], call[call.index("--scope") + 1]) for call in wanted]


@pytest.mark.parametrize("name", ZONED)
def test_the_script_assigns_both_roles(name: str, tmp_path: Path) -> None:
    found = granted(run(az.render(KINDS[name]), tmp_path))
    assert ("Private DNS Zone Contributor", ZONE_ID) in found
    own_network = not KINDS[name].network.managed
    assert len(found) == (3 if own_network else 1)
    if KINDS[name].network.subnet.id:
        assert found[-1] == ("Network Contributor", VNET_ID)


@pytest.mark.parametrize("name", ZONED)
def test_all_tongues_and_apply_say_the_same(name: str) -> None:
    own_network = not KINDS[name].network.managed
    roles = [role for _, role in bodies.zone_roles(KINDS[name])]
    assert roles == [
        "b12aa53e-6015-4669-85d0-8515ebb3ae7f",
        *(["4d97b98b-1d4f-4787-a291-c67834d212e7"] * own_network),
    ]
    template = json.dumps(json.loads(arm.render(KINDS[name]))["resources"])
    for text in (template, bicep.render(KINDS[name])):
        assert text.count("roleDefinitionId") == (3 if own_network else 1)
        assert text.count("b12aa53e-6015-4669-85d0-8515ebb3ae7f") >= 1
    assert terraform.render(KINDS[name]).count('"azurerm_role_assignment"') == (3 if own_network else 1)
    asked = [need.scope for need in needs(KINDS[name]) if need.action == ASSIGN]
    assert ZONE_ID in asked
    assert len(asked) == (3 if own_network else 1)


@pytest.mark.parametrize("change", [{"assign_role": False}, {"type": "system", "id": None, "name": None}])
def test_no_roles_where_the_plan_assigns_none_or_the_identity_comes_too_late(change: dict[str, Any]) -> None:
    of = changed(KINDS["own DNS zone"], **change)
    assert bodies.zone_roles(of) == ()
    assert "Private DNS Zone Contributor" not in az.render(of)
