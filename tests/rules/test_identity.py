from typing import Any

import pytest
from landing import PRINCIPAL, SIGNED_IN, SUBSCRIPTION, Change, codes, facts, mended, own, plan, subnet_id

from byocni_tui.plan.facts import Facts
from byocni_tui.plan.model import Cluster, Plan
from byocni_tui.rules import check
from byocni_tui.rules.identity import needs
from byocni_tui.rules.permissions import ASSIGN, JOIN, READ

SUB = f"/subscriptions/{SUBSCRIPTION}"
READER = {"actions": ["*/read"], "notActions": []}
OWNER = {"actions": ["*"], "notActions": []}
ZONE = (
    f"{SUB}/resourceGroups/dns/providers/Microsoft.Network/privateDnsZones/privatelink.chinanorth3.azmk8s.io"
)


def permissions(scope: str, *elements: dict[str, Any]) -> Change:
    def change(data: dict[str, Any]) -> None:
        data["permissions"] = {scope: list(elements)}

    return change


def assignments(*items: dict[str, Any]) -> Change:
    def change(data: dict[str, Any]) -> None:
        data["roleAssignments"] = {PRINCIPAL: list(items)}

    return change


def denial(principal: str, action: str) -> Change:
    def change(data: dict[str, Any]) -> None:
        data["denyAssignments"] = [
            {
                "properties": {
                    "denyAssignmentName": "Lockdown",
                    "scope": SUB,
                    "permissions": [{"actions": [action], "notActions": []}],
                    "principals": [{"id": principal}],
                    "excludePrincipals": [],
                }
            }
        ]

    return change


@pytest.mark.parametrize("name", ["hub_and_spoke", "hardened", "shared_route_table"])
def test_fine_landing_zones_raise_nothing_about_permissions(name: str) -> None:
    assert not {"BYO401", "BYO402", "BYO403", "BYO404"} & set(codes(plan(name), facts(name)))


def test_without_facts_only_the_plan_is_judged() -> None:
    assert not {"BYO401", "BYO402", "BYO404"} & set(codes(plan("hardened"), Facts()))
    lacking = {entry.code for entry in check(plan("hardened"), Facts()).not_run}
    assert {"BYO401", "BYO402"} <= lacking


@pytest.mark.parametrize(
    ("changes", "action"),
    [
        ({}, "Microsoft.ContainerService/managedClusters/write"),
        ({"resource_group__create": True}, "Microsoft.Resources/subscriptions/resourceGroups/write"),
    ],
)
def test_a_reader_may_not_create(changes: dict[str, Any], action: str) -> None:
    group = f"{SUB}/resourceGroups/clusters"
    found = own(plan("hub_and_spoke", **changes), facts("hub_and_spoke", permissions(group, READER)))
    (finding,) = [finding for finding in found if finding.values.get("action") == action]
    assert (finding.code, finding.severity, finding.values["scope"], finding.facts) == (
        "BYO401",
        "error",
        group,
        True,
    )


def test_rights_above_hold_below_and_none_above_says_nothing() -> None:
    allowed = facts("hub_and_spoke", permissions(SUB, OWNER))
    unknown = facts("hub_and_spoke", permissions(SUB, READER))
    assert "BYO401" not in codes(plan("hub_and_spoke"), allowed)
    assert "BYO401" not in codes(plan("hub_and_spoke"), unknown)


def test_a_group_to_be_made_is_judged_by_the_subscription() -> None:
    where = facts("hub_and_spoke", permissions(SUB, READER))
    found = own(plan("hub_and_spoke", resource_group__create=True), where)
    assert {finding.values["action"].rsplit("/", 2)[-2] for finding in found if finding.code == "BYO401"} == {
        "resourceGroups",
        "managedClusters",
    }


def test_the_role_assignment_is_needed_where_the_plan_assigns_it() -> None:
    contributor = {"actions": ["*"], "notActions": ["Microsoft.Authorization/*/Write"]}
    where = facts("hardened", permissions(SUB, contributor), permissions(subnet_id("hardened"), contributor))
    assigns = plan("hardened", identity__assign_role=True)
    # The identity has its role already, so nothing has to be assigned.
    assert "BYO401" not in codes(assigns, where)
    lacking = facts("hardened", permissions(subnet_id("hardened"), contributor), assignments())
    (finding,) = own(assigns, lacking)
    assert (finding.code, finding.values["action"]) == ("BYO401", ASSIGN)
    assert finding.values["role"] == "Role Based Access Control Administrator"
    # Somebody else could assign it, but nobody has: leaving it out would only move the error.
    assert finding.remedy
    assert finding.remedy.set is None


def test_the_role_may_be_assigned_by_somebody_else_where_nobody_knows_better() -> None:
    def unread(data: dict[str, Any]) -> None:
        del data["roleAssignments"]

    contributor = {"actions": ["*"], "notActions": ["Microsoft.Authorization/*/Write"]}
    where = facts("hardened", permissions(subnet_id("hardened"), contributor), unread)
    assigns = plan("hardened", identity__assign_role=True)
    (finding,) = own(assigns, where)
    assert codes(mended(assigns, finding), where) == []


def test_a_deny_assignment_stops_the_signed_in_identity() -> None:
    where = facts("hub_and_spoke", denial(SIGNED_IN, "Microsoft.ContainerService/*"))
    (finding,) = [finding for finding in own(plan("hub_and_spoke"), where) if finding.code == "BYO401"]
    assert (finding.variant, finding.values["deny"]) == ("denied", "Lockdown")
    assert "denyAssignments[0]" in (finding.evidence or {})


