"""The Azure side of the network as pods feel it: security rules between nodes, and the way out."""

import ipaddress
from typing import Any

from byocni_tui.sandbox.kube.life.engine import Life
from byocni_tui.sandbox.kube.life.objects import Obj

_RANK = 65_000


class Azure:
    """Reads the virtual network's records at the moment of asking; without any, everything is allowed."""

    def __init__(self, life: Life) -> None:
        self._life = life

    def between(self, source: str, target: str, protocol: str, port: int) -> bool:
        """Whether a node may send to a node: the sender's outbound and the target's inbound rules both count
        (one subnet, so one security group)."""
        occasion = {"source": source, "target": target, "protocol": protocol, "port": str(port)}
        if self._life.fault("node-to-node", occasion) is not None:
            return False
        rules = self._rules()
        return all(
            _verdict(rules, d, source, target, protocol, port, inside=True) for d in ("Outbound", "Inbound")
        )

    def outward(self, source: str, host: str, address: str, port: int) -> bool:
        """Whether a node reaches an address outside."""
        if self._life.fault("egress", {"host": host, "address": address, "port": str(port)}) is not None:
            return False
        for route in self._routes():
            p = route.get("properties") or {}
            if p.get("nextHopType") == "None" and _holds(p.get("addressPrefix", ""), address):
                return False
        return _verdict(self._rules(), "Outbound", source, address, "TCP", port, inside=False)

    # -- records -----------------------------------------------------------------------------------------------------

    def _subnet(self) -> Obj:
        cluster = self._record(self._life.id)
        profiles = (cluster.get("properties") or {}).get("agentPoolProfiles") or [{}]
        identity = profiles[0].get("vnetSubnetID")
        return self._record(identity) if identity else {}

    def _rules(self) -> list[Obj]:
        reference = (self._subnet().get("properties") or {}).get("networkSecurityGroup") or {}
        group = self._record(reference.get("id", ""))
        rules: list[Obj] = (group.get("properties") or {}).get("securityRules") or []
        return sorted(rules, key=lambda r: int((r.get("properties") or {}).get("priority", _RANK)))

    def _routes(self) -> list[Obj]:
        reference = (self._subnet().get("properties") or {}).get("routeTable") or {}
        table = self._record(reference.get("id", ""))
        routes: list[Obj] = (table.get("properties") or {}).get("routes") or []
        return routes

    def _record(self, identity: str) -> Obj:
        """The body of an Azure resource; empty if there is none (or no Azure in this world)."""
        arm: Any = getattr(self._life.world, "parts", {}).get("arm")
        if arm is None or not identity:
            return {}
        record = arm.get(identity)
        if record is None:
            return {}
        body: Obj = record["body"]
        return body


def _verdict(
    rules: list[Obj], direction: str, source: str, target: str, protocol: str, port: int, *, inside: bool
) -> bool:
    for rule in rules:
        p = rule.get("properties") or {}
        if (
            p.get("direction") == direction
            and str(p.get("protocol", "*")).upper() in ("*", protocol)
            and _side(p, "source", source, inside=True)
            and _side(p, "destination", target, inside=inside)
            and _ports(p, port)
        ):
            return str(p.get("access")) == "Allow"
    return inside or direction == "Outbound"


def _side(p: Obj, side: str, address: str, *, inside: bool) -> bool:
    prefixes = [p.get(f"{side}AddressPrefix"), *(p.get(f"{side}AddressPrefixes") or ())]
    for prefix in filter(None, prefixes):
        if prefix in ("*", "0.0.0.0/0") or (prefix == "VirtualNetwork" and inside):
            return True
        if prefix == "Internet" and not inside:
            return True
        if _holds(prefix, address):
            return True
    return False


def _ports(p: Obj, port: int) -> bool:
    ranges = [p.get("destinationPortRange"), *(p.get("destinationPortRanges") or ())]
    for one in filter(None, ranges):
        low, _, high = str(one).partition("-")
        if one == "*" or (low.isdigit() and int(low) <= port <= int(high or low)):
            return True
    return False


def _holds(prefix: str, address: str) -> bool:
    try:
        return ipaddress.ip_address(address) in ipaddress.ip_network(prefix, strict=False)
    except ValueError:  # a service tag
        return False
