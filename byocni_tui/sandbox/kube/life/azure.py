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

    def power(self, node: str) -> str:
        """Why a node's machine does not run: ``stopped``, ``deallocated``, ``restarting`` or ``gone``; else empty."""
        arm: Any = getattr(self._life.world, "parts", {}).get("arm")
        record = arm.get(self._life.id) if arm is not None else None
        return str(record.get("meta", {}).get("off", {}).get(node, "")) if record is not None else ""

    def home(self, node: str) -> bool:
        """Whether a node reaches its API server (asking counts no fault)."""
        life = self._life
        if self.power(node):
            return False
        host = life.cluster.fqdn
        address = life.address_of(host)
        occasion = {"host": host, "address": address, "port": "443", "node": node}
        if life.faulty("egress", occasion):
            return False
        rules, routes = self._rules(), self._routes()
        if not rules and not routes:
            return True
        return self._passes(address_of_node(life, node), address, 443, rules, routes)

    def outward(self, source: str, host: str, address: str, port: int, node: str = "") -> bool:
        """Whether a node reaches an address outside."""
        occasion = {"host": host, "address": address, "port": str(port), "node": node}
        if self._life.fault("egress", occasion) is not None:
            return False
        if self._isolated():
            return False
        return self._passes(source, address, port, self._rules(), self._routes())

    def _isolated(self) -> bool:
        """A cluster that was made without any way out."""
        profile = (self._record(self._life.id).get("properties") or {}).get("networkProfile") or {}
        return profile.get("outboundType") in ("none", "block")

    def _passes(self, source: str, address: str, port: int, rules: list[Obj], routes: list[Obj]) -> bool:
        """Whether neither the longest matching route nor a rule drops it."""
        best, hop = -1, ""
        for route in routes:
            p = route.get("properties") or {}
            prefix = str(p.get("addressPrefix", ""))
            if _holds(prefix, address) and (length := int(prefix.partition("/")[2] or 32)) > best:
                best, hop = length, str(p.get("nextHopType"))
        return hop != "None" and _verdict(rules, "Outbound", source, address, "TCP", port, inside=False)

    def prefix(self) -> str:
        """The address range of the nodes' subnet; empty if there is none."""
        properties = self._subnet().get("properties") or {}
        return str(properties.get("addressPrefix") or next(iter(properties.get("addressPrefixes") or ()), ""))

    # -- records -----------------------------------------------------------------------------------------------------

    def _subnet(self) -> Obj:
        cluster = self._record(self._life.id)
        profiles = (cluster.get("properties") or {}).get("agentPoolProfiles") or [{}]
        identity = profiles[0].get("vnetSubnetID")
        return self._record(identity or self._managed())

    def _managed(self) -> str:
        """The subnet that AKS made itself, in the node resource group; empty if there is none."""
        arm: Any = getattr(self._life.world, "parts", {}).get("arm")
        record = arm.get(self._life.id) if arm is not None else None
        return str(record["meta"].get("subnet", "")) if record is not None else ""

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


def address_of_node(life: Life, name: str) -> str:
    """A node's internal address; empty if there is no such node."""
    node = life.get("nodes", None, name)
    addresses = (node or {}).get("status", {}).get("addresses", [])
    return next((a["address"] for a in addresses if a["type"] == "InternalIP"), "")


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
