"""Permissions against a reference that takes the rules of Azure's access control literally."""

import itertools
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from byocni_tui.plan.facts import Facts
from byocni_tui.rules.permissions import (
    ASSIGN,
    EVERYONE,
    JOIN,
    READ,
    caller_may,
    covers,
    custom_role,
    matches,
    may,
    smallest_role,
    within,
)
from byocni_tui.rules.roles import BUILT_IN

SUB = "/subscriptions/s"
GROUP = f"{SUB}/resourceGroups/g"
SUBNET = f"{GROUP}/providers/Microsoft.Network/virtualNetworks/v/subnets/n"
ME = "me"
NETWORK_CONTRIBUTOR = "4d97b98b-1d4f-4787-a291-c67834d212e7"
CONTRIBUTOR = "b24988ac-6180-42a0-ab88-20f7382dd24c"


def assigned(scope: str, role: str, principal: str = ME, kind: str = "User", **more: Any) -> dict[str, Any]:
    definition = f"{SUB}/providers/Microsoft.Authorization/roleDefinitions/{role}"
    return {
        "name": "x",
        "properties": {
            "scope": scope,
            "roleDefinitionId": definition,
            "principalId": principal,
            "principalType": kind,
            **more,
        },
    }


def definition(role: str, *permissions: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": f"{SUB}/providers/Microsoft.Authorization/roleDefinitions/{role}",
        "properties": {"roleName": role.title(), "permissions": list(permissions)},
    }


def deny(scope: str, *actions: str, principals: tuple[str, ...] = (EVERYONE,), **more: Any) -> dict[str, Any]:
    return {
        "name": "d",
        "properties": {
            "denyAssignmentName": "Keep out",
            "scope": scope,
            "permissions": [{"actions": list(actions), "notActions": []}],
            "principals": [{"id": item} for item in principals],
            "excludePrincipals": [],
            **more,
        },
    }


def facts(*assignments: dict[str, Any], **more: Any) -> Facts:
    return Facts(role_assignments={ME: assignments}, **more)


@pytest.mark.parametrize(
    ("pattern", "action", "expected"),
    [
        ("*", JOIN, True),
        ("*/read", READ, True),
        ("*/read", JOIN, False),
        ("Microsoft.Network/*", JOIN, True),
        ("microsoft.network/VIRTUALNETWORKS/*/Join/Action", JOIN, True),
        (
            "Microsoft.ManagedIdentity/userAssignedIdentities/*/assign/action",
            "Microsoft.ManagedIdentity/userAssignedIdentities/assign/action",
            True,
        ),
        ("Microsoft.Network/virtualNetworks/subnets/join", JOIN, False),
        ("ab*ba", "aba", False),
        ("a*a*a", "aa", False),
        ("", JOIN, False),
        ("Microsoft.Network/virtualNetworks/subnets/join/actio?", JOIN, False),
        (".*", JOIN, False),
    ],
)
def test_wildcards(pattern: str, action: str, expected: bool) -> None:
    assert matches(pattern, action) is expected


@given(st.text("ab/*", max_size=12), st.text("ab/", max_size=12))
def test_wildcards_are_what_a_regular_expression_says(pattern: str, action: str) -> None:
    def literally(text: str) -> bool:
        return re.fullmatch(".*".join(re.escape(piece) for piece in text.split("*")), action) is not None

    assert matches(pattern, action) is (literally(pattern) or literally(pattern.replace("/*/", "/")))


def test_a_hostile_pattern_takes_no_time() -> None:
    assert not matches("*a" * 5000 + "b", "a" * 20000)


def test_what_one_role_takes_out_another_still_gives() -> None:
    first = {"actions": ["*"], "notActions": ["Microsoft.Network/*"]}
    second = {"actions": [JOIN], "notActions": []}
    assert not covers([first], JOIN)
    assert covers([first, second], JOIN)
    assert not covers([{"dataActions": [JOIN]}], JOIN)
    assert covers([{"dataActions": ["*"], "notDataActions": [READ]}], JOIN, data=True)


@pytest.mark.parametrize(
    ("above", "expected"),
    [
        ("/", True),
        (SUB, True),
        (GROUP.upper() + "/", True),
        (SUBNET.rsplit("/subnets", 1)[0], True),
        (SUBNET, True),
        (GROUP + "2", False),
        (f"{SUB}/resourceGroups", True),
        (SUBNET + "/x/y", False),
        ("/providers/Microsoft.Management/managementGroups/top", True),
        ("/subscriptions/other", False),
    ],
)
def test_scopes(above: str, expected: bool) -> None:
    assert within(SUBNET, above) is expected


