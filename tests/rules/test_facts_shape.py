"""A facts file that doesn't have the shape of ARM's answers is refused with the place; none makes a rule stumble."""

import copy
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from landing import facts, plan, raw

from byocni_tui.errors import UserError
from byocni_tui.plan.facts import load
from byocni_tui.rules import check

ZONES = ("hub_and_spoke", "hardened", "shared_route_table")
JUNK = (None, 5, -1.5, True, "x", "", [], {}, [None], [5], ["x"], [[]], {"a": 1}, {"properties": {}})


def places(node: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    return [place for key, child in items for place in ((*at, key), *places(child, (*at, key)))]


PLACES = {name: places(raw(name)) for name in ZONES}


@settings(max_examples=200, deadline=None)
@given(st.data(), st.sampled_from(ZONES), st.sampled_from(JUNK))
def test_junk_anywhere_is_refused_or_survived(data: st.DataObject, name: str, junk: Any) -> None:
    place = data.draw(st.sampled_from(PLACES[name]))
    broken = copy.deepcopy(raw(name))
    node = broken
    for key in place[:-1]:
        node = node[key]
    node[place[-1]] = junk
    try:
        found = load(json.dumps(broken), "facts.json")
    except UserError:
        return
    check(plan(name), found)
    check(plan(name, identity__type="system"), found)


@pytest.mark.parametrize(
    ("value", "pointer"),
    [
        ({"virtualNetworks": [{"properties": {"subnets": "x"}}]}, "$.virtualNetworks[0].properties.subnets"),
        (
            {"virtualNetworks": [{"properties": {"subnets": [5]}}]},
            "$.virtualNetworks[0].properties.subnets[0]",
        ),
        ({"permissions": {"/s": [{"actions": [7]}]}}, "$.permissions./s[0].actions[0]"),
        ({"managedClusters": [{"properties": 1}]}, "$.managedClusters[0].properties"),
    ],
)
def test_the_place_is_named(value: dict[str, Any], pointer: str) -> None:
    with pytest.raises(UserError) as caught:
        load(json.dumps(value), "facts.json")
    assert (caught.value.exit_code, caught.value.values["pointer"]) == (2, pointer)


def test_null_is_the_same_as_absent_and_tags_are_free() -> None:
    item = {
        "properties": {"addressSpace": None, "subnets": None},
        "tags": {"subnets": "three", "properties": "x"},
    }
    found = load(json.dumps({"virtualNetworks": [item]}), "facts.json")
    assert found.virtual_networks == ({"properties": {}, "tags": item["tags"]},)


def test_what_is_fine_stays_as_it_is() -> None:
    assert facts("hardened").network_security_groups == tuple(raw("hardened")["networkSecurityGroups"])
