"""What happens to machines of scale sets, and to the nodes that they are."""

from typing import TYPE_CHECKING, Any, Final

import msgspec

from byocni_tui.sandbox.arm import ids, node_group

if TYPE_CHECKING:
    from byocni_tui.sandbox.arm.aks_life import Life
    from byocni_tui.sandbox.arm.call import Record
    from byocni_tui.sandbox.arm.cloud import Arm

_CLUSTERS: Final = "Microsoft.ContainerService/managedClusters"
_DOWN: Final = 8.0
"""Seconds until a machine that is to stop has stopped."""
_UP: Final = {"restart": 25.0, "redeploy": 120.0, "start": 60.0, "reimage": 90.0, "reimageall": 90.0}
"""Seconds until it runs (again)."""
_STATES: Final = {"poweroff": "stopped", "deallocate": "deallocated", "delete": "gone"}
_AFTER: Final = 50.0
"""Seconds that the service goes on after a machine was stopped or deleted."""


class Pool(msgspec.Struct):
    """The pool that a scale set is made for. ``nodes``: its machines as the cluster's record holds them; ``off``: why
    machines of the cluster don't run, by node name."""

    cluster: dict[str, Any]
    profile: dict[str, Any]
    nodes: list[dict[str, Any]]
    off: dict[str, str]


class MachineLife:
    """Operations on the machines of pools."""

    def __init__(self, arm: "Arm") -> None:
        self.arm = arm
        arm.operations.does("machines.off", self._off)
        arm.operations.does("machines.on", self._on)
        arm.operations.does("machines.more", self._more)
        arm.operations.does("machines.settled", lambda _data: None)

    @property
    def _aks(self) -> "Life":
        from byocni_tui.sandbox.arm.aks import ManagedClusters  # it knows this module

        handler = self.arm.handler(_CLUSTERS)
        assert isinstance(handler, ManagedClusters)
        return handler.life

    def pool(self, record: "Record") -> Pool | None:
        """The pool of a scale set; None if its cluster or the pool is no more."""
        group = self.arm.get("/".join(record["id"].split("/")[:5]))
        cluster = self.arm.get(group["body"].get("managedBy") or "") if group is not None else None
        if cluster is None:
            return None
        for profile in cluster["body"]["properties"]["agentPoolProfiles"]:
            if self._aks.scale_set(cluster["id"], profile["name"]).lower() == record["name"].lower():
                state = (
                    cluster["meta"]
                    .setdefault("pools", {})
                    .setdefault(profile["name"], {"next": 0, "nodes": []})
                )
                return Pool(cluster, profile, state["nodes"], cluster["meta"].setdefault("off", {}))
        return None

    # -- beginning ---------------------------------------------------------------------------------------------------

    def act(self, pool: Pool, record: "Record", action: str, numbers: list[int] | None) -> dict[str, Any]:
        """Begin an action on machines of a set; None is all of them."""
        chosen = [node["number"] for node in pool.nodes] if numbers is None else numbers
        data = {"id": record["id"], "numbers": chosen}
        if action == "manualupgrade":  # all have the newest model
            return self._begin(record, [(5.0, "Succeeded", "machines.settled")], data, action)
        if action in _STATES:
            data["power"] = _STATES[action]
            steps = [(_DOWN, "InProgress", "machines.off"), (_AFTER, "Succeeded", "machines.settled")]
            return self._begin(record, steps, data, action)
        data.update(power="restarting", wiped=action.startswith("reimage"))
        steps = [(_UP[action], "InProgress", "machines.on"), (5.0, "Succeeded", "machines.settled")]
        if action != "start":
            steps.insert(0, (_DOWN, "InProgress", "machines.off"))
        return self._begin(record, steps, data, action)

    def resize(self, pool: Pool, record: "Record", size: int) -> dict[str, Any]:
        """Begin to bring a set to a number of machines."""
        surplus = sorted(node["number"] for node in pool.nodes)[size:]
        data = {"id": record["id"], "numbers": surplus, "power": "gone", "size": size}
        steps = [(_DOWN, "InProgress", "machines.off"), (_AFTER, "Succeeded", "machines.settled")]
        if size > len(pool.nodes):
            steps = [(60.0, "InProgress", "machines.more"), (10.0, "Succeeded", "machines.settled")]
        elif not surplus:
            steps = [(5.0, "Succeeded", "machines.settled")]
        return self._begin(record, steps, data, "update")

    def _begin(
        self, record: "Record", steps: list[tuple[float, str, str]], data: dict[str, Any], what: str
    ) -> dict[str, Any]:
        moves: list[tuple[float, str, str | None]] = [*steps]
        return self.arm.operations.begin(
            moves, target=ids.key(record["id"]), data=data, verb=f"{what} scale set"
        )

    # -- steps -------------------------------------------------------------------------------------------------------

    def _found(self, data: dict[str, Any]) -> Pool | None:
        record = self.arm.get(data["id"])
        return self.pool(record) if record is not None else None

    def _off(self, data: dict[str, Any]) -> None:
        pool = self._found(data)
        if pool is not None:
            self.switch_off(pool, data["numbers"], data["power"])

    def switch_off(self, pool: Pool, numbers: list[int], power: str) -> None:
        """Machines stop, or are no more (``gone``); their nodes fall silent."""
        kube = self._aks.cluster(pool.cluster)
        for node in [one for one in pool.nodes if one["number"] in numbers]:
            pool.off[node["name"]] = power
            if power == "gone":
                pool.nodes.remove(node)
            if kube is not None and kube.running:
                kube.machine_stopped(node["name"])
        node_group.counted(self.arm, pool.cluster, pool.profile["name"], len(pool.nodes))
        self.arm.touch(pool.cluster)

    def _on(self, data: dict[str, Any]) -> None:
        pool = self._found(data)
        kube = self._aks.cluster(pool.cluster) if pool is not None else None
        if pool is None:
            return
        for node in pool.nodes:
            was = pool.off.pop(node["name"], None) if node["number"] in data["numbers"] else None
            if was is not None and kube is not None and kube.running:
                kube.machine_started(node["name"], wiped=data["wiped"])
        self.arm.touch(pool.cluster)

    def _more(self, data: dict[str, Any]) -> None:
        pool = self._found(data)
        if pool is not None:
            self._aks.fill(pool.cluster, pool.profile["name"], data["size"])
            node_group.counted(self.arm, pool.cluster, pool.profile["name"], len(pool.nodes))
