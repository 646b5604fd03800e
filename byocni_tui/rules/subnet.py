"""BYO301–305: the subnet that the nodes shall live in."""

from collections.abc import Iterator
from typing import Final

from byocni_tui.plan.finding import Finding, Remedy
from byocni_tui.rules import sources
from byocni_tui.rules.actions import undelegate
from byocni_tui.rules.addresses import first_free
from byocni_tui.rules.arithmetic import AZURE_RESERVED, addresses_needed, nodes_at_maximum, prefix_for
from byocni_tui.rules.case import Case, Place
from byocni_tui.rules.ranges import of
from byocni_tui.rules.registry import found, rule
from byocni_tui.rules.resources import (
    linked,
    properties,
    subnet_of,
    subnet_ranges,
    subscription_of,
    vnet_id,
    vnet_of,
)

OWN_DELEGATION: Final = "microsoft.containerservice/managedclusters"


def has_subnet(case: Case) -> bool:
    """Whether the plan names a subnet that exists."""
    return bool(case.plan.network.subnet.id) and case.new


@rule("BYO301", "error", source=sources.BYO_CNI, needs=("virtualNetworks",), applies=has_subnet)
def delegated(case: Case) -> Iterator[Finding]:
    """A subnet that belongs to another service."""
    item = subnet_of(case)
    for delegation in properties(item).get("delegations") or ():
        service = str(properties(delegation).get("serviceName", ""))
        if service.lower() != OWN_DELEGATION:
            yield found(
                "BYO301",
                "network.subnet.id",
                evidence={f"{case.plan.network.subnet.id}/delegations": service},
                remedy=Remedy(
                    action="remove-delegation", commands=(undelegate(case.plan.network.subnet.id or ""),)
                ),
                facts=True,
                subnet=str((item or {}).get("name", "")),
                service=service,
            )


@rule("BYO306", "warning", source=sources.BYO_CNI, needs=("virtualNetworks",), applies=has_subnet)
def in_change(case: Case) -> Iterator[Finding]:
    """A network that somebody is changing, or where a change has failed."""
    for kind, item in (("VNet", vnet_of(case)), ("Subnet", subnet_of(case))):
        state = str(properties(item).get("provisioningState") or "Succeeded")
        if has_subnet(case) and item is not None and state.lower() != "succeeded":
            yield found(
                "BYO306",
                "network.subnet.id",
                evidence={f"{item.get('id', '')}/provisioningState": state},
                facts=True,
                kind=kind,
                name=str(item.get("name", "")),
                state=state,
            )
            return


RESERVED_SUBNETS: Final = (
    "GatewaySubnet",
    "AzureFirewallSubnet",
    "AzureFirewallManagementSubnet",
    "AzureBastionSubnet",
    "RouteServerSubnet",
)


@rule("BYO307", "error", source=sources.VNET_FAQ)
def kept_by_azure(case: Case) -> Iterator[Finding]:
    """Names that make a subnet one service's own."""
    subnet = case.plan.network.subnet
    if not case.new or case.plan.network.managed:
        return
    field = "network.subnet.id" if subnet.id else "network.subnet.name"
    name = (subnet.id or subnet.name or "").rstrip("/").rpartition("/")[2]
    if name.lower() in {item.lower() for item in RESERVED_SUBNETS}:
        remedy = None if subnet.id else Remedy(variant="take", set={field: "nodes"})
        yield found("BYO307", field, remedy=remedy, value=name)


def _ranges(case: Case) -> tuple[Place, ...]:
    """The subnet's range: the plan's, or all that an existing one has."""
    own = case.place("network.subnet.range")
    if own:
        return (own,)
    texts = subnet_ranges(subnet_of(case))
    return tuple(Place("network.subnet.id", text, r, True) for text in texts if (r := of(text)) is not None)


