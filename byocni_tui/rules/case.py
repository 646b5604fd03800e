"""One plan with one set of facts, and what many rules want to know about them, worked out once."""

import re
from functools import cached_property
from typing import Any, Final, NamedTuple

import msgspec

from byocni_tui.cni.model import Plugin
from byocni_tui.plan.facts import Facts
from byocni_tui.plan.finding import Label
from byocni_tui.plan.model import Plan
from byocni_tui.rules.known_ranges import Taken, taken
from byocni_tui.rules.ranges import Range, of


class Place(NamedTuple):
    """A range and the field that it comes from. ``field`` may be the id of a resource that the facts describe."""

    field: str
    text: str
    range: Range
    facts: bool = False

    @property
    def label(self) -> Label:
        """What a message calls it."""
        if self.facts or self.field.startswith("network.vnet"):
            return Label("vnet_range")
        return (
            Label("pool") if self.field.startswith("cni.") or self.field == "default" else Label(self.field)
        )


KUBERNETES: Final = re.compile(r"\d{1,3}\.\d{1,3}(\.\d{1,4})?", re.ASCII)
API_STAND_IN: Final = "api-server.invalid"


def _first_pool(value: Any) -> str | None:
    """The pool in a chart's values: a text, a list of texts, or a list of objects with ``cidr``."""
    first = value[0] if isinstance(value, list) and value else value
    found = first.get("cidr") if isinstance(first, dict) else first
    return found if isinstance(found, str) else None


