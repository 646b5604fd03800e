"""Network: ranges that must not touch, a picture of them, and the subnets that exist with what is known of each."""

from collections.abc import Iterable
from ipaddress import IPv4Network
from typing import Any, ClassVar

from msgspec.structs import replace
from textual.widget import Widget

from byocni_tui.plan.model import Plan
from byocni_tui.screens.panel import StepPanel
from byocni_tui.screens.picker import Picker
from byocni_tui.widgets.address_map import AddressMap, MapTexts
from byocni_tui.widgets.glyphs import fit

NEW = "new"
RESERVED = 5
"""Addresses of each subnet that Azure keeps for itself."""
OWN = ("network.vnet.id", "network.subnet.id")
MADE = ("network.vnet.ranges", "network.subnet.range")
"""What is asked of a network that is to be made; one that exists has its ranges already."""


class NetworkPanel(StepPanel):
    """Fields first, then (for an own network) the subnets to pick from, the address map last."""

    step: ClassVar[str] = "network"
    needs: ClassVar[tuple[str, ...]] = ("virtualNetworks",)

    def compose(self) -> Iterable[Widget]:
        self._managed = self.session.plan.network.managed
        yield from super().compose()

    def stale(self) -> bool:
        return self.session.plan.network.managed != self._managed

    def first_paths(self) -> tuple[str, ...]:
        first = super().first_paths()
        if self.session.plan.network.managed:
            return first
        return (first[0], *OWN, "identity.type", *first[1:])

    def extra(self) -> Iterable[Widget]:
        tr = self.session.tr
        texts = MapTexts(
            title=tr("wizard.map.title"), service=tr("wizard.map.service"), pods=tr("wizard.map.pods"),
            vnet=tr("wizard.map.vnet"), subnet=tr("wizard.map.subnet"), reserved=tr("wizard.map.reserved"),
            overlap=tr("wizard.map.overlap"), budget=tr("wizard.map.budget"),
        )  # fmt: skip
        self._list = Picker()
        self._map = AddressMap(texts, self.marks)
        self._map.show(self._as_it_is())
        yield self._list
        yield self._map

    def refresh_state(self) -> None:
        super().refresh_state()
        session = self.session
        self._map.show(self._as_it_is())
        for path in MADE:
            if (row := self.rows.get(path)) is not None:
                row.display = (
                    session.plan.network.subnet.id is None or bool(session.at(path)) or row.has_focus_within
                )
        if not session.plan.network.managed:
            new = (NEW, f"+ {session.tr('wizard.network.new')}")
            lines = [(key, line) for key, line, _ in self._subnets()]
            self._list.show([new, *lines] if lines else [], session.plan.network.subnet.id or NEW)

    def _as_it_is(self) -> Plan:
        """The plan with the ranges that an existing network and subnet have in Azure, as far as they were read."""
        plan = self.session.plan
        network = plan.network
        if network.managed or network.subnet.id is None:
            return plan
        chosen = network.subnet.id.lower()
        found = next((item for key, _, item in self._subnets() if key.lower() == chosen), None)
        if found is None:
            return plan
        above = chosen.partition("/subnets/")[0]
        known = getattr(self.session.context.facts, "virtual_networks", None) or []
        vnet: dict[str, Any] = next((item for item in known if str(item.get("id")).lower() == above), {})
        ranges = ((vnet.get("properties") or {}).get("addressSpace") or {}).get("addressPrefixes") or ()
        return replace(
            plan,
            network=replace(
                network,
                vnet=replace(network.vnet, id=None, ranges=tuple(ranges)),
                subnet=replace(network.subnet, range=prefix_of(found)),
            ),
        )

    def _subnets(self) -> list[tuple[str, str, dict[str, Any]]]:
        """(id, line with badges, subnet), those of the plan's region first."""
        facts, plan = self.session.context.facts, self.session.plan
        networks = list(getattr(facts, "virtual_networks", None) or [])
        networks.sort(key=lambda item: (item.get("location") != plan.region, str(item.get("name"))))
        found = []
        for network in networks:
            for subnet in (network.get("properties") or {}).get("subnets") or ():
                place = f"{network.get('name')}/{subnet.get('name')}"
                badges = [self.session.tr(f"wizard.network.{b}", **v) for b, v in badges_of(subnet)]
                if network.get("location") != plan.region:
                    badges.insert(0, str(network.get("location")))
                prefix = prefix_of(subnet)
                text = f"{fit(place, 19, self.marks.more)} {fit(prefix, 15)} {', '.join(badges)}"
                found.append((str(subnet.get("id")), text, subnet))
        return found

    def on_picker_taken(self, event: Picker.Taken) -> None:
        """Take the subnet under the cursor with its network, or go back to making them."""
        event.stop()
        session = self.session
        if event.key == NEW:
            values: dict[str, Any] = {"network.vnet.id": None, "network.subnet.id": None}
        else:
            subnet = next((item for key, _, item in self._subnets() if key == event.key), {})
            values = {"network.vnet.id": event.key.rpartition("/subnets/")[0], "network.subnet.id": event.key}
            if prefix := prefix_of(subnet):
                values["network.subnet.range"] = prefix
        for path, value in values.items():
            session.unread.pop(path, None)
            session.set(path, value)
            session.leave(path)
        session.changed()
        self.focus_row("network.subnet.id")


def prefix_of(subnet: dict[str, Any]) -> str:
    """The (first) range of a subnet of ARM's shape."""
    properties = subnet.get("properties") or {}
    several = properties.get("addressPrefixes") or [""]
    return str(properties.get("addressPrefix") or several[0])


def badges_of(subnet: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """What is worth knowing before one takes it: text key and values, the gravest first."""
    properties = subnet.get("properties") or {}
    badges: list[tuple[str, dict[str, Any]]] = []
    for delegation in properties.get("delegations") or ():
        service = str((delegation.get("properties") or {}).get("serviceName") or "")
        if service != "Microsoft.ContainerService/managedClusters":
            badges.append(("delegated", {"service": service.removeprefix("Microsoft.")}))
    try:
        size = IPv4Network(prefix_of(subnet), strict=False).num_addresses
    except ValueError:
        size = 0
    used = len(properties.get("ipConfigurations") or ())
    if size:
        badges.append(("free", {"count": f"{max(0, size - RESERVED - used):,}"}))
    for key, badge in (("networkSecurityGroup", "nsg"), ("routeTable", "routes"), ("natGateway", "nat")):
        if properties.get(key):
            badges.append((badge, {}))
    return badges