def test_an_identity_without_role() -> None:
    where = facts("hardened", assignments())
    (finding,) = own(plan("hardened"), where)
    assert (finding.code, finding.severity, finding.values["actions"]) == ("BYO402", "error", [JOIN, READ])
    assert finding.values["role"] == "Network Contributor"
    role = (finding.evidence or {})["customRole"]
    assert role["Actions"] == [JOIN, READ]
    assert finding.remedy
    assert finding.remedy.action == "assign-role"
    assert "BYO402" not in codes(mended(plan("hardened"), finding), where)


def test_half_a_role_names_what_is_lacking() -> None:
    def change(data: dict[str, Any]) -> None:
        role = data["roleDefinitions"][0]["properties"]["permissions"][0]
        role["notActions"].append(JOIN)

    (finding,) = own(plan("hardened"), facts("hardened", change))
    assert finding.values["actions"] == [JOIN]


@pytest.mark.parametrize(
    "role", ["acdd72a7-3385-48ef-bd42-f606fba81ae7", "7f951dda-4ed3-4680-a7ca-43fe172d538d"]
)
def test_roles_that_are_not_enough(role: str) -> None:
    def change(data: dict[str, Any]) -> None:
        data["roleAssignments"][PRINCIPAL][0]["properties"]["roleDefinitionId"] = f"{SUB}/x/{role}"

    assert "BYO402" in codes(plan("hardened"), facts("hardened", change))


def test_a_role_on_another_subnet_is_not_enough() -> None:
    def change(data: dict[str, Any]) -> None:
        data["roleAssignments"][PRINCIPAL][0]["properties"]["scope"] = subnet_id("hardened") + "2"

    assert "BYO402" in codes(plan("hardened"), facts("hardened", change))


def test_a_role_that_nobody_knows_is_not_judged() -> None:
    def change(data: dict[str, Any]) -> None:
        data["roleDefinitions"] = []

    assert "BYO402" not in codes(plan("hardened"), facts("hardened", change))


def test_a_deny_assignment_beats_the_role_that_the_plan_would_assign() -> None:
    where = facts("hub_and_spoke", denial(PRINCIPAL, "Microsoft.Network/*/join/action"))
    (finding,) = [
        finding
        for finding in own(plan("hub_and_spoke", identity__assign_role=True), where)
        if finding.code == "BYO402"
    ]
    assert (finding.variant, finding.values["actions"]) == ("denied", [JOIN])


def test_a_system_assigned_identity_gets_its_role_late() -> None:
    late = plan("hardened", identity__type="system", identity__id=None)
    found = [finding for finding in own(late, None) if finding.code == "BYO403"]
    assert [finding.severity for finding in found] == ["warning"]
    after = mended(late, found[0])
    assert (after.identity.type, after.identity.name) == ("user", "training-identity")
    assert not {"BYO403", "BYO401", "BYO402"} & set(codes(after, facts("hardened")))
    assert "BYO403" not in codes(Plan(), None)


def test_the_remedy_keeps_an_identity_that_was_named() -> None:
    late = plan("hardened", identity__type="system")
    finding = next(finding for finding in own(late, None) if finding.code == "BYO403")
    assert finding.remedy
    assert finding.remedy.set == {"identity.type": "user"}


@pytest.mark.parametrize(
    ("zone", "raised"), [(ZONE, True), (None, False), ("system", False), ("none", False)]
)
def test_a_zone_of_ones_own_needs_a_user_assigned_identity(zone: str | None, raised: bool) -> None:
    made = Plan(cluster=Cluster(name="c", private=True, private_dns_zone=zone))
    found = [finding for finding in own(made, None) if finding.code == "BYO404"]
    assert [finding.severity for finding in found] == (["error"] if raised else [])
    for finding in found:
        assert "BYO404" not in codes(mended(made, finding), None)


def test_a_route_table_of_ones_own_asks_for_a_user_assigned_identity() -> None:
    system = plan("shared_route_table", identity__type="system", identity__id=None)
    (finding,) = [f for f in own(system, facts("shared_route_table")) if f.code == "BYO404"]
    assert (finding.severity, finding.variant, finding.values["table"]) == ("warning", "table", "rt-shared")
    assert "BYO404" not in codes(mended(system, finding), facts("shared_route_table"))
    assert "BYO404" not in codes(
        plan("hardened", identity__type="system", identity__id=None), facts("hardened")
    )


def test_what_a_plan_needs_follows_from_its_steps() -> None:
    assert [need.action.rsplit("/", 2)[-2] for need in needs(Plan(subscription="s"))] == [
        "resourceGroups",
        "managedClusters",
    ]
    existing = plan("hardened", cluster__create=False)
    assert needs(existing) == ()
    named = plan("hardened", identity__id=None, identity__name="new")
    assert any(need.action.startswith("Microsoft.ManagedIdentity") for need in needs(named))


def test_a_registry_to_pull_from_needs_a_role_assignment_there() -> None:
    registry = f"{SUB}/resourceGroups/images/providers/Microsoft.ContainerRegistry/registries/r"
    contributor = {"actions": ["*"], "notActions": ["Microsoft.Authorization/*/Write"]}
    attached = plan("shared_route_table", cluster__attach_acr=registry)
    assert "BYO401" not in codes(attached, facts("shared_route_table"))
    (finding,) = own(attached, facts("shared_route_table", permissions(registry, contributor)))
    assert (finding.code, finding.field, finding.values["scope"]) == (
        "BYO401",
        "cluster.attach_acr",
        registry,
    )
