"""Facts files: ARM's items as they are, recordings sorted in, complaints with a place."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from byocni_tui.errors import EXIT_USAGE, UserError
from byocni_tui.plan import facts as facts_file
from byocni_tui.plan.facts import Facts

S = "/subscriptions/11111111-2222-3333-4444-555555555555"


def test_absent_is_not_empty() -> None:
    facts = facts_file.load('{"cloud": "AzureCloud", "virtualNetworks": [], "skus": {"westeurope": []}}', "f")
    assert facts.has("virtualNetworks")
    assert facts.has("skus.westeurope")
    assert not facts.has("skus.northeurope")
    assert not facts.has("routeTables")
    assert facts_file.load(facts_file.dump(facts), "f") == facts


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("", "facts_not_json"),
        ("{", "facts_not_json"),
        ('{"virtualNetwork": []}', "facts_unknown_key_near"),
        ('{"zzzz": []}', "facts_unknown_key"),
        ('{"virtualNetworks": {}}', "facts_wrong_type"),
        ("[]", "facts_wrong_type"),
        ("NaN", "facts_not_json"),
        ("[" * 100_000, "facts_not_json"),
        ("1" * 5000, "facts_not_json"),
    ],
)
def test_complaints(text: str, key: str) -> None:
    with pytest.raises(UserError) as caught:
        facts_file.load(text, "f")
    assert (caught.value.key, caught.value.exit_code) == (key, EXIT_USAGE)


def exchange(path: str, body: Any, status: int = 200, method: str = "GET") -> str:
    return json.dumps({"method": method, "path": path, "status": status, "body": json.dumps(body)})


def test_a_recording_is_sorted_in_by_its_paths() -> None:
    principal = "99999999-2222-3333-4444-555555555555"
    vnet = {"id": f"{S}/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/v", "name": "v"}
    lines = [
        exchange(
            f"{S}/resourcegroups?api-version=1", {"value": [{"id": f"{S}/resourceGroups/g", "name": "g"}]}
        ),
        exchange(f"{S}/providers/Microsoft.Network/virtualNetworks?api-version=1", {"value": [vnet]}),
        exchange(f"{vnet['id']}?api-version=1", vnet),
        exchange(f"{S}/providers/Microsoft.Compute/locations/WestEurope/usages?x", {"value": [{"limit": 1}]}),
        exchange(
            f"{S}/providers/Microsoft.Compute/skus?api-version=1&$filter=location%20eq%20'westeurope'",
            {"value": [{"name": "Standard_D2"}]},
        ),
        exchange(
            f"{S}/providers/Microsoft.ContainerService/locations/westeurope/kubernetesVersions?x",
            {"values": [{"version": "1.35"}]},
        ),
        exchange(
            f"{S}/providers/Microsoft.Authorization/roleAssignments?$filter=assignedTo('{principal}')",
            {"value": []},
        ),
        exchange(f"{S}/providers/Microsoft.Authorization/locks?x", {"value": [{"name": "l"}]}),
        exchange(f"{S}/resourcegroups/none?api-version=1", {"error": {}}, status=404),
    ]
    facts = facts_file.load("\n".join(lines) + "\n", "f")
    assert [item["name"] for item in facts.resource_groups or ()] == ["g"]
    assert facts.virtual_networks == (vnet,)
    assert facts.has("usages.compute")
    assert facts.has("skus.westeurope")
    assert facts.has("kubernetesVersions.westeurope")
    assert facts.role_assignments == {principal: ()}
    assert facts.locks == {S: ({"name": "l"},)}
    assert not facts.has("routeTables")


def test_merge_unites_what_is_keyed_by_scope() -> None:
    one = Facts(usages={"compute": {"a": ()}}, locks={"x": ()})
    two = Facts(usages={"compute": {"b": ()}, "network": {"b": ()}}, virtual_networks=())
    both = facts_file.merge(one, two)
    assert both.usages == {"compute": {"a": (), "b": ()}, "network": {"b": ()}}
    assert both.locks == {"x": ()}
    assert both.virtual_networks == ()


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=100))
def test_any_text_is_facts_or_a_complaint(text: str) -> None:
    outcome: Any = None
    try:
        outcome = facts_file.load(text, "f")
    except UserError as error:
        outcome = error
    assert isinstance(outcome, Facts) or outcome.exit_code == EXIT_USAGE
