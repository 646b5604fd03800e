"""What is in use around the cluster: ``known_ranges``, peers and networks of the facts; remembered between key
presses, since plans share what was not changed."""

from typing import Any, NamedTuple

from byocni_tui.plan.facts import Facts
from byocni_tui.plan.model import KnownRange
from byocni_tui.rules.index import Index
from byocni_tui.rules.ranges import PLATFORM_ADDRESS, RESERVED, UNUSABLE, Problem, Range, parse


class Use(NamedTuple):
    """Who uses a range. ``field`` is the path in the plan, or the id of the Azure resource; ``kind`` is ``known``,
    ``peer``, ``vnet``, ``cluster`` (its pod or service range) or ``reserved``."""

    kind: str
    field: str
    what: str
    facts: bool = False
    vnet: str = ""


class Taken(NamedTuple):
    """``unreadable`` and ``host_bits`` are the complaints about ``known_ranges`` themselves."""

    ranges: Index[Use]
    unreadable: tuple[tuple[int, str, Problem], ...]
    host_bits: tuple[tuple[int, str, Range], ...]


_last: list[tuple[tuple[KnownRange, ...], Facts, Taken]] = []


def taken(known: tuple[KnownRange, ...], facts: Facts) -> Taken:
    """The index of everything in use. The last two answers are kept: with and without facts."""
    for ranges, seen, answer in _last:
        if ranges is known and (seen is facts or _same(seen, facts)):
            return answer
    answer = _build(known, facts)
    _last.insert(0, (known, facts, answer))
    del _last[2:]
    return answer


def _same(a: Facts, b: Facts) -> bool:
    return a.virtual_networks is b.virtual_networks and a.managed_clusters is b.managed_clusters


def _build(known: tuple[KnownRange, ...], facts: Facts) -> Taken:
    items: list[tuple[Range, Use]] = [
        (reserved, Use("reserved", "", str(reserved)))
        for reserved in (*RESERVED, *UNUSABLE, PLATFORM_ADDRESS)
    ]
    unreadable: list[tuple[int, str, Problem]] = []
    host_bits: list[tuple[int, str, Range]] = []
    for number, entry in enumerate(known):
        found = parse(entry.range)
        if not isinstance(found, Range):
            unreadable.append((number, entry.range, found))
            continue
        if found.host_bits:
            host_bits.append((number, entry.range, found))
        items.append((found, Use("known", f"network.known_ranges[{number}].range", entry.what or str(found))))
    for vnet in facts.virtual_networks or ():
        items.extend(_of_vnet(vnet))
    for cluster in facts.managed_clusters or ():
        items.extend(_of_cluster(cluster))
    return Taken(Index(items), tuple(unreadable), tuple(host_bits))


def _prefixes(space: Any) -> list[Range]:
    texts = space.get("addressPrefixes") if isinstance(space, dict) else None
    found = [parse(str(text)) for text in texts or ()]
    return [item for item in found if isinstance(item, Range)]


def _of_vnet(vnet: dict[str, Any]) -> list[tuple[Range, Use]]:
    properties = vnet.get("properties") or {}
    own = str(vnet.get("id", ""))
    items = [
        (item, Use("vnet", own, str(vnet.get("name", own)), True, own.lower()))
        for item in _prefixes(properties.get("addressSpace"))
    ]
    for peering in properties.get("virtualNetworkPeerings") or ():
        remote = peering.get("properties") or {}
        name = str((remote.get("remoteVirtualNetwork") or {}).get("id", peering.get("name", "")))
        space = remote.get("remoteVirtualNetworkAddressSpace") or remote.get("remoteAddressSpace")
        items.extend(
            (item, Use("peer", name, name.rpartition("/")[2], True, own.lower())) for item in _prefixes(space)
        )
    return items


def _of_cluster(cluster: dict[str, Any]) -> list[tuple[Range, Use]]:
    profile = (cluster.get("properties") or {}).get("networkProfile") or {}
    own = str(cluster.get("id", ""))
    pools = (cluster.get("properties") or {}).get("agentPoolProfiles") or ()
    subnets = [str(pool["vnetSubnetID"]).lower() for pool in pools if pool.get("vnetSubnetID")]
    vnet = subnets[0].rsplit("/subnets/", 1)[0] if subnets else ""
    items = []
    for key in ("podCidr", "serviceCidr"):
        found = parse(str(profile.get(key) or ""))
        if isinstance(found, Range):
            items.append((found, Use("cluster", own, str(cluster.get("name", own)), True, vnet)))
    return items