def test_the_assignment_that_allows_it_is_named() -> None:
    verdict = may(
        facts(assigned(SUB, "acdd72a7-3385-48ef-bd42-f606fba81ae7"), assigned(GROUP, NETWORK_CONTRIBUTOR)),
        "ME",
        JOIN,
        SUBNET,
    )
    assert verdict
    assert (verdict.allowed, verdict.role, verdict.scope) == (True, "Network Contributor", GROUP)
    assert verdict.path == "roleAssignments[ME][1]"


def test_a_role_of_a_group_counts() -> None:
    verdict = may(facts(assigned(GROUP, NETWORK_CONTRIBUTOR, "g1", "Group")), ME, JOIN, SUBNET)
    assert verdict
    assert verdict.allowed


def test_unknown_is_not_no() -> None:
    assert may(Facts(), ME, JOIN, SUBNET) is None
    assert may(facts(assigned(GROUP, "ffffffff-0000-0000-0000-000000000000")), ME, JOIN, SUBNET) is None
    refused = may(facts(assigned(GROUP + "2", "ffffffff-0000-0000-0000-000000000000")), ME, JOIN, SUBNET)
    assert refused
    assert not refused.allowed


def test_facts_win_over_the_table() -> None:
    where = facts(
        assigned(GROUP, NETWORK_CONTRIBUTOR),
        role_definitions=(definition(NETWORK_CONTRIBUTOR, {"actions": [READ], "notActions": []}),),
    )
    verdict = may(where, ME, JOIN, SUBNET)
    assert verdict
    assert not verdict.allowed


@pytest.mark.parametrize(
    ("item", "allowed"),
    [
        (deny(SUB, "*"), False),
        (deny(SUB, "*", principals=("me",)), False),
        (deny(SUB, "*", principals=("g1",)), False),
        (deny(SUB, "*", principals=("other",)), True),
        (deny(SUB, "*", excludePrincipals=[{"id": "ME"}]), True),
        (deny(SUB, "*", excludePrincipals=[{"id": "g1"}]), True),
        (deny(SUB, "*/delete"), True),
        (deny(SUB, "*", doNotApplyToChildScopes=True), True),
        (deny(SUBNET, "*", doNotApplyToChildScopes=True), False),
        (deny(f"{SUB}/resourceGroups/other", "*"), True),
    ],
)
def test_deny_assignments(item: dict[str, Any], allowed: bool) -> None:
    verdict = may(
        facts(assigned(SUB, NETWORK_CONTRIBUTOR, "g1", "Group"), deny_assignments=(item,)), ME, JOIN, SUBNET
    )
    assert verdict
    assert verdict.allowed is allowed
    if not allowed:
        assert (verdict.role, verdict.path) == ("Keep out", "denyAssignments[0]")


def test_a_condition_makes_giving_roles_uncertain_and_nothing_else() -> None:
    where = facts(assigned(SUB, "8e3af657-a8ff-443c-a75c-2fe8c4bcb635", condition="@Resource[x] …"))
    giving, joining = may(where, ME, ASSIGN, SUBNET), may(where, ME, JOIN, SUBNET)
    assert giving
    assert joining
    assert (giving.allowed, giving.certain, joining.certain) == (True, False, True)


def test_what_the_caller_may_do_comes_from_the_scope_or_above() -> None:
    reader = ({"actions": ["*/read"], "notActions": []},)
    owner = ({"actions": ["*"], "notActions": []},)
    write = "Microsoft.ContainerService/managedClusters/write"
    allowed = caller_may(Facts(permissions={SUB: owner}), write, GROUP)
    assert allowed
    assert allowed.allowed
    # Reader of the subscription may be the owner of a group.
    assert caller_may(Facts(permissions={SUB: reader}), write, GROUP) is None
    refused = caller_may(Facts(permissions={GROUP.upper(): reader, SUB: reader}), write, GROUP)
    assert refused
    assert not refused.allowed
    stopped = caller_may(
        Facts(principal={"id": ME}, permissions={SUB: owner}, deny_assignments=(deny(SUB, "*/write"),)),
        write,
        GROUP,
    )
    assert stopped
    assert not stopped.allowed


