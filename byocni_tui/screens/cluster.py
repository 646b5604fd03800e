"""Cluster: its name, version, tier and node pools; or one that exists already."""

from collections.abc import Iterable
from typing import Any, ClassVar

from textual.widget import Widget
from textual.widgets import Static

from byocni_tui.screens.panel import StepPanel
from byocni_tui.screens.picker import Picker, group_of
from byocni_tui.widgets.glyphs import fit


class ClusterPanel(StepPanel):
    """Where the cluster exists, those that Azure has are listed with their plugin; picking one fills in its group,
    region, ranges and pools as well, and Ctrl-O asks its API server why its nodes are not Ready."""

    step: ClassVar[str] = "cluster"
    needs: ClassVar[tuple[str, ...]] = ("managedClusters",)
    DEFAULT_CSS = """
    ClusterPanel .state { margin: 1 0 0 1; color: $text-muted; height: auto; }
    ClusterPanel .pool { margin: 1 0 0 1; color: $accent; height: 1; }
    """

    def extra(self) -> Iterable[Widget]:
        self.existing = not self.session.plan.cluster.create
        self._list = Picker()
        self._state = Static(self.session.tr("wizard.cluster.none"), classes="state", markup=False)
        if self.existing:
            yield self._list
            yield self._state

    def row_or_heading(self, path: str) -> Iterable[Widget]:
        if (
            path.startswith("node_pools[")
            and path.endswith("].name")
            and not path.startswith("node_pools[0]")
        ):
            number = int(path[11 : path.index("]")]) + 1
            yield Static(self.session.tr("wizard.cluster.pool", number=number), classes="pool", markup=False)
        yield self.row(path)

    def stale(self) -> bool:
        """Whether the panel was built for another kind of cluster, or another number of pools."""
        wanted = (not self.session.plan.cluster.create, len(self.session.plan.node_pools))
        return wanted != (self.existing, self._pools)

    def compose(self) -> Iterable[Widget]:
        self._pools = len(self.session.plan.node_pools)
        yield from super().compose()

    def refresh_state(self) -> None:
        super().refresh_state()
        if not self.existing:
            return
        found = self._clusters()
        self._state.display = not found
        self._list.show([(str(item.get("id")), self._line(item)) for item in found])

    def _clusters(self) -> list[dict[str, Any]]:
        facts = self.session.context.facts
        return list(getattr(facts, "managed_clusters", None) or [])

    def _line(self, item: dict[str, Any]) -> str:
        """Name, group, region, plugin, and whether it is of use here."""
        properties = item.get("properties") or {}
        plugin = str((properties.get("networkProfile") or {}).get("networkPlugin") or "none")
        state = str((properties.get("powerState") or {}).get("code") or "")
        key = "wizard.cluster.fits" if plugin == "none" else "wizard.cluster.other_plugin"
        mark = self.marks.ok if plugin == "none" else self.marks.bad
        more = f"  {state}" if state and state != "Running" else ""
        return (
            f"{mark} {fit(str(item.get('name')), 18, self.marks.more)} "
            f"{fit(group_of(str(item.get('id'))), 18, self.marks.more)} {item.get('location')}  "
            f"{self.session.tr(key, plugin=plugin)}{more}"
        )

    def on_picker_taken(self, event: Picker.Taken) -> None:
        """Take the cluster under the cursor."""
        event.stop()
        session = self.session
        item = next((item for item in self._clusters() if str(item.get("id")) == event.key), None)
        if item is None:
            return
        for path, value in taken(item).items():
            session.unread.pop(path, None)
            session.set(path, value)
            session.leave(path)
        session.notice("edit", path="cluster.name", text=str(item.get("name")))
        session.changed()
        self.focus_row("cluster.name")

    def own_action(self) -> str:
        return "doctor" if self.existing else "pools"


def taken(cluster: dict[str, Any]) -> dict[str, Any]:
    """What the plan says once a cluster of ARM's shape is taken over: its own ranges and pools count."""
    properties = cluster.get("properties") or {}
    network = properties.get("networkProfile") or {}
    values: dict[str, Any] = {
        "cluster.name": str(cluster.get("name")),
        "resource_group.name": group_of(str(cluster.get("id"))),
        "resource_group.create": False,
        "region": str(cluster.get("location")),
        "network.pod_cidr": network.get("podCidr"),
    }
    for path, key in (("network.service_cidr", "serviceCidr"), ("network.dns_service_ip", "dnsServiceIP")):
        if network.get(key):
            values[path] = network[key]
    pools = [
        {
            "name": str(pool.get("name")), "mode": str(pool.get("mode") or "System").lower(),
            "count": int(pool.get("count") or 0), "vm_size": pool.get("vmSize"),
            "max_pods": int(pool.get("maxPods") or 110),
        }
        for pool in properties.get("agentPoolProfiles") or ()
    ]  # fmt: skip
    if pools:
        values["node_pools"] = pools
    return values