class Case:
    """What a rule is given. Unreadable ranges are in ``texts`` only: BYO201 speaks of them, nobody else."""

    def __init__(self, plan: Plan, facts: Facts | None = None) -> None:
        self.plan = plan
        self.facts = facts or Facts()

    @property
    def new(self) -> bool:
        """Whether the cluster is made here (else it exists, and its own values are beyond change)."""
        return self.plan.cluster.create

    @cached_property
    def texts(self) -> tuple[tuple[str, str], ...]:
        """Field and text of every range of the plan's own (not ``known_ranges``)."""
        network, found = self.plan.network, []
        if self.plan.cni.pool:
            found.append(("cni.pool", self.plan.cni.pool))
        if network.pod_cidr:
            found.append(("network.pod_cidr", network.pod_cidr))
        if network.service_cidr:
            found.append(("network.service_cidr", network.service_cidr))
        if not self.new:
            # What it was made with is its own; the plan's network would be that of another cluster.
            return tuple(found)
        if network.subnet.range and not network.subnet.id:
            found.append(("network.subnet.range", network.subnet.range))
        if not (network.vnet.id or network.subnet.id):
            found.extend((f"network.vnet.ranges[{i}]", text) for i, text in enumerate(network.vnet.ranges))
        return tuple(found)

    @cached_property
    def places(self) -> dict[str, Place]:
        """The ranges that can be read, by field, in the order of preference for pairs."""
        return {field: Place(field, text, r) for field, text in self.texts if (r := of(text)) is not None}

    def place(self, field: str) -> Place | None:
        """The range at a field, if it can be read."""
        return self.places.get(field)

    @cached_property
    def vnets(self) -> tuple[Place, ...]:
        """The address space of the cluster's network: from the plan, or from facts where it exists already."""
        own = tuple(place for field, place in self.places.items() if field.startswith("network.vnet.ranges"))
        network = self.plan.network
        if not (self.new and (network.vnet.id or network.subnet.id)):
            return own
        from byocni_tui.rules.resources import vnet_of

        item = vnet_of(self)
        prefixes = ((item or {}).get("properties") or {}).get("addressSpace", {}).get("addressPrefixes", [])
        field = "network.subnet.id" if network.subnet.id else "network.vnet.id"
        return tuple(
            Place(field, str(text), r, True) for text in prefixes if (r := of(str(text))) is not None
        )

    @cached_property
    def taken(self) -> Taken:
        """Everything that is in use elsewhere, as far as plan and facts tell."""
        return taken(self.plan.network.known_ranges, self.facts)

    @cached_property
    def connected(self) -> frozenset[str]:
        """Ids, in lower case, of the cluster's network (where it exists) and of its peers."""
        from byocni_tui.rules.resources import properties, vnet_id, vnet_of

        peers = {
            str((properties(peering).get("remoteVirtualNetwork") or {}).get("id", "")).lower()
            for peering in properties(vnet_of(self)).get("virtualNetworkPeerings") or ()
        }
        return frozenset({*peers, (vnet_id(self) or "").strip().rstrip("/").lower()} - {""})

    @cached_property
    def kubernetes(self) -> str | None:
        """The Kubernetes version, where one is given that can be one (else BYO004 says so)."""
        text = (self.plan.cluster.kubernetes_version or "").strip().removeprefix("v")
        return text if KUBERNETES.fullmatch(text) else None

    @cached_property
    def readable(self) -> Plan:
        """The plan as the catalogue may see it."""
        cluster = self.plan.cluster
        if cluster.kubernetes_version is None or self.kubernetes:
            return self.plan
        return msgspec.structs.replace(
            self.plan, cluster=msgspec.structs.replace(cluster, kubernetes_version=None)
        )

    @cached_property
    def plugin(self) -> Plugin | None:
        """The plugin, where the catalogue knows and offers it."""
        from byocni_tui.cni.catalogue import plugin

        known = plugin(self.plan.cni.plugin)
        return known if known and known.offered else None

    @cached_property
    def version(self) -> str | None:
        """The plugin's version: the plan's, or the catalogue's default."""
        from byocni_tui.cni.values import version_of

        return version_of(self.readable) if self.plugin else None

    @cached_property
    def values(self) -> dict[str, Any]:
        """The Helm values as they will be used; the API server's name is not known yet, so a stand-in is there."""
        from byocni_tui.cni.values import render

        return render(self.readable, api_server=API_STAND_IN) if self.plugin else {}

    def value(self, path: str) -> Any:
        """What stands at a dotted path of the Helm values, or None."""
        node: Any = self.values
        for step in path.split("."):
            node = node.get(step) if isinstance(node, dict) else None
        return node

    @cached_property
    def mask(self) -> int | None:
        """Prefix length of the plugin's blocks; None where it has none, or none that makes sense (BYO004)."""
        from byocni_tui.cni.values import node_mask_of

        mask = node_mask_of(self.readable) if self.plugin else None
        return mask if mask is not None and 1 <= mask <= 32 else None

    @cached_property
    def rendered_pool(self) -> Place | None:
        """The range that the plugin really hands out. ``field`` is ``cni.pool`` or ``network.pod_cidr`` where it comes
        from there, a path of ``cni.values`` where that overrides them, ``default`` for the chart's own."""
        plugin = self.plugin
        if plugin is None or plugin.ipam.kind == "none" or not plugin.ipam.pool_path:
            return None
        text = _first_pool(self.value(plugin.ipam.pool_path))
        if text is None:
            default = of(plugin.ipam.default_pool)
            return Place("default", plugin.ipam.default_pool or "", default) if default else None
        found = of(text)
        if found is None:
            return None
        own = self.place("cni.pool") or (None if self.plan.cni.pool else self.place("network.pod_cidr"))
        if own and own.text.strip() == text.strip():
            return own
        return Place(f"cni.values.{plugin.ipam.pool_path}", text, found)

    def free(self, prefix: int, near: Range, *, leaving: str) -> Range | None:
        """The nearest range of that size that collides with nothing but (perhaps) what stands at ``leaving``."""
        others = [place.range for field, place in self.places.items() if field != leaving]
        others.extend(place.range for place in self.vnets if place.field != leaving)
        if leaving == "network.pod_cidr":
            # A pool that follows the pod range moves with it.
            pool = self.place("cni.pool")
            pod = self.place("network.pod_cidr")
            if pool and pod and pod.range.contains(pool.range):
                others.remove(pool.range)
        return self.taken.ranges.free(prefix, near, others)
