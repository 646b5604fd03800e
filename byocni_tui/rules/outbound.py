"""BYO321–323: how the nodes reach the outside, and whether that can work with the network chosen."""

from collections.abc import Iterator
from typing import Any, Final

from byocni_tui.plan.finding import Finding, Remedy
from byocni_tui.rules import sources
from byocni_tui.rules.case import Case
from byocni_tui.rules.hosts import required_hosts
from byocni_tui.rules.landing import nat_gateway, of_subnet, route_table, routes
from byocni_tui.rules.registry import found, rule
from byocni_tui.rules.resources import linked, properties, subnet_of
from byocni_tui.rules.routes import Route, default_routes

FIELD: Final = "network.outbound_type"
UDR: Final = "userDefinedRouting"
GOOD_HOPS: Final = ("virtualappliance", "virtualnetworkgateway")
"""Next hops of a default route that the service takes with userDefinedRouting."""


def _wide(case: Case) -> tuple[Route, ...]:
    return default_routes(routes(case))


def _evidence(case: Case, route: Route) -> dict[str, Any]:
    table = route_table(case)
    place = f"{table.path}.{route.path}" if table else route.name
    named = {"name": route.name, "addressPrefix": str(route.range), "nextHopType": route.hop}
    return {place: {**named, **({"nextHopIpAddress": route.address} if route.address else {})}}


@rule(
    "BYO321",
    "error",
    source=sources.OUTBOUND,
    needs=("virtualNetworks", "routeTables"),
    applies=of_subnet,
)
def default_route(case: Case) -> Iterator[Finding]:
    """With userDefinedRouting the subnet's table must lead out; without it nothing may lead into the void."""
    subnet = subnet_of(case)
    if not of_subnet(case) or subnet is None:
        return
    defined = case.plan.network.outbound_type == UDR
    table, name = route_table(case), str(subnet.get("name", ""))
    linked_table = linked(subnet, "routeTable")
    if table is None:
        if defined and linked_table is None:
            yield _routing(case, "no_table", None, subnet=name)
        return
    wide = _wide(case)
    if defined and not any(route.range.prefix == 0 for route in routes(case)):
        yield _routing(case, "no_default", None, table=table.name, subnet=name)
        return
    for route in wide:
        hop = route.hop.lower()
        if hop == "none" or (defined and hop not in GOOD_HOPS):
            yield _routing(case, "message" if defined else "void", route, table=table.name, subnet=name)
            return


def _routing(case: Case, variant: str, route: Route | None, **values: Any) -> Finding:
    # Leaving through the load balancer needs no route of one's own; a route into the void has to go in any case.
    remedy = (
        Remedy(variant="balancer", set={FIELD: "loadBalancer"})
        if variant in ("no_table", "no_default")
        else Remedy(action="set-default-route")
    )
    subnet_id = case.plan.network.subnet.id or ""
    evidence = _evidence(case, route) if route else {f"{subnet_id}/routeTable": values.get("table")}
    return found(
        "BYO321",
        "network.subnet.id" if variant == "void" else FIELD,
        variant=variant,
        related=("network.subnet.id",) if variant != "void" else (),
        evidence=evidence,
        remedy=remedy,
        facts=True,
        route=route.name if route else "",
        prefix=str(route.range) if route else "0.0.0.0/0",
        hop=route.hop if route else "",
        **values,
    )


@rule(
    "BYO322",
    "warning",
    source=sources.OUTBOUND_RULES,
    needs=("virtualNetworks", "routeTables"),
    applies=of_subnet,
)
def appliance(case: Case) -> Iterator[Finding]:
    """Everything leaves through an appliance, which has to let these hosts through."""
    table = route_table(case)
    if not of_subnet(case) or table is None:
        return
    for route in _wide(case):
        if route.hop.lower() == "virtualappliance":
            hosts = required_hosts(case.plan)
            yield found(
                "BYO322",
                "network.subnet.id",
                evidence={**_evidence(case, route), "hosts": list(hosts)},
                remedy=Remedy(action="allow-hosts"),
                facts=True,
                table=table.name,
                route=route.name,
                prefix=str(route.range),
                address=route.address or "?",
                hosts=list(hosts),
            )
            return


@rule(
    "BYO323",
    "error",
    source=sources.OUTBOUND,
    needs=("virtualNetworks", "natGateways"),
    plan_only=True,
    applies=lambda case: of_subnet(case) and case.plan.network.outbound_type == "userAssignedNATGateway",
)
def outbound_type(case: Case) -> Iterator[Finding]:
    """Each outbound type goes with some networks only."""
    network = case.plan.network
    kind, own = network.outbound_type, not network.managed
    if not case.new:
        return
    if kind in ("none", "block"):
        yield _unfit("isolated", kind, "loadBalancer")
    elif kind == "managedNATGateway" and own:
        yield _unfit("managed_gateway", kind, "loadBalancer")
    elif kind in ("userAssignedNATGateway", UDR) and not own:
        yield _unfit("managed_network", kind, "managedNATGateway" if kind != UDR else "loadBalancer")
    elif kind in ("userAssignedNATGateway", UDR) and not network.subnet.id:
        yield _unfit("made", kind, "loadBalancer")
    elif kind == "userAssignedNATGateway":
        yield from _gateway(case, kind)


def _gateway(case: Case, kind: str) -> Iterator[Finding]:
    subnet, gateway = subnet_of(case), nat_gateway(case)
    if subnet is None:
        return
    name, subnet_id = str(subnet.get("name", "")), case.plan.network.subnet.id
    if linked(subnet, "natGateway") is None:
        evidence = {f"{subnet_id}/natGateway": None}
        yield _unfit("no_gateway", kind, "loadBalancer", evidence, subnet=name)
    elif gateway and not any(
        properties(gateway.item).get(key)
        for key in ("publicIpAddresses", "publicIpPrefixes", "publicIpAddressesV6", "publicIpPrefixesV6")
    ):
        evidence = {f"{gateway.path}.properties.publicIpAddresses": None}
        yield _unfit("no_address", kind, "loadBalancer", evidence, subnet=name, gateway=gateway.name)


def _unfit(
    variant: str, kind: str, instead: str, evidence: dict[str, Any] | None = None, **values: Any
) -> Finding:
    return found(
        "BYO323",
        FIELD,
        variant=variant,
        related=("network.managed",) if variant == "managed_network" else (),
        evidence=evidence,
        remedy=Remedy(variant="take", set={FIELD: instead}),
        facts=evidence is not None,
        value=kind,
        **values,
    )