@pytest.mark.parametrize(
    ("actions", "role"),
    [
        ([JOIN, READ], "Network Contributor"),
        (["Microsoft.ContainerService/managedClusters/write"], "Azure Kubernetes Service Contributor Role"),
        ([ASSIGN], "Role Based Access Control Administrator"),
        (["Microsoft.Authorization/policyAssignments/write"], "User Access Administrator"),
        (["Microsoft.ManagedIdentity/userAssignedIdentities/assign/action"], "Managed Identity Operator"),
        (["Microsoft.Resources/subscriptions/resourceGroups/write"], "Contributor"),
        ([ASSIGN, JOIN], "Owner"),
    ],
)
def test_the_smallest_role(actions: list[str], role: str) -> None:
    assert smallest_role(actions) == role


def test_no_role_has_data_actions_here() -> None:
    assert smallest_role([], data_actions=["Microsoft.X/y"]) is None


def test_the_custom_role_is_enough_and_nothing_more() -> None:
    role = custom_role(SUBNET)
    assert role["Actions"] == [JOIN, READ]
    assert role["AssignableScopes"] == [GROUP]
    assert covers([{"actions": role["Actions"], "notActions": role["NotActions"]}], JOIN)


def test_ids_of_the_table_are_different_and_well_formed() -> None:
    guids = [role.guid for role in BUILT_IN]
    assert len(set(guids)) == len(guids)
    assert all(re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", guid) for guid in guids)


@pytest.mark.parametrize("junk", [None, 5, "x", {"properties": 3}, {"properties": {"permissions": 7}}])
def test_anything_in_place_of_a_role_is_survived(junk: Any) -> None:
    assert not covers(junk, JOIN)
    assert not covers([junk], JOIN)


ACTIONS = ("a/read", "a/write", "a/b/read", "c/join/action")
PATTERNS = ("*", "*/read", "a/*", "a/*/read", "c/join/action", "x", "A/Write")
SCOPES = ("/", SUB, GROUP, SUBNET, GROUP + "2", "/subscriptions/t")
elements = st.fixed_dictionaries(
    {
        "actions": st.lists(st.sampled_from(PATTERNS), max_size=2),
        "notActions": st.lists(st.sampled_from(PATTERNS), max_size=2),
    }
)


def naive_match(pattern: str, action: str) -> bool:
    """Every way to fill each ``*``, tried out; a part ``/*/`` may vanish."""
    texts = {pattern.lower(), pattern.lower().replace("/*/", "/")}
    fillings = {action[i:j] for i, j in itertools.combinations(range(len(action) + 1), 2)} | {""}
    return any(
        text == action or ("*" in text and any(text.replace("*", filling) == action for filling in fillings))
        for text in texts
    )


def naive_covers(permissions: list[dict[str, list[str]]], action: str) -> bool:
    for element in permissions:
        if any(naive_match(text, action) for text in element["actions"]) and not any(
            naive_match(text, action) for text in element["notActions"]
        ):
            return True
    return False


def naive_within(scope: str, above: str) -> bool:
    parts, high = scope.split("/"), above.rstrip("/").split("/")
    return parts[: len(high)] == high


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(SCOPES), st.lists(elements, max_size=2)), max_size=4),
    st.lists(st.tuples(st.sampled_from(SCOPES), elements, st.booleans(), st.booleans()), max_size=2),
    st.sampled_from(ACTIONS),
    st.sampled_from((SUB, GROUP, SUBNET)),
)
def test_verdicts_agree_with_the_reference(
    given_: list[tuple[str, list[dict[str, list[str]]]]],
    denials: list[tuple[str, dict[str, list[str]], bool, bool]],
    action: str,
    scope: str,
) -> None:
    roles = [f"{number:08d}-0000-0000-0000-000000000000" for number in range(len(given_))]
    where = facts(
        *(assigned(above, role) for (above, _), role in zip(given_, roles, strict=True)),
        role_definitions=tuple(
            definition(role, *permissions) for (_, permissions), role in zip(given_, roles, strict=True)
        ),
        deny_assignments=tuple(
            {
                "properties": {
                    "scope": above,
                    "permissions": [element],
                    "principals": [{"id": EVERYONE}],
                    "excludePrincipals": [{"id": ME}] if excluded else [],
                    "doNotApplyToChildScopes": only_here,
                }
            }
            for above, element, excluded, only_here in denials
        ),
    )
    expected = any(naive_within(scope, above) and naive_covers(items, action) for above, items in given_)
    for above, element, excluded, only_here in denials:
        here = scope == above.rstrip("/") if only_here else naive_within(scope, above)
        if here and not excluded and naive_covers([element], action):
            expected = False
    verdict = may(where, ME, action, scope)
    assert verdict
    assert verdict.allowed is expected
