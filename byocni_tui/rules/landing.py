"""What surrounds the subnet that a plan names, read from the facts once for all rules that judge it: its network
security group, its route table, its NAT gateway, and the address space that its network can reach."""

from functools import lru_cache
from typing import Any, NamedTuple

from byocni_tui.plan.facts import Item, Items
from byocni_tui.rules.case import Case
from byocni_tui.rules.nsg import SecurityRule, Span, merged
from byocni_tui.rules.nsg_read import Tags, read
from byocni_tui.rules.ranges import PLATFORM_ADDRESS, of
from byocni_tui.rules.resources import linked, properties, subnet_of, subnet_ranges, vnet_of
from byocni_tui.rules.routes import EVERYTHING, Route, user_routes


class Found(NamedTuple):
    """An item and its place in the facts (``routeTables[2]``)."""

    item: Item
    path: str

    @property
    def name(self) -> str:
        """Its name, else the last part of its id."""
        return str(self.item.get("name") or str(self.item.get("id", "")).rsplit("/", 1)[-1])


def of_subnet(case: Case) -> bool:
    """Whether the plan makes a cluster in a subnet that exists."""
    return case.new and bool(case.plan.network.subnet.id)


def items(value: Any) -> list[dict[str, Any]]:
    """The objects of a list; nothing where it isn't one."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, (list, tuple)) else []


def texts(value: Any) -> list[str]:
    """The texts of a list; nothing where it isn't one."""
    return [item for item in value if isinstance(item, str)] if isinstance(value, (list, tuple)) else []


def _attached(case: Case, key: str, group: str, among: Items | None) -> Found | None:
    wanted = linked(subnet_of(case), key)
    low = (wanted or "").rstrip("/").lower()
    for at, item in enumerate(among or ()):
        if low and str(item.get("id", "")).rstrip("/").lower() == low:
            return Found(item, f"{group}[{at}]")
    return None


def security_group(case: Case) -> Found | None:
    """The subnet's network security group, where the facts have it."""
    return _attached(
        case, "networkSecurityGroup", "networkSecurityGroups", case.facts.network_security_groups
    )


def route_table(case: Case) -> Found | None:
    """The subnet's route table, where the facts have it."""
    return _attached(case, "routeTable", "routeTables", case.facts.route_tables)


def nat_gateway(case: Case) -> Found | None:
    """The subnet's NAT gateway, where the facts have it."""
    return _attached(case, "natGateway", "natGateways", case.facts.nat_gateways)


def spans(prefixes: list[str] | tuple[str, ...]) -> list[Span]:
    """The prefixes that can be read."""
    return [(found.first, found.last) for text in prefixes if (found := of(text)) is not None]


def vnet_prefixes(case: Case) -> list[str]:
    """The address space of the subnet's network."""
    space = properties(vnet_of(case)).get("addressSpace")
    return texts(space.get("addressPrefixes")) if isinstance(space, dict) else []


def peer_prefixes(case: Case) -> list[str]:
    """The address spaces of connected peers whose traffic counts as the network's own."""
    out: list[str] = []
    for peering in items(properties(vnet_of(case)).get("virtualNetworkPeerings")):
        found = properties(peering)
        space = found.get("remoteVirtualNetworkAddressSpace") or found.get("remoteAddressSpace")
        if found.get("allowVirtualNetworkAccess") is not False and isinstance(space, dict):
            out.extend(texts(space.get("addressPrefixes")))
    return out


def routes(case: Case) -> tuple[Route, ...]:
    """The user's routes of the subnet."""
    table = route_table(case)
    return user_routes(table.item) if table else ()


def node_spans(case: Case) -> list[Span]:
    """Where the nodes will be."""
    return spans(subnet_ranges(subnet_of(case)))


def tags(case: Case) -> Tags:
    """What the tag VirtualNetwork means in that subnet. It has the host's own address and the prefixes of the routes
    as well; a route to 0.0.0.0/0 may make it everything."""
    own = routes(case)
    known = [
        *node_spans(case),
        *spans(vnet_prefixes(case)),
        *spans(peer_prefixes(case)),
        (PLATFORM_ADDRESS.first, PLATFORM_ADDRESS.last),
        *((route.range.first, route.range.last) for route in own if route.range.prefix > 1),
    ]
    routed = any(route.range.prefix <= 1 and route.range.overlaps(EVERYTHING) for route in own)
    return Tags(virtual_network=merged(known), routed=routed)


class _Same:
    """An item by identity, for the cache: facts stay as they were read, and a group may have a thousand rules."""

    def __init__(self, item: Item) -> None:
        self.item = item

    def __hash__(self) -> int:
        return id(self.item)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.item is self.item


@lru_cache(maxsize=4)
def _read(group: _Same, meaning: Tags) -> tuple[SecurityRule, ...]:
    return read(group.item, meaning)


def rules(case: Case, group: Found) -> tuple[SecurityRule, ...]:
    """The group's rules as they work in that subnet."""
    return _read(_Same(group.item), tags(case))


def dns_servers(case: Case) -> list[Span]:
    """The DNS servers that the network names itself; Azure's own is not reached by ordinary rules."""
    options = properties(vnet_of(case)).get("dhcpOptions")
    named = texts(options.get("dnsServers")) if isinstance(options, dict) else []
    return [item for item in spans([f"{text}/32" for text in named]) if item[0] != PLATFORM_ADDRESS.first]
