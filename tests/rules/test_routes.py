"""The longest prefix decides, and at equal length a user's route."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from byocni_tui.rules.ranges import known
from byocni_tui.rules.routes import Route, decide, default_routes, parts, system_routes, user_routes


def table(*routes: tuple[str, str, str]) -> dict[str, Any]:
    return {
        "name": "t",
        "properties": {
            "routes": [
                {"name": name, "properties": {"addressPrefix": prefix, "nextHopType": hop}}
                for name, prefix, hop in routes
            ]
        },
    }


def where(routes: tuple[Route, ...], text: str) -> str:
    found = decide(routes, known(f"{text}/32").first)
    assert found
    return found.name


def test_the_longest_prefix_decides() -> None:
    routes = user_routes(
        table(
            ("all", "0.0.0.0/0", "VirtualAppliance"),
            ("wide", "10.0.0.0/8", "None"),
            ("near", "10.1.0.0/16", "VnetLocal"),
        )
    )
    assert [where(routes, text) for text in ("10.1.2.3", "10.2.0.1", "8.8.8.8")] == ["near", "wide", "all"]
    assert routes[2].path == "properties.routes[2]"


def test_a_users_route_beats_a_system_route_of_the_same_length() -> None:
    routes = (*system_routes(["10.1.0.0/16"]), *user_routes(table(("mine", "0.0.0.0/0", "VirtualAppliance"))))
    assert where(routes, "8.8.8.8") == "mine"
    assert where(routes, "10.1.0.9") == "VirtualNetwork"


def test_system_routes() -> None:
    routes = system_routes(["10.1.0.0/16", "unreadable"], ["10.2.0.0/16"])
    assert where(routes, "10.1.0.1") == "VirtualNetwork"
    assert where(routes, "10.2.0.1") == "VirtualNetworkPeering"
    assert where(routes, "10.3.0.1") == "Private"
    assert where(routes, "20.0.0.1") == "Internet"


def test_two_halves_are_a_default_route_and_win() -> None:
    routes = user_routes(
        table(
            ("all", "0.0.0.0/0", "VirtualAppliance"), ("a", "0.0.0.0/1", "None"), ("b", "128.0.0.0/1", "None")
        )
    )
    assert [route.name for route in default_routes(routes)] == ["a", "b"]
    assert [route.name for route in default_routes(routes[:2])] == ["a", "all"]
    assert [route.name for route in default_routes(routes[:1])] == ["all"]
    assert default_routes(user_routes(table(("one", "10.0.0.0/8", "None")))) == ()


@pytest.mark.parametrize(
    "item", [None, 3, {}, {"properties": None}, {"properties": {"addressPrefix": "AzureCloud"}}]
)
def test_anything_in_place_of_a_route_is_survived(item: Any) -> None:
    assert user_routes({"properties": {"routes": [item]}}) == ()
    assert user_routes({"properties": item}) == ()


@st.composite
def some_routes(draw: st.DrawFn) -> tuple[Route, ...]:
    out = []
    for number in range(draw(st.integers(0, 8))):
        bits = draw(st.integers(26, 32))
        low = draw(st.integers(0, 63)) & -(1 << (32 - bits))
        path = f"properties.routes[{number}]" if draw(st.booleans()) else None
        out.append(Route(name=str(number), range=known(f"10.0.0.{low}/{bits}"), hop="None", path=path))
    return tuple(out)


@given(some_routes())
def test_parts_agree_with_asking_every_address(routes: tuple[Route, ...]) -> None:
    target = known("10.0.0.0/26")
    asked: dict[int, Route] = {}
    for address in range(target.first, target.last + 1):
        best = None
        for route in routes:
            if route.range.first <= address <= route.range.last:
                rank = (route.range.prefix, route.path is not None)
                if best is None or rank > (best.range.prefix, best.path is not None):
                    best = route
        if best:
            asked[address] = best
    told = {
        address: part.route for part in parts(routes, target) for address in range(part.first, part.last + 1)
    }
    assert told == asked
    assert all(decide(routes, address) == route for address, route in asked.items())