@rule(
    "BYO302", "error", source=sources.BYO_CNI, needs=("virtualNetworks",), plan_only=True, applies=has_subnet
)
def too_small(case: Case) -> Iterator[Finding]:
    """Every node needs an address, surge nodes too; Azure keeps five."""
    places = _ranges(case) if case.new else ()
    if not places:
        return
    have = sum(place.range.size for place in places)
    in_use = len(properties(subnet_of(case)).get("ipConfigurations") or ())
    needed = max(addresses_needed(case.plan, in_use), 8)
    if have >= needed:
        return
    place = places[0]
    remedy = None
    if not place.facts:
        vnet = next((item for item in case.vnets if item.range.contains(place.range)), None)
        prefix = prefix_for(needed)
        inside = first_free(case, vnet.range, prefix) if vnet and prefix >= vnet.range.prefix else None
        remedy = Remedy(variant="take", set={place.field: inside}) if inside else None
    yield found(
        "BYO302",
        place.field,
        related=("node_pools",),
        evidence={place.field: place.text},
        remedy=remedy,
        facts=place.facts,
        value=", ".join(str(item.range) for item in places),
        have=have,
        needed=needed,
        nodes=nodes_at_maximum(case.plan),
        reserved=AZURE_RESERVED,
        used=in_use,
    )


def names_vnet(case: Case) -> bool:
    """Whether the plan names a network that exists."""
    return bool(vnet_id(case)) and case.new


@rule("BYO303", "error", source=sources.VNET_FAQ, needs=("virtualNetworks",), applies=names_vnet)
def other_region(case: Case) -> Iterator[Finding]:
    """Nodes and their network live in one region."""
    item = vnet_of(case) if case.new else None
    place = str((item or {}).get("location", "")).replace(" ", "").lower()
    region = (case.plan.region or "").replace(" ", "").lower()
    if item and place and region and place != region:
        field = "network.subnet.id" if case.plan.network.subnet.id else "network.vnet.id"
        yield found(
            "BYO303",
            field,
            related=("region",),
            evidence={str(item.get("id", "")): place, "region": region},
            remedy=Remedy(variant="move", set={"region": place}),
            facts=True,
            vnet=str(item.get("name", "")),
            place=place,
            region=region,
        )


@rule("BYO304", "error", source=sources.BYO_CNI, needs=("virtualNetworks",), applies=names_vnet)
def absent(case: Case) -> Iterator[Finding]:
    """Only where the subscription of the id is the one that was asked: elsewhere absence proves nothing."""
    wanted = vnet_id(case)
    asked = (case.facts.subscription or case.plan.subscription or "").lower()
    if not case.new or not wanted or subscription_of(wanted) != asked:
        return
    subnet = case.plan.network.subnet.id
    if vnet_of(case) is None:
        field = "network.subnet.id" if subnet else "network.vnet.id"
        yield found("BYO304", field, variant="vnet", facts=True, value=wanted)
    elif subnet and subnet_of(case) is None:
        known = [str(item.get("name", "")) for item in properties(vnet_of(case)).get("subnets") or ()]
        yield found("BYO304", "network.subnet.id", facts=True, value=subnet, known=known or ["-"])


@rule(
    "BYO305",
    "warning",
    source=sources.UDR,
    needs=("managedClusters", "virtualNetworks"),
    plan_only=False,
    applies=has_subnet,
)
def shared(case: Case) -> Iterator[Finding]:
    """Clusters in one subnet get in each other's way: routes, upgrades, addresses."""
    if not has_subnet(case):
        return
    own = (case.plan.network.subnet.id or "").strip().lower()
    table = (linked(subnet_of(case), "routeTable") or "").lower()
    tables = {
        str(item.get("id", "")).lower(): (linked(item, "routeTable") or "").lower()
        for vnet in case.facts.virtual_networks or ()
        for item in properties(vnet).get("subnets") or ()
    }
    for cluster in case.facts.managed_clusters or ():
        pools = properties(cluster).get("agentPoolProfiles") or ()
        subnets = {str(pool.get("vnetSubnetID", "")).lower() for pool in pools} - {""}
        same_table = bool(table) and any(tables.get(item) == table for item in subnets)
        # Clusters that bring their own CNI write no routes, so only kubenet's use of a shared table is a danger.
        plugin = str((properties(cluster).get("networkProfile") or {}).get("networkPlugin", "")).lower()
        if own in subnets or (same_table and plugin == "kubenet"):
            yield found(
                "BYO305",
                "network.subnet.id",
                variant="message" if own in subnets else "table",
                evidence={str(cluster.get("id", "")): sorted(subnets)},
                facts=True,
                cluster=str(cluster.get("name", "")),
                table=table.rpartition("/")[2],
            )
