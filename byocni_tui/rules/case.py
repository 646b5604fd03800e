"""One plan with one set of facts, and what many rules want to know about them, worked out once."""

from functools import cached_property
from typing import NamedTuple

from byocni_tui.plan.facts import Facts
from byocni_tui.plan.model import Plan
from byocni_tui.rules.known_ranges import Taken, taken
from byocni_tui.rules.ranges import Range, of


class Place(NamedTuple):
    """A range and the field that it comes from. ``field`` may be the id of a resource that the facts describe."""

    field: str
    text: str
    range: Range
    facts: bool = False


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
        if not (network.vnet.id or network.subnet.id):
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
