"""Effective routes of one subnet: the longest prefix decides, and at equal length a user's route beats a system one.

Only what the facts hold is known: routes that a gateway learns by BGP are not among them, and a route to a service tag
has no prefix to compare.
"""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any, Final, NamedTuple

import msgspec

from byocni_tui.rules.ranges import PRIVATE, Range, known, of

HALVES: Final = (known("0.0.0.0/1"), known("128.0.0.0/1"))
EVERYTHING: Final = known("0.0.0.0/0")
_UNROUTED: Final = tuple(str(block) for block in PRIVATE[:4])
"""The private ranges that a network has no route to unless something adds one."""


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """One route. ``hop`` is ARM's ``nextHopType``, ``address`` the appliance's; ``path`` is its place in the route
    table's item, None for a system route."""

    name: str
    range: Range
    hop: str
    address: str | None = None
    path: str | None = None

    @property
    def user(self) -> bool:
        """Whether it comes from the route table."""
        return self.path is not None


class Part(NamedTuple):
    """Addresses and the route that decides about them."""

    first: int
    last: int
    route: Route


def user_routes(table: dict[str, Any]) -> tuple[Route, ...]:
    """The routes of a route table's item that name an IPv4 prefix."""
    props = table.get("properties")
    items = props.get("routes") if isinstance(props, dict) else None
    out = []
    for at, item in enumerate(items if isinstance(items, list) else ()):
        found = item.get("properties") if isinstance(item, dict) else None
        target = of(str(found.get("addressPrefix", ""))) if isinstance(found, dict) else None
        if found and target:
            address = found.get("nextHopIpAddress")
            out.append(
                Route(
                    name=str(item.get("name", "")),
                    range=target,
                    hop=str(found.get("nextHopType", "")),
                    address=str(address) if address else None,
                    path=f"properties.routes[{at}]",
                )
            )
    return tuple(out)


def system_routes(vnet: Iterable[str], peers: Iterable[str] = ()) -> tuple[Route, ...]:
    """What Azure adds by itself: the network's own space and its peers', the Internet, and nothing for private ranges
    that nobody has. Prefixes that can't be read are left out."""
    named = [
        *(("VirtualNetwork", text, "VnetLocal") for text in vnet),
        *(("VirtualNetworkPeering", text, "VNetPeering") for text in peers),
        ("Internet", "0.0.0.0/0", "Internet"),
        *(("Private", text, "None") for text in _UNROUTED),
    ]
    return tuple(
        Route(name=name, range=target, hop=hop)
        for name, text, hop in named
        if (target := of(text)) is not None
    )


def _rank(route: Route) -> tuple[int, bool]:
    return route.range.prefix, route.user


def decide(routes: Sequence[Route], address: int) -> Route | None:
    """The route that a packet to ``address`` takes; None where none matches."""
    matching = [route for route in routes if route.range.holds(address)]
    return max(matching, key=_rank) if matching else None


def parts(routes: Sequence[Route], target: Range) -> tuple[Part, ...]:
    """Every part of ``target`` with the route that decides about it, in order; parts without a route are left out."""
    inside = [route for route in routes if route.range.overlaps(target)]
    cuts = {target.first}
    for route in inside:
        cuts.update((max(route.range.first, target.first), route.range.last + 1))
    edges = [*sorted(cut for cut in cuts if cut <= target.last), target.last + 1]
    out: list[Part] = []
    for first, following in pairwise(edges):
        deciding = decide(inside, first)
        if deciding is None:
            continue
        if out and out[-1].route is deciding and out[-1].last + 1 == first:
            out[-1] = Part(out[-1].first, following - 1, deciding)
        else:
            out.append(Part(first, following - 1, deciding))
    return tuple(out)


def default_routes(routes: Sequence[Route]) -> tuple[Route, ...]:
    """The routes that decide about everything else: the one to 0.0.0.0/0, or those to the two halves of the address
    space, which are longer and win."""
    out: list[Route] = []
    for half in HALVES:
        wide = [route for route in routes if route.range in (EVERYTHING, half)]
        if wide:
            best = max(wide, key=_rank)
            if best not in out:
                out.append(best)
    return tuple(out)
